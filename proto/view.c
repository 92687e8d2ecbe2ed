#include "view.h"

#include <string.h>

#include "candidacy.h"
#include "handover.h"
#include "standing.h"

/* A peer may name any instant at all: 2^62 s are as good as whatever lies beyond. */
static int64_t skew_of(int64_t theirs, int64_t mine)
{
    const int64_t far = INT64_MAX / 2;
    int64_t bounded = theirs > far ? far : theirs < -far ? -far : theirs;
    return bounded - mine;
}

static void see_peer(const struct core *core, mono_ms now, uint8_t peer, struct peer_view *ret)
{
    const struct statement *said = &core->last[peer];
    const struct pulse *pulse = &core->pulse[peer];
    ret->peer = peer;
    ret->promised_to = PEER_NONE;
    ret->age_ms = ret->rtt_ms = ret->jitter_ms = -1;
    ret->state = PULSE_SILENT;
    if (said->mark.boot == 0)
        return;
    ret->ever_heard = true;
    ret->state = pulse_state(pulse, now, echo_age(&core->echo, peer, now),
                             core->settings.interval_ms, core->settings.lease_ms);
    ret->age_ms = now - pulse->heard_at;
    ret->rtt_ms = pulse->rtt_ms;
    ret->jitter_ms = pulse->rtt_ms < 0 ? -1 : pulse_jitter(pulse);
    ret->loss_ppt = pulse_loss_ppt(pulse);
    ret->relayed = core->via[peer] != peer;
    ret->epoch = said->claim != 0 ? said->claim : said->promise.epoch;
    ret->promised_to = said->promise.holder;
    ret->flags = said->flags;
    ret->lease_ms = said->lease_ms;
    ret->unfit_mask = said->unfit_mask;
    ret->members_differ = said->members_hash != core->settings.members_hash;
    ret->settings_differ = said->settings_hash != core->settings.settings_hash;
    ret->two_processes = core->echo.peers[peer].swaps > BOOT_SWAP_ALARM;
    int64_t my_wall_then = core->wall_s - (now - pulse->heard_at) / 1000;
    ret->wall_skew_s = skew_of(said->wall_s, my_wall_then);
    memcpy(ret->version, said->version, VERSION_SIZE);
}

/* Peers that back the holder in force, or that could back one: fresh and not silent. */
static uint32_t count_quorum(const struct core *core, mono_ms now, uint8_t holder)
{
    uint32_t count = silence_holds(&core->silence) && holder != core->settings.self ? 0 : 1;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        const struct statement *said = &core->last[peer];
        if (peer == core->settings.self ||
            !echo_is_fresh(&core->echo, peer, now, core->settings.lease_ms))
            continue;
        bool backs = said->promise.epoch != 0 && said->promise.holder == holder;
        if (backs || (holder == PEER_NONE && (said->flags & STATEMENT_SILENT) == 0))
            count++;
    }
    return count;
}

static bool somebody_claims(const struct core *core, mono_ms now)
{
    if (core->claim.phase != CLAIM_NONE)
        return true;
    for (uint8_t node = 0; node < NODE_COUNT; node++)
        if (node != core->settings.self && core->last[node].claim != 0 &&
            echo_is_fresh(&core->echo, node, now, core->settings.lease_ms))
            return true;
    return false;
}

static void see_holder(const struct core *core, mono_ms now, struct view *ret)
{
    ret->holder = standing_holder(core, now);
    if (ret->holder == PEER_NONE)
        ret->holder = standing_forced(core, now);
    if (ret->holder != PEER_NONE)
        ret->contact = CONTACT_HELD;
    else
        ret->contact = somebody_claims(core, now) ? CONTACT_ELECTING : CONTACT_NONE;
    ret->lease_left_ms = -1;
    if (claim_holds(&core->claim, now)) {
        ret->epoch = core->claim.held;
        ret->lease_left_ms = core->claim.backed_until - now;
    } else if (ret->holder != PEER_NONE && ret->holder != core->settings.self) {
        const struct statement *said = &core->last[ret->holder];
        ret->epoch = said->claim;
        mono_ms until = voter_bound_until(&core->voter, now);
        if (voter_bound_to(&core->voter, now) == ret->holder)
            ret->lease_left_ms = until - now;
    }
    ret->quorum = count_quorum(core, now, ret->holder);
}

static void see_self(const struct core *core, mono_ms now, struct view *ret)
{
    struct standing_report report = standing_now(core, now);
    ret->standing = report.standing;
    ret->since = report.since;
    ret->holds_until = report.holds_until;
    ret->leaving = report.leaving;
    ret->fit = core->merit.fit;
    ret->silent = silence_holds(&core->silence);
    ret->forced = report.standing == STANDING_FORCED;
    ret->maintenance_until =
        merit_in_maintenance(&core->merit, now) ? core->merit.maintenance_until : MONO_LONG_AGO;
    ret->paused_until = pause_is_on(&core->pause, now) ? core->pause.until : MONO_LONG_AGO;
    ret->frozen = core->evidence.frozen;
    ret->members_pending = core->roster.pending;
    ret->stalls = core->stall.count;
    ret->stall_ms_max = core->stall.longest_ms;
    ret->seen_epoch = core->numbers.seen;
    ret->floor = core->voter.floor;
    ret->store_failing = core->voter.ledger.failing;
    if (ret->forced)
        ret->epoch = report.epoch;
}

void view_make(const struct core *core, mono_ms now, struct view *ret)
{
    struct obstacles obstacles = {.count = 0};
    memset(ret, 0, sizeof *ret);
    ret->self = core->settings.self;
    ret->now = now;
    see_holder(core, now, ret);
    see_self(core, now, ret);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        if (peer != core->settings.self)
            see_peer(core, now, peer, &ret->peers[peer]);
    candidacy_ask(core, now, &obstacles);
    memcpy(ret->claim_obstacles, obstacles.list, sizeof obstacles.list);
    ret->claim_obstacle_count = obstacles.count;
    handover_ask_survival(core, now, &obstacles);
    memcpy(ret->survive_obstacles, obstacles.list, sizeof obstacles.list);
    ret->survive_obstacle_count = obstacles.count;
    ret->crash_survivable = obstacles.count == 0;
}
