/* Happy path: the kernel's clocks, read through the vDSO, in the units that the rooms use.
 *
 * Failure modes: CLOCK_BOOTTIME exists since Linux 2.6.39; without it nothing here can be safe,
 * so a failing read ends the process. A wall clock before 1970 or beyond the year 9999 is shown
 * as the nearest of the two. */
#include "clock.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

#define WALL_MS_MAX 253402300799999LL /* the last instant of 9999 */

static struct timespec read_clock(clockid_t id)
{
    struct timespec reading;
    int failed = clock_gettime(id, &reading);
    assert(failed == 0);
    return reading;
}

static int64_t in_ms(struct timespec reading)
{
    return (int64_t)reading.tv_sec * 1000 + reading.tv_nsec / 1000000;
}

mono_ms clock_now(void)
{
    return in_ms(read_clock(CLOCK_BOOTTIME));
}

int64_t clock_wall_s(void)
{
    return (int64_t)read_clock(CLOCK_REALTIME).tv_sec;
}

int64_t clock_wall_ms(void)
{
    return in_ms(read_clock(CLOCK_REALTIME));
}

uint64_t clock_monotonic_us(void)
{
    struct timespec reading = read_clock(CLOCK_MONOTONIC);
    return (uint64_t)reading.tv_sec * 1000000 + (uint64_t)reading.tv_nsec / 1000;
}

static int64_t showable(int64_t wall_ms)
{
    if (wall_ms < 0)
        return 0;
    return wall_ms > WALL_MS_MAX ? WALL_MS_MAX : wall_ms;
}

void clock_text(int64_t wall_ms, char *ret, size_t size)
{
    int64_t ms = showable(wall_ms);
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char date[32];
    (void)gmtime_r(&seconds, &parts); /* never fails for what is showable */
    (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(ret, size, "%s.%03dZ", date, (int)(ms % 1000));
}

void clock_syslog_text(int64_t wall_ms, char *ret, size_t size)
{
    /* Not strftime's %b: syslog wants the English names in every locale. */
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(showable(wall_ms) / 1000);
    struct tm parts;
    localtime_r(&seconds, &parts);
    (void)snprintf(ret, size, "%s %2d %02d:%02d:%02d", months[(unsigned)parts.tm_mon % 12],
                   parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}
