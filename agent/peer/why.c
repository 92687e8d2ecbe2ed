/* Happy path: each question ("does nobody hold?", "would a crash be survived?") is asked of the
 * view in the order of their weight; a thing that is not happening becomes an entry with the
 * conditions that the core named, in the words of proto/reason.
 *
 * Failure modes: a thing that does not happen while no condition is named would be a riddle, so
 * such an entry gets a condition that says so. Memory running out drops entries. */
#include "why.h"

#include <stdio.h>
#include <string.h>

#include "happen.h"

struct why {
    const struct view *view;
    const struct config *config;
    const struct status_extra *extra;
    json_t *list;
};

static void put(json_t *object, const char *key, json_t *value)
{
    if (value == NULL)
        value = json_null();
    (void)json_object_set_new(object, key, value);
}

static json_t *condition(const char *sentence, const char *reason, const char *peer, span_ms ms)
{
    json_t *object = json_object();
    put(object, "condition", json_string(sentence));
    put(object, "reason", json_string(reason));
    put(object, "peer", peer == NULL ? NULL : json_string(peer));
    put(object, "until_ms_from_now", ms < 0 ? NULL : json_integer(ms));
    return object;
}

json_t *why_condition(const struct obstacle *obstacle, const struct config *config,
                         mono_ms now)
{
    const char *names[PEER_COUNT];
    for (size_t i = 0; i < PEER_COUNT; i++)
        names[i] = config->peers[i].name;
    bool timed = obstacle->until < MONO_NEVER;
    span_ms left = !timed ? -1 : obstacle->until > now ? obstacle->until - now : 0;
    struct note note = {.reason = obstacle->reason,
                        .peer = obstacle->peer,
                        .epoch = obstacle->epoch,
                        .number = timed ? left : 0};
    char sentence[512];
    (void)happen_render(&note, names, sentence, sizeof sentence);
    const char *peer = obstacle->peer < PEER_COUNT ? names[obstacle->peer] : NULL;
    return condition(sentence, reason_name(obstacle->reason), peer, left);
}

/* Opens an entry and returns its conditions (borrowed), to be filled. */
static json_t *entry(struct why *why, const char *what)
{
    json_t *object = json_object(), *conditions = json_array();
    put(object, "what", json_string(what));
    put(object, "conditions", conditions);
    (void)json_array_append_new(why->list, object);
    return conditions;
}

static void add(json_t *conditions, json_t *one)
{
    (void)json_array_append_new(conditions, one);
}

static void add_obstacles(struct why *why, json_t *conditions, const struct obstacle *obstacles,
                          size_t count)
{
    for (size_t i = 0; i < count && i < OBSTACLE_COUNT_MAX; i++)
        add(conditions, why_condition(&obstacles[i], why->config, why->view->now));
    if (count == 0)
        add(conditions, condition("nothing is in the way: it is being worked on at this moment",
                                  "none", NULL, -1));
}

static const char *name_of(const struct why *why, uint8_t peer)
{
    return peer < PEER_COUNT ? why->config->peers[peer].name : "nobody";
}

/* What keeps a node from claiming, as far as its own last words show. */
static const char *node_trouble(const struct peer_view *peer, const char **ret_reason)
{
    *ret_reason = "peer-silent";
    if (!peer->ever_heard || peer->state == PULSE_SILENT)
        return "is not heard freshly";
    *ret_reason = "in-maintenance";
    if ((peer->flags & STATEMENT_MAINTENANCE) != 0)
        return "is in maintenance";
    *ret_reason = "is-silent";
    if ((peer->flags & STATEMENT_SILENT) != 0)
        return "is silent after its restart";
    *ret_reason = "not-fit";
    if ((peer->flags & STATEMENT_FIT) == 0)
        return "is not fit";
    *ret_reason = "none";
    return "could claim: ask there with 'holdfast why'";
}

/* The witness claims nothing itself. */
static void add_nodes(struct why *why, json_t *conditions)
{
    for (uint8_t node = 0; node < NODE_COUNT; node++) {
        const char *reason, *words = node_trouble(&why->view->peers[node], &reason);
        char text[128];
        snprintf(text, sizeof text, "%s %s", name_of(why, node), words);
        add(conditions, condition(text, reason, name_of(why, node), -1));
    }
}

static void why_no_holder(struct why *why)
{
    const struct view *view = why->view;
    if (view->contact == CONTACT_HELD || view->standing == STANDING_HOLDER ||
        view->standing == STANDING_FORCED)
        return;
    bool witness = view->self == PEER_WITNESS;
    char what[160];
    if (witness)
        snprintf(what, sizeof what, "no node holds");
    else
        snprintf(what, sizeof what, "no node holds, and this node (%s) does not claim",
                 name_of(why, view->self));
    json_t *conditions = entry(why, what);
    if (witness)
        add_nodes(why, conditions);
    else
        add_obstacles(why, conditions, view->claim_obstacles, view->claim_obstacle_count);
}

static void why_not_here(struct why *why)
{
    const struct view *view = why->view;
    if (view->standing != STANDING_STANDBY || view->contact != CONTACT_HELD)
        return;
    char what[160];
    snprintf(what, sizeof what, "this node (%s) does not hold", name_of(why, view->self));
    json_t *conditions = entry(why, what);
    add_obstacles(why, conditions, view->claim_obstacles, view->claim_obstacle_count);
}

/* Maintenance that was ordered while nobody could take over: handover_due waits for somebody. */
static void why_holds_on(struct why *why)
{
    const struct view *view = why->view;
    if (view->standing != STANDING_HOLDER || view->leaving || view->maintenance_until <= view->now)
        return;
    char what[160];
    snprintf(what, sizeof what, "this node (%s) is in maintenance and holds all the same",
             name_of(why, view->self));
    add_obstacles(why, entry(why, what), view->survive_obstacles, view->survive_obstacle_count);
}

/* Without a holder the question does not arise: why_no_holder has the answer. */
static void why_not_ready(struct why *why)
{
    const struct view *view = why->view;
    if (view->crash_survivable || view->holder >= PEER_COUNT)
        return;
    char what[160];
    snprintf(what, sizeof what, "a crash of the holder (%s) would not be survived now",
             name_of(why, view->holder));
    add_obstacles(why, entry(why, what), view->survive_obstacles, view->survive_obstacle_count);
}

/* Only where the list of claim obstacles does not say it already. */
static void why_silent(struct why *why)
{
    const struct view *view = why->view;
    if (!view->silent)
        return;
    const char *trouble = why->extra->state_trouble;
    bool lost = trouble != NULL && trouble[0] != 0;
    json_t *conditions =
        entry(why, lost ? "this peer backs nobody"
                        : "this peer backs nobody new (it renews what it promised)");
    if (lost) {
        char text[800];
        snprintf(text, sizeof text,
                 "the state file was missing or damaged at its start (%s): it must not promise "
                 "until a lease is over and it has heard both other peers", trouble);
        add(conditions, condition(text, "state-missing", NULL, -1));
    }
    for (size_t i = 0; i < view->claim_obstacle_count; i++) {
        enum reason reason = view->claim_obstacles[i].reason;
        if (reason == REASON_IS_SILENT || reason == REASON_IS_AMNESIAC ||
            reason == REASON_IS_WRITING)
            add(conditions, why_condition(&view->claim_obstacles[i], why->config, view->now));
    }
    if (json_array_size(conditions) == 0)
        add(conditions, condition("it was restarted and stays silent for a lease, or until it "
                                  "has heard both other peers when its state file was lost",
                                  "is-silent", NULL, -1));
}

static void why_no_permit(struct why *why)
{
    const struct status_extra *extra = why->extra;
    bool holds = why->view->standing == STANDING_HOLDER || why->view->standing == STANDING_FORCED;
    if (!holds || !extra->permit_asked || extra->permitted)
        return;
    struct obstacle obstacle = {
        .reason = extra->permit_reason, .peer = PEER_NONE, .until = MONO_NEVER};
    /* These two sentences carry a length that the permit's answer does not. */
    json_t *conditions = entry(why, "no outside effect (a record's write) is permitted now");
    if (extra->permit_reason == REASON_PROOF_OLD)
        add(conditions, condition("the newest backing is too old: waits for a fresh answer",
                                  "proof-old", NULL, -1));
    else if (extra->permit_reason == REASON_LEASE_SHORT)
        add(conditions, condition("too little of the lease is left: waits for a renewal",
                                  "lease-short", NULL, -1));
    else if (extra->permit_reason == REASON_IS_PAUSED) {
        obstacle.until = why->view->paused_until;
        add(conditions, why_condition(&obstacle, why->config, why->view->now));
    }
    else
        add(conditions, why_condition(&obstacle, why->config, why->view->now));
}

static void why_record(struct why *why, const json_t *record)
{
    const char *state = json_string_value(json_object_get(record, "state"));
    const char *label = json_string_value(json_object_get(record, "label"));
    const char *detail = json_string_value(json_object_get(record, "detail"));
    if (state == NULL || strcmp(state, "ok") == 0)
        return;
    const char *fence = json_string_value(json_object_get(record, "fence"));
    bool acts = why->view->standing == STANDING_HOLDER || why->view->standing == STANDING_FORCED;
    if (!acts && strcmp(state, "unknown") == 0 && fence != NULL && strcmp(fence, "none") == 0)
        return; /* a command's work cannot be seen from here: nothing is missing */
    char what[320], reason[48];
    snprintf(what, sizeof what, "record %s is not verified to be right: %s",
             label == NULL ? "?" : label, state);
    snprintf(reason, sizeof reason, "record-%s", state);
    add(entry(why, what),
        condition(detail != NULL ? detail : "it was not read back yet", reason, NULL, -1));
}

static void why_records(struct why *why)
{
    for (size_t i = 0; i < json_array_size(why->extra->records); i++)
        why_record(why, json_array_get(why->extra->records, i));
}

static void why_unfit(struct why *why)
{
    const json_t *reasons = why->extra->unfit_reasons;
    if (why->view->self == PEER_WITNESS || why->view->fit)
        return;
    json_t *conditions = entry(why, "this node is not fit to serve");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const char *text = json_string_value(json_array_get(reasons, i));
        if (text != NULL)
            add(conditions, condition(text, "probe-bad", NULL, -1));
    }
    if (json_array_size(conditions) == 0)
        add(conditions, condition("its probes have not said yet that it is", "probe-unknown",
                                  NULL, -1));
}

static void why_peers(struct why *why)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++) {
        const struct peer_view *peer = &why->view->peers[i];
        bool quiet = !peer->ever_heard || peer->state == PULSE_SILENT;
        if (i == why->view->self || (!quiet && !peer->members_differ))
            continue;
        char what[160], text[160];
        const char *name = name_of(why, i);
        snprintf(what, sizeof what, "%s is not counted on", name);
        if (peer->members_differ)
            snprintf(text, sizeof text, "its configuration names other keys than this one");
        else if (!peer->ever_heard)
            snprintf(text, sizeof text, "never heard since this start: is it running, is UDP "
                                        "open both ways, are the keys right?");
        else
            snprintf(text, sizeof text, "not heard freshly for %lld.%lld s",
                     (long long)(peer->age_ms / 1000), (long long)(peer->age_ms % 1000 / 100));
        add(entry(why, what), condition(text, peer->members_differ ? "members" : "peer-silent",
                                        name, -1));
    }
}

static void why_stopped(struct why *why)
{
    const struct view *view = why->view;
    if (view->paused_until > view->now)
        add(entry(why, "nothing moves and no record is written"),
            condition("an operator paused the cluster ('holdfast resume' ends it)", "is-paused",
                      NULL, view->paused_until - view->now));
    if (view->frozen)
        add(entry(why, "no automatic move is made"),
            condition("two statements signed with one key contradict each other: a cloned "
                      "machine or a stolen key",
                      "is-frozen", NULL, -1));
    if (view->store_failing)
        add(entry(why, "no new promise is made"),
            condition("the state directory cannot be written: free the disk, it recovers by "
                      "itself",
                      "store-broken", NULL, -1));
    if (view->members_pending)
        add(entry(why, "the changed set of keys does not count yet"),
            condition("the other node has not shown the same set", "members-pending", NULL, -1));
}

json_t *why_json(const struct view *view, const struct config *config,
                 const struct status_extra *extra)
{
    struct why why = {view, config, extra, json_array()};
    why_no_holder(&why);
    why_not_here(&why);
    why_holds_on(&why);
    why_not_ready(&why);
    why_silent(&why);
    why_stopped(&why);
    why_no_permit(&why);
    why_records(&why);
    why_unfit(&why);
    why_peers(&why);
    return why.list;
}
