#include "proto/candidacy.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

/* When `reason` keeps the core from claiming now: true. */
static bool stops(const struct rig *rig, enum reason reason)
{
    struct obstacles list;
    candidacy_ask(&rig->core, rig->now, &list);
    for (size_t i = 0; i < list.count; i++)
        if (list.list[i].reason == reason)
            return true;
    return false;
}

/* What candidacy (or the forced one) says of `reason`; .reason NONE when it does not. */
static struct obstacle told(const struct rig *rig, enum reason reason, bool forced)
{
    struct obstacles list;
    if (forced)
        candidacy_ask_forced(&rig->core, rig->now, &list);
    else
        candidacy_ask(&rig->core, rig->now, &list);
    for (size_t i = 0; i < list.count; i++)
        if (list.list[i].reason == reason)
            return list.list[i];
    return (struct obstacle){.reason = REASON_NONE};
}

static bool claims(const struct rig *rig)
{
    return rig->core.claim.phase == CLAIM_STORING;
}

/* Broken variant: witness claims. */
TEST(a_witness_never_claims)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_fit(&rig, true);
    peers_ping(&rig, 0);
    peers_ping(&rig, 1);
    CHECK(stops(&rig, REASON_NOT_A_NODE));
    CHECK_EQ(rig.writes, 0);
}

TEST(a_fit_node_with_a_free_witness_claims_the_lowest_number_of_its_parity)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK(stops(&rig, REASON_NO_BACKER));
    peers_ping(&rig, PEER_WITNESS);
    CHECK(claims(&rig));
    CHECK_EQ(rig.stored.epoch, 102);
    CHECK_EQ(rig.stored.holder, 0);
    elected_storing(&rig, 1);
    CHECK_EQ(rig.stored.epoch, 101);
}

/* Rule N1, last condition; broken variant: no pre-check (standby lost). */
TEST(a_backer_must_be_young_free_and_not_silent)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    struct statement statement = peers_backs(&rig, PEER_WITNESS, 101, 1);
    peers_hear(&rig, &statement);
    CHECK(stops(&rig, REASON_BACKER_BOUND));
    statement = peers_says(&rig, PEER_WITNESS);
    statement.flags = STATEMENT_SILENT;
    peers_hear(&rig, &statement);
    CHECK(stops(&rig, REASON_BACKER_SILENT));
    CHECK_EQ(rig.writes, 0);
    CHECK_EQ(rig.core.voter.floor, 100); /* its floor does not run ahead meanwhile */
}

TEST(a_backer_heard_half_a_lease_ago_is_too_old)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_fit(&rig, false);
    struct statement other = peers_says(&rig, 1); /* a fit other node: nothing happens yet */
    other.flags |= STATEMENT_SILENT;
    peers_hear(&rig, &other);
    peers_ping(&rig, PEER_WITNESS);
    peers_pass(&rig, LEASE / 2 - 1);
    CHECK(!stops(&rig, REASON_NO_BACKER));
    peers_wake(&rig, 1);
    CHECK(stops(&rig, REASON_NO_BACKER));
    peers_fit(&rig, true);
    CHECK(!claims(&rig));
}

TEST(the_other_node_can_back_too)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_ping(&rig, 1);
    CHECK(claims(&rig));
}

TEST(a_promise_to_the_other_node_waits_until_it_ran_out)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_claim(&rig, 1, 101);
    peers_written(&rig);
    peers_ping(&rig, PEER_WITNESS);
    CHECK(stops(&rig, REASON_OTHER_HOLDS));
    peers_pass(&rig, LEASE - 1);
    peers_ping(&rig, PEER_WITNESS);
    CHECK(!claims(&rig));
    peers_wake(&rig, 1);
    CHECK(claims(&rig));
    CHECK_EQ(rig.stored.epoch, 102);
}

/* Rules N1, N8: fitness decides who should. */
TEST(an_unfit_node_claims_only_when_no_fit_other_was_heard_for_a_lease)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_fit(&rig, false);
    struct statement other = peers_says(&rig, 1);
    other.flags |= STATEMENT_SILENT;
    peers_hear(&rig, &other);
    peers_pass(&rig, LEASE - 1);
    peers_ping(&rig, PEER_WITNESS);
    CHECK(stops(&rig, REASON_NOT_FIT));
    peers_wake(&rig, 1);
    CHECK(claims(&rig));
}

TEST(an_unfit_node_listens_a_whole_lease_from_its_start)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(100, PEER_NONE));
    rig.core.silence.kind = SILENCE_NONE;
    peers_pass(&rig, LEASE - 1);
    peers_ping(&rig, PEER_WITNESS);
    CHECK(stops(&rig, REASON_NOT_FIT_YET));
    peers_wake(&rig, 1);
    CHECK(claims(&rig));
}

TEST(maintenance_and_pause_keep_a_node_from_claiming_until_they_end)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 1000);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 2000);
    peers_ping(&rig, PEER_WITNESS);
    CHECK(stops(&rig, REASON_IN_MAINTENANCE));
    CHECK(stops(&rig, REASON_IS_PAUSED));
    peers_pass(&rig, 1999);
    CHECK(!stops(&rig, REASON_IN_MAINTENANCE));
    CHECK(!claims(&rig));
    peers_wake(&rig, 1);
    CHECK(claims(&rig));
}

/* Rule V5: the quick restart. */
TEST(a_restarted_holder_claims_at_once_when_its_stored_number_is_still_backed)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_fit(&rig, true);
    peers_ping(&rig, PEER_WITNESS);
    peers_ping(&rig, 1);
    CHECK(stops(&rig, REASON_IS_SILENT));
    struct statement statement = peers_backs(&rig, PEER_WITNESS, 102, 0);
    statement.promise.answers = (struct mark){0x999, 5}; /* the life before */
    peers_hear(&rig, &statement);
    CHECK(claims(&rig));
    CHECK_EQ(rig.stored.epoch, 104);
}

/* A disk that came back older may have forgotten a promise to the other node. */
TEST(a_quick_restart_needs_the_other_node_to_want_nothing_or_to_be_in_place)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_fit(&rig, true);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK(!claims(&rig)); /* it is not heard */
    struct statement statement = peers_says(&rig, 1);
    statement.claim = statement.seen_epoch = 103;
    peers_hear(&rig, &statement);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK(!claims(&rig)); /* it claims */
    struct core_settings settings = peers_settings(0);
    settings.in_place = true;
    peers_start_with(&rig, &settings, peers_file(102, 0));
    peers_fit(&rig, true);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK(claims(&rig));
}

TEST(a_restart_is_no_quick_one_when_another_number_or_node_is_backed)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_fit(&rig, true);
    peers_back(&rig, PEER_WITNESS, 104, 0);
    CHECK(!claims(&rig));
    peers_back(&rig, PEER_WITNESS, 105, 1);
    CHECK(!claims(&rig));
    peers_start(&rig, 0, peers_file(101, 1)); /* stored for the other node */
    peers_fit(&rig, true);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK(!claims(&rig));
}

TEST(a_node_that_stands_still_often_lets_the_other_go_first)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    for (int i = 0; i < 3; i++)
        peers_wake(&rig, 2000);
    peers_claim(&rig, 1, 101);
    peers_written(&rig);
    struct statement statement = peers_says(&rig, 1);
    statement.released = statement.seen_epoch = 101;
    peers_hear(&rig, &statement);
    peers_ping(&rig, PEER_WITNESS);
    CHECK(stops(&rig, REASON_STALLS_OFTEN));
    peers_pass(&rig, LEASE / 4);
    CHECK(claims(&rig));
}

/* Rule V9. */
TEST(proof_of_a_lying_peer_stops_claims)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    struct statement statement = peers_says(&rig, 1);
    statement.flags = STATEMENT_SILENT;
    peers_hear(&rig, &statement);
    statement.wall_s++;
    peers_hear(&rig, &statement);
    peers_ping(&rig, PEER_WITNESS);
    CHECK(stops(&rig, REASON_IS_FROZEN));
    CHECK_EQ(rig.writes, 0);
}

/* Rule N10, the backer's half. */
TEST(a_peer_with_an_unconfirmed_key_is_no_backer)
{
    struct rig rig;
    struct obstacle why;
    elected_quiet(&rig, 0, 100);
    rig.core.roster.is_new[PEER_WITNESS] = true;
    peers_ping(&rig, PEER_WITNESS);
    CHECK(stops(&rig, REASON_BACKER_NEW));
    CHECK(!candidacy_backer(&rig.core, rig.now, PEER_WITNESS, 0, &why));
    CHECK_EQ(why.peer, PEER_WITNESS);
    CHECK(!claims(&rig));
}

TEST(both_peers_are_named_when_neither_can_back)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_back(&rig, 1, 101, 1);
    CHECK_EQ(told(&rig, REASON_BACKER_BOUND, false).peer, 1);
    CHECK_EQ(told(&rig, REASON_BACKER_BOUND, false).epoch, 101);
    CHECK_EQ(told(&rig, REASON_NO_BACKER, false).peer, PEER_WITNESS);
}

TEST(a_silence_says_what_it_waits_for)
{
    struct rig rig;
    peers_start(&rig, 0, (struct stored){.holder = PEER_NONE});
    peers_fit(&rig, true);
    CHECK_EQ(told(&rig, REASON_IS_AMNESIAC, false).peer, 1);
    peers_ping(&rig, 1);
    CHECK_EQ(told(&rig, REASON_IS_AMNESIAC, false).peer, PEER_WITNESS);
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(told(&rig, REASON_IS_AMNESIAC, false).reason, REASON_NONE);
    CHECK_EQ(told(&rig, REASON_IS_SILENT, false).until, BEGIN + LEASE);
    peers_pass(&rig, LEASE);
    CHECK(stops(&rig, REASON_IS_WRITING));
    CHECK(!stops(&rig, REASON_IS_SILENT));
    peers_ping(&rig, PEER_WITNESS);
    peers_written(&rig);
    CHECK(!stops(&rig, REASON_IS_WRITING));
    CHECK(claims(&rig));
}

TEST(only_a_restart_with_the_own_promise_may_be_quick)
{
    struct rig rig;
    struct stored file = peers_file(102, 0);
    file.genesis = true;
    peers_start(&rig, 0, file);
    peers_fit(&rig, true);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK(!claims(&rig));
    peers_start(&rig, 0, peers_file(102, 1)); /* a damaged hand: the number is not the holder's */
    peers_fit(&rig, true);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK(!claims(&rig));
}

TEST(each_obstacle_says_until_when)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_fit(&rig, false);
    struct statement other = peers_says(&rig, 1);
    other.flags |= STATEMENT_SILENT;
    peers_hear(&rig, &other);
    CHECK_EQ(told(&rig, REASON_NOT_FIT, false).until, rig.now + LEASE);
    peers_start(&rig, 0, peers_file(100, PEER_NONE));
    CHECK_EQ(told(&rig, REASON_NOT_FIT_YET, false).until, BEGIN + LEASE);
    elected_storing(&rig, 0);
    CHECK_EQ(told(&rig, REASON_BUSY_STORING, false).epoch, 102);
    peers_written(&rig);
    CHECK_EQ(told(&rig, REASON_BUSY_CLAIMING, false).epoch, 102);
}

TEST(a_node_that_claims_already_is_told_only_that)
{
    struct rig rig;
    struct obstacles list;
    elected_claiming(&rig, 0);
    candidacy_ask(&rig.core, rig.now, &list);
    CHECK_EQ(list.count, 1);
}

/* The quarter of a lease counts from the end of the last promise. */
TEST(standing_still_often_costs_a_quarter_of_a_lease)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    for (int i = 0; i < 3; i++)
        peers_wake(&rig, 2000);
    rig.core.voter.free_since = rig.now;
    CHECK_EQ(told(&rig, REASON_STALLS_OFTEN, false).until, rig.now + LEASE / 4);
}

/* Rule N11: what not even an operator's word overrules. */
TEST(a_takeover_by_force_asks_for_little_but_for_that)
{
    struct rig rig;
    elected_holder(&rig, 0);
    CHECK_EQ(told(&rig, REASON_IS_HOLDER, true).epoch, 102);
    peers_ping(&rig, 1);
    CHECK_EQ(told(&rig, REASON_TARGET_ALIVE, true).peer, 1);
    rig.core.claim.leaving = true;
    CHECK_EQ(told(&rig, REASON_IS_LEAVING, true).epoch, 102);
    elected_quiet(&rig, 1, 100);
    CHECK_EQ(told(&rig, REASON_IS_LEAVING, true).reason, REASON_NONE);
    rig.core.stopping = true;
    CHECK_EQ(told(&rig, REASON_IS_LEAVING, true).reason, REASON_IS_LEAVING);
    peers_ping(&rig, 0);
    CHECK_EQ(told(&rig, REASON_TARGET_ALIVE, true).reason, REASON_TARGET_ALIVE);
    CHECK_EQ(told(&rig, REASON_TARGET_ALIVE, true).peer, 0);
}

TEST(a_takeover_by_force_waits_for_an_amnesia_and_a_disk_but_for_no_restart)
{
    struct rig rig;
    struct obstacles list;
    peers_start(&rig, 0, (struct stored){.holder = PEER_NONE});
    CHECK_EQ(told(&rig, REASON_IS_AMNESIAC, true).peer, 1);
    peers_start(&rig, 0, peers_file(100, PEER_NONE));
    candidacy_ask_forced(&rig.core, rig.now, &list);
    CHECK_EQ(list.count, 0);
    rig.core.voter.ledger.failing = true;
    candidacy_ask_forced(&rig.core, rig.now, &list);
    CHECK_EQ(list.count, 1);
    CHECK_EQ(list.list[0].reason, REASON_STORE_BROKEN);
}

static size_t count_obstacles(const struct rig *rig)
{
    struct obstacles list;
    candidacy_ask(&rig->core, rig->now, &list);
    return list.count;
}

TEST(what_is_told_is_complete_and_nothing_more)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK_EQ(count_obstacles(&rig), 2); /* both others are not heard */
    CHECK_EQ(told(&rig, REASON_NO_BACKER, false).peer, 1);
    elected_holder(&rig, 0);
    CHECK_EQ(count_obstacles(&rig), 1); /* it holds: nothing else is of interest */
    elected_storing(&rig, 0);
    CHECK_EQ(count_obstacles(&rig), 1);
    elected_quiet(&rig, PEER_WITNESS, 100);
    CHECK_EQ(count_obstacles(&rig), 1);
}

TEST(the_second_node_waits_for_the_first)
{
    struct rig rig;
    struct stored found = peers_file(101, 1);
    found.members.key_hash[PEER_WITNESS][0] ^= 1;
    peers_start(&rig, 1, found);
    CHECK_EQ(told(&rig, REASON_MEMBERS_PENDING, false).peer, 0);
    elected_quiet(&rig, 1, 100);
    peers_fit(&rig, false);
    peers_ping(&rig, 0);
    CHECK_EQ(told(&rig, REASON_TARGET_ALIVE, true).reason, REASON_TARGET_ALIVE);
    CHECK_EQ(told(&rig, REASON_TARGET_ALIVE, true).peer, 0);
    peers_start(&rig, 0, peers_file(100, PEER_NONE));
    rig.core.roster.pending = true;
    CHECK_EQ(told(&rig, REASON_MEMBERS_PENDING, false).peer, 1);
}

/* Rule N1, quick restart, from the second node's side. */
TEST(the_second_node_resumes_on_the_word_of_the_first)
{
    struct rig rig;
    peers_start(&rig, 1, peers_file(101, 1));
    peers_fit(&rig, true);
    peers_back(&rig, PEER_WITNESS, 101, 1);
    CHECK(!claims(&rig)); /* the first could have been promised something meanwhile */
    peers_ping(&rig, 0);
    CHECK(claims(&rig));
    CHECK_EQ(rig.stored.epoch, 103);
    peers_start(&rig, 1, peers_file(101, 1));
    peers_fit(&rig, true);
    peers_back(&rig, 0, 101, 1);
    CHECK(claims(&rig));
}

/* Rule N12: the silence is over, and with it the quick restart: now roles stay. */
TEST(a_paused_node_resumes_nothing_once_its_silence_is_over)
{
    struct stored found = peers_file(102, 0);
    struct rig rig;
    found.pause_order = 4;
    found.pause_until_wall_s = WALL + 60;
    peers_start(&rig, 0, found);
    peers_fit(&rig, true);
    peers_pass(&rig, LEASE);
    peers_ping(&rig, 1);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK(stops(&rig, REASON_IS_PAUSED));
    CHECK(!claims(&rig));
}

CHECK_MAIN
