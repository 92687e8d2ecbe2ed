/* record_fence, record_plan, record_serve — pure rules of the fence. */
#include <sodium.h>

#include "../../agent/node/record_plan.h"
#include "../../agent/node/record_serve.h"
#include "../lib/check.h"

#define GOOD "v=1;e=1732;h=server1;t=0123456789abcdef"

TEST(round_trip)
{
    struct record_fence fence;
    char text[FENCE_SIZE];
    CHECK(record_fence_parse(GOOD, &fence));
    CHECK_EQ(fence.epoch, 1732);
    CHECK_STR(fence.node, "server1");
    CHECK_STR(fence.token, "0123456789abcdef");
    record_fence_print(&fence, text);
    CHECK_STR(text, GOOD);
}

TEST(longest_fits)
{
    struct record_fence fence = {.epoch = UINT64_MAX}, back;
    char text[FENCE_SIZE];
    memset(fence.node, 'z', NAME_SIZE - 1);
    memset(fence.token, 'f', TOKEN_SIZE - 1);
    record_fence_print(&fence, text);
    CHECK(record_fence_parse(text, &back));
    CHECK_EQ(back.epoch == UINT64_MAX, 1);
    CHECK(strlen(text) < FENCE_SIZE - 1);
}

TEST(anything_else_is_no_fence)
{
    static const char *const bad[] = {
        "", "v=1", "v=2;e=1;h=a;t=0123456789abcdef", "v=1;e=0;h=a;t=0123456789abcdef",
        "v=1;e=01;h=a;t=0123456789abcdef", "v=1;e=;h=a;t=0123456789abcdef",
        "v=1;e=-1;h=a;t=0123456789abcdef", "v=1;e=+1;h=a;t=0123456789abcdef",
        "v=1;e=18446744073709551616;h=a;t=0123456789abcdef",
        "v=1;e=100000000000000000000;h=a;t=0123456789abcdef",
        "v=1;e=1;h=;t=0123456789abcdef", "v=1;e=1;h=A;t=0123456789abcdef",
        "v=1;e=1;h=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;t=0123456789abcdef",
        "v=1;e=1;h=a;t=0123456789abcde", "v=1;e=1;h=a;t=0123456789abcdef0",
        "v=1;e=1;h=a;t=0123456789ABCDEF", "v=1;e=1;h=a;t=0123456789abcdef ",
        " v=1;e=1;h=a;t=0123456789abcdef", "v=1; e=1;h=a;t=0123456789abcdef",
        "v=1;e=1;h=a;t=0123456789abcdef;x=1", "e=1;v=1;h=a;t=0123456789abcdef"};
    struct record_fence fence = {.epoch = 7};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (record_fence_parse(bad[i], &fence))
            printf("taken: %s\n", bad[i]);
        CHECK(!record_fence_parse(bad[i], &fence));
    }
    CHECK_EQ(fence.epoch, 7); /* untouched */
}

TEST(tokens_are_fresh_and_remembered)
{
    struct record_tokens tokens = {0};
    char first[TOKEN_SIZE], token[TOKEN_SIZE];
    CHECK(sodium_init() >= 0);
    record_fence_draw(&tokens, first);
    CHECK_EQ(strspn(first, "0123456789abcdef"), 16);
    for (int i = 1; i < TOKEN_RING_MAX; i++) {
        record_fence_draw(&tokens, token);
        CHECK(strcmp(first, token) != 0);
        CHECK(record_fence_is_own(&tokens, token));
    }
    CHECK(record_fence_is_own(&tokens, first));
    record_fence_draw(&tokens, token);
    CHECK(!record_fence_is_own(&tokens, first)); /* the oldest made room */
    CHECK(!record_fence_is_own(&tokens, ""));
}

TEST(the_first_try_of_a_long_stall_is_still_ones_own)
{
    /* A server that answers reads, and writes only after 10 minutes: a try each 3.5 s. It takes
     * the oldest first, and the others rest on what is gone then. */
    struct record_tokens tokens = {0};
    char first[TOKEN_SIZE], token[TOKEN_SIZE];
    record_fence_draw(&tokens, first);
    for (int i = 0; i < 600 * 10 / 35; i++)
        record_fence_draw(&tokens, token);
    CHECK(record_fence_is_own(&tokens, first));
}

TEST(the_token_for_hands_is_never_forgotten)
{
    struct record_tokens tokens = {0};
    char hand[TOKEN_SIZE], token[TOKEN_SIZE];
    CHECK(!record_fence_is_own(&tokens, ""));
    snprintf(hand, sizeof hand, "%s", record_fence_hand(&tokens));
    CHECK_EQ(strspn(hand, "0123456789abcdef"), 16);
    for (int i = 0; i < 2 * TOKEN_RING_MAX; i++)
        record_fence_draw(&tokens, token);
    CHECK(record_fence_is_own(&tokens, hand));
    CHECK_STR(record_fence_hand(&tokens), hand);
}

/* The plan for a fence text under epoch 100, with token "aaaaaaaaaaaaaaaa" as own. */
static enum record_plan plan(const char *fence, const char *address, uint64_t known)
{
    struct provider_state seen = {.fence_count = fence[0] != 0};
    struct record_tokens tokens = {.list = {"aaaaaaaaaaaaaaaa"}, .count = 1};
    struct serve want = {.a = {"192.0.2.1"}, .a_count = 1};
    struct record_fence parsed;
    snprintf(seen.fence, sizeof seen.fence, "%s", fence);
    snprintf(seen.serve.a[0], sizeof seen.serve.a[0], "%s", address);
    seen.serve.a_count = 1;
    struct record_question question = {&seen, 100, known, &tokens, &want};
    return record_plan_for(&question, &parsed);
}

TEST(plans)
{
    const char *own = "v=1;e=100;h=server1;t=aaaaaaaaaaaaaaaa";
    CHECK_EQ(plan("", "192.0.2.1", 0), PLAN_WRITE);
    CHECK_EQ(plan("v=1;e=99;h=server2;t=bbbbbbbbbbbbbbbb", "192.0.2.1", 0), PLAN_WRITE);
    CHECK_EQ(plan(own, "192.0.2.1", 0), PLAN_RIGHT);
    CHECK_EQ(plan(own, "192.0.2.9", 0), PLAN_DRIFTED);
    CHECK_EQ(plan("v=1;e=101;h=server2;t=bbbbbbbbbbbbbbbb", "192.0.2.1", 0), PLAN_HIGHER);
    CHECK_EQ(plan("v=1;e=100;h=server1;t=bbbbbbbbbbbbbbbb", "192.0.2.1", 0), PLAN_FOREIGN);
    CHECK_EQ(plan("hello", "192.0.2.1", 0), PLAN_GARBAGE);
}

TEST(number_too_high_is_poison)
{
    CHECK_EQ(plan("v=1;e=8589934592;h=server2;t=bbbbbbbbbbbbbbbb", "192.0.2.1", 0), PLAN_HIGHER);
    CHECK_EQ(plan("v=1;e=8589934593;h=server2;t=bbbbbbbbbbbbbbbb", "192.0.2.1", 0),
             PLAN_POISONED);
    CHECK_EQ(plan("v=1;e=8589934593;h=server2;t=bbbbbbbbbbbbbbbb", "192.0.2.1", 5000000000),
             PLAN_HIGHER);
}

TEST(two_texts_are_garbage)
{
    struct provider_state seen = {.fence = "v=1;e=1;h=a;t=0123456789abcdef", .fence_count = 2};
    struct record_tokens tokens = {0};
    struct serve want = {0};
    struct record_fence fence;
    struct record_question question = {&seen, 100, 0, &tokens, &want};
    CHECK_EQ(record_plan_for(&question, &fence), PLAN_GARBAGE);
}

TEST(more_addresses_than_fit_are_drift)
{
    struct provider_state seen = {
        .fence = "v=1;e=100;h=a;t=aaaaaaaaaaaaaaaa", .fence_count = 1, .more = true};
    struct record_tokens tokens = {.list = {"aaaaaaaaaaaaaaaa"}, .count = 1};
    struct serve want = {0};
    struct record_fence fence;
    struct record_question question = {&seen, 100, 0, &tokens, &want};
    CHECK_EQ(record_plan_for(&question, &fence), PLAN_DRIFTED);
}

TEST(budget_three_in_ten_minutes_then_one)
{
    struct record_budget budget = {0};
    mono_ms now = 1000000;
    for (int i = 0; i < 3; i++, now += 30000) {
        CHECK(record_budget_allows(&budget, now));
        record_budget_spend(&budget, now);
    }
    CHECK(!record_budget_allows(&budget, now));
    CHECK(budget.contested);
    now += RESTORE_WINDOW_MS;
    CHECK(record_budget_allows(&budget, now)); /* one try */
    record_budget_spend(&budget, now);
    CHECK(!record_budget_allows(&budget, now + 30000));
    CHECK(!record_budget_allows(&budget, now + RESTORE_WINDOW_MS - 1));
    record_budget_calm(&budget, now + 60000);
    CHECK(budget.contested);
    record_budget_calm(&budget, now + RESTORE_WINDOW_MS);
    CHECK(!budget.contested);
    CHECK(record_budget_allows(&budget, now + RESTORE_WINDOW_MS));
}

TEST(slow_drift_is_never_contested)
{
    struct record_budget budget = {0};
    for (mono_ms now = 0; now < 100 * RESTORE_WINDOW_MS; now += RESTORE_WINDOW_MS / 2) {
        CHECK(record_budget_allows(&budget, now));
        record_budget_spend(&budget, now);
    }
}

TEST(sets_of_addresses)
{
    struct serve a = {.a = {"192.0.2.1", "192.0.2.2"}, .a_count = 2};
    struct serve b = {.a = {"192.0.2.2", "192.0.2.1"}, .a_count = 2};
    CHECK(record_serve_same(&a, &b));
    b.a_count = 1;
    CHECK(!record_serve_same(&a, &b));
    CHECK(!record_serve_same(&b, &a));
    struct serve c = {.aaaa = {"2001:DB8:0::1"}, .aaaa_count = 1};
    struct serve d = {.aaaa = {"2001:db8::1"}, .aaaa_count = 1};
    CHECK(record_serve_same(&c, &d));
    snprintf(d.aaaa[0], sizeof d.aaaa[0], "nonsense");
    CHECK(!record_serve_same(&c, &d));
}

TEST(addresses_as_text)
{
    struct serve a = {.a = {"192.0.2.1", "192.0.2.2"}, .a_count = 2};
    char text[SERVE_TEXT_SIZE];
    record_serve_a(&a, text);
    CHECK_STR(text, "192.0.2.1,192.0.2.2");
    record_serve_aaaa(&a, text);
    CHECK_STR(text, "");
}

CHECK_MAIN
