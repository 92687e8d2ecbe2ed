/* Whether the services before this holdership were closed: `after_release` lets the new holder act
 * without waiting, so it must never be believed too long. */
#include "proto/core.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

/* Node 0 hears how node 1, which it backed, gives 101 up on purpose, and claims itself. */
static void succeeding(struct rig *rig)
{
    elected_quiet(rig, 0, 100);
    peers_claim(rig, 1, 101);
    peers_written(rig);
    struct statement statement = peers_says(rig, 1);
    statement.released = statement.seen_epoch = 101;
    statement.flags |= STATEMENT_LEAVING;
    peers_hear(rig, &statement);
    CHECK_EQ(rig->core.claim.phase, CLAIM_STORING);
    CHECK_EQ(rig->core.claim.next, 102);
    CHECK(rig->core.claim.after_release);
    peers_forget(rig);
}

static void held(struct rig *rig)
{
    peers_written(rig);
    peers_pass(rig, 50);
    peers_back(rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig->out.standing.standing, STANDING_HOLDER);
}

TEST(a_holdership_after_a_release_says_so)
{
    struct rig rig;
    succeeding(&rig);
    held(&rig);
    CHECK(rig.out.standing.after_release);
}

TEST(a_newer_claim_of_the_other_node_makes_the_release_worthless)
{
    struct rig rig;
    succeeding(&rig);
    peers_pass(&rig, LEASE); /* a slow disk; and the other node hears nothing any more */
    struct statement statement = peers_says(&rig, 1);
    statement.claim = statement.seen_epoch = 103;
    statement.heard[0] = (struct mark){0, 0}; /* not fresh: no reason to yield */
    peers_hear(&rig, &statement);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
    peers_ping(&rig, 1); /* heard again, after a crash */
    held(&rig);
    CHECK(!rig.out.standing.after_release);
}

TEST(a_voter_of_a_newer_number_of_the_other_node_makes_the_release_worthless)
{
    struct rig rig;
    succeeding(&rig);
    peers_back(&rig, PEER_WITNESS, 103, 1);
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
    CHECK(!rig.core.claim.after_release);
}

/* Seed 33534 of the simulator: the witness backs nobody any more, but remembers the number. */
TEST(a_number_that_was_only_seen_makes_the_release_worthless)
{
    struct rig rig;
    succeeding(&rig);
    struct statement statement = peers_says(&rig, PEER_WITNESS);
    statement.seen_epoch = 103;
    peers_hear(&rig, &statement);
    CHECK(!rig.core.claim.after_release);
}

TEST(the_number_that_was_released_and_own_ones_are_no_news)
{
    struct rig rig;
    succeeding(&rig);
    struct statement statement = peers_backs(&rig, PEER_WITNESS, 101, 1);
    peers_hear(&rig, &statement);
    CHECK(rig.core.claim.after_release);
    statement = peers_backs(&rig, PEER_WITNESS, 104, 0);
    peers_hear(&rig, &statement);
    CHECK(rig.core.claim.after_release);
    held(&rig);
    CHECK(rig.out.standing.after_release);
}

/* Once it holds, its services are its own: what others say later is of no account. */
TEST(a_holder_keeps_what_was_true_when_it_began)
{
    struct rig rig;
    succeeding(&rig);
    held(&rig);
    peers_back(&rig, PEER_WITNESS, 103, 1);
    CHECK(rig.core.claim.after_release);
}

/* Seed 24734 of the simulator: a node claims after a release and is cut off; meanwhile the other
 * holds again, and dies at it. When the witness is free, nobody knows whether services closed. */
TEST(a_release_counts_only_while_the_other_node_is_heard)
{
    struct rig rig;
    succeeding(&rig);
    peers_written(&rig);
    peers_pass(&rig, LEASE);
    peers_back(&rig, PEER_WITNESS, 102, 0);
    CHECK_EQ(rig.out.standing.standing, STANDING_HOLDER);
    CHECK(!rig.out.standing.after_release);
}

/* The word for it is said in the statements that carry the release, for two leases. */
TEST(who_gave_up_on_purpose_says_so_until_it_may_claim_again)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    peers_order(&rig, ORDER_HANDOVER, PEER_NONE, 0);
    peers_wake(&rig, 60);
    CHECK((rig.said.flags & STATEMENT_LEAVING) != 0);
    CHECK_EQ(rig.said.released, 0);
    peers_step(&rig, (struct event){.kind = EVENT_IDLE});
    mono_ms until = rig.now + 2 * LEASE;
    while (rig.now + INTERVAL < until) {
        peers_wake(&rig, 250);
        if (rig.said.released == 102)
            CHECK((rig.said.flags & STATEMENT_LEAVING) != 0);
    }
    CHECK_EQ(rig.said.released, 102);
    peers_pass(&rig, 2 * INTERVAL);
    CHECK_EQ(rig.said.flags & STATEMENT_LEAVING, 0);
}

TEST(who_only_gave_up_a_claim_closed_nothing)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    peers_order(&rig, ORDER_STOP, PEER_NONE, 0);
    peers_wake(&rig, 60);
    CHECK_EQ(rig.said.released, 102);
    CHECK_EQ(rig.said.flags & STATEMENT_LEAVING, 0);
}

CHECK_MAIN
