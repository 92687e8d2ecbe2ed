/* happen_test — sentences of notes, events of standings. */
#include "agent/peer/happen.h"

#include "agent/peer/log.h"
#include "tests/lib/await.h"

static const char *const names[PEER_COUNT] = {"server1", "server2", "witness"};

TEST(every_reason_has_a_whole_sentence)
{
    for (int i = 0; i < REASON_COUNT; i++) {
        char text[400];
        struct note note = {.reason = (enum reason)i, .peer = 2, .epoch = 7, .number = 4200};
        int length = happen_render(&note, names, text, sizeof text);
        CHECK_EQ(length, strlen(text));
        CHECK(length > 3);
        CHECK(strchr(text, '{') == NULL);
        CHECK(strchr(text, '}') == NULL);
    }
}

TEST(placeholders)
{
    static const struct {
        enum reason reason;
        uint8_t peer;
        int64_t number;
        const char *text;
    } table[] = {
        {REASON_PEER_SILENT, 1, 5000, "server2 has not been heard freshly for 5.0 s"},
        {REASON_STALL, PEER_NONE, 340, "this process stood still for 340 ms"},
        {REASON_STALL, PEER_NONE, 0, "this process stood still for 0 ms"},
        {REASON_PROMISED, 0, 0, "backs server1 under epoch 18446744073709551615"},
        {REASON_HOLDS, 2, 0, "holds epoch 18446744073709551615, backed by witness"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[200];
        struct note note = {table[i].reason, table[i].peer, UINT64_MAX, table[i].number};
        (void)happen_render(&note, names, text, sizeof text);
        CHECK_STR(text, table[i].text);
    }
}

TEST(absurd_notes_and_small_buffers)
{
    char text[12] = "xxxxxxxxxxx";
    struct note note = {.reason = REASON_PEER_SILENT, .peer = 77, .number = INT64_MIN};
    CHECK_EQ(happen_render(&note, names, text, 8), 7);
    CHECK_EQ(strlen(text), 7);
    CHECK_EQ(text[8], 'x');
    char long_text[200];
    CHECK(happen_render(&note, names, long_text, sizeof long_text) > 10);
    note.number = INT64_MAX;
    CHECK(happen_render(&note, names, long_text, sizeof long_text) > 10);
}

struct rig {
    uv_loop_t loop;
    struct events *events;
    struct notify *notify;
    struct happen *happen;
    struct pump_watcher watcher;
    char folder[32], text[16384];
};

static void rig_open(struct rig *rig)
{
    struct err err = {0};
    *rig = (struct rig){0};
    uv_loop_init(&rig->loop);
    setenv("HOLDFAST_SYSLOG", "/nonexistent/log", 1);
    log_open(&rig->loop, "happen_test", false);
    await_folder(rig->folder);
    CHECK_EQ(events_open(&rig->events, &rig->loop, rig->folder, "server1", &err), 0);
    struct notify_world notify = {&rig->loop, "", "c", rig->events};
    CHECK_EQ(notify_open(&rig->notify, &notify, &err), 0);
    struct happen_world world = {.loop = &rig->loop,
                                 .events = rig->events,
                                 .notify = rig->notify,
                                 .names = {names[0], names[1], names[2]}};
    CHECK_EQ(happen_open(&rig->happen, &world, &err), 0);
    rig->watcher = happen_watcher(rig->happen);
}

/* Closes everything; rig->text is then what the events file holds. */
static void rig_close(struct rig *rig)
{
    char path[64];
    happen_close(rig->happen);
    notify_close(rig->notify);
    events_close(rig->events);
    log_close();
    await_end(&rig->loop);
    snprintf(path, sizeof path, "%s/events.jsonl", rig->folder);
    FILE *file = fopen(path, "r");
    size_t size = file == NULL ? 0 : fread(rig->text, 1, sizeof rig->text - 1, file);
    rig->text[size] = 0;
    if (file != NULL)
        fclose(file);
    unlink(path);
    CHECK_EQ(rmdir(rig->folder), 0);
}

static void stand(struct rig *rig, enum standing standing, uint64_t epoch, mono_ms since)
{
    struct standing_report report = {
        .standing = standing, .epoch = epoch, .since = since, .holds_until = since + 5000};
    rig->watcher.on_standing(rig->watcher.owner, &report);
}

static int count(const char *text, const char *part)
{
    int found = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        found++;
    return found;
}

TEST(standings_become_events_when_they_change)
{
    struct rig rig;
    rig_open(&rig);
    stand(&rig, STANDING_ALONE, 0, 1000);
    stand(&rig, STANDING_HOLDER, 42, 3000);
    for (int i = 0; i < 100; i++) /* renewals */
        stand(&rig, STANDING_HOLDER, 42, 3000);
    stand(&rig, STANDING_HOLDER, 44, 3000);
    stand(&rig, STANDING_STANDBY, 0, 9500);
    rig_close(&rig);
    CHECK_EQ(count(rig.text, "\"event\":\"standing\""), 4);
    CHECK_EQ(count(rig.text, "\"standing\":\"holder\",\"effective_boottime_ms\":3000"), 2);
    CHECK_HAS(rig.text, "\"standing\":\"alone\",\"effective_boottime_ms\":1000");
    CHECK_HAS(rig.text, "\"standing\":\"standby\",\"effective_boottime_ms\":9500,"
                        "\"lasted_ms\":6500");
    CHECK_EQ(count(rig.text, "\"epoch\":42,"), 1);
    CHECK_EQ(count(rig.text, "\"epoch\":44,"), 1);
    CHECK_EQ(count(rig.text, "\"epoch\":null,"), 2);
}

TEST(notes_become_events)
{
    struct rig rig;
    rig_open(&rig);
    struct note note = {.reason = REASON_PEER_SILENT, .peer = 1, .number = 5000};
    rig.watcher.on_note(rig.watcher.owner, &note, 1);
    note = (struct note){.reason = REASON_STALL, .peer = PEER_NONE, .number = 1500};
    rig.watcher.on_note(rig.watcher.owner, &note, 2);
    rig_close(&rig);
    CHECK_HAS(rig.text, "\"event\":\"peer-silent\"");
    CHECK_HAS(rig.text, "\"peer\":\"server2\"");
    CHECK_HAS(rig.text, "\"text\":\"this process stood still for 1.5 s\"");
}

TEST(redundancy_that_only_flickers_is_not_told)
{
    struct rig rig;
    rig_open(&rig);
    for (int i = 0; i < 50; i++)
        happen_redundancy(rig.happen, i % 2 == 0);
    for (int i = 0; i < 20; i++)
        (void)await_turn(&rig.loop);
    rig_close(&rig);
    CHECK_STR(rig.text, "");
}

CHECK_MAIN
