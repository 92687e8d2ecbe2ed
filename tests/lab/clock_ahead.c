/* clock_ahead — a wall clock that is 1000 s ahead of the machine's: preloaded into a daemon by the
 * laboratory. All other clocks are the machine's.
 *
 * It keeps no state, allocates nothing and calls nothing that could be replaced: so it may be
 * asked at any time, by the memory of the sanitizers also before their start is over. */
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define AHEAD_S 1000

/* What the system's functions of these names are replaced by. */
int ahead_clock(clockid_t clock, struct timespec *ret) __asm__("clock_gettime");
int ahead_day(struct timeval *ret, void *zone) __asm__("gettimeofday");
time_t ahead_time(time_t *ret) __asm__("time");

int ahead_clock(clockid_t clock, struct timespec *ret)
{
    long code = syscall(SYS_clock_gettime, clock, ret);
    if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        ret->tv_sec += AHEAD_S;
    return (int)code;
}

int ahead_day(struct timeval *ret, void *zone)
{
    long code = syscall(SYS_gettimeofday, ret, zone);
    if (code == 0 && ret != NULL)
        ret->tv_sec += AHEAD_S;
    return (int)code;
}

time_t ahead_time(time_t *ret)
{
    struct timespec now = {0};
    (void)ahead_clock(CLOCK_REALTIME, &now);
    if (ret != NULL)
        *ret = now.tv_sec;
    return now.tv_sec;
}
