#include "proto/pulse.h"

#include "tests/lib/check.h"

TEST(late_is_not_silent)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse_heard(&pulse, &(struct mark){1, 1}, 1000, true, -1);
    CHECK_EQ(pulse_state(&pulse, 2250, 1300, 500, 5000), PULSE_FRESH);
    CHECK_EQ(pulse_state(&pulse, 2251, 1301, 500, 5000), PULSE_LATE);
    CHECK_EQ(pulse_state(&pulse, 6000, 5000, 500, 5000), PULSE_SILENT);
}

TEST(a_peer_never_heard_is_silent)
{
    struct pulse pulse;
    pulse_init(&pulse);
    CHECK_EQ(pulse_state(&pulse, 0, MONO_NEVER, 500, 5000), PULSE_SILENT);
    CHECK_EQ(pulse_loss_ppt(&pulse), 0);
    CHECK_EQ(pulse.rtt_ms, -1);
}

/* It talks, but has not heard me for a lease: its word is not fresh. */
TEST(a_deaf_peer_is_silent_however_much_it_talks)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse_heard(&pulse, &(struct mark){1, 90}, 9999, true, -1);
    CHECK_EQ(pulse_state(&pulse, 10000, 5000, 500, 5000), PULSE_SILENT);
}

TEST(loss_is_the_share_of_numbers_that_did_not_come_directly)
{
    struct pulse pulse;
    pulse_init(&pulse);
    for (uint64_t seq = 1; seq <= 100; seq += 2)
        pulse_heard(&pulse, &(struct mark){1, seq}, (mono_ms)seq, true, -1);
    CHECK_EQ(pulse_loss_ppt(&pulse), 500);
    for (uint64_t seq = 101; seq <= 200; seq++)
        pulse_heard(&pulse, &(struct mark){1, seq}, (mono_ms)seq, true, -1);
    CHECK_EQ(pulse_loss_ppt(&pulse), 0);
}

TEST(jitter_is_how_far_round_trips_are_off)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse_heard(&pulse, &(struct mark){1, 1}, 1, true, 40);
    CHECK_EQ(pulse_jitter(&pulse), 0);
    for (uint64_t seq = 2; seq <= 200; seq++)
        pulse_heard(&pulse, &(struct mark){1, seq}, (mono_ms)seq, true, seq % 2 == 0 ? 20 : 60);
    CHECK(pulse.rtt_ms >= 35 && pulse.rtt_ms <= 45);
    CHECK(pulse_jitter(&pulse) >= 15 && pulse_jitter(&pulse) <= 25);
    for (uint64_t seq = 201; seq <= 300; seq++)
        pulse_heard(&pulse, &(struct mark){1, seq}, (mono_ms)seq, true, 40);
    CHECK(pulse_jitter(&pulse) <= 4);
}

TEST(a_relayed_statement_shows_life_but_no_arrival)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse_heard(&pulse, &(struct mark){1, 1}, 10, true, 4);
    pulse_heard(&pulse, &(struct mark){1, 2}, 20, false, 99);
    CHECK_EQ(pulse.heard_at, 20);
    CHECK_EQ(pulse.direct_at, 10);
    CHECK_EQ(pulse.direct.seq, 1);
    CHECK_EQ(pulse.rtt_ms, 4);
}

TEST(a_restart_and_a_long_gap_begin_the_count_anew)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse_heard(&pulse, &(struct mark){1, 1}, 10, true, -1);
    pulse_heard(&pulse, &(struct mark){1, 3}, 20, true, -1);
    pulse_heard(&pulse, &(struct mark){2, 1}, 30, true, -1);
    CHECK_EQ(pulse_loss_ppt(&pulse), 0);
    pulse_heard(&pulse, &(struct mark){2, UINT64_MAX / 2}, 40, true, -1);
    CHECK(pulse_loss_ppt(&pulse) > 900);
}

TEST(round_trips_are_smoothed)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse_heard(&pulse, &(struct mark){1, 1}, 10, true, 8);
    CHECK_EQ(pulse.rtt_ms, 8);
    pulse_heard(&pulse, &(struct mark){1, 2}, 20, true, 80);
    CHECK_EQ(pulse.rtt_ms, (8 * 7 + 80 + 4) / 8);
}

TEST(numbers_that_run_back_within_a_life_begin_the_count_anew)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse_heard(&pulse, &(struct mark){1, 5}, 10, true, -1);
    pulse_heard(&pulse, &(struct mark){1, 9}, 20, true, -1);
    CHECK_EQ(pulse_loss_ppt(&pulse), 600);
    pulse_heard(&pulse, &(struct mark){1, 9}, 30, true, -1);
    CHECK_EQ(pulse.tracked, 1);
    CHECK_EQ(pulse_loss_ppt(&pulse), 0);
}

TEST(a_round_trip_of_nothing_is_smoothed_too)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse_heard(&pulse, &(struct mark){1, 1}, 10, true, 0);
    CHECK_EQ(pulse.rtt_ms, 0);
    pulse_heard(&pulse, &(struct mark){1, 2}, 20, true, 80);
    CHECK_EQ(pulse.rtt_ms, (80 + 4) / 8);
    pulse_heard(&pulse, &(struct mark){1, 3}, 20, true, -1); /* unknown: the old one stays */
    CHECK_EQ(pulse.rtt_ms, (80 + 4) / 8);
}

TEST(a_gap_of_the_whole_window_forgets_all_arrivals)
{
    struct pulse pulse;
    for (uint64_t gap = 62; gap <= 65; gap++) {
        pulse_init(&pulse);
        pulse_heard(&pulse, &(struct mark){1, 1}, 10, true, -1);
        pulse_heard(&pulse, &(struct mark){1, 1 + gap}, 20, true, -1);
        uint32_t seen = gap < 64 ? 2 : 1, of = gap < 64 ? (uint32_t)gap + 1 : 64;
        CHECK_EQ(pulse_loss_ppt(&pulse), (of - seen) * 1000 / of);
    }
}

TEST(after_a_gap_of_a_window_the_first_arrival_counts_for_a_whole_one)
{
    struct pulse pulse;
    pulse_init(&pulse);
    for (uint64_t seq = 1; seq <= 5; seq++)
        pulse_heard(&pulse, &(struct mark){1, seq}, 10, true, -1);
    pulse_heard(&pulse, &(struct mark){1, 5 + 64}, 20, true, -1);
    CHECK_EQ(pulse_loss_ppt(&pulse), 63 * 1000 / 64);
    for (uint64_t seq = 70; seq < 70 + 63; seq++)
        pulse_heard(&pulse, &(struct mark){1, seq}, 30, true, -1);
    CHECK_EQ(pulse_loss_ppt(&pulse), 0);
}

TEST(a_smoothed_round_trip_is_rounded_to_the_nearest)
{
    struct pulse pulse;
    pulse_init(&pulse);
    pulse.rtt_ms = 8;
    pulse_heard(&pulse, &(struct mark){1, 1}, 10, true, 12);
    CHECK_EQ(pulse.rtt_ms, 9); /* 8.5 */
    pulse.rtt_ms = 8;
    pulse_heard(&pulse, &(struct mark){1, 2}, 20, true, 11);
    CHECK_EQ(pulse.rtt_ms, 8); /* 8.375 */
}

CHECK_MAIN
