#include "proto/evidence.h"

#include "tests/lib/check.h"

struct desk {
    struct evidence evidence;
    struct relay relay;
    struct outcome outcome;
};

static void begin(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    evidence_init(&desk->evidence);
    relay_init(&desk->relay);
}

/* The witness says, in `boot`, that it promised `epoch`; `byte` stands for the signed bytes. */
static void says(struct desk *desk, struct mark mark, uint64_t epoch, uint8_t byte)
{
    struct statement statement = {
        .from = PEER_WITNESS, .mark = mark, .promise = {.epoch = epoch, .holder = epoch & 1}};
    struct signed_bytes bytes = {&byte, 1};
    const struct relay_kept *kept = &desk->relay.kept[PEER_WITNESS];
    evidence_repeated(&desk->evidence, kept, &statement, &bytes, &desk->outcome);
    if (mark.boot == kept->mark.boot && mark.seq <= kept->mark.seq)
        return;
    evidence_heard(&desk->evidence, &statement, &bytes, &desk->outcome);
    relay_keep(&desk->relay, PEER_WITNESS, &mark, &byte, 1);
}

TEST(the_same_mark_with_other_bytes_is_proof)
{
    struct desk desk;
    begin(&desk);
    says(&desk, (struct mark){7, 1}, 102, 'a');
    says(&desk, (struct mark){7, 1}, 102, 'a');
    CHECK(!desk.evidence.frozen);
    says(&desk, (struct mark){7, 1}, 102, 'b');
    CHECK(desk.evidence.frozen);
    CHECK_EQ(desk.evidence.peer, PEER_WITNESS);
    CHECK_EQ(desk.evidence.first[0], 'a');
    CHECK_EQ(desk.evidence.second[0], 'b');
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_LYING);
}

TEST(a_promise_that_falls_within_one_life_is_proof_and_both_statements_are_kept)
{
    struct desk desk;
    begin(&desk);
    says(&desk, (struct mark){7, 1}, 104, 'a');
    says(&desk, (struct mark){7, 2}, 0, 'b'); /* it ran out: no contradiction */
    CHECK(!desk.evidence.frozen);
    says(&desk, (struct mark){7, 3}, 103, 'c');
    CHECK(desk.evidence.frozen);
    CHECK_EQ(desk.evidence.first[0], 'a');
    CHECK_EQ(desk.evidence.second[0], 'c');
}

TEST(across_lives_a_fallen_promise_is_only_an_alarm)
{
    struct desk desk;
    begin(&desk);
    says(&desk, (struct mark){7, 9}, 104, 'a');
    says(&desk, (struct mark){8, 1}, 0, 'b');
    says(&desk, (struct mark){8, 2}, 103, 'c');
    CHECK(!desk.evidence.frozen);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_PROMISE_FELL);
    says(&desk, (struct mark){8, 3}, 102, 'd'); /* but this life may not fall again */
    CHECK(desk.evidence.frozen);
}

TEST(the_first_proof_stays)
{
    struct desk desk;
    begin(&desk);
    says(&desk, (struct mark){7, 1}, 102, 'a');
    says(&desk, (struct mark){7, 1}, 102, 'b');
    says(&desk, (struct mark){7, 1}, 102, 'c');
    CHECK_EQ(desk.evidence.second[0], 'b');
    CHECK_EQ(desk.outcome.note_count, 1);
}

TEST(after_a_proof_only_the_node_already_backed_is_weighed)
{
    struct desk desk;
    begin(&desk);
    CHECK(evidence_allows(&desk.evidence, 0, 1));
    says(&desk, (struct mark){7, 1}, 102, 'a');
    says(&desk, (struct mark){7, 1}, 102, 'b');
    CHECK(evidence_allows(&desk.evidence, 0, 0));
    CHECK(!evidence_allows(&desk.evidence, 0, 1));
    CHECK(!evidence_allows(&desk.evidence, PEER_NONE, 1));
}

TEST(the_proof_has_the_size_of_what_was_said)
{
    struct desk desk;
    begin(&desk);
    says(&desk, (struct mark){7, 1}, 102, 'a');
    says(&desk, (struct mark){7, 1}, 102, 'b');
    CHECK_EQ(desk.evidence.first_size, 1);
    CHECK_EQ(desk.evidence.second_size, 1);
}

TEST(the_same_mark_with_more_bytes_is_proof_too)
{
    struct desk desk;
    begin(&desk);
    uint8_t bytes[2] = {'a', 'a'};
    struct statement statement = {.from = PEER_WITNESS, .mark = {7, 1}};
    relay_keep(&desk.relay, PEER_WITNESS, &statement.mark, bytes, 1);
    struct signed_bytes longer = {bytes, 2};
    evidence_repeated(&desk.evidence, &desk.relay.kept[PEER_WITNESS], &statement, &longer,
                      &desk.outcome);
    CHECK(desk.evidence.frozen);
    CHECK_EQ(desk.evidence.first_size, 1);
    CHECK_EQ(desk.evidence.second_size, 2);
}

CHECK_MAIN
