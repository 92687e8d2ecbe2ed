/* The core as a whole: what an event does to the promises, the claim and the standing. */
#include "proto/core.h"

#include "proto/wire.h"
#include "tests/lib/check.h"
#include "tests/lib/elected.h"

TEST(two_of_three_make_a_holder_and_one_does_not)
{
    struct rig rig;
    elected_storing(&rig, 0);
    CHECK_EQ(rig.said.claim, 0);
    peers_written(&rig);
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE); /* its own promise is one of two */
    peers_pass(&rig, 50);
    CHECK_EQ(rig.said.claim, 102);
    CHECK_EQ(rig.said.flags & STATEMENT_HOLDING, 0);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.out.standing.standing, STANDING_HOLDER);
    CHECK_EQ(rig.noted[REASON_HOLDS], 1);
}

/* Rule V4; broken variant: promise said before it is stored. */
TEST(no_statement_carries_a_promise_that_is_not_on_disk)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    CHECK_EQ(rig.stored.epoch, 102);
    for (int i = 0; i < 8; i++) {
        peers_wake(&rig, 250);
        peers_claim(&rig, 0, 102);
        CHECK_EQ(rig.said.promise.epoch, 0);
    }
    CHECK_EQ(rig.writes, 1);
    peers_written(&rig);
    peers_wake(&rig, 50);
    CHECK_EQ(rig.said.promise.epoch, 102);
    CHECK_EQ(rig.said.promise.answers.seq, rig.seq[0]);
    CHECK_EQ(rig.said.promise.length_ms, LEASE);
}

TEST(renewals_of_an_hour_write_nothing)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    for (int i = 0; i < 7200; i++) {
        peers_wake(&rig, INTERVAL);
        peers_claim(&rig, 0, 102);
    }
    CHECK_EQ(rig.writes, 1);
    CHECK_EQ(rig.core.voter.promise.until, rig.now + LEASE);
}

/* Rule N4; broken variants: lapsed lease revived, clock read once per batch. */
TEST(a_grant_that_waited_in_the_socket_revives_nothing)
{
    struct rig rig;
    elected_holder(&rig, 0);
    mono_ms until = rig.core.claim.backed_until;
    while (rig.now + 250 < until)
        peers_wake(&rig, 250);
    struct statement waiting = peers_backs(&rig, PEER_WITNESS, 102, 0);
    struct statement later = peers_backs(&rig, PEER_WITNESS, 102, 0);
    rig.now = until; /* slept through: the datagrams come before any timer */
    peers_hear(&rig, &waiting);
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
    CHECK_EQ(rig.core.claim.released, 102);
    peers_hear(&rig, &later);
    CHECK(!claim_holds(&rig.core.claim, rig.now));
    CHECK(rig.core.claim.next == 0 || rig.core.claim.next > 102);
}

/* Rule V7. */
TEST(a_voter_that_becomes_free_weighs_the_waiting_claim_in_the_same_step)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    peers_pass(&rig, LEASE - 100);
    peers_claim(&rig, 1, 103);
    CHECK_EQ(rig.writes, 1);
    CHECK_EQ(rig.noted[REASON_REFUSED_BOUND], 1);
    peers_wake(&rig, 100);
    CHECK_EQ(rig.writes, 2);
    CHECK_EQ(rig.stored.epoch, 103);
}

TEST(a_waiting_claim_that_grew_too_old_is_not_weighed)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    peers_pass(&rig, 1000);
    peers_claim(&rig, 1, 103);
    peers_pass(&rig, LEASE);
    CHECK_EQ(rig.noted[REASON_PROMISE_ENDED], 1);
    CHECK_EQ(rig.writes, 1);
}

TEST(a_release_frees_the_voter_at_once_and_promptly_says_so)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    peers_pass(&rig, 400); /* long after the last statement of its own */
    struct statement statement = peers_says(&rig, 0);
    statement.released = 102;
    statement.seen_epoch = 102;
    uint32_t sends = rig.sends;
    peers_hear(&rig, &statement);
    CHECK_EQ(rig.sends, sends + 1);
    CHECK_EQ(rig.said.promise.epoch, 0);
}

/* Rule N5; broken variant: no yield (two claims block each other for ever). */
TEST(a_claimant_yields_and_backs_the_higher_claim_in_the_same_step)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    peers_claim(&rig, 1, 103);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    CHECK_EQ(rig.core.claim.released, 102);
    CHECK_EQ(rig.stored.epoch, 103);
    CHECK_EQ(rig.stored.holder, 1);
}

TEST(a_rival_that_is_not_fresh_moves_nothing)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    peers_ping(&rig, 1);
    struct statement stale = peers_says(&rig, 1);
    peers_pass(&rig, LEASE);
    stale.claim = stale.seen_epoch = 103;
    stale.heard[0] = (struct mark){0, 0};
    peers_hear(&rig, &stale);
    CHECK_EQ(rig.core.claim.phase, CLAIM_CLAIMING);
    CHECK_EQ(rig.core.voter.floor, 102);
}

/* Rule N6; broken variant: no re-numbering (standby lost). */
TEST(a_holder_that_hears_a_higher_number_claims_above_it_and_goes_on_holding)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct statement statement = peers_says(&rig, 1);
    statement.seen_epoch = 107;
    peers_hear(&rig, &statement);
    CHECK_EQ(rig.stored.epoch, 108);
    peers_written(&rig);
    CHECK(claim_holds(&rig.core.claim, rig.now));
    CHECK_EQ(rig.out.standing.epoch, 102);
    peers_wake(&rig, 50);
    CHECK_EQ(rig.said.claim, 108);
    peers_back(&rig, PEER_WITNESS, 108, 0);
    CHECK_EQ(rig.out.standing.epoch, 108);
}

TEST(a_higher_fence_re_numbers_too_and_an_impossible_one_is_an_alarm)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_step(&rig, (struct event){.kind = EVENT_FENCE, .fence = {UINT64_MAX}});
    CHECK_EQ(rig.noted[REASON_FENCE_POISONED], 1);
    CHECK_EQ(rig.writes, 0);
    peers_step(&rig, (struct event){.kind = EVENT_FENCE, .fence = {501}});
    CHECK_EQ(rig.stored.epoch, 502);
}

/* Rule V8; broken variant: number poisoning accepted. */
TEST(a_statement_with_an_impossible_number_changes_nothing_and_alarms_once)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    for (int i = 0; i < 3; i++) {
        struct statement statement = peers_says(&rig, 1);
        statement.seen_epoch = UINT64_MAX;
        peers_hear(&rig, &statement);
        CHECK_EQ(rig.core.echo.peers[1].accepted.seq, 1);
    }
    CHECK_EQ(rig.noted[REASON_NUMBER_POISONED], 1);
    CHECK_EQ(rig.core.numbers.seen, 102);
    CHECK_EQ(rig.writes, 0);
}

TEST(an_impossible_wall_clock_is_not_used_and_alarms)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.wall_s = INT64_MAX;
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.stored.epoch, 102);
    CHECK_EQ(rig.noted[REASON_WALL_POISONED], 1);
}

TEST(a_state_file_with_a_very_high_number_starts_all_the_same)
{
    struct rig rig;
    uint64_t high = (uint64_t)5 << 32;
    elected_quiet(&rig, 0, high);
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.stored.epoch, high + 2);
    peers_written(&rig);
    CHECK_EQ(rig.core.claim.epoch, high + 2);
}

/* Rule N10; broken variant: members changed at once. */
TEST(a_new_witness_key_makes_no_holder_before_the_other_node_shows_the_same_set)
{
    struct stored found = peers_file(100, PEER_NONE);
    struct rig rig;
    found.members.key_hash[PEER_WITNESS][0] ^= 1;
    peers_start(&rig, 0, found);
    peers_fit(&rig, true);
    peers_pass(&rig, LEASE);
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    peers_ping(&rig, 1);
    CHECK_EQ(rig.noted[REASON_MEMBERS_CONFIRMED], 1);
    CHECK(rig.core.claim.phase == CLAIM_STORING);
    CHECK_EQ(memcmp(&rig.core.voter.ledger.wanted.members, &rig.core.settings.members,
                    sizeof found.members),
             0);
}

TEST(a_new_key_of_the_other_node_stops_claims_until_it_shows_the_same_set)
{
    struct stored found = peers_file(100, PEER_NONE);
    struct rig rig;
    found.members.key_hash[1][0] ^= 1;
    peers_start(&rig, 0, found);
    peers_fit(&rig, true);
    peers_pass(&rig, LEASE);
    peers_ping(&rig, PEER_WITNESS); /* an old acquaintance that could back */
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    struct statement old = peers_says(&rig, 1);
    old.members_hash = 21;
    peers_hear(&rig, &old);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    peers_ping(&rig, 1);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
}

/* Rule V6: settled in this order, no rival that waits can slip in between. */
TEST(a_release_together_with_a_new_claim_leaves_nothing_to_a_waiting_rival)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    peers_pass(&rig, 250);
    peers_claim(&rig, 1, 103);
    struct statement both = peers_says(&rig, 0);
    both.claim = both.seen_epoch = 104;
    both.released = 102;
    peers_hear(&rig, &both);
    CHECK_EQ(rig.stored.epoch, 104);
    peers_written(&rig);
    CHECK_EQ(rig.core.voter.promise.holder, 0);
    CHECK_EQ(rig.core.voter.promise.epoch, 104);
}

/* Rule V9: nothing moves by itself any more, what holds goes on. */
TEST(a_voter_with_proof_of_a_liar_renews_but_moves_to_nobody_else)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    struct statement twice = peers_says(&rig, 1);
    peers_hear(&rig, &twice);
    twice.wall_s++;
    peers_hear(&rig, &twice);
    CHECK_EQ(rig.noted[REASON_LYING], 1);
    peers_pass(&rig, 2000);
    peers_claim(&rig, 0, 102);
    CHECK_EQ(rig.core.voter.promise.until, rig.now + LEASE);
    peers_pass(&rig, LEASE);
    peers_claim(&rig, 1, 103);
    CHECK_EQ(rig.writes, 1);
    CHECK_EQ(rig.core.voter.floor, 102);
}

TEST(a_holder_says_once_that_it_holds_not_at_each_renewal)
{
    struct rig rig;
    elected_holder(&rig, 0);
    elected_renew(&rig, 20000);
    CHECK_EQ(rig.noted[REASON_HOLDS], 0); /* told when it was elected */
}

TEST(memory_rolled_back_asks_for_a_new_life_once)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    size_t asked = 0;
    for (int i = 0; i < 6; i++) {
        struct statement statement = peers_says(&rig, i % 2 == 0 ? 1 : PEER_WITNESS);
        if (i >= 2)
            statement.heard[0].seq += 1000;
        peers_hear(&rig, &statement);
        for (size_t k = 0; k < rig.out.action_count; k++)
            asked += rig.out.actions[k].kind == ACTION_NEW_BOOT;
    }
    CHECK_EQ(asked, 1);
    CHECK_EQ(rig.noted[REASON_ROLLED_BACK], 1);
}

/* Broken variant: quorum counted over statements, not voters. */
TEST(many_statements_of_one_voter_are_one_voter)
{
    struct rig rig;
    elected_storing(&rig, 0); /* its own promise is not on disk yet */
    for (int i = 0; i < 10; i++)
        peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
    struct statement own = peers_backs(&rig, 0, 102, 0); /* and its own words are none */
    peers_hear(&rig, &own);
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
}

TEST(equal_histories_say_the_same_bytes)
{
    struct core_settings settings = peers_settings(PEER_WITNESS);
    uint8_t first[SIGNED_SIZE_MAX], second[SIGNED_SIZE_MAX];
    struct rig a, b;
    settings.jitter_ppt = 100;
    peers_start_with(&a, &settings, peers_file(100, PEER_NONE));
    peers_start_with(&b, &settings, peers_file(100, PEER_NONE));
    for (int i = 0; i < 200; i++) {
        peers_wake(&a, 250);
        peers_claim(&a, 0, 102);
        peers_wake(&b, 250);
        peers_claim(&b, 0, 102);
        size_t size = wire_encode(&a.said, first, sizeof first);
        CHECK(size > 0);
        CHECK_EQ(wire_encode(&b.said, second, sizeof second), size);
        CHECK_EQ(memcmp(first, second, size), 0);
        CHECK_EQ(a.core.next_tick, b.core.next_tick);
    }
}

TEST(an_overtaken_or_doubled_statement_changes_no_promise_and_no_standing)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    struct statement early = peers_says(&rig, 0);
    early.claim = early.seen_epoch = 102;
    struct statement late = peers_says(&rig, 0);
    late.released = late.seen_epoch = 102;
    peers_hear(&rig, &late);
    struct voter before = rig.core.voter;
    peers_hear(&rig, &early);
    peers_hear(&rig, &late);
    CHECK_EQ(memcmp(&before, &rig.core.voter, sizeof before), 0);
    CHECK_EQ(rig.writes, 0);
}

TEST(the_end_of_a_pause_is_written_as_none)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 2000);
    CHECK_EQ(rig.stored.pause_until_wall_s, WALL + 2);
    peers_written(&rig);
    peers_pass(&rig, 2000);
    CHECK_EQ(rig.stored.pause_until_wall_s, 0);
    CHECK_EQ(rig.stored.pause_order, rig.core.pause.order);
}

CHECK_MAIN
