#include "proto/handover.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

static enum reason keeps(const struct rig *rig, uint8_t target)
{
    struct obstacles list;
    handover_ask(&rig->core, rig->now, target, &list);
    return list.count == 0 ? REASON_NONE : list.list[0].reason;
}

static enum reason dies(const struct rig *rig)
{
    struct obstacles list;
    handover_ask_survival(&rig->core, rig->now, &list);
    return list.count == 0 ? REASON_NONE : list.list[0].reason;
}

static void other_says(struct rig *rig, uint32_t flags)
{
    struct statement statement = peers_says(rig, 1);
    statement.flags = flags;
    peers_hear(rig, &statement);
}

TEST(a_target_is_the_other_node_fresh_fit_and_neither_mute_nor_in_maintenance)
{
    struct rig rig;
    elected_holder(&rig, 0);
    CHECK_EQ(keeps(&rig, 0), REASON_TARGET_SELF);
    CHECK_EQ(keeps(&rig, PEER_WITNESS), REASON_NOT_A_NODE);
    CHECK_EQ(keeps(&rig, 1), REASON_TARGET_SILENT);
    other_says(&rig, 0);
    CHECK_EQ(keeps(&rig, 1), REASON_TARGET_UNFIT);
    other_says(&rig, STATEMENT_FIT | STATEMENT_MAINTENANCE);
    CHECK_EQ(keeps(&rig, 1), REASON_TARGET_MAINTENANCE);
    other_says(&rig, STATEMENT_FIT | STATEMENT_SILENT);
    CHECK_EQ(keeps(&rig, 1), REASON_TARGET_MUTE);
    other_says(&rig, STATEMENT_FIT);
    CHECK_EQ(keeps(&rig, 1), REASON_NONE);
}

/* Rule N8: moving would help nobody. */
TEST(an_unfit_holder_keeps_holding_without_a_fit_standby)
{
    struct rig rig;
    elected_holder(&rig, 0);
    elected_renew(&rig, 60000);
    other_says(&rig, 0);
    peers_fit(&rig, false);
    CHECK_EQ(handover_due(&rig.core, rig.now), REASON_NONE);
    CHECK(!rig.core.claim.leaving);
    other_says(&rig, STATEMENT_FIT);
    CHECK(rig.core.claim.leaving);
    CHECK_EQ(rig.noted[REASON_LEAVING_UNFIT], 1);
}

/* Rule N9. */
TEST(an_unfit_holder_stays_for_min_hold_first)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_fit(&rig, false);
    elected_renew(&rig, 59750);
    CHECK(!rig.core.claim.leaving);
    elected_renew(&rig, 500);
    CHECK(rig.core.claim.leaving);
}

TEST(there_is_no_failback_unless_it_is_configured)
{
    struct rig rig;
    elected_holder(&rig, 0);
    elected_renew(&rig, 3600000);
    CHECK(claim_holds(&rig.core.claim, rig.now));
    CHECK(!rig.core.claim.leaving);
}

TEST(failback_waits_until_the_preferred_node_was_fit_for_long_without_a_break)
{
    struct core_settings settings = peers_settings(0);
    struct rig rig;
    elected_holder(&rig, 0);
    settings.prefer = 1;
    settings.failback_after_ms = 10000;
    rig.core.settings = settings;
    elected_renew(&rig, 6000);
    other_says(&rig, 0); /* a break */
    elected_renew(&rig, 9750);
    CHECK(!rig.core.claim.leaving);
    elected_renew(&rig, 750);
    CHECK(rig.core.claim.leaving);
    CHECK_EQ(rig.noted[REASON_LEAVING_PREFERRED], 1);
}

TEST(a_pause_keeps_the_roles)
{
    struct rig rig;
    elected_holder(&rig, 0);
    elected_renew(&rig, 61000);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    peers_fit(&rig, false);
    elected_renew(&rig, 5000);
    CHECK(claim_holds(&rig.core.claim, rig.now));
    CHECK(!rig.core.claim.leaving);
}

TEST(a_crash_is_survived_only_with_a_ready_standby_and_a_living_witness)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK_EQ(dies(&rig), REASON_NO_HOLDER);
    elected_holder(&rig, 0);
    CHECK_EQ(dies(&rig), REASON_TARGET_SILENT);
    other_says(&rig, STATEMENT_FIT);
    CHECK_EQ(dies(&rig), REASON_NONE);
    for (int i = 0; i < 20; i++) { /* the witness goes; the other node still backs */
        peers_wake(&rig, 250);
        peers_back(&rig, 1, 102, 0);
    }
    CHECK(claim_holds(&rig.core.claim, rig.now));
    CHECK_EQ(dies(&rig), REASON_NO_SPARE);
}

/* The successor is the node that is asked: what it says of itself counts. */
TEST(a_standby_knows_whether_it_would_take_over)
{
    struct rig rig;
    elected_quiet(&rig, 1, 100);
    struct statement holder = peers_says(&rig, 0);
    holder.claim = holder.seen_epoch = 102;
    holder.flags |= STATEMENT_HOLDING;
    peers_hear(&rig, &holder);
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(dies(&rig), REASON_NONE);
    rig.core.merit.fit = false;
    CHECK_EQ(dies(&rig), REASON_TARGET_UNFIT);
    rig.core.merit.fit = true;
    rig.core.merit.maintenance_until = rig.now + 1;
    CHECK_EQ(dies(&rig), REASON_TARGET_MAINTENANCE);
    rig.core.merit.maintenance_until = MONO_LONG_AGO;
    rig.core.silence.kind = SILENCE_RESTART;
    CHECK_EQ(dies(&rig), REASON_TARGET_MUTE);
    rig.core.silence.kind = SILENCE_NONE;
    rig.core.roster.pending = true;
    struct obstacles list;
    handover_ask_survival(&rig.core, rig.now, &list);
    CHECK_EQ(list.count, 1);
    CHECK_EQ(list.list[0].reason, REASON_MEMBERS_PENDING);
    CHECK_EQ(list.list[0].peer, 0);
    rig.core.roster.pending = false;
    rig.core.voter.ledger.failing = true;
    CHECK_EQ(dies(&rig), REASON_STORE_BROKEN);
    rig.core.voter.ledger.failing = false;
    rig.core.evidence.frozen = true;
    CHECK_EQ(dies(&rig), REASON_IS_FROZEN);
}

TEST(the_successor_is_the_other_one_of_the_holder)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    CHECK_EQ(dies(&rig), REASON_NO_HOLDER);
    struct statement holder = peers_says(&rig, 0);
    holder.claim = holder.seen_epoch = 102;
    holder.flags = STATEMENT_HOLDING;
    peers_hear(&rig, &holder);
    CHECK_EQ(dies(&rig), REASON_TARGET_SILENT); /* server2 was never heard */
    other_says(&rig, STATEMENT_FIT);
    CHECK_EQ(dies(&rig), REASON_NONE);
    peers_pass(&rig, LEASE);
    CHECK_EQ(dies(&rig), REASON_NO_HOLDER); /* not heard for a lease: it may hold no more */
    elected_quiet(&rig, PEER_WITNESS, 100);
    holder = peers_says(&rig, 1);
    holder.claim = holder.seen_epoch = 103;
    holder.flags = STATEMENT_HOLDING | STATEMENT_FIT;
    peers_hear(&rig, &holder);
    CHECK_EQ(dies(&rig), REASON_TARGET_SILENT);
    peers_ping(&rig, 0);
    CHECK_EQ(dies(&rig), REASON_NONE);
}

TEST(a_standby_alone_with_a_silent_witness_is_told)
{
    struct rig rig;
    elected_holder(&rig, 0);
    other_says(&rig, STATEMENT_FIT);
    struct statement witness = peers_backs(&rig, PEER_WITNESS, 102, 0);
    witness.flags = STATEMENT_SILENT;
    peers_hear(&rig, &witness);
    CHECK_EQ(dies(&rig), REASON_BACKER_SILENT);
}

TEST(a_target_that_is_refused_gives_one_reason_only)
{
    struct rig rig;
    struct obstacles list;
    elected_holder(&rig, 0);
    handover_ask(&rig.core, rig.now, PEER_WITNESS, &list);
    CHECK_EQ(list.count, 1);
    CHECK_EQ(list.list[0].epoch, 0);
    handover_ask(&rig.core, rig.now, 0, &list);
    CHECK_EQ(list.count, 1);
    handover_ask(&rig.core, rig.now, 1, &list);
    CHECK_EQ(list.count, 1);
}

/* Rule N7: the standby's word must be young, as a claim must. */
TEST(nothing_is_handed_over_by_itself_to_a_standby_heard_half_a_lease_ago)
{
    struct rig rig;
    elected_holder(&rig, 0);
    elected_renew(&rig, 60000);
    rig.core.settings.min_hold_ms = 0;
    rig.core.claim.backed_until = rig.now + 2 * LEASE;
    other_says(&rig, STATEMENT_FIT);
    peers_pass(&rig, LEASE / 2);
    peers_fit(&rig, false);
    CHECK_EQ(keeps(&rig, 1), REASON_NONE);
    CHECK_EQ(handover_due(&rig.core, rig.now), REASON_NONE);
    CHECK(!rig.core.claim.leaving);
    other_says(&rig, STATEMENT_FIT);
    CHECK(rig.core.claim.leaving);
}

/* Rule N10, V9: it says itself that it could not claim. */
TEST(a_target_that_is_held_back_is_none)
{
    struct rig rig;
    elected_holder(&rig, 0);
    other_says(&rig, STATEMENT_FIT | STATEMENT_HELD_BACK);
    CHECK_EQ(keeps(&rig, 1), REASON_TARGET_HELD_BACK);
    CHECK_EQ(dies(&rig), REASON_TARGET_HELD_BACK);
}

/* Rule V9. */
TEST(nothing_moves_by_itself_after_proof_of_a_lie)
{
    struct rig rig;
    elected_holder(&rig, 0);
    elected_renew(&rig, 61000);
    rig.core.evidence.frozen = true;
    peers_fit(&rig, false);
    CHECK(!rig.core.claim.leaving);
    rig.core.evidence.frozen = false;
    peers_wake(&rig, 1);
    CHECK(rig.core.claim.leaving);
}

TEST(a_holder_whose_health_has_not_spoken_is_not_unfit)
{
    struct rig rig;
    elected_holder(&rig, 0);
    elected_renew(&rig, 61000);
    rig.core.merit.known = rig.core.merit.fit = false;
    peers_wake(&rig, 1);
    CHECK(!rig.core.claim.leaving);
    peers_fit(&rig, false);
    CHECK(rig.core.claim.leaving);
}

/* Rule N9: the time is counted from both sides. */
TEST(failback_waits_until_the_holder_held_for_long_too)
{
    struct rig rig;
    elected_holder(&rig, 0);
    rig.core.settings.prefer = 1;
    rig.core.settings.failback_after_ms = 10000;
    rig.core.merit.other_fit_since = rig.now - 60000;
    rig.core.merit.other_fit_at = rig.now;
    span_ms held = 0;
    for (; held < 9750; held += 250)
        elected_renew(&rig, 250);
    CHECK_EQ(rig.now - rig.core.claim.since, 9750);
    CHECK(!rig.core.claim.leaving);
    elected_renew(&rig, 250);
    CHECK(rig.core.claim.leaving);
    CHECK_EQ(rig.core.leave_reason, REASON_LEAVING_PREFERRED);
}

TEST(a_pause_and_a_held_back_witness_are_in_the_way_of_a_takeover)
{
    struct rig rig;
    struct obstacles list;
    elected_holder(&rig, 0);
    other_says(&rig, STATEMENT_FIT);
    struct statement witness = peers_backs(&rig, PEER_WITNESS, 102, 0);
    witness.flags = STATEMENT_HELD_BACK;
    peers_hear(&rig, &witness);
    CHECK_EQ(dies(&rig), REASON_BACKER_HELD_BACK);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(dies(&rig), REASON_NONE);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    handover_ask_survival(&rig.core, rig.now, &list);
    CHECK_EQ(list.count, 1);
    CHECK_EQ(list.list[0].reason, REASON_IS_PAUSED);
    CHECK_EQ(list.list[0].until, rig.now + 60000);
}

/* It backs, but could promise nobody anew. */
TEST(a_witness_with_a_broken_disk_says_so_itself)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    struct statement holder = peers_says(&rig, 0);
    holder.claim = holder.seen_epoch = 102;
    holder.flags = STATEMENT_HOLDING | STATEMENT_FIT;
    peers_hear(&rig, &holder);
    other_says(&rig, STATEMENT_FIT);
    CHECK_EQ(dies(&rig), REASON_NONE);
    peers_disk(&rig, false);
    CHECK_EQ(dies(&rig), REASON_STORE_BROKEN);
    peers_wake(&rig, 500);
    CHECK((rig.said.flags & STATEMENT_HELD_BACK) != 0);
}

/* Maintenance with --anyway, ordered while nobody could take over. */
TEST(a_holder_in_maintenance_hands_over_as_soon_as_somebody_can)
{
    struct rig rig;
    elected_holder(&rig, 0);
    other_says(&rig, 0);
    struct event order = {.kind = EVENT_ORDER};
    order.order.order = ORDER_MAINTENANCE;
    order.order.span_ms = 3600000;
    order.order.anyway = true;
    peers_step(&rig, order);
    CHECK(merit_in_maintenance(&rig.core.merit, rig.now));
    CHECK(!rig.core.claim.leaving); /* server2 is not fit: goes on holding */
    CHECK_EQ(handover_due(&rig.core, rig.now), REASON_NONE);
    other_says(&rig, STATEMENT_FIT);
    CHECK(rig.core.claim.leaving);
    CHECK_EQ(rig.noted[REASON_LEAVING], 1);
}

TEST(a_node_that_acts_by_force_has_no_successor)
{
    struct rig rig;
    struct obstacles list;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    peers_written(&rig);
    handover_ask_survival(&rig.core, rig.now, &list);
    CHECK_EQ(list.count, 1);
    CHECK_EQ(list.list[0].reason, REASON_ACTS_FORCED);
    CHECK_EQ(list.list[0].peer, 0);
}

TEST(the_second_node_hands_over_to_the_first_as_well)
{
    struct rig rig;
    elected_holder(&rig, 1);
    CHECK_EQ(dies(&rig), REASON_TARGET_SILENT);
    elected_renew(&rig, 61000);
    CHECK_EQ(dies(&rig), REASON_NONE);
    peers_fit(&rig, false);
    CHECK(rig.core.claim.leaving);
    CHECK_EQ(rig.core.leave_reason, REASON_LEAVING_UNFIT);
}

TEST(failback_comes_at_the_end_of_its_time)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    rig.core.settings.prefer = 1;
    rig.core.settings.failback_after_ms = 10000;
    rig.core.claim.since = rig.now - 60000;
    rig.core.merit.other_fit_since = rig.now - 9999;
    CHECK_EQ(handover_due(&rig.core, rig.now), REASON_NONE);
    rig.core.merit.other_fit_since = rig.now - 10000;
    CHECK_EQ(handover_due(&rig.core, rig.now), REASON_LEAVING_PREFERRED);
    rig.core.settings.prefer = 0;
    CHECK_EQ(handover_due(&rig.core, rig.now), REASON_NONE);
    rig.core.settings.prefer = PEER_NONE;
    CHECK_EQ(handover_due(&rig.core, rig.now), REASON_NONE);
}

CHECK_MAIN
