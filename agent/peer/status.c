/* Happy path: the control room asks with a view that is a copy; every field is written once, in
 * the order of the documentation, and the object is handed to the caller.
 *
 * Failure modes: when memory runs out jansson hands back NULL, which `put` passes on as null;
 * a name that does not exist (PEER_NONE) becomes null. Nothing here can fail otherwise. */
#include "status.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "why.h"

static void put(json_t *object, const char *key, json_t *value)
{
    if (value == NULL)
        value = json_null();
    (void)json_object_set_new(object, key, value);
}

static json_t *text_or_null(const char *text)
{
    return text == NULL || text[0] == 0 ? json_null() : json_string(text);
}

static json_t *name_or_null(const struct config *config, uint8_t peer)
{
    return peer < PEER_COUNT ? json_string(config->peers[peer].name) : json_null();
}

/* Epochs are below 2^63 by rule V8; 0 means none. */
static json_t *epoch_or_null(uint64_t epoch)
{
    return epoch == 0 ? json_null() : json_integer((json_int_t)epoch);
}

static json_t *span_or_null(span_ms span)
{
    return span < 0 ? json_null() : json_integer(span);
}

/* Rest until an instant; null when it is past, long ago or never. */
static json_t *left_or_null(mono_ms until, mono_ms now)
{
    return until <= now || until >= MONO_NEVER ? json_null() : json_integer(until - now);
}

static json_t *instant_or_null(mono_ms instant)
{
    return instant <= MONO_LONG_AGO || instant >= MONO_NEVER ? json_null()
                                                             : json_integer(instant);
}

static json_t *hash_text(uint64_t hash)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return json_string(text);
}

static json_t *copy_or(const json_t *borrowed, json_t *otherwise)
{
    if (borrowed == NULL)
        return otherwise;
    json_decref(otherwise);
    return json_deep_copy(borrowed);
}

const char *status_standing_name(enum standing standing)
{
    switch (standing) {
    case STANDING_ALONE:
        return "alone";
    case STANDING_STANDBY:
        return "standby";
    case STANDING_HOLDER:
        return "holder";
    case STANDING_FORCED:
        return "forced";
    case STANDING_WITNESS:
        return "witness";
    }
    return "alone";
}

static const char *contact_name(enum contact contact)
{
    switch (contact) {
    case CONTACT_HELD:
        return "held";
    case CONTACT_ELECTING:
        return "electing";
    case CONTACT_NONE:
        break;
    }
    return "none";
}

static const char *role_name(const struct config *config, uint8_t peer)
{
    return config->peers[peer].witness ? "witness" : "node";
}

static const char *peer_state(const struct peer_view *peer)
{
    if (peer->members_differ || peer->two_processes)
        return "misconfigured";
    if (!peer->ever_heard || peer->state == PULSE_SILENT)
        return "silent";
    return peer->state == PULSE_LATE ? "late" : "fresh";
}

/* What that peer is, as far as its last word shows; NULL when that word is too old. */
static const char *peer_standing(const struct view *view, const struct peer_view *peer)
{
    if (!peer->ever_heard || peer->state == PULSE_SILENT)
        return NULL;
    if (peer->peer == PEER_WITNESS)
        return "witness";
    if ((peer->flags & STATEMENT_FORCED) != 0)
        return "forced";
    if ((peer->flags & STATEMENT_HOLDING) != 0)
        return "holder";
    bool another = view->contact == CONTACT_HELD && view->holder != peer->peer;
    return another ? "standby" : "alone";
}

static const char *peer_note(const struct peer_view *peer)
{
    if (peer->two_processes)
        return "two processes use this peer's key: stop one";
    if (peer->members_differ)
        return "its configuration names other keys than this one";
    if (peer->settings_differ && peer->ever_heard)
        return "its configuration has other settings than this one";
    return NULL;
}

static json_t *peer_via(const struct view *view, const struct config *config,
                        const struct peer_view *peer)
{
    if (!peer->ever_heard)
        return json_null();
    if (!peer->relayed)
        return json_string("direct");
    return name_or_null(config, (uint8_t)(PEER_COUNT - view->self - peer->peer));
}

/* A flag of its last statement; null when none was ever heard. */
static json_t *peer_flag(const struct peer_view *peer, enum statement_flag flag)
{
    return peer->ever_heard ? json_boolean((peer->flags & (uint32_t)flag) != 0) : json_null();
}

static json_t *peer_json(const struct view *view, const struct config *config,
                         const struct peer_view *peer)
{
    json_t *object = json_object();
    bool node = !config->peers[peer->peer].witness;
    put(object, "name", name_or_null(config, peer->peer));
    put(object, "role", json_string(role_name(config, peer->peer)));
    put(object, "state", json_string(peer_state(peer)));
    put(object, "rtt_ms", span_or_null(peer->rtt_ms));
    put(object, "jitter_ms", span_or_null(peer->jitter_ms));
    put(object, "age_ms", span_or_null(peer->age_ms));
    put(object, "via", peer_via(view, config, peer));
    put(object, "epoch", epoch_or_null(peer->epoch));
    put(object, "fit", node ? peer_flag(peer, STATEMENT_FIT) : json_null());
    put(object, "version", text_or_null(peer->version));
    put(object, "loss_percent", peer->ever_heard ? json_real(peer->loss_ppt / 10.0) : NULL);
    put(object, "standing", text_or_null(peer_standing(view, peer)));
    put(object, "promised_to", name_or_null(config, peer->promised_to));
    put(object, "silent", peer_flag(peer, STATEMENT_SILENT));
    put(object, "maintenance", node ? peer_flag(peer, STATEMENT_MAINTENANCE) : json_null());
    put(object, "lease_ms", peer->lease_ms == 0 ? NULL : json_integer(peer->lease_ms));
    put(object, "wall_skew_s", peer->ever_heard ? json_integer(peer->wall_skew_s) : NULL);
    put(object, "settings_differ", json_boolean(peer->ever_heard && peer->settings_differ));
    put(object, "note", text_or_null(peer_note(peer)));
    return object;
}

static json_t *peers_json(const struct view *view, const struct config *config)
{
    json_t *list = json_array();
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        if (peer != view->self)
            (void)json_array_append_new(list, peer_json(view, config, &view->peers[peer]));
    return list;
}

static json_t *obstacles_json(const struct obstacle *obstacles, size_t count,
                              const struct config *config, mono_ms now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count && i < OBSTACLE_COUNT_MAX; i++)
        (void)json_array_append_new(list, why_condition(&obstacles[i], config, now));
    return list;
}

static void put_holding(json_t *object, const struct view *view, const struct config *config)
{
    put(object, "cluster", json_string(config->cluster));
    put(object, "self", name_or_null(config, view->self));
    put(object, "role", json_string(role_name(config, view->self)));
    put(object, "standing", json_string(status_standing_name(view->standing)));
    put(object, "holder", name_or_null(config, view->holder));
    put(object, "contact", json_string(contact_name(view->contact)));
    put(object, "epoch", epoch_or_null(view->epoch));
    put(object, "boottime_ms", json_integer(view->now));
    put(object, "holds_until_ms", instant_or_null(view->holds_until));
    put(object, "lease_ms_left", span_or_null(view->lease_left_ms));
    put(object, "quorum", json_integer(view->quorum));
}

static void put_fitness(json_t *object, const struct view *view,
                        const struct status_extra *extra)
{
    bool witness = view->self == PEER_WITNESS;
    put(object, "fit", witness ? NULL : json_boolean(view->fit));
    put(object, "unfit_reasons", copy_or(extra->unfit_reasons, json_array()));
    put(object, "maintenance", json_boolean(view->maintenance_until > view->now));
    put(object, "paused", json_boolean(view->paused_until > view->now));
    put(object, "forced", json_boolean(view->forced));
    put(object, "version", json_string(HOLDFAST_VERSION));
    put(object, "settings_hash", hash_text(extra->settings_hash));
    put(object, "members_hash", hash_text(extra->members_hash));
}

/* Fields beyond the documented minimum: what the screen of `holdfast status` is made from. */
static void put_more(json_t *object, const struct view *view, const struct config *config,
                     const struct status_extra *extra)
{
    char since[32] = "";
    if (view->since > MONO_LONG_AGO)
        clock_text(extra->wall_ms - (view->now - view->since), since, sizeof since);
    put(object, "since_ms", instant_or_null(view->since));
    put(object, "since", text_or_null(since));
    put(object, "boot", extra->boot == 0 ? NULL : hash_text(extra->boot));
    put(object, "profile", text_or_null(config->profile));
    put(object, "interval_ms", json_integer(config->interval_ms));
    put(object, "lease_ms", json_integer(config->lease_ms));
    put(object, "ready", json_boolean(view->crash_survivable));
    put(object, "not_ready_because",
        obstacles_json(view->survive_obstacles, view->survive_obstacle_count, config, view->now));
    put(object, "not_claiming_because",
        obstacles_json(view->claim_obstacles, view->claim_obstacle_count, config, view->now));
    put(object, "maintenance_ms_left", left_or_null(view->maintenance_until, view->now));
    bool maintenance = view->maintenance_until > view->now;
    put(object, "maintenance_reason", maintenance ? text_or_null(extra->maintenance_reason) : NULL);
    put(object, "paused_ms_left", left_or_null(view->paused_until, view->now));
    put(object, "silent", json_boolean(view->silent));
    put(object, "leaving", json_boolean(view->leaving));
    put(object, "frozen", json_boolean(view->frozen));
    put(object, "members_pending", json_boolean(view->members_pending));
    put(object, "store_failing", json_boolean(view->store_failing));
    put(object, "stalls", json_integer(view->stalls));
    put(object, "stall_ms_max", json_integer(view->stall_ms_max));
    put(object, "seen_epoch", epoch_or_null(view->seen_epoch));
    put(object, "floor", epoch_or_null(view->floor));
}

/* False as soon as one is behind, true when all that can be known agree; else null. */
static json_t *records_agree(const json_t *records)
{
    size_t agreeing = 0, unknown = 0;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *agrees = json_object_get(json_array_get(records, i), "agrees");
        if (json_is_false(agrees))
            return json_false();
        agreeing += json_is_true(agrees);
        unknown += !json_is_true(agrees);
    }
    return agreeing > 0 && unknown == 0 ? json_true() : json_null();
}

json_t *status_json(const struct view *view, const struct config *config,
                    const struct status_extra *extra)
{
    json_t *object = json_object();
    put(object, "schema", json_integer(STATUS_SCHEMA));
    put_holding(object, view, config);
    put_fitness(object, view, extra);
    put_more(object, view, config, extra);
    put(object, "peers", peers_json(view, config));
    put(object, "records_agree", records_agree(extra->records));
    put(object, "records", copy_or(extra->records, json_array()));
    put(object, "probes", copy_or(extra->probes, json_array()));
    put(object, "counters", copy_or(extra->counters, json_object()));
    return object;
}
