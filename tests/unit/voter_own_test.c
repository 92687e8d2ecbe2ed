/* The voter of a node: what it promises itself, and what is left when a promise ends. */
#include "proto/voter.h"

#include "tests/lib/check.h"

#define LEASE 5000

/* Node 0, past its silence, floor 100. */
struct booth {
    struct voter voter;
    struct silence silence;
    struct outcome outcome;
    uint64_t seq;
};

static void begin(struct booth *booth)
{
    struct stored found = {.present = true, .epoch = 100, .holder = PEER_NONE};
    memset(booth, 0, sizeof *booth);
    voter_init(&booth->voter, 0, LEASE, &found, 0);
}

static void weigh(struct booth *booth, struct statement statement, mono_ms now)
{
    statement.mark = (struct mark){50u + statement.from, ++booth->seq};
    statement.lease_ms = LEASE;
    struct weighing weighing = {.statement = &statement, .echo_age = 100, .now = now};
    memset(&booth->outcome, 0, sizeof booth->outcome);
    voter_settle(&booth->voter, now, &booth->outcome);
    voter_weigh(&booth->voter, &booth->silence, &weighing, &booth->outcome);
    voter_released(&booth->voter, &statement, now, &booth->outcome);
}

static void claims(struct booth *booth, uint8_t from, uint64_t epoch, mono_ms now)
{
    weigh(booth, (struct statement){.from = from, .claim = epoch}, now);
}

static void disk(struct booth *booth, mono_ms now)
{
    struct ledger *ledger = &booth->voter.ledger;
    memset(&booth->outcome, 0, sizeof booth->outcome);
    ledger_stored(ledger, ledger->writing_ticket, true, now, &booth->outcome);
    voter_stored(&booth->voter, now, &booth->outcome);
}

/* Node 1 gave 101 up on purpose. */
static void freed(struct booth *booth)
{
    begin(booth);
    claims(booth, 1, 101, 1000);
    disk(booth, 1010);
    weigh(booth, (struct statement){.from = 1, .released = 101, .flags = STATEMENT_LEAVING}, 2000);
    CHECK(booth->voter.freed_by_release);
    CHECK_EQ(booth->voter.free_since, 2000);
}

TEST(a_voter_begins_bound_to_nobody_whatever_a_damaged_file_says)
{
    struct voter voter;
    struct stored found = {.present = false, .epoch = 102, .holder = 0, .length_ms = LEASE};
    memset(&voter, 0x5a, sizeof voter);
    voter_init(&voter, 0, LEASE, &found, 9000);
    CHECK_EQ(voter.floor, 0);
    CHECK_EQ(voter.floor_holder, PEER_NONE);
    CHECK_EQ(voter.promise.epoch, 0);
    CHECK_EQ(voter.promise.holder, PEER_NONE);
    CHECK_EQ(voter.promise.until, MONO_LONG_AGO);
    CHECK_EQ(voter.pending.holder, PEER_NONE);
    CHECK_EQ(voter.pending.until, MONO_LONG_AGO);
    CHECK_EQ(voter.free_since, MONO_LONG_AGO);
    CHECK(!voter.freed_by_release);
    CHECK_EQ(voter_bound_to(&voter, 0), PEER_NONE);
}

TEST(a_promise_that_ran_out_ended_when_it_ended)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 1, 101, 1000);
    disk(&booth, 1010);
    booth.voter.freed_by_release = true; /* of an earlier one */
    voter_settle(&booth.voter, 999 + LEASE, &booth.outcome);
    CHECK_EQ(booth.voter.promise.epoch, 101);
    voter_settle(&booth.voter, 20000, &booth.outcome);
    CHECK_EQ(booth.voter.promise.epoch, 0);
    CHECK_EQ(booth.voter.free_since, 1000 + LEASE);
    CHECK(!booth.voter.freed_by_release);
}

TEST(a_release_is_the_last_word_until_the_next_claim)
{
    struct booth booth;
    freed(&booth);
    claims(&booth, 1, 103, 3000);
    CHECK(!booth.voter.freed_by_release);
}

TEST(a_release_is_outdated_by_newer_numbers_of_the_other_node_only)
{
    struct booth booth;
    freed(&booth);
    voter_heard_of(&booth.voter, 101); /* that one, heard late */
    voter_heard_of(&booth.voter, 99);
    voter_heard_of(&booth.voter, 104); /* an own one */
    voter_heard_of(&booth.voter, 0);
    CHECK(booth.voter.freed_by_release);
    voter_heard_of(&booth.voter, 103);
    CHECK(!booth.voter.freed_by_release);
}

TEST(a_node_withdraws_only_what_it_promised_itself)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 1, 101, 1000);
    voter_withdraw(&booth.voter, 1005);
    CHECK_EQ(booth.voter.pending.epoch, 101);
    disk(&booth, 1010);
    voter_withdraw(&booth.voter, 1015);
    CHECK_EQ(booth.voter.promise.epoch, 101);
    CHECK_EQ(booth.voter.free_since, MONO_LONG_AGO);
    begin(&booth);
    voter_pledge(&booth.voter, 102, 1000, &booth.outcome);
    CHECK_EQ(booth.voter.floor, 102);
    CHECK_EQ(voter_bound_to(&booth.voter, 1000), 0);
    disk(&booth, 1010);
    CHECK_EQ(booth.voter.promise.epoch, 102);
    voter_withdraw(&booth.voter, 3000);
    CHECK_EQ(booth.voter.promise.epoch, 0);
    CHECK_EQ(booth.voter.free_since, 3000);
    CHECK_EQ(voter_bound_to(&booth.voter, 3000), PEER_NONE);
    begin(&booth);
    voter_pledge(&booth.voter, 102, 1000, &booth.outcome);
    voter_withdraw(&booth.voter, 1005);
    disk(&booth, 1010);
    CHECK_EQ(booth.voter.promise.epoch, 0);
}

TEST(a_claim_of_a_witness_is_none)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, PEER_WITNESS, 104, 1000);
    CHECK_EQ(booth.outcome.action_count, 0);
    CHECK_EQ(booth.outcome.note_count, 0);
}

/* A holder that was not heard for a while claims the same number again: backed anew, and said. */
TEST(a_promise_that_ran_out_is_told_when_it_is_given_again)
{
    struct booth booth;
    begin(&booth);
    claims(&booth, 1, 101, 1000);
    disk(&booth, 1010);
    claims(&booth, 1, 101, 2000);
    CHECK_EQ(booth.outcome.note_count, 0);
    CHECK(!booth.outcome.prompt);
    claims(&booth, 1, 101, 2000 + LEASE);
    CHECK_EQ(booth.outcome.note_count, 2); /* ran out, backs */
    CHECK_EQ(booth.outcome.notes[1].reason, REASON_PROMISED);
    CHECK(booth.outcome.prompt);
    CHECK_EQ(booth.outcome.action_count, 0); /* nothing to write */
    CHECK_EQ(voter_says(&booth.voter, 2000 + LEASE).epoch, 101);
}

/* Said to nobody in this life so far. */
TEST(the_first_renewal_after_a_restart_is_told)
{
    struct booth booth;
    struct stored found = {.present = true, .epoch = 101, .holder = 1, .length_ms = LEASE};
    memset(&booth, 0, sizeof booth);
    voter_init(&booth.voter, 0, LEASE, &found, LEASE);
    claims(&booth, 1, 101, 1000);
    CHECK_EQ(booth.outcome.note_count, 1);
    CHECK_EQ(booth.outcome.notes[0].reason, REASON_PROMISED);
    CHECK(booth.outcome.prompt);
    claims(&booth, 1, 101, 2000);
    CHECK_EQ(booth.outcome.note_count, 0);
}

TEST(a_shorter_lease_is_promised_at_once)
{
    struct booth booth;
    struct stored found = {.present = true, .epoch = 101, .holder = 1, .length_ms = 4 * LEASE};
    memset(&booth, 0, sizeof booth);
    voter_init(&booth.voter, 0, LEASE, &found, 4 * LEASE);
    claims(&booth, 1, 101, 1000);
    CHECK_EQ(voter_says(&booth.voter, 1000).length_ms, LEASE);
    CHECK_EQ(booth.voter.promise.until, 1000 + LEASE);
    CHECK_EQ(booth.outcome.action_count, 0);
}

CHECK_MAIN
