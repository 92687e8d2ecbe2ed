/* record_show — see record_show.h.
 *
 * Happy path: a struct becomes JSON.
 * Failure modes: no memory: NULL, which jansson's callers take. */
#include "record_show.h"

#include <stdio.h>

#include "../peer/clock.h"
#include "record_serve.h"
#include "remedy.h"

#define TIME_TEXT_SIZE 32

static const char *state_name(enum record_state state)
{
    static const char *const names[] = {"unknown", "ok",      "writing",  "fenced",
                                        "refused", "drifted", "contested", "unadopted"};
    return names[state];
}

const char *record_show_outcome(enum provider_outcome outcome)
{
    static const char *const names[] = {"won", "fenced", "refused", "unknown"};
    return names[outcome];
}

static json_t *verified_json(const struct record_picture *picture)
{
    char at[TIME_TEXT_SIZE];
    if (!picture->verified)
        return json_null();
    clock_text(picture->verified_wall_ms, at, sizeof at);
    return json_pack("{s:s, s:s, s:i, s:i}", "token", picture->verified_token, "at", at,
                     "servers_ok", (int)picture->servers_ok, "servers", (int)picture->servers);
}

static json_t *text_or_null(const char *text)
{
    return text[0] == 0 ? json_null() : json_string(text);
}

/* Beyond the documented minimum: what doctor asks for. */
static void add_more(json_t *object, const struct record_picture *picture)
{
    const struct trouble *reading = &picture->reading;
    enum trouble_kind kind = picture->fault != TROUBLE_NONE ? picture->fault : reading->kind;
    struct remedy_case what = {
        .record = picture->config,
        .config_path = picture->config_path != NULL ? picture->config_path : "the configuration",
        .kind = kind};
    char remedy[REMEDY_SIZE];
    remedy_text(&what, remedy);
    bool failed = reading->kind != TROUBLE_NONE;
    json_t *more = json_pack(
        "{s:o, s:o, s:o, s:{s:i, s:i}, s:o}", "fault",
        kind == TROUBLE_NONE ? json_null() : json_string(trouble_name(kind)), "remedy",
        text_or_null(remedy), "unreadable", text_or_null(failed ? reading->text : ""), "reads",
        "begun", (int)picture->reads_begun, "ended", (int)picture->reads_ended, "clock_ahead_s",
        picture->clock_known ? json_integer(picture->clock_ahead_s) : json_null());
    (void)json_object_update(object, more);
    json_decref(more);
}

json_t *record_show_json(const struct record_picture *picture)
{
    uint64_t epoch = picture->fence.epoch;
    bool known = picture->operations->can_read || picture->state != RECORD_UNKNOWN;
    json_t *addresses = known ? record_serve_json(&picture->last.serve) : json_array();
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "label", picture->config->label, "name",
        picture->config->name, "provider", picture->operations->name, "fence",
        picture->operations->fence, "state", state_name(picture->state), "epoch",
        epoch == 0 ? json_null() : json_integer((json_int_t)epoch), "addresses", addresses,
        "verified", verified_json(picture), "detail",
        text_or_null(picture->detail));
    add_more(object, picture);
    return object;
}

json_t *record_show_try(const struct record_picture *picture, const struct record_try *try)
{
    return json_pack("{s:s, s:s, s:I, s:i, s:s, s:s}", "record", picture->config->label,
                     "outcome", try->cancelled ? "cancelled" : record_show_outcome(try->outcome),
                     "duration_ms", (json_int_t)try->ms, "try", (int)try->number, "token",
                     try->token, "detail", try->detail == NULL ? "" : try->detail);
}

json_t *record_show_written(const struct record_picture *picture, const struct record_try *try)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:o, s:i, s:i}", "record", picture->config->label,
                     "outcome", record_show_outcome(try->outcome), "duration_ms",
                     (json_int_t)try->ms, "token", try->token, "addresses",
                     record_serve_json(&picture->last.serve), "servers_ok",
                     (int)picture->servers_ok, "servers", (int)picture->servers);
}

/* No write can compare with that, so it cannot be adopted: a hand must delete it. */
static bool is_beyond_us(const struct record_picture *picture)
{
    struct record_fence fence;
    const struct provider_state *last = &picture->last;
    return last->fence_count > 1 || (!last->exact && !record_fence_parse(last->fence, &fence));
}

enum trouble_kind record_show_kind(const struct record_picture *picture)
{
    return is_beyond_us(picture) ? TROUBLE_FENCES : TROUBLE_GARBAGE;
}

void record_show_unadopted(const struct record_picture *picture, char ret[RECORD_DETAIL_SIZE])
{
    const char *label = picture->config->label;
    snprintf(ret, RECORD_DETAIL_SIZE,
             "the name exists and was never holdfast's: look with 'holdfast dns show %s', then "
             "'holdfast dns adopt %s' on the holder", label, label);
}

void record_show_garbage(const struct record_picture *picture, char ret[RECORD_DETAIL_SIZE])
{
    const char *name = picture->config->name;
    if (picture->last.fence_count > 1)
        snprintf(ret, RECORD_DETAIL_SIZE,
                 "there are %zu TXT records at _holdfast.%s, the first is \"%s\"; holdfast writes "
                 "exactly one: when nothing needs them, delete all of them, the holder then writes "
                 "its own",
                 picture->last.fence_count, name, picture->last.fence);
    else if (is_beyond_us(picture))
        snprintf(ret, RECORD_DETAIL_SIZE,
                 "the TXT record at _holdfast.%s is \"%s\", which holdfast did not write and "
                 "cannot compare with: when nothing needs it, delete it, the holder then writes "
                 "its own",
                 name, picture->last.fence);
    else
        snprintf(ret, RECORD_DETAIL_SIZE,
                 "the TXT record at _holdfast.%s is \"%s\", which holdfast did not write; make "
                 "sure that nothing needs it, then replace it: holdfast dns adopt %s",
                 name, picture->last.fence, picture->config->label);
}
