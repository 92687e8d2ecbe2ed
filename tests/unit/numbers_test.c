#include "proto/numbers.h"

#include "proto/limits.h"
#include "tests/lib/check.h"

TEST(the_next_number_has_the_owners_parity_and_is_the_lowest_above_all)
{
    struct numbers numbers = {0, 0};
    numbers_heard(&numbers, 101);
    CHECK_EQ(numbers_next(&numbers, 0, 0, 0), 102);
    CHECK_EQ(numbers_next(&numbers, 1, 0, 0), 103);
    CHECK_EQ(numbers_next(&numbers, 0, 200, 0), 202);
    numbers_fence(&numbers, 301);
    CHECK_EQ(numbers_next(&numbers, 1, 200, 0), 303);
}

TEST(numbers_only_grow)
{
    struct numbers numbers = {0, 0};
    numbers_heard(&numbers, 9);
    numbers_heard(&numbers, 4);
    numbers_fence(&numbers, 8);
    numbers_fence(&numbers, 2);
    CHECK_EQ(numbers.seen, 9);
    CHECK_EQ(numbers.fence, 8);
}

TEST(the_wall_clock_raises_and_never_lowers)
{
    struct numbers numbers = {2000000000, 0};
    CHECK_EQ(numbers_next(&numbers, 0, 0, 1700000000), 2000000002);
    numbers.seen = 10;
    CHECK_EQ(numbers_next(&numbers, 0, 0, 1700000000), 1700000000);
    CHECK_EQ(numbers_next(&numbers, 1, 0, 1700000000), 1700000001);
    CHECK_EQ(numbers_next(&numbers, 0, 0, -5), 12);
}

TEST(a_number_above_the_highest_known_plus_2_to_32_is_refused)
{
    struct numbers numbers = {0, 0};
    CHECK(numbers_plausible(&numbers, EPOCH_JUMP_MAX * 2));
    CHECK(!numbers_plausible(&numbers, EPOCH_JUMP_MAX * 2 + 1));
    numbers_heard(&numbers, EPOCH_JUMP_MAX * 2);
    CHECK(numbers_plausible(&numbers, EPOCH_JUMP_MAX * 3));
    CHECK(!numbers_plausible(&numbers, EPOCH_JUMP_MAX * 3 + 1));
    CHECK(!numbers_plausible(&numbers, UINT64_MAX));
}

TEST(nobody_leads_beyond_the_end_of_the_numbers_but_ones_own_count_goes_on)
{
    struct numbers numbers = {EPOCH_MAX - 5, 0};
    CHECK(numbers_plausible(&numbers, EPOCH_MAX));
    CHECK(!numbers_plausible(&numbers, EPOCH_MAX + 1));
    for (int i = 0; i < 9; i++)
        numbers_heard(&numbers, numbers_next(&numbers, i % 2 == 0 ? 0 : 1, 0, 0));
    CHECK(numbers.seen > EPOCH_MAX);
    CHECK(!numbers_plausible(&numbers, numbers.seen + 3));
}

TEST(an_impossible_wall_clock_does_not_use_the_numbers_up)
{
    struct numbers numbers = {100, 0};
    CHECK_EQ(numbers_next(&numbers, 0, 0, INT64_MAX), 102);
}

CHECK_MAIN
