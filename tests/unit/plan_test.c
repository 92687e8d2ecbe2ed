/* holdfast-plan's arithmetic and its question. */
#include "agent/plan/calm.h"
#include "agent/plan/question.h"
#include "agent/plan/spread.h"

#include <math.h>

#include "tests/lib/check.h"

TEST(ranks_are_lengths_that_were_measured)
{
    static struct spread spread;
    for (int i = 100; i >= 1; i--)
        spread_add(&spread, i * 10);
    spread_sort(&spread);
    CHECK_EQ(spread_at(&spread, 500), 500);
    CHECK_EQ(spread_at(&spread, 990), 990);
    CHECK_EQ(spread_at(&spread, 1000), 1000);
    CHECK_EQ(spread_at(&spread, 0), 10);
}

TEST(what_never_came_is_longer_than_everything)
{
    static struct spread spread, other;
    for (int i = 0; i < 98; i++)
        spread_add(&spread, 5);
    spread_add(&other, SPREAD_NEVER);
    spread_add(&other, SPREAD_NEVER);
    spread_join(&spread, &other);
    spread_sort(&spread);
    CHECK_EQ(spread_size(&spread), 100);
    CHECK_EQ(spread_at(&spread, 980), 5);
    CHECK_EQ(spread_at(&spread, 990), SPREAD_NEVER);
    CHECK_EQ(spread_at(&(struct spread){.count = 0}, 500), SPREAD_NOTHING);
}

TEST(stand_stills_are_as_long_as_asked_for)
{
    struct stalls stalls = {.p50_ms = 30, .p99_ms = 300, .every_ms = 60000};
    struct prng prng;
    int longer_50 = 0, longer_99 = 0, kept = 0;
    double weights = 0, weight;
    prng_init(&prng, 5);
    for (int i = 0; i < 20000; i++) {
        int64_t length = stalls_draw(&stalls, &prng, 0, 0);
        longer_50 += length > 30000;
        longer_99 += length > 300000;
        length = stalls_draw(&stalls, &prng, 50000, 100000);
        kept += length > 50000 && length <= 101000;
        length = stalls_draw_long(&stalls, &prng, 250000, 10000000, &weight);
        CHECK(length >= 250000 && length <= 10000000);
        weights += weight / 20000;
    }
    CHECK(longer_50 > 9700 && longer_50 < 10300);
    CHECK(longer_99 > 150 && longer_99 < 250);
    CHECK_EQ(kept, 20000);
    CHECK(fabs(stalls_longer(&stalls, 300000) - 0.01) < 1e-6);
    CHECK(fabs(weights / stalls_longer(&stalls, 250000) - 1) < 0.05);
}

TEST(levels_multiply_to_what_was_wanted_or_a_little_more)
{
    struct calm_sums seen = {.steps = 1000000};
    struct calm_levels levels;
    for (uint32_t wanted = 2; wanted <= 65536; wanted = wanted * 3 / 2 + 1) {
        calm_tune(&seen, wanted, &levels);
        CHECK(calm_multiple(&levels) >= wanted && calm_multiple(&levels) <= 2.0 * wanted);
    }
    for (size_t i = 0; i < CALM_STEPS; i++)
        seen.crossed[i] = 100000; /* it is always close */
    calm_tune(&seen, 100, &levels);
    CHECK(calm_multiple(&levels) <= 1.0);
}

static int parse(const char *a, const char *b, struct question *ret, struct err *err)
{
    char *argv[] = {(char *)"holdfast-plan", (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL};
    return question_parse(ret, b == NULL ? 2 : 3, argv, 2, err);
}

TEST(what_is_left_out_follows_what_is_there)
{
    struct question question;
    struct err err = {0};
    CHECK_EQ(parse("--rtt=80ms", NULL, &question, &err), 0);
    CHECK_EQ(question.witness_rtt_ms, 80);
    CHECK_EQ(question.dns_rtt_ms, 80);
    CHECK_EQ(question.jitter_ms, 8);
    CHECK_EQ(question.loss_ppt, 0);
    CHECK_EQ(question.jobs, 2);
    CHECK_STR(question.config, "/etc/holdfast/holdfast.conf");
    CHECK_EQ(parse("--stall", "p99=300ms", &question, &err), 0);
    CHECK_EQ(question.stalls.p50_ms, 30);
    CHECK_EQ(question.stalls.every_ms, 60000);
    CHECK_EQ(parse("--loss", "server1:cloud=20%", &question, &err), 0);
    CHECK_EQ(question.loss_count, 1);
    CHECK_STR(question.losses[0].to, "cloud");
    CHECK_EQ(question.losses[0].loss_ppt, 200);
}

TEST(each_wrong_value_is_told_with_its_option)
{
    static const struct {
        const char *option, *value, *says;
    } cases[] = {
        {"--loss", "5", "--loss: \"5\" is no share"},
        {"--loss", "96%", "0% to 95%"},
        {"--loss", "0.05%", "steps of 0.1%"},
        {"--loss", "a:b", "--loss: \"a:b\" is no direction"},
        {"--loss", ":b=1%", "is no direction"},
        {"--rtt", "80", "--rtt: \"80\""},
        {"--rtt", "11s", "expected 0ms to 10000ms"},
        {"--rtt", NULL, "--rtt: expected a value after it"},
        {"--stall", "300ms", "--stall: \"300ms\" is unknown"},
        {"--stall", "p50=1ms", "says no p99="},
        {"--stall", "p99=10ms,p50=20ms", "p50 <= p99"},
        {"--stall", "p99=", "--stall: p99="},
        {"--years", "0", "expected 0.001 to 100 years"},
        {"--years", "nan", "expected 0.001 to 100 years"},
        {"--years", "5y", "expected 0.001 to 100 years"},
        {"--failures", "1", "--failures: \"1\" is out of range; expected 20 to 5000"},
        {"--seed", "-1", "--seed: \"-1\" is no good"},
        {"--jobs", "0", "expected 1 to 64"},
        {"--json=yes", NULL, "--json: takes no value"},
        {"--svg", "", "--svg: expected a path"},
        {"--lost", "5%", "unknown argument \"--lost\""},
        {"5%", NULL, "unknown argument \"5%\""},
        {"--quiet", "--quiet", "--quiet: given twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct question question;
        struct err err = {0};
        CHECK_EQ(parse(cases[i].option, cases[i].value, &question, &err), ERR_USAGE);
        CHECK_HAS(err.text, cases[i].says);
    }
}

CHECK_MAIN
