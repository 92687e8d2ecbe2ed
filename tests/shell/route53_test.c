/* route53 — the provider against a stand-in that takes batches as Amazon does: compare-and-set,
 * races, writers that come late, zones that other hands have changed, answers that are none. */
#include "../lib/route53_stage.h"
#include "../lib/provider_expect.h"
#include "../lib/provider_trials.h"

static void meddle(struct stage *stage)
{
    stage_put(stage, "[[\"" STAGE_NAME "\",\"A\",30,[\"192.0.2.77\"],{}]]");
}

static const struct trial trial = {
    .fence = "cas",
    .found = "",
    .taken = "Route 53 has taken the change, and brings it to its name servers",
    .again = {"somebody else replaced the fence", "somebody else replaced the fence"},
    .follows = true,
    .meddle = meddle,
};

/* ---- one writer ---- */

/* Many names stand between the name and its fence: it is asked for alone. */
TEST(fence_behind_other_names_is_found)
{
    struct stage stage;
    char sets[4096] = "[";
    stage_open(&stage, 2);
    for (size_t i = 0, used = 1; i < 40; i++)
        used += (size_t)snprintf(sets + used, sizeof sets - used,
                                 "%s[\"%zu.pbx.example.com.\",\"A\",5,[\"192.0.2.7\"],{}]%s",
                                 i > 0 ? "," : "", i, i == 39 ? "]" : "");
    stage_put(&stage, sets);
    struct client *one = &stage.clients[0], *two = &stage.clients[1];
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_EQ(one->state.fence_count, 0);
    client_write(&stage, one, 100, 0);
    client_read(&stage, two);
    CHECK_STR(two->state.fence, one->change.new_fence);
    CHECK_EQ(two->state.serve.a_count, 1);
    stage_close(&stage);
}

static bool is_everywhere(void *owner)
{
    struct stage *stage = owner;
    struct client *one = &stage->clients[0];
    if (one->ended && one->state.servers_ok != 2)
        begin_read(one);
    return one->ended && one->state.servers_ok == 2;
}

TEST(change_is_followed_to_the_name_servers)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *one = &stage.clients[0], *two = &stage.clients[1];
    client_read(&stage, one);
    CHECK_EQ(one->state.servers, 1);
    CHECK_EQ(one->state.servers_ok, 1);
    client_write(&stage, one, 100, 0);
    client_read(&stage, one);
    CHECK_EQ(one->state.servers, 2);
    CHECK_EQ(one->state.servers_ok, 1);
    CHECK_HAS(one->detail, "brings it to its name servers");
    CHECK(spin_until(&stage.loop, is_everywhere, &stage, SPIN_LIMIT_MS));
    CHECK_STR(one->detail, "");
    /* Of the next holder's change this process knows nothing, and claims nothing. */
    client_take(&stage, two, 102, 1);
    client_read(&stage, one);
    CHECK_EQ(one->state.servers, 1);
    CHECK_STR(one->detail, "");
    stage_close(&stage);
}

/* ---- late ---- */

/* One writer, whose server has this trouble. */
static void open_in_trouble(struct stage *stage, const char *trouble)
{
    stage_open(stage, 0);
    stage_trouble(stage, trouble);
    stage_add(stage);
}

/* The server took the request, and applies it after the writer gave up. */
TEST(late_apply_is_stopped_by_a_newer_fence)
{
    struct stage stage;
    stage_open(&stage, 1);
    stage_trouble(&stage, "write-hold");
    stage_add(&stage);
    struct client *other = &stage.clients[0], *late = &stage.clients[1];
    client_read(&stage, late);
    late->hasty = true;
    client_write(&stage, late, 100, 0);
    CHECK_EQ(late->outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(late->detail, "no answer within 1"); /* what building the batch left of 1500 ms */
    client_take(&stage, other, 102, 1);
    size_t told = stage_told(&stage);
    mono_ms end = clock_now() + SPIN_LIMIT_MS;
    CHECK_EQ(stage_ask(&stage, "PUT", "release", ""), 200);
    while (stage_told(&stage) == told && clock_now() < end)
        ; /* until the late one has been dealt with */
    CHECK_EQ(stage_told(&stage), told + 1);
    client_read(&stage, other);
    CHECK_STR(other->state.fence, other->change.new_fence);
    CHECK_EQ(stage_count(&stage, "192.0.2.1<"), 0);
    stage_close(&stage);
}

TEST(applied_but_the_answer_is_lost)
{
    struct stage stage;
    open_in_trouble(&stage, "write-lost");
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    client_read(&stage, one);
    CHECK_STR(one->state.fence, one->change.new_fence);
    stage_close(&stage);
}

/* ---- other hands ---- */

/* The fence has another TTL than ours: the batch names the one that was read. */
TEST(fence_with_another_ttl_is_replaced)
{
    struct stage stage;
    stage_open(&stage, 1);
    stage_put(&stage, "[[\"" STAGE_FENCE "\",\"TXT\",300,"
                      "[\"\\\"v=1;e=90;h=server2;t=00112233445566ff\\\"\"],{}],"
                      "[\"" STAGE_NAME "\",\"AAAA\",77,[\"2001:0DB8:0::9\"],{}]]");
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    CHECK_STR(one->state.fence, "v=1;e=90;h=server2;t=00112233445566ff");
    CHECK_STR(one->state.serve.aaaa[0], "2001:db8::9");
    stage.config.serve[0].aaaa_count = 0; /* deleted as it is written there, not as we would */
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_read(&stage, one);
    CHECK_EQ(one->state.serve.aaaa_count, 0);
    stage_close(&stage);
}

static void expect_odd(const char *sets, const char *detail)
{
    struct stage stage;
    stage_open(&stage, 1);
    stage_put(&stage, sets);
    expect_read(&stage, PROVIDER_REFUSED, detail);
    stage_close(&stage);
}

TEST(what_cannot_be_kept_is_named)
{
    expect_odd("[[\"" STAGE_NAME "\",\"A\",30,[],{}],"
               "[\"" STAGE_NAME "\",\"CNAME\",30,[\"x.example.com.\"],{}]]", "a CNAME at the name");
    expect_odd("[[\"" STAGE_FENCE "\",\"CNAME\",30,[\"x.example.com.\"],{}]]", "or its fence");
    expect_odd("[[\"" STAGE_NAME "\",\"A\",0,[],{\"AliasTarget\":\"x\"}]]", "an alias record");
    expect_odd("[[\"" STAGE_NAME "\",\"A\",30,[\"192.0.2.9\"],{\"SetIdentifier\":\"w\"}]]",
               "routing policy");
}

TEST(a_text_of_another_hand_can_be_replaced)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    stage_put(&stage, "[[\"" STAGE_FENCE "\",\"TXT\",300,[\"\\\"v=spf1 a -all\\\"\"],{}]]");
    client_read(&stage, one);
    CHECK_STR(one->state.fence, "v=spf1 a -all");
    CHECK(one->state.exact);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_EQ(stage_count(&stage, "spf1"), 0);
    stage_close(&stage);
}

TEST(other_text_and_two_texts_are_shown)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    stage_put(&stage, "[[\"" STAGE_FENCE "\",\"TXT\",30,[\"\\\"a\\\" \\\"b\\\"\"],{}]]");
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_STR(one->state.fence, "\"a\" \"b\"");
    CHECK(!one->state.exact);
    stage_put(&stage, "[[\"" STAGE_FENCE "\",\"TXT\",30,[\"\\\"a\\\"\",\"\\\"b\\\"\"],{}]]");
    client_read(&stage, one);
    CHECK_EQ(one->state.fence_count, 2);
    stage_close(&stage);
}

/* An AAAA changed between read and write, and is to go: nothing is done, and it is tried again. */
TEST(addresses_that_changed_meanwhile)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    stage_put(&stage, "[[\"" STAGE_NAME "\",\"AAAA\",30,[\"2001:db8::8\"],{}]]");
    client_read(&stage, one);
    stage_put(&stage, "[[\"" STAGE_NAME "\",\"AAAA\",30,[\"2001:db8::9\"],{}]]");
    stage.config.serve[0].aaaa_count = 0;
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(one->detail, "the addresses changed since they were read");
    CHECK_EQ(stage_count(&stage, "_holdfast"), 0);
    client_take(&stage, one, 102, 0);
    stage_close(&stage);
}

/* ---- answers that are none ---- */

/* With the keys of this profile, at a server with this trouble. */
static void expect_ask(const char *profile, const char *trouble, enum provider_outcome outcome,
                       const char *detail)
{
    struct stage stage;
    stage_open(&stage, 0);
    stage_keys(&stage, profile, NULL);
    stage_trouble(&stage, trouble);
    stage_add(&stage);
    expect_read(&stage, outcome, detail);
    stage_close(&stage);
}

TEST(keys_that_are_not_taken_are_named)
{
    expect_ask("session", "", PROVIDER_WON, "");
    expect_ask("stranger", "", PROVIDER_REFUSED, "/aws (InvalidClientTokenId): put the access");
    expect_ask("wrong", "", PROVIDER_REFUSED, "the secret key must be the one");
    expect_ask("ended", "", PROVIDER_REFUSED, "/aws ended (ExpiredToken): put fresh ones there");
    expect_ask("default", "read-denied", PROVIDER_REFUSED, "allow route53:ChangeResourceRecord");
    expect_ask("default", "read-forbidden", PROVIDER_REFUSED, "does not take the keys in");
    expect_ask("default", "read-unauthorized", PROVIDER_REFUSED, "(401): is endpoint");
    expect_ask("default", "all-ahead", PROVIDER_REFUSED, "s behind Amazon's (Signature");
    expect_ask("default", "all-behind", PROVIDER_REFUSED, "s ahead of Amazon's (Signature");
}

TEST(answers_that_are_none_are_named)
{
    expect_ask("default", "read-throttle", PROVIDER_UNKNOWN, "busy (Throttling: Rate exceeded)");
    expect_ask("default", "read-busy", PROVIDER_UNKNOWN, "answers 429");
    expect_ask("default", "read-unavailable", PROVIDER_UNKNOWN, "503 (ServiceUnavailable");
    expect_ask("default", "read-strange", PROVIDER_REFUSED, "418 (Teapot");
    expect_ask("default", "read-html", PROVIDER_UNKNOWN, "answers 502, and not in the words");
    expect_ask("default", "read-nothing", PROVIDER_REFUSED, "answers 404, and not in the words");
    expect_ask("default", "read-redirect", PROVIDER_REFUSED, "redirect");
    expect_ask("default", "read-truncated", PROVIDER_UNKNOWN, "ended in the middle");
    expect_ask("default", "read-big", PROVIDER_UNKNOWN, "longer than 64 KiB");
    expect_ask("default", "read-bomb", PROVIDER_UNKNOWN, "no list of Route 53");
    expect_ask("default", "read-entity", PROVIDER_REFUSED, "400, and not in the words");
    expect_ask("default", "read-badxml", PROVIDER_UNKNOWN, "no list of Route 53");
    expect_ask("default", "read-other", PROVIDER_UNKNOWN, "no list of Route 53");
    expect_ask("default", "read-utf16", PROVIDER_UNKNOWN, "no list of Route 53");
}

/* `done`: the server did it all the same. */
static void expect_write(const char *trouble, enum provider_outcome outcome, const char *detail,
                         bool done)
{
    struct stage stage;
    open_in_trouble(&stage, trouble);
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, outcome);
    CHECK_HAS(one->detail, detail);
    client_read(&stage, one);
    CHECK_EQ(one->state.fence_count, done);
    stage_close(&stage);
}

TEST(writes_that_are_not_taken)
{
    expect_write("write-throttle", PROVIDER_UNKNOWN, "busy (Throttling", false);
    expect_write("write-prior", PROVIDER_UNKNOWN, "busy (PriorRequestNotComplete", false);
    expect_write("write-unavailable", PROVIDER_UNKNOWN, "503", false);
    expect_write("write-denied", PROVIDER_REFUSED, "AccessDenied", false);
    expect_write("write-bomb", PROVIDER_UNKNOWN, "no change of Route 53", false);
    expect_write("write-garbled", PROVIDER_UNKNOWN, "no change of Route 53", true);
    expect_write("write-truncated", PROVIDER_UNKNOWN, "ended in the middle", true);
    expect_write("write-big", PROVIDER_UNKNOWN, "longer than 64 KiB", true);
    expect_write("write-redirect", PROVIDER_REFUSED, "redirect", true);
}

/* Older documents show the refusal of a batch under a root of its own. */
TEST(both_forms_of_a_refused_batch_mean_fenced)
{
    struct stage stage;
    stage_open(&stage, 1);
    stage_trouble(&stage, "write-oldroot");
    stage_add(&stage);
    struct client *one = &stage.clients[0], *two = &stage.clients[1];
    client_read(&stage, one);
    client_read(&stage, two);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_write(&stage, two, 102, 1);
    CHECK_EQ(two->outcome, PROVIDER_FENCED);
    stage_close(&stage);
}

TEST(unknown_zone_is_named)
{
    struct stage stage;
    stage_open(&stage, 0);
    snprintf(stage.config.zone_id, ZONE_ID_SIZE, "ZNONE");
    stage_add(&stage);
    expect_read(&stage, PROVIDER_REFUSED,
                "no zone with the id ZNONE in the account of the keys in /");
    stage_close(&stage);
}

/* The right to follow changes is missing: the write counts, and why it is not followed is shown. */
TEST(a_change_that_cannot_be_followed)
{
    struct stage stage;
    open_in_trouble(&stage, "change-denied");
    struct client *one = &stage.clients[0];
    client_take(&stage, one, 100, 0);
    mono_ms end = clock_now() + SPIN_LIMIT_MS;
    do
        client_read(&stage, one);
    while (strstr(one->detail, "AccessDenied") == NULL && clock_now() < end);
    CHECK_HAS(one->detail, "when it is there is not known: Route 53 does not allow this");
    stage_close(&stage);
}

int main(int argc, char **argv)
{
    return stage_run(argc, argv, "tests/servers/route53.py");
}
