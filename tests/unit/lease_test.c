#include "proto/lease.h"

#include "tests/lib/check.h"

TEST(a_grant_counts_from_sending_and_loses_both_drifts)
{
    struct lease_terms exact = {.length_ms = 5000, .drift_ppm = 0};
    struct lease_terms drifting = {.length_ms = 5000, .drift_ppm = 50000};
    CHECK_EQ(lease_backed_until(&exact, 1000), 1000 + 5000 - 1);
    CHECK_EQ(lease_backed_until(&drifting, 1000), 1000 + 5000 * 95 / 105 - 1);
}

/* The holder's clock 5 % slow, the voter's 5 % fast: the worst that the terms allow. */
TEST(a_holder_ends_before_its_voter_is_free_at_the_worst_rates)
{
    for (span_ms length = LEASE_MS_MIN; length <= LEASE_MS_MAX; length += 37) {
        struct lease_terms terms = {.length_ms = length, .drift_ppm = 50000};
        span_ms mine = lease_backed_until(&terms, 0);
        int64_t real_end_holder = mine * 100 / 95;  /* its slow clock shows `mine` then */
        int64_t real_end_voter = length * 100 / 105; /* its fast clock shows `length` then */
        CHECK(real_end_holder <= real_end_voter);
    }
}

TEST(rounding_never_makes_a_lease_longer)
{
    struct lease_terms terms = {.length_ms = 601, .drift_ppm = 333};
    CHECK(lease_backed_until(&terms, 0) <= 600);
    CHECK(lease_backed_until(&terms, -5000) <= -5000 + 600);
}

TEST(a_promise_lasts_the_longer_lease_but_at_most_a_minute)
{
    CHECK_EQ(lease_promise_length(5000, 1000), 5000);
    CHECK_EQ(lease_promise_length(1000, 5000), 5000);
    CHECK_EQ(lease_promise_length(1000, 90000), LEASE_MS_MAX);
}

TEST(the_renewal_window_is_half_the_lease)
{
    CHECK_EQ(lease_window(5000), 2500);
}

TEST(a_proof_is_young_enough_within_two_intervals_a_second_or_half_the_lease)
{
    CHECK_EQ(lease_proof_age_max(5000, 500), 1000);
    CHECK_EQ(lease_proof_age_max(15000, 1000), 2000);
    CHECK_EQ(lease_proof_age_max(1000, 100), 500);
}

TEST(covering_means_ending_strictly_before)
{
    CHECK(lease_covers(1000, 900, 99));
    CHECK(!lease_covers(1000, 900, 100));
    CHECK(!lease_covers(1000, 1000, 0));
    CHECK(!lease_covers(1000, 900, -1));
    CHECK(!lease_covers(MONO_LONG_AGO, 0, 0));
    CHECK(lease_covers(INT64_MAX, -5, 10));
    CHECK(!lease_covers(INT64_MAX, 5, INT64_MAX));
}

TEST(covering_is_defined_for_every_instant)
{
    CHECK(lease_covers(1000, -5, 1004));
    CHECK(!lease_covers(1000, -5, 1005));
    CHECK(lease_covers(INT64_MAX - 5, -5, INT64_MAX - 1));
    CHECK(!lease_covers(INT64_MAX - 5, -5, INT64_MAX));
    CHECK(lease_covers(INT64_MAX - 4, -5, INT64_MAX));
    CHECK(lease_covers(INT64_MAX, INT64_MIN, INT64_MAX));
    CHECK(!lease_covers(-10, -9, 0));
    CHECK(lease_covers(-10, -11, 0));
}

/* To the millisecond, for terms where one part in a million decides. */
TEST(drift_is_counted_in_parts_per_million)
{
    struct lease_terms terms = {.length_ms = 60000, .drift_ppm = 7819};
    CHECK_EQ(lease_backed_until(&terms, 0), 59068 - 1);
    terms = (struct lease_terms){.length_ms = 5000, .drift_ppm = 9897};
    CHECK_EQ(lease_backed_until(&terms, 0), 4901 - 1);
}

TEST(the_age_of_a_proof_changes_over_where_the_terms_meet)
{
    CHECK_EQ(lease_proof_age_max(60000, 499), 1000);
    CHECK_EQ(lease_proof_age_max(60000, 501), 1002);
    CHECK_EQ(lease_proof_age_max(60000, 400), 1000);
    CHECK_EQ(lease_proof_age_max(60000, 260), 1000);
    CHECK_EQ(lease_proof_age_max(2500, 100), 1000);
    CHECK_EQ(lease_proof_age_max(3500, 100), 1000);
    CHECK_EQ(lease_proof_age_max(1998, 100), 999);
}

CHECK_MAIN
