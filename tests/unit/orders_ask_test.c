/* What an order is refused for, and what a refusal must not stop. */
#include "proto/orders.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

static struct event order(enum order kind, uint8_t peer, span_ms length)
{
    return (struct event){.kind = EVENT_ORDER,
                          .order = {.order = kind, .peer = peer, .span_ms = length}};
}

static struct obstacle against(const struct rig *rig, struct event event)
{
    struct obstacle list[OBSTACLE_COUNT_MAX];
    size_t count = core_order_obstacles(&rig->core, rig->now, &event, list);
    if (count == 0)
        return (struct obstacle){.reason = REASON_NONE};
    return list[0];
}

static void other_says(struct rig *rig, uint32_t flags)
{
    struct statement statement = peers_says(rig, 1);
    statement.flags = flags;
    peers_hear(rig, &statement);
}

/* Rule N7: a standby that cannot or will not claim leaves the cluster without a holder, whatever
 * an operator says; only of two unfit nodes may he choose. */
TEST(no_word_of_an_operator_hands_over_to_a_node_that_will_not_claim)
{
    static const struct {
        uint32_t flags;
        enum reason reason;
    } rows[] = {{0, REASON_TARGET_UNFIT},
                {STATEMENT_FIT | STATEMENT_MAINTENANCE, REASON_TARGET_MAINTENANCE},
                {STATEMENT_FIT | STATEMENT_SILENT, REASON_TARGET_MUTE},
                {STATEMENT_FIT | STATEMENT_HELD_BACK, REASON_TARGET_HELD_BACK},
                {STATEMENT_SILENT, REASON_TARGET_UNFIT}};
    struct rig rig;
    elected_holder(&rig, 0);
    struct event anyway = order(ORDER_HANDOVER, 1, 0);
    anyway.order.anyway = true;
    CHECK_EQ(against(&rig, anyway).reason, REASON_TARGET_SILENT);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        other_says(&rig, rows[i].flags);
        CHECK_EQ(against(&rig, anyway).reason, rows[i].reason);
        peers_step(&rig, anyway);
        CHECK(!rig.core.claim.leaving);
    }
    anyway.order.peer = 0;
    CHECK_EQ(against(&rig, anyway).reason, REASON_TARGET_SELF);
    anyway.order.peer = PEER_WITNESS;
    CHECK_EQ(against(&rig, anyway).reason, REASON_NOT_A_NODE);
}

TEST(of_two_unfit_nodes_an_operator_may_choose)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct event event = order(ORDER_HANDOVER, 1, 0);
    other_says(&rig, 0);
    peers_fit(&rig, false);
    CHECK_EQ(against(&rig, event).reason, REASON_TARGET_UNFIT);
    event.order.anyway = true;
    CHECK_EQ(against(&rig, event).reason, REASON_NONE);
    other_says(&rig, STATEMENT_SILENT); /* unfit and mute: it could not claim */
    CHECK_EQ(against(&rig, event).reason, REASON_TARGET_UNFIT);
    other_says(&rig, 0);
    peers_step(&rig, event);
    CHECK(rig.core.claim.leaving);
}

TEST(a_switchover_is_given_once_and_keeps_its_reason)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    peers_step(&rig, order(ORDER_HANDOVER, PEER_NONE, 0));
    CHECK_EQ(rig.noted[REASON_LEAVING], 1);
    CHECK_EQ(against(&rig, order(ORDER_HANDOVER, PEER_NONE, 0)).reason, REASON_IS_LEAVING);
    peers_step(&rig, order(ORDER_STOP, PEER_NONE, 0));
    CHECK_EQ(rig.noted[REASON_LEAVING_STOP], 0); /* it leaves already */
    CHECK_EQ(rig.core.leave_reason, REASON_LEAVING);
    CHECK(claim_holds(&rig.core.claim, rig.now)); /* until its effects have ended */
}

TEST(a_witness_is_not_asked_to_hold_or_to_rest)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    CHECK_EQ(against(&rig, order(ORDER_MAINTENANCE, PEER_NONE, 60000)).reason,
             REASON_NOT_A_NODE);
    CHECK_EQ(against(&rig, order(ORDER_HANDOVER, PEER_NONE, 0)).reason, REASON_NOT_A_NODE);
    peers_step(&rig, order(ORDER_MAINTENANCE, PEER_NONE, 60000));
    CHECK(!merit_in_maintenance(&rig.core.merit, rig.now));
}

TEST(maintenance_that_moves_nothing_asks_nobody)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK_EQ(against(&rig, order(ORDER_MAINTENANCE, PEER_NONE, 60000)).reason, REASON_NONE);
    elected_holder(&rig, 0);
    CHECK_EQ(against(&rig, order(ORDER_MAINTENANCE, PEER_NONE, 0)).reason, REASON_NONE);
    peers_step(&rig, order(ORDER_MAINTENANCE, PEER_NONE, 0));
    CHECK(!rig.core.claim.leaving);
    CHECK_EQ(rig.noted[REASON_MAINTENANCE_OFF], 0); /* it was not on */
    CHECK_EQ(against(&rig, order(ORDER_MAINTENANCE, PEER_NONE, 1)).reason,
             REASON_TARGET_SILENT);
}

TEST(only_what_is_forced_is_released)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK_EQ(against(&rig, order(ORDER_RELEASE, PEER_NONE, 0)).reason, REASON_NOT_FORCED);
    peers_step(&rig, order(ORDER_FORCE, 1, 0));
    CHECK_EQ(against(&rig, order(ORDER_RELEASE, PEER_NONE, 0)).reason, REASON_NONE);
    elected_quiet(&rig, 0, 100);
    other_says(&rig, STATEMENT_FIT);
    struct statement statement = peers_says(&rig, 1);
    statement.claim = statement.seen_epoch = 105;
    statement.flags |= STATEMENT_FORCED;
    peers_hear(&rig, &statement);
    CHECK_EQ(against(&rig, order(ORDER_RELEASE, PEER_NONE, 0)).reason, REASON_NONE);
}

TEST(a_forced_node_that_is_stopped_lets_its_effects_end_first)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_step(&rig, order(ORDER_FORCE, 1, 0));
    peers_written(&rig);
    peers_step(&rig, order(ORDER_STOP, PEER_NONE, 0));
    CHECK(rig.core.claim.leaving);
    CHECK_EQ(rig.noted[REASON_LEAVING_STOP], 1);
    CHECK_EQ(rig.core.claim.released, 0);
    peers_step(&rig, (struct event){.kind = EVENT_IDLE});
    CHECK_EQ(rig.core.claim.released, 102);
}

TEST(a_claim_that_nobody_backs_goes_on_under_its_number_when_it_is_forced)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    uint32_t writes = rig.writes;
    peers_step(&rig, order(ORDER_FORCE, 1, 0));
    CHECK(rig.core.force.on);
    CHECK_EQ(rig.core.claim.epoch, 102);
    CHECK_EQ(rig.writes, writes);
    CHECK_EQ(rig.out.standing.standing, STANDING_FORCED);
    size_t told = 0;
    for (size_t i = 0; i < rig.out.note_count; i++)
        if (rig.out.notes[i].reason == REASON_FORCED) {
            told++;
            CHECK_EQ(rig.out.notes[i].epoch, 102);
        }
    CHECK_EQ(told, 1);
}

/* Rule V5: who was heard has told what it knows, who is excused is not waited for. */
TEST(a_peer_is_excused_only_while_somebody_waits_for_it)
{
    struct rig rig;
    peers_start(&rig, 0, (struct stored){.present = false});
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, 1, 0)).reason, REASON_NONE);
    peers_ping(&rig, PEER_WITNESS);
    peers_pass(&rig, LEASE); /* heard once, gone since */
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, PEER_WITNESS, 0)).reason,
             REASON_NOTHING_TO_RECOVER);
    peers_step(&rig, order(ORDER_RECOVER, 1, 0));
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, 1, 0)).reason, REASON_NOTHING_TO_RECOVER);
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, 1, 0)).peer, 1);
}

/* Rule N10 waits for the other node; a witness has none, and V5 alone can make it wait. */
TEST(a_witness_does_not_wait_for_a_node_because_keys_changed)
{
    struct rig rig;
    struct stored found = peers_file(100, PEER_NONE);
    found.members.key_hash[1][0] ^= 1;
    peers_start(&rig, PEER_WITNESS, found);
    CHECK(rig.core.roster.pending);
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, 1, 0)).reason, REASON_NOTHING_TO_RECOVER);
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, 0, 0)).reason, REASON_NOTHING_TO_RECOVER);
}

TEST(a_recovery_names_another_peer)
{
    struct rig rig;
    peers_start(&rig, 1, (struct stored){.present = false});
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, 1, 0)).reason, REASON_TARGET_SELF);
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, 1, 0)).peer, 1);
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, PEER_COUNT, 0)).reason, REASON_TARGET_SELF);
    CHECK_EQ(against(&rig, order(ORDER_RECOVER, PEER_COUNT, 0)).peer, PEER_NONE);
}

TEST(excusing_the_other_node_with_unchanged_keys_writes_nothing)
{
    struct rig rig;
    struct stored found = peers_file(0, PEER_NONE);
    found.genesis = true;
    peers_start(&rig, 0, found);
    struct statement statement = peers_says(&rig, PEER_WITNESS);
    statement.seen_epoch = 101;
    peers_hear(&rig, &statement); /* no new cluster: what is stored is worth nothing */
    peers_step(&rig, order(ORDER_RECOVER, 1, 0));
    CHECK_EQ(silence_misses(&rig.core.silence), PEER_NONE);
    CHECK_EQ(rig.writes, 0);
}

TEST(the_second_node_hands_over_to_the_first)
{
    struct rig rig;
    elected_holder(&rig, 1);
    CHECK_EQ(against(&rig, order(ORDER_HANDOVER, PEER_NONE, 0)).peer, 0);
    CHECK_EQ(against(&rig, order(ORDER_MAINTENANCE, PEER_NONE, 60000)).peer, 0);
    peers_ping(&rig, 0);
    peers_step(&rig, order(ORDER_MAINTENANCE, PEER_NONE, 60000));
    CHECK(rig.core.claim.leaving);
    CHECK_EQ(rig.core.leave_reason, REASON_LEAVING);
    size_t told = 0;
    for (size_t i = 0; i < rig.out.note_count; i++)
        told += rig.out.notes[i].reason == REASON_LEAVING && rig.out.notes[i].peer == 0;
    CHECK_EQ(told, 1);
}

/* `maintenance on --anyway`: the lease stays where it is until somebody can take it. */
TEST(maintenance_anyway_marks_the_node_and_moves_nothing_without_a_target)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct event event = order(ORDER_MAINTENANCE, PEER_NONE, 60000);
    event.order.anyway = true;
    CHECK_EQ(against(&rig, event).reason, REASON_NONE);
    peers_step(&rig, event);
    CHECK(merit_in_maintenance(&rig.core.merit, rig.now));
    CHECK(!rig.core.claim.leaving);
    CHECK(claim_holds(&rig.core.claim, rig.now));
}

TEST(what_a_stop_gave_up_is_said_several_times)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    peers_forget(&rig);
    peers_step(&rig, order(ORDER_STOP, PEER_NONE, 0));
    for (int i = 0; i < 6; i++)
        peers_wake(&rig, PROMPT_GAP_MS);
    CHECK_EQ(rig.said.released, 102);
    CHECK(rig.sends >= 4);
}

/* The operator answers for what rule V5 would wait for. */
TEST(a_forced_node_is_not_silent)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(102, 0));
    peers_step(&rig, order(ORDER_FORCE, 1, 0));
    CHECK(rig.core.force.on);
    CHECK(!silence_holds(&rig.core.silence));
    peers_written(&rig);
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.flags & STATEMENT_SILENT, 0);
    CHECK((rig.said.flags & STATEMENT_FORCED) != 0);
}

/* Rule N10: what is written later along with a floor must not carry keys that nobody confirmed. */
TEST(excusing_a_witness_takes_no_new_keys_into_the_file)
{
    struct rig rig;
    struct stored found = peers_file(0, PEER_NONE);
    found.genesis = true;
    found.members.key_hash[PEER_WITNESS][0] ^= 1;
    peers_start(&rig, 0, found);
    struct statement statement = peers_says(&rig, 1);
    statement.seen_epoch = 101;
    statement.members_hash = 23;
    peers_hear(&rig, &statement);
    peers_step(&rig, order(ORDER_RECOVER, PEER_WITNESS, 0));
    peers_pass(&rig, LEASE);
    CHECK_EQ(rig.writes, 1); /* what it learned */
    CHECK_EQ(rig.stored.epoch, 101);
    CHECK_EQ(memcmp(&rig.stored.members, &found.members, sizeof found.members), 0);
}

TEST(the_shortest_pause_is_stored_as_one)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_step(&rig, order(ORDER_PAUSE, PEER_NONE, 1));
    CHECK_EQ(rig.stored.pause_until_wall_s, WALL);
    CHECK(pause_is_on(&rig.core.pause, rig.now));
}

/* It forgets the forced node that it saw, and goes on holding what it holds. */
TEST(a_holder_that_is_told_to_release_a_forced_other_keeps_its_lease)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_acts_forced(&rig, 1, 101);
    CHECK_EQ(rig.core.force.seen_from, 1);
    peers_step(&rig, order(ORDER_RELEASE, PEER_NONE, 0));
    CHECK_EQ(rig.core.force.seen_from, PEER_NONE);
    CHECK(claim_holds(&rig.core.claim, rig.now));
    CHECK(!rig.core.claim.leaving);
}

CHECK_MAIN
