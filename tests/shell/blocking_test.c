/* blocking — a call on a thread of its own: its answer comes on the loop; who cancelled hears
 * nothing, whenever the call returns. */
#include "../../agent/node/blocking.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/check.h"
#include "../lib/spin.h"

/* Stands in read() until somebody writes or closes, like a call that hangs. */
struct block {
    int pipe[2];
    pthread_t loop;
    bool elsewhere, quiet;
    char got;
};

struct place {
    uv_loop_t loop;
    int pipe[2];
    unsigned ended;
    struct block last;
};

static void stand(void *argument)
{
    struct block *block = argument;
    sigset_t blocked;
    block->elsewhere = !pthread_equal(pthread_self(), block->loop);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    block->quiet = sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGCHLD) == 1;
    if (read(block->pipe[0], &block->got, 1) != 1)
        block->got = '-';
}

static void on_end(void *owner, void *block)
{
    struct place *place = owner;
    place->ended++;
    memcpy(&place->last, block, sizeof place->last);
}

static void open_place(struct place *place)
{
    memset(place, 0, sizeof *place);
    uv_loop_init(&place->loop);
    CHECK_EQ(pipe(place->pipe), 0);
}

static void close_place(struct place *place)
{
    close(place->pipe[0]);
    close(place->pipe[1]);
    CHECK(spin_finish(&place->loop));
}

static struct blocking *start(struct place *place)
{
    struct block block = {.pipe = {place->pipe[0], place->pipe[1]}, .loop = pthread_self()};
    struct blocking_order order = {.block = &block,
                                   .size = sizeof block,
                                   .call = stand,
                                   .on_end = on_end,
                                   .owner = place};
    struct blocking *blocking = blocking_start(&place->loop, &order);
    memset(&block, 0x55, sizeof block); /* it was copied */
    CHECK(blocking != NULL);
    return blocking;
}

static bool has_ended(void *owner)
{
    return ((struct place *)owner)->ended > 0;
}

TEST(the_answer_comes_on_the_loop)
{
    struct place place;
    open_place(&place);
    start(&place);
    spin_for(&place.loop, 30);
    CHECK_EQ(place.ended, 0); /* the loop went on meanwhile */
    CHECK_EQ(write(place.pipe[1], "x", 1), 1);
    CHECK(spin_until(&place.loop, has_ended, &place, SPIN_LIMIT_MS));
    CHECK_EQ(place.last.got, 'x');
    CHECK(place.last.elsewhere);
    CHECK(place.last.quiet);
    sigset_t own;
    pthread_sigmask(SIG_SETMASK, NULL, &own);
    CHECK_EQ(sigismember(&own, SIGTERM), 0); /* and here they are as they were */
    close_place(&place);
}

TEST(cancelled_before_and_after_the_call_returned)
{
    struct place place;
    open_place(&place);
    struct blocking *early = start(&place), *late = start(&place);
    blocking_cancel(early);
    CHECK_EQ(write(place.pipe[1], "xy", 2), 2);
    /* Both have read once the pipe is empty; the loop has not turned yet. */
    int left = 1;
    for (unsigned i = 0; left > 0 && i < 1000; i++) {
        CHECK_EQ(ioctl(place.pipe[0], FIONREAD, &left), 0);
        (void)poll(NULL, 0, 1);
    }
    CHECK_EQ(left, 0);
    blocking_cancel(late);
    spin_for(&place.loop, 30);
    CHECK_EQ(place.ended, 0);
    blocking_cancel(NULL);
    close_place(&place);
}

CHECK_MAIN
