/* Rule V5 through the whole core: restarts, lost files, new clusters, failing disks. */
#include "proto/core.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

TEST(a_restarted_voter_says_that_it_is_silent_and_backs_nobody_new)
{
    struct rig rig;
    peers_start(&rig, PEER_WITNESS, peers_file(102, 0));
    CHECK((rig.said.flags & STATEMENT_SILENT) != 0);
    CHECK_EQ(rig.said.promise.epoch, 102);
    CHECK_EQ(rig.said.promise.answers.boot, 0);
    peers_claim(&rig, 1, 103);
    CHECK_EQ(rig.writes, 0);
    peers_pass(&rig, LEASE - 1);
    peers_claim(&rig, 1, 103);
    CHECK_EQ(rig.writes, 0);
    peers_wake(&rig, 1);
    CHECK_EQ(rig.stored.epoch, 103);
}

TEST(a_promise_renewed_in_the_silence_outlives_it)
{
    struct rig rig;
    peers_start(&rig, PEER_WITNESS, peers_file(102, 0));
    peers_pass(&rig, 4000);
    peers_claim(&rig, 0, 102);
    CHECK_EQ(rig.writes, 0);
    peers_pass(&rig, LEASE - 1);
    peers_claim(&rig, 1, 103);
    CHECK_EQ(rig.writes, 0);
}

/* Broken variants: state file lost and voting at once; learned numbers not made a floor. */
TEST(a_lost_file_learns_from_both_others_and_writes_before_its_first_promise)
{
    struct rig rig;
    peers_start(&rig, PEER_WITNESS, (struct stored){.present = false});
    CHECK_EQ(rig.noted[REASON_SILENT_AMNESIA], 1);
    peers_pass(&rig, 4 * LEASE);
    struct statement first = peers_says(&rig, 0);
    first.seen_epoch = 107;
    peers_hear(&rig, &first);
    peers_pass(&rig, LEASE);
    peers_claim(&rig, 0, 108);
    CHECK_EQ(rig.writes, 0); /* node 1 was not heard yet */
    peers_ping(&rig, 1);
    CHECK_EQ(rig.writes, 0); /* settled at the next step, before its event */
    peers_wake(&rig, 1);
    CHECK_EQ(rig.writes, 1);
    CHECK_EQ(rig.stored.epoch, 108);
    CHECK_EQ(rig.stored.holder, PEER_NONE);
    CHECK((rig.said.flags & STATEMENT_SILENT) != 0);
    peers_claim(&rig, 0, 108);
    CHECK_EQ(rig.writes, 1);
    peers_written(&rig);
    CHECK(!silence_holds(&rig.core.silence));
    CHECK_EQ(rig.writes, 2); /* rule V7: the waiting claim, and only now */
    CHECK_EQ(rig.stored.holder, 0);
    CHECK_EQ(rig.core.voter.promise.epoch, 0);
    peers_written(&rig);
    CHECK_EQ(rig.core.voter.promise.epoch, 108);
}

TEST(a_lost_file_writes_nothing_before_its_silence_ends_whatever_is_ordered)
{
    struct rig rig;
    peers_start(&rig, 0, (struct stored){.present = false});
    peers_fit(&rig, true);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000);
    struct statement statement = peers_says(&rig, 1);
    statement.pause = (struct pause_said){900, 1000};
    peers_hear(&rig, &statement);
    peers_pass(&rig, 10 * LEASE);
    CHECK_EQ(rig.writes, 0);
}

TEST(a_statement_that_is_not_fresh_teaches_a_lost_file_nothing)
{
    struct rig rig;
    peers_start(&rig, PEER_WITNESS, (struct stored){.present = false});
    struct statement stale = peers_says(&rig, 0);
    stale.heard[PEER_WITNESS] = (struct mark){0, 0};
    peers_pass(&rig, LEASE);
    peers_hear(&rig, &stale);
    peers_ping(&rig, 1);
    peers_wake(&rig, 1);
    CHECK_EQ(rig.writes, 0);
    CHECK_EQ(silence_misses(&rig.core.silence), 0);
}

TEST(a_new_cluster_waits_one_lease_and_then_votes)
{
    struct stored found = peers_file(0, PEER_NONE);
    struct rig rig;
    found.genesis = true;
    peers_start(&rig, 0, found);
    peers_fit(&rig, true);
    peers_pass(&rig, LEASE - 1);
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.writes, 0);
    peers_wake(&rig, 1);
    CHECK_EQ(rig.stored.epoch, WALL); /* at least the Unix time */
    CHECK(!rig.stored.genesis);
}

TEST(a_new_cluster_that_is_none_has_to_learn)
{
    struct stored found = peers_file(0, PEER_NONE);
    struct rig rig;
    found.genesis = true;
    peers_start(&rig, PEER_WITNESS, found);
    peers_back(&rig, 0, 102, 0);
    CHECK_EQ(rig.noted[REASON_GENESIS_OLD], 1);
    peers_pass(&rig, 4 * LEASE);
    peers_claim(&rig, 0, 102);
    CHECK_EQ(rig.writes, 0);
}

/* Rule V4: a full disk. */
TEST(a_failing_disk_makes_no_new_promise_alarms_and_recovers_by_itself)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    for (int i = 0; i < 20; i++) {
        peers_disk(&rig, false);
        peers_wake(&rig, 250);
        peers_claim(&rig, 0, 102);
        CHECK_EQ(rig.core.voter.promise.epoch, 0);
    }
    CHECK_EQ(rig.noted[REASON_STORE_FAILED], 1);
    peers_written(&rig);
    CHECK_EQ(rig.noted[REASON_STORE_WORKS], 1);
    CHECK_EQ(rig.core.voter.promise.epoch, 102);
}

TEST(a_failing_disk_takes_no_lease_away)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct statement statement = peers_says(&rig, 1);
    statement.seen_epoch = 107; /* wants a new number, which cannot be stored */
    peers_hear(&rig, &statement);
    for (int i = 0; i < 200; i++) {
        peers_disk(&rig, false);
        peers_wake(&rig, 250);
        peers_back(&rig, PEER_WITNESS, 102, 0);
    }
    CHECK(claim_holds(&rig.core.claim, rig.now));
    CHECK_EQ(rig.said.claim, 102);
}

/* Rule V6. */
TEST(a_restarted_node_releases_its_stored_number_only_after_its_demotion)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_order(&rig, ORDER_STOP, PEER_NONE, 0);
    peers_wake(&rig, 500);
    CHECK_EQ(rig.said.released, 0);
    peers_step(&rig, (struct event){.kind = EVENT_DEMOTED});
    peers_wake(&rig, 500);
    CHECK_EQ(rig.said.released, 102);
    CHECK_EQ(rig.said.promise.epoch, 0);
}

TEST(a_restarted_node_that_may_resume_releases_nothing)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_step(&rig, (struct event){.kind = EVENT_DEMOTED});
    peers_wake(&rig, 500);
    CHECK_EQ(rig.said.released, 0);
    CHECK_EQ(rig.said.promise.epoch, 102);
}

TEST(a_pause_survives_a_restart)
{
    struct stored found = peers_file(100, PEER_NONE);
    struct rig rig;
    found.pause_order = 4;
    found.pause_until_wall_s = WALL + 60;
    peers_start(&rig, 0, found);
    peers_fit(&rig, true);
    peers_pass(&rig, LEASE);
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.writes, 0);
    CHECK((rig.said.flags & STATEMENT_PAUSED) != 0);
}

TEST(a_lost_file_stays_silent_while_the_first_write_fails)
{
    struct rig rig;
    peers_start(&rig, PEER_WITNESS, (struct stored){.present = false});
    peers_pass(&rig, LEASE);
    peers_ping(&rig, 0);
    peers_ping(&rig, 1);
    peers_wake(&rig, 1);
    CHECK_EQ(rig.writes, 1);
    peers_disk(&rig, false);
    CHECK(silence_holds(&rig.core.silence));
    peers_claim(&rig, 0, 102);
    CHECK_EQ(rig.core.voter.promise.epoch, 0);
    peers_wake(&rig, 200); /* tried again */
    CHECK_EQ(rig.writes, 2);
    CHECK(silence_holds(&rig.core.silence));
    peers_written(&rig);
    CHECK(!silence_holds(&rig.core.silence));
    CHECK_EQ(rig.noted[REASON_SILENCE_OVER], 1);
}

/* Rule V6: it took its standing up again before the duties of a standby were through. */
TEST(a_node_that_claims_again_releases_nothing_when_its_demotion_ends)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_fit(&rig, true);
    peers_ping(&rig, 1);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
    rig.core.stopping = true;
    peers_step(&rig, (struct event){.kind = EVENT_DEMOTED});
    CHECK_EQ(rig.core.claim.released, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
}

/* Rule N1: only a promise under the stored number shows that nobody was promised anything since. */
TEST(a_restarted_node_resumes_only_under_its_stored_number)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_fit(&rig, true);
    peers_ping(&rig, 1);
    peers_back(&rig, PEER_WITNESS, 104, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    struct statement other = peers_backs(&rig, PEER_WITNESS, 102, 1);
    peers_hear(&rig, &other);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
}

TEST(a_restarted_node_resumes_on_a_young_word_only)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_ping(&rig, 1);
    struct statement witness = peers_backs(&rig, PEER_WITNESS, 102, 0);
    peers_hear(&rig, &witness);
    peers_pass(&rig, LEASE / 2);
    peers_ping(&rig, 1);
    peers_fit(&rig, true);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
}

/* Rule N12 keeps roles: a holder that was only restarted has its own. */
TEST(a_paused_node_resumes_what_it_held_and_begins_nothing)
{
    struct stored found = peers_file(102, 0);
    struct rig rig;
    found.pause_order = 4;
    found.pause_until_wall_s = WALL + 60;
    peers_start(&rig, 0, found);
    peers_fit(&rig, true);
    peers_ping(&rig, 1);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
}

/* A clock that knows no date yet raises no number. */
TEST(a_claim_does_not_need_a_wall_clock)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.wall_s = 0;
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.stored.epoch, 102);
    CHECK_EQ(rig.noted[REASON_WALL_POISONED], 0);
    elected_quiet(&rig, 0, 100);
    rig.wall_s = -7;
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.stored.epoch, 102);
    elected_quiet(&rig, 0, 100);
    rig.wall_s = INT64_MAX;
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.stored.epoch, 102);
    CHECK_EQ(rig.noted[REASON_WALL_POISONED], 1);
}

/* No wall clock, however wrong later, may bring it back. */
TEST(a_pause_that_ended_while_the_process_was_down_is_written_as_none)
{
    struct stored found = peers_file(100, PEER_NONE);
    struct rig rig;
    found.pause_order = 4;
    found.pause_until_wall_s = WALL - 1;
    peers_start(&rig, 0, found);
    CHECK_EQ(rig.writes, 1);
    CHECK_EQ(rig.stored.pause_until_wall_s, 0);
    CHECK_EQ(rig.stored.pause_order, 4);
    CHECK_EQ(rig.stored.epoch, 100);
    found.pause_until_wall_s = 0;
    peers_start(&rig, 0, found);
    CHECK_EQ(rig.writes, 0);
}

/* And the same when it ends while the process runs. */
/* Seed 36058 of the simulator: "until 1970-01-01 00:00:00" must not read as "until never". */
TEST(a_pause_outlives_a_restart_also_when_the_wall_clock_makes_its_end_zero)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.wall_s = -60;
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    CHECK_EQ(rig.stored.pause_until_wall_s, 1);
    struct core_settings settings = peers_settings(0);
    settings.wall_s = -55;
    peers_start_with(&rig, &settings, rig.stored);
    CHECK(pause_is_on(&rig.core.pause, rig.now));
}

TEST(a_pause_that_ended_is_written_as_none)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    CHECK_EQ(rig.stored.pause_until_wall_s, WALL + 60);
    peers_written(&rig);
    rig.now += 60000;
    peers_step(&rig, (struct event){.kind = EVENT_WAKE});
    CHECK(!pause_is_on(&rig.core.pause, rig.now));
    CHECK_EQ(rig.stored.pause_until_wall_s, 0);
    struct core_settings settings = peers_settings(0);
    settings.wall_s = WALL - 600; /* the wall clock was set back meanwhile */
    peers_start_with(&rig, &settings, rig.stored);
    CHECK(!pause_is_on(&rig.core.pause, rig.now));
}

CHECK_MAIN
