/* Happy path: the pump hands over each note and each standing; a note becomes an event with its
 * reason's name and sentence; a standing becomes the event "standing" when it is another one, with
 * the instant from which it held.
 *
 * Failure modes: none of its own; events and notify bound what they are told. */
#include "happen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDUNDANCY_MS 10000

struct happen {
    struct happen_world world;
    uv_timer_t timer;
    struct standing_report told;
    bool told_any;
    bool survivable, told_survivable, survivable_known;
};

/* ---- sentences ---- */

/* A length in words: 340 ms, 4.9 s, 12 min, 3 h. */
static void render_length(int64_t ms, char *ret, size_t size)
{
    if (ms < 1000)
        snprintf(ret, size, "%" PRId64 " ms", ms);
    else if (ms < 120000)
        snprintf(ret, size, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
    else if (ms < 7200000)
        snprintf(ret, size, "%" PRId64 " min", ms / 60000);
    else
        snprintf(ret, size, "%" PRId64 " h", ms / 3600000);
}

/* The value of the placeholder at `text` ("{peer}...") and how long the placeholder is. */
static size_t render_value(const char *text, const struct note *note,
                           const char *const peer_names[PEER_COUNT], char ret[64])
{
    if (strncmp(text, "{peer}", 6) == 0) {
        const char *name = note->peer < PEER_COUNT ? peer_names[note->peer] : "nobody";
        snprintf(ret, 64, "%s", name);
        return 6;
    }
    if (strncmp(text, "{epoch}", 7) == 0) {
        snprintf(ret, 64, "%" PRIu64, note->epoch);
        return 7;
    }
    if (strncmp(text, "{ms}", 4) == 0) {
        render_length(note->number, ret, 64);
        return 4;
    }
    snprintf(ret, 64, "%" PRId64, note->number);
    return strcspn(text, "}") + 1;
}

int happen_render(const struct note *note, const char *const peer_names[PEER_COUNT], char *ret,
                  size_t size)
{
    const char *text = reason_sentence(note->reason);
    size_t length = 0;
    while (*text != '\0' && length + 1 < size) {
        char value[64] = {*text, '\0'};
        text += *text == '{' ? render_value(text, note, peer_names, value) : 1;
        for (size_t i = 0; value[i] != '\0' && length + 1 < size; i++)
            ret[length++] = value[i];
    }
    ret[length] = '\0';
    return (int)length;
}

/* ---- notes ---- */

static void on_note(void *owner, const struct note *note, mono_ms now)
{
    struct happen *happen = owner;
    char sentence[300];
    (void)now;
    happen_render(note, happen->world.names, sentence, sizeof sentence);
    json_t *fields = json_object();
    if (note->peer < PEER_COUNT)
        (void)json_object_set_new(fields, "peer", json_string(happen->world.names[note->peer]));
    if (note->number != 0)
        (void)json_object_set_new(fields, "number", json_integer(note->number));
    events_tell(happen->world.events,
                &(struct happening){.event = reason_name(note->reason),
                                    .level = reason_level(note->reason),
                                    .epoch = note->epoch,
                                    .text = sentence,
                                    .fields = fields});
    if (note->reason == REASON_STALL) /* alarms reach notify as events of that level */
        notify_tell(happen->world.notify, "stall", note->epoch, NULL, sentence);
}

/* ---- standings ---- */

static const char *standing_name(enum standing standing)
{
    static const char *const names[] = {[STANDING_ALONE] = "alone",
                                        [STANDING_STANDBY] = "standby",
                                        [STANDING_HOLDER] = "holder",
                                        [STANDING_FORCED] = "forced",
                                        [STANDING_WITNESS] = "witness"};
    return names[standing];
}

static bool acts(enum standing standing)
{
    return standing == STANDING_HOLDER || standing == STANDING_FORCED;
}

static void tell_standing(struct happen *happen, const struct standing_report *report)
{
    char sentence[120];
    const char *name = standing_name(report->standing);
    json_t *fields = json_object();
    (void)json_object_set_new(fields, "standing", json_string(name));
    (void)json_object_set_new(fields, "effective_boottime_ms", json_integer(report->since));
    if (happen->told_any)
        (void)json_object_set_new(fields, "lasted_ms",
                                  json_integer(report->since - happen->told.since));
    snprintf(sentence, sizeof sentence, "this peer is now %s", name);
    events_tell(happen->world.events, &(struct happening){.event = "standing",
                                                          .level = REASON_NOTICE,
                                                          .epoch = report->epoch,
                                                          .text = sentence,
                                                          .fields = fields});
    bool moved = acts(report->standing) != (happen->told_any && acts(happen->told.standing));
    const char *self = happen->world.names[happen->world.self];
    if (moved)
        notify_tell(happen->world.notify, "holder", report->epoch,
                    acts(report->standing) ? self : NULL, sentence);
}

static void on_standing(void *owner, const struct standing_report *report)
{
    struct happen *happen = owner;
    if (happen->told_any && report->standing == happen->told.standing &&
        report->epoch == happen->told.epoch)
        return;
    tell_standing(happen, report);
    happen->told = *report;
    happen->told_any = true;
}

/* ---- redundancy ---- */

static void on_settled(uv_timer_t *timer)
{
    struct happen *happen = timer->data;
    if (happen->survivable == happen->told_survivable)
        return;
    happen->told_survivable = happen->survivable;
    const char *kind = happen->survivable ? "recovered" : "redundancy-lost";
    const char *text = happen->survivable
                           ? "a crash of the holder would be survived again"
                           : "a crash of the holder now would not be survived: see 'holdfast why'";
    events_tell(happen->world.events,
                &(struct happening){.event = kind,
                                    .level = happen->survivable ? REASON_NOTICE
                                                                : REASON_WARNING,
                                    .text = text});
    notify_tell(happen->world.notify, kind, 0, NULL, text);
}

void happen_redundancy(struct happen *happen, bool survivable)
{
    if (happen->survivable_known && happen->survivable == survivable)
        return;
    if (!happen->survivable_known)
        happen->told_survivable = true; /* a start is expected to end well: told only if not */
    happen->survivable_known = true;
    happen->survivable = survivable;
    uv_timer_start(&happen->timer, on_settled, REDUNDANCY_MS, 0);
}

/* ---- life ---- */

struct pump_watcher happen_watcher(struct happen *happen)
{
    return (struct pump_watcher){
        .on_standing = on_standing, .on_note = on_note, .owner = happen};
}

int happen_open(struct happen **ret, const struct happen_world *world, struct err *err)
{
    struct happen *happen = calloc(1, sizeof *happen);
    if (happen == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    happen->world = *world;
    uv_timer_init(world->loop, &happen->timer);
    happen->timer.data = happen;
    *ret = happen;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void happen_close(struct happen *happen)
{
    if (happen != NULL)
        uv_close((uv_handle_t *)&happen->timer, on_closed);
}
