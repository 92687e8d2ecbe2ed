/* Happy path: one small file is read off the loop, its nameserver lines become endpoints.
 *
 * Failure modes: no file, no right to read it, no such lines: nobody to ask, which is shown. */
#include "resolvers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLANKS " \t\r"
#define WORD "nameserver"

struct resolvers_reading {
    uv_work_t work;
    char path[PATH_SIZE];
    struct resolvers found;
    void (*on_end)(void *owner, const struct resolvers *found); /* NULL = nobody waits */
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

/* On a thread of the pool. */
static void on_work(uv_work_t *work)
{
    struct resolvers_reading *reading = work->data;
    char *text = malloc(RESOLVERS_TEXT_MAX + 1);
    /* O_NONBLOCK: a pipe in its place must not keep the thread. */
    int file = text == NULL ? -1 : open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t size = 0;
    ssize_t got = 0;
    while (file >= 0 && size < RESOLVERS_TEXT_MAX &&
           (got = read(file, text + size, RESOLVERS_TEXT_MAX - size)) > 0)
        size += (size_t)got;
    if (file >= 0)
        (void)close(file);
    if (text != NULL) {
        text[size] = 0;
        resolvers_parse(text, &reading->found);
    }
    free(text);
}

static void after_work(uv_work_t *work, int status)
{
    struct resolvers_reading *reading = work->data;
    (void)status;
    if (reading->on_end != NULL)
        reading->on_end(reading->owner, &reading->found);
    free(reading);
}

struct resolvers_reading *resolvers_read(uv_loop_t *loop, const char *path,
                                         void (*on_end)(void *owner,
                                                        const struct resolvers *found),
                                         void *owner)
{
    struct resolvers_reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL)
        return NULL;
    (void)snprintf(reading->path, sizeof reading->path, "%s", path);
    reading->on_end = on_end;
    reading->owner = owner;
    reading->work.data = reading;
    if (uv_queue_work(loop, &reading->work, on_work, after_work) == 0)
        return reading;
    free(reading);
    return NULL;
}

void resolvers_cancel(struct resolvers_reading *reading)
{
    if (reading == NULL)
        return;
    reading->on_end = NULL;
    (void)uv_cancel((uv_req_t *)&reading->work); /* after_work comes in any case */
}
