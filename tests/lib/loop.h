/* loop — runs a loop until something is true, or a limit is reached; and temporary directories.
 *
 * Never waits a fixed time: the loop turns as long as things happen. */
#ifndef HOLDFAST_TESTS_LOOP_H
#define HOLDFAST_TESTS_LOOP_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

static void loop_on_tick(uv_timer_t *timer)
{
    unsigned *ticks = timer->data;
    (*ticks)++;
}

/* Turns the loop until done(context); false when that took longer than limit_ms. */
static bool loop_until(uv_loop_t *loop, bool (*done)(void *context), void *context,
                       unsigned limit_ms)
{
    uv_timer_t timer;
    unsigned ticks = 0;
    bool good;
    uv_timer_init(loop, &timer);
    timer.data = &ticks;
    uv_update_time(loop);
    uv_timer_start(&timer, loop_on_tick, 5, 5);
    while (!(good = done(context)) && ticks < limit_ms / 5)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
    return good;
}

static inline bool loop_is_over(void *context)
{
    return !uv_loop_alive(context);
}

/* After everything was closed: runs to the end and closes the loop. False: something is left. */
static inline bool loop_end(uv_loop_t *loop)
{
    for (unsigned i = 0; i < 10000 && uv_run(loop, UV_RUN_ONCE) != 0; i++)
        ;
    return uv_loop_close(loop) == 0;
}

/* An empty directory, 0700; removed with everything in it by loop_remove. */
static inline char *loop_directory(void)
{
    char *path = strdup("/tmp/holdfast-test.XXXXXX");
    if (path == NULL || mkdtemp(path) == NULL)
        abort();
    return path;
}

static int loop_on_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline void loop_remove(char *path)
{
    (void)nftw(path, loop_on_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    free(path);
}

#endif
