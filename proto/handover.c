#include "handover.h"

#include "candidacy.h"
#include "standing.h"

static void add(struct obstacles *list, enum reason reason, uint8_t peer)
{
    obstacles_add(list, (struct obstacle){reason, peer, 0, MONO_NEVER});
}

static void ask_candidate(const struct core *core, mono_ms now, uint8_t node,
                          struct obstacles *ret)
{
    const struct statement *said = &core->last[node];
    if (!echo_is_fresh(&core->echo, node, now, core->settings.lease_ms)) {
        add(ret, REASON_TARGET_SILENT, node);
        return;
    }
    if ((said->flags & STATEMENT_FIT) == 0)
        add(ret, REASON_TARGET_UNFIT, node);
    if ((said->flags & STATEMENT_MAINTENANCE) != 0)
        add(ret, REASON_TARGET_MAINTENANCE, node);
    if ((said->flags & STATEMENT_SILENT) != 0)
        add(ret, REASON_TARGET_MUTE, node);
    if ((said->flags & STATEMENT_HELD_BACK) != 0)
        add(ret, REASON_TARGET_HELD_BACK, node);
}

void handover_ask(const struct core *core, mono_ms now, uint8_t target, struct obstacles *ret)
{
    ret->count = 0;
    if (target >= NODE_COUNT) {
        add(ret, REASON_NOT_A_NODE, target);
        return;
    }
    if (target == core->settings.self) {
        add(ret, REASON_TARGET_SELF, target);
        return;
    }
    ask_candidate(core, now, target, ret);
}

enum reason handover_due(const struct core *core, mono_ms now)
{
    const struct core_settings *settings = &core->settings;
    const struct merit *merit = &core->merit;
    struct obstacles obstacles;
    uint8_t other = (uint8_t)(1 - settings->self);
    if (!claim_holds(&core->claim, now) || core->claim.leaving || core->evidence.frozen ||
        pause_is_on(&core->pause, now))
        return REASON_NONE;
    handover_ask(core, now, other, &obstacles);
    if (obstacles.count > 0)
        return REASON_NONE;
    if (!echo_is_fresh(&core->echo, other, now, lease_window(settings->lease_ms)))
        return REASON_NONE;
    if (merit_in_maintenance(merit, now))
        return REASON_LEAVING; /* ordered while nobody could take over */
    span_ms held_ms = now - core->claim.since;
    if (merit->known && !merit->fit)
        return held_ms >= merit_hold_length(merit, settings->min_hold_ms, now)
                   ? REASON_LEAVING_UNFIT
                   : REASON_NONE;
    if (settings->prefer == other && now - merit->other_fit_since >= settings->failback_after_ms &&
        held_ms >= settings->failback_after_ms)
        return REASON_LEAVING_PREFERRED;
    return REASON_NONE;
}

static bool fresh(const struct core *core, uint8_t peer, mono_ms now)
{
    return echo_is_fresh(&core->echo, peer, now, core->settings.lease_ms);
}

/* The node that would have to take over: the other one of the holder; of nobody, any. */
static uint8_t successor(const struct core *core, mono_ms now)
{
    if (claim_holds(&core->claim, now))
        return (uint8_t)(1 - core->settings.self);
    for (uint8_t node = 0; node < NODE_COUNT; node++)
        if (node != core->settings.self && fresh(core, node, now) &&
            (core->last[node].flags & STATEMENT_HOLDING) != 0)
            return (uint8_t)(1 - node);
    return PEER_NONE;
}

/* The successor is this very node. */
static void ask_self(const struct core *core, mono_ms now, struct obstacles *ret)
{
    if (!core->merit.fit)
        add(ret, REASON_TARGET_UNFIT, core->settings.self);
    if (merit_in_maintenance(&core->merit, now))
        add(ret, REASON_TARGET_MAINTENANCE, core->settings.self);
    if (silence_holds(&core->silence))
        add(ret, REASON_TARGET_MUTE, core->settings.self);
    if (core->roster.pending)
        add(ret, REASON_MEMBERS_PENDING, (uint8_t)(1 - core->settings.self));
    if (core->voter.ledger.failing)
        add(ret, REASON_STORE_BROKEN, PEER_NONE);
}

/* The third vote: could the witness back somebody new? */
static void ask_witness(const struct core *core, mono_ms now, struct obstacles *ret)
{
    uint32_t flags = core->last[PEER_WITNESS].flags;
    if (core->settings.self == PEER_WITNESS) {
        if (core->voter.ledger.failing)
            add(ret, REASON_STORE_BROKEN, PEER_NONE);
        return;
    }
    if (!fresh(core, PEER_WITNESS, now))
        add(ret, REASON_NO_SPARE, PEER_WITNESS);
    else if ((flags & STATEMENT_SILENT) != 0)
        add(ret, REASON_BACKER_SILENT, PEER_WITNESS);
    else if ((flags & STATEMENT_HELD_BACK) != 0)
        add(ret, REASON_BACKER_HELD_BACK, PEER_WITNESS);
}

void handover_ask_survival(const struct core *core, mono_ms now, struct obstacles *ret)
{
    ret->count = 0;
    uint8_t next = successor(core, now);
    if (next == PEER_NONE) {
        uint8_t forced = standing_forced(core, now);
        add(ret, forced == PEER_NONE ? REASON_NO_HOLDER : REASON_ACTS_FORCED, forced);
        return;
    }
    if (next == core->settings.self)
        ask_self(core, now, ret);
    else
        ask_candidate(core, now, next, ret);
    if (pause_is_on(&core->pause, now))
        obstacles_add(ret, (struct obstacle){REASON_IS_PAUSED, PEER_NONE, 0, core->pause.until});
    if (core->evidence.frozen)
        add(ret, REASON_IS_FROZEN, core->evidence.peer);
    ask_witness(core, now, ret);
}
