/* powerdns — the provider against a real pdns_server: compare-and-set by tombstones, races,
 * writers that come late, zones that other hands have changed. */
#include <signal.h>
#include <sodium.h>

#include "../lib/freeze.h"
#include "../lib/powerdns_client.h"

/* ---- one writer ---- */

TEST(first_write_and_read_back)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_EQ(one->state.fence_count, 0);
    CHECK_STR(one->state.serve.a[0], "192.0.2.99");
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_STR(one->detail, "");
    client_read(&stage, one);
    CHECK_STR(one->state.fence, one->change.new_fence);
    CHECK_EQ(one->state.ttl_s, 30);
    CHECK_EQ(one->state.servers_ok, 1);
    CHECK(record_serve_same(&one->state.serve, &stage.config.serve[0]));
    /* The next holder has no IPv6: the AAAA goes in the same step. */
    struct client *two = &stage.clients[1];
    client_read(&stage, two);
    stage.config.serve[1].aaaa_count = 0;
    client_write(&stage, two, 102, 1);
    CHECK_EQ(two->outcome, PROVIDER_WON);
    client_read(&stage, one);
    CHECK_STR(one->state.fence, two->change.new_fence);
    CHECK_EQ(one->state.serve.aaaa_count, 0);
    CHECK_STR(one->state.serve.a[0], "192.0.2.2");
    stage_close(&stage);
}

TEST(the_same_change_twice_lands_once)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    for (uint64_t epoch = 100; epoch < 106; epoch += 2) {
        client_read(&stage, one);
        client_write(&stage, one, epoch, 0);
        CHECK_EQ(one->outcome, PROVIDER_WON);
        client_send(&stage, one);
        CHECK_EQ(one->outcome, PROVIDER_FENCED);
        CHECK_HAS(one->detail, "somebody else replaced the fence");
    }
    stage_close(&stage);
}

TEST(without_permit_nothing_is_sent)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    one->may = false;
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(one->detail, "not sent: the permit to act ended");
    client_read(&stage, one);
    CHECK_EQ(one->state.fence_count, 0);
    stage_close(&stage);
}

/* ---- races ---- */

TEST(two_writers_one_winner)
{
    struct stage stage;
    stage_open(&stage, 2);
    client_race(&stage, client_race_rounds());
    stage_close(&stage);
}

TEST(four_writers_one_winner)
{
    struct stage stage;
    stage_open(&stage, 4);
    client_race(&stage, client_race_rounds());
    stage_close(&stage);
}

/* ---- late ---- */

/* Frozen between its read and its write; by then others have held, once or many times. */
TEST(writer_that_was_frozen_is_refused)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *frozen = &stage.clients[0], *other = &stage.clients[1];
    client_read(&stage, other);
    client_write(&stage, other, 100, 1);
    client_read(&stage, frozen);
    client_prepare(&stage, frozen, 102, 0);
    for (uint64_t epoch = 104; epoch < 104 + 2 * 9; epoch += 2) {
        client_read(&stage, other);
        client_write(&stage, other, epoch, 1);
        CHECK_EQ(other->outcome, PROVIDER_WON);
        client_send(&stage, frozen);
        CHECK_EQ(frozen->outcome, PROVIDER_FENCED);
    }
    client_read(&stage, other);
    CHECK_STR(other->state.fence, other->change.new_fence);
    CHECK_STR(other->state.serve.a[0], "192.0.2.2");
    stage_close(&stage);
}

TEST(first_writer_that_was_frozen_is_refused)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *frozen = &stage.clients[0], *other = &stage.clients[1];
    client_read(&stage, frozen);
    client_prepare(&stage, frozen, 100, 0);
    client_read(&stage, other);
    client_write(&stage, other, 102, 1);
    client_send(&stage, frozen);
    CHECK_EQ(frozen->outcome, PROVIDER_FENCED);
    stage_close(&stage);
}

/* The server took the request, stood still, and goes on after the writer gave up. */
TEST(late_apply_shows_in_the_next_read)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    CHECK(freeze((pid_t)server.ports[2]));
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(one->detail, "within 1500 ms");
    kill((pid_t)server.ports[2], SIGCONT);
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    if (one->state.fence_count == 1) /* it landed late, or never */
        CHECK_STR(one->state.fence, one->change.new_fence);
    stage_close(&stage);
}

TEST(tombstones_do_not_pile_up)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    one->patient = true;
    for (uint64_t epoch = 100; epoch < 130; epoch++) {
        client_read(&stage, one);
        client_write(&stage, one, epoch, 0);
        CHECK_EQ(one->outcome, PROVIDER_WON);
    }
    CHECK_EQ(stage_count(&stage, "fenced.invalid."), POWERDNS_CHAIN_MAX - 1);
    stage_close(&stage);
}

/* ---- other hands ---- */

#define SET(name, type, content)                                                                 \
    "{\"rrsets\":[{\"name\":\"" name "\",\"type\":\"" type "\",\"ttl\":30,\"changetype\":"        \
    "\"REPLACE\",\"records\":[{\"content\":\"" content "\",\"disabled\":false}]}]}"
#define DROP(name, type)                                                                         \
    "{\"rrsets\":[{\"name\":\"" name "\",\"type\":\"" type "\",\"changetype\":\"DELETE\"}]}"
#define FENCE "_holdfast.pbx.example.com."

TEST(fence_of_another_path_is_refused)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    CHECK_EQ(stage_patch(&stage, SET(FENCE, "TXT",
                                     "\\\"v=1;e=90;h=server2;t=00112233445566ff\\\"")), 204);
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN); /* perhaps only a write in between */
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_REFUSED);
    CHECK_HAS(one->detail, "was not written through this interface (dynamic update");
    CHECK_EQ(stage_patch(&stage, DROP(FENCE, "TXT")), 204);
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    stage_close(&stage);
}

/* The operator deleted the fence; whoever rested on it must not come back. */
TEST(deleted_fence_can_be_written_anew)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *one = &stage.clients[0], *late = &stage.clients[1];
    client_read(&stage, one);
    client_write(&stage, one, 100, 0);
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
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_REFUSED);
    CHECK_HAS(one->detail, "a CNAME at the name");
    client_write(&stage, one, 100, 0); /* and even then nothing is changed */
    CHECK_EQ(one->outcome, PROVIDER_REFUSED);
    CHECK_HAS(one->detail, "RRset alias.example.com. IN A: Conflicts");
    CHECK_EQ(stage_count(&stage, "_holdfast.alias"), 0);
    stage_close(&stage);
}

TEST(record_writes_and_repairs)
{
    struct stage stage;
    stage_open(&stage, 0);
    struct fake_world fake;
    fake_world_open(&fake);
    struct err err = {0};
    CHECK_EQ(http_open(&fake.http, &fake.loop, NULL, NULL, &err), 0);
    stage.config.check_every = 50;
    struct record *record = fake_record(&fake, &stage.config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "ok"));
    CHECK_EQ(fake_count(&fake, "record-written"), 1);
    CHECK_EQ(stage_patch(&stage, SET("pbx.example.com.", "A", "192.0.2.77")), 204);
    CHECK(fake_until_event(&fake, "record-repaired", 1));
    json_t *json = record_json(record);
    CHECK_STR(json_string_value(json_object_get(json, "fence")), "tombstone");
    CHECK_STR(json_string_value(json_array_get(json_object_get(json, "addresses"), 0)),
              "192.0.2.1");
    json_decref(json);
    record_close(record);
    http_close(fake.http);
    fake_world_close(&fake);
    stage_close(&stage);
}

/* ---- configuration, and answers that are none ---- */

static void expect_read(const char *key, const char *zone, const char *endpoint,
                        enum provider_outcome outcome, const char *detail)
{
    struct stage stage;
    stage_open(&stage, 0);
    if (key != NULL)
        snprintf(stage.config.api_key_file, PATH_SIZE, "%s/%s", server.dir, key);
    if (zone != NULL)
        snprintf(stage.config.zone, HOST_SIZE, "%s", zone);
    if (endpoint != NULL)
        snprintf(stage.config.endpoint, PATH_SIZE, "%s", endpoint);
    stage_add(&stage);
    client_read(&stage, &stage.clients[0]);
    CHECK_EQ(stage.clients[0].outcome, outcome);
    CHECK_HAS(stage.clients[0].detail, detail);
    CHECK(strstr(stage.clients[0].detail, "no-such-key") == NULL);
    stage_close(&stage);
}

TEST(wrong_settings_are_named)
{
    expect_read("wrong.key", NULL, NULL, PROVIDER_REFUSED, "wrong.key: it must be the api-key");
    expect_read(NULL, "example.net", NULL, PROVIDER_REFUSED, "does not know the zone");
    expect_read(NULL, NULL, "http://127.0.0.1:1", PROVIDER_UNKNOWN, "127.0.0.1:1: ");
}

TEST(answers_that_are_none_change_nothing)
{
    static const struct {
        const char *path;
        enum provider_outcome outcome;
        const char *detail;
    } cases[] = {
        {"truncated", PROVIDER_UNKNOWN, "ended in the middle"},
        {"big", PROVIDER_UNKNOWN, "longer than 64 KiB"},
        {"rubbish", PROVIDER_UNKNOWN, "is not HTTP"},
        {"redirect", PROVIDER_REFUSED, "redirect"},
        {"busy", PROVIDER_UNKNOWN, "answers 429: slow down"},
        {"last", PROVIDER_UNKNOWN, "is no zone of PowerDNS"},
        {"echo", PROVIDER_UNKNOWN, "is no zone of PowerDNS"},
        {"drip", PROVIDER_UNKNOWN, "did not come to its end"},
    };
    struct child faulty;
    char endpoint[128];
    CHECK(child_start(&faulty, "tests/servers/faulty.py"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%u/%s", faulty.ports[0],
                 cases[i].path);
        expect_read(NULL, NULL, endpoint, cases[i].outcome, cases[i].detail);
    }
    child_stop(&faulty);
}

TEST(unusable_configuration_is_named)
{
    struct stage stage;
    struct err err = {0};
    struct provider *provider = NULL;
    stage_open(&stage, 0);
    struct provider_world world = {.loop = &stage.loop};
    snprintf(stage.config.api_key_file, PATH_SIZE, "%s/none.key", server.dir);
    CHECK_EQ(provider_powerdns.open(&provider, &world, &stage.config, &err), ERR_USAGE);
    CHECK_HAS(err.text, "[record pbx]: api-key-file");
    memset(stage.config.name, 'a', 230);
    CHECK_EQ(provider_powerdns.open(&provider, &world, &stage.config, &err), ERR_USAGE);
    CHECK_HAS(err.text, "longer than 224");
    CHECK(provider == NULL);
    stage_close(&stage);
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0 || !child_start(&server, "tests/servers/powerdns.py"))
        return 1;
    int failed = check_run(argc, argv);
    child_stop(&server);
    return failed;
}
