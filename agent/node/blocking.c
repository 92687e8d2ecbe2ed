/* Happy path: a detached thread makes the call on its copy of the block and wakes the loop.
 *
 * Failure modes: no thread: said at once. A call that never returns: its thread and its block stay,
 * and nobody waits for them; who cancelled leaves the block to the thread. */
#include "blocking.h"

#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE ((size_t)256 * 1024) /* getaddrinfo and its plug-ins */

/* Belongs to whoever comes last: the thread, or the loop. */
struct shared {
    pthread_mutex_t lock;
    uv_async_t *wake; /* NULL = nobody waits any more */
    bool done;
    void (*call)(void *block);
    alignas(max_align_t) unsigned char block[];
};

struct blocking {
    uv_async_t wake;
    struct shared *shared;
    void (*on_end)(void *owner, void *block);
    void *owner;
};

static void free_shared(struct shared *shared)
{
    (void)pthread_mutex_destroy(&shared->lock);
    free(shared);
}

static void *run(void *argument)
{
    struct shared *shared = argument;
    shared->call(shared->block);
    (void)pthread_mutex_lock(&shared->lock);
    bool orphan = shared->wake == NULL;
    shared->done = true;
    if (!orphan)
        (void)uv_async_send(shared->wake);
    (void)pthread_mutex_unlock(&shared->lock);
    if (orphan)
        free_shared(shared);
    return NULL;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Parts with the thread. True: it is done, and its block is the caller's. */
static bool part(struct shared *shared)
{
    (void)pthread_mutex_lock(&shared->lock);
    bool done = shared->done;
    shared->wake = NULL;
    (void)pthread_mutex_unlock(&shared->lock);
    return done;
}

static void on_wake(uv_async_t *wake)
{
    struct blocking *blocking = wake->data;
    struct shared *shared = blocking->shared;
    if (!part(shared))
        return; /* cannot be: only the thread wakes, and it is done then */
    uv_close((uv_handle_t *)&blocking->wake, on_closed);
    blocking->on_end(blocking->owner, shared->block);
    free_shared(shared);
}

/* Signals are the loop's thread's: it has the handlers. */
static bool start_thread(struct shared *shared)
{
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
              pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0 &&
              pthread_create(&thread, &attributes, run, shared) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return ok;
}

struct blocking *blocking_start(uv_loop_t *loop, const struct blocking_order *order)
{
    struct blocking *blocking = calloc(1, sizeof *blocking);
    struct shared *shared = calloc(1, sizeof *shared + order->size);
    if (blocking == NULL || shared == NULL || uv_async_init(loop, &blocking->wake, on_wake) != 0) {
        free(blocking);
        free(shared);
        return NULL;
    }
    blocking->wake.data = blocking;
    blocking->shared = shared;
    blocking->on_end = order->on_end;
    blocking->owner = order->owner;
    (void)pthread_mutex_init(&shared->lock, NULL);
    shared->wake = &blocking->wake;
    shared->call = order->call;
    memcpy(shared->block, order->block, order->size);
    if (start_thread(shared))
        return blocking;
    free_shared(shared);
    uv_close((uv_handle_t *)&blocking->wake, on_closed);
    return NULL;
}

void blocking_cancel(struct blocking *blocking)
{
    if (blocking == NULL)
        return;
    if (part(blocking->shared))
        free_shared(blocking->shared);
    uv_close((uv_handle_t *)&blocking->wake, on_closed);
}
