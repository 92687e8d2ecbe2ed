#include "orders.h"

#include "candidacy.h"
#include "handover.h"
#include "speech.h"

#define STOP_REPEATS 3 /* statements that say "released" again, in case one is lost */

static void add(struct obstacles *list, enum reason reason, uint8_t peer)
{
    obstacles_add(list, (struct obstacle){reason, peer, 0, MONO_NEVER});
}

/* Rule N12: while paused, roles stay. */
static void ask_pause(const struct core *core, mono_ms now, struct obstacles *ret)
{
    if (pause_is_on(&core->pause, now))
        obstacles_add(ret, (struct obstacle){REASON_IS_PAUSED, PEER_NONE, 0, core->pause.until});
}

/* Of two unfit nodes an operator may choose. All else that speaks against a target keeps it from
 * claiming, and nobody would hold: no word of an operator changes that. */
static bool is_a_choice(const struct core *core, const struct obstacles *list)
{
    return list->count == 1 && list->list[0].reason == REASON_TARGET_UNFIT && !core->merit.fit;
}

static void ask_handover(const struct core *core, mono_ms now, const struct event *event,
                         struct obstacles *ret)
{
    uint8_t target = event->order.peer;
    if (core->settings.self < NODE_COUNT && target == PEER_NONE)
        target = (uint8_t)(1 - core->settings.self);
    handover_ask(core, now, target, ret);
    if (event->order.anyway && is_a_choice(core, ret))
        ret->count = 0;
    if (!claim_holds(&core->claim, now))
        add(ret, REASON_NOT_HOLDER, PEER_NONE);
    else if (core->claim.leaving)
        add(ret, REASON_IS_LEAVING, PEER_NONE);
    ask_pause(core, now, ret);
}

static void ask_maintenance(const struct core *core, mono_ms now, const struct event *event,
                            struct obstacles *ret)
{
    if (core->settings.self >= NODE_COUNT)
        add(ret, REASON_NOT_A_NODE, PEER_NONE);
    else if (event->order.span_ms > 0 && !event->order.anyway &&
             claim_holds(&core->claim, now)) {
        handover_ask(core, now, (uint8_t)(1 - core->settings.self), ret);
        ask_pause(core, now, ret);
    }
}

static void ask_release(const struct core *core, struct obstacles *ret)
{
    if (!core->force.on && core->force.seen_from == PEER_NONE)
        add(ret, REASON_NOT_FORCED, PEER_NONE);
}

/* Does anything wait for this peer: rule V5 for either, rule N10 only for the other node? */
static bool waits_for(const struct core *core, uint8_t peer)
{
    const struct silence *silence = &core->silence;
    bool other_node = core->settings.self < NODE_COUNT && peer < NODE_COUNT;
    if (core->roster.pending && other_node)
        return true;
    return silence->kind == SILENCE_AMNESIA && !silence->heard[peer] && !silence->excused[peer];
}

static void ask_recover(const struct core *core, mono_ms now, const struct event *event,
                        struct obstacles *ret)
{
    uint8_t peer = event->order.peer;
    if (peer >= PEER_COUNT || peer == core->settings.self)
        add(ret, REASON_TARGET_SELF, peer < PEER_COUNT ? peer : PEER_NONE);
    else if (echo_is_fresh(&core->echo, peer, now, core->settings.lease_ms))
        add(ret, REASON_TARGET_ALIVE, peer);
    else if (!waits_for(core, peer))
        add(ret, REASON_NOTHING_TO_RECOVER, peer);
}

void orders_ask(const struct core *core, mono_ms now, const struct event *event,
                struct obstacles *ret)
{
    ret->count = 0;
    switch (event->order.order) {
    case ORDER_HANDOVER:
        ask_handover(core, now, event, ret);
        break;
    case ORDER_MAINTENANCE:
        ask_maintenance(core, now, event, ret);
        break;
    case ORDER_FORCE:
        candidacy_ask_forced(core, now, ret);
        break;
    case ORDER_RELEASE:
        ask_release(core, ret);
        break;
    case ORDER_RECOVER:
        ask_recover(core, now, event, ret);
        break;
    case ORDER_STOP:
    case ORDER_PAUSE:
        break;
    }
}

static void leave(struct core *core, enum reason reason, struct outcome *outcome)
{
    uint8_t other = (uint8_t)(1 - core->settings.self);
    if (core->claim.leaving)
        return;
    core->claim.leaving = true;
    core->leave_reason = reason;
    outcome_note(outcome, reason, other, core->claim.held, 0);
}

/* Who acts leaves, services first. A claim that nobody backed, and a forced one that is not on disk
 * yet, have opened none: they end at once, and promise no closed services to anybody. */
static void end_claim(struct core *core, mono_ms now, struct outcome *outcome)
{
    bool forced = core->force.on && core->claim.phase == CLAIM_CLAIMING;
    if (core->claim.phase == CLAIM_NONE)
        return;
    if (claim_holds(&core->claim, now) || forced) {
        leave(core, REASON_LEAVING_STOP, outcome);
        return;
    }
    force_end(&core->force, core->claim.next, outcome);
    claim_give_up(&core->claim, &core->voter, true, now, outcome);
}

static void stop(struct core *core, mono_ms now, struct outcome *outcome)
{
    core->stopping = true;
    core->repeats_left = STOP_REPEATS;
    end_claim(core, now, outcome);
}

static void force(struct core *core, mono_ms now, struct outcome *outcome)
{
    force_begin(&core->force, now);
    core->silence.kind = SILENCE_NONE; /* the operator answers for what V5 would wait for */
    if (core->claim.phase == CLAIM_NONE)
        claim_begin(&core->claim, &core->voter,
                    numbers_next(&core->numbers, core->settings.self, core->voter.floor,
                                 core->wall_s),
                    now, outcome);
    outcome_note(outcome, REASON_FORCED, PEER_NONE,
                 core->claim.next != 0 ? core->claim.next : core->claim.epoch, 0);
}

static void release(struct core *core, mono_ms now, struct outcome *outcome)
{
    force_forget(&core->force, outcome);
    if (core->force.on)
        end_claim(core, now, outcome);
}

/* Rule V5: no file is written before an amnesia ends; then it goes along with the rest. */
static void put(struct core *core, struct outcome *outcome)
{
    if (core->silence.kind != SILENCE_AMNESIA)
        ledger_put(&core->voter.ledger, outcome);
}

void orders_keep_members(struct core *core, struct outcome *outcome)
{
    core->voter.ledger.wanted.members = core->roster.members;
    put(core, outcome);
}

static void recover(struct core *core, const struct event *event, struct outcome *outcome)
{
    silence_excuse(&core->silence, event->order.peer);
    if (event->order.peer >= NODE_COUNT || !roster_accept(&core->roster))
        return; /* only the word for the other node confirms the set (rule N10) */
    orders_keep_members(core, outcome);
}

void orders_keep_pause(struct core *core, span_ms left_ms, struct outcome *outcome)
{
    struct stored *wanted = &core->voter.ledger.wanted;
    wanted->pause_order = core->pause.order;
    wanted->pause_until_wall_s = left_ms > 0 ? core->wall_s + left_ms / 1000 : 0;
    if (left_ms > 0 && wanted->pause_until_wall_s == 0)
        wanted->pause_until_wall_s = 1; /* a wall clock in 1969; 0 means none */
    put(core, outcome);
}

static void order_pause(struct core *core, mono_ms now, span_ms left_ms,
                        struct outcome *outcome)
{
    pause_order(&core->pause, core->settings.self, left_ms, now, outcome);
    orders_keep_pause(core, left_ms, outcome);
}

void orders_do(struct core *core, mono_ms now, const struct event *event,
               struct outcome *outcome)
{
    struct obstacles obstacles;
    orders_ask(core, now, event, &obstacles);
    if (obstacles.count > 0)
        return;
    switch (event->order.order) {
    case ORDER_HANDOVER:
        leave(core, REASON_LEAVING, outcome);
        break;
    case ORDER_STOP:
        stop(core, now, outcome);
        break;
    case ORDER_MAINTENANCE: /* a holder hands over in the same step: handover_due */
        merit_maintenance(&core->merit, event->order.span_ms, now, outcome);
        break;
    case ORDER_PAUSE:
        order_pause(core, now, event->order.span_ms, outcome);
        break;
    case ORDER_FORCE:
        force(core, now, outcome);
        break;
    case ORDER_RELEASE:
        release(core, now, outcome);
        break;
    case ORDER_RECOVER:
        recover(core, event, outcome);
        break;
    }
}
