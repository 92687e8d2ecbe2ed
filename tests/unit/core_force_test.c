/* Rule N11 through the whole core: a takeover by an operator's word. */
#include "proto/core.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

static bool may_act(const struct rig *rig)
{
    struct permit permit;
    enum reason reason;
    return core_permit(&rig->core, rig->now, 100, &permit, &reason);
}

/* Alone in the world, the operator's word given, the number on disk. */
static void forced(struct rig *rig)
{
    elected_quiet(rig, 0, 100);
    peers_order(rig, ORDER_FORCE, 1, 0);
    peers_written(rig);
}

TEST(a_forced_node_acts_without_two_of_three_and_says_what_it_is)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK(!may_act(&rig));
    peers_order(&rig, ORDER_FORCE, 1, 0);
    CHECK(!may_act(&rig)); /* not before its number is on disk */
    peers_written(&rig);
    CHECK_EQ(rig.out.standing.standing, STANDING_FORCED);
    CHECK(may_act(&rig));
    CHECK_EQ(rig.noted[REASON_FORCED], 1);
    peers_pass(&rig, 10 * LEASE); /* does not give up after four leases */
    CHECK(may_act(&rig));
    CHECK((rig.said.flags & STATEMENT_FORCED) != 0);
    CHECK_EQ(rig.said.flags & STATEMENT_HOLDING, 0);
}

TEST(it_waits_for_the_own_promise_to_the_other_to_run_out)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    struct statement statement = peers_says(&rig, 1);
    statement.claim = statement.seen_epoch = 101;
    statement.lease_ms = 4 * LEASE; /* not heard for long before the promise ends */
    peers_hear(&rig, &statement);
    peers_written(&rig);
    peers_pass(&rig, 4 * LEASE - 1);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    CHECK_EQ(rig.noted[REASON_FORCED], 0);
    CHECK(!rig.core.force.on);
    peers_wake(&rig, 1);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    CHECK_EQ(rig.noted[REASON_FORCED], 1);
}

TEST(it_is_refused_while_the_other_node_is_heard_or_a_witness_is_told)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_fit(&rig, false);
    peers_ping(&rig, 1);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    CHECK(!rig.core.force.on);
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    CHECK(!rig.core.force.on);
}

TEST(it_becomes_an_ordinary_lease_when_somebody_backs_it)
{
    struct rig rig;
    forced(&rig);
    peers_pass(&rig, 500);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.out.standing.standing, STANDING_HOLDER);
    CHECK(!rig.core.force.on);
    peers_pass(&rig, LEASE);
    CHECK(!may_act(&rig)); /* and ends like one */
}

TEST(it_ends_when_refused_for_a_lease_or_after_a_day_or_by_release)
{
    struct rig rig;
    forced(&rig);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(rig.core.force.on, true);
        peers_back(&rig, PEER_WITNESS, 101, 1);
        peers_wake(&rig, 250);
    }
    CHECK(!rig.core.force.on);
    CHECK(!may_act(&rig));
    CHECK_EQ(rig.core.claim.released, 102);
    forced(&rig);
    peers_wake(&rig, FORCED_MS_MAX);
    CHECK(!may_act(&rig));
    forced(&rig);
    peers_order(&rig, ORDER_RELEASE, PEER_NONE, 0);
    CHECK(!may_act(&rig));
    peers_step(&rig, (struct event){.kind = EVENT_IDLE});
    CHECK_EQ(rig.core.claim.released, 102);
}

TEST(the_other_node_gives_up_a_lower_number_and_waits_for_the_operator)
{
    struct rig rig;
    elected_holder(&rig, 0);
    struct statement statement = peers_says(&rig, 1);
    statement.claim = statement.seen_epoch = 105;
    statement.flags |= STATEMENT_FORCED;
    peers_hear(&rig, &statement);
    CHECK(!claim_holds(&rig.core.claim, rig.now));
    CHECK_EQ(rig.core.claim.released, 102);
    CHECK_EQ(rig.noted[REASON_FORCED_SEEN], 1);
    peers_written(&rig); /* it backs the forced one meanwhile */
    for (int i = 0; i < 80; i++) { /* long after it abstained: only the operator ends it */
        peers_wake(&rig, 250);
        peers_ping(&rig, PEER_WITNESS);
        CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    }
    peers_order(&rig, ORDER_RELEASE, PEER_NONE, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
    CHECK(rig.stored.epoch > 105);
}

TEST(a_forced_standing_is_not_resumed_after_a_restart)
{
    struct rig rig;
    forced(&rig);
    struct stored file = rig.stored;
    peers_start(&rig, 0, file);
    peers_fit(&rig, true);
    peers_pass(&rig, 10 * LEASE);
    CHECK(!may_act(&rig));
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
}

/* Two operators, two words: neither node gives way to the other, and each knows of the other. */
TEST(of_two_forced_nodes_none_yields_by_itself)
{
    struct rig rig;
    forced(&rig);
    struct statement statement = peers_says(&rig, 1);
    statement.claim = statement.seen_epoch = 105;
    statement.flags |= STATEMENT_FORCED;
    peers_hear(&rig, &statement);
    CHECK(may_act(&rig));
    CHECK(rig.core.force.on);
    CHECK_EQ(rig.noted[REASON_FORCED_SEEN], 1);
}

TEST(a_holder_does_not_give_way_to_a_forced_node_with_a_lower_number)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_acts_forced(&rig, 1, 101);
    CHECK(claim_holds(&rig.core.claim, rig.now));
    CHECK_EQ(rig.core.claim.released, 0);
    CHECK_EQ(rig.noted[REASON_FORCED_SEEN], 1);
}

TEST(a_node_that_claims_nothing_has_nothing_to_give_up_to_a_forced_one)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    struct statement statement = peers_says(&rig, 1);
    statement.claim = statement.seen_epoch = 105;
    statement.flags |= STATEMENT_FORCED;
    peers_hear(&rig, &statement);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    CHECK_EQ(rig.core.claim.released, 0);
    CHECK_EQ(rig.noted[REASON_RELEASED], 0);
}

/* Rule V4 for the operator's word too. */
TEST(forced_is_not_said_before_its_number_is_on_disk)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    CHECK(rig.core.force.on);
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.flags & STATEMENT_FORCED, 0);
    CHECK_EQ(rig.said.claim, 0);
    peers_written(&rig);
    peers_wake(&rig, INTERVAL);
    CHECK((rig.said.flags & STATEMENT_FORCED) != 0);
    CHECK_EQ(rig.said.claim, 102);
}

/* Rule N10 for a lease: a forced node did not have to ask for it. */
TEST(a_member_that_nobody_confirmed_makes_no_lease_of_it)
{
    struct rig rig;
    struct stored found = peers_file(100, PEER_NONE);
    found.members.key_hash[PEER_WITNESS][0] ^= 1;
    peers_start(&rig, 0, found);
    peers_pass(&rig, LEASE);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    peers_written(&rig);
    peers_pass(&rig, 50);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_CLAIMING);
    CHECK(rig.core.force.on);
    rig.core.roster.is_new[PEER_WITNESS] = false;
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.out.standing.standing, STANDING_HOLDER);
}

TEST(a_forced_permit_carries_the_forced_number)
{
    struct rig rig;
    struct permit permit;
    enum reason reason;
    forced(&rig);
    CHECK(core_permit(&rig.core, rig.now, 100, &permit, &reason));
    CHECK_EQ(permit.epoch, 102);
    CHECK(core_permit_holds(&rig.core, rig.now, &permit));
    permit.epoch = 104;
    CHECK(!core_permit_holds(&rig.core, rig.now, &permit));
}

/* It has opened no services, so it must not promise that its services are closed. */
TEST(a_forced_claim_that_is_not_on_disk_yet_ends_without_a_word_of_closed_services)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
    peers_order(&rig, ORDER_RELEASE, PEER_NONE, 0);
    CHECK_EQ(rig.core.claim.phase, CLAIM_NONE);
    CHECK(!rig.core.force.on);
    CHECK_EQ(rig.noted[REASON_FORCED_OVER], 1);
    peers_pass(&rig, LEASE / 2);
    CHECK_EQ(rig.said.flags & (STATEMENT_LEAVING | STATEMENT_FORCED), 0);
}

CHECK_MAIN
