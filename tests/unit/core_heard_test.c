/* What a statement does to the core beside votes: who is met, what is noted, written, measured. */
#include "proto/core.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

TEST(a_pause_that_was_heard_is_written_with_its_end)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    struct statement statement = peers_says(&rig, 0);
    statement.pause = (struct pause_said){.order = 4, .left_ms = 90000};
    peers_hear(&rig, &statement);
    CHECK_EQ(rig.writes, 1);
    CHECK_EQ(rig.stored.pause_order, 4);
    CHECK_EQ(rig.stored.pause_until_wall_s, WALL + 90);
    peers_written(&rig);
    statement = peers_says(&rig, 0);
    statement.pause = (struct pause_said){.order = 8, .left_ms = 0};
    peers_hear(&rig, &statement);
    CHECK_EQ(rig.writes, 2);
    CHECK_EQ(rig.stored.pause_order, 8);
    CHECK_EQ(rig.stored.pause_until_wall_s, 0);
}

TEST(a_confirmed_set_of_keys_is_written)
{
    struct rig rig;
    struct core_settings settings = peers_settings(0);
    settings.members.key_hash[PEER_WITNESS][0]++;
    peers_start_with(&rig, &settings, peers_file(100, PEER_NONE));
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.writes, 0);
    CHECK(rig.core.roster.pending);
    peers_ping(&rig, 1);
    CHECK_EQ(rig.noted[REASON_MEMBERS_CONFIRMED], 1);
    CHECK_EQ(rig.writes, 1);
    CHECK(memcmp(&rig.stored.members, &settings.members, sizeof settings.members) == 0);
}

TEST(boots_that_take_turns_more_than_three_times_are_two_processes)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    for (uint32_t turn = 1; turn <= 12; turn++) {
        rig.boot[1] = 0x3000u + turn % 2;
        rig.seq[1] += 10;
        peers_wake(&rig, INTERVAL); /* a newer echo each time */
        peers_ping(&rig, 1);
        bool alarmed = rig.core.echo.peers[1].swaps > BOOT_SWAP_ALARM;
        CHECK_EQ(rig.noted[REASON_TWO_PROCESSES], alarmed);
    }
    CHECK_EQ(rig.noted[REASON_TWO_PROCESSES], 1);
    CHECK_EQ(rig.noted[REASON_PEER_MET], 1);
    CHECK(rig.noted[REASON_PEER_RESTARTED] > 5);
}

/* My statement left 300 ms ago; the peer kept it for 100 of them. */
TEST(the_round_trip_is_what_the_peer_did_not_wait)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_ping(&rig, PEER_WITNESS);
    peers_pass(&rig, INTERVAL);
    mono_ms sent;
    CHECK(echo_sent_at(&rig.core.echo, rig.core.echo.self.seq, &sent));
    rig.now = sent + 300;
    rig.core.pulse[PEER_WITNESS].rtt_ms = -1;
    struct statement statement = peers_says(&rig, PEER_WITNESS);
    statement.heard_age_ms[0] = 100;
    peers_hear(&rig, &statement);
    CHECK_EQ(rig.core.pulse[PEER_WITNESS].rtt_ms, 200);
}

TEST(a_statement_that_cannot_tell_the_round_trip_leaves_it)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    struct pulse *pulse = &rig.core.pulse[PEER_WITNESS];
    peers_ping(&rig, PEER_WITNESS);
    pulse->rtt_ms = -1;
    struct statement statement = peers_says(&rig, PEER_WITNESS);
    statement.greet[0] = statement.heard[0];
    statement.heard[0] = (struct mark){0x999, 1}; /* another life of mine */
    peers_hear(&rig, &statement);
    CHECK_EQ(pulse->rtt_ms, -1);
    statement = peers_says(&rig, PEER_WITNESS);
    statement.heard[0].seq = 0;
    peers_hear(&rig, &statement);
    CHECK_EQ(pulse->rtt_ms, -1);
    statement = peers_says(&rig, PEER_WITNESS);
    peers_hear_via(&rig, &statement, 1); /* relayed */
    CHECK_EQ(pulse->rtt_ms, -1);
    statement = peers_says(&rig, PEER_WITNESS);
    statement.heard_age_ms[0] = LEASE_MS_MAX; /* impossible: never less than nothing */
    peers_hear(&rig, &statement);
    CHECK_EQ(pulse->rtt_ms, 0);
}

TEST(only_direct_statements_count_for_the_loss)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    struct statement statement = peers_says(&rig, PEER_WITNESS);
    peers_hear_via(&rig, &statement, 1);
    CHECK_EQ(rig.core.pulse[PEER_WITNESS].direct_at, MONO_LONG_AGO);
    CHECK_EQ(rig.core.pulse[PEER_WITNESS].heard_at, rig.now);
    CHECK_EQ(rig.core.via[PEER_WITNESS], 1);
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(rig.core.pulse[PEER_WITNESS].direct_at, rig.now);
}

TEST(what_no_door_lets_through_changes_nothing_here_either)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    struct statement statement = peers_says(&rig, 1);
    uint8_t large[SIGNED_SIZE_MAX + 1] = {0};
    struct event event = {.kind = EVENT_HEARD,
                          .heard = {&statement, large, SIGNED_SIZE_MAX + 1, 1}};
    peers_step(&rig, event);
    CHECK_EQ(rig.core.last[1].mark.boot, 0);
    statement.from = 0; /* myself */
    event.heard.size = SIGNED_SIZE_MAX;
    peers_step(&rig, event);
    CHECK_EQ(rig.core.last[0].mark.boot, 0);
    statement.from = PEER_COUNT;
    peers_step(&rig, event);
    CHECK_EQ(rig.core.steps > 0, true);
    /* cppcheck-suppress redundantAssignment ; the event points to it */
    statement.from = 1;
    peers_step(&rig, event);
    CHECK_EQ(rig.core.last[1].mark.boot, statement.mark.boot);
}

/* Rule V9, second half, through the core. */
TEST(a_promise_that_falls_within_a_life_freezes)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_back(&rig, PEER_WITNESS, 105, 1);
    peers_back(&rig, PEER_WITNESS, 103, 1);
    CHECK(rig.core.evidence.frozen);
    CHECK_EQ(rig.noted[REASON_LYING], 1);
}

TEST(a_hand_over_for_unfitness_is_counted_and_no_other)
{
    struct rig rig;
    struct event idle = {.kind = EVENT_IDLE};
    elected_holder(&rig, 0);
    elected_renew(&rig, INTERVAL);
    peers_step(&rig, idle); /* not leaving: nothing */
    CHECK_EQ(rig.core.claim.released, 0);
    peers_order(&rig, ORDER_HANDOVER, PEER_NONE, 0);
    CHECK_EQ(rig.core.leave_reason, REASON_LEAVING);
    peers_step(&rig, idle);
    CHECK_EQ(rig.core.claim.released, 102);
    CHECK_EQ(rig.core.merit.move_count, 0);
    elected_holder(&rig, 0);
    rig.core.settings.min_hold_ms = 0;
    elected_renew(&rig, INTERVAL);
    peers_fit(&rig, false);
    elected_renew(&rig, INTERVAL);
    CHECK_EQ(rig.core.leave_reason, REASON_LEAVING_UNFIT);
    peers_step(&rig, idle);
    CHECK_EQ(rig.core.claim.released, 102);
    CHECK_EQ(rig.core.merit.move_count, 1);
}

TEST(a_forced_standing_that_is_given_up_is_over)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    peers_written(&rig);
    peers_order(&rig, ORDER_RELEASE, PEER_NONE, 0);
    CHECK(rig.out.standing.leaving);
    CHECK(rig.core.force.on);
    peers_step(&rig, (struct event){.kind = EVENT_IDLE});
    CHECK(!rig.core.force.on);
    CHECK_EQ(rig.noted[REASON_FORCED_OVER], 1);
}

/* Rule N11: while forced, a higher claim of the other node makes nobody yield. */
TEST(a_forced_claim_does_not_yield_to_a_number)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    peers_written(&rig);
    peers_pass(&rig, INTERVAL);
    peers_claim(&rig, 1, 105);
    CHECK_EQ(rig.noted[REASON_CLAIM_YIELDED], 0);
    CHECK(rig.core.force.on);
}

/* Rule N9: "fit without a break" ends when nothing was heard for a lease. */
TEST(the_other_node_is_not_fit_since_then_when_it_fell_silent)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_ping(&rig, 1);
    mono_ms since = rig.now;
    CHECK_EQ(rig.core.merit.other_fit_since, since);
    peers_pass(&rig, LEASE - 1);
    CHECK_EQ(rig.core.merit.other_fit_since, since);
    peers_wake(&rig, 1);
    CHECK_EQ(rig.core.merit.other_fit_since, MONO_NEVER);
}

/* The own disk's number is said as known, also when nobody else says it. */
TEST(a_number_on_disk_is_known)
{
    struct rig rig;
    elected_storing(&rig, 0);
    CHECK_EQ(rig.core.numbers.seen, 100);
    peers_written(&rig);
    CHECK_EQ(rig.core.numbers.seen, 102);
}

/* Rule V6: once, and with a word to the others. */
TEST(a_late_release_after_a_restart_is_said_promptly_and_once)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_pass(&rig, 100);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000);
    peers_pass(&rig, 100);
    peers_forget(&rig);
    peers_step(&rig, (struct event){.kind = EVENT_DEMOTED});
    peers_wake(&rig, PROMPT_GAP_MS);
    CHECK_EQ(rig.sends, 1);
    CHECK_EQ(rig.said.released, 102);
    peers_pass(&rig, 100);
    peers_forget(&rig);
    peers_step(&rig, (struct event){.kind = EVENT_DEMOTED});
    peers_wake(&rig, PROMPT_GAP_MS);
    CHECK_EQ(rig.sends, 0);
    peers_start(&rig, 0, peers_file(103, 1)); /* the other node's number is not mine to release */
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000);
    peers_step(&rig, (struct event){.kind = EVENT_DEMOTED});
    CHECK_EQ(rig.core.claim.released, 0);
}

TEST(nothing_is_kept_of_a_peer_that_was_not_heard)
{
    struct rig rig;
    size_t size = 7;
    elected_quiet(&rig, 0, 100);
    CHECK(core_kept(&rig.core, 1, &size) == NULL);
    CHECK_EQ(size, 0);
    struct statement statement = peers_says(&rig, 1);
    peers_hear(&rig, &statement);
    const uint8_t *kept = core_kept(&rig.core, 1, &size);
    CHECK(kept != NULL);
    CHECK_EQ(size, sizeof statement);
    CHECK_EQ(memcmp(kept, &statement, sizeof statement), 0);
}

/* Direct and relayed copies of one statement apart by less than half an interval arrive once. */
TEST(arrivals_are_remembered_half_an_interval_apart)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.core.merit.maintenance_until = MONO_NEVER;
    peers_ping(&rig, 1);
    peers_wake(&rig, INTERVAL / 2 - 1);
    peers_ping(&rig, 1);
    CHECK_EQ(rig.core.relay.kept[1].arrival_count, 1);
    peers_wake(&rig, 1);
    peers_ping(&rig, 1);
    CHECK_EQ(rig.core.relay.kept[1].arrival_count, 2);
}

TEST(the_shortest_bytes_are_kept_as_well)
{
    struct rig rig;
    size_t size;
    elected_quiet(&rig, 0, 100);
    struct statement statement = peers_says(&rig, 1);
    peers_step(&rig, (struct event){.kind = EVENT_HEARD,
                                    .heard = {.statement = &statement,
                                              .bytes = (const uint8_t *)&statement,
                                              .size = 1,
                                              .via = 1}});
    CHECK(core_kept(&rig.core, 1, &size) != NULL);
    CHECK_EQ(size, 1);
}

CHECK_MAIN
