/* Happy path: a detached thread asks getaddrinfo, leaves the answer in the shared block and wakes
 * the loop.
 *
 * Failure modes: a resolver that is silent: the thread stays as long as the resolver's own
 * limits say, and nobody waits for it; who cancelled leaves the shared block to the thread. */
#include "lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE ((size_t)256 * 1024) /* getaddrinfo and its plug-ins */

/* Belongs to whoever comes last: the thread, or the loop. */
struct shared {
    pthread_mutex_t lock;
    uv_async_t *wake; /* NULL = nobody waits any more */
    bool done;
    char host[HOST_SIZE];
    struct lookup_list list;
    int error; /* EAI_... */
};

struct lookup {
    uv_async_t wake;
    struct shared *shared;
    lookup_on_end *on_end;
    void *owner;
};

static void free_shared(struct shared *shared)
{
    (void)pthread_mutex_destroy(&shared->lock);
    free(shared);
}

static void add(struct lookup_list *list, const struct addrinfo *at)
{
    const void *binary = at->ai_family == AF_INET
                             ? (const void *)&((const struct sockaddr_in *)(const void *)
                                                   at->ai_addr)->sin_addr
                             : &((const struct sockaddr_in6 *)(const void *)at->ai_addr)->sin6_addr;
    if ((at->ai_family == AF_INET || at->ai_family == AF_INET6) &&
        list->count < LOOKUP_ADDRESS_MAX &&
        inet_ntop(at->ai_family, binary, list->text[list->count], LOOKUP_ADDRESS_SIZE) != NULL)
        list->count++;
}

static void *ask(void *argument)
{
    struct shared *shared = argument;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(shared->host, NULL, &hints, &found);
    for (const struct addrinfo *at = error == 0 ? found : NULL; at != NULL; at = at->ai_next)
        add(&shared->list, at);
    if (error == 0)
        freeaddrinfo(found);
    (void)pthread_mutex_lock(&shared->lock);
    bool orphan = shared->wake == NULL;
    shared->error = error;
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
    struct lookup *lookup = wake->data;
    struct shared *shared = lookup->shared;
    lookup_on_end *on_end = lookup->on_end;
    void *owner = lookup->owner;
    if (!part(shared))
        return; /* cannot be: only the thread wakes, and it is done then */
    uv_close((uv_handle_t *)&lookup->wake, on_closed);
    const char *why = shared->list.count > 0 ? ""
                      : shared->error == 0   ? "it has no address"
                                             : gai_strerror(shared->error);
    on_end(owner, &shared->list, why);
    free_shared(shared);
}

/* Signals are the main thread's: it has the handlers. */
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
              pthread_create(&thread, &attributes, ask, shared) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return ok;
}

struct lookup *lookup_start(uv_loop_t *loop, const char *host, lookup_on_end *on_end,
                            void *owner)
{
    struct lookup *lookup = calloc(1, sizeof *lookup);
    struct shared *shared = calloc(1, sizeof *shared);
    if (lookup == NULL || shared == NULL || uv_async_init(loop, &lookup->wake, on_wake) != 0) {
        free(lookup);
        free(shared);
        return NULL;
    }
    lookup->wake.data = lookup;
    lookup->shared = shared;
    lookup->on_end = on_end;
    lookup->owner = owner;
    (void)pthread_mutex_init(&shared->lock, NULL);
    shared->wake = &lookup->wake;
    (void)snprintf(shared->host, sizeof shared->host, "%s", host);
    if (start_thread(shared))
        return lookup;
    free_shared(shared);
    uv_close((uv_handle_t *)&lookup->wake, on_closed);
    return NULL;
}

void lookup_cancel(struct lookup *lookup)
{
    if (part(lookup->shared))
        free_shared(lookup->shared);
    uv_close((uv_handle_t *)&lookup->wake, on_closed);
}
