#include "proto/claim.h"

#include "tests/lib/check.h"

#define LEASE 5000
#define DRIFT 10000
/* LEASE * (1 - 1 %) / (1 + 1 %), rounded down, less a millisecond. */
#define BACKED 4899

/* Node 0 with its own voter and the table of what it sent. */
struct desk {
    struct claim claim;
    struct voter voter;
    struct echo echo;
    struct outcome outcome;
};

static void begin(struct desk *desk)
{
    struct lease_terms terms = {.length_ms = LEASE, .drift_ppm = DRIFT};
    struct stored found = {.present = true, .epoch = 100, .holder = PEER_NONE};
    memset(desk, 0, sizeof *desk);
    claim_init(&desk->claim, 0, &terms);
    voter_init(&desk->voter, 0, LEASE, &found, 0);
    echo_init(&desk->echo, 0, 9);
}

static void disk(struct desk *desk, mono_ms now)
{
    struct ledger *ledger = &desk->voter.ledger;
    memset(&desk->outcome, 0, sizeof desk->outcome);
    ledger_stored(ledger, ledger->writing_ticket, true, now, &desk->outcome);
    voter_stored(&desk->voter, now, &desk->outcome);
    claim_stored(&desk->claim, &desk->voter, now, &desk->outcome);
}

static void grant_for(struct desk *desk, uint64_t epoch, struct mark answers, mono_ms now)
{
    struct statement statement = {.from = PEER_WITNESS,
                                  .lease_ms = LEASE,
                                  .drift_ppm = DRIFT,
                                  .promise = {epoch, 0, LEASE, answers}};
    memset(&desk->outcome, 0, sizeof desk->outcome);
    claim_granted(&desk->claim, &desk->echo, &statement, now, &desk->outcome);
}

/* The witness backs `epoch`, answering the newest own statement. */
static void grant(struct desk *desk, uint64_t epoch, mono_ms now)
{
    grant_for(desk, epoch, desk->echo.self, now);
}

/* Claims 102, said at 1000. */
static void claiming(struct desk *desk)
{
    begin(desk);
    claim_begin(&desk->claim, &desk->voter, 102, 900, &desk->outcome);
    disk(desk, 1000);
    echo_sent(&desk->echo, 1000);
}

static void holding(struct desk *desk)
{
    claiming(desk);
    grant(desk, 102, 1100);
    CHECK_EQ(desk->claim.phase, CLAIM_HOLDING);
}

static void settle(struct desk *desk, mono_ms now)
{
    memset(&desk->outcome, 0, sizeof desk->outcome);
    claim_settle(&desk->claim, &desk->voter, now, false, &desk->outcome);
}

/* Rule N1; broken variant: self-promise not needed. */
TEST(the_self_promise_is_stored_before_the_claim_is_said)
{
    struct desk desk;
    begin(&desk);
    claim_begin(&desk.claim, &desk.voter, 102, 900, &desk.outcome);
    CHECK_EQ(desk.outcome.stored.epoch, 102);
    CHECK_EQ(desk.claim.epoch, 0);
    echo_sent(&desk.echo, 950);
    grant(&desk, 102, 960);
    CHECK_EQ(desk.claim.phase, CLAIM_STORING);
    CHECK(!claim_holds(&desk.claim, 960));
    disk(&desk, 1000);
    CHECK_EQ(desk.claim.epoch, 102);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
}

/* Rule N3; broken variants: lease counted from the grant's arrival, no drift margin. */
TEST(a_grant_backs_from_when_the_answered_statement_was_sent)
{
    struct desk desk;
    claiming(&desk);
    grant(&desk, 102, 3000);
    CHECK_EQ(desk.claim.backed_until, 1000 + BACKED);
    CHECK(claim_holds(&desk.claim, 1000 + BACKED - 1));
    CHECK(!claim_holds(&desk.claim, 1000 + BACKED));
    CHECK_EQ(claim_proof_sent(&desk.claim), 1000);
}

TEST(the_shorter_length_and_the_larger_drift_count)
{
    struct desk desk;
    claiming(&desk);
    struct statement statement = {.from = PEER_WITNESS,
                                  .drift_ppm = 50000,
                                  .promise = {102, 0, 1000, desk.echo.self}};
    claim_granted(&desk.claim, &desk.echo, &statement, 1100, &desk.outcome);
    CHECK_EQ(desk.claim.backed_until, 1000 + 1000 * 95 / 105 - 1);
}

TEST(a_longer_promise_does_not_lengthen_my_lease)
{
    struct desk desk;
    claiming(&desk);
    struct statement statement = {.from = PEER_WITNESS,
                                  .drift_ppm = DRIFT,
                                  .promise = {102, 0, 60000, desk.echo.self}};
    claim_granted(&desk.claim, &desk.echo, &statement, 1100, &desk.outcome);
    CHECK_EQ(desk.claim.backed_until, 1000 + BACKED);
}

TEST(a_grant_for_another_life_another_node_or_an_unsent_statement_is_none)
{
    struct desk desk;
    claiming(&desk);
    grant_for(&desk, 102, (struct mark){8, 1}, 1100);
    grant_for(&desk, 102, (struct mark){0, 0}, 1100);
    grant_for(&desk, 102, (struct mark){9, 2}, 1100);
    struct statement other = {.from = PEER_WITNESS, .promise = {103, 1, LEASE, {9, 1}}};
    claim_granted(&desk.claim, &desk.echo, &other, 1100, &desk.outcome);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
}

/* Broken variant: grant for an older claim counted by an unbacked claimant. */
TEST(an_unbacked_claimant_counts_only_its_present_number)
{
    struct desk desk;
    claiming(&desk);
    CHECK(claim_renumber(&desk.claim, &desk.voter, 106, 3000, &desk.outcome));
    disk(&desk, 3010);
    CHECK_EQ(desk.claim.epoch, 106);
    grant(&desk, 102, 3100);
    grant(&desk, 108, 3100);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
    grant(&desk, 106, 3100);
    CHECK_EQ(desk.claim.held, 106);
}

TEST(an_older_answer_never_shortens_the_lease)
{
    struct desk desk;
    holding(&desk);
    echo_sent(&desk.echo, 2000);
    grant(&desk, 102, 2100);
    grant_for(&desk, 102, (struct mark){9, 1}, 2200);
    CHECK_EQ(desk.claim.backed_until, 2000 + BACKED);
    CHECK_EQ(claim_proof_sent(&desk.claim), 2000);
}

/* Rule N4; broken variant: lapsed lease revived. */
TEST(a_lapsed_lease_is_given_up_at_its_instant_and_never_revived)
{
    struct desk desk;
    holding(&desk);
    echo_sent(&desk.echo, 4000);
    settle(&desk, 1000 + BACKED);
    CHECK_EQ(desk.claim.phase, CLAIM_NONE);
    CHECK_EQ(desk.claim.released, 102);
    CHECK_EQ(desk.claim.lapsed_at, 1000 + BACKED);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_LEASE_LOST);
    grant(&desk, 102, 1000 + BACKED); /* it had waited in the socket buffer */
    CHECK(!claim_holds(&desk.claim, 1000 + BACKED));
    CHECK_EQ(voter_bound_to(&desk.voter, 6000), PEER_NONE);
}

TEST(a_grant_that_is_over_already_makes_no_holder)
{
    struct desk desk;
    claiming(&desk);
    grant(&desk, 102, 1000 + BACKED);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
}

/* Rule N5; broken variant: no yield. */
TEST(an_unbacked_claim_yields_to_a_higher_one_and_only_to_that)
{
    struct desk desk;
    struct statement rival = {.from = 1, .claim = 101};
    claiming(&desk);
    claim_rival(&desk.claim, &desk.voter, &rival, 1200, &desk.outcome);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
    rival.claim = 103;
    claim_rival(&desk.claim, &desk.voter, &rival, 1200, &desk.outcome);
    CHECK_EQ(desk.claim.phase, CLAIM_NONE);
    CHECK_EQ(desk.claim.released, 102);
    CHECK_EQ(voter_bound_to(&desk.voter, 1200), PEER_NONE);
}

TEST(a_claim_still_on_its_way_to_the_disk_yields_too_and_is_never_said)
{
    struct desk desk;
    struct statement rival = {.from = 1, .claim = 103};
    begin(&desk);
    claim_begin(&desk.claim, &desk.voter, 102, 900, &desk.outcome);
    claim_rival(&desk.claim, &desk.voter, &rival, 950, &desk.outcome);
    disk(&desk, 1000);
    CHECK_EQ(desk.claim.epoch, 0);
    CHECK_EQ(desk.claim.released, 102);
    CHECK_EQ(voter_says(&desk.voter, 1000).epoch, 0);
}

TEST(a_holder_does_not_yield)
{
    struct desk desk;
    struct statement rival = {.from = 1, .claim = 999};
    holding(&desk);
    claim_rival(&desk.claim, &desk.voter, &rival, 1200, &desk.outcome);
    CHECK(claim_holds(&desk.claim, 1200));
}

TEST(a_claim_nobody_backs_ends_after_four_leases_unless_forced)
{
    struct desk desk;
    claiming(&desk);
    settle(&desk, 1000 + 4 * LEASE - 1);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
    claim_settle(&desk.claim, &desk.voter, 1000 + 9 * LEASE, true, &desk.outcome);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
    settle(&desk, 1000 + 4 * LEASE);
    CHECK_EQ(desk.claim.phase, CLAIM_NONE);
    CHECK_EQ(desk.claim.released, 102);
}

/* Rule N6; broken variant: no re-numbering. */
TEST(a_holder_takes_a_higher_number_without_stopping)
{
    struct desk desk;
    holding(&desk);
    CHECK(claim_renumber(&desk.claim, &desk.voter, 106, 1200, &desk.outcome));
    CHECK_EQ(desk.claim.epoch, 102); /* not said before it is stored */
    disk(&desk, 1300);
    CHECK_EQ(desk.claim.epoch, 106);
    CHECK_EQ(desk.claim.held, 102);
    CHECK(claim_holds(&desk.claim, 1300));
    echo_sent(&desk.echo, 1500);
    grant(&desk, 102, 1600); /* the old number still backs */
    CHECK_EQ(desk.claim.backed_until, 1500 + BACKED);
    CHECK_EQ(desk.claim.held, 102);
    grant(&desk, 106, 1700); /* the first grant of the new one */
    CHECK_EQ(desk.claim.held, 106);
    grant(&desk, 102, 1800); /* late: does not lead back */
    CHECK_EQ(desk.claim.held, 106);
}

TEST(a_holder_re_numbers_at_most_once_a_lease)
{
    struct desk desk;
    holding(&desk);
    CHECK(claim_renumber(&desk.claim, &desk.voter, 106, 1200, &desk.outcome));
    CHECK(!claim_renumber(&desk.claim, &desk.voter, 108, 1201, &desk.outcome));
    disk(&desk, 1300);
    CHECK(!claim_renumber(&desk.claim, &desk.voter, 108, 1200 + LEASE - 1, &desk.outcome));
    CHECK(claim_renumber(&desk.claim, &desk.voter, 108, 1200 + LEASE, &desk.outcome));
}

/* Rule N7; broken variant: given-up epoch claimed again. */
TEST(giving_up_releases_every_number_taken_and_abstains_for_two_leases)
{
    struct desk desk;
    holding(&desk);
    claim_renumber(&desk.claim, &desk.voter, 106, 1200, &desk.outcome);
    claim_give_up(&desk.claim, &desk.voter, true, 1300, &desk.outcome);
    CHECK_EQ(desk.claim.released, 106);
    CHECK_EQ(desk.claim.epoch, 0);
    CHECK_EQ(desk.claim.abstain_until, 1300 + 2 * LEASE);
    CHECK_EQ(voter_bound_to(&desk.voter, 1300), PEER_NONE);
    disk(&desk, 1400); /* the late write brings nothing back */
    CHECK_EQ(desk.claim.phase, CLAIM_NONE);
    CHECK_EQ(voter_bound_to(&desk.voter, 1400), PEER_NONE);
}

TEST(a_release_before_counts_for_one_holdership_only)
{
    struct desk desk;
    begin(&desk);
    desk.voter.freed_by_release = true;
    claim_begin(&desk.claim, &desk.voter, 102, 900, &desk.outcome);
    CHECK(desk.claim.after_release);
    claim_give_up(&desk.claim, &desk.voter, false, 950, &desk.outcome);
    claim_begin(&desk.claim, &desk.voter, 104, 960, &desk.outcome);
    CHECK(!desk.claim.after_release);
}

/* What others should know soon is said promptly (rule "Speaking"). */
TEST(every_turn_of_a_claim_is_said_promptly)
{
    struct desk desk;
    begin(&desk);
    claim_begin(&desk.claim, &desk.voter, 102, 900, &desk.outcome);
    disk(&desk, 1000);
    CHECK(desk.outcome.prompt);
    echo_sent(&desk.echo, 1000);
    grant(&desk, 102, 1100);
    CHECK(desk.outcome.prompt);
    CHECK_EQ(desk.claim.since, 1100);
    grant(&desk, 102, 1200);
    CHECK(!desk.outcome.prompt);
    CHECK_EQ(desk.claim.since, 1100);
    claiming(&desk);
    settle(&desk, 1000 + 4 * LEASE);
    CHECK(desk.outcome.prompt);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_CLAIM_EXPIRED);
    CHECK_EQ(desk.outcome.notes[0].epoch, 102);
    claiming(&desk);
    memset(&desk.outcome, 0, sizeof desk.outcome);
    struct statement rival = {.from = 1, .claim = 103};
    claim_rival(&desk.claim, &desk.voter, &rival, 1100, &desk.outcome);
    CHECK(desk.outcome.prompt);
}

TEST(nobody_but_the_other_node_is_a_rival)
{
    struct desk desk;
    claiming(&desk);
    struct statement rival = {.from = PEER_WITNESS, .claim = 103};
    claim_rival(&desk.claim, &desk.voter, &rival, 1100, &desk.outcome);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
    rival = (struct statement){.from = 1, .claim = 102}; /* equal is not higher */
    claim_rival(&desk.claim, &desk.voter, &rival, 1100, &desk.outcome);
    CHECK_EQ(desk.claim.phase, CLAIM_CLAIMING);
}

TEST(nothing_is_granted_to_who_does_not_claim)
{
    struct desk desk;
    begin(&desk);
    echo_sent(&desk.echo, 1000);
    grant(&desk, 0, 1100);
    grant(&desk, 100, 1100);
    CHECK_EQ(desk.claim.phase, CLAIM_NONE);
    claim_begin(&desk.claim, &desk.voter, 102, 900, &desk.outcome);
    grant(&desk, 102, 1100);
    CHECK_EQ(desk.claim.phase, CLAIM_STORING);
    CHECK(!claim_renumber(&desk.claim, &desk.voter, 104, 1200, &desk.outcome));
    CHECK_EQ(desk.claim.next, 102);
}

TEST(a_claimant_re_numbers_at_most_five_times_a_lease)
{
    struct desk desk;
    claiming(&desk);
    CHECK(claim_renumber(&desk.claim, &desk.voter, 104, 2000, &desk.outcome));
    CHECK(!claim_renumber(&desk.claim, &desk.voter, 106, 4000, &desk.outcome)); /* on its way */
    disk(&desk, 2010);
    CHECK(!claim_renumber(&desk.claim, &desk.voter, 106, 2000 + LEASE / 5 - 1, &desk.outcome));
    CHECK(claim_renumber(&desk.claim, &desk.voter, 106, 2000 + LEASE / 5, &desk.outcome));
    holding(&desk);
    desk.claim.leaving = true;
    CHECK(!claim_renumber(&desk.claim, &desk.voter, 104, 2000, &desk.outcome));
}

TEST(a_holders_clock_of_holding_goes_on_through_a_new_number)
{
    struct desk desk;
    holding(&desk);
    CHECK(claim_renumber(&desk.claim, &desk.voter, 104, 2000, &desk.outcome));
    disk(&desk, 2100);
    CHECK_EQ(desk.claim.since, 1100);
    CHECK_EQ(desk.claim.held, 102);
}

TEST(giving_up_names_the_number_that_was_held)
{
    struct desk desk;
    holding(&desk);
    CHECK(claim_renumber(&desk.claim, &desk.voter, 104, 2000, &desk.outcome));
    memset(&desk.outcome, 0, sizeof desk.outcome);
    claim_give_up(&desk.claim, &desk.voter, false, 2500, &desk.outcome);
    CHECK_EQ(desk.outcome.notes[0].epoch, 102);
    CHECK_EQ(desk.claim.released, 104);
    CHECK_EQ(desk.claim.abstain_until, MONO_LONG_AGO);
    CHECK_EQ(claim_proof_sent(&desk.claim), MONO_LONG_AGO);
    CHECK_EQ(desk.claim.backed_until, MONO_LONG_AGO);
    claiming(&desk);
    memset(&desk.outcome, 0, sizeof desk.outcome);
    claim_give_up(&desk.claim, &desk.voter, true, 2500, &desk.outcome);
    CHECK_EQ(desk.outcome.notes[0].epoch, 102);
    memset(&desk.outcome, 0, sizeof desk.outcome);
    claim_give_up(&desk.claim, &desk.voter, true, 9000, &desk.outcome); /* nothing to give up */
    CHECK_EQ(desk.outcome.note_count, 0);
    CHECK_EQ(desk.claim.abstain_until, 2500 + 2 * LEASE);
}

TEST(the_newest_proof_counts_whoever_gave_it)
{
    struct desk desk;
    claiming(&desk);
    desk.claim.grants[0].sent = 7;
    CHECK_EQ(claim_proof_sent(&desk.claim), 7);
    desk.claim.grants[1].sent = 9;
    desk.claim.grants[2].sent = 8;
    CHECK_EQ(claim_proof_sent(&desk.claim), 9);
}

TEST(the_own_drift_counts_when_it_is_the_larger)
{
    struct desk desk;
    claiming(&desk);
    struct statement statement = {.from = PEER_WITNESS,
                                  .drift_ppm = 100,
                                  .promise = {102, 0, LEASE, desk.echo.self}};
    claim_granted(&desk.claim, &desk.echo, &statement, 1100, &desk.outcome);
    CHECK_EQ(desk.claim.backed_until, 1000 + BACKED);
}

TEST(a_claim_on_disk_is_said_at_once)
{
    struct desk desk;
    begin(&desk);
    claim_begin(&desk.claim, &desk.voter, 102, 900, &desk.outcome);
    ledger_stored(&desk.voter.ledger, desk.claim.next_ticket, true, 950, &desk.outcome);
    memset(&desk.outcome, 0, sizeof desk.outcome);
    claim_stored(&desk.claim, &desk.voter, 950, &desk.outcome);
    CHECK(desk.outcome.prompt);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_CLAIMED);
}

TEST(who_does_not_claim_takes_no_new_number)
{
    struct desk desk;
    begin(&desk);
    CHECK(!claim_renumber(&desk.claim, &desk.voter, 102, 100000, &desk.outcome));
    CHECK_EQ(desk.claim.next, 0);
    claim_begin(&desk.claim, &desk.voter, 102, 100000, &desk.outcome);
    CHECK(!claim_renumber(&desk.claim, &desk.voter, 104, 100000, &desk.outcome));
    CHECK_EQ(desk.claim.next, 102);
}

CHECK_MAIN
