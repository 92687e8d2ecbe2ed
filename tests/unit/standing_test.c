#include "proto/standing.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

static bool reported(const struct rig *rig)
{
    for (size_t i = 0; i < rig->out.action_count; i++)
        if (rig->out.actions[i].kind == ACTION_STANDING)
            return true;
    return false;
}

TEST(a_holder_reports_its_epoch_its_end_and_when_demotion_begins)
{
    struct rig rig;
    elected_holder(&rig, 0);
    CHECK(reported(&rig));
    CHECK_EQ(rig.out.standing.standing, STANDING_HOLDER);
    CHECK_EQ(rig.out.standing.epoch, 102);
    CHECK_EQ(rig.out.standing.since, rig.now);
    CHECK_EQ(rig.out.standing.holds_until, rig.core.claim.backed_until);
    CHECK_EQ(rig.out.standing.lead_at, rig.core.claim.backed_until - 500);
    CHECK(!rig.out.standing.after_release);
}

TEST(a_renewal_moves_the_end_and_keeps_since)
{
    struct rig rig;
    elected_holder(&rig, 0);
    mono_ms since = rig.now, until = rig.out.standing.holds_until;
    elected_renew(&rig, 1000);
    CHECK_EQ(rig.core.reported.since, since);
    CHECK(rig.core.reported.holds_until > until);
}

TEST(a_quiet_step_reports_nothing)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_wake(&rig, 10);
    CHECK(!reported(&rig));
}

TEST(a_lease_slept_through_ended_when_it_ended_not_when_it_was_noticed)
{
    struct rig rig;
    elected_holder(&rig, 0);
    mono_ms until = rig.out.standing.holds_until;
    peers_wake(&rig, 60000);
    CHECK(reported(&rig));
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
    CHECK_EQ(rig.out.standing.since, until);
    CHECK_EQ(rig.out.standing.epoch, 0);
    CHECK_EQ(rig.out.standing.holds_until, MONO_LONG_AGO);
}

/* The word of node 0 that it holds, no longer only claims. */
static void it_holds(struct rig *rig, uint64_t epoch)
{
    struct statement statement = peers_says(rig, 0);
    statement.claim = statement.seen_epoch = epoch;
    statement.flags |= STATEMENT_HOLDING;
    peers_hear(rig, &statement);
}

/* Backing a claim makes no holder yet: the claimant may never get a second vote. */
TEST(a_standby_knows_the_holder_by_its_word_or_by_its_own_promise)
{
    struct rig rig;
    elected_quiet(&rig, 1, 100);
    CHECK_EQ(standing_holder(&rig.core, rig.now), PEER_NONE);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
    CHECK_EQ(standing_holder(&rig.core, rig.now), PEER_NONE);
    it_holds(&rig, 102);
    CHECK_EQ(rig.out.standing.standing, STANDING_STANDBY);
    CHECK_EQ(standing_holder(&rig.core, rig.now), 0);
    peers_pass(&rig, LEASE);
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
    it_holds(&rig, 104);
    CHECK_EQ(rig.out.standing.standing, STANDING_STANDBY);
}

TEST(a_witness_is_a_witness)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    CHECK_EQ(rig.out.standing.standing, STANDING_WITNESS);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    it_holds(&rig, 102);
    CHECK_EQ(rig.out.standing.standing, STANDING_WITNESS);
    CHECK_EQ(standing_holder(&rig.core, rig.now), 0);
}

TEST(a_stored_promise_from_before_the_restart_is_no_sign_of_a_living_holder)
{
    struct rig rig;
    peers_start(&rig, 1, peers_file(102, 0));
    CHECK_EQ(standing_holder(&rig.core, rig.now), PEER_NONE);
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
}

TEST(leaving_is_reported_so_that_effects_can_end)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    peers_order(&rig, ORDER_HANDOVER, 1, 0);
    CHECK(reported(&rig));
    CHECK(rig.out.standing.leaving);
    CHECK_EQ(rig.out.standing.standing, STANDING_HOLDER);
}

TEST(a_takeover_after_a_release_says_so)
{
    struct rig rig;
    elected_quiet(&rig, 1, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    struct statement statement = peers_says(&rig, 0);
    statement.released = statement.seen_epoch = 102;
    statement.flags |= STATEMENT_LEAVING;
    peers_hear(&rig, &statement); /* the old holder itself can back the new one */
    CHECK_EQ(rig.core.claim.phase, CLAIM_STORING);
    peers_written(&rig);
    peers_pass(&rig, 50);
    peers_back(&rig, 0, 103, 1);
    CHECK_EQ(rig.out.standing.standing, STANDING_HOLDER);
    CHECK(rig.out.standing.after_release);
}

TEST(a_release_is_outdated_by_a_later_number_of_that_node)
{
    struct rig rig;
    elected_quiet(&rig, 1, 100);
    peers_fit(&rig, false);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    struct statement statement = peers_says(&rig, 0);
    statement.released = statement.seen_epoch = 102;
    statement.flags |= STATEMENT_LEAVING;
    peers_hear(&rig, &statement); /* free, but not fit: it does not claim */
    peers_back(&rig, PEER_WITNESS, 104, 0); /* node 0 holds again, unheard here */
    peers_pass(&rig, LEASE);
    peers_ping(&rig, 0); /* heard again, and knows nothing of it: its file was lost */
    peers_fit(&rig, true);
    peers_ping(&rig, PEER_WITNESS);
    peers_written(&rig);
    peers_pass(&rig, 50);
    peers_back(&rig, PEER_WITNESS, rig.core.claim.epoch, 1);
    CHECK_EQ(rig.out.standing.standing, STANDING_HOLDER);
    CHECK(!rig.out.standing.after_release);
}

/* The stored length is longer than today's lease: the promise outlives the holder's last word. */
TEST(a_promise_from_the_disk_alone_names_no_holder)
{
    struct rig rig;
    struct stored found = peers_file(102, 0);
    found.length_ms = 4 * LEASE;
    peers_start(&rig, PEER_WITNESS, found);
    CHECK_EQ(standing_holder(&rig.core, rig.now), PEER_NONE);
    struct mark old = rig.core.echo.self;
    peers_pass(&rig, LEASE / 2);
    struct statement holder = peers_says(&rig, 0);
    holder.claim = holder.seen_epoch = 102;
    holder.flags |= STATEMENT_HOLDING;
    holder.heard[PEER_WITNESS] = old; /* too old to be renewed, and yet fresh */
    peers_hear(&rig, &holder);
    CHECK_EQ(standing_holder(&rig.core, rig.now), 0);
    peers_pass(&rig, LEASE / 2);
    CHECK_EQ(voter_bound_to(&rig.core.voter, rig.now), 0);
    CHECK_EQ(standing_holder(&rig.core, rig.now), PEER_NONE);
}

TEST(every_part_of_a_standing_is_worth_a_report_but_the_lead)
{
    const struct standing_report a = {.standing = STANDING_HOLDER, .epoch = 102, .since = 5,
                                      .holds_until = 9, .lead_at = 8};
    struct standing_report b = a;
    CHECK(!standing_differs(&a, &b));
    b.lead_at = 7; /* moves with holds_until */
    CHECK(!standing_differs(&a, &b));
    b.standing = STANDING_FORCED;
    CHECK(standing_differs(&a, &b));
    b = a;
    b.epoch = 104;
    CHECK(standing_differs(&a, &b));
    b = a;
    b.since = 6;
    CHECK(standing_differs(&a, &b));
    b = a;
    b.holds_until = 10;
    CHECK(standing_differs(&a, &b));
    b = a;
    b.leaving = true;
    CHECK(standing_differs(&a, &b));
}

/* The last word of the holder is old, the promise that it answered is not over. */
TEST(a_holder_is_one_while_its_promise_is_in_force)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    struct mark old = rig.core.echo.self;
    peers_pass(&rig, 1000);
    struct statement holder = peers_says(&rig, 0);
    holder.claim = holder.seen_epoch = 102;
    holder.flags |= STATEMENT_HOLDING;
    holder.heard[PEER_WITNESS] = old;
    peers_hear(&rig, &holder);
    peers_pass(&rig, LEASE - 500);
    CHECK(!echo_is_fresh(&rig.core.echo, 0, rig.now, LEASE));
    CHECK_EQ(standing_holder(&rig.core, rig.now), 0);
    peers_pass(&rig, 500);
    CHECK_EQ(standing_holder(&rig.core, rig.now), PEER_NONE);
}

TEST(a_witness_never_holds_whatever_it_says)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.core.merit.maintenance_until = MONO_NEVER;
    struct statement witness = peers_says(&rig, PEER_WITNESS);
    witness.flags = STATEMENT_HOLDING | STATEMENT_FORCED;
    peers_hear(&rig, &witness);
    CHECK_EQ(standing_holder(&rig.core, rig.now), PEER_NONE);
    CHECK_EQ(standing_forced(&rig.core, rig.now), PEER_NONE);
}

TEST(a_standing_that_changes_without_a_lease_began_when_it_changed)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK_EQ(rig.core.reported.since, BEGIN);
    rig.core.merit.maintenance_until = MONO_NEVER;
    struct statement holder = peers_says(&rig, 1);
    holder.claim = holder.seen_epoch = 101;
    holder.flags |= STATEMENT_HOLDING;
    peers_hear(&rig, &holder);
    CHECK_EQ(rig.core.reported.standing, STANDING_STANDBY);
    CHECK_EQ(rig.core.reported.since, rig.now);
    peers_pass(&rig, LEASE);
    CHECK_EQ(rig.core.reported.standing, STANDING_ALONE);
    CHECK_EQ(rig.core.reported.since, rig.now);
}

TEST(a_forced_standing_names_its_end_and_leaves_nothing_behind)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    peers_written(&rig);
    CHECK_EQ(rig.out.standing.standing, STANDING_FORCED);
    CHECK_EQ(rig.out.standing.epoch, 102);
    CHECK_EQ(rig.out.standing.holds_until, rig.now + FORCED_MS_MAX);
    CHECK_EQ(rig.out.standing.lead_at, rig.now + FORCED_MS_MAX);
    CHECK(!rig.out.standing.leaving);
    peers_order(&rig, ORDER_RELEASE, PEER_NONE, 0);
    CHECK(rig.out.standing.leaving);
    peers_step(&rig, (struct event){.kind = EVENT_IDLE});
    CHECK_EQ(rig.out.standing.standing, STANDING_ALONE);
    CHECK_EQ(rig.out.standing.since, rig.now);
    CHECK_EQ(rig.out.standing.holds_until, MONO_LONG_AGO);
    CHECK_EQ(rig.out.standing.lead_at, MONO_LONG_AGO);
    CHECK(!rig.out.standing.leaving);
}

TEST(who_only_claims_has_no_number_in_force)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    CHECK_EQ(rig.core.reported.standing, STANDING_ALONE);
    CHECK_EQ(rig.core.reported.epoch, 0);
    CHECK_EQ(rig.core.reported.holds_until, MONO_LONG_AGO);
}

CHECK_MAIN
