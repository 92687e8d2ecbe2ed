/* record_differ — see record_differ.h.
 *
 * Happy path: fence, addresses and TTL are compared one by one; each that differs is a sentence.
 * Failure modes: no memory: jansson drops the sentence. */
#include "record_differ.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "record_serve.h"

#define SENTENCE_SIZE (HOST_SIZE + FENCE_SIZE + 160)

__attribute__((format(printf, 2, 3))) static void say(json_t *list, const char *format, ...)
{
    char text[SENTENCE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)json_array_append_new(list, json_string(text));
}

static void differ_own_fence(const struct record_differ *differ, json_t *list,
                             const struct record_fence *fence)
{
    unsigned long long there = fence->epoch, wanted = differ->epoch;
    if (fence->epoch != differ->epoch)
        say(list, "the fence is of %s under epoch %llu, wanted %s under epoch %llu", fence->node,
            there, differ->node, wanted);
    else if (!record_fence_is_own(differ->tokens, fence->token))
        say(list, "the fence has the epoch %llu of this node, but a token that is not its own",
            there);
}

static void differ_fence(const struct record_differ *differ, json_t *list)
{
    const struct provider_state *seen = differ->seen;
    struct record_fence fence;
    if (seen->fence_count == 0)
        say(list, "no fence: holdfast has not written here yet");
    else if (seen->fence_count > 1)
        say(list, "%zu TXT records are at _holdfast.%s, wanted one", seen->fence_count,
            differ->name);
    else if (!record_fence_parse(seen->fence, &fence))
        say(list, "the TXT at _holdfast.%s is \"%s\", which holdfast did not write", differ->name,
            seen->fence);
    else if (differ->epoch != 0)
        differ_own_fence(differ, list, &fence);
    else if (differ->node != NULL && strcmp(fence.node, differ->node) != 0)
        say(list, "the fence is of %s under epoch %llu, but %s holds", fence.node,
            (unsigned long long)fence.epoch, differ->node);
}

/* Says of each address of `serve` that is not in `other` what `words` say. */
static void differ_addresses(json_t *list, const struct serve *serve, const struct serve *other,
                             const char *words)
{
    for (size_t i = 0; i < serve->a_count; i++)
        if (!record_serve_has(other, serve->a[i]))
            say(list, "A %s %s", serve->a[i], words);
    for (size_t i = 0; i < serve->aaaa_count; i++)
        if (!record_serve_has(other, serve->aaaa[i]))
            say(list, "AAAA %s %s", serve->aaaa[i], words);
}

json_t *record_differ_json(const struct record_differ *differ)
{
    const struct provider_state *seen = differ->seen;
    json_t *list = json_array();
    bool any = seen->serve.a_count + seen->serve.aaaa_count > 0;
    differ_fence(differ, list);
    if (differ->want == NULL) {
        say(list, "nobody is known to hold: which addresses are wanted cannot be said");
    } else {
        differ_addresses(list, &seen->serve, differ->want, "is there and should not be");
        differ_addresses(list, differ->want, &seen->serve, "is not there and should be");
    }
    if (seen->more)
        say(list, "there are more addresses than holdfast writes");
    if (any && seen->ttl_s != differ->ttl_s)
        say(list, "ttl is %u, wanted %u", seen->ttl_s, differ->ttl_s);
    if (seen->servers > seen->servers_ok)
        say(list, "%u of %u servers show what the first one shows", seen->servers_ok,
            seen->servers);
    return list;
}
