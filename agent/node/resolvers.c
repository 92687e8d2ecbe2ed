/* Happy path: one small file is read on a thread of its own (blocking); its nameserver lines are
 * endpoints then.
 *
 * Failure modes: no file, no right to read it, no such lines: nobody to ask, which is shown. A disk
 * that hangs: the thread stays, and nobody waits for it. */
#include "resolvers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLANKS " \t\r"
#define WORD "nameserver"

struct question {
    char path[PATH_SIZE];
    resolvers_on_end *on_end;
    struct resolvers found;
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

static void look(void *block)
{
    struct question *question = block;
    read_file(question->path, &question->found);
}

static void on_looked(void *owner, void *block)
{
    const struct question *question = block;
    question->on_end(owner, &question->found);
}

struct blocking *resolvers_read(uv_loop_t *loop, const char *path, resolvers_on_end *on_end,
                                void *owner)
{
    struct question question = {.on_end = on_end};
    struct blocking_order order = {.block = &question,
                                   .size = sizeof question,
                                   .call = look,
                                   .on_end = on_looked,
                                   .owner = owner};
    (void)snprintf(question.path, sizeof question.path, "%s", path);
    return blocking_start(loop, &order);
}
