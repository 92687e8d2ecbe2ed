#include "proto/orders.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

static enum reason against(const struct rig *rig, enum order order, uint8_t peer, span_ms length)
{
    struct obstacle list[OBSTACLE_COUNT_MAX];
    struct event event = {.kind = EVENT_ORDER,
                          .order = {.order = order, .peer = peer, .span_ms = length}};
    return core_order_obstacles(&rig->core, rig->now, &event, list) == 0 ? REASON_NONE
                                                                        : list[0].reason;
}

static void idle(struct rig *rig)
{
    peers_step(rig, (struct event){.kind = EVENT_IDLE});
}

/* Rule N7. */
TEST(a_switchover_stops_effects_first_then_releases_and_abstains)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    peers_order(&rig, ORDER_HANDOVER, PEER_NONE, 0);
    CHECK(rig.out.standing.leaving);
    CHECK(claim_holds(&rig.core.claim, rig.now)); /* effects may still run */
    CHECK_EQ(rig.core.claim.released, 0);
    idle(&rig);
    CHECK(!claim_holds(&rig.core.claim, rig.now));
    CHECK_EQ(rig.core.claim.released, 102);
    peers_forget(&rig);
    for (int i = 0; i < 10; i++)
        peers_wake(&rig, 50);
    CHECK(rig.sends >= 3); /* in case one is lost */
    CHECK_EQ(rig.said.released, 102);
    CHECK_EQ(rig.said.promise.epoch, 0);
    for (span_ms passed = 750; passed < 2 * LEASE; passed += 250) {
        peers_wake(&rig, 250);
        peers_ping(&rig, PEER_WITNESS);
    }
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    peers_wake(&rig, 250);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
    CHECK_EQ(rig.stored.epoch, 104);
}

TEST(a_switchover_is_refused_when_nobody_could_take_over)
{
    struct rig rig;
    elected_holder(&rig, 0);
    CHECK_EQ(against(&rig, ORDER_HANDOVER, PEER_NONE, 0), REASON_TARGET_SILENT);
    peers_order(&rig, ORDER_HANDOVER, PEER_NONE, 0);
    CHECK(!rig.core.claim.leaving);
    CHECK_EQ(against(&rig, ORDER_HANDOVER, 0, 0), REASON_TARGET_SELF);
    CHECK_EQ(against(&rig, ORDER_HANDOVER, PEER_WITNESS, 0), REASON_NOT_A_NODE);
    elected_quiet(&rig, 0, 100);
    peers_fit(&rig, false);
    peers_ping(&rig, 1);
    CHECK_EQ(against(&rig, ORDER_HANDOVER, 1, 0), REASON_NOT_HOLDER);
}

TEST(a_stop_asks_nobody_and_claims_never_again)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_order(&rig, ORDER_STOP, PEER_NONE, 0);
    CHECK(rig.out.standing.leaving);
    idle(&rig);
    CHECK_EQ(rig.core.claim.released, 102);
    for (int i = 0; i < 100; i++) {
        peers_wake(&rig, 250);
        peers_ping(&rig, PEER_WITNESS);
    }
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
}

TEST(a_stop_in_the_middle_of_a_claim_gives_it_up_at_once)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    peers_order(&rig, ORDER_STOP, PEER_NONE, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    CHECK_EQ(rig.core.claim.released, 102);
}

TEST(maintenance_hands_over_first_or_is_refused)
{
    struct rig rig;
    elected_holder(&rig, 0);
    CHECK_EQ(against(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000), REASON_TARGET_SILENT);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000);
    CHECK(!merit_in_maintenance(&rig.core.merit, rig.now));
    peers_ping(&rig, 1);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000);
    CHECK(rig.core.claim.leaving);
    CHECK(merit_in_maintenance(&rig.core.merit, rig.now));
}

/* Rule N12: the standby may not take over either, so nobody would hold. */
TEST(maintenance_of_the_holder_is_refused_while_paused)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 600000);
    CHECK_EQ(against(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000), REASON_IS_PAUSED);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000);
    CHECK(!rig.core.claim.leaving);
    peers_step(&rig, (struct event){.kind = EVENT_ORDER,
                                    .order = {.order = ORDER_MAINTENANCE,
                                              .peer = PEER_NONE,
                                              .anyway = true,
                                              .span_ms = 60000}});
    CHECK(!rig.core.claim.leaving);
    CHECK_EQ(against(&rig, ORDER_HANDOVER, 1, 0), REASON_IS_PAUSED);
}

TEST(a_pause_is_stored_said_and_obeyed_by_whoever_hears_it)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    CHECK_EQ(rig.stored.pause_order, rig.core.pause.order);
    CHECK_EQ(rig.stored.pause_until_wall_s, WALL + 60);
    peers_wake(&rig, 500);
    CHECK((rig.said.flags & STATEMENT_PAUSED) != 0);
    CHECK(rig.said.pause.left_ms > 59000);
    elected_quiet(&rig, 1, 100);
    struct statement statement = peers_says(&rig, 0);
    statement.pause = (struct pause_said){4, 60000};
    peers_hear(&rig, &statement);
    CHECK(pause_is_on(&rig.core.pause, rig.now));
    CHECK_EQ(rig.stored.pause_order, 4);
}

TEST(recovery_excuses_only_a_peer_that_is_waited_for_and_gone)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK_EQ(against(&rig, ORDER_RECOVER, 1, 0), REASON_NOTHING_TO_RECOVER);
    CHECK_EQ(against(&rig, ORDER_RECOVER, 0, 0), REASON_TARGET_SELF);
    peers_start(&rig, 0, (struct stored){.present = false});
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(against(&rig, ORDER_RECOVER, PEER_WITNESS, 0), REASON_TARGET_ALIVE);
    CHECK_EQ(against(&rig, ORDER_RECOVER, 1, 0), REASON_NONE);
    peers_order(&rig, ORDER_RECOVER, 1, 0);
    CHECK_EQ(silence_misses(&rig.core.silence), PEER_NONE);
}

/* Rule N10: only the other node could be voting with the old set, so only its absence counts. */
TEST(a_change_of_keys_is_vouched_for_only_when_the_other_node_is_gone)
{
    struct rig rig;
    struct stored found = peers_file(100, PEER_NONE);
    found.members.key_hash[PEER_WITNESS][0] ^= 1;
    peers_start(&rig, 0, found);
    CHECK(rig.core.roster.pending);
    CHECK_EQ(against(&rig, ORDER_RECOVER, PEER_WITNESS, 0), REASON_NOTHING_TO_RECOVER);
    peers_order(&rig, ORDER_RECOVER, PEER_WITNESS, 0);
    CHECK(rig.core.roster.pending);
    peers_order(&rig, ORDER_RECOVER, 1, 0);
    CHECK(!rig.core.roster.pending);
    CHECK_EQ(memcmp(&rig.stored.members, &rig.core.settings.members, sizeof found.members), 0);
}

TEST(excusing_a_peer_in_an_amnesia_does_not_vouch_for_new_keys)
{
    struct rig rig;
    struct stored found = peers_file(0, PEER_NONE);
    found.genesis = true;
    found.members.key_hash[PEER_WITNESS][0] ^= 1;
    peers_start(&rig, 0, found);
    struct statement statement = peers_says(&rig, 1);
    statement.seen_epoch = 101;
    statement.members_hash = 23;
    peers_hear(&rig, &statement); /* no new cluster: it has to learn */
    CHECK_EQ(rig.core.silence.kind, SILENCE_AMNESIA);
    peers_order(&rig, ORDER_RECOVER, PEER_WITNESS, 0);
    CHECK_EQ(silence_misses(&rig.core.silence), PEER_NONE);
    CHECK(rig.core.roster.pending);
}

CHECK_MAIN
