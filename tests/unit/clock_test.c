/* clock_test — units, monotony and the two text forms. */
#include "agent/peer/clock.h"

#include "tests/lib/check.h"

#include <time.h>

TEST(now_is_boottime_in_ms)
{
    struct timespec before, after;
    clock_gettime(CLOCK_BOOTTIME, &before);
    mono_ms now = clock_now();
    clock_gettime(CLOCK_BOOTTIME, &after);
    CHECK(now >= (mono_ms)before.tv_sec * 1000 + before.tv_nsec / 1000000);
    CHECK(now <= (mono_ms)after.tv_sec * 1000 + after.tv_nsec / 1000000);
}

TEST(never_runs_back)
{
    mono_ms last = clock_now();
    for (int i = 0; i < 100000; i++) {
        mono_ms now = clock_now();
        CHECK(now >= last);
        last = now;
    }
}

TEST(wall_clock_units)
{
    int64_t seconds = clock_wall_s(), ms = clock_wall_ms();
    CHECK(ms / 1000 - seconds <= 1);
    CHECK(ms / 1000 >= seconds);
    uint64_t first = clock_monotonic_us();
    CHECK(clock_monotonic_us() >= first);
}

TEST(texts)
{
    static const struct {
        int64_t wall_ms;
        const char *text;
    } table[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {1795489965123, "2026-11-24T03:12:45.123Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {-5, "1970-01-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "1970-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[CLOCK_TEXT_SIZE];
        clock_text(table[i].wall_ms, text, sizeof text);
        CHECK_STR(text, table[i].text);
    }
}

TEST(short_buffer_is_not_overrun)
{
    char text[11] = "xxxxxxxxxx";
    clock_text(0, text, 5);
    CHECK_STR(text, "1970");
    CHECK_EQ(text[5], 'x');
}

TEST(syslog_form)
{
    char text[16];
    setenv("TZ", "UTC", 1);
    tzset();
    clock_syslog_text(1795489965123, text, sizeof text);
    CHECK_STR(text, "Nov 24 03:12:45");
    clock_syslog_text(951782400000, text, sizeof text);
    CHECK_STR(text, "Feb 29 00:00:00");
    clock_syslog_text(0, text, sizeof text);
    CHECK_STR(text, "Jan  1 00:00:00");
}

CHECK_MAIN
