#include "proto/stall.h"

#include "tests/lib/check.h"

TEST(a_gap_longer_than_a_quarter_of_the_lease_is_a_stall)
{
    struct stall stall;
    struct outcome outcome = {.note_count = 0};
    stall_init(&stall);
    CHECK_EQ(stall_threshold(500, 5000), 1250);
    stall_step(&stall, 1000, 2250, 1250, &outcome);
    CHECK_EQ(stall.count, 0);
    stall_step(&stall, 2250, 3501, 1250, &outcome);
    CHECK_EQ(stall.count, 1);
    CHECK_EQ(stall.last_end, 3501);
    CHECK_EQ(stall.longest_ms, 1251);
    CHECK_EQ(outcome.notes[0].number, 1251);
}

TEST(an_ordinary_tick_is_no_stall_even_when_the_lease_is_four_intervals)
{
    CHECK(stall_threshold(1250, 5000) > 1250 * 11 / 10);
}

TEST(three_stalls_in_ten_minutes_are_repeated)
{
    struct stall stall;
    struct outcome outcome = {.note_count = 0};
    stall_init(&stall);
    CHECK(!stall_is_repeated(&stall, 0));
    stall_step(&stall, 0, 2000, 1250, &outcome);
    stall_step(&stall, 100000, 102000, 1250, &outcome);
    CHECK(!stall_is_repeated(&stall, 102000));
    stall_step(&stall, 200000, 202000, 1250, &outcome);
    CHECK(stall_is_repeated(&stall, 202000));
    CHECK(stall_is_repeated(&stall, 2000 + STALL_WINDOW_MS));
    CHECK(!stall_is_repeated(&stall, 2001 + STALL_WINDOW_MS));
}

TEST(the_threshold_is_a_quarter_of_the_lease_or_a_late_tick)
{
    CHECK_EQ(stall_threshold(1250, 5000), 1562);
    CHECK_EQ(stall_threshold(800, 5000), 1250);
    CHECK_EQ(stall_threshold(1000, 5000), 1250);
    CHECK_EQ(stall_threshold(1001, 5000), 1251);
}

TEST(the_longest_stall_is_remembered)
{
    struct stall stall;
    struct outcome outcome = {.note_count = 0};
    stall_init(&stall);
    CHECK_EQ(stall.last_end, MONO_LONG_AGO);
    stall_step(&stall, 0, 3000, 1250, &outcome);
    stall_step(&stall, 3000, 5000, 1250, &outcome);
    CHECK_EQ(stall.longest_ms, 3000);
    CHECK_EQ(stall.last_end, 5000);
    CHECK_EQ(stall.count, 2);
}

CHECK_MAIN
