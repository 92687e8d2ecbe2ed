#include "speech.h"

#include <string.h>

#include "silence.h"

/* Something of my own keeps me from claiming, or a witness from backing anybody new. */
static bool is_held_back(const struct core *core)
{
    bool node = core->settings.self < NODE_COUNT;
    return core->evidence.frozen || core->voter.ledger.failing ||
           (node && (core->roster.pending || core->force.seen_from != PEER_NONE));
}

static uint32_t flags_now(const struct core *core, mono_ms now)
{
    uint32_t flags = 0;
    if (claim_holds(&core->claim, now))
        flags |= STATEMENT_HOLDING;
    if (core->merit.fit)
        flags |= STATEMENT_FIT;
    if (silence_holds(&core->silence))
        flags |= STATEMENT_SILENT;
    if (merit_in_maintenance(&core->merit, now))
        flags |= STATEMENT_MAINTENANCE;
    if (core->force.on && core->claim.phase == CLAIM_CLAIMING)
        flags |= STATEMENT_FORCED;
    if (pause_is_on(&core->pause, now))
        flags |= STATEMENT_PAUSED;
    if (core->claim.leaving || (core->claim.closed && now < core->claim.abstain_until))
        flags |= STATEMENT_LEAVING;
    if (is_held_back(core))
        flags |= STATEMENT_HELD_BACK;
    return flags;
}

static void say_heard(const struct core *core, mono_ms now, struct statement *said)
{
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        const struct echo_peer *known = &core->echo.peers[peer];
        if (peer == core->settings.self)
            continue;
        said->heard[peer] = known->accepted;
        said->greet[peer] = known->greets[known->greet_newest];
        span_ms age = now - known->accepted_at;
        said->heard_age_ms[peer] = age < LEASE_MS_MAX ? (uint32_t)age : LEASE_MS_MAX;
    }
}

static void compose(struct core *core, mono_ms now, struct statement *said)
{
    memset(said, 0, sizeof *said);
    said->from = core->settings.self;
    said->mark = echo_sent(&core->echo, now);
    say_heard(core, now, said);
    said->seen_epoch = core->numbers.seen;
    said->claim = core->claim.epoch;
    said->released = core->claim.released;
    said->lease_ms = (uint32_t)core->settings.lease_ms;
    said->drift_ppm = core->settings.drift_ppm;
    said->promise = voter_says(&core->voter, now);
    said->pause = pause_says(&core->pause, now);
    said->flags = flags_now(core, now);
    said->unfit_mask = core->merit.unfit_mask;
    said->settings_hash = core->settings.settings_hash;
    said->members_hash = core->settings.members_hash;
    said->wall_s = core->wall_s;
    memcpy(said->version, core->settings.version, VERSION_SIZE);
}

static void relay_to(struct core *core, uint8_t to, mono_ms now, struct outcome *outcome)
{
    uint8_t author = (uint8_t)(PEER_COUNT - core->settings.self - to);
    struct relay_question question = {.to = to,
                                      .author = author,
                                      .interval_ms = core->settings.interval_ms,
                                      .lease_ms = core->settings.lease_ms};
    if (core->last[to].mark.boot == 0)
        return;
    if (relay_wanted(&core->relay, &question, &core->last[to].heard[author], now))
        outcome_act(outcome, (struct action){.kind = ACTION_RELAY, .to = to, .author = author});
}

static void speak(struct core *core, mono_ms now, struct outcome *outcome)
{
    core->last_spoke = now;
    compose(core, now, &outcome->statement);
    for (uint8_t to = 0; to < PEER_COUNT; to++) {
        if (to == core->settings.self)
            continue;
        outcome_act(outcome, (struct action){.kind = ACTION_SEND, .to = to});
        relay_to(core, to, now, outcome);
    }
}

/* A peer's statement has just come, and my own tick is due soon: who is awake speaks at once, and
 * sleeps longer before the next one. Peers that speak close together are woken less often. Who
 * backs a holder waits for the holder's word: the answer is then young, whoever began. */
static bool may_join(const struct core *core, mono_ms now)
{
    uint8_t bound_to = voter_bound_to(&core->voter, now);
    if (now < core->join_from || now - core->last_spoke < PROMPT_GAP_MS)
        return false;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        if (core->pulse[peer].direct_at == now &&
            (bound_to == peer || bound_to == core->settings.self || bound_to == PEER_NONE))
            return true;
    return false;
}

/* By itself a tenth later at the most, beside another peer a tenth earlier at the most. */
static void plan_tick(struct core *core, mono_ms now)
{
    const struct core_settings *settings = &core->settings;
    span_ms range = settings->interval_ms * (span_ms)settings->jitter_ppt / 1000;
    core->next_tick = now + settings->interval_ms + prng_up_to(&core->prng, range);
    core->join_from = now + settings->interval_ms - range;
}

void speech_step(struct core *core, mono_ms now, struct outcome *outcome)
{
    mono_ms earliest = core->last_spoke + PROMPT_GAP_MS;
    if (outcome->prompt && core->prompt_at == MONO_NEVER)
        core->prompt_at = now > earliest ? now : earliest;
    bool tick = now >= core->next_tick || may_join(core, now);
    if (!tick && now < core->prompt_at)
        return;
    if (tick)
        plan_tick(core, now);
    speak(core, now, outcome);
    core->prompt_at = MONO_NEVER;
    if (core->repeats_left == 0)
        return;
    core->repeats_left--;
    core->prompt_at = now + PROMPT_GAP_MS;
}
