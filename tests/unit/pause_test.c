#include "proto/pause.h"

#include "proto/limits.h"
#include "tests/lib/check.h"

struct desk {
    struct pause pause;
    struct outcome outcome;
};

static void begin(struct desk *desk)
{
    struct stored nothing = {.present = false};
    memset(desk, 0, sizeof *desk);
    pause_init(&desk->pause, &nothing, 0, 0);
}

static bool heard(struct desk *desk, uint64_t order, uint32_t left_ms, mono_ms now)
{
    struct pause_said said = {order, left_ms};
    return pause_heard(&desk->pause, &said, now, &desk->outcome);
}

TEST(an_order_lasts_its_time_and_ends_by_itself)
{
    struct desk desk;
    begin(&desk);
    pause_order(&desk.pause, 0, 60000, 1000, &desk.outcome);
    CHECK(pause_is_on(&desk.pause, 60999));
    CHECK_EQ(pause_says(&desk.pause, 11000).left_ms, 50000);
    CHECK(!pause_is_on(&desk.pause, 61000));
    pause_settle(&desk.pause, 61000, &desk.outcome);
    CHECK_EQ(desk.outcome.notes[1].reason, REASON_RESUMED);
    CHECK_EQ(pause_says(&desk.pause, 61000).left_ms, 0);
}

TEST(the_newest_order_wins_whoever_gave_it)
{
    struct desk desk;
    begin(&desk);
    CHECK(heard(&desk, 6, 60000, 0));
    CHECK(!heard(&desk, 6, 0, 10)); /* the same order again */
    CHECK(!heard(&desk, 4, 0, 10)); /* an older one */
    CHECK(pause_is_on(&desk.pause, 10));
    CHECK(heard(&desk, 9, 0, 20));
    CHECK(!pause_is_on(&desk.pause, 20));
    CHECK_EQ(pause_says(&desk.pause, 20).order, 9);
}

TEST(two_peers_never_give_the_same_number)
{
    struct desk a, b;
    begin(&a);
    begin(&b);
    pause_order(&a.pause, 0, 1000, 0, &a.outcome);
    pause_order(&b.pause, 1, 1000, 0, &b.outcome);
    CHECK(a.pause.order != b.pause.order);
    uint64_t before = a.pause.order;
    pause_order(&a.pause, 0, 0, 10, &a.outcome);
    CHECK(a.pause.order > before && a.pause.order > b.pause.order);
}

TEST(a_number_out_of_all_reach_is_ignored)
{
    struct desk desk;
    begin(&desk);
    CHECK(!heard(&desk, UINT64_MAX, 1000, 0));
    CHECK_EQ(desk.pause.order, 0);
    CHECK(heard(&desk, EPOCH_JUMP_MAX, 1000, 0));
}

TEST(an_order_outlives_a_restart_by_the_wall_clock)
{
    struct pause pause;
    struct stored found = {.present = true, .pause_order = 8, .pause_until_wall_s = 1100};
    pause_init(&pause, &found, 5000, 1000);
    CHECK_EQ(pause.until, 5000 + 100000);
    CHECK_EQ(pause.order, 8);
    pause_init(&pause, &found, 5000, 1100);
    CHECK(!pause_is_on(&pause, 5000));
    pause_init(&pause, &found, 5000, -2000000000);
    CHECK_EQ(pause.until, 5000 + PAUSE_MS_MAX);
}

/* No end is written as 0, which is later than a clock before 1970. */
TEST(no_pause_is_none_before_1970_as_well)
{
    struct stored found = {.present = true, .pause_order = 4, .pause_until_wall_s = 0};
    struct desk desk;
    memset(&desk, 0, sizeof desk);
    pause_init(&desk.pause, &found, 0, -86400);
    CHECK(!pause_is_on(&desk.pause, 1));
    CHECK_EQ(pause_says(&desk.pause, 1).left_ms, 0);
    CHECK_EQ(pause_says(&desk.pause, 1).order, 4);
}

TEST(a_resume_without_a_pause_is_an_order_but_no_news)
{
    struct desk desk;
    begin(&desk);
    pause_order(&desk.pause, 1, 0, 1000, &desk.outcome);
    CHECK(desk.pause.order > 0);
    CHECK_EQ(desk.outcome.note_count, 0);
    CHECK(desk.outcome.prompt); /* the others learn the number */
    pause_order(&desk.pause, 1, 500, 1000, &desk.outcome);
    pause_order(&desk.pause, 1, 0, 1100, &desk.outcome);
    CHECK_EQ(desk.outcome.note_count, 2);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_PAUSED);
    CHECK_EQ(desk.outcome.notes[0].number, 500);
    CHECK_EQ(desk.outcome.notes[1].reason, REASON_RESUMED);
}

TEST(nothing_of_a_damaged_file_is_believed)
{
    struct pause pause;
    struct stored found = {.present = false, .pause_order = 8, .pause_until_wall_s = 1100};
    pause_init(&pause, &found, 5000, 1000);
    CHECK_EQ(pause.order, 0);
    CHECK_EQ(pause.until, MONO_LONG_AGO);
}

TEST(a_long_order_is_shortened_only_beyond_its_bound)
{
    struct pause pause;
    struct stored found = {.present = true, .pause_order = 8};
    found.pause_until_wall_s = 1000 + PAUSE_MS_MAX / 1000 - 1;
    pause_init(&pause, &found, 5000, 1000);
    CHECK_EQ(pause.until, 5000 + PAUSE_MS_MAX - 1000);
    found.pause_until_wall_s = 1001;
    pause_init(&pause, &found, 5000, 1000);
    CHECK_EQ(pause.until, 6000);
    found.pause_until_wall_s = 0;
    pause_init(&pause, &found, 5000, -1000);
    CHECK_EQ(pause.until, MONO_LONG_AGO); /* resumed */
}

/* Peers of different versions count alike. */
TEST(orders_are_numbered_in_fours)
{
    struct desk desk;
    begin(&desk);
    for (uint8_t self = 0; self < 3; self++) {
        pause_order(&desk.pause, self, 1000, 0, &desk.outcome);
        CHECK_EQ(desk.pause.order, (self + 1u) * 4u + self);
    }
    CHECK(heard(&desk, 19, 0, 10));
    pause_order(&desk.pause, 1, 1000, 20, &desk.outcome);
    CHECK_EQ(desk.pause.order, 21);
}

TEST(what_is_over_leaves_no_end_behind)
{
    struct desk desk;
    struct stored found = {.present = true, .pause_order = 8, .pause_until_wall_s = 1000};
    memset(&desk, 0x5a, sizeof desk);
    pause_init(&desk.pause, &found, 5000, 1000);
    CHECK_EQ(desk.pause.until, MONO_LONG_AGO);
    pause_init(&desk.pause, &found, 5000, 1500);
    CHECK_EQ(desk.pause.until, MONO_LONG_AGO);
    memset(&desk, 0x5a, sizeof desk);
    pause_init(&desk.pause, &(struct stored){.present = false}, 5000, 1000);
    CHECK_EQ(desk.pause.order, 0);
    begin(&desk);
    pause_order(&desk.pause, 0, 1, 1000, &desk.outcome);
    CHECK_EQ(desk.pause.until, 1001);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_PAUSED);
    pause_order(&desk.pause, 0, 0, 1000, &desk.outcome);
    CHECK_EQ(desk.pause.until, MONO_LONG_AGO);
    CHECK(!pause_settle(&desk.pause, 2000, &desk.outcome)); /* it was told already */
}

TEST(numbers_out_of_reach_are_so_from_where_one_stands)
{
    struct desk desk;
    begin(&desk);
    CHECK(heard(&desk, EPOCH_JUMP_MAX, 1000, 0));
    CHECK(heard(&desk, EPOCH_JUMP_MAX + 4, 1000, 10));
    CHECK(!heard(&desk, 2 * EPOCH_JUMP_MAX + 5, 1000, 20));
    CHECK(heard(&desk, 2 * EPOCH_JUMP_MAX + 4, 1000, 20));
}

CHECK_MAIN
