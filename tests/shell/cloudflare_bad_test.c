/* cloudflare_bad — what Cloudflare, the zone or the configuration may have wrong: one sentence
 * each with the remedy, and never a write. */
#include "../lib/cloudflare_stage.h"
#include "../lib/provider_expect.h"

#define POST(type, name, content)                                                                \
    "{\"type\":\"" type "\",\"name\":\"" name "\",\"content\":\"" content "\",\"ttl\":60}"
#define NAME "pbx.example.com"
#define FENCE "_holdfast." NAME

/* ---- answers ---- */

struct bad_status {
    const char *order; /* what the server answers */
    enum provider_outcome outcome;
    const char *detail;
};

static const struct bad_status bad_statuses[] = {
    {"status=401&code=10000&message=Authentication+error", PROVIDER_REFUSED,
     "api.token (401, code 10000: Authentication error): it must be valid and have the permission"},
    {"status=403&code=9109&message=Unauthorized+to+access+requested+resource", PROVIDER_REFUSED,
     "(403, code 9109: Unauthorized to access requested resource): it must be valid"},
    {"status=404&code=7003&message=Could+not+route", PROVIDER_REFUSED,
     "does not know the zone-id 0123456789abcdef0123456789abcdef (404, code 7003"},
    {"status=409&code=1200&message=conflict", PROVIDER_UNKNOWN,
     "busy with another change (409, code 1200: conflict); tries again"},
    {"status=422&code=1004&message=DNS+Validation+Error", PROVIDER_REFUSED,
     "Cloudflare refuses it (422, code 1004: DNS Validation Error)"},
    {"status=500&code=1000&message=oops", PROVIDER_UNKNOWN,
     "trouble of its own (500, code 1000: oops); tries again; see www.cloudflarestatus.com"},
    {"status=503&code=1000&message=oops", PROVIDER_UNKNOWN, "trouble of its own (503"},
    {"status=429&code=10429&message=slow+down&retry=3", PROVIDER_UNKNOWN,
     "left alone for 3 s (429, code 10429: slow down): 1200 requests in 5 minutes are free"},
};

TEST(each_status_has_its_sentence)
{
    for (size_t i = 0; i < 2 * sizeof bad_statuses / sizeof bad_statuses[0]; i++) {
        const struct bad_status *bad = &bad_statuses[i / 2];
        bool write = i % 2 == 1;
        struct stage stage;
        char order[200];
        stage_open_bare(&stage, 1);
        struct client *one = &stage.clients[0];
        client_read(&stage, one);
        snprintf(order, sizeof order, "fault?kind=status&on=%s&%s", write ? "batch" : "list",
                 bad->order);
        stage_order(&stage, order);
        if (write)
            client_write(&stage, one, 100, 0);
        else
            client_read(&stage, one);
        CHECK_EQ(one->outcome, bad->outcome);
        CHECK_HAS(one->detail, bad->detail);
        CHECK_EQ(stage_count(&stage, "h=server1"), 0);
        stage_close(&stage);
    }
}

static bool is_let_in(void *owner)
{
    struct stage *stage = owner;
    client_read(stage, &stage->clients[0]);
    return stage->clients[0].outcome == PROVIDER_WON;
}

TEST(nothing_is_sent_until_it_may)
{
    struct stage stage;
    stage_open_bare(&stage, 1);
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    stage_order(&stage, "fault?kind=status&on=list&status=429&retry=4");
    expect_read(&stage, PROVIDER_UNKNOWN, "left alone for 4 s (429, ");
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(one->detail, "not sent: Cloudflare wants to be left alone for ");
    expect_read(&stage, PROVIDER_UNKNOWN, "not sent: Cloudflare wants to be left alone");
    CHECK_EQ(stage_count(&stage, "h=server1"), 0);
    CHECK(spin_until(&stage.loop, is_let_in, &stage, SPIN_LIMIT_MS));
    stage_close(&stage);
}

TEST(answers_that_are_none_change_nothing)
{
    static const struct faulty_answer answers[] = {
        {"truncated", PROVIDER_UNKNOWN, "ended in the middle"},
        {"big", PROVIDER_UNKNOWN, "longer than 64 KiB"},
        {"chunks", PROVIDER_UNKNOWN, "longer than 64 KiB"},
        {"rubbish", PROVIDER_UNKNOWN, "is not HTTP"},
        {"redirect", PROVIDER_REFUSED, "redirect"},
        {"busy", PROVIDER_UNKNOWN, "left alone for 7 s (429, no reason told)"},
        {"last", PROVIDER_UNKNOWN, "the answer (200) is none of Cloudflare's API: endpoint must"},
        {"echo", PROVIDER_UNKNOWN, "is none of Cloudflare's API"},
        {"empty", PROVIDER_UNKNOWN, "the answer (204) is none of"},
        {"other", PROVIDER_REFUSED, "endpoint must end in /client/v4"},
        {"drip", PROVIDER_UNKNOWN, "did not come to its end"},
    };
    expect_faulty(answers, sizeof answers / sizeof answers[0], true);
}

TEST(old_list_is_not_believed)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    for (uint64_t epoch = 100; epoch < 104; epoch += 2) {
        client_take(&stage, one, epoch, 0);
    }
    stage_order(&stage, "fault?kind=old&on=list");
    expect_read(&stage, PROVIDER_UNKNOWN, "the list still has the fence that was replaced");
    expect_read(&stage, PROVIDER_WON, "");
    stage_close(&stage);
}

/* ---- the zone ---- */

/* After another hand posted this, a read is refused with these words. */
static void expect_refused(const char *post, const char *detail)
{
    struct stage stage;
    stage_open_bare(&stage, 1);
    stage_order(&stage, "delete?name=" NAME);
    stage_post(&stage, post);
    expect_read(&stage, PROVIDER_REFUSED, detail);
    stage_close(&stage);
}

TEST(what_is_in_the_way_is_named)
{
    expect_refused(POST("CNAME", NAME, "www.example.com"), "there is a CNAME or NS at the name");
    expect_refused(POST("NS", NAME, "ns.example.com"), "there is a CNAME or NS at the name");
    expect_refused(POST("CNAME", FENCE, "www.example.com"), "delete it, holdfast needs plain");
    expect_refused("{\"type\":\"A\",\"name\":\"" NAME "\",\"content\":\"192.0.2.9\",\"ttl\":1,"
                   "\"proxied\":true}", "the record is proxied (the orange cloud)");
}

TEST(crowd_at_the_name_is_refused)
{
    struct stage stage;
    char post[160];
    stage_open(&stage, 1);
    for (unsigned i = 0; i < 49; i++) {
        snprintf(post, sizeof post, POST("TXT", NAME, "%u"), i);
        stage_post(&stage, post);
    }
    expect_read(&stage, PROVIDER_WON, "");
    stage_post(&stage, POST("TXT", NAME, "one more"));
    expect_read(&stage, PROVIDER_REFUSED, "more than 50 records at the name");
    stage_close(&stage);
}

TEST(a_text_of_another_hand_can_be_replaced)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    stage_post(&stage, POST("TXT", FENCE, "v=spf1 a -all"));
    client_read(&stage, one);
    CHECK_STR(one->state.fence, "v=spf1 a -all");
    CHECK(one->state.exact);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_read(&stage, one);
    CHECK_EQ(one->state.fence_count, 1);
    CHECK_HAS(one->state.fence, "h=server1");
    stage_close(&stage);
}

TEST(fences_of_others_are_shown_and_kept)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    stage_post(&stage, POST("TXT", FENCE, "\\\"a\\\" \\\"b\\\""));
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_STR(one->state.fence, "\"a\" \"b\"");
    stage_post(&stage, POST("TXT", FENCE, "v=1;e=90;h=server2;t=00112233445566ff"));
    client_read(&stage, one);
    CHECK_EQ(one->state.fence_count, 2);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(one->detail, "not sent: the fence is not the one that was read");
    CHECK_EQ(stage_count(&stage, "h=server1"), 0);
    stage_close(&stage);
}

/* Many addresses, two of them wished for: what is too much goes, in the same step. */
TEST(foreign_addresses_go)
{
    struct stage stage;
    char post[160];
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    for (unsigned i = 1; i < 12; i++) {
        snprintf(post, sizeof post, POST("A", NAME, "192.0.2.%u"), i);
        stage_post(&stage, post);
        snprintf(post, sizeof post, POST("AAAA", NAME, "2001:DB8:0:0::%u"), i);
        stage_post(&stage, post);
    }
    client_read(&stage, one);
    CHECK(one->state.more);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_read(&stage, one);
    CHECK(!one->state.more);
    CHECK(record_serve_same(&one->state.serve, &stage.config.serve[0]));
    stage_close(&stage);
}

/* ---- the configuration ---- */

TEST(wrong_token_and_zone_are_named)
{
    struct stage stage;
    stage_open_bare(&stage, 0);
    snprintf(stage.config.token_file, PATH_SIZE, "%s/wrong.token", server.dir);
    stage_add(&stage);
    expect_read(&stage, PROVIDER_REFUSED, "does not accept the token in ");
    snprintf(stage.config.token_file, PATH_SIZE, "%s/api.token", server.dir);
    snprintf(stage.config.zone_id, ZONE_ID_SIZE, "0123");
    stage_add(&stage);
    expect_read(&stage, PROVIDER_REFUSED, "does not know the zone-id 0123 (404, code 7003");
    stage_close(&stage);
}

/* Cloudflare would take the name as one below the zone's. */
TEST(name_of_another_zone_is_refused)
{
    static const char *const names[] = {"pbx.example.net", "pbx.other.com"};
    struct stage stage;
    stage_open(&stage, 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(stage.config.name, HOST_SIZE, "%s", names[i]);
        snprintf(stage.config.zone, HOST_SIZE, "%s", i == 0 ? "" : "other.com");
        stage_add(&stage);
        expect_read(&stage, PROVIDER_REFUSED,
                    "is not in the zone with this zone-id, which has pbx.example.com");
    }
    /* An empty zone does not tell; then the answer does. */
    stage_order(&stage, "delete");
    expect_read(&stage, PROVIDER_WON, "");
    client_write(&stage, &stage.clients[1], 100, 0);
    CHECK_EQ(stage.clients[1].outcome, PROVIDER_REFUSED);
    CHECK_HAS(stage.clients[1].detail,
              "Cloudflare made first._holdfast.pbx.other.com.example.com of the name: zone-id is "
              "of another zone");
    stage_close(&stage);
}

TEST(unusable_configuration_is_named)
{
    struct stage stage;
    stage_open(&stage, 0);
    snprintf(stage.config.token_file, PATH_SIZE, "%s/none.token", server.dir);
    expect_unusable(&stage, "[record pbx]: token-file");
    memset(stage.config.name, 'a', 240);
    expect_unusable(&stage, "longer than 237");
    stage_close(&stage);
}

int main(int argc, char **argv)
{
    return stage_run(argc, argv, "tests/servers/cloudflare.py");
}
