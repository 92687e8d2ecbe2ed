/* events_test — the kept events: pages, rotation, torn lines, restarts, a full disk. */
#include "agent/peer/events.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "agent/peer/events_file.h"
#include "agent/peer/events_line.h"
#include "agent/peer/log.h"
#include "tests/lib/await.h"

struct rig {
    uv_loop_t loop;
    struct events *events;
    char folder[32], now[64], older[64];
    json_t *page;
    int page_count, heard;
    char heard_name[64];
};

static void rig_start(struct rig *rig)
{
    struct err err = {0};
    uv_loop_init(&rig->loop);
    CHECK_EQ(events_open(&rig->events, &rig->loop, rig->folder, "server1", &err), 0);
    CHECK_STR(err.text, "");
}

static void rig_stop(struct rig *rig)
{
    events_close(rig->events);
    await_end(&rig->loop);
}

static void rig_open(struct rig *rig)
{
    *rig = (struct rig){0};
    setenv("HOLDFAST_SYSLOG", "/nonexistent/log", 1); /* stderr is quiet once log is open */
    await_folder(rig->folder);
    snprintf(rig->now, sizeof rig->now, "%s/events.jsonl", rig->folder);
    snprintf(rig->older, sizeof rig->older, "%s/events.1.jsonl", rig->folder);
    rig_start(rig);
    log_open(&rig->loop, "events_test", false);
}

static void rig_close(struct rig *rig)
{
    log_close();
    rig_stop(rig);
    json_decref(rig->page);
    unlink(rig->now);
    unlink(rig->older);
    CHECK_EQ(rmdir(rig->folder), 0);
}

static void restart(struct rig *rig)
{
    log_close();
    rig_stop(rig);
    rig_start(rig);
    log_open(&rig->loop, "events_test", false);
}

static void on_page(void *owner, json_t *page)
{
    struct rig *rig = owner;
    json_decref(rig->page);
    rig->page = page;
    rig->page_count++;
}

/* Reads a page and waits for it. Returns how many events it has, -1 for none. */
static int page(struct rig *rig, uint64_t cursor, unsigned max, bool from_end)
{
    int before = rig->page_count;
    events_read(rig->events, &(struct events_range){cursor, max, from_end}, on_page, rig);
    AWAIT(&rig->loop, rig->page_count > before, 10000);
    return rig->page == NULL ? -1 : (int)json_array_size(json_object_get(rig->page, "events"));
}

static json_int_t number_of(const struct rig *rig, int index)
{
    const json_t *list = json_object_get(rig->page, "events");
    size_t at = index < 0 ? json_array_size(list) - 1 : (size_t)index;
    return json_integer_value(json_object_get(json_array_get(list, at), "number"));
}

static uint64_t next_of(const struct rig *rig)
{
    return (uint64_t)json_integer_value(json_object_get(rig->page, "next"));
}

static bool lost(const struct rig *rig)
{
    return json_is_true(json_object_get(rig->page, "lost"));
}

static void tell(struct rig *rig, int number)
{
    struct happening happening = {.event = "test",
                                  .level = REASON_INFO,
                                  .epoch = 7,
                                  .text = "a test",
                                  .fields = json_pack("{s:i}", "number", number)};
    events_tell(rig->events, &happening);
}

/* Tells events from..to without filling the queue. */
static void tell_many(struct rig *rig, int from, int to)
{
    for (int i = from; i <= to; i++) {
        tell(rig, i);
        if (i % 500 == 0 || i == to)
            AWAIT(&rig->loop, page(rig, 1, 1, true) == 1 && number_of(rig, 0) == i, 10000);
    }
}

static long size_of(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? (long)facts.st_size : -1;
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK_EQ(write(fd, text, strlen(text)), (long)strlen(text));
    close(fd);
}

static void on_event(void *owner, const json_t *event)
{
    struct rig *rig = owner;
    rig->heard++;
    snprintf(rig->heard_name, sizeof rig->heard_name, "%s",
             json_string_value(json_object_get(event, "event")));
}

TEST(fields_of_a_line)
{
    struct rig rig;
    rig_open(&rig);
    events_listen(rig.events, on_event, &rig);
    struct happening happening = {
        .event = "holds",
        .level = REASON_ALARM,
        .text = "server1 \xff holds",
        .fields = json_pack("{s:s, s:s, s:n, s:i}", "peer", "witness", "event", "forged",
                            "absent", "seq", 99)};
    events_tell(rig.events, &happening);
    CHECK_EQ(rig.heard, 1);
    CHECK_STR(rig.heard_name, "holds");
    struct happening quiet = {.event = "quiet", .level = REASON_DEBUG};
    events_tell(rig.events, &quiet);
    CHECK_EQ(rig.heard, 1);
    CHECK_EQ(page(&rig, 0, 10, false), 1);
    json_t *event = json_array_get(json_object_get(rig.page, "events"), 0);
    CHECK_STR(json_string_value(json_object_get(event, "event")), "holds");
    CHECK_STR(json_string_value(json_object_get(event, "node")), "server1");
    CHECK_STR(json_string_value(json_object_get(event, "peer")), "witness");
    CHECK_STR(json_string_value(json_object_get(event, "level")), "alarm");
    CHECK_STR(json_string_value(json_object_get(event, "text")), "server1 ? holds");
    CHECK(json_is_null(json_object_get(event, "epoch")));
    CHECK(json_integer_value(json_object_get(event, "boottime_ms")) > 0);
    CHECK_EQ(strlen(json_string_value(json_object_get(event, "time"))), 24);
    CHECK(json_object_get(event, "seq") == NULL);
    struct stat facts;
    CHECK_EQ(stat(rig.now, &facts), 0);
    CHECK_EQ(facts.st_mode & 07777, 0640);
    rig_close(&rig);
}

TEST(log_line_of_an_event)
{
    char line[300], small[20];
    json_t *event = json_pack("{s:s, s:s, s:n, s:s, s:s, s:i, s:s, s:[i,i], s:n, s:s}", "time",
                              "x", "event", "dns-write", "epoch", "node", "a", "outcome",
                              "a b=\"c\"", "ms", 12, "empty", "", "list", 1, 2, "none", "text",
                              "it \"worked\"");
    events_line_text(event, line, sizeof line);
    CHECK_STR(line, "event=dns-write node=a outcome=\"a b=\\\"c\\\"\" ms=12 empty=\"\" "
                    "list=[1,2] msg=\"it \\\"worked\\\"\"");
    events_line_text(event, small, sizeof small);
    CHECK_STR(small, "event=dns-write nod");
    json_decref(event);
}

TEST(pages_follow_each_other)
{
    struct rig rig;
    rig_open(&rig);
    CHECK_EQ(page(&rig, 0, 10, false), 0);
    CHECK_EQ(next_of(&rig), 0);
    CHECK_EQ(page(&rig, 5, 10, true), 0);
    tell_many(&rig, 1, 1200);
    CHECK_EQ(page(&rig, 0, 100, false), 100);
    CHECK_EQ(number_of(&rig, 0), 1);
    CHECK_EQ(page(&rig, next_of(&rig), 300, false), 300);
    CHECK_EQ(number_of(&rig, 0), 101);
    json_int_t last = 400;
    for (int count; (count = page(&rig, next_of(&rig), 100000, false)) > 0; last += count) {
        CHECK_EQ(number_of(&rig, 0), last + 1);
        CHECK(count > 350 || last + count == 1200); /* 64 kB */
    }
    CHECK_EQ(last, 1200);
    CHECK_EQ(page(&rig, next_of(&rig), 500, false), 0);
    CHECK_EQ(next_of(&rig), 1200);
    CHECK(!lost(&rig));
    CHECK_EQ(page(&rig, 3, 500, true), 3); /* the last three */
    CHECK_EQ(number_of(&rig, 0), 1198);
    CHECK_EQ(page(&rig, 300, 2, true), 2);
    CHECK_EQ(number_of(&rig, 0), 901);
    CHECK_EQ(page(&rig, UINT64_MAX, 1, true), 1);
    CHECK_EQ(number_of(&rig, 0), 1);
    CHECK_EQ(page(&rig, 5000, 1, false), 1); /* beyond the newest */
    CHECK_EQ(number_of(&rig, 0), 1);
    CHECK(lost(&rig));
    CHECK_EQ(page(&rig, UINT64_MAX, 1, false), 1);
    CHECK_EQ(events_dropped(rig.events), 0);
    rig_close(&rig);
}

TEST(page_is_at_most_64_kb)
{
    struct rig rig;
    char big[4000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    rig_open(&rig);
    for (int i = 0; i < 40; i++) {
        struct happening happening = {.event = "big", .level = REASON_INFO, .text = big};
        events_tell(rig.events, &happening);
    }
    CHECK_EQ(page(&rig, 1, 1, true), 1);
    int count = page(&rig, 0, 500, false);
    CHECK(count >= 14 && count <= 16);
    CHECK_EQ(next_of(&rig), (uint64_t)count);
    char *huge = malloc(20000);
    memset(huge, '"', 19999);
    huge[19999] = 0;
    struct happening happening = {.event = "huge", .level = REASON_INFO, .text = huge};
    events_tell(rig.events, &happening);
    free(huge);
    AWAIT(&rig.loop, page(&rig, 1, 1, true) == 1 && number_of(&rig, 0) == 0, 5000);
    json_t *event = json_array_get(json_object_get(rig.page, "events"), 0);
    CHECK_STR(json_string_value(json_object_get(event, "event")), "huge");
    CHECK(json_is_true(json_object_get(event, "cut")));
    rig_close(&rig);
}

TEST(too_many_readers)
{
    struct rig rig;
    rig_open(&rig);
    for (int i = 0; i < 10; i++)
        events_read(rig.events, &(struct events_range){0, 1, false}, on_page, &rig);
    CHECK(rig.page_count >= 5); /* those that were refused */
    AWAIT(&rig.loop, rig.page_count == 10, 5000);
    rig_close(&rig);
}

TEST(closing_answers_readers_and_writes_the_queue)
{
    struct rig rig;
    rig_open(&rig);
    for (int i = 1; i <= 1000; i++)
        tell(&rig, i);
    for (int i = 0; i < 4; i++)
        events_read(rig.events, &(struct events_range){0, 1, false}, on_page, &rig);
    restart(&rig);
    CHECK_EQ(rig.page_count, 4);
    CHECK_EQ(page(&rig, 1, 1, true), 1);
    CHECK_EQ(number_of(&rig, 0), 1000);
    CHECK_EQ(next_of(&rig), 1000);
    rig_close(&rig);
}

TEST(rotation_keeps_numbers)
{
    struct rig rig;
    rig_open(&rig);
    tell_many(&rig, 1, 12000);
    CHECK(size_of(rig.older) > 0);
    CHECK(size_of(rig.older) + size_of(rig.now) <= 4000000);
    CHECK_EQ(page(&rig, 0, 1, false), 1);
    json_int_t oldest = number_of(&rig, 0);
    CHECK(oldest > 2000 && oldest < 7001);
    CHECK_EQ(next_of(&rig), (uint64_t)oldest);
    CHECK(!lost(&rig));
    CHECK_EQ(page(&rig, 10, 1, false), 1); /* no longer kept */
    CHECK_EQ(number_of(&rig, 0), oldest);
    CHECK(lost(&rig));
    restart(&rig);
    uint64_t cursor = (uint64_t)oldest;
    json_int_t last = oldest;
    while (page(&rig, cursor, 500, false) > 0) { /* across both generations, no gap */
        CHECK_EQ(number_of(&rig, 0), last + 1);
        CHECK(!lost(&rig));
        last = number_of(&rig, -1);
        cursor = next_of(&rig);
    }
    CHECK_EQ(last, 12000);
    tell(&rig, 12001);
    CHECK_EQ(page(&rig, cursor, 10, false), 1);
    CHECK_EQ(number_of(&rig, 0), 12001);
    rig_close(&rig);
}

TEST(torn_last_line)
{
    static const struct {
        const char *before;
        int kept; /* events left after the start */
        json_int_t last;
    } table[] = {
        {"{\"number\":1,\"seq\":1}\n{\"number\":2,\"seq\":2", 1, 1},
        {"{\"number\":1,\"seq\":1}\n{\"number\":2,\"seq\":2}", 2, 2},
        {"{\"number\":1,\"seq\":1}\n{\"number\":2}", 1, 1},
        {"{\"numb", 0, 0},
        {"{\"number\":1,\"seq\":1}\n", 1, 1},
        {"{\"number\":1,\"seq\":1}\ntorn\n{\"number\":3,\"seq\":3}\n", 2, 3},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct rig rig;
        rig_open(&rig);
        log_close();
        rig_stop(&rig);
        write_file(rig.now, table[i].before);
        rig_start(&rig);
        log_open(&rig.loop, "events_test", false);
        CHECK_EQ(page(&rig, 0, 500, false), table[i].kept);
        if (table[i].kept > 0)
            CHECK_EQ(number_of(&rig, -1), table[i].last);
        tell(&rig, 77);
        CHECK_EQ(page(&rig, next_of(&rig), 500, false), 1);
        CHECK_EQ(number_of(&rig, 0), 77);
        rig_close(&rig);
    }
}

TEST(file_taken_away_or_cut)
{
    struct rig rig;
    rig_open(&rig);
    tell_many(&rig, 1, 10);
    unlink(rig.now);
    CHECK_EQ(page(&rig, 0, 10, false), 0);
    tell(&rig, 11);
    CHECK_EQ(page(&rig, 10, 10, false), 1);
    CHECK_EQ(number_of(&rig, 0), 11);
    CHECK_EQ(page(&rig, 4, 10, false), 1);
    CHECK(lost(&rig));
    CHECK_EQ(truncate(rig.now, 5), 0);
    tell(&rig, 12);
    CHECK_EQ(page(&rig, 0, 10, false), 1);
    CHECK_EQ(number_of(&rig, 0), 12);
    rig_close(&rig);
}

TEST(places_that_cannot_work)
{
    uv_loop_t loop;
    struct events *events;
    struct err err = {0};
    char folder[32], path[64];
    uv_loop_init(&loop);
    CHECK_EQ(events_open(&events, &loop, "/nonexistent/place", "a", &err), ERR_STATE);
    CHECK_HAS(err.text, "/nonexistent/place/events.jsonl: No such file");
    await_folder(folder);
    snprintf(path, sizeof path, "%s/events.jsonl", folder);
    CHECK_EQ(symlink("/etc/passwd", path), 0);
    CHECK_EQ(events_open(&events, &loop, folder, "a", &err), ERR_STATE);
    CHECK_HAS(err.text, "not a regular file");
    unlink(path);
    CHECK_EQ(mkfifo(path, 0600), 0);
    CHECK_EQ(events_open(&events, &loop, folder, "a", &err), ERR_STATE);
    CHECK_HAS(err.text, "not a regular file");
    unlink(path);
    CHECK_EQ(mkdir(path, 0700), 0);
    CHECK_EQ(events_open(&events, &loop, folder, "a", &err), ERR_STATE);
    rmdir(path);
    rmdir(folder);
    CHECK_EQ(uv_loop_close(&loop), 0);
}

static void fill_disk(const char *folder, char ret[64])
{
    static const char zeros[4096];
    snprintf(ret, 64, "%s/filler", folder);
    int fd = open(ret, O_WRONLY | O_CREAT, 0600);
    ssize_t size;
    do
        size = write(fd, zeros, sizeof zeros);
    while (size > 0);
    close(fd);
}

TEST(full_disk_recovers_by_itself)
{
    struct rig rig;
    char filler[64];
    rig_open(&rig);
    log_close();
    rig_stop(&rig);
    unlink(rig.now);
    if (mount("none", rig.folder, "tmpfs", 0, "size=64k") != 0) {
        printf("skipped: cannot mount a tmpfs here: %s\n", strerror(errno));
        CHECK_EQ(rmdir(rig.folder), 0);
        return;
    }
    rig_start(&rig);
    log_open(&rig.loop, "events_test", false);
    tell_many(&rig, 1, 10);
    fill_disk(rig.folder, filler);
    unsigned slow = 0; /* one that waits for the disk would be slow again and again */
    for (int i = 11; i <= 1500; i++) {
        double start = await_own_ms();
        tell(&rig, i);
        if (i % 100 == 0)
            (void)await_turn(&rig.loop);
        slow += await_own_ms() - start >= 20;
    }
    CHECK(slow <= AWAIT_SLOW_MAX);
    AWAIT(&rig.loop, events_dropped(rig.events) > 0, 5000);
    int kept = page(&rig, 0, 500, false);
    CHECK(kept >= 10 && kept < 500);
    CHECK_EQ(number_of(&rig, kept - 1), kept); /* no torn, no doubled line */
    unlink(filler);
    AWAIT(&rig.loop, page(&rig, 0, 1, false) == 1 && page(&rig, 1, 1, true) == 1 &&
                         number_of(&rig, 0) > 100, 10000);
    CHECK_EQ(page(&rig, (uint64_t)kept, 1, false), 1);
    CHECK_EQ(number_of(&rig, 0), kept + 1);
    log_close();
    rig_stop(&rig);
    json_decref(rig.page);
    CHECK_EQ(umount(rig.folder), 0);
    CHECK_EQ(rmdir(rig.folder), 0);
}

TEST(disk_that_is_full_at_the_start)
{
    struct rig rig;
    char filler[64];
    rig_open(&rig);
    log_close();
    rig_stop(&rig);
    unlink(rig.now);
    if (mount("none", rig.folder, "tmpfs", 0, "size=64k,nr_inodes=2") != 0) {
        printf("skipped: cannot mount a tmpfs here: %s\n", strerror(errno));
        CHECK_EQ(rmdir(rig.folder), 0);
        return;
    }
    fill_disk(rig.folder, filler); /* the only inode and every block */
    rig_start(&rig);
    log_open(&rig.loop, "events_test", false);
    tell(&rig, 1);
    CHECK_EQ(page(&rig, 0, 1, false), 0);
    unlink(filler);
    AWAIT(&rig.loop, page(&rig, 0, 1, false) == 1, 5000);
    CHECK_EQ(number_of(&rig, 0), 1);
    log_close();
    rig_stop(&rig);
    json_decref(rig.page);
    CHECK_EQ(umount(rig.folder), 0);
    CHECK_EQ(rmdir(rig.folder), 0);
}

CHECK_MAIN
