/* The owner of the state, and the only door.
 *
 * A step runs in three parts. First everything that time has ended is settled, so that no fact
 * that waited in a socket buffer is weighed against a lease that is over. Then the event is
 * taken, each part looking at it in a fixed order: is it new (echo), who is alive (pulse), keep
 * its bytes (relay, evidence), does a rival outbid me (claim), may I back it (voter), does it
 * back me (claim). Then the core decides: newest claims again if I became free, giving up,
 * beginning a claim; it speaks if it is time, reports the standing, and says when to come again.
 * The rules themselves are in the parts. */
#include "core.h"

#include <assert.h>
#include <string.h>

#include "candidacy.h"
#include "handover.h"
#include "orders.h"
#include "speech.h"
#include "standing.h"
#include "wake.h"

#define RELEASE_REPEATS 3 /* statements that say it again, in case one is lost (rule N7) */

static uint64_t next_number(const struct core *core, struct outcome *outcome)
{
    if (core->wall_s > 0 && !numbers_plausible(&core->numbers, (uint64_t)core->wall_s))
        outcome_note(outcome, REASON_WALL_POISONED, PEER_NONE, (uint64_t)core->wall_s, 0);
    return numbers_next(&core->numbers, core->settings.self, core->voter.floor, core->wall_s);
}

static void settle_silence(struct core *core, mono_ms now, struct outcome *outcome)
{
    if (!silence_settle(&core->silence, now, outcome))
        return;
    uint64_t ticket = voter_learned(&core->voter, core->numbers.seen, outcome);
    silence_writing(&core->silence, ticket);
}

static void settle_force(struct core *core, mono_ms now, struct outcome *outcome)
{
    if (!force_is_over(&core->force, now, core->settings.lease_ms))
        return;
    force_end(&core->force, core->claim.epoch, outcome);
    claim_give_up(&core->claim, &core->voter, true, now, outcome);
}

static void settle(struct core *core, mono_ms now, struct outcome *outcome)
{
    span_ms lease_ms = core->settings.lease_ms;
    ledger_settle(&core->voter.ledger, now, outcome);
    voter_settle(&core->voter, now, outcome);
    settle_silence(core, now, outcome);
    claim_settle(&core->claim, &core->voter, now, core->force.on, outcome);
    if (pause_settle(&core->pause, now, outcome))
        orders_keep_pause(core, 0, outcome);
    merit_settle(&core->merit, now, lease_ms, outcome);
    settle_force(core, now, outcome);
}

/* Rule N11: a forced epoch above mine: release at once, wait for the operator. */
static void yield_to_force(struct core *core, const struct statement *statement, mono_ms now,
                           struct outcome *outcome)
{
    if (core->force.seen_from != statement->from || core->force.on)
        return;
    if (core->claim.phase != CLAIM_NONE && statement->claim > core->claim.epoch)
        claim_give_up(&core->claim, &core->voter, true, now, outcome);
}

/* What only a fresh statement may move. */
static void heard_fresh(struct core *core, const struct statement *statement, mono_ms now,
                        struct outcome *outcome)
{
    silence_heard(&core->silence, statement, outcome);
    merit_heard(&core->merit, statement, now);
    if (roster_heard(&core->roster, statement, outcome))
        orders_keep_members(core, outcome);
    force_heard(&core->force, core->settings.self, statement, now, outcome);
    yield_to_force(core, statement, now, outcome);
    if (pause_heard(&core->pause, &statement->pause, now, outcome))
        orders_keep_pause(core, (span_ms)statement->pause.left_ms, outcome);
    if ((statement->flags & STATEMENT_HOLDING) != 0)
        claim_succeeded(&core->claim);
    if (!core->force.on)
        claim_rival(&core->claim, &core->voter, statement, now, outcome);
}

/* Rule N6. */
static void renumber(struct core *core, uint64_t heard, mono_ms now, struct outcome *outcome)
{
    if (heard > core->claim.epoch && core->claim.epoch != 0)
        claim_renumber(&core->claim, &core->voter, next_number(core, outcome), now, outcome);
}

static void weigh(struct core *core, const struct statement *statement, mono_ms now,
                  struct outcome *outcome)
{
    struct weighing weighing = {.statement = statement,
                                .echo_age = echo_age(&core->echo, statement->from, now),
                                .now = now};
    if (evidence_allows(&core->evidence, core->voter.promise.holder, statement->from))
        voter_weigh(&core->voter, &core->silence, &weighing, outcome);
}

static void heard_of(struct core *core, uint64_t epoch)
{
    voter_heard_of(&core->voter, epoch);
    claim_heard_of(&core->claim, core->voter.freed_epoch, epoch);
}

/* The parts that count votes, in the order that rules N5 and V6 ask for. */
static void heard_votes(struct core *core, const struct statement *statement, mono_ms now,
                        struct outcome *outcome)
{
    uint8_t from = statement->from;
    bool fresh = echo_is_fresh(&core->echo, from, now, core->settings.lease_ms);
    if (fresh)
        heard_fresh(core, statement, now, outcome);
    weigh(core, statement, now, outcome);
    voter_released(&core->voter, statement, now, outcome);
    heard_of(core, statement->claim);
    heard_of(core, statement->promise.epoch);
    heard_of(core, statement->seen_epoch);
    if (roster_counts(&core->roster, from))
        claim_granted(&core->claim, &core->echo, statement, now, outcome);
    if (claim_holds(&core->claim, now))
        force_end(&core->force, core->claim.held, outcome);
    if (fresh)
        renumber(core, statement_epoch_max(statement), now, outcome);
}

static span_ms rtt_of(const struct core *core, const struct statement *statement, mono_ms now)
{
    const struct mark *of_me = &statement->heard[core->settings.self];
    mono_ms sent;
    if (of_me->boot != core->echo.self.boot || !echo_sent_at(&core->echo, of_me->seq, &sent))
        return -1;
    span_ms rtt = now - sent - (span_ms)statement->heard_age_ms[core->settings.self];
    return rtt < 0 ? 0 : rtt;
}

static void note_contact(struct core *core, uint8_t from, enum echo_verdict verdict,
                         mono_ms now, struct outcome *outcome)
{
    const struct echo_peer *peer = &core->echo.peers[from];
    if (verdict == ECHO_ACCEPTED_BOOT) {
        bool met = peer->boot_before == 0;
        outcome_note(outcome, met ? REASON_PEER_MET : REASON_PEER_RESTARTED, from, 0, 0);
        outcome->prompt = true;
        if (peer->swaps == BOOT_SWAP_ALARM + 1)
            outcome_note(outcome, REASON_TWO_PROCESSES, from, 0, peer->swaps);
    }
    if (core->pulse[from].told_silent &&
        echo_is_fresh(&core->echo, from, now, core->settings.lease_ms)) {
        core->pulse[from].told_silent = false;
        outcome_note(outcome, REASON_PEER_BACK, from, 0, 0);
    }
    if (!echo_rolled_back(&core->echo) || core->new_boot_asked)
        return;
    core->new_boot_asked = true;
    outcome_note(outcome, REASON_ROLLED_BACK, PEER_NONE, 0, 0);
    outcome_act(outcome, (struct action){.kind = ACTION_NEW_BOOT});
}

static bool is_poisoned(struct core *core, const struct statement *statement,
                        struct outcome *outcome)
{
    uint64_t highest = statement_epoch_max(statement);
    if (numbers_plausible(&core->numbers, highest))
        return false;
    if (core->poisoned_boot[statement->from] != statement->mark.boot)
        outcome_note(outcome, REASON_NUMBER_POISONED, statement->from, highest, 0);
    core->poisoned_boot[statement->from] = statement->mark.boot;
    return true;
}

static void heard(struct core *core, const struct event *event, mono_ms now,
                  struct outcome *outcome)
{
    const struct statement *statement = event->heard.statement;
    struct signed_bytes bytes = {event->heard.bytes, event->heard.size};
    uint8_t from = statement->from;
    if (from >= PEER_COUNT || from == core->settings.self || bytes.size > SIGNED_SIZE_MAX)
        return;
    if (is_poisoned(core, statement, outcome))
        return;
    const struct relay_kept *kept = &core->relay.kept[from];
    evidence_repeated(&core->evidence, kept, statement, &bytes, outcome);
    enum echo_verdict verdict =
        echo_heard(&core->echo, statement, now, core->settings.lease_ms);
    if (verdict == ECHO_GREETED_BOOT)
        outcome->prompt = true; /* it learns that I heard it: first contact in a round trip */
    if (verdict != ECHO_ACCEPTED && verdict != ECHO_ACCEPTED_BOOT)
        return;
    evidence_heard(&core->evidence, statement, &bytes, outcome);
    relay_keep(&core->relay, from, &statement->mark, bytes.bytes, bytes.size);
    relay_arrived(&core->relay, from, core->settings.interval_ms / 2, now);
    core->last[from] = *statement;
    core->via[from] = event->heard.via;
    bool direct = event->heard.via == from;
    pulse_heard(&core->pulse[from], &statement->mark, now, direct,
                direct ? rtt_of(core, statement, now) : -1);
    numbers_heard(&core->numbers, statement_epoch_max(statement));
    note_contact(core, from, verdict, now, outcome);
    heard_votes(core, statement, now, outcome);
}

static void stored(struct core *core, const struct event *event, mono_ms now,
                   struct outcome *outcome)
{
    struct ledger *ledger = &core->voter.ledger;
    ledger_stored(ledger, event->stored.ticket, event->stored.ok, now, outcome);
    voter_stored(&core->voter, now, outcome);
    if (core->settings.self < NODE_COUNT)
        claim_stored(&core->claim, &core->voter, now, outcome);
    numbers_heard(&core->numbers, core->voter.floor);
    if (core->silence.kind == SILENCE_WRITING &&
        ledger_is_durable(ledger, core->silence.ticket))
        silence_written(&core->silence, core->voter.floor, outcome);
}

static void fence(struct core *core, uint64_t epoch, mono_ms now, struct outcome *outcome)
{
    if (!numbers_plausible(&core->numbers, epoch)) {
        outcome_note(outcome, REASON_FENCE_POISONED, PEER_NONE, epoch, 0);
        return;
    }
    numbers_fence(&core->numbers, epoch);
    renumber(core, epoch, now, outcome);
}

/* Effects have ended: now the lease may be given up (rule N7). */
static void idle(struct core *core, mono_ms now, struct outcome *outcome)
{
    if (!core->claim.leaving)
        return;
    force_end(&core->force, core->claim.epoch, outcome);
    if (core->leave_reason == REASON_LEAVING_UNFIT)
        merit_moved(&core->merit, now);
    claim_give_up(&core->claim, &core->voter, true, now, outcome);
    core->repeats_left = RELEASE_REPEATS;
}

/* Rule V6: after a restart the stored number is given up only once the duties of a standby have
 * run, and only when this node is not going to take its standing up again. */
static void demoted(struct core *core, mono_ms now, struct outcome *outcome)
{
    const struct silence *silence = &core->silence;
    bool unwilling = merit_in_maintenance(&core->merit, now) || core->stopping;
    if (silence->stored_holder != core->settings.self || core->claim.phase != CLAIM_NONE ||
        !unwilling || silence->stored_epoch <= core->claim.released)
        return;
    core->claim.released = silence->stored_epoch;
    voter_withdraw(&core->voter, now);
    outcome->prompt = true;
}

static void take(struct core *core, const struct event *event, mono_ms now,
                 struct outcome *outcome)
{
    switch (event->kind) {
    case EVENT_WAKE:
        break;
    case EVENT_HEARD:
        heard(core, event, now, outcome);
        break;
    case EVENT_STORED:
        stored(core, event, now, outcome);
        break;
    case EVENT_FITNESS:
        merit_fitness(&core->merit, event->fitness.fit, event->fitness.unfit_mask, outcome);
        break;
    case EVENT_FENCE:
        fence(core, event->fence.epoch, now, outcome);
        break;
    case EVENT_IDLE:
        idle(core, now, outcome);
        break;
    case EVENT_DEMOTED:
        demoted(core, now, outcome);
        break;
    case EVENT_ORDER:
        orders_do(core, now, event, outcome);
        break;
    }
}

/* Rule V7: free again, so the newest claim that is still fresh enough is weighed at once. */
static void reconsider(struct core *core, mono_ms now, struct outcome *outcome)
{
    for (uint8_t node = 0; node < NODE_COUNT; node++) {
        const struct statement *statement = &core->last[node];
        if (node == core->settings.self || statement->claim == 0 ||
            voter_bound_to(&core->voter, now) != PEER_NONE)
            continue;
        weigh(core, statement, now, outcome);
    }
}

static void decide(struct core *core, mono_ms now, struct outcome *outcome)
{
    struct obstacles obstacles;
    reconsider(core, now, outcome);
    if (core->settings.self >= NODE_COUNT)
        return;
    enum reason due = handover_due(core, now);
    if (due != REASON_NONE) {
        core->claim.leaving = true;
        core->leave_reason = due;
        outcome_note(outcome, due, (uint8_t)(1 - core->settings.self), core->claim.held, 0);
    }
    candidacy_ask(core, now, &obstacles);
    if (obstacles.count == 0)
        claim_begin(&core->claim, &core->voter, next_number(core, outcome), now, outcome);
}

static void note_silent(struct core *core, mono_ms now, struct outcome *outcome)
{
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        struct pulse *pulse = &core->pulse[peer];
        if (peer == core->settings.self || pulse->heard_at == MONO_LONG_AGO ||
            pulse->told_silent ||
            echo_is_fresh(&core->echo, peer, now, core->settings.lease_ms))
            continue;
        pulse->told_silent = true;
        outcome_note(outcome, REASON_PEER_SILENT, peer, 0, core->settings.lease_ms);
    }
}

static void report(struct core *core, mono_ms now, bool always, struct outcome *outcome)
{
    struct standing_report report = standing_now(core, now);
    if (always || standing_differs(&report, &core->reported))
        outcome_act(outcome, (struct action){.kind = ACTION_STANDING});
    core->reported = report;
    outcome->standing = report;
}

static void finish(struct core *core, mono_ms now, bool first, struct outcome *outcome)
{
    note_silent(core, now, outcome);
    report(core, now, first, outcome);
    speech_step(core, now, outcome);
    outcome_act(outcome,
                (struct action){.kind = ACTION_WAKE, .at = wake_plan(core, now)});
}

static void check_settings(const struct core_settings *settings)
{
    assert(settings->self < PEER_COUNT && settings->boot != 0);
    assert(settings->lease_ms >= LEASE_MS_MIN && settings->lease_ms <= LEASE_MS_MAX);
    assert(settings->interval_ms >= INTERVAL_MS_MIN);
    assert(settings->lease_ms >= LEASE_INTERVALS_MIN * settings->interval_ms);
    assert(settings->lease_ms <= LEASE_INTERVALS_MAX * settings->interval_ms);
    assert(settings->drift_ppm <= DRIFT_PPM_MAX && settings->jitter_ppt <= 200);
}

void core_init(struct core *core, const struct core_settings *settings,
               const struct stored *found, mono_ms now, struct outcome *ret)
{
    struct lease_terms terms = {.length_ms = settings->lease_ms,
                                .drift_ppm = settings->drift_ppm};
    check_settings(settings);
    memset(core, 0, sizeof *core);
    memset(ret, 0, sizeof *ret);
    core->settings = *settings;
    core->now = core->started = core->next_tick = core->join_from = now;
    core->wall_s = settings->wall_s;
    core->prompt_at = MONO_NEVER;
    core->last_spoke = MONO_LONG_AGO;
    prng_init(&core->prng, settings->prng_seed);
    echo_init(&core->echo, settings->self, settings->boot);
    relay_init(&core->relay);
    for (size_t i = 0; i < PEER_COUNT; i++)
        pulse_init(&core->pulse[i]);
    silence_init(&core->silence, settings->self, found, settings->lease_ms, now);
    voter_init(&core->voter, settings->self, settings->lease_ms, found,
               now + core->silence.lease_max_ms);
    roster_init(&core->roster, &settings->members, settings->members_hash, found);
    core->numbers.seen = core->voter.floor; /* the own disk is trusted: no bound (V8) */
    claim_init(&core->claim, settings->self, &terms);
    merit_init(&core->merit);
    pause_init(&core->pause, found, now, settings->wall_s);
    if (found->pause_until_wall_s != 0 && !pause_is_on(&core->pause, now))
        orders_keep_pause(core, 0, ret);
    force_init(&core->force);
    evidence_init(&core->evidence);
    stall_init(&core->stall);
    core->reported = (struct standing_report){.standing = STANDING_ALONE, .since = now};
    silence_told(&core->silence, ret);
    if (core->roster.pending && found->present)
        outcome_note(ret, REASON_MEMBERS_CHANGED, PEER_NONE, 0, 0);
    report(core, now, true, ret);
    outcome_act(ret, (struct action){.kind = ACTION_WAKE, .at = now});
}

void core_step(struct core *core, mono_ms now, const struct event *event, struct outcome *ret)
{
    assert(now >= core->now);
    ret->action_count = ret->note_count = ret->notes_lost = 0;
    ret->prompt = false;
    stall_step(&core->stall, core->now, now,
               stall_threshold(core->settings.interval_ms, core->settings.lease_ms), ret);
    core->now = now;
    core->wall_s = event->wall_s;
    core->steps++;
    settle(core, now, ret);
    take(core, event, now, ret);
    decide(core, now, ret);
    finish(core, now, false, ret);
}

size_t core_order_obstacles(const struct core *core, mono_ms now, const struct event *order,
                            struct obstacle ret[OBSTACLE_COUNT_MAX])
{
    struct obstacles obstacles;
    orders_ask(core, now, order, &obstacles);
    memcpy(ret, obstacles.list, obstacles.count * sizeof obstacles.list[0]);
    return obstacles.count;
}

/* End of the span in which effects may run; demotion duties begin then. */
static mono_ms effects_until(const struct core *core, mono_ms now, uint64_t *ret_epoch)
{
    const struct claim *claim = &core->claim;
    *ret_epoch = 0;
    if (claim_holds(claim, now)) {
        *ret_epoch = claim->held;
        return claim->backed_until - core->settings.demote_lead_ms;
    }
    if (!core->force.on || claim->phase != CLAIM_CLAIMING)
        return MONO_LONG_AGO;
    *ret_epoch = claim->epoch;
    return core->force.until;
}

/* Asked after a stall that no step has noticed yet: an I/O callback of a thawed process. */
static bool stands_still(const struct core *core, mono_ms now)
{
    return now - core->now >
           stall_threshold(core->settings.interval_ms, core->settings.lease_ms);
}

static enum reason permit_refusal(const struct core *core, mono_ms now, mono_ms until)
{
    const struct core_settings *settings = &core->settings;
    bool holds = claim_holds(&core->claim, now);
    if (until == MONO_LONG_AGO)
        return REASON_NOT_HOLDER;
    if (core->claim.leaving)
        return REASON_IS_LEAVING;
    if (pause_is_on(&core->pause, now))
        return REASON_IS_PAUSED;
    if (now >= until || (holds && core->claim.backed_until - now < PERMIT_LEFT_MS_MIN))
        return REASON_LEASE_SHORT;
    mono_ms proof = claim_proof_sent(&core->claim);
    span_ms age_max = lease_proof_age_max(settings->lease_ms, settings->interval_ms);
    if (holds && (now - proof >= age_max || proof <= core->stall.last_end))
        return REASON_PROOF_OLD;
    if (stands_still(core, now))
        return REASON_PROOF_OLD;
    return REASON_NONE;
}

bool core_permit(const struct core *core, mono_ms now, span_ms need_ms,
                 struct permit *ret_permit, enum reason *ret_reason)
{
    uint64_t epoch;
    mono_ms until = effects_until(core, now, &epoch);
    *ret_reason = permit_refusal(core, now, until);
    if (*ret_reason != REASON_NONE)
        return false;
    if (need_ms > PERMIT_NEED_MS_MAX)
        need_ms = PERMIT_NEED_MS_MAX;
    *ret_permit = (struct permit){.epoch = epoch,
                                  .boot = core->settings.boot,
                                  .given = now,
                                  .until = now + (need_ms > 0 ? need_ms : 0)};
    return true;
}

bool core_permit_holds(const struct core *core, mono_ms now, const struct permit *permit)
{
    uint64_t epoch;
    mono_ms until = effects_until(core, now, &epoch);
    return permit->boot == core->settings.boot && permit->epoch == epoch && epoch != 0 &&
           now < permit->until && now < until && !core->claim.leaving &&
           !pause_is_on(&core->pause, now) && permit->given > core->stall.last_end &&
           !stands_still(core, now);
}

const uint8_t *core_kept(const struct core *core, uint8_t author, size_t *ret_size)
{
    const struct relay_kept *kept = &core->relay.kept[author];
    *ret_size = kept->size;
    return kept->size > 0 ? kept->bytes : NULL;
}
