/* provider_race — all clients of a stage write at once, again and again: exactly one may win. */
#ifndef HOLDFAST_TESTS_PROVIDER_RACE_H
#define HOLDFAST_TESTS_PROVIDER_RACE_H

#include "provider_client.h"

/* 60, or HOLDFAST_RACE_ROUNDS. */
static unsigned race_rounds(void)
{
    const char *text = getenv("HOLDFAST_RACE_ROUNDS");
    return text == NULL ? 60 : (unsigned)strtoul(text, NULL, 10);
}

/* What came of the rounds. */
struct race {
    unsigned winners, fenced, unknown, single, matching;
};

/* Is what the provider shows now what this client wrote? */
static bool race_shows(struct stage *stage, const struct client *winner)
{
    struct provider_change change = winner->change;
    client_read(stage, &stage->clients[0]);
    const struct provider_state *state = &stage->clients[0].state;
    return state->fence_count == 1 && strcmp(state->fence, change.new_fence) == 0 &&
           record_serve_same(&state->serve, &change.new_serve);
}

static void race_round(struct stage *stage, struct race *race, unsigned round)
{
    unsigned won = 0;
    const struct client *winner = NULL;
    stage_read(stage);
    for (size_t i = 0; i < stage->count; i++)
        client_start(stage, &stage->clients[i], 100 + 8 * round + i, i % 2);
    stage_wait(stage);
    for (size_t i = 0; i < stage->count; i++) {
        const struct client *client = &stage->clients[i];
        won += client->outcome == PROVIDER_WON;
        race->fenced += client->outcome == PROVIDER_FENCED;
        race->unknown += client->outcome == PROVIDER_UNKNOWN;
        if (client->outcome == PROVIDER_WON)
            winner = client;
    }
    race->winners += won;
    race->single += won == 1;
    race->matching += winner != NULL && race_shows(stage, winner);
}

static void race(struct stage *stage)
{
    struct race race = {0};
    unsigned rounds = race_rounds();
    for (unsigned round = 0; round < rounds; round++)
        race_round(stage, &race, round);
    printf("%zu writers: %u rounds, %u with exactly one winner, %u losers fenced, %u unknown\n",
           stage->count, rounds, race.single, race.fenced, race.unknown);
    CHECK_EQ(race.winners, rounds);
    CHECK_EQ(race.single, rounds);
    CHECK_EQ(race.matching, rounds);
    CHECK_EQ(race.fenced + race.unknown, rounds * (stage->count - 1));
}

#endif
