/* tail_show — the tail in words: for `status` and for the log. No decisions.
 *
 * Happy path: a struct becomes JSON.
 * Failure modes: no memory: NULL, which jansson's callers take. */
#include <stdio.h>

#include "../peer/clock.h"
#include "tail_inside.h"

#define SENTENCE_SIZE 640

/* ---- JSON ---- */

static json_t *detail_json(const struct tail_target *target, mono_ms now)
{
    char text[TAIL_DETAIL_SIZE + 48];
    if (target->right || target->detail[0] == 0)
        return json_null();
    if (!target->silent)
        return json_string(target->detail);
    (void)snprintf(text, sizeof text, "%s; silent for %lld s", target->detail,
                   (long long)(now - target->since) / 1000);
    return json_string(text);
}

static json_t *left_json(const struct tail_target *target, mono_ms now)
{
    span_ms left = target->ends_at - now;
    if (target->ends_at == MONO_LONG_AGO)
        return json_null();
    return json_integer(left > 0 ? (json_int_t)left / 1000 : 0);
}

static json_t *list_json(const struct tail_target *list, size_t count, mono_ms now)
{
    json_t *ret = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct tail_target *target = &list[i];
        json_t *one = json_pack("{s:s, s:b, s:o}", "server", target->text, "ok", target->right,
                                "detail", detail_json(target, now));
        if (target->resolver)
            (void)json_object_set_new(one, "ttl_left_s", left_json(target, now));
        (void)json_array_append_new(ret, one);
    }
    return ret;
}

static void minimum_text(const struct tail *tail, char *ret, size_t size)
{
    (void)snprintf(ret, size,
                   "the zone lets \"there is no such address\" be kept for %u s, the record itself "
                   "for %u s: set the last number of its SOA to %u at most",
                   tail->negative_s, tail->world.config->ttl_s, tail->world.config->ttl_s);
}

static bool is_minimum_long(const struct tail *tail)
{
    return tail->has_minimum && tail->negative_s > tail->world.config->ttl_s;
}

static json_t *warnings_json(const struct tail *tail)
{
    char text[SENTENCE_SIZE];
    json_t *ret = json_array();
    if (is_minimum_long(tail)) {
        minimum_text(tail, text, sizeof text);
        (void)json_array_append_new(ret, json_string(text));
    }
    if (tail->find.detail[0] != 0) {
        (void)snprintf(text, sizeof text,
                       TAIL_UNKNOWN " (%s): name them with authoritative = ADDRESS in "
                       "[record %.100s]", tail->find.detail, tail->world.config->label);
        (void)json_array_append_new(ret, json_string(text));
    }
    return ret;
}

/* The last of the predicted ends, or MONO_LONG_AGO. */
static mono_ms last_end(const struct tail *tail)
{
    mono_ms last = MONO_LONG_AGO;
    for (size_t i = 0; i < tail->resolver_count; i++)
        if (tail->resolvers[i].ends_at > last)
            last = tail->resolvers[i].ends_at;
    return last;
}

static void add_end(const struct tail *tail, mono_ms now, json_t *ret)
{
    char text[CLOCK_TEXT_SIZE];
    span_ms left = last_end(tail) - now;
    bool known = last_end(tail) != MONO_LONG_AGO;
    clock_text(clock_wall_ms() + (known ? left : 0), text, sizeof text);
    (void)json_object_set_new(ret, "cache_ends_at", known ? json_string(text) : json_null());
    (void)json_object_set_new(ret, "cache_ends_in_ms",
                              known ? json_integer(left > 0 ? (json_int_t)left : 0) : json_null());
}

json_t *tail_json(const struct tail *tail)
{
    if (tail == NULL || !tail->on)
        return json_null();
    mono_ms now = clock_now();
    json_t *ret = json_pack(
        "{s:I, s:{s:i, s:i, s:o, s:o}, s:{s:i, s:i, s:o}, s:o, s:o, s:o}", "epoch",
        (json_int_t)tail->epoch, "authoritative", "ok",
        (int)tail_inside_right(tail->servers, tail->server_count), "servers",
        (int)tail->server_count, "took_ms",
        tail->took_ms < 0 ? json_null() : json_integer((json_int_t)tail->took_ms), "list",
        list_json(tail->servers, tail->server_count, now), "resolvers", "ok",
        (int)tail_inside_right(tail->resolvers, tail->resolver_count), "servers",
        (int)tail->resolver_count, "list", list_json(tail->resolvers, tail->resolver_count, now),
        "soa_minimum_s",
        tail->has_minimum ? json_integer((json_int_t)tail->soa_minimum_s) : json_null(),
        "negative_ttl_s",
        tail->has_minimum ? json_integer((json_int_t)tail->negative_s) : json_null(),
        "warnings", warnings_json(tail));
    if (ret != NULL)
        add_end(tail, now, ret);
    return ret;
}

/* ---- events ---- */

static void tell(struct tail *tail, const char *event, const char *text, json_t *fields)
{
    struct happening happening = {.event = event,
                                  .level = REASON_INFO,
                                  .epoch = tail->epoch,
                                  .text = text,
                                  .fields = fields};
    tail->world.tell(tail->world.owner, &happening);
}

void tail_show_authoritative(struct tail *tail)
{
    char text[SENTENCE_SIZE];
    long long took_ms = tail->took_ms;
    (void)snprintf(text, sizeof text, "%zu of %zu servers of the zone show %.200s as it was "
                   "written, after %lld.%lld s", tail->server_count, tail->server_count,
                   tail->want.name, took_ms / 1000, took_ms % 1000 / 100);
    tell(tail, "record-authoritative", text,
         json_pack("{s:s, s:s, s:I, s:i}", "record", tail->world.config->label, "token",
                   tail->want.token, "took_ms", (json_int_t)took_ms, "servers",
                   (int)tail->server_count));
}

void tail_show_settled(struct tail *tail)
{
    char text[SENTENCE_SIZE];
    long long took_ms = clock_now() - tail->begun;
    (void)snprintf(text, sizeof text, "%zu of %zu resolvers have forgotten what %.200s was before, "
                   "after %lld.%lld s", tail->resolver_count, tail->resolver_count,
                   tail->want.name, took_ms / 1000, took_ms % 1000 / 100);
    tell(tail, "record-settled", text,
         json_pack("{s:s, s:s, s:I, s:i}", "record", tail->world.config->label, "token",
                   tail->want.token, "took_ms", (json_int_t)took_ms, "resolvers",
                   (int)tail->resolver_count));
}

void tail_show_minimum(struct tail *tail)
{
    char text[SENTENCE_SIZE];
    if (!is_minimum_long(tail) || tail->told_negative_s == tail->negative_s)
        return;
    tail->told_negative_s = tail->negative_s;
    minimum_text(tail, text, sizeof text);
    struct happening happening = {
        .event = "record-negative-ttl",
        .level = REASON_WARNING,
        .epoch = tail->epoch,
        .text = text,
        .fields = json_pack("{s:s, s:I, s:I}", "record", tail->world.config->label, "negative_s",
                            (json_int_t)tail->negative_s, "ttl_s",
                            (json_int_t)tail->world.config->ttl_s)};
    tail->world.tell(tail->world.owner, &happening);
}
