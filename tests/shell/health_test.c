/* health — probes with real little programs: counting, limits, weights, first verdicts. */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/node/health.h"
#include "../lib/check.h"
#include "../lib/spin.h"

struct room {
    uv_loop_t loop;
    char dir[64];
    struct config *config;
    struct health *health;
    unsigned told, good, bad;
    bool fit;
    uint32_t mask;
    unsigned runs;
    bool unfit_first; /* the first word, and its reason at that instant */
    uint32_t first_mask;
    char first_reason[200];
};

static void on_fitness(void *owner, bool fit, uint32_t unfit_mask)
{
    struct room *room = owner;
    if (room->told++ == 0) {
        json_t *reasons = health_unfit_reasons(room->health);
        const char *reason = json_string_value(json_array_get(reasons, 0));
        room->unfit_first = !fit;
        room->first_mask = unfit_mask;
        snprintf(room->first_reason, sizeof room->first_reason, "%s", reason ? reason : "");
        json_decref(reasons);
    }
    room->fit = fit;
    room->mask = unfit_mask;
}

static void on_tell(void *owner, const struct happening *happening)
{
    struct room *room = owner;
    room->good += strcmp(happening->event, "probe-good") == 0;
    room->bad += strcmp(happening->event, "probe-bad") == 0;
    json_decref(happening->fields);
}

/* `count` probes "it" with the same script, which sees the number of its run in $runs. */
static void room_open(struct room *room, const char *body, size_t count)
{
    char path[128];
    memset(room, 0, sizeof *room);
    uv_loop_init(&room->loop);
    snprintf(room->dir, sizeof room->dir, "/tmp/holdfast-health-XXXXXX");
    CHECK(mkdtemp(room->dir) != NULL);
    snprintf(path, sizeof path, "%s/it", room->dir);
    FILE *file = fopen(path, "w");
    fprintf(file, "#!/bin/sh\necho . >>%s/$HOLDFAST_PROBE\n%s\n", room->dir, body);
    fclose(file);
    chmod(path, 0700);
    room->config = calloc(1, sizeof *room->config);
    room->config->probe_count = count;
    for (size_t i = 0; i < count; i++) {
        struct probe_config *probe = &room->config->probes[i];
        snprintf(probe->name, sizeof probe->name, "p%zu", i);
        snprintf(probe->command, sizeof probe->command, "%s", path);
        probe->interval_ms = 30;
        probe->timeout_ms = 5000;
        probe->fall = 3;
        probe->rise = 2;
    }
}

static void room_start(struct room *room, bool resumed_fit)
{
    struct err err = {0};
    struct health_world world = {&room->loop, on_fitness, on_tell, room};
    CHECK_EQ(health_open(&room->health, room->config, resumed_fit, &world, &err), 0);
    CHECK_EQ(room->told, 0); /* never from inside */
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static void room_close(struct room *room)
{
    health_close(room->health);
    CHECK(spin_finish(&room->loop));
    nftw(room->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(room->config);
}

static bool is_told_fit(void *owner)
{
    const struct room *room = owner;
    return room->told > 0 && room->fit;
}

static bool is_told_unfit(void *owner)
{
    const struct room *room = owner;
    return room->told > 0 && !room->fit;
}

static bool is_bad(void *owner)
{
    return ((const struct room *)owner)->bad > 0;
}

/* How often the probe p0 has run. */
static unsigned runs_of(const struct room *room)
{
    char path[128];
    struct stat info = {0};
    snprintf(path, sizeof path, "%s/p0", room->dir);
    return stat(path, &info) == 0 ? (unsigned)info.st_size / 2 : 0;
}

static const char *reason_of(const struct room *room, char ret[200])
{
    json_t *list = health_json(room->health);
    snprintf(ret, 200, "%s",
             json_string_value(json_object_get(json_array_get(list, 0), "reason")));
    json_decref(list);
    return ret;
}

TEST(no_probe_is_fit)
{
    struct room room;
    room_open(&room, "exit 1", 0);
    room_start(&room, false);
    CHECK(spin_until(&room.loop, is_told_fit, &room, SPIN_LIMIT_MS));
    json_t *list = health_json(room.health);
    CHECK_EQ(json_array_size(list), 0);
    json_decref(list);
    room_close(&room);
}

TEST(unknown_is_unfit_then_two_successes_make_fit)
{
    struct room room;
    room_open(&room, "echo fine", 1);
    room_start(&room, false);
    CHECK(spin_until(&room.loop, is_told_fit, &room, SPIN_LIMIT_MS));
    CHECK(room.unfit_first);
    CHECK_EQ(room.first_mask, 1);
    CHECK_HAS(room.first_reason, "no verdict yet");
    CHECK(runs_of(&room) >= 2 && runs_of(&room) <= 3); /* the next may have begun */
    CHECK_EQ(room.good, 1);
    CHECK_EQ(room.told, 2);
    room_close(&room);
}

TEST(resumed_fit_holds_until_three_failures)
{
    struct room room;
    char reason[200];
    room_open(&room, "echo no trunk; echo more; exit 1", 1);
    room_start(&room, true);
    CHECK(spin_until(&room.loop, is_told_fit, &room, SPIN_LIMIT_MS));
    CHECK(spin_until(&room.loop, is_told_unfit, &room, SPIN_LIMIT_MS));
    CHECK(runs_of(&room) >= 3 && runs_of(&room) <= 4);
    CHECK_STR(reason_of(&room, reason), "no trunk");
    json_t *reasons = health_unfit_reasons(room.health);
    CHECK_STR(json_string_value(json_array_get(reasons, 0)), "probe p0: no trunk");
    json_decref(reasons);
    room_close(&room);
}

TEST(warn_weight_never_makes_unfit)
{
    struct room room;
    room_open(&room, "exit 1", 1);
    room.config->probes[0].weight = PROBE_WARN;
    room_start(&room, false);
    CHECK(spin_until(&room.loop, is_bad, &room, SPIN_LIMIT_MS));
    CHECK(room.fit);
    CHECK_EQ(room.told, 1);
    json_t *reasons = health_unfit_reasons(room.health);
    CHECK_EQ(json_array_size(reasons), 0);
    json_decref(reasons);
    room_close(&room);
}

TEST(mask_names_the_failing_one)
{
    struct room room;
    room_open(&room, "test $HOLDFAST_PROBE = p0", 2);
    room_start(&room, true);
    CHECK(spin_until(&room.loop, is_told_unfit, &room, SPIN_LIMIT_MS));
    CHECK_EQ(room.mask, 2);
    room_close(&room);
}

static bool has_run_five_times(void *owner)
{
    return runs_of(owner) >= 5;
}

TEST(slow_probe_never_overlaps_itself)
{
    struct room room;
    char path[128];
    /* a second run while the first is under way would say so */
    room_open(&room, "mkdir ${0%it}busy || echo >${0%it}overlap; sleep 0.1; rmdir ${0%it}busy", 1);
    room_start(&room, true);
    CHECK(spin_until(&room.loop, has_run_five_times, &room, SPIN_LIMIT_MS));
    snprintf(path, sizeof path, "%s/overlap", room.dir);
    CHECK(access(path, F_OK) != 0);
    room_close(&room);
}

TEST(slow_probe_times_out)
{
    struct room room;
    char reason[200];
    room_open(&room, "exec tail -f /dev/null", 1);
    room.config->probes[0].timeout_ms = 700; /* it has begun by then */
    room_start(&room, true);
    CHECK(spin_until(&room.loop, is_told_unfit, &room, SPIN_LIMIT_MS));
    CHECK_HAS(reason_of(&room, reason), "timed out after 700 ms");
    CHECK(runs_of(&room) >= 3 && runs_of(&room) <= 4); /* the next may have begun */
    room_close(&room);
}

TEST(missing_program_is_a_failure_with_a_reason)
{
    struct room room;
    char reason[200];
    room_open(&room, "", 1);
    snprintf(room.config->probes[0].command, PATH_SIZE, "/nonexistent/probe");
    room_start(&room, true);
    CHECK(spin_until(&room.loop, is_told_unfit, &room, SPIN_LIMIT_MS));
    CHECK_HAS(reason_of(&room, reason), "cannot run /nonexistent/probe");
    room_close(&room);
}

TEST(long_line_is_cut_and_made_printable)
{
    struct room room;
    char reason[200];
    room_open(&room, "printf '\\033[31m'; head -c 400 /dev/zero | tr '\\0' x; exit 1", 1);
    room_start(&room, true);
    CHECK(spin_until(&room.loop, is_bad, &room, SPIN_LIMIT_MS));
    CHECK_EQ(strlen(reason_of(&room, reason)), 120);
    CHECK_HAS(reason, "?[31mxxx");
    room_close(&room);
}

TEST(closing_with_a_run_under_way)
{
    struct room room;
    room_open(&room, "exec tail -f /dev/null", 3);
    room_start(&room, false);
    spin_for(&room.loop, 60);
    room_close(&room);
}

CHECK_MAIN
