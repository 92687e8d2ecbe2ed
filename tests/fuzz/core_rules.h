/* core_rules — what one core may never show, whatever it was told; looked at after each step. */
#ifndef HOLDFAST_TESTS_FUZZ_CORE_RULES_H
#define HOLDFAST_TESTS_FUZZ_CORE_RULES_H

#include "fuzz.h"
#include "proto/core.h"
#include "proto/view.h"

/* What only grows (rules V3, V6, V8). */
struct core_marks {
    uint64_t floor, seen, fence, released, seq;
};

static inline struct core_marks core_rules_marks(const struct core *core)
{
    return (struct core_marks){core->voter.floor, core->numbers.seen, core->numbers.fence,
                               core->claim.released, core->echo.self.seq};
}

static inline bool core_rules_plausible(uint64_t value, const struct core_marks *before)
{
    uint64_t base = EPOCH_JUMP_MAX;
    base = before->seen > base ? before->seen : base;
    base = before->fence > base ? before->fence : base;
    return base > UINT64_MAX - 2 * EPOCH_JUMP_MAX || value <= base + EPOCH_JUMP_MAX + 2;
}

/* What it says itself makes sense to everybody, and promises nothing above its floor. */
static inline void core_rules_speech(const struct core *core, const struct statement *said)
{
    FUZZ_CHECK(said->from == core->settings.self);
    FUZZ_CHECK(said->mark.boot == core->settings.boot);
    FUZZ_CHECK(said->mark.seq == core->echo.self.seq);
    FUZZ_CHECK(statement_check(said) == STATEMENT_OK);
    FUZZ_CHECK(said->promise.epoch <= core->voter.floor);
    FUZZ_CHECK(said->claim <= core->voter.floor);
}

static inline void core_rules_actions(const struct core *core, const struct outcome *outcome)
{
    size_t wakes = 0;
    for (size_t i = 0; i < outcome->action_count; i++) {
        const struct action *action = &outcome->actions[i];
        bool sends = action->kind == ACTION_SEND || action->kind == ACTION_RELAY;
        size_t size = 0;
        if (sends)
            FUZZ_CHECK(action->to < PEER_COUNT && action->to != core->settings.self);
        if (action->kind == ACTION_SEND)
            core_rules_speech(core, &outcome->statement);
        if (action->kind == ACTION_RELAY)
            FUZZ_CHECK(core_kept(core, action->author, &size) != NULL &&
                       action->author != action->to);
        if (action->kind == ACTION_WAKE) {
            wakes++;
            FUZZ_CHECK(action->at > core->now); /* or the daemon would spin */
        }
    }
    FUZZ_CHECK(wakes == 1);
}

/* Rules N3, N4: a lease rests on the own promise, and ends within a lease. */
static inline void core_rules_lease(const struct core *core, mono_ms now)
{
    const struct claim *claim = &core->claim;
    if (core->settings.self == PEER_WITNESS)
        FUZZ_CHECK(claim->phase == CLAIM_NONE && claim->epoch == 0);
    if (claim->epoch != 0)
        FUZZ_CHECK(statement_epoch_owner(claim->epoch) == core->settings.self);
    if (!claim_holds(claim, now))
        return;
    FUZZ_CHECK(claim->held != 0 && claim->held <= claim->epoch);
    FUZZ_CHECK(claim->held > claim->released);
    FUZZ_CHECK(claim->backed_until < now + core->settings.lease_ms);
    FUZZ_CHECK(core->voter.promise.holder == core->settings.self);
    FUZZ_CHECK(voter_bound_to(&core->voter, now) == core->settings.self);
}

/* "Effects": a permit only while holding or forced. */
static inline void core_rules_permit(const struct core *core, mono_ms now)
{
    struct permit permit;
    enum reason reason;
    if (!core_permit(core, now, 1500, &permit, &reason)) {
        FUZZ_CHECK(reason != REASON_NONE);
        return;
    }
    bool holds = claim_holds(&core->claim, now);
    FUZZ_CHECK(holds || core->force.on);
    FUZZ_CHECK(permit.epoch == (holds ? core->claim.held : core->claim.epoch));
    FUZZ_CHECK(!core->claim.leaving && !pause_is_on(&core->pause, now));
    /* A forced one of the very millisecond in which a stall ended does not hold: harmless. */
    FUZZ_CHECK(core_permit_holds(core, now, &permit) || (!holds && now == core->stall.last_end));
    FUZZ_CHECK(!core_permit_holds(core, now + 1500, &permit));
}

static inline void core_rules_check(const struct core *core, const struct core_marks *before,
                                    const struct outcome *outcome)
{
    struct core_marks after = core_rules_marks(core);
    FUZZ_CHECK(after.floor >= before->floor && after.seen >= before->seen);
    FUZZ_CHECK(after.fence >= before->fence && after.released >= before->released);
    FUZZ_CHECK(after.seq >= before->seq);
    FUZZ_CHECK(core_rules_plausible(after.seen, before));
    core_rules_actions(core, outcome);
    core_rules_lease(core, core->now);
    core_rules_permit(core, core->now);
}

/* status and why make a view of it; some time later, too. */
static inline void core_rules_view(const struct core *core, span_ms later)
{
    struct view view;
    view_make(core, core->now + later, &view);
    FUZZ_CHECK(view.claim_obstacle_count <= OBSTACLE_COUNT_MAX);
    FUZZ_CHECK(view.survive_obstacle_count <= OBSTACLE_COUNT_MAX);
    FUZZ_CHECK(view.quorum <= PEER_COUNT);
    FUZZ_CHECK(view.crash_survivable == (view.survive_obstacle_count == 0));
}

#endif
