/* record_view — see record_view.h.
 *
 * Happy path: what was read last and what is configured become JSON.
 * Failure modes: nothing was read yet, or nothing can be read: null, and a sentence says so. */
#include "record_view.h"

#include <stdio.h>

#include "../peer/clock.h"
#include "record_differ.h"
#include "record_inside.h"
#include "record_serve.h"

#define LINE_SIZE (HOST_SIZE + FENCE_SIZE + 64)

void record_view_failed(struct record *record)
{
    if (record->epoch == 0 || record->phase != PHASE_CLAIM)
        return;
    if (!record->failing)
        record->failing_at = clock_now();
    record->failing = true;
    /* Drawn now, so that the line that people are shown stays the same. */
    (void)record_fence_hand(&record->tokens);
}

void record_view_answered(struct record *record)
{
    record->failing = false;
}

/* Whose addresses are wanted: a node's index, or PEER_NONE. */
static uint8_t wanted_node(const struct record *record)
{
    if (record->epoch != 0)
        return record->self;
    return record->holder < NODE_COUNT ? record->holder : PEER_NONE;
}

static json_t *texts(const char *list, size_t width, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_string(list + i * width));
    return array;
}

static json_t *serve_json(const struct serve *serve, uint32_t ttl_s)
{
    return json_pack("{s:o, s:o, s:I}", "a",
                     texts(serve->a[0], sizeof serve->a[0], serve->a_count), "aaaa",
                     texts(serve->aaaa[0], sizeof serve->aaaa[0], serve->aaaa_count), "ttl_s",
                     (json_int_t)ttl_s);
}

json_t *record_view_seen(const struct record *record)
{
    const struct provider_state *last = &record->picture.last;
    if (!record->operations->can_read || !record->picture.seen)
        return json_null();
    json_t *json = serve_json(&last->serve, last->ttl_s);
    (void)json_object_set_new(json, "fence", json_string(last->fence));
    (void)json_object_set_new(json, "fences", json_integer((json_int_t)last->fence_count));
    return json;
}

json_t *record_view_wanted(const struct record *record)
{
    static const struct serve none;
    uint8_t node = wanted_node(record);
    bool known = node < NODE_COUNT;
    json_t *json = serve_json(known ? &record->config.serve[node] : &none, record->config.ttl_s);
    (void)json_object_set_new(json, "node",
                              known ? json_string(record->node_names[node]) : json_null());
    return json;
}

static json_t *differences(const struct record *record)
{
    uint8_t node = wanted_node(record);
    struct provider_state seen = record->picture.last;
    if (!record->operations->can_read)
        return json_array();
    if (!record->wide) /* it was the first server alone that was asked */
        seen.servers = seen.servers_ok;
    struct record_differ differ = {
        .seen = &seen,
        .name = record->config.name,
        .want = node < NODE_COUNT ? &record->config.serve[node] : NULL,
        .node = node < NODE_COUNT ? record->node_names[node] : NULL,
        .ttl_s = record->config.ttl_s,
        .epoch = record->epoch,
        .tokens = &record->tokens};
    json_t *list = record->picture.seen ? record_differ_json(&differ) : json_array();
    char text[RECORD_DETAIL_SIZE + 32];
    snprintf(text, sizeof text, "it cannot be read now: %s", record->read_detail);
    if (record->reads_fail)
        (void)json_array_insert_new(list, 0, json_string(text));
    else if (!record->picture.seen)
        (void)json_array_append_new(list, json_string("it was not read yet"));
    return list;
}

static void add_line(json_t *lines, const struct record *record, const char *type,
                     const char *value)
{
    char line[LINE_SIZE];
    snprintf(line, sizeof line, "%s. %u IN %s %s", record->config.name, record->config.ttl_s, type,
             value);
    (void)json_array_append_new(lines, json_string(line));
}

/* What the zone is to have while this node holds and cannot write it. The fence too, where a
 * later write may rest on one that a hand put there: it shuts out a late write of the earlier
 * holder, as one written from here would. */
static json_t *by_hand(const struct record *record)
{
    const struct serve *want = record->want;
    if (!record->failing || clock_now() - record->failing_at < BY_HAND_AFTER_MS)
        return json_null();
    json_t *lines = json_array();
    for (size_t i = 0; i < want->a_count; i++)
        add_line(lines, record, "A", want->a[i]);
    for (size_t i = 0; i < want->aaaa_count; i++)
        add_line(lines, record, "AAAA", want->aaaa[i]);
    if (!record->operations->hand_fence)
        return lines;
    struct record_fence fence = {.epoch = record->epoch};
    char text[FENCE_SIZE], line[LINE_SIZE];
    snprintf(fence.node, sizeof fence.node, "%s", record->node_names[record->self]);
    snprintf(fence.token, sizeof fence.token, "%s", record->tokens.hand);
    record_fence_print(&fence, text);
    snprintf(line, sizeof line, "_holdfast.%s. %u IN TXT \"%s\"", record->config.name,
             record->config.ttl_s, text);
    (void)json_array_append_new(lines, json_string(line));
    return lines;
}

static json_t *read_json(const struct record *record)
{
    bool ever = record->read_at != MONO_LONG_AGO;
    return json_pack("{s:I, s:b, s:o, s:o}", "count", (json_int_t)record->reads, "ok",
                     ever && !record->reads_fail, "age_ms",
                     ever ? json_integer(clock_now() - record->read_at) : json_null(), "detail",
                     record->reads_fail ? json_string(record->read_detail) : json_null());
}

void record_view_add(const struct record *record, json_t *json)
{
    (void)json_object_set_new(json, "seen", record_view_seen(record));
    (void)json_object_set_new(json, "wanted", record_view_wanted(record));
    (void)json_object_set_new(json, "differences", differences(record));
    (void)json_object_set_new(json, "by_hand", by_hand(record));
    const struct record_adoption *adoption = &record->adoption;
    bool adopting = adoption->ordered && clock_now() <= adoption->until;
    (void)json_object_set_new(json, "adopting", json_boolean(adopting));
    (void)json_object_set_new(json, "read", read_json(record));
}
