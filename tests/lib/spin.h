/* spin — waiting in tests of one room: turn its loop until something is true, with a limit. */
#ifndef HOLDFAST_TESTS_SPIN_H
#define HOLDFAST_TESTS_SPIN_H

#include <stdlib.h>
#include <uv.h>

#include "../../agent/peer/clock.h"

#define SPIN_LIMIT_MS 8000

static void spin_on_tick(uv_timer_t *timer)
{
    (void)timer; /* it only wakes the loop, so that limits are noticed */
}

static void spin_on_closed(uv_handle_t *handle)
{
    free(handle);
}

/* Runs the loop until is_true(owner) or the limit. Returns what is_true said last. */
__attribute__((unused)) static bool spin_until(uv_loop_t *loop, bool (*is_true)(void *owner),
                                               void *owner, span_ms limit_ms)
{
    uv_timer_t *tick = calloc(1, sizeof *tick);
    mono_ms end = clock_now() + limit_ms;
    uv_timer_init(loop, tick);
    uv_timer_start(tick, spin_on_tick, 10, 10);
    while (!is_true(owner) && clock_now() < end)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)tick, spin_on_closed);
    uv_run(loop, UV_RUN_NOWAIT);
    return is_true(owner);
}

static bool spin_never(void *owner)
{
    (void)owner;
    return false;
}

/* Lets the loop run on for a while, where a test shows that something does NOT happen. */
__attribute__((unused)) static void spin_for(uv_loop_t *loop, span_ms ms)
{
    spin_until(loop, spin_never, NULL, ms);
}

/* Closes a loop whose users have closed their handles. False: something is left open. */
__attribute__((unused)) static bool spin_finish(uv_loop_t *loop)
{
    mono_ms end = clock_now() + SPIN_LIMIT_MS;
    int status = uv_loop_close(loop);
    while (status == UV_EBUSY && clock_now() < end) {
        uv_timer_t *tick = calloc(1, sizeof *tick);
        uv_timer_init(loop, tick);
        uv_timer_start(tick, spin_on_tick, 5, 0);
        uv_run(loop, UV_RUN_ONCE);
        uv_close((uv_handle_t *)tick, spin_on_closed);
        uv_run(loop, UV_RUN_NOWAIT);
        status = uv_loop_close(loop);
    }
    return status == 0;
}

#endif
