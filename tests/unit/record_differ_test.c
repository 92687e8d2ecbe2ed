/* record_differ — one sentence per difference between what is there and what is wanted. */
#include "../../agent/node/record_differ.h"
#include "../lib/check.h"

static const struct serve mine = {
    .a = {"203.0.113.10"}, .a_count = 1, .aaaa = {"2001:db8::10"}, .aaaa_count = 1};
static struct record_tokens tokens = {.list = {"aaaaaaaaaaaaaaaa"}, .count = 1};

/* What a holder under epoch 100 wrote. */
static struct provider_state right(void)
{
    struct provider_state seen = {.fence = "v=1;e=100;h=server1;t=aaaaaaaaaaaaaaaa",
                                  .fence_count = 1, .serve = mine, .ttl_s = 60,
                                  .servers = 2, .servers_ok = 2};
    return seen;
}

/* The sentences joined by '|', as the holder (or a standby) sees it. */
static const char *differ_as(const struct provider_state *seen, uint64_t epoch, const char *node)
{
    static char text[2048];
    struct record_differ differ = {.seen = seen, .name = "pbx.example.com",
                                   .want = node != NULL ? &mine : NULL, .node = node,
                                   .ttl_s = 60, .epoch = epoch, .tokens = &tokens};
    json_t *list = record_differ_json(&differ);
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "|" : "",
                                 json_string_value(json_array_get(list, i)));
    json_decref(list);
    return text;
}

static const char *differ(const struct provider_state *seen)
{
    return differ_as(seen, 100, "server1");
}

TEST(nothing_differs)
{
    struct provider_state seen = right();
    CHECK_STR(differ(&seen), "");
    snprintf(seen.serve.aaaa[0], sizeof seen.serve.aaaa[0], "2001:0DB8:0::10");
    CHECK_STR(differ(&seen), ""); /* the spelling is no difference */
    CHECK_STR(differ_as(&seen, 0, "server1"), "");
}

TEST(a_zone_that_holdfast_never_wrote)
{
    struct provider_state seen = right();
    seen.fence[0] = 0;
    seen.fence_count = 0;
    seen.ttl_s = 300;
    snprintf(seen.serve.a[0], sizeof seen.serve.a[0], "198.51.100.20");
    CHECK_STR(differ(&seen), "no fence: holdfast has not written here yet|"
                             "A 198.51.100.20 is there and should not be|"
                             "A 203.0.113.10 is not there and should be|"
                             "ttl is 300, wanted 60");
}

TEST(a_ttl_is_only_told_of_addresses)
{
    struct provider_state seen = right();
    memset(&seen.serve, 0, sizeof seen.serve);
    seen.ttl_s = 0;
    CHECK_STR(differ(&seen), "A 203.0.113.10 is not there and should be|"
                             "AAAA 2001:db8::10 is not there and should be");
}

TEST(fences)
{
    struct provider_state seen = right();
    snprintf(seen.fence, sizeof seen.fence, "v=1;e=100;h=server1;t=bbbbbbbbbbbbbbbb");
    CHECK_STR(differ(&seen),
              "the fence has the epoch 100 of this node, but a token that is not its own");
    snprintf(seen.fence, sizeof seen.fence, "v=1;e=99;h=server2;t=bbbbbbbbbbbbbbbb");
    CHECK_STR(differ(&seen), "the fence is of server2 under epoch 99, wanted server1 under epoch "
                             "100");
    CHECK_STR(differ_as(&seen, 0, "server1"),
              "the fence is of server2 under epoch 99, but server1 holds");
    CHECK_STR(differ_as(&seen, 0, "server2"), "");
    snprintf(seen.fence, sizeof seen.fence, "v=spf1 -all");
    CHECK_STR(differ(&seen), "the TXT at _holdfast.pbx.example.com is \"v=spf1 -all\", which "
                             "holdfast did not write");
    seen.fence_count = 2;
    CHECK_STR(differ(&seen), "2 TXT records are at _holdfast.pbx.example.com, wanted one");
}

TEST(servers_that_lag_and_too_many_addresses)
{
    struct provider_state seen = right();
    seen.servers_ok = 1;
    seen.more = true;
    CHECK_STR(differ(&seen), "there are more addresses than holdfast writes|"
                             "1 of 2 servers show what the first one shows");
}

TEST(nobody_holds)
{
    struct provider_state seen = right();
    CHECK_STR(differ_as(&seen, 0, NULL),
              "nobody is known to hold: which addresses are wanted cannot be said");
}

CHECK_MAIN
