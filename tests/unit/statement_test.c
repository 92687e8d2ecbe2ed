#include "proto/statement.h"

#include "proto/limits.h"
#include "tests/lib/check.h"

static struct statement sound(uint8_t from)
{
    struct statement statement = {.from = from,
                                  .mark = {7, 1},
                                  .lease_ms = 5000,
                                  .drift_ppm = 10000,
                                  .promise = {.holder = PEER_NONE},
                                  .version = "0.1.0"};
    return statement;
}

/* One field changed, one verdict expected. */
#define VERDICT_OF(change, verdict)                                                             \
    do {                                                                                        \
        struct statement s = sound(0);                                                          \
        change;                                                                                 \
        CHECK_EQ(statement_check(&s), verdict);                                                 \
    } while (0)

TEST(a_plain_statement_is_sound)
{
    VERDICT_OF((void)0, STATEMENT_OK);
    VERDICT_OF(s.claim = 102, STATEMENT_OK);
    VERDICT_OF((s.from = 1, s.claim = 101, s.released = 99), STATEMENT_OK);
    VERDICT_OF((s.claim = 102, s.released = 100), STATEMENT_OK);
}

TEST(a_sender_is_one_of_three)
{
    VERDICT_OF(s.from = 3, STATEMENT_BAD_SENDER);
    VERDICT_OF(s.from = PEER_NONE, STATEMENT_BAD_SENDER);
}

TEST(a_mark_is_never_zero_and_cannot_wrap)
{
    VERDICT_OF(s.mark.boot = 0, STATEMENT_BAD_MARK);
    VERDICT_OF(s.mark.seq = 0, STATEMENT_BAD_MARK);
    VERDICT_OF(s.mark.seq = (uint64_t)1 << 63, STATEMENT_BAD_MARK);
    VERDICT_OF(s.heard[2].seq = UINT64_MAX, STATEMENT_BAD_MARK);
    VERDICT_OF(s.greet[1].seq = UINT64_MAX, STATEMENT_BAD_MARK);
}

TEST(terms_stay_within_their_bounds)
{
    VERDICT_OF(s.lease_ms = LEASE_MS_MIN - 1, STATEMENT_BAD_TERMS);
    VERDICT_OF(s.lease_ms = LEASE_MS_MAX + 1, STATEMENT_BAD_TERMS);
    VERDICT_OF(s.drift_ppm = DRIFT_PPM_MAX + 1, STATEMENT_BAD_TERMS);
    VERDICT_OF(s.pause.left_ms = PAUSE_MS_MAX + 1u, STATEMENT_BAD_TERMS);
}

/* Rule V3: a number never belongs to two nodes. */
TEST(a_number_of_the_other_parity_is_malformed)
{
    VERDICT_OF(s.claim = 101, STATEMENT_BAD_PARITY);
    VERDICT_OF(s.released = 101, STATEMENT_BAD_PARITY);
    VERDICT_OF((s.from = 1, s.claim = 102), STATEMENT_BAD_PARITY);
    VERDICT_OF((s.promise = (struct promise_said){101, 0, 5000, {1, 1}}), STATEMENT_BAD_PARITY);
    VERDICT_OF((s.promise = (struct promise_said){102, 1, 5000, {1, 1}}), STATEMENT_BAD_PARITY);
}

TEST(a_witness_never_claims)
{
    VERDICT_OF((s.from = PEER_WITNESS, s.claim = 102), STATEMENT_BAD_CLAIM);
    VERDICT_OF((s.from = PEER_WITNESS, s.claim = 101), STATEMENT_BAD_CLAIM);
    VERDICT_OF((s.from = PEER_WITNESS, s.released = 102), STATEMENT_BAD_CLAIM);
    VERDICT_OF((s.promise = (struct promise_said){102, 2, 5000, {1, 1}}), STATEMENT_BAD_PROMISE);
}

/* Rules N5, V6. */
TEST(an_epoch_given_up_is_never_claimed_again)
{
    VERDICT_OF((s.claim = 102, s.released = 102), STATEMENT_BAD_CLAIM);
    VERDICT_OF((s.claim = 102, s.released = 104), STATEMENT_BAD_CLAIM);
    VERDICT_OF(s.flags = STATEMENT_HOLDING, STATEMENT_BAD_CLAIM);
}

TEST(a_promise_names_a_node_an_epoch_and_a_length_or_nothing)
{
    VERDICT_OF((s.promise = (struct promise_said){102, 0, 5000, {1, 1}}), STATEMENT_OK);
    VERDICT_OF((s.promise = (struct promise_said){0, 0, 5000, {1, 1}}), STATEMENT_BAD_PROMISE);
    VERDICT_OF((s.promise = (struct promise_said){102, PEER_NONE, 5000, {1, 1}}),
               STATEMENT_BAD_PROMISE);
    VERDICT_OF((s.promise = (struct promise_said){102, 0, 599, {1, 1}}), STATEMENT_BAD_TERMS);
    VERDICT_OF((s.promise = (struct promise_said){102, 0, 60001, {1, 1}}), STATEMENT_BAD_TERMS);
}

TEST(a_version_is_short_printable_text)
{
    VERDICT_OF(s.version[0] = '\0', STATEMENT_OK);
    VERDICT_OF(s.version[1] = '\n', STATEMENT_BAD_TEXT);
    VERDICT_OF(s.version[1] = ' ', STATEMENT_BAD_TEXT);
    VERDICT_OF(memset(s.version, 'x', VERSION_SIZE), STATEMENT_BAD_TEXT);
}

TEST(the_highest_number_is_found_in_every_field)
{
    struct statement s = sound(0);
    s.seen_epoch = 5;
    CHECK_EQ(statement_epoch_max(&s), 5);
    s.claim = 6;
    CHECK_EQ(statement_epoch_max(&s), 6);
    s.released = 8;
    CHECK_EQ(statement_epoch_max(&s), 8);
    s.promise.epoch = 9;
    CHECK_EQ(statement_epoch_max(&s), 9);
    CHECK_EQ(statement_epoch_owner(8), 0);
    CHECK_EQ(statement_epoch_owner(9), 1);
}

TEST(a_version_is_printable_and_ends)
{
    VERDICT_OF(s.version[0] = '!', STATEMENT_OK);
    VERDICT_OF(s.version[0] = '~', STATEMENT_OK);
    VERDICT_OF(s.version[0] = ' ', STATEMENT_BAD_TEXT);
    VERDICT_OF(s.version[0] = '\x7f', STATEMENT_BAD_TEXT);
    VERDICT_OF(memset(s.version, '1', VERSION_SIZE), STATEMENT_BAD_TEXT);
    VERDICT_OF(memset(s.version, '1', VERSION_SIZE - 1), STATEMENT_OK);
    VERDICT_OF(s.version[0] = '\0', STATEMENT_OK);
}

TEST(every_bound_is_inside_its_range)
{
    const uint64_t top = (uint64_t)1 << 63;
    VERDICT_OF(s.lease_ms = LEASE_MS_MIN, STATEMENT_OK);
    VERDICT_OF(s.lease_ms = LEASE_MS_MAX, STATEMENT_OK);
    VERDICT_OF(s.lease_ms = LEASE_MS_MAX + 1, STATEMENT_BAD_TERMS);
    VERDICT_OF(s.drift_ppm = DRIFT_PPM_MAX, STATEMENT_OK);
    VERDICT_OF(s.drift_ppm = DRIFT_PPM_MAX + 1, STATEMENT_BAD_TERMS);
    VERDICT_OF(s.pause.left_ms = PAUSE_MS_MAX, STATEMENT_OK);
    VERDICT_OF(s.pause.left_ms = PAUSE_MS_MAX + 1, STATEMENT_BAD_TERMS);
    VERDICT_OF(s.mark.seq = top - 1, STATEMENT_OK);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        VERDICT_OF(s.heard[peer].seq = top - 1, STATEMENT_OK);
        VERDICT_OF(s.heard[peer].seq = top, STATEMENT_BAD_MARK);
        VERDICT_OF(s.greet[peer].seq = top - 1, STATEMENT_OK);
        VERDICT_OF(s.greet[peer].seq = top, STATEMENT_BAD_MARK);
    }
}

CHECK_MAIN
