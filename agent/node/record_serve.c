/* record_serve — see record_serve.h.
 *
 * Happy path: texts become bytes before they are compared.
 * Failure modes: a text that is no address equals nothing. */
#include "record_serve.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Is this address in the list of `count` texts, each `width` bytes apart? */
static bool has(const char *list, size_t width, size_t count, const char *text)
{
    int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    unsigned char wanted[16] = {0}, other[16] = {0};
    if (inet_pton(family, text, wanted) != 1)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (inet_pton(family, list + i * width, other) == 1 &&
            memcmp(wanted, other, sizeof wanted) == 0)
            return true;
    }
    return false;
}

bool record_serve_has(const struct serve *serve, const char *address)
{
    return strchr(address, ':') != NULL
               ? has(serve->aaaa[0], sizeof serve->aaaa[0], serve->aaaa_count, address)
               : has(serve->a[0], sizeof serve->a[0], serve->a_count, address);
}

bool record_serve_is_empty(const struct serve *serve)
{
    return serve->a_count == 0 && serve->aaaa_count == 0;
}

static bool holds_all_of(const struct serve *a, const struct serve *b)
{
    for (size_t i = 0; i < b->a_count; i++) {
        if (!has(a->a[0], sizeof a->a[0], a->a_count, b->a[i]))
            return false;
    }
    for (size_t i = 0; i < b->aaaa_count; i++) {
        if (!has(a->aaaa[0], sizeof a->aaaa[0], a->aaaa_count, b->aaaa[i]))
            return false;
    }
    return true;
}

bool record_serve_same(const struct serve *a, const struct serve *b)
{
    return holds_all_of(a, b) && holds_all_of(b, a);
}

static void join(const char *list, size_t width, size_t count, char ret[SERVE_TEXT_SIZE])
{
    size_t len = 0;
    ret[0] = 0;
    for (size_t i = 0; i < count && len < SERVE_TEXT_SIZE; i++) {
        int more = snprintf(ret + len, SERVE_TEXT_SIZE - len, "%s%s", i > 0 ? "," : "",
                            list + i * width);
        len += more > 0 ? (size_t)more : 0;
    }
}

void record_serve_a(const struct serve *serve, char ret[SERVE_TEXT_SIZE])
{
    join(serve->a[0], sizeof serve->a[0], serve->a_count, ret);
}

void record_serve_aaaa(const struct serve *serve, char ret[SERVE_TEXT_SIZE])
{
    join(serve->aaaa[0], sizeof serve->aaaa[0], serve->aaaa_count, ret);
}

json_t *record_serve_json(const struct serve *serve)
{
    json_t *list = json_array();
    for (size_t i = 0; i < serve->a_count; i++)
        json_array_append_new(list, json_string(serve->a[i]));
    for (size_t i = 0; i < serve->aaaa_count; i++)
        json_array_append_new(list, json_string(serve->aaaa[i]));
    return list;
}
