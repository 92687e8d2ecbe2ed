#include "standing.h"

uint8_t standing_holder(const struct core *core, mono_ms now)
{
    if (claim_holds(&core->claim, now))
        return core->settings.self;
    for (uint8_t node = 0; node < NODE_COUNT; node++)
        if (node != core->settings.self && (core->last[node].flags & STATEMENT_HOLDING) != 0 &&
            echo_is_fresh(&core->echo, node, now, core->settings.lease_ms))
            return node;
    uint8_t bound = voter_bound_to(&core->voter, now);
    if (bound == PEER_NONE || bound == core->settings.self)
        return PEER_NONE;
    bool held = (core->last[bound].flags & STATEMENT_HOLDING) != 0; /* not only claimed */
    return held && core->voter.promise.answers.boot != 0 ? bound : PEER_NONE;
}

static bool is_forced(const struct core *core)
{
    return core->force.on && core->claim.phase == CLAIM_CLAIMING;
}

uint8_t standing_forced(const struct core *core, mono_ms now)
{
    uint8_t self = core->settings.self;
    if (is_forced(core))
        return self;
    for (uint8_t node = 0; node < NODE_COUNT; node++)
        if (node != self && (core->last[node].flags & STATEMENT_FORCED) != 0 &&
            echo_is_fresh(&core->echo, node, now, core->settings.lease_ms))
            return node;
    return PEER_NONE;
}

static enum standing kind_now(const struct core *core, mono_ms now)
{
    if (core->settings.self == PEER_WITNESS)
        return STANDING_WITNESS;
    if (claim_holds(&core->claim, now))
        return STANDING_HOLDER;
    if (is_forced(core))
        return STANDING_FORCED;
    return standing_holder(core, now) != PEER_NONE ? STANDING_STANDBY : STANDING_ALONE;
}

static bool acts(enum standing standing)
{
    return standing == STANDING_HOLDER || standing == STANDING_FORCED;
}

struct standing_report standing_now(const struct core *core, mono_ms now)
{
    const struct claim *claim = &core->claim;
    const struct standing_report *before = &core->reported;
    struct standing_report report = {.standing = kind_now(core, now),
                                     .since = now,
                                     .holds_until = MONO_LONG_AGO,
                                     .lead_at = MONO_LONG_AGO};
    if (report.standing == STANDING_HOLDER) {
        report.epoch = claim->held;
        report.holds_until = claim->backed_until;
        report.lead_at = claim->backed_until - core->settings.demote_lead_ms;
        report.leaving = claim->leaving;
        report.after_release = claim->after_release;
    } else if (report.standing == STANDING_FORCED) {
        report.epoch = claim->epoch;
        report.holds_until = core->force.until;
        report.lead_at = core->force.until;
        report.leaving = claim->leaving;
    }
    if (report.standing == before->standing && report.epoch == before->epoch)
        report.since = before->since;
    else if (acts(before->standing) && !acts(report.standing))
        report.since = claim->lapsed_at; /* also when the process slept through the end */
    return report;
}

bool standing_differs(const struct standing_report *a, const struct standing_report *b)
{
    return a->standing != b->standing || a->epoch != b->epoch || a->since != b->since ||
           a->holds_until != b->holds_until || a->leaving != b->leaving;
}
