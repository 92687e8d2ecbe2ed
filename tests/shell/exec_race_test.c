/* exec — several writers of one record through a command that locks and compares, as
 * holdfast.conf(5) asks of it: holdfast fences nothing there, but gives it all that it needs. */
#define STAGE_PROVIDER provider_exec
#include "../lib/provider_client.h"

#define COMMAND "tests/servers/locked_put"
#define LINE_SIZE (2 * SERVE_TEXT_SIZE + FENCE_SIZE + 32)

struct place {
    struct stage stage;
    char dir[64];
};

static void place_open(struct place *place, size_t writers)
{
    struct stage *stage = &place->stage;
    char *command = realpath(COMMAND, NULL);
    stage_begin(stage);
    snprintf(place->dir, sizeof place->dir, "/tmp/holdfast-race-XXXXXX");
    CHECK(mkdtemp(place->dir) != NULL);
    CHECK(command != NULL);
    stage->config.provider = PROVIDER_EXEC;
    snprintf(stage->config.command, sizeof stage->config.command, "%s %s", command, place->dir);
    free(command);
    while (stage->count < writers)
        stage_add(stage);
}

static void place_close(struct place *place)
{
    stage_close(&place->stage);
    nftw(place->dir, dns_server_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the command would have written for this client. */
static void line_of(const struct client *client, char ret[LINE_SIZE])
{
    struct record_fence fence;
    char a[SERVE_TEXT_SIZE], aaaa[SERVE_TEXT_SIZE];
    CHECK(record_fence_parse(client->change.new_fence, &fence));
    record_serve_a(&client->change.new_serve, a);
    record_serve_aaaa(&client->change.new_serve, aaaa);
    snprintf(ret, LINE_SIZE, "%llu %s %s %s\n", (unsigned long long)fence.epoch,
             client->change.new_fence, a, aaaa);
}

/* How often the line is in a file of the command's. */
static unsigned lines_in(const struct place *place, const char *name, const char *wanted)
{
    char path[128], line[LINE_SIZE];
    unsigned found = 0;
    snprintf(path, sizeof path, "%s/%s", place->dir, name);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        found += wanted == NULL || strcmp(line, wanted) == 0;
    if (file != NULL)
        fclose(file);
    return found;
}

/* All write at once: client i under first + i * step. Counts who won; each said what it did. */
static unsigned write_at_once(struct place *place, uint64_t first, uint64_t step,
                              const struct client **ret_last)
{
    struct stage *stage = &place->stage;
    unsigned won = 0;
    stage_read(stage);
    for (size_t i = 0; i < stage->count; i++)
        client_start(stage, &stage->clients[i], first + i * step, i % 2);
    stage_wait(stage);
    for (size_t i = 0; i < stage->count; i++) {
        const struct client *client = &stage->clients[i];
        char line[LINE_SIZE];
        line_of(client, line);
        if (client->outcome == PROVIDER_WON)
            won++, *ret_last = client;
        else
            CHECK_EQ(client->outcome, PROVIDER_FENCED);
        CHECK_EQ(lines_in(place, "journal", line), client->outcome == PROVIDER_WON ? 1 : 0);
    }
    return won;
}

/* One number for all, as if a state file had been copied: one wins, and what it wrote stands. */
static void race_for_one_number(size_t writers)
{
    struct place place;
    unsigned rounds = client_race_rounds(), single = 0, standing = 0;
    place_open(&place, writers);
    for (unsigned round = 0; round < rounds; round++) {
        const struct client *winner = &place.stage.clients[0];
        char line[LINE_SIZE];
        single += write_at_once(&place, 100 + round, 0, &winner) == 1;
        line_of(winner, line);
        standing += lines_in(&place, "put", line);
    }
    printf("%zu writers: %u rounds, %u with exactly one winner\n", writers, rounds, single);
    CHECK_EQ(single, rounds);
    CHECK_EQ(standing, rounds);
    CHECK_EQ(lines_in(&place, "journal", NULL), rounds);
    place_close(&place);
}

/* Rising numbers: a lower one comes before the highest or not at all. */
static void race_for_the_highest(size_t writers)
{
    struct place place;
    unsigned rounds = client_race_rounds(), standing = 0, fenced = 0;
    place_open(&place, writers);
    for (unsigned round = 0; round < rounds; round++) {
        const struct client *last = &place.stage.clients[0];
        const struct client *highest = &place.stage.clients[writers - 1];
        char line[LINE_SIZE];
        fenced += (unsigned)writers - write_at_once(&place, 100 + 8 * round, 1, &last);
        line_of(highest, line);
        standing += last == highest && lines_in(&place, "put", line) == 1;
    }
    printf("%zu writers, rising numbers: %u rounds, the highest stands in %u, %u lower fenced\n",
           writers, rounds, standing, fenced);
    CHECK_EQ(standing, rounds);
    place_close(&place);
}

TEST(two_writers_one_number)
{
    race_for_one_number(2);
}

TEST(four_writers_one_number)
{
    race_for_one_number(4);
}

TEST(two_writers_highest_stands)
{
    race_for_the_highest(2);
}

TEST(four_writers_highest_stands)
{
    race_for_the_highest(4);
}

/* Frozen before its command ran, and let go after the takeover. */
TEST(late_writer_is_refused_by_the_command)
{
    struct place place;
    struct stage *stage = &place.stage;
    char line[LINE_SIZE];
    place_open(&place, 2);
    client_read(stage, &stage->clients[0]);
    client_prepare(stage, &stage->clients[0], 100, 0);
    client_write(stage, &stage->clients[1], 102, 1);
    CHECK_EQ(stage->clients[1].outcome, PROVIDER_WON);
    client_send(stage, &stage->clients[0]);
    CHECK_EQ(stage->clients[0].outcome, PROVIDER_FENCED);
    CHECK_HAS(stage->clients[0].detail, "epoch 102 is there");
    line_of(&stage->clients[1], line);
    CHECK_EQ(lines_in(&place, "put", line), 1);
    place_close(&place);
}

CHECK_MAIN
