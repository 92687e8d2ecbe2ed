/* await — run a libuv loop until something is true, with a limit; and how long turns took.
 *
 * Usage: AWAIT(&loop, got >= 3, 2000); fails the test when the limit passes. */
#ifndef HOLDFAST_TESTS_AWAIT_H
#define HOLDFAST_TESTS_AWAIT_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "check.h"

/* Turns of 20 ms and more that a busy machine may cause by itself, out of thousands: a virtual
 * processor that its host takes away cannot be told from the inside. */
#define AWAIT_SLOW_MAX 3

static inline double await_ms(void)
{
    return (double)uv_hrtime() / 1e6;
}

/* How long this thread was ready to run in its life, in ns, while the kernel ran somebody else. */
static inline unsigned long long await_queued_ns(void)
{
    static __thread int file = -1;
    char text[96] = "", *end = text;
    if (file < 0)
        file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (file < 0 || pread(file, text, sizeof text - 1, 0) <= 0)
        return 0;
    (void)strtoull(text, &end, 10); /* how long it ran */
    return strtoull(end, NULL, 10);
}

/* The same without the time in which the kernel gave the processor to somebody else: what this
 * thread itself took (its work and its own waits). Looked at anew when that happened in between. */
static inline double await_own_ms(void)
{
    unsigned long long before, after = await_queued_ns();
    double now;
    do {
        before = after;
        now = await_ms();
        after = await_queued_ns();
    } while (after != before);
    return now - (double)before / 1e6;
}

static inline void await_tick(uv_timer_t *timer)
{
    (void)timer;
}

/* One turn of the loop that ends after 2 ms at the latest. Returns the ms that it took. */
static inline double await_turn(uv_loop_t *loop)
{
    uv_timer_t timer;
    double start = await_own_ms();
    uv_update_time(loop);
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, await_tick, 2, 0);
    uv_run(loop, UV_RUN_ONCE);
    double took = await_own_ms() - start;
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT); /* the close callback: the timer lives on this stack */
    return took;
}

#define AWAIT(loop, condition, limit_ms)                                                        \
    do {                                                                                        \
        double await_end = await_ms() + (limit_ms);                                             \
        while (!(condition) && await_ms() < await_end)                                          \
            (void)await_turn(loop);                                                             \
        CHECK(condition);                                                                       \
    } while (0)

/* Ends a loop whose handles were all told to close. */
static inline void await_end(uv_loop_t *loop)
{
    double end = await_ms() + 5000;
    while (uv_run(loop, UV_RUN_NOWAIT) != 0 && await_ms() < end)
        (void)await_turn(loop);
    CHECK_EQ(uv_loop_close(loop), 0);
}

/* A new directory under /tmp; the caller removes it with await_folder_gone. */
static inline void await_folder(char ret[32])
{
    snprintf(ret, 32, "/tmp/holdfast-test-XXXXXX");
    CHECK(mkdtemp(ret) != NULL);
}

#endif
