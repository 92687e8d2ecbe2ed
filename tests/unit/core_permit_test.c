/* Acting under a lease: when an outside effect may start, and how long it may go on. */
#include "proto/core.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

static enum reason refusal(const struct rig *rig, mono_ms now)
{
    struct permit permit;
    enum reason reason;
    return core_permit(&rig->core, now, 1000, &permit, &reason) ? REASON_NONE : reason;
}

static struct permit given(struct rig *rig, span_ms need_ms)
{
    struct permit permit = {0};
    enum reason reason;
    CHECK(core_permit(&rig->core, rig->now, need_ms, &permit, &reason));
    return permit;
}

TEST(only_a_holder_gets_a_permit)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    CHECK_EQ(refusal(&rig, rig.now), REASON_NOT_HOLDER);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(refusal(&rig, rig.now), REASON_NONE);
    struct permit permit = given(&rig, 700);
    CHECK_EQ(permit.epoch, 102);
    CHECK_EQ(permit.until, rig.now + 700);
    CHECK_EQ(given(&rig, 99999).until, rig.now + PERMIT_NEED_MS_MAX);
}

/* The answered statement was sent less than min(max(2 x interval, 1 s), lease/2) ago. */
TEST(a_permit_needs_a_fresh_proof)
{
    struct rig rig;
    elected_holder(&rig, 0);
    mono_ms proof = claim_proof_sent(&rig.core.claim);
    CHECK_EQ(refusal(&rig, proof + 999), REASON_NONE);
    CHECK_EQ(refusal(&rig, proof + 1000), REASON_PROOF_OLD);
}

/* Broken variant: permit without fresh proof across a freeze. */
TEST(a_permit_after_a_stall_needs_a_proof_from_after_it)
{
    struct core_settings settings = peers_settings(0);
    struct rig rig;
    elected_holder(&rig, 0);
    settings.lease_ms = 3000; /* a stall of 750 ms is shorter than the age of a proof, 1 s */
    settings.interval_ms = 500;
    rig.core.settings = settings;
    CHECK_EQ(refusal(&rig, rig.now), REASON_NONE);
    struct permit before = given(&rig, 5000);
    CHECK_EQ(refusal(&rig, rig.now + 760), REASON_PROOF_OLD); /* no step has noticed it yet */
    CHECK(!core_permit_holds(&rig.core, rig.now + 760, &before));
    struct mark old = rig.core.echo.self;
    peers_wake(&rig, 760);
    CHECK_EQ(rig.noted[REASON_STALL], 1);
    CHECK_EQ(refusal(&rig, rig.now), REASON_PROOF_OLD);
    CHECK(!core_permit_holds(&rig.core, rig.now, &before));
    struct statement late = peers_backs(&rig, PEER_WITNESS, 102, 0);
    late.promise.answers = old; /* answers what was said before the freeze */
    peers_hear(&rig, &late);
    CHECK_EQ(refusal(&rig, rig.now), REASON_PROOF_OLD);
    peers_pass(&rig, 500);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(refusal(&rig, rig.now), REASON_NONE);
}

/* Broken variant: effect after lease end. */
TEST(a_permit_holds_only_while_the_lease_of_its_epoch_goes_on)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct permit permit = given(&rig, 10000);
    mono_ms lead = rig.core.claim.backed_until - 500;
    while (rig.now < lead - 250)
        peers_wake(&rig, 250);
    CHECK(core_permit_holds(&rig.core, lead - 1, &permit));
    CHECK(!core_permit_holds(&rig.core, lead, &permit)); /* demotion begins */
    CHECK(!core_permit_holds(&rig.core, lead + 500, &permit));
    peers_back(&rig, PEER_WITNESS, 102, 0); /* a renewal: the request may go on */
    CHECK(core_permit_holds(&rig.core, lead, &permit));
}

TEST(a_permit_ends_with_its_own_time)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct permit permit = given(&rig, 300);
    CHECK(core_permit_holds(&rig.core, rig.now + 299, &permit));
    CHECK(!core_permit_holds(&rig.core, rig.now + 300, &permit));
}

TEST(a_permit_of_an_older_number_or_life_is_void)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct permit permit = given(&rig, 10000);
    struct permit other = permit;
    other.boot++;
    CHECK(!core_permit_holds(&rig.core, rig.now, &other));
    peers_step(&rig, (struct event){.kind = EVENT_FENCE, .fence = {501}});
    peers_written(&rig);
    CHECK(core_permit_holds(&rig.core, rig.now, &permit));
    peers_wake(&rig, 50);
    peers_back(&rig, PEER_WITNESS, 502, 0);
    CHECK(!core_permit_holds(&rig.core, rig.now, &permit));
    CHECK_EQ(given(&rig, 100).epoch, 502);
}

TEST(no_permit_with_less_than_200_ms_or_in_the_demotion_lead)
{
    struct rig rig;
    elected_holder(&rig, 0);
    rig.core.settings.demote_lead_ms = 0;
    for (int i = 0; i < 200; i++) { /* the proof is younger than the rest of the lease is short */
        rig.core.claim.grants[PEER_WITNESS].sent = rig.now;
        rig.core.claim.backed_until = rig.now + 300 - i;
        CHECK_EQ(refusal(&rig, rig.now), i <= 100 ? REASON_NONE : REASON_LEASE_SHORT);
    }
    rig.core.settings.demote_lead_ms = 500;
    rig.core.claim.backed_until = rig.now + 500;
    CHECK_EQ(refusal(&rig, rig.now), REASON_LEASE_SHORT);
    rig.core.claim.backed_until = rig.now + 501;
    CHECK_EQ(refusal(&rig, rig.now), REASON_NONE);
}

TEST(leaving_and_a_pause_end_every_permit)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    struct permit permit = given(&rig, 10000);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 1000);
    CHECK_EQ(refusal(&rig, rig.now), REASON_IS_PAUSED);
    CHECK(!core_permit_holds(&rig.core, rig.now, &permit));
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 0);
    CHECK(core_permit_holds(&rig.core, rig.now, &permit));
    peers_order(&rig, ORDER_HANDOVER, 1, 0);
    CHECK_EQ(refusal(&rig, rig.now), REASON_IS_LEAVING);
    CHECK(!core_permit_holds(&rig.core, rig.now, &permit));
}

TEST(a_lapsed_lease_gives_no_permit_even_before_a_step_noticed)
{
    struct rig rig;
    elected_holder(&rig, 0);
    CHECK_EQ(refusal(&rig, rig.core.claim.backed_until), REASON_NOT_HOLDER);
}

TEST(a_permit_of_nobody_is_void_for_a_node_that_holds_nothing)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    struct permit permit = {
        .epoch = 0, .boot = rig.core.settings.boot, .given = rig.now, .until = rig.now + 1000};
    CHECK(!core_permit_holds(&rig.core, rig.now, &permit));
}

TEST(a_request_of_no_length_ends_at_once)
{
    struct rig rig;
    elected_holder(&rig, 0);
    CHECK_EQ(given(&rig, 0).until, rig.now);
    CHECK_EQ(given(&rig, -5).until, rig.now);
    CHECK_EQ(given(&rig, 1).until, rig.now + 1);
}

TEST(a_stall_begins_where_a_step_would_call_it_one)
{
    struct core_settings settings = peers_settings(0);
    struct rig rig;
    elected_holder(&rig, 0);
    settings.lease_ms = 3000; /* a stall is longer than 750 ms */
    rig.core.settings = settings;
    CHECK_EQ(refusal(&rig, rig.now + 750), REASON_NONE);
    CHECK_EQ(refusal(&rig, rig.now + 751), REASON_PROOF_OLD);
}

/* What was said in the very millisecond in which a stall ended may have been said before it. */
TEST(a_proof_from_the_instant_of_a_stall_is_none)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct permit permit = given(&rig, 5000);
    mono_ms proof = claim_proof_sent(&rig.core.claim);
    rig.core.stall.last_end = proof;
    CHECK_EQ(refusal(&rig, rig.now), REASON_PROOF_OLD);
    rig.core.stall.last_end = proof - 1;
    CHECK_EQ(refusal(&rig, rig.now), REASON_NONE);
    rig.core.stall.last_end = permit.given;
    CHECK(!core_permit_holds(&rig.core, rig.now, &permit));
    rig.core.stall.last_end = permit.given - 1;
    CHECK(core_permit_holds(&rig.core, rig.now, &permit));
}

CHECK_MAIN
