#include "proto/voter.h"

#include "tests/lib/check.h"

#define LEASE 5000

/* The witness as a voter, past its silence, floor 100 from its file. */
struct booth {
    struct voter voter;
    struct silence silence;
    struct outcome outcome;
    uint64_t seq;
};

static void begin_with(struct booth *booth, struct stored found, mono_ms now)
{
    memset(booth, 0, sizeof *booth);
    silence_init(&booth->silence, PEER_WITNESS, &found, LEASE, now);
    voter_init(&booth->voter, PEER_WITNESS, LEASE, &found, silence_until(&booth->silence));
}

static void begin(struct booth *booth)
{
    begin_with(booth, (struct stored){.present = true, .epoch = 100, .holder = PEER_NONE}, 0);
    booth->silence.kind = SILENCE_NONE;
}

/* One statement: settle, weigh, release, as the core does. */
static void hear(struct booth *booth, struct statement statement, span_ms age, mono_ms now)
{
    statement.mark = (struct mark){50u + statement.from, ++booth->seq};
    if (statement.lease_ms == 0)
        statement.lease_ms = LEASE;
    struct weighing weighing = {.statement = &statement, .echo_age = age, .now = now};
    memset(&booth->outcome, 0, sizeof booth->outcome);
    voter_settle(&booth->voter, now, &booth->outcome);
    voter_weigh(&booth->voter, &booth->silence, &weighing, &booth->outcome);
    voter_released(&booth->voter, &statement, now, &booth->outcome);
}

static void claims(struct booth *booth, uint8_t from, uint64_t epoch, mono_ms now)
{
    hear(booth, (struct statement){.from = from, .claim = epoch}, 100, now);
}

static void disk(struct booth *booth, bool ok, mono_ms now)
{
    struct ledger *ledger = &booth->voter.ledger;
    memset(&booth->outcome, 0, sizeof booth->outcome);
    ledger_stored(ledger, ledger->writing_ticket, ok, now, &booth->outcome);
    voter_stored(&booth->voter, now, &booth->outcome);
}

static uint64_t says(const struct booth *booth, mono_ms now)
{
    return voter_says(&booth->voter, now).epoch;
}

static void promise_102(struct booth *booth)
{
    begin(booth);
    claims(booth, 0, 102, 1000);
    disk(booth, true, 1010);
    CHECK_EQ(says(booth, 1010), 102);
}

/* Rule V4; broken variant: promise said before it is stored. */
TEST(nothing_is_said_before_it_is_stored)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 102, 1000);
    CHECK_EQ(booth.outcome.action_count, 1);
    CHECK_EQ(booth.outcome.stored.epoch, 102);
    CHECK_EQ(booth.outcome.stored.holder, 0);
    CHECK_EQ(booth.outcome.stored.length_ms, LEASE);
    CHECK_EQ(says(&booth, 1000), 0);
    disk(&booth, true, 1010);
    CHECK_EQ(says(&booth, 1010), 102);
    CHECK(booth.outcome.prompt);
}

/* Broken variant: "equal epoch" promised before it is stored. */
TEST(an_equal_claim_waits_for_the_disk_too)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 102, 1000);
    claims(&booth, 0, 102, 1500);
    CHECK_EQ(says(&booth, 1500), 0);
    claims(&booth, 0, 102, 9000); /* the first wish ran out; the number is still not on disk */
    CHECK_EQ(says(&booth, 9000), 0);
    disk(&booth, false, 9100);
    CHECK_EQ(says(&booth, 9100), 0);
    claims(&booth, 0, 102, 9200);
    CHECK_EQ(says(&booth, 9200), 0);
}

/* Rule V1. */
TEST(a_promise_counts_from_the_claim_it_answers_not_from_the_disk)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 102, 1000);
    disk(&booth, true, 3000);
    CHECK_EQ(booth.voter.promise.until, 6000);
    CHECK_EQ(booth.voter.promise.answers.seq, 1);
    claims(&booth, 0, 102, 4000);
    CHECK_EQ(booth.voter.promise.until, 9000);
    CHECK_EQ(booth.voter.promise.answers.seq, 2);
    CHECK_EQ(booth.outcome.action_count, 0); /* renewals write nothing */
}

TEST(a_disk_slower_than_the_promise_promises_nothing)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 102, 1000);
    disk(&booth, true, 6000);
    CHECK_EQ(says(&booth, 6000), 0);
    claims(&booth, 0, 102, 6100); /* but now the number is there: at once */
    CHECK_EQ(says(&booth, 6100), 102);
}

TEST(a_promise_lasts_the_longer_of_both_leases_and_says_so)
{
    struct booth booth;
    begin(&booth);
    hear(&booth, (struct statement){.from = 0, .claim = 102, .lease_ms = 20000}, 100, 1000);
    CHECK_EQ(booth.outcome.stored.length_ms, 20000);
    disk(&booth, true, 1010);
    CHECK_EQ(voter_says(&booth.voter, 1010).length_ms, 20000);
    CHECK_EQ(booth.voter.promise.until, 21000);
    begin(&booth);
    hear(&booth, (struct statement){.from = 0, .claim = 102, .lease_ms = 600}, 100, 1000);
    disk(&booth, true, 1010);
    CHECK_EQ(voter_says(&booth.voter, 1010).length_ms, LEASE);
}

/* The stored length is what a restart would wait for: a longer one goes to disk first. */
TEST(a_claimant_whose_lease_grew_gets_the_stored_length_until_the_longer_is_on_disk)
{
    struct booth booth;
    promise_102(&booth);
    hear(&booth, (struct statement){.from = 0, .claim = 102, .lease_ms = 20000}, 100, 2000);
    CHECK_EQ(voter_says(&booth.voter, 2000).length_ms, LEASE);
    CHECK_EQ(booth.voter.promise.until, 2000 + LEASE);
    CHECK_EQ(booth.outcome.stored.length_ms, 20000);
    disk(&booth, true, 2010);
    CHECK_EQ(voter_says(&booth.voter, 2010).length_ms, 20000);
    CHECK_EQ(booth.voter.promise.until, 22000);
}

/* Broken variants: full-lease renewal window; `answers` moved without the promise. */
TEST(a_claim_with_an_echo_older_than_half_the_lease_moves_nothing_at_all)
{
    struct booth booth;
    promise_102(&booth);
    struct promise before = booth.voter.promise;
    hear(&booth, (struct statement){.from = 0, .claim = 102}, LEASE / 2, 3000);
    CHECK_EQ(memcmp(&before, &booth.voter.promise, sizeof before), 0);
    hear(&booth, (struct statement){.from = 0, .claim = 102}, LEASE / 2 - 1, 3000);
    CHECK_EQ(booth.voter.promise.until, 8000);
    hear(&booth, (struct statement){.from = 0, .claim = 104}, MONO_NEVER, 3000);
    CHECK_EQ(booth.voter.floor, 102);
}

/* Rule V2; broken variant: second promise while one is in force. */
TEST(while_a_promise_is_in_force_nobody_else_is_promised)
{
    struct booth booth;
    promise_102(&booth);
    claims(&booth, 1, 103, 5999);
    CHECK_EQ(booth.outcome.action_count, 0);
    CHECK_EQ(booth.outcome.notes[0].reason, REASON_REFUSED_BOUND);
    CHECK_EQ(says(&booth, 5999), 102);
    claims(&booth, 1, 103, 6000);
    CHECK_EQ(says(&booth, 6000), 0);
    CHECK_EQ(booth.outcome.stored.holder, 1);
}

TEST(a_promise_on_its_way_to_the_disk_binds_as_well)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 102, 1000);
    claims(&booth, 1, 103, 1001);
    CHECK_EQ(voter_bound_to(&booth.voter, 1001), 0);
    disk(&booth, true, 1010);
    CHECK_EQ(says(&booth, 1010), 102);
    CHECK_EQ(booth.outcome.action_count, 0);
}

/* Rule V3; broken variants: lower epoch accepted, other parity accepted. */
TEST(numbers_below_the_floor_or_of_the_other_parity_are_refused)
{
    struct booth booth;
    begin(&booth);
    booth.voter.floor = 105;
    claims(&booth, 0, 104, 1000);
    CHECK_EQ(booth.outcome.notes[0].reason, REASON_REFUSED_LOW);
    claims(&booth, 0, 107, 1000);
    CHECK_EQ(booth.outcome.notes[0].reason, REASON_REFUSED_LOW);
    CHECK_EQ(booth.outcome.action_count, 0);
    claims(&booth, 1, 105, 1000); /* the floor itself, learned from somebody: it counts */
    CHECK_EQ(booth.outcome.stored.epoch, 105);
    CHECK_EQ(says(&booth, 1000), 0);
}

TEST(a_witness_or_a_peer_without_a_claim_is_never_promised)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 0, 1000);
    claims(&booth, PEER_WITNESS, 102, 1000);
    CHECK_EQ(booth.outcome.action_count, 0);
    CHECK_EQ(booth.voter.floor, 100);
}

/* Rules V2, V4: moving up for the same holder; the old number is renewed meanwhile. */
TEST(the_same_holder_moves_up_and_keeps_the_old_number_until_the_new_is_stored)
{
    struct booth booth;
    promise_102(&booth);
    claims(&booth, 0, 104, 2000);
    CHECK_EQ(says(&booth, 2000), 102);
    CHECK_EQ(booth.voter.promise.until, 7000);
    CHECK_EQ(booth.voter.promise.answers.seq, 2);
    claims(&booth, 0, 104, 3000);
    CHECK_EQ(says(&booth, 3000), 102);
    CHECK_EQ(booth.voter.promise.until, 8000);
    disk(&booth, true, 3100);
    CHECK_EQ(says(&booth, 3100), 104);
    CHECK_EQ(booth.voter.promise.until, 8000);
}

TEST(a_failed_write_keeps_the_old_promise_and_nothing_new)
{
    struct booth booth;
    promise_102(&booth);
    claims(&booth, 0, 104, 2000);
    disk(&booth, false, 2010);
    CHECK_EQ(says(&booth, 2010), 102);
    ledger_settle(&booth.voter.ledger, 2500, &booth.outcome);
    disk(&booth, true, 2600);
    CHECK_EQ(says(&booth, 2600), 104);
}

/* Rule V6; broken variant: release not bound to the epoch. */
TEST(only_a_release_of_this_epoch_by_its_holder_ends_a_promise_early)
{
    struct booth booth;
    promise_102(&booth);
    hear(&booth, (struct statement){.from = 0, .claim = 102, .released = 100}, 100, 2000);
    CHECK_EQ(says(&booth, 2000), 102);
    hear(&booth, (struct statement){.from = 1, .released = 103}, 100, 2000);
    CHECK_EQ(says(&booth, 2000), 102);
    hear(&booth, (struct statement){.from = 0, .released = 102, .flags = STATEMENT_LEAVING},
         MONO_NEVER, 2000);
    CHECK_EQ(says(&booth, 2000), 0); /* order is enough: it need not be fresh */
    CHECK(booth.outcome.prompt);
    CHECK(booth.voter.freed_by_release);
}

/* A holder that slept past its lease releases it on waking, with its services still open. */
TEST(a_lapse_frees_the_promise_but_promises_no_closed_services)
{
    struct booth booth;
    promise_102(&booth);
    hear(&booth, (struct statement){.from = 0, .released = 102}, 100, 2000);
    CHECK_EQ(says(&booth, 2000), 0);
    CHECK(!booth.voter.freed_by_release);
}

/* Broken variant: release settled before the claim of the same statement. */
TEST(a_statement_that_releases_and_claims_anew_leaves_no_gap_for_another)
{
    struct booth booth;
    promise_102(&booth);
    hear(&booth, (struct statement){.from = 0, .claim = 104, .released = 102}, 100, 2000);
    CHECK_EQ(voter_bound_to(&booth.voter, 2000), 0);
    claims(&booth, 1, 105, 2001);
    CHECK_EQ(voter_bound_to(&booth.voter, 2001), 0);
    CHECK_EQ(booth.voter.floor, 104);
}

TEST(a_release_also_drops_what_waits_for_the_disk)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 102, 1000);
    hear(&booth, (struct statement){.from = 0, .released = 102}, 100, 1100);
    disk(&booth, true, 1200);
    CHECK_EQ(says(&booth, 1200), 0);
    CHECK_EQ(booth.voter.floor, 102); /* but the number stays used */
}

TEST(a_pledge_to_myself_binds_without_end_until_it_is_withdrawn)
{
    struct booth booth;
    begin(&booth);
    booth.voter.self = 1;
    voter_pledge(&booth.voter, 103, 1000, &booth.outcome);
    CHECK_EQ(booth.outcome.stored.holder, 1);
    CHECK_EQ(says(&booth, 1000), 0);
    disk(&booth, true, 1010);
    CHECK_EQ(says(&booth, 99999), 103);
    claims(&booth, 0, 104, 99999);
    CHECK_EQ(booth.voter.floor, 103);
    voter_withdraw(&booth.voter, 99999);
    CHECK_EQ(voter_bound_to(&booth.voter, 99999), PEER_NONE);
    claims(&booth, 0, 104, 99999);
    CHECK_EQ(booth.voter.floor, 104);
}

TEST(a_claim_of_its_own_is_nothing_to_weigh)
{
    struct booth booth;
    begin(&booth);
    booth.voter.self = 0;
    claims(&booth, 0, 102, 1000);
    CHECK_EQ(booth.outcome.action_count, 0);
    CHECK_EQ(booth.outcome.note_count, 0);
    claims(&booth, 1, 103, 1000);
    CHECK_EQ(booth.outcome.action_count, 1);
}

/* A file whose promise has no length: nothing may be promised before a length is on disk. */
TEST(a_stored_promise_without_a_length_is_renewed_after_a_write)
{
    struct booth booth;
    begin_with(&booth, (struct stored){.present = true, .epoch = 102, .holder = 0}, 0);
    booth.silence.kind = SILENCE_NONE;
    claims(&booth, 0, 102, 6000);
    CHECK_EQ(booth.outcome.stored.length_ms, LEASE);
    CHECK_EQ(says(&booth, 6000), 0);
    CHECK_EQ(booth.voter.promise.epoch, 0);
    disk(&booth, true, 6010);
    CHECK_EQ(says(&booth, 6010), 102);
    CHECK_EQ(voter_says(&booth.voter, 6010).length_ms, LEASE);
}

TEST(a_promise_is_said_until_its_end_and_not_at_it)
{
    struct booth booth;
    promise_102(&booth);
    mono_ms until = booth.voter.promise.until;
    CHECK_EQ(until, 1000 + LEASE);
    CHECK_EQ(says(&booth, until - 1), 102);
    CHECK_EQ(says(&booth, until), 0);
    CHECK_EQ(voter_says(&booth.voter, until).holder, PEER_NONE);
    CHECK_EQ(voter_says(&booth.voter, until).length_ms, 0);
    CHECK_EQ(voter_bound_to(&booth.voter, until - 1), 0);
    CHECK_EQ(voter_bound_to(&booth.voter, until), PEER_NONE);
    CHECK_EQ(voter_bound_until(&booth.voter, until), MONO_LONG_AGO);
}

/* It may become a promise any moment: who asks is told when that would end. */
TEST(what_waits_for_the_disk_binds_as_well)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 102, 1000);
    CHECK_EQ(voter_bound_to(&booth.voter, 1000), 0);
    CHECK_EQ(voter_bound_until(&booth.voter, 1000), 1000 + LEASE);
    CHECK_EQ(voter_bound_until(&booth.voter, 1000 + LEASE), MONO_LONG_AGO);
    disk(&booth, true, 1010);
    claims(&booth, 0, 104, 3000);
    CHECK_EQ(voter_bound_until(&booth.voter, 3000), 3000 + LEASE);
}

TEST(a_write_that_took_longer_than_the_promise_makes_none)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 0, 102, 1000);
    disk(&booth, true, 1000 + LEASE);
    CHECK_EQ(booth.voter.promise.epoch, 0);
    CHECK_EQ(booth.outcome.note_count, 0);
    CHECK(!booth.outcome.prompt);
    CHECK_EQ(booth.voter.pending.epoch, 0);
}

TEST(what_was_learned_is_a_floor_promised_to_nobody)
{
    struct booth booth;
    begin(&booth);
    voter_learned(&booth.voter, 107, &booth.outcome);
    CHECK_EQ(booth.voter.floor, 107);
    CHECK_EQ(booth.outcome.stored.epoch, 107);
    CHECK_EQ(booth.outcome.stored.holder, PEER_NONE);
    CHECK_EQ(booth.outcome.stored.length_ms, 0);
    promise_102(&booth);
    voter_learned(&booth.voter, 102, &booth.outcome);
    CHECK_EQ(booth.voter.floor_holder, 0); /* nothing new: it stays the number of its holder */
    voter_learned(&booth.voter, 103, &booth.outcome);
    CHECK_EQ(booth.voter.floor_holder, PEER_NONE);
}

CHECK_MAIN
