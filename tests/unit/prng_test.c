#include "proto/prng.h"

#include "tests/lib/check.h"

TEST(the_generator_is_splitmix64)
{
    struct prng prng;
    prng_init(&prng, 1234567);
    CHECK(prng_next(&prng) == 6457827717110365317u);
    CHECK(prng_next(&prng) == 3203168211198807973u);
}

TEST(the_same_seed_gives_the_same_numbers)
{
    struct prng a, b;
    prng_init(&a, 42);
    prng_init(&b, 42);
    for (int i = 0; i < 100; i++)
        CHECK(prng_next(&a) == prng_next(&b));
}

TEST(what_is_drawn_reaches_both_ends_and_never_beyond)
{
    struct prng prng;
    bool low = false, high = false;
    prng_init(&prng, 1);
    for (int i = 0; i < 1000; i++) {
        span_ms value = prng_up_to(&prng, 5);
        CHECK(value >= 0 && value <= 5);
        low = low || value == 0;
        high = high || value == 5;
    }
    CHECK(low && high);
}

TEST(no_range_means_no_jitter_and_no_draw)
{
    struct prng prng;
    prng_init(&prng, 9);
    CHECK_EQ(prng_up_to(&prng, 0), 0);
    CHECK_EQ(prng.state, 9);
}

CHECK_MAIN
