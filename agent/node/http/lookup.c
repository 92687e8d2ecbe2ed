/* Happy path: getaddrinfo is asked on a thread of its own (blocking); its answer comes on the loop.
 *
 * Failure modes: a resolver that is silent: the thread stays as long as the resolver's own
 * limits say, and nobody waits for it. */
#include "lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

struct question {
    char host[HOST_SIZE];
    lookup_on_end *on_end;
    struct lookup_list list;
    int error; /* EAI_... */
};

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

static void ask(void *block)
{
    struct question *question = block;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    question->error = getaddrinfo(question->host, NULL, &hints, &found);
    if (question->error != 0)
        return;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        add(&question->list, at);
    freeaddrinfo(found);
}

static void on_asked(void *owner, void *block)
{
    const struct question *question = block;
    const char *why = question->list.count > 0 ? ""
                      : question->error == 0   ? "it has no address"
                                               : gai_strerror(question->error);
    question->on_end(owner, &question->list, why);
}

struct blocking *lookup_start(uv_loop_t *loop, const char *host, lookup_on_end *on_end,
                              void *owner)
{
    struct question question = {.on_end = on_end};
    struct blocking_order order = {.block = &question,
                                   .size = sizeof question,
                                   .call = ask,
                                   .on_end = on_asked,
                                   .owner = owner};
    (void)snprintf(question.host, sizeof question.host, "%s", host);
    return blocking_start(loop, &order);
}
