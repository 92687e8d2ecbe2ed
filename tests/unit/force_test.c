#include "proto/force.h"

#include "proto/limits.h"
#include "tests/lib/check.h"

struct desk {
    struct force force;
    struct outcome outcome;
};

static void begin(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    force_init(&desk->force);
}

static void heard(struct desk *desk, struct statement statement, mono_ms now)
{
    force_heard(&desk->force, 0, &statement, now, &desk->outcome);
}

static struct statement backs(uint8_t from, uint64_t epoch, uint8_t holder)
{
    return (struct statement){.from = from, .promise = {epoch, holder, 5000, {1, 1}}};
}

TEST(a_forced_standing_ends_after_a_day)
{
    struct desk desk;
    begin(&desk);
    CHECK(!force_is_over(&desk.force, 0, 5000));
    force_begin(&desk.force, 1000);
    CHECK(!force_is_over(&desk.force, 1000 + FORCED_MS_MAX - 1, 5000));
    CHECK(force_is_over(&desk.force, 1000 + FORCED_MS_MAX, 5000));
    force_end(&desk.force, 102, &desk.outcome);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_FORCED_OVER);
    CHECK(!force_is_over(&desk.force, 1000 + FORCED_MS_MAX, 5000));
}

TEST(it_ends_when_a_heard_peer_refuses_it_for_a_lease)
{
    struct desk desk;
    begin(&desk);
    force_begin(&desk.force, 0);
    heard(&desk, backs(PEER_WITNESS, 103, 1), 1000);
    heard(&desk, backs(PEER_WITNESS, 103, 1), 3000);
    CHECK(!force_is_over(&desk.force, 5999, 5000));
    CHECK(force_is_over(&desk.force, 6000, 5000));
}

/* The other node is back: what it stored binds it for a lease, and then it backs the forced one. */
TEST(a_peer_that_is_silent_after_its_restart_refuses_nothing)
{
    struct desk desk;
    begin(&desk);
    force_begin(&desk.force, 0);
    struct statement bound = backs(PEER_WITNESS, 103, 1);
    bound.flags |= STATEMENT_SILENT;
    heard(&desk, bound, 1000);
    CHECK(!force_is_over(&desk.force, 60000, 5000));
    heard(&desk, backs(PEER_WITNESS, 103, 1), 61000);
    CHECK(force_is_over(&desk.force, 66000, 5000));
}

TEST(a_refusal_that_stops_within_the_lease_does_not_count)
{
    struct desk desk;
    begin(&desk);
    force_begin(&desk.force, 0);
    heard(&desk, backs(PEER_WITNESS, 103, 1), 1000);
    heard(&desk, backs(PEER_WITNESS, 0, PEER_NONE), 3000);
    CHECK(!force_is_over(&desk.force, 60000, 5000));
    heard(&desk, backs(PEER_WITNESS, 103, 1), 61000);
    heard(&desk, backs(PEER_WITNESS, 102, 0), 62000);
    CHECK(!force_is_over(&desk.force, 90000, 5000));
}

TEST(the_other_nodes_forced_epoch_is_seen_once_and_forgotten_when_its_flag_is_gone)
{
    struct desk desk;
    struct statement statement = {
        .from = 1, .claim = 103, .flags = STATEMENT_FORCED, .promise = {103, 1, 5000, {0, 0}}};
    begin(&desk);
    heard(&desk, statement, 0);
    heard(&desk, statement, 10);
    CHECK_EQ(desk.force.seen_from, 1);
    CHECK_EQ(desk.force.seen_epoch, 103);
    CHECK_EQ(desk.outcome.note_count, 1);
    statement.flags = 0;
    heard(&desk, statement, 20);
    CHECK_EQ(desk.force.seen_from, PEER_NONE);
    CHECK_EQ(desk.outcome.notes[1].reason, REASON_FORCED_GONE);
}

TEST(the_operator_may_end_the_waiting)
{
    struct desk desk;
    struct statement statement = {.from = 1, .claim = 103, .flags = STATEMENT_FORCED};
    begin(&desk);
    heard(&desk, statement, 0);
    force_forget(&desk.force, &desk.outcome);
    CHECK_EQ(desk.force.seen_from, PEER_NONE);
}

TEST(a_new_order_begins_anew)
{
    struct desk desk;
    begin(&desk);
    force_begin(&desk.force, 1000);
    heard(&desk, backs(PEER_WITNESS, 103, 1), 2000);
    CHECK(force_is_over(&desk.force, 7000, 5000));
    force_end(&desk.force, 102, &desk.outcome);
    CHECK_EQ(desk.force.refused_since, MONO_NEVER);
    struct statement forced = {.from = 1, .claim = 105, .flags = STATEMENT_FORCED};
    heard(&desk, forced, 7500);
    CHECK_EQ(desk.force.seen_epoch, 105);
    desk.force.refused_since = 7500;
    force_begin(&desk.force, 8000);
    CHECK_EQ(desk.force.seen_from, PEER_NONE);
    CHECK_EQ(desk.force.until, 8000 + FORCED_MS_MAX);
    CHECK(!force_is_over(&desk.force, 20000, 5000));
}

TEST(only_a_nodes_claim_is_a_forced_one_and_only_a_node_asks)
{
    struct desk desk;
    begin(&desk);
    struct statement forced = {.from = 1, .flags = STATEMENT_FORCED};
    heard(&desk, forced, 1000); /* nothing claimed yet */
    CHECK_EQ(desk.force.seen_from, PEER_NONE);
    forced.from = PEER_WITNESS;
    forced.claim = 105;
    heard(&desk, forced, 1000);
    CHECK_EQ(desk.force.seen_from, PEER_NONE);
    forced.from = 1;
    force_heard(&desk.force, PEER_WITNESS, &forced, 1000, &desk.outcome);
    CHECK_EQ(desk.force.seen_from, PEER_NONE);
    CHECK_EQ(desk.outcome.note_count, 0);
    force_forget(&desk.force, &desk.outcome);
    CHECK_EQ(desk.outcome.note_count, 0);
    heard(&desk, forced, 1000);
    force_forget(&desk.force, &desk.outcome);
    CHECK_EQ(desk.outcome.note_count, 2);
    CHECK_EQ(desk.force.seen_epoch, 0);
}

/* The witness's statement does not clear what the other node showed. */
TEST(a_forced_epoch_is_forgotten_by_its_own_author_only)
{
    struct desk desk;
    begin(&desk);
    force_begin(&desk.force, 500);
    heard(&desk, backs(PEER_WITNESS, 103, 1), 1000);
    heard(&desk, (struct statement){.from = 1}, 2000);
    CHECK_EQ(desk.force.refused_since, 1000);
    begin(&desk);
    heard(&desk, (struct statement){.from = 1, .claim = 105, .flags = STATEMENT_FORCED}, 1000);
    heard(&desk, backs(PEER_WITNESS, 103, 1), 1500);
    CHECK_EQ(desk.force.seen_from, 1);
    heard(&desk, (struct statement){.from = 1}, 2000);
    CHECK_EQ(desk.force.seen_from, PEER_NONE);
}

CHECK_MAIN
