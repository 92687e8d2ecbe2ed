/* provider_client — what the writers on a stage ask of their providers; races between them, and
 * one that comes late. */
#ifndef HOLDFAST_TESTS_PROVIDER_CLIENT_H
#define HOLDFAST_TESTS_PROVIDER_CLIENT_H

#include "provider_stage.h"

/* ---- a client's requests ---- */

static void on_read(void *owner, enum provider_outcome outcome, const struct provider_state *state,
                    const struct trouble *why)
{
    struct client *client = owner;
    client->ended = true;
    client->outcome = outcome;
    client->state = *state;
    snprintf(client->detail, sizeof client->detail, "%s", why->text);
}

static void on_write(void *owner, enum provider_outcome outcome, const struct trouble *why)
{
    struct client *client = owner;
    client->ended = true;
    client->outcome = outcome;
    snprintf(client->detail, sizeof client->detail, "%s", why->text);
}

static bool still(void *owner, const struct permit *permit)
{
    (void)permit;
    return ((const struct client *)owner)->may;
}

static bool all_ended(void *owner)
{
    const struct stage *stage = owner;
    for (size_t i = 0; i < stage->count; i++)
        if (!stage->clients[i].ended)
            return false;
    return true;
}

/* Until every client's request has ended. */
static void stage_wait(struct stage *stage)
{
    CHECK(spin_until(&stage->loop, all_ended, stage, SPIN_LIMIT_MS));
}

static void mark_idle(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++)
        stage->clients[i].ended = true;
}

static void begin_read(struct client *client)
{
    client->ended = false;
    STAGE_PROVIDER.read(client->provider, PROVIDER_PRIMARY, PATIENT_MS, on_read, client);
    CHECK(!client->ended);
}

static void client_read(struct stage *stage, struct client *client)
{
    mark_idle(stage);
    begin_read(client);
    stage_wait(stage);
}

/* All at the same time. */
__attribute__((unused)) static void stage_read(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++)
        begin_read(&stage->clients[i]);
    stage_wait(stage);
}

/* What a node would write after this client's last read; nothing is sent. */
static void client_prepare(struct stage *stage, struct client *client, uint64_t epoch,
                           size_t node)
{
    struct record_fence fence = {.epoch = epoch};
    snprintf(fence.node, sizeof fence.node, "server%zu", node + 1);
    record_fence_draw(&client->tokens, fence.token);
    memset(&client->change, 0, sizeof client->change);
    record_fence_print(&fence, client->change.new_fence);
    memcpy(client->change.old_fence, client->state.fence, FENCE_SIZE);
    client->change.new_serve = stage->config.serve[node];
    client->change.ttl_s = stage->config.ttl_s;
}

static void client_begin(struct client *client)
{
    static const struct permit permit;
    struct provider_caller caller = {.still = still, .on_write = on_write, .owner = client};
    client->ended = false;
    STAGE_PROVIDER.write(&permit, client->provider, &client->change,
                         client->hasty ? HASTY_MS : PATIENT_MS, &caller);
    CHECK(!client->ended);
}

__attribute__((unused)) static void client_start(struct stage *stage, struct client *client,
                                                 uint64_t epoch, size_t node)
{
    client_prepare(stage, client, epoch, node);
    client_begin(client);
}

/* Sends what was prepared or sent before, and waits. */
static void client_send(struct stage *stage, struct client *client)
{
    mark_idle(stage);
    client_begin(client);
    stage_wait(stage);
}

static void client_write(struct stage *stage, struct client *client, uint64_t epoch, size_t node)
{
    client_prepare(stage, client, epoch, node);
    client_send(stage, client);
}

/* A node that holds: reads, and its write is taken. */
__attribute__((unused)) static void client_take(struct stage *stage, struct client *client,
                                                uint64_t epoch, size_t node)
{
    client_read(stage, client);
    CHECK_EQ(client->outcome, PROVIDER_WON);
    client_write(stage, client, epoch, node);
    CHECK_EQ(client->outcome, PROVIDER_WON);
}

/* ---- races ---- */

/* Each round all read, then all write at once: one wins, and what it wrote stands. */
__attribute__((unused)) static void client_race(struct stage *stage, unsigned rounds)
{
    size_t writers = stage->count;
    unsigned winners = 0, fenced = 0, unknown = 0, single = 0, matching = 0;
    for (unsigned round = 0; round < rounds; round++) {
        stage_read(stage);
        for (size_t i = 0; i < writers; i++)
            client_start(stage, &stage->clients[i], 100 + 8 * round + i, i % 2);
        stage_wait(stage);
        unsigned won = 0;
        const struct client *winner = NULL;
        for (size_t i = 0; i < writers; i++) {
            won += stage->clients[i].outcome == PROVIDER_WON;
            fenced += stage->clients[i].outcome == PROVIDER_FENCED;
            unknown += stage->clients[i].outcome == PROVIDER_UNKNOWN;
            if (stage->clients[i].outcome == PROVIDER_WON)
                winner = &stage->clients[i];
        }
        winners += won;
        single += won == 1;
        if (winner == NULL)
            continue;
        struct provider_change change = winner->change;
        client_read(stage, &stage->clients[0]);
        const struct provider_state *state = &stage->clients[0].state;
        matching += state->fence_count == 1 && strcmp(state->fence, change.new_fence) == 0 &&
                    record_serve_same(&state->serve, &change.new_serve);
    }
    printf("%zu writers: %u rounds, %u with exactly one winner, %u losers fenced, %u unknown\n",
           writers, rounds, single, fenced, unknown);
    CHECK_EQ(winners, rounds);
    CHECK_EQ(single, rounds);
    CHECK_EQ(matching, rounds);
    CHECK_EQ(fenced + unknown, rounds * (writers - 1));
}

/* 60, or HOLDFAST_RACE_ROUNDS. */
__attribute__((unused)) static unsigned client_race_rounds(void)
{
    const char *text = getenv("HOLDFAST_RACE_ROUNDS");
    return text == NULL ? 60 : (unsigned)strtoul(text, NULL, 10);
}

/* ---- late ---- */

/* The first writer was frozen between its read and its write. The second one holds meanwhile, as
 * often as `rounds` says, from this epoch on: each time the late write is refused, and in the end
 * the second one's stands. */
__attribute__((unused)) static void client_expect_late(struct stage *stage, uint64_t epoch,
                                                       unsigned rounds)
{
    struct client *frozen = &stage->clients[0], *other = &stage->clients[1];
    for (; rounds > 0; rounds--, epoch += 2) {
        client_take(stage, other, epoch, 1);
        client_send(stage, frozen);
        CHECK_EQ(frozen->outcome, PROVIDER_FENCED);
    }
    client_read(stage, other);
    CHECK_STR(other->state.fence, other->change.new_fence);
    CHECK(record_serve_same(&other->state.serve, &stage->config.serve[1]));
}

#endif
