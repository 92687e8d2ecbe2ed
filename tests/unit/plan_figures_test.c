/* The figures of holdfast-plan: splitting close calls, and playing long stand-stills beside, shifts
 * none. That takes many runs to see, so the sanitizers' build leaves it out (label `figures`). */
#include "agent/plan/calm.h"

#include <math.h>
#include <string.h>

#include "tests/lib/check.h"

/* One lease of a second, and machines that stand still often. */
static struct calm_order busy_order(uint64_t seed, double seconds)
{
    struct calm_order order = {.setup = {.core = {.interval_ms = 100,
                                                  .lease_ms = 1000,
                                                  .drift_ppm = 10000,
                                                  .jitter_ppt = 100,
                                                  .demote_lead_ms = 250,
                                                  .prefer = PEER_NONE,
                                                  .failback_after_ms = 600000,
                                                  .min_hold_ms = 60000,
                                                  .version = "test"},
                                         .has_record = true,
                                         .fences = true},
                               .seconds = seconds,
                               .years = 1000,
                               .step_max = UINT64_MAX,
                               .seed = seed};
    order.setup.conditions.jitter_ms = 1;
    order.setup.conditions.disk_ms = 20;
    order.setup.conditions.stalls =
        (struct stalls){.p50_ms = 60, .p99_ms = 600, .every_ms = 10000};
    return order;
}

static struct calm_sums play(const struct calm_order *order, int times)
{
    static struct calm_bench bench;
    struct calm_sums sum = {0}, one;
    struct calm_order next = *order;
    for (int i = 0; i < times; i++) {
        next.seed = order->seed + (uint64_t)i;
        calm_play(&bench, &next, &one);
        CHECK_STR(one.violation, "");
        calm_add(&sum, &one);
    }
    return sum;
}

TEST(the_same_seed_gives_the_same_figures)
{
    struct calm_order order = busy_order(3, 1800);
    order.levels.split[4] = order.levels.split[9] = 3;
    struct calm_sums a = play(&order, 1), b = play(&order, 1);
    CHECK(memcmp(&a, &b, sizeof a) == 0);
    CHECK(a.runs > 0);
}

static double hours(const struct calm_sums *sums)
{
    return sums->seconds / 3600;
}

/* Do two ways to count agree within what luck explains: 3 sigma? */
static bool agree(const struct calm_sums *a, const struct calm_sums *b)
{
    double square_a = a->lapses.luck_square + a->lapses.stall_square;
    double square_b = b->lapses.luck_square + b->lapses.stall_square;
    double sigma = sqrt(square_a / hours(a) / hours(a) + square_b / hours(b) / hours(b));
    double off = (a->lapses.luck + a->lapses.stall) / hours(a) -
                 (b->lapses.luck + b->lapses.stall) / hours(b);
    return fabs(off) <= 3 * sigma;
}

TEST(splitting_close_calls_shifts_no_figure)
{
    struct calm_order order = busy_order(100, 9000);
    struct calm_sums plain = play(&order, 8);
    order.seconds = 1800;
    order.seed = 200;
    order.levels.split[4] = order.levels.split[9] = order.levels.split[14] = 4;
    struct calm_sums split = play(&order, 8);
    CHECK_EQ(split.stalls, 0); /* they are too frequent to be played beside */
    CHECK(plain.lapses.luck >= 20);
    CHECK(agree(&plain, &split));
    CHECK(split.steps < plain.steps / 2);
    CHECK(plain.moves.luck <= plain.lapses.luck && plain.moves.luck > 0);
    CHECK(plain.without_ms > 0 && plain.longest_ms > 100);
}

TEST(playing_long_stand_stills_beside_shifts_no_figure)
{
    struct calm_order order = busy_order(300, 40000);
    order.setup.conditions.stalls.every_ms = 25000;
    order.plain = true;
    struct calm_sums plain = play(&order, 8);
    order.plain = false;
    order.seconds = 1800;
    order.seed = 400;
    order.levels.split[9] = 4;
    struct calm_sums beside = play(&order, 8);
    CHECK(plain.lapses.luck >= 20 && plain.lapses.stall <= 0);
    CHECK(beside.stalls > 80 && beside.lapses.stall > 0);
    CHECK(agree(&plain, &beside));
    CHECK(calm_rate(&beside, &beside.lapses).at_most >
          calm_rate(&beside, &beside.lapses).per_year);
    CHECK(beside.steps < plain.steps / 4);
}

TEST(a_quiet_network_loses_no_lease_and_claims_no_more_years_than_asked)
{
    struct calm_order order = busy_order(1, 3600);
    order.setup.conditions.stalls = (struct stalls){.p99_ms = 0};
    order.levels.split[9] = 1000;
    order.years = 0.01;
    struct calm_sums sums = play(&order, 1);
    struct calm_rate lapses = calm_rate(&sums, &sums.lapses);
    CHECK(lapses.seen == 0 && lapses.per_year == 0);
    CHECK(fabs(lapses.years - 0.01) < 1e-9);
    CHECK(fabs(lapses.at_most - 300) < 1e-6);
}

CHECK_MAIN
