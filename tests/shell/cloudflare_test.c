/* cloudflare — the provider against a server that behaves like Cloudflare's API: compare-and-set
 * by record id, races, writers that come late, replies that are lost, other hands in the zone. */
#include "../lib/cloudflare_stage.h"
#include "../lib/provider_client.h"

#define POST(type, name, content)                                                                \
    "{\"type\":\"" type "\",\"name\":\"" name "\",\"content\":\"" content "\",\"ttl\":60}"
#define NAME "pbx.example.com"
#define FENCE "_holdfast." NAME

/* ---- one writer ---- */

TEST(first_write_and_read_back)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *one = &stage.clients[0], *two = &stage.clients[1];
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_EQ(one->state.fence_count, 0);
    CHECK_STR(one->state.serve.a[0], "192.0.2.99");
    CHECK_HAS(one->detail, "the TTL is 300 s instead of 60 s");
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_STR(one->detail, "");
    client_read(&stage, one);
    CHECK_STR(one->state.fence, one->change.new_fence);
    CHECK_STR(one->detail, "");
    CHECK_EQ(one->state.ttl_s, 60);
    CHECK_EQ(one->state.servers_ok, 1);
    CHECK(record_serve_same(&one->state.serve, &stage.config.serve[0]));
    /* The next holder has no IPv6: the AAAA goes in the same step. */
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

TEST(name_that_is_not_there_yet)
{
    struct stage stage;
    stage_open(&stage, 0);
    snprintf(stage.config.name, HOST_SIZE, "new.example.com");
    stage_add(&stage);
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_read(&stage, one);
    CHECK(record_serve_same(&one->state.serve, &stage.config.serve[0]));
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
        CHECK_HAS(one->detail, "somebody else changed the records meanwhile");
        CHECK_HAS(one->detail, epoch == 100 ? "code 81058" : "code 81044");
    }
    CHECK_EQ(stage_count(&stage, "h=server1"), 3);
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
    CHECK_EQ(stage_count(&stage, "h=server1"), 0);
    stage_close(&stage);
}

/* ---- races ---- */

static void expect_one_winner(size_t writers)
{
    struct stage stage;
    stage_open(&stage, writers);
    client_race(&stage, client_race_rounds());
    CHECK_EQ(stage_count(&stage, ";t="), client_race_rounds());
    stage_close(&stage);
}

TEST(two_writers_one_winner)
{
    expect_one_winner(2);
}

TEST(four_writers_one_winner)
{
    expect_one_winner(4);
}

/* ---- late ---- */

TEST(writer_that_was_frozen_is_refused)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *frozen = &stage.clients[0], *other = &stage.clients[1];
    client_read(&stage, other);
    client_write(&stage, other, 100, 1);
    client_read(&stage, frozen);
    client_prepare(&stage, frozen, 102, 0);
    for (uint64_t epoch = 104; epoch < 110; epoch += 2) {
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

/* Where no fence was, and also after many fences, and after the fence was deleted by hand. */
TEST(first_writer_that_was_frozen_is_refused)
{
    struct stage stage;
    stage_open(&stage, 4);
    struct client *frozen = &stage.clients[0], *other = &stage.clients[1];
    struct client *late = &stage.clients[2], *later = &stage.clients[3];
    client_read(&stage, frozen);
    client_prepare(&stage, frozen, 100, 0);
    for (uint64_t epoch = 102; epoch < 106; epoch += 2) {
        client_read(&stage, other);
        client_write(&stage, other, epoch, 1);
        CHECK_EQ(other->outcome, PROVIDER_WON);
        client_send(&stage, frozen);
        CHECK_EQ(frozen->outcome, PROVIDER_FENCED);
    }
    client_read(&stage, late);
    client_prepare(&stage, late, 106, 0);
    stage_order(&stage, "delete?name=" FENCE);
    client_read(&stage, later);
    client_prepare(&stage, later, 108, 0);
    client_read(&stage, other);
    CHECK_EQ(other->state.fence_count, 0);
    client_write(&stage, other, 110, 1);
    CHECK_EQ(other->outcome, PROVIDER_WON);
    for (size_t i = 0; i < 4; i++) {
        client_send(&stage, &stage.clients[i]);
        CHECK_EQ(stage.clients[i].outcome, PROVIDER_FENCED);
    }
    stage_close(&stage);
}

/* libcurl sends once more by itself when a kept connection ends without a word. */
TEST(lost_reply_and_late_reply_show_in_the_next_read)
{
    static const char *const faults[] = {"fault?kind=lost", "fault?kind=late&ms=2500"};
    static const char *const said[] = {"the first sending may have been done", "within 1500 ms"};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        stage_open_bare(&stage, 1);
        struct client *one = &stage.clients[0];
        client_read(&stage, one);
        stage_order(&stage, faults[i]);
        client_write(&stage, one, 100, 0);
        CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
        CHECK_HAS(one->detail, said[i]);
        client_read(&stage, one);
        CHECK_STR(one->state.fence, one->change.new_fence);
        stage_close(&stage);
    }
}

static bool has_landed(void *owner)
{
    return stage_count(owner, "h=server1") == 1;
}

static bool was_refused(void *owner)
{
    return stage_count(owner, "refused 81044") == 1;
}

/* It stood still on the way, and goes on after its writer gave up: only if nobody came before. */
TEST(late_apply_is_judged_by_the_fence)
{
    struct stage stage;
    stage_open_bare(&stage, 2);
    struct client *one = &stage.clients[0], *two = &stage.clients[1];
    client_read(&stage, one);
    stage_order(&stage, "fault?kind=hold");
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    stage_order(&stage, "release");
    CHECK(spin_until(&stage.loop, has_landed, &stage, SPIN_LIMIT_MS));
    client_read(&stage, one);
    CHECK_STR(one->state.fence, one->change.new_fence);
    stage_order(&stage, "fault?kind=hold");
    client_write(&stage, one, 102, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    client_read(&stage, two);
    client_write(&stage, two, 104, 1);
    CHECK_EQ(two->outcome, PROVIDER_WON);
    stage_order(&stage, "release");
    CHECK(spin_until(&stage.loop, was_refused, &stage, SPIN_LIMIT_MS));
    client_read(&stage, two);
    CHECK_STR(two->state.fence, two->change.new_fence);
    CHECK_STR(two->state.serve.a[0], "192.0.2.2");
    stage_close(&stage);
}

/* ---- the record ---- */

static struct record *begin(struct stage *stage, struct fake_world *fake)
{
    struct err err = {0};
    stage_open(stage, 0);
    fake_world_open(fake);
    CHECK_EQ(http_open(&fake->http, &fake->loop, NULL, NULL, &err), 0);
    stage->config.check_every = 50;
    return fake_record(fake, &stage->config, 0);
}

static void finish(struct record *record, struct stage *stage, struct fake_world *fake)
{
    record_close(record);
    http_close(fake->http);
    fake_world_close(fake);
    stage_close(stage);
}

TEST(record_writes_and_repairs)
{
    struct stage stage;
    struct fake_world fake;
    struct record *record = begin(&stage, &fake);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "ok"));
    CHECK_EQ(fake_count(&fake, "record-written"), 1);
    stage_post(&stage, POST("A", NAME, "192.0.2.77"));
    CHECK(fake_until_event(&fake, "record-repaired", 1));
    json_t *json = record_json(record);
    CHECK_STR(json_string_value(json_object_get(json, "fence")), "cas by record id, re-listed");
    CHECK_EQ(json_array_size(json_object_get(json, "addresses")), 2);
    json_decref(json);
    finish(record, &stage, &fake);
}

/* Were two batches not kept apart, both would land; the list shows it, and nobody goes on. */
TEST(two_fences_stop_the_record)
{
    struct stage stage;
    struct fake_world fake;
    struct record *record = begin(&stage, &fake);
    stage_add(&stage);
    struct client *late = &stage.clients[0];
    client_read(&stage, late);
    client_write(&stage, late, 90, 1);
    client_read(&stage, late);
    client_prepare(&stage, late, 92, 1);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "ok"));
    stage_order(&stage, "fault?kind=blind");
    client_send(&stage, late);
    CHECK_EQ(late->outcome, PROVIDER_WON);
    client_read(&stage, late);
    CHECK_EQ(late->state.fence_count, 2);
    CHECK(fake_until(&fake, record, "state", "refused"));
    json_t *json = record_json(record);
    CHECK_HAS(json_string_value(json_object_get(json, "detail")), "there are 2 TXT records");
    json_decref(json);
    CHECK_EQ(stage_count(&stage, "h=server1"), 1);
    finish(record, &stage, &fake);
}

TEST(error_codes_are_in_the_event)
{
    struct stage stage;
    struct fake_world fake;
    struct record *record = begin(&stage, &fake);
    CHECK(fake_until(&fake, record, "detail", "no fence"));
    stage_order(&stage, "fault?kind=status&status=400&code=81045&message=Record+quota+exceeded");
    fake_hold(record, 100);
    CHECK(fake_until_event(&fake, "dns-write", 1));
    const json_t *event = fake_event(&fake, "dns-write");
    CHECK_STR(json_string_value(json_object_get(event, "detail")),
              "Cloudflare refuses it (400, code 81045: Record quota exceeded)");
    CHECK(fake_until(&fake, record, "state", "ok"));
    finish(record, &stage, &fake);
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0 || !child_start(&server, "tests/servers/cloudflare.py"))
        return 1;
    bool held = server.ports[PORT_PRISM] != 0;
    printf("exchanges are %sheld against Cloudflare's description\n",
           held ? "" : "(no HOLDFAST_PRISM) not ");
    int failed = check_run(argc, argv);
    child_stop(&server);
    return failed;
}
