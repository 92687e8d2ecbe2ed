/* powerdns — the provider against a real pdns_server: compare-and-set by tombstones, races,
 * writers that come late, zones that other hands have changed. */
#include "../lib/freeze.h"
#include "../lib/powerdns_stage.h"
#include "../lib/provider_expect.h"
#include "../lib/provider_trials.h"

#define SET(name, type, content)                                                                 \
    "{\"rrsets\":[{\"name\":\"" name "\",\"type\":\"" type "\",\"ttl\":30,\"changetype\":"        \
    "\"REPLACE\",\"records\":[{\"content\":\"" content "\",\"disabled\":false}]}]}"
#define DROP(name, type)                                                                         \
    "{\"rrsets\":[{\"name\":\"" name "\",\"type\":\"" type "\",\"changetype\":\"DELETE\"}]}"
#define FENCE "_holdfast.pbx.example.com."

static void meddle(struct stage *stage)
{
    CHECK_EQ(stage_patch(stage, SET("pbx.example.com.", "A", "192.0.2.77")), 204);
}

static const struct trial trial = {
    .fence = "tombstone",
    .found = "",
    .taken = "",
    .again = {"somebody else replaced the fence", "somebody else replaced the fence"},
    .meddle = meddle,
};

/* ---- late ---- */

/* Reads until the late write has landed, and not between the halves of the read; or for 3 s. */
static void settle(struct stage *stage, struct client *client)
{
    mono_ms end = clock_now() + 3000;
    do
        client_read(stage, client);
    while (clock_now() < end &&
           (client->outcome == PROVIDER_UNKNOWN || client->state.fence_count == 0));
    CHECK_STR(client->outcome == PROVIDER_WON ? "" : client->detail, "");
}

/* The server took the request, stood still, and goes on after the writer gave up. */
TEST(late_apply_shows_in_the_next_read)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    CHECK(freeze((pid_t)server.ports[2]));
    one->hasty = true;
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(one->detail, "within 1500 ms");
    kill((pid_t)server.ports[2], SIGCONT);
    settle(&stage, one);
    if (one->state.fence_count == 1) /* it landed late, or never */
        CHECK_STR(one->state.fence, one->change.new_fence);
    stage_close(&stage);
}

TEST(tombstones_do_not_pile_up)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    for (uint64_t epoch = 100; epoch < 130; epoch++) {
        client_take(&stage, one, epoch, 0);
    }
    CHECK_EQ(stage_count(&stage, "fenced.invalid."), POWERDNS_CHAIN_MAX - 1);
    stage_close(&stage);
}

/* ---- other hands ---- */

TEST(fence_of_another_path_is_refused)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    CHECK_EQ(stage_patch(&stage, SET(FENCE, "TXT",
                                     "\\\"v=1;e=90;h=server2;t=00112233445566ff\\\"")), 204);
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN); /* perhaps only a write in between */
    expect_read(&stage, PROVIDER_REFUSED,
                "was not written through this interface (dynamic update");
    CHECK_EQ(stage_patch(&stage, DROP(FENCE, "TXT")), 204);
    client_take(&stage, one, 100, 0);
    stage_close(&stage);
}

/* The operator deleted the fence; whoever rested on it must not come back. */
TEST(deleted_fence_can_be_written_anew)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *one = &stage.clients[0], *late = &stage.clients[1];
    client_take(&stage, one, 100, 0);
    client_read(&stage, late);
    client_prepare(&stage, late, 102, 1);
    CHECK_EQ(stage_patch(&stage, DROP(FENCE, "TXT")), 204);
    client_read(&stage, one);
    CHECK_EQ(one->state.fence_count, 0);
    client_write(&stage, one, 104, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_send(&stage, late);
    CHECK_EQ(late->outcome, PROVIDER_FENCED);
    stage_close(&stage);
}

TEST(other_text_and_two_texts_are_shown)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    CHECK_EQ(stage_patch(&stage, SET(FENCE, "TXT", "\\\"a\\\" \\\"b\\\"")), 204);
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_STR(one->state.fence, "\"a\" \"b\"");
    CHECK_EQ(stage_patch(&stage, SET(FENCE, "TXT", "\\\"a\\\"\",\"disabled\":false},"
                                                   "{\"content\":\"\\\"b\\\"")), 204);
    client_read(&stage, one);
    CHECK_EQ(one->state.fence_count, 2);
    stage_close(&stage);
}

TEST(alias_at_the_name_is_refused)
{
    struct stage stage;
    stage_open_with(&stage, 1, "alias.example.com");
    struct client *one = &stage.clients[0];
    expect_read(&stage, PROVIDER_REFUSED, "a CNAME at the name");
    client_write(&stage, one, 100, 0); /* and even then nothing is changed */
    CHECK_EQ(one->outcome, PROVIDER_REFUSED);
    CHECK_HAS(one->detail, "RRset alias.example.com. IN A: Conflicts");
    CHECK_EQ(stage_count(&stage, "_holdfast.alias"), 0);
    stage_close(&stage);
}

/* ---- configuration, and answers that are none ---- */

TEST(wrong_settings_are_named)
{
    struct stage stage;
    stage_open(&stage, 0);
    struct record_config right = stage.config;
    snprintf(stage.config.api_key_file, PATH_SIZE, "%s/wrong.key", server.dir);
    stage_add(&stage);
    expect_read(&stage, PROVIDER_REFUSED, "wrong.key: it must be the api-key");
    stage.config = right;
    snprintf(stage.config.zone, HOST_SIZE, "example.net");
    stage_add(&stage);
    expect_read(&stage, PROVIDER_REFUSED, "does not know the zone");
    stage.config = right;
    snprintf(stage.config.endpoint, PATH_SIZE, "http://127.0.0.1:1");
    stage_add(&stage);
    expect_read(&stage, PROVIDER_UNKNOWN, "127.0.0.1:1: ");
    stage_close(&stage);
}

TEST(answers_that_are_none_change_nothing)
{
    static const struct faulty_answer answers[] = {
        {"truncated", PROVIDER_UNKNOWN, "ended in the middle"},
        {"big", PROVIDER_UNKNOWN, "longer than 64 KiB"},
        {"rubbish", PROVIDER_UNKNOWN, "is not HTTP"},
        {"redirect", PROVIDER_REFUSED, "redirect"},
        {"busy", PROVIDER_UNKNOWN, "answers 429: slow down"},
        {"last", PROVIDER_UNKNOWN, "is no zone of PowerDNS"},
        {"echo", PROVIDER_UNKNOWN, "is no zone of PowerDNS"},
        {"drip", PROVIDER_UNKNOWN, "did not come to its end"},
    };
    expect_faulty(answers, sizeof answers / sizeof answers[0], false);
}

TEST(unusable_configuration_is_named)
{
    struct stage stage;
    stage_open(&stage, 0);
    snprintf(stage.config.api_key_file, PATH_SIZE, "%s/none.key", server.dir);
    expect_unusable(&stage, "[record pbx]: api-key-file");
    memset(stage.config.name, 'a', 230);
    expect_unusable(&stage, "longer than 224");
    stage_close(&stage);
}

int main(int argc, char **argv)
{
    return stage_run(argc, argv, "tests/servers/powerdns.py");
}
