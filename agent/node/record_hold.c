/* record_hold — the half of a record that acts while holding.
 *
 * Happy path: record_hold_weigh is given what was read; the plan says write; a permit is there;
 * one compare-and-set goes out; the next read shows it: right.
 * Failure modes: see record.c; each ends in another look after a wait, never in a belief. */
#include <stdio.h>
#include <string.h>

#include "../peer/clock.h"
#include "record_inside.h"
#include "record_serve.h"

#define STOPPED_MS_MAX 5000  /* looks again whether the fence let go */
#define SPREAD_MS_MIN 250    /* first look at the secondaries after a write */
#define FENCED_AT_ONCE_MAX 3 /* lost races in a row without a pause */
#define TRY_TELL_MAX 10      /* equal outcomes told one by one; then every 30th */

/* ---- writing ---- */

static bool still(void *owner, const struct permit *permit)
{
    const struct record *record = owner;
    return record->world.permit_holds(record->world.owner, permit);
}

static void tell_try(struct record *record, struct record_try *try)
{
    if (record->checking && try->outcome == PROVIDER_WON)
        return; /* every check-every: no news */
    bool same = record->equal_tries > 0 && record->told_outcome == try->outcome;
    record->equal_tries = same ? record->equal_tries + 1 : 1;
    record->told_outcome = try->outcome;
    if (record->equal_tries > TRY_TELL_MAX && record->equal_tries % 30 != 0)
        return;
    try->number = record->tries;
    try->ms = clock_now() - record->try_since;
    memcpy(try->token, record->token, sizeof try->token);
    struct happening happening = {
        .event = "dns-write",
        .level = try->outcome == PROVIDER_WON ? REASON_INFO : REASON_WARNING,
        .epoch = record->epoch,
        .text = try->detail,
        .fields = record_show_try(&record->picture, try)};
    record->world.tell(record->world.owner, &happening);
}

/* A command found somebody else's write and undid it. */
static void restored(struct record *record, const char *detail)
{
    mono_ms now = clock_now();
    (void)record_budget_allows(&record->budget, now);
    record_budget_spend(&record->budget, now);
    record->since = record->try_since;
    record->repairing = true;
    if (record->budget.contested) {
        record_inside_trouble(record, RECORD_CONTESTED, TROUBLE_CONTESTED, detail);
        record_inside_alarm(record, "record-contested");
    } else {
        record_inside_trouble(record, RECORD_DRIFTED, TROUBLE_ADDRESSES, detail);
        record_inside_tell(record, "record-drifted", REASON_WARNING, NULL);
    }
}

static void on_write(void *owner, enum provider_outcome outcome, const struct trouble *why)
{
    struct record *record = owner;
    struct record_try try = {.outcome = outcome, .detail = why->text};
    record->running = RUNNING_NOTHING;
    tell_try(record, &try);
    record->last_outcome = outcome;
    record->tried = !record->checking;
    record->checked = record->checking && outcome == PROVIDER_WON;
    record->fenced_in_row = outcome == PROVIDER_FENCED ? record->fenced_in_row + 1 : 0;
    if (outcome == PROVIDER_REFUSED || outcome == PROVIDER_UNKNOWN)
        record_view_failed(record);
    if (record->checked && why->text[0] != 0)
        restored(record, why->text);
    record->checking = false;
    if (outcome == PROVIDER_REFUSED) {
        record_inside_trouble(record, RECORD_REFUSED, why->kind, why->text);
        record_inside_alarm(record, "record-refused");
    } else if (outcome == PROVIDER_FENCED && !record->operations->can_read) {
        record_inside_trouble(record, RECORD_FENCED, TROUBLE_HIGHER, why->text);
    } else if (outcome == PROVIDER_UNKNOWN) {
        record_inside_trouble(record, record->repairing ? RECORD_DRIFTED : RECORD_UNKNOWN,
                              why->kind, why->text);
    }
    if (outcome == PROVIDER_REFUSED ||
        (outcome != PROVIDER_WON && !record->operations->can_read))
        record_inside_back_off(record, REFUSED_MS_MAX);
    else
        record_inside_act_in(record, 0); /* read back: no outcome is believed */
    record->world.idle(record->world.owner);
}

static void no_permit(struct record *record, enum reason reason)
{
    char text[RECORD_DETAIL_SIZE];
    snprintf(text, sizeof text, "waits for a permit to act (%s)", reason_name(reason));
    if (record->picture.state == RECORD_WRITING)
        record_inside_set(record, RECORD_WRITING, text);
    record->waits_permit = true;
    record_inside_act_in(record, BACKOFF_MS_MIN);
}

bool record_hold_is_clear(struct record *record)
{
    span_ms left = record->clear_at - clock_now();
    char text[RECORD_DETAIL_SIZE];
    if (left <= 0)
        return true;
    snprintf(text, sizeof text,
             "waits %lld s: provider %s cannot fence, and a write of the earlier holder may still "
             "be on its way", (long long)(left + 999) / 1000, record->operations->name);
    record_inside_set(record, RECORD_WRITING, text);
    record_inside_act_in(record, left);
    return false;
}

bool record_hold_may(struct record *record)
{
    struct permit unused;
    enum reason reason = REASON_NONE;
    record->waits_permit = false;
    if (record->world.permit(record->world.owner, record->operations->write_ms, &unused, &reason))
        return true;
    no_permit(record, reason);
    return false;
}

/* `check`: what was written last once more, fence and all, for who cannot look. */
static void try_write(struct record *record, bool check)
{
    enum reason reason = REASON_NONE;
    struct provider_caller caller = {.still = still, .on_write = on_write, .owner = record};
    struct provider_change *change = &record->change;
    struct record_fence fence = {.epoch = record->epoch};
    span_ms need_ms = record->operations->write_ms;
    if (!record->world.permit(record->world.owner, need_ms, &record->permit, &reason)) {
        if (check)
            record_inside_act_in(record, BACKOFF_MS_MAX);
        else
            no_permit(record, reason);
        return;
    }
    if (!check)
        record_fence_draw(&record->tokens, record->token);
    memcpy(fence.token, record->token, sizeof fence.token);
    memcpy(fence.node, record->node_names[record->self], sizeof fence.node);
    record_fence_print(&fence, change->new_fence);
    memcpy(change->old_fence, record->picture.last.fence, sizeof change->old_fence);
    change->old_serve = record->picture.last.serve;
    change->new_serve = *record->want;
    change->ttl_s = record->config.ttl_s;
    record->tries++;
    record->try_since = clock_now();
    record->running = RUNNING_WRITE;
    record->checking = check;
    record->waits_permit = false;
    record->operations->write(&record->permit, record->provider, change, need_ms, &caller);
}

/* ---- what a read means while holding ---- */

static void verified(struct record *record)
{
    struct record_picture *picture = &record->picture;
    picture->verified = record->operations->can_read;
    picture->verified_wall_ms = clock_wall_ms();
    memcpy(picture->verified_token, picture->fence.token, TOKEN_SIZE);
    picture->servers = picture->last.servers;
    picture->servers_ok = picture->last.servers_ok;
    record->backoff_ms = 0;
    record->fenced_in_row = 0;
    record->unadopted_told = false;
    record_view_answered(record);
    record_budget_calm(&record->budget, clock_now());
    if (record->budget.contested)
        return;
    record_inside_set(record, RECORD_OK, "");
    record->alarmed = false;
}

static void plan_check(struct record *record)
{
    const struct record_picture *picture = &record->picture;
    if (picture->servers_ok < picture->servers && record->spread_ms < record->config.check_every) {
        record_inside_act_in(record, record->spread_ms);
        record->spread_ms *= 2;
    } else {
        record_inside_act_in(record, record->config.check_every);
    }
}

static void tell_right(struct record *record, const char *event, enum reason_level level)
{
    struct record_try try = {.outcome = PROVIDER_WON, .ms = clock_now() - record->since};
    memcpy(try.token, record->picture.fence.token, sizeof try.token);
    record_inside_tell(record, event, level, record_show_written(&record->picture, &try));
}

/* Who else has it yet? What a command changes has no fence that could be looked for in DNS. */
static void watch_tail(struct record *record)
{
    bool aaaa = record->change.old_serve.aaaa_count > 0;
    for (size_t i = 0; i < NODE_COUNT; i++)
        aaaa = aaaa || record->config.serve[i].aaaa_count > 0;
    struct tail_wish wish = {
        .epoch = record->epoch,
        .token = record->operations->can_read ? record->picture.fence.token : "",
        .serve = record->want,
        .aaaa = aaaa};
    tail_begin(record->tail, &wish);
}

/* Nobody can look, so what an earlier holder's late write did is undone by writing again. */
static bool must_check(const struct record *record)
{
    struct record_budget budget = record->budget;
    if (record->phase != PHASE_GUARD || record->operations->can_read || record->checked)
        return false;
    return record->config.drift == DRIFT_REPAIR &&
           (!budget.contested || record_budget_allows(&budget, clock_now()));
}

/* The fence is mine and the addresses are right. `why`: which secondary does not show it. */
static void now_right(struct record *record, const struct trouble *why)
{
    const struct record_picture *picture = &record->picture;
    bool written = record->phase == PHASE_CLAIM;
    bool repaired = !written && record->repairing;
    unsigned ok_before = picture->servers_ok;
    char text[RECORD_DETAIL_SIZE];
    snprintf(text, sizeof text, "%s", picture->detail); /* what verified() wipes */
    verified(record);
    record->phase = PHASE_GUARD;
    record->checked = false;
    if (repaired) {
        tell_right(record, "record-repaired", REASON_NOTICE);
        record->repairing = false;
        record_inside_set(record, picture->state, text); /* until the next check */
    } else if (written) {
        tell_right(record, record->repairing ? "record-repaired" : "record-written",
                   REASON_NOTICE);
        record->repairing = false;
        record->tried = false;
        record->spread_ms = SPREAD_MS_MIN;
        watch_tail(record);
    } else {
        if (picture->servers_ok == picture->servers && ok_before < picture->servers_ok)
            tell_right(record, "record-everywhere", REASON_INFO);
        if (picture->state == RECORD_OK)
            record_inside_trouble(record, RECORD_OK, why->kind, why->text);
    }
    plan_check(record);
}

void record_hold_wish(struct record *record)
{
    record->phase = PHASE_CLAIM;
    record->since = clock_now();
    record->tries = 0;
    record->tried = false;
    record->fenced_in_row = 0;
    record->backoff_ms = 0;
}

/* The record is not what I wrote, and nobody with a higher number did it. */
static void drifted(struct record *record)
{
    mono_ms now = clock_now();
    bool news = record->picture.state != RECORD_DRIFTED;
    char text[RECORD_DETAIL_SIZE];
    snprintf(text, sizeof text, "%s was changed by another hand (%s)", record->config.name,
             record->picture.fence.epoch == record->epoch ? "its addresses" : "its fence");
    bool repair = record->config.drift == DRIFT_REPAIR;
    bool allowed = repair && record_budget_allows(&record->budget, now);
    if (record->budget.contested) {
        strncat(text, "; restored 3 times in 10 min, now one try per 10 min",
                sizeof text - strlen(text) - 1);
        record_inside_trouble(record, RECORD_CONTESTED, TROUBLE_CONTESTED, text);
        record_inside_alarm(record, "record-contested");
    } else {
        record_inside_trouble(record, RECORD_DRIFTED, TROUBLE_ADDRESSES, text);
        if (news)
            record_inside_tell(record, "record-drifted", REASON_WARNING, NULL);
    }
    if (!allowed) {
        record_inside_act_in(record, record->config.check_every);
        return;
    }
    record_budget_spend(&record->budget, now);
    record_hold_wish(record);
    record->repairing = true;
    try_write(record, false);
}

/* The server said that it was done, and yet what it shows is not what was sent. */
static void was_dropped(struct record *record)
{
    char text[RECORD_DETAIL_SIZE];
    if (record->config.provider == PROVIDER_RFC2136)
        snprintf(text, sizeof text,
                 "the server took the update and does not show it: its policy must allow A, AAAA "
                 "of %s and TXT of _holdfast.%s together (PowerDNS drops parts silently), and the "
                 "first server must be the primary", record->config.name, record->config.name);
    else
        snprintf(text, sizeof text,
                 "the provider took the change and does not show it: what answers there is a copy "
                 "that is late, or somebody else writes %s as well", record->config.name);
    record_inside_trouble(record, RECORD_REFUSED, TROUBLE_DROPPED, text);
    record_inside_alarm(record, "record-refused");
    record_view_failed(record);
    record->tried = false;
    record_inside_back_off(record, REFUSED_MS_MAX);
}

static void claim_further(struct record *record, enum record_plan plan)
{
    bool won = record->tried && record->last_outcome == PROVIDER_WON;
    bool unknown = record->tried && record->last_outcome == PROVIDER_UNKNOWN;
    if (won)
        was_dropped(record);
    else if (plan != PLAN_DRIFTED &&
             (unknown || record->fenced_in_row > FENCED_AT_ONCE_MAX)) {
        record->tried = false;
        record->fenced_in_row = 0;
        record_inside_back_off(record, BACKOFF_MS_MAX);
    } else {
        try_write(record, false);
    }
}

/* Stopped: looks now and then whether that is over. */
static void look_again(struct record *record)
{
    span_ms look_ms = record->config.check_every;
    record->phase = PHASE_STOPPED;
    record_inside_act_in(record, look_ms < STOPPED_MS_MAX ? look_ms : STOPPED_MS_MAX);
}

static void stop_for(struct record *record, enum record_plan plan)
{
    const struct record_picture *picture = &record->picture;
    char text[RECORD_DETAIL_SIZE];
    unsigned long long there = picture->fence.epoch;
    record_view_answered(record);
    if (plan == PLAN_HIGHER) {
        snprintf(text, sizeof text, "the fence is of %s under the higher epoch %llu: writes "
                 "nothing, takes a number above it", picture->fence.node, there);
        bool news = picture->state != RECORD_FENCED;
        record_inside_trouble(record, RECORD_FENCED, TROUBLE_HIGHER, text);
        if (news)
            record_inside_tell(record, "record-fenced", REASON_WARNING, NULL);
    } else if (plan == PLAN_FOREIGN) {
        snprintf(text, sizeof text, "the fence at _holdfast.%s has my epoch %llu, but a token that "
                 "is not mine: " RECORD_FOREIGN_CAUSES ". Then: holdfast dns adopt %s --yes",
                 record->config.name, there, record->config.label);
        record_inside_trouble(record, RECORD_CONTESTED, TROUBLE_FOREIGN, text);
        record_inside_alarm(record, "record-contested");
    } else {
        if (plan == PLAN_POISONED)
            snprintf(text, sizeof text, "the epoch %llu in the fence at _holdfast.%s is too high "
                     "to be true; find out who wrote it, then: holdfast dns adopt %s", there,
                     record->config.name, record->config.label);
        else
            record_show_garbage(picture, text);
        record_inside_trouble(record, RECORD_REFUSED,
                              plan == PLAN_POISONED ? TROUBLE_POISONED : record_show_kind(picture),
                              text);
        record_inside_alarm(record, "record-foreign");
    }
    look_again(record);
}

struct record_question record_hold_question(const struct record *record)
{
    return (struct record_question){.seen = &record->picture.last,
                                    .epoch = record->epoch,
                                    .known = record->known,
                                    .tokens = &record->tokens,
                                    .want = record->want};
}

void record_hold_weigh(struct record *record, const struct trouble *why)
{
    struct record_question question = record_hold_question(record);
    enum record_plan plan = record_plan_for(&question, &record->picture.fence);
    bool writable = plan == PLAN_WRITE || plan == PLAN_DRIFTED;
    uint64_t there = record->picture.fence.epoch;
    if (plan != PLAN_GARBAGE && plan != PLAN_POISONED && there != 0) {
        record->known = there > record->known ? there : record->known;
        record->met = true;
        uint64_t epoch = record->epoch;
        record->world.fence_seen(record->world.owner, there);
        if (record->epoch != epoch || record->running != RUNNING_NOTHING)
            return; /* which changed the standing: whatever is to be done has begun */
    }
    record_adopt_settle(record, plan);
    if (plan == PLAN_RIGHT && must_check(record)) {
        try_write(record, true);
    } else if (plan == PLAN_RIGHT) {
        now_right(record, why);
    } else if (record_adopt_waits(record, plan)) {
        record_view_answered(record);
        look_again(record);
    } else if (!writable && !record_adopt_allows(record, plan)) {
        stop_for(record, plan);
    } else if (writable && record->phase == PHASE_GUARD) {
        drifted(record);
    } else {
        if (record->phase != PHASE_CLAIM)
            record_hold_wish(record);
        if (record->adoption.ordered)
            record_inside_set(record, RECORD_WRITING, "as an operator ordered");
        claim_further(record, plan);
    }
}

void record_hold_abandon(struct record *record)
{
    record->checking = record->checked = false;
    bool was_write = record->running == RUNNING_WRITE;
    record->operations->cancel(record->provider);
    record->running = RUNNING_NOTHING;
    record->picture.reads_ended = record->picture.reads_begun;
    if (!was_write)
        return;
    struct record_try try = {.outcome = PROVIDER_UNKNOWN,
                             .cancelled = true,
                             .detail = "cancelled: this node no longer holds that epoch; what "
                                       "was sent may still be applied, the fence judges it"};
    tell_try(record, &try);
    record->world.idle(record->world.owner);
}
