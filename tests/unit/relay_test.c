#include "proto/relay.h"

#include "tests/lib/check.h"

static const struct relay_question question = {
    .to = 0, .author = 1, .interval_ms = 500, .lease_ms = 5000};

static void arrives(struct relay *relay, uint64_t boot, uint64_t seq, mono_ms now)
{
    uint8_t bytes[4] = {(uint8_t)seq, 2, 3, 4};
    relay_keep(relay, 1, &(struct mark){boot, seq}, bytes, sizeof bytes);
    relay_arrived(relay, 1, 250, now);
}

static bool wanted(struct relay *relay, uint64_t boot, uint64_t seq, mono_ms now)
{
    return relay_wanted(relay, &question, &(struct mark){boot, seq}, now);
}

TEST(nothing_kept_is_nothing_relayed)
{
    struct relay relay;
    relay_init(&relay);
    CHECK(!wanted(&relay, 0, 0, 1000));
}

TEST(nothing_is_relayed_while_the_receiver_keeps_up)
{
    struct relay relay;
    relay_init(&relay);
    for (uint64_t seq = 1; seq <= 20; seq++) {
        arrives(&relay, 7, seq, (mono_ms)seq * 500);
        CHECK(!wanted(&relay, 7, seq - 1, (mono_ms)seq * 500 + 400));
    }
}

TEST(a_lag_of_more_than_one_and_a_half_intervals_is_relayed)
{
    struct relay relay;
    relay_init(&relay);
    arrives(&relay, 7, 5, 1000);
    CHECK(!wanted(&relay, 7, 4, 1750));
    CHECK(wanted(&relay, 7, 4, 1751));
    arrives(&relay, 7, 6, 1760);
    CHECK_EQ(relay.kept[1].bytes[0], 6); /* the newest, verbatim */
    CHECK_EQ(relay.kept[1].size, 4);
}

TEST(a_receiver_that_knows_another_life_lags)
{
    struct relay relay;
    relay_init(&relay);
    arrives(&relay, 7, 5, 1000);
    CHECK(wanted(&relay, 6, 900, 1800));
}

TEST(relaying_goes_on_for_one_lease_after_the_lag)
{
    struct relay relay;
    relay_init(&relay);
    arrives(&relay, 7, 5, 1000);
    CHECK(wanted(&relay, 7, 4, 1800));
    for (uint64_t seq = 6; seq < 16; seq++) {
        mono_ms now = 1800 + (mono_ms)(seq - 6) * 500;
        arrives(&relay, 7, seq, now);
        CHECK(wanted(&relay, 7, seq, now));
    }
    arrives(&relay, 7, 16, 6800);
    CHECK(!wanted(&relay, 7, 16, 6800));
}

TEST(a_statement_older_than_a_lease_is_not_worth_relaying)
{
    struct relay relay;
    relay_init(&relay);
    arrives(&relay, 7, 5, 1000);
    CHECK(wanted(&relay, 7, 4, 5999));
    CHECK(!wanted(&relay, 7, 4, 6000));
}

/* An author that speaks every 50 ms must not push what a lag is measured by out of the table. */
TEST(prompt_statements_do_not_hide_a_lag)
{
    struct relay relay;
    relay_init(&relay);
    for (uint64_t seq = 1; seq <= 16; seq++)
        arrives(&relay, 7, seq, (mono_ms)seq * 50);
    CHECK(!wanted(&relay, 7, 0, 800));
    for (uint64_t seq = 17; seq <= 40; seq++)
        arrives(&relay, 7, seq, (mono_ms)seq * 50);
    CHECK(wanted(&relay, 7, 0, 2000));
    CHECK_EQ(relay.kept[1].mark.seq, 40);
    CHECK_EQ(relay.kept[1].at, 2000);
}

TEST(a_new_life_of_the_author_begins_a_new_list_of_arrivals)
{
    struct relay relay;
    relay_init(&relay);
    for (uint64_t seq = 1; seq <= 10; seq++)
        arrives(&relay, 7, seq, (mono_ms)seq * 500);
    CHECK_EQ(relay.kept[1].arrival_count, ARRIVAL_COUNT_MAX);
    arrives(&relay, 8, 1, 5500);
    CHECK_EQ(relay.kept[1].arrival_count, 1);
    CHECK(!wanted(&relay, 8, 1, 6300));
    CHECK(wanted(&relay, 7, 10, 6300));
}

/* A machine that has just booted reads a small clock. */
TEST(the_first_arrival_counts_at_any_time)
{
    struct relay relay;
    relay_init(&relay);
    arrives(&relay, 7, 1, 100);
    CHECK_EQ(relay.kept[1].arrival_count, 1);
    arrives(&relay, 7, 2, 349);
    CHECK_EQ(relay.kept[1].arrival_count, 1);
    arrives(&relay, 7, 3, 350);
    CHECK_EQ(relay.kept[1].arrival_count, 2);
    CHECK_EQ(relay.kept[1].arrivals[0].seq, 3);
    CHECK_EQ(relay.kept[1].arrivals[1].seq, 1);
}

CHECK_MAIN
