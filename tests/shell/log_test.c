/* log_test — forms of a line; readers that are slow, stopped, gone and back. */
#include "agent/peer/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "agent/peer/log_form.h"
#include "tests/lib/await.h"

struct reader {
    char folder[32], path[64];
    int fd;
};

static void reader_bind(struct reader *reader)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", reader->path);
    reader->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK_EQ(bind(reader->fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void reader_open(struct reader *reader)
{
    await_folder(reader->folder);
    snprintf(reader->path, sizeof reader->path, "%s/log", reader->folder);
    setenv("HOLDFAST_SYSLOG", reader->path, 1);
    reader_bind(reader);
}

static void reader_gone(struct reader *reader)
{
    close(reader->fd);
    unlink(reader->path);
}

static void reader_close(struct reader *reader)
{
    reader_gone(reader);
    rmdir(reader->folder);
    unsetenv("HOLDFAST_SYSLOG");
}

/* One datagram as text, or false. */
static bool reader_take(const struct reader *reader, char ret[2048])
{
    ssize_t size = recv(reader->fd, ret, 2047, 0);
    if (size < 0)
        return false;
    ret[size] = 0;
    return true;
}

static void end(uv_loop_t *loop)
{
    log_close();
    await_end(loop);
}

TEST(local_form)
{
    struct reader reader;
    uv_loop_t loop;
    char text[2048], expected[128];
    setenv("TZ", "UTC", 1);
    uv_loop_init(&loop);
    reader_open(&reader);
    log_open(&loop, "holdfastd", false);
    log_line(REASON_WARNING, "event=stall epoch=4 node=server1 msg=\"stood\nstill\"");
    CHECK(reader_take(&reader, text));
    snprintf(expected, sizeof expected,
             " holdfastd[%d]: event=stall epoch=4 node=server1 msg=\"stood?still\"", getpid());
    CHECK(strncmp(text, "<28>", 4) == 0);
    CHECK_EQ(strlen(text), 4 + 15 + strlen(expected));
    CHECK_STR(text + 4 + 15, expected);
    log_name("holdfastd", "server1");
    log_text(REASON_ALARM, "count", "%d of \"%s\" \\", 2, "three");
    CHECK(reader_take(&reader, text));
    CHECK(strncmp(text, "<25>", 4) == 0);
    CHECK_HAS(text, "]: event=count node=server1 msg=\"2 of \\\"three\\\" \\\\\"");
    log_line(REASON_DEBUG, "event=quiet");
    CHECK(!reader_take(&reader, text));
    CHECK_EQ(log_dropped(), 0);
    end(&loop);
    reader_close(&reader);
}

TEST(quoted_values_stay_whole_however_short_the_place)
{
    char text[64];
    CHECK_EQ(log_form_quote("say \"a\\b\"\n", text, sizeof text), 15);
    CHECK_STR(text, "\"say \\\"a\\\\b\\\"?\"");
    (void)log_form_quote("ab\"", text, 6); /* the escape does not fit whole: left out */
    CHECK_STR(text, "\"ab\"");
    (void)log_form_quote("a\u00e4", text, 5);
    CHECK_STR(text, "\"a\"");
    (void)log_form_quote("", text, 3);
    CHECK_STR(text, "\"\"");
}

TEST(stopped_reader_never_stalls_the_loop)
{
    struct reader reader;
    uv_loop_t loop;
    char text[2048] = "", last[2048] = "";
    uv_loop_init(&loop);
    reader_open(&reader);
    log_open(&loop, "holdfastd", false);
    unsigned slow = 0; /* a call that waits for the reader would be slow each time */
    for (int i = 0; i < 2000; i++) {
        double start = await_own_ms();
        log_text(REASON_INFO, "test", "number=%d", i);
        slow += await_own_ms() - start >= 20;
    }
    for (double until = await_ms() + 200; await_ms() < until;)
        slow += await_turn(&loop) >= 20;
    CHECK(slow <= AWAIT_SLOW_MAX);
    uint64_t dropped = log_dropped();
    CHECK(dropped > 0 && dropped < 2000 - 256);

    int next = 0, seen = 0;
    double limit = await_ms() + 10000;
    while (strstr(last, "messages dropped") == NULL && await_ms() < limit) {
        (void)await_turn(&loop);
        while (reader_take(&reader, text)) {
            const char *number = strstr(text, "msg=\"number=");
            if (number != NULL)
                CHECK_EQ(atoi(number + 12), next++);
            seen++;
            memcpy(last, text, sizeof last);
        }
    }
    snprintf(text, sizeof text, "count=%d msg=\"%d messages dropped\"", (int)dropped,
             (int)dropped);
    CHECK_HAS(last, text);
    CHECK(next > 0);
    CHECK_EQ(seen - 1, 2000 - (int)dropped);
    CHECK_EQ(log_dropped(), dropped);
    log_line(REASON_INFO, "event=after"); /* and then as before */
    CHECK(reader_take(&reader, text));
    CHECK_HAS(text, "event=after");
    end(&loop);
    reader_close(&reader);
}

TEST(reader_that_was_restarted)
{
    struct reader reader;
    uv_loop_t loop;
    char text[2048];
    uv_loop_init(&loop);
    reader_open(&reader);
    log_open(&loop, "holdfastd", false);
    log_line(REASON_INFO, "event=one");
    CHECK(reader_take(&reader, text));
    reader_gone(&reader);
    log_line(REASON_INFO, "event=two"); /* ECONNREFUSED, then ENOENT */
    log_line(REASON_INFO, "event=three");
    AWAIT(&loop, log_dropped() == 0, 100);
    reader_bind(&reader);
    bool got = false;
    AWAIT(&loop, got || (got = reader_take(&reader, text)), 6000);
    CHECK_HAS(text, "event=two");
    CHECK(reader_take(&reader, text));
    CHECK_HAS(text, "event=three");
    /* Gone and back between two lines: the same line finds it. */
    reader_gone(&reader);
    reader_bind(&reader);
    log_line(REASON_INFO, "event=four");
    CHECK(reader_take(&reader, text));
    CHECK_HAS(text, "event=four");
    CHECK_EQ(log_dropped(), 0);
    end(&loop);
    reader_close(&reader);
}

TEST(no_reader_at_all_is_bounded_and_counted)
{
    uv_loop_t loop;
    uv_loop_init(&loop);
    setenv("HOLDFAST_SYSLOG", "/nonexistent/log", 1);
    log_open(&loop, "holdfastd", false);
    for (int i = 0; i < 1000; i++)
        log_line(REASON_INFO, "event=lost");
    CHECK_EQ(log_dropped(), 1000 - 256);
    end(&loop);
    CHECK_EQ(log_dropped(), 1000);
    unsetenv("HOLDFAST_SYSLOG");
}

TEST(stderr_that_nobody_reads)
{
    uv_loop_t loop;
    int ends[2], kept = dup(STDERR_FILENO);
    char text[65536];
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[1], STDERR_FILENO);
    uv_loop_init(&loop);
    log_open(&loop, "holdfast-witness", true);
    double start = await_own_ms();
    char big[600];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    for (int i = 0; i < 1000; i++) /* 600 kB into a pipe of 64 kB */
        log_line(REASON_NOTICE, big);
    CHECK(await_own_ms() - start < 1000);
    CHECK(log_dropped() > 0);
    ssize_t size = read(ends[0], text, sizeof text);
    CHECK(size > 1000);
    text[size > 0 ? size - 1 : 0] = 0;
    CHECK_HAS(text, "Z notice holdfast-witness: xxx");
    /* Read on: what was kept comes, and how many are missing. */
    bool told = false;
    double limit = await_ms() + 10000;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (!told && await_ms() < limit) {
        (void)await_turn(&loop);
        size = read(ends[0], text, sizeof text - 1);
        text[size > 0 ? size : 0] = 0;
        told = strstr(text, "messages dropped") != NULL;
    }
    CHECK(told);
    end(&loop);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[0]);
    close(ends[1]);
}

TEST(cleaning)
{
    char clean[LOG_FORM_TEXT_MAX + 1], big[3000];
    CHECK_EQ(log_form_clean("a\tb\x7f\x1b[31m\xc3\xa9", clean), 11);
    CHECK_STR(clean, "a?b??[31m\xc3\xa9");
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = 0;
    CHECK_EQ(log_form_clean(big, clean), LOG_FORM_TEXT_MAX);
    memcpy(big + LOG_FORM_TEXT_MAX - 1, "\xc3\xa9", 2); /* a character across the cut */
    CHECK_EQ(log_form_clean(big, clean), LOG_FORM_TEXT_MAX - 1);
    memset(big, 0x80, sizeof big - 1); /* no text at all */
    CHECK(log_form_clean(big, clean) >= LOG_FORM_TEXT_MAX - 4);
    CHECK_EQ(log_form_clean("", clean), 0);
}

TEST(journal_form)
{
    static const struct {
        const char *text, *has, *has_not;
    } table[] = {
        {"event=holds epoch=12 node=server1 msg=\"x\"", "\nHOLDFAST_EVENT=holds\n", "=x"},
        {"event=holds epoch=12 node=server1", "\nHOLDFAST_EPOCH=12\n", "MESSAGE_ID"},
        {"event=holds node=server1", "\nHOLDFAST_NODE=server1\n", "HOLDFAST_EPOCH"},
        {"plain words event=no", "MESSAGE=plain words event=no\n", "HOLDFAST_EVENT"},
        {"msg=\"a b\" event=no", "PRIORITY=5\n", "HOLDFAST_EVENT"},
        {"event=", "SYSLOG_PID=77\n", "HOLDFAST_EVENT"},
        {"", "SYSLOG_IDENTIFIER=holdfastd\n", "HOLDFAST_"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char bytes[LOG_FORM_SIZE + 1];
        struct log_entry entry = {REASON_NOTICE, 1000, "holdfastd", 77, table[i].text};
        bytes[log_form_make(LOG_FORM_JOURNAL, &entry, bytes)] = 0;
        CHECK_HAS(bytes, table[i].has);
        CHECK(strstr(bytes, table[i].has_not) == NULL);
    }
}

TEST(longest_line_fits_every_form)
{
    char text[LOG_FORM_TEXT_MAX + 1], bytes[LOG_FORM_SIZE];
    snprintf(text, sizeof text, "event=%0990d", 1);
    for (int form = LOG_FORM_SYSLOG; form <= LOG_FORM_STDERR; form++) {
        struct log_entry entry = {REASON_INFO, INT64_MAX, "holdfast-witness", 1, text};
        size_t size = log_form_make((enum log_form)form, &entry, bytes);
        CHECK(size > 1000 && size < LOG_FORM_SIZE - 1);
    }
}

CHECK_MAIN
