/* Happy path: a detached thread reads one small file and wakes the loop; its nameserver lines are
 * endpoints then.
 *
 * Failure modes: no file, no right to read it, no such lines: nobody to ask, which is shown. A disk
 * that hangs: the thread stays, and nobody waits for it. */
#include "resolvers.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLANKS " \t\r"
#define WORD "nameserver"
#define STACK_SIZE ((size_t)256 * 1024)

/* Belongs to whoever comes last: the thread, or the loop. */
struct shared {
    pthread_mutex_t lock;
    uv_async_t *wake; /* NULL = nobody waits any more */
    bool done;
    char path[PATH_SIZE];
    struct resolvers found;
};

struct resolvers_reading {
    uv_async_t wake;
    struct shared *shared;
    void (*on_end)(void *owner, const struct resolvers *found);
    void *owner;
};

/* With a scope behind it (fe80::1%eth0) it is an address as well. */
static bool is_address(const char *text)
{
    struct sockaddr_storage room;
    return uv_ip4_addr(text, 53, (struct sockaddr_in *)&room) == 0 ||
           uv_ip6_addr(text, 53, (struct sockaddr_in6 *)&room) == 0;
}

static void add(struct resolvers *ret, const char *text, size_t length)
{
    struct endpoint one = {.port = 53};
    if (ret->count == ADDRESS_MAX || length >= sizeof one.host)
        return;
    memcpy(one.host, text, length);
    for (size_t i = 0; i < ret->count; i++)
        if (strcmp(ret->list[i].host, one.host) == 0)
            return;
    if (is_address(one.host))
        ret->list[ret->count++] = one;
}

void resolvers_parse(const char *text, struct resolvers *ret)
{
    memset(ret, 0, sizeof *ret);
    for (const char *line = text; *line != 0;) {
        const char *at = line + strspn(line, BLANKS);
        size_t word = strcspn(at, BLANKS "\n");
        if (word == strlen(WORD) && memcmp(at, WORD, word) == 0) {
            at += word;
            at += strspn(at, BLANKS);
            add(ret, at, strcspn(at, BLANKS "\n#;"));
        }
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
}

static void read_file(const char *path, struct resolvers *ret)
{
    char *text = malloc(RESOLVERS_TEXT_MAX + 1);
    /* O_NONBLOCK: a pipe in its place must not keep the thread. */
    int file = text == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t size = 0;
    ssize_t got = 0;
    while (file >= 0 && size < RESOLVERS_TEXT_MAX &&
           (got = read(file, text + size, RESOLVERS_TEXT_MAX - size)) > 0)
        size += (size_t)got;
    if (file >= 0)
        (void)close(file);
    if (text != NULL) {
        text[size] = 0;
        resolvers_parse(text, ret);
    }
    free(text);
}

static void free_shared(struct shared *shared)
{
    (void)pthread_mutex_destroy(&shared->lock);
    free(shared);
}

static void *run(void *argument)
{
    struct shared *shared = argument;
    read_file(shared->path, &shared->found);
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
    struct resolvers_reading *reading = wake->data;
    struct shared *shared = reading->shared;
    if (!part(shared))
        return; /* cannot be: only the thread wakes, and it is done then */
    reading->on_end(reading->owner, &shared->found);
    free_shared(shared);
    uv_close((uv_handle_t *)&reading->wake, on_closed);
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
              pthread_create(&thread, &attributes, run, shared) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return ok;
}

struct resolvers_reading *resolvers_read(uv_loop_t *loop, const char *path,
                                         void (*on_end)(void *owner,
                                                        const struct resolvers *found),
                                         void *owner)
{
    struct resolvers_reading *reading = calloc(1, sizeof *reading);
    struct shared *shared = calloc(1, sizeof *shared);
    if (reading == NULL || shared == NULL || uv_async_init(loop, &reading->wake, on_wake) != 0) {
        free(reading);
        free(shared);
        return NULL;
    }
    reading->wake.data = reading;
    reading->shared = shared;
    reading->on_end = on_end;
    reading->owner = owner;
    (void)pthread_mutex_init(&shared->lock, NULL);
    shared->wake = &reading->wake;
    (void)snprintf(shared->path, sizeof shared->path, "%s", path);
    if (start_thread(shared))
        return reading;
    free_shared(shared);
    uv_close((uv_handle_t *)&reading->wake, on_closed);
    return NULL;
}

void resolvers_cancel(struct resolvers_reading *reading)
{
    if (reading == NULL)
        return;
    if (part(reading->shared))
        free_shared(reading->shared);
    uv_close((uv_handle_t *)&reading->wake, on_closed);
}
