#include "candidacy.h"

static void add(struct obstacles *list, enum reason reason, uint8_t peer, uint64_t epoch,
                mono_ms until)
{
    obstacles_add(list, (struct obstacle){reason, peer, epoch, until});
}

bool candidacy_backer(const struct core *core, mono_ms now, uint8_t peer, uint8_t candidate,
                      struct obstacle *ret_why)
{
    const struct statement *said = &core->last[peer];
    *ret_why = (struct obstacle){REASON_NONE, peer, said->promise.epoch, MONO_NEVER};
    if (!echo_is_fresh(&core->echo, peer, now, lease_window(core->settings.lease_ms)))
        ret_why->reason = REASON_NO_BACKER;
    else if (!roster_counts(&core->roster, peer))
        ret_why->reason = REASON_BACKER_NEW;
    else if (said->promise.epoch != 0 && said->promise.holder != candidate)
        ret_why->reason = REASON_BACKER_BOUND;
    else if ((said->flags & STATEMENT_SILENT) != 0)
        ret_why->reason = REASON_BACKER_SILENT;
    return ret_why->reason == REASON_NONE;
}

/* Rule N1, last condition: some other peer could back me. */
static void ask_backers(const struct core *core, mono_ms now, struct obstacles *ret)
{
    struct obstacle why[PEER_COUNT];
    size_t count = 0;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        if (peer == core->settings.self)
            continue;
        if (candidacy_backer(core, now, peer, core->settings.self, &why[count]))
            return;
        count++;
    }
    for (size_t i = 0; i < count; i++)
        obstacles_add(ret, why[i]);
}

/* A disk that came back older than it was would not know of a promise to the other node made in the
 * last lease. Either it cannot have (a restart in place), or the other node itself shows, since my
 * start, that it wants nothing. */
static bool is_uncontested(const struct core *core, mono_ms now)
{
    uint8_t other = (uint8_t)(1 - core->settings.self);
    if (core->settings.in_place)
        return true;
    return echo_is_fresh(&core->echo, other, now, lease_window(core->settings.lease_ms)) &&
           core->last[other].claim == 0;
}

/* The quick restart: another peer's promise to me under the stored epoch is still in force. */
static bool resumes(const struct core *core, mono_ms now)
{
    const struct silence *silence = &core->silence;
    if (silence->kind != SILENCE_RESTART || silence->stored_holder != core->settings.self ||
        !is_uncontested(core, now))
        return false;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        const struct promise_said *promise = &core->last[peer].promise;
        if (peer == core->settings.self || promise->epoch == 0)
            continue;
        if (promise->epoch == silence->stored_epoch && promise->holder == core->settings.self &&
            echo_is_fresh(&core->echo, peer, now, lease_window(core->settings.lease_ms)))
            return true;
    }
    return false;
}

static void ask_silence(const struct core *core, mono_ms now, struct obstacles *ret)
{
    if (!silence_holds(&core->silence) || resumes(core, now))
        return;
    uint8_t missing = silence_misses(&core->silence);
    mono_ms until = silence_until(&core->silence);
    if (core->silence.kind == SILENCE_WRITING)
        add(ret, REASON_IS_WRITING, PEER_NONE, 0, MONO_NEVER);
    else if (core->silence.kind == SILENCE_AMNESIA && missing != PEER_NONE)
        add(ret, REASON_IS_AMNESIAC, missing, 0, MONO_NEVER);
    else
        add(ret, REASON_IS_SILENT, PEER_NONE, 0, until);
}

/* Rules N8 and N1: unfit nodes claim only when no fit other node was heard for a lease. */
static void ask_merit(const struct core *core, mono_ms now, struct obstacles *ret)
{
    span_ms lease_ms = core->settings.lease_ms;
    if (merit_in_maintenance(&core->merit, now))
        add(ret, REASON_IN_MAINTENANCE, PEER_NONE, 0, core->merit.maintenance_until);
    if (core->merit.fit)
        return;
    if (now < core->merit.other_fit_at + lease_ms)
        add(ret, REASON_NOT_FIT, PEER_NONE, 0, core->merit.other_fit_at + lease_ms);
    else if (now < core->started + lease_ms)
        add(ret, REASON_NOT_FIT_YET, PEER_NONE, 0, core->started + lease_ms);
}

static bool ask_phase(const struct core *core, mono_ms now, struct obstacles *ret)
{
    const struct claim *claim = &core->claim;
    if (core->settings.self >= NODE_COUNT)
        add(ret, REASON_NOT_A_NODE, PEER_NONE, 0, MONO_NEVER);
    else if (claim->leaving || core->stopping)
        add(ret, REASON_IS_LEAVING, PEER_NONE, claim->held, MONO_NEVER);
    else if (claim_holds(claim, now))
        add(ret, REASON_IS_HOLDER, PEER_NONE, claim->held, MONO_NEVER);
    else if (claim->phase == CLAIM_STORING)
        add(ret, REASON_BUSY_STORING, PEER_NONE, claim->next, MONO_NEVER);
    else if (claim->phase != CLAIM_NONE)
        add(ret, REASON_BUSY_CLAIMING, PEER_NONE, claim->epoch, MONO_NEVER);
    return ret->count == 0;
}

static void ask_bound(const struct core *core, mono_ms now, struct obstacles *ret)
{
    uint8_t bound = voter_bound_to(&core->voter, now);
    if (bound != PEER_NONE && bound != core->settings.self)
        add(ret, REASON_OTHER_HOLDS, bound, core->voter.floor,
            voter_bound_until(&core->voter, now));
}

static void ask_roster(const struct core *core, struct obstacles *ret)
{
    uint8_t other = (uint8_t)(1 - core->settings.self);
    if (core->roster.pending)
        add(ret, REASON_MEMBERS_PENDING, other, 0, MONO_NEVER);
    if (core->evidence.frozen)
        add(ret, REASON_IS_FROZEN, core->evidence.peer, 0, MONO_NEVER);
}

void candidacy_ask(const struct core *core, mono_ms now, struct obstacles *ret)
{
    ret->count = 0;
    if (!ask_phase(core, now, ret))
        return;
    ask_bound(core, now, ret);
    ask_merit(core, now, ret);
    ask_silence(core, now, ret);
    ask_roster(core, ret);
    if (pause_is_on(&core->pause, now) && !resumes(core, now))
        add(ret, REASON_IS_PAUSED, PEER_NONE, 0, core->pause.until);
    if (now < core->claim.abstain_until)
        add(ret, REASON_ABSTAINS, PEER_NONE, 0, core->claim.abstain_until);
    if (core->force.seen_from != PEER_NONE)
        add(ret, REASON_WAITS_FORCED, core->force.seen_from, core->force.seen_epoch, MONO_NEVER);
    mono_ms patient_until = core->voter.free_since + core->settings.lease_ms / 4;
    if (stall_is_repeated(&core->stall, now) && now < patient_until)
        add(ret, REASON_STALLS_OFTEN, PEER_NONE, 0, patient_until);
    ask_backers(core, now, ret);
}

void candidacy_ask_forced(const struct core *core, mono_ms now, struct obstacles *ret)
{
    uint8_t other = (uint8_t)(1 - core->settings.self);
    ret->count = 0;
    if (core->settings.self >= NODE_COUNT) {
        add(ret, REASON_NOT_A_NODE, PEER_NONE, 0, MONO_NEVER);
        return;
    }
    if (claim_holds(&core->claim, now))
        add(ret, REASON_IS_HOLDER, PEER_NONE, core->claim.held, MONO_NEVER);
    if (core->claim.leaving || core->stopping)
        add(ret, REASON_IS_LEAVING, PEER_NONE, core->claim.held, MONO_NEVER);
    ask_bound(core, now, ret);
    if (silence_holds(&core->silence) && core->silence.kind != SILENCE_RESTART)
        ask_silence(core, now, ret);
    if (echo_is_fresh(&core->echo, other, now, core->settings.lease_ms))
        add(ret, REASON_TARGET_ALIVE, other, 0, MONO_NEVER);
    if (core->voter.ledger.failing)
        add(ret, REASON_STORE_BROKEN, PEER_NONE, 0, MONO_NEVER);
}
