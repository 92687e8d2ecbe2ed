#include "proto/wake.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

/* The instant in the ACTION_WAKE of the last step. */
static mono_ms wish(const struct rig *rig)
{
    for (size_t i = 0; i < rig->out.action_count; i++)
        if (rig->out.actions[i].kind == ACTION_WAKE)
            return rig->out.actions[i].at;
    return MONO_LONG_AGO;
}

TEST(an_idle_peer_sleeps_until_its_next_statement)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_wake(&rig, 1);
    CHECK_EQ(wish(&rig), rig.core.next_tick);
    CHECK_EQ(wake_plan(&rig.core, rig.now), rig.core.next_tick);
}

TEST(every_step_says_when_to_come_again_and_never_in_the_past)
{
    struct rig rig;
    elected_holder(&rig, 0);
    for (int i = 0; i < 2000; i++) {
        CHECK(wish(&rig) >= rig.now);
        rig.now = wish(&rig);
        peers_step(&rig, (struct event){.kind = EVENT_WAKE});
    }
}

TEST(the_end_of_the_own_lease_is_planned_to_the_millisecond)
{
    struct rig rig;
    elected_holder(&rig, 0);
    mono_ms until = rig.core.claim.backed_until;
    while (wish(&rig) < until) {
        rig.now = wish(&rig);
        peers_step(&rig, (struct event){.kind = EVENT_WAKE});
    }
    CHECK_EQ(wish(&rig), until);
}

TEST(the_end_of_a_promise_is_planned)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_wake(&rig, 33);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    mono_ms until = rig.core.voter.promise.until;
    while (wish(&rig) < until) {
        rig.now = wish(&rig);
        peers_step(&rig, (struct event){.kind = EVENT_WAKE});
    }
    CHECK_EQ(wish(&rig), until);
}

TEST(a_waiting_prompt_and_a_retry_of_the_disk_are_planned)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.core.merit.other_fit_at = rig.now;
    peers_wake(&rig, 100);
    peers_fit(&rig, false);
    peers_wake(&rig, 10);
    peers_fit(&rig, true);
    CHECK_EQ(wish(&rig), rig.now + 40);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    peers_pass(&rig, 100);
    peers_disk(&rig, false);
    peers_wake(&rig, 60);
    CHECK(wish(&rig) <= rig.core.voter.ledger.retry_at);
}

/* When would it wake, were this instant that one? */
static mono_ms plan_with(const struct rig *rig, mono_ms *instant, mono_ms at)
{
    *instant = at;
    return wake_plan(&rig->core, rig->now);
}

/* Each instant at which time alone changes something, planned to the millisecond. */
TEST(whatever_ends_by_itself_is_planned)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    mono_ms soon = rig.now + 33;
    rig.core.next_tick = rig.now + 500;
    CHECK_EQ(wake_plan(&rig.core, rig.now), rig.now + 500);
    mono_ms *const instants[] = {
        &rig.core.prompt_at,           &rig.core.voter.promise.until,
        &rig.core.voter.ledger.retry_at, &rig.core.claim.backed_until,
        &rig.core.claim.abstain_until, &rig.core.pause.until,
        &rig.core.merit.maintenance_until, &rig.core.force.until};
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        mono_ms before = *instants[i];
        CHECK_EQ(plan_with(&rig, instants[i], soon), soon);
        /* over: settled, or to be settled by the tick */
        CHECK_EQ(plan_with(&rig, instants[i], rig.now - 1), rig.now + 500);
        *instants[i] = before;
    }
    rig.core.silence.kind = SILENCE_RESTART;
    rig.core.silence.started = soon - LEASE;
    rig.core.silence.lease_max_ms = LEASE;
    CHECK_EQ(wake_plan(&rig.core, rig.now), soon);
    rig.core.next_tick = rig.now - 5;
    CHECK_EQ(wake_plan(&rig.core, rig.now), rig.now);
}

CHECK_MAIN
