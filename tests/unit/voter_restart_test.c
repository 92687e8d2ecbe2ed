/* Rule V5 as the voter room shows it: what a restart may and may not say. */
#include "proto/voter.h"

#include "tests/lib/check.h"

#define LEASE 5000

struct booth {
    struct voter voter;
    struct silence silence;
    struct outcome outcome;
    uint64_t seq;
};

static void restart(struct booth *booth, struct stored found, span_ms lease_ms, mono_ms now)
{
    memset(booth, 0, sizeof *booth);
    silence_init(&booth->silence, PEER_WITNESS, &found, lease_ms, now);
    voter_init(&booth->voter, PEER_WITNESS, lease_ms, &found, silence_until(&booth->silence));
}

static void says(struct booth *booth, uint8_t from, uint64_t epoch, uint32_t flags, mono_ms now)
{
    struct statement statement = {.from = from,
                                  .mark = {50, ++booth->seq},
                                  .claim = epoch,
                                  .flags = flags,
                                  .lease_ms = LEASE};
    struct weighing weighing = {.statement = &statement, .echo_age = 100, .now = now};
    memset(&booth->outcome, 0, sizeof booth->outcome);
    silence_settle(&booth->silence, now, &booth->outcome);
    voter_settle(&booth->voter, now, &booth->outcome);
    voter_weigh(&booth->voter, &booth->silence, &weighing, &booth->outcome);
}

static void claims(struct booth *booth, uint8_t from, uint64_t epoch, mono_ms now)
{
    says(booth, from, epoch, 0, now);
}

static struct stored promised(uint64_t epoch, uint8_t holder, uint32_t length_ms)
{
    return (struct stored){
        .present = true, .epoch = epoch, .holder = holder, .length_ms = length_ms};
}

/* Broken variants: promise forgotten at restart; moving something in the first lease. */
TEST(a_restarted_voter_moves_nothing_for_a_lease)
{
    struct booth booth;
    restart(&booth, promised(102, 0, LEASE), LEASE, 0);
    claims(&booth, 1, 103, 4999);
    claims(&booth, 0, 104, 4999);
    CHECK_EQ(booth.voter.floor, 102);
    CHECK_EQ(booth.outcome.action_count, 0);
    claims(&booth, 1, 103, 5000);
    CHECK_EQ(booth.voter.floor, 103);
}

/* A rolled-back file names an older, perhaps free state: it must not vote on that either. */
TEST(a_file_that_promised_nobody_is_silent_all_the_same)
{
    struct booth booth;
    restart(&booth, promised(90, PEER_NONE, 0), LEASE, 0);
    claims(&booth, 1, 103, 4999);
    CHECK_EQ(booth.outcome.action_count, 0);
    CHECK_EQ(booth.outcome.notes[0].reason, REASON_REFUSED_SILENT);
    claims(&booth, 1, 103, 5000);
    CHECK_EQ(booth.outcome.stored.epoch, 103);
}

TEST(it_renews_the_stored_epoch_of_the_stored_holder_at_once_and_without_a_write)
{
    struct booth booth;
    restart(&booth, promised(102, 0, LEASE), LEASE, 0);
    CHECK_EQ(voter_says(&booth.voter, 0).answers.boot, 0);
    claims(&booth, 0, 102, 300); /* waits only: not in the silence */
    CHECK_EQ(voter_says(&booth.voter, 300).answers.boot, 0);
    says(&booth, 0, 102, STATEMENT_HOLDING, 300);
    CHECK_EQ(booth.outcome.action_count, 0);
    CHECK_EQ(voter_says(&booth.voter, 300).answers.boot, 50);
    CHECK_EQ(booth.voter.promise.until, 5300);
}

TEST(a_longer_stored_promise_outlives_a_lease_setting_that_shrank)
{
    struct booth booth;
    restart(&booth, promised(102, 0, 20000), LEASE, 0);
    claims(&booth, 1, 103, 19999);
    CHECK_EQ(booth.voter.floor, 102);
    claims(&booth, 1, 103, 20000);
    CHECK_EQ(booth.voter.floor, 103);
}

TEST(without_a_file_nothing_is_promised_not_even_a_renewal)
{
    struct booth booth;
    restart(&booth, (struct stored){.present = false}, LEASE, 0);
    claims(&booth, 0, 102, 60000);
    CHECK_EQ(booth.outcome.action_count, 0);
    CHECK_EQ(voter_says(&booth.voter, 60000).epoch, 0);
}

/* Broken variant: learned numbers not made a floor. */
TEST(what_was_learned_becomes_the_floor_and_is_written_as_promised_to_nobody)
{
    struct booth booth;
    restart(&booth, (struct stored){.present = false}, LEASE, 0);
    uint64_t ticket = voter_learned(&booth.voter, 107, &booth.outcome);
    CHECK(ticket != 0);
    CHECK_EQ(booth.outcome.stored.epoch, 107);
    CHECK_EQ(booth.outcome.stored.holder, PEER_NONE);
    booth.silence.kind = SILENCE_NONE;
    claims(&booth, 0, 106, 6000);
    CHECK_EQ(booth.outcome.notes[0].reason, REASON_REFUSED_LOW);
    ledger_stored(&booth.voter.ledger, ticket, true, 6001, &booth.outcome);
    claims(&booth, 1, 107, 6002); /* the number in force itself is fine, after its own write */
    CHECK_EQ(voter_says(&booth.voter, 6002).epoch, 0);
    CHECK_EQ(booth.outcome.stored.holder, 1);
}

CHECK_MAIN
