#include "proto/merit.h"

#include "tests/lib/check.h"

struct desk {
    struct merit merit;
    struct outcome outcome;
};

static void begin(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    merit_init(&desk->merit);
}

static void heard(struct desk *desk, uint8_t from, uint32_t flags, mono_ms now)
{
    struct statement statement = {.from = from, .flags = flags};
    merit_heard(&desk->merit, &statement, now);
}

TEST(before_health_has_spoken_a_node_is_not_fit)
{
    struct desk desk;
    begin(&desk);
    CHECK(!desk.merit.fit);
    merit_fitness(&desk.merit, false, 3, &desk.outcome);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_UNFIT);
    CHECK_EQ(desk.outcome.notes[0].number, 3);
}

TEST(only_a_change_of_fitness_is_told)
{
    struct desk desk;
    begin(&desk);
    merit_fitness(&desk.merit, true, 0, &desk.outcome);
    merit_fitness(&desk.merit, true, 0, &desk.outcome);
    CHECK_EQ(desk.outcome.note_count, 1);
    CHECK(desk.outcome.prompt);
}

TEST(fit_means_fit_and_not_in_maintenance)
{
    struct statement statement = {.flags = STATEMENT_FIT};
    CHECK(merit_is_fit(&statement));
    statement.flags |= STATEMENT_MAINTENANCE;
    CHECK(!merit_is_fit(&statement));
}

TEST(the_other_is_fit_since_its_last_break)
{
    struct desk desk;
    begin(&desk);
    heard(&desk, 1, STATEMENT_FIT, 1000);
    heard(&desk, 1, STATEMENT_FIT, 2000);
    CHECK_EQ(desk.merit.other_fit_since, 1000);
    CHECK_EQ(desk.merit.other_fit_at, 2000);
    heard(&desk, 1, 0, 3000);
    CHECK_EQ(desk.merit.other_fit_since, MONO_NEVER);
    CHECK_EQ(desk.merit.other_fit_at, 2000);
    heard(&desk, PEER_WITNESS, STATEMENT_FIT, 4000); /* a witness is no candidate */
    CHECK_EQ(desk.merit.other_fit_since, MONO_NEVER);
}

TEST(a_partner_not_heard_for_a_lease_is_no_longer_known_to_be_fit)
{
    struct desk desk;
    begin(&desk);
    heard(&desk, 1, STATEMENT_FIT, 1000);
    merit_settle(&desk.merit, 5999, 5000, &desk.outcome);
    CHECK_EQ(desk.merit.other_fit_since, 1000);
    merit_settle(&desk.merit, 6000, 5000, &desk.outcome);
    CHECK_EQ(desk.merit.other_fit_since, MONO_NEVER);
}

TEST(maintenance_ends_by_itself_or_by_order)
{
    struct desk desk;
    begin(&desk);
    merit_maintenance(&desk.merit, 60000, 1000, &desk.outcome);
    CHECK(merit_in_maintenance(&desk.merit, 60999));
    merit_settle(&desk.merit, 61000, 5000, &desk.outcome);
    CHECK(!merit_in_maintenance(&desk.merit, 61000));
    CHECK_EQ(desk.outcome.notes[1].reason, REASON_MAINTENANCE_OFF);
    merit_maintenance(&desk.merit, 60000, 70000, &desk.outcome);
    merit_maintenance(&desk.merit, 0, 70001, &desk.outcome);
    CHECK(!merit_in_maintenance(&desk.merit, 70001));
}

/* Rule N9. */
TEST(each_move_for_unfitness_within_an_hour_doubles_the_stay)
{
    struct desk desk;
    begin(&desk);
    CHECK_EQ(merit_hold_length(&desk.merit, 60000, 0), 60000);
    merit_moved(&desk.merit, 0);
    CHECK_EQ(merit_hold_length(&desk.merit, 60000, 1), 120000);
    merit_moved(&desk.merit, 1000000);
    CHECK_EQ(merit_hold_length(&desk.merit, 60000, 1000001), 240000);
    CHECK_EQ(merit_hold_length(&desk.merit, 60000, MERIT_MOVE_WINDOW_MS), 120000);
    for (int i = 0; i < 20; i++)
        merit_moved(&desk.merit, 2000000);
    CHECK_EQ(merit_hold_length(&desk.merit, 60000, 2000001), MERIT_MOVE_WINDOW_MS);
}

TEST(the_end_of_a_maintenance_that_was_not_on_is_not_told)
{
    struct desk desk;
    begin(&desk);
    merit_maintenance(&desk.merit, 0, 1000, &desk.outcome);
    CHECK_EQ(desk.outcome.note_count, 0);
    CHECK(!desk.outcome.prompt);
}

TEST(the_shortest_maintenance_is_one)
{
    struct desk desk;
    begin(&desk);
    merit_maintenance(&desk.merit, 1, 1000, &desk.outcome);
    CHECK(merit_in_maintenance(&desk.merit, 1000));
    CHECK(!merit_in_maintenance(&desk.merit, 1001));
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_MAINTENANCE_ON);
    CHECK_EQ(desk.outcome.notes[0].number, 1);
    CHECK(desk.outcome.prompt);
}

/* A machine that has just booted reads a small clock. */
TEST(at_the_start_the_other_was_never_fit_whatever_the_clock)
{
    struct desk desk;
    begin(&desk);
    CHECK_EQ(desk.merit.other_fit_at, MONO_LONG_AGO);
    CHECK_EQ(desk.merit.other_fit_since, MONO_NEVER);
    CHECK(!merit_in_maintenance(&desk.merit, 0));
}

TEST(the_end_of_a_maintenance_is_said_promptly)
{
    struct desk desk;
    begin(&desk);
    merit_maintenance(&desk.merit, 1000, 0, &desk.outcome);
    desk.outcome.prompt = false;
    merit_settle(&desk.merit, 999, 5000, &desk.outcome);
    CHECK(!desk.outcome.prompt);
    merit_settle(&desk.merit, 1000, 5000, &desk.outcome);
    CHECK(desk.outcome.prompt);
}

CHECK_MAIN
