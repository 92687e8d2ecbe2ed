/* cloudflare — the provider against a server that behaves like Cloudflare's API: compare-and-set
 * by record id, races, writers that come late, replies that are lost, other hands in the zone. */
#include "../lib/cloudflare_stage.h"
#include "../lib/provider_trials.h"

#define POST(type, name, content)                                                                \
    "{\"type\":\"" type "\",\"name\":\"" name "\",\"content\":\"" content "\",\"ttl\":60}"
#define NAME "pbx.example.com"
#define FENCE "_holdfast." NAME

static void meddle(struct stage *stage)
{
    stage_post(stage, POST("A", NAME, "192.0.2.77"));
}

static const struct trial trial = {
    .fence = "cas by record id, re-listed",
    .found = "the TTL is 300 s instead of 60 s: the next write changes that, or do it in the "
             "dashboard",
    .taken = "",
    .again = {"somebody else changed the records meanwhile (400, code 81058",
              "somebody else changed the records meanwhile (404, code 81044"},
    .logs = true,
    .meddle = meddle,
};

/* ---- one writer ---- */

TEST(name_that_is_not_there_yet)
{
    struct stage stage;
    stage_open(&stage, 0);
    snprintf(stage.config.name, HOST_SIZE, "new.example.com");
    stage_add(&stage);
    struct client *one = &stage.clients[0];
    client_take(&stage, one, 100, 0);
    client_read(&stage, one);
    CHECK(record_serve_same(&one->state.serve, &stage.config.serve[0]));
    stage_close(&stage);
}

/* ---- late ---- */

/* Where no fence was, and also after many fences, and after the fence was deleted by hand. */
TEST(who_rests_on_no_fence_is_refused_for_ever)
{
    struct stage stage;
    stage_open(&stage, 4);
    struct client *frozen = &stage.clients[0], *other = &stage.clients[1];
    struct client *late = &stage.clients[2], *later = &stage.clients[3];
    client_read(&stage, frozen);
    client_prepare(&stage, frozen, 100, 0);
    client_expect_late(&stage, 102, 2);
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
        one->hasty = true;
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
    one->hasty = true;
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
    client_take(&stage, two, 104, 1);
    stage_order(&stage, "release");
    CHECK(spin_until(&stage.loop, was_refused, &stage, SPIN_LIMIT_MS));
    client_read(&stage, two);
    CHECK_STR(two->state.fence, two->change.new_fence);
    CHECK_STR(two->state.serve.a[0], "192.0.2.2");
    stage_close(&stage);
}

/* ---- the record ---- */

/* Were two batches not kept apart, both would land; the list shows it, and nobody goes on. */
TEST(two_fences_stop_the_record)
{
    struct kept kept;
    kept_open(&kept);
    struct stage *stage = &kept.stage;
    stage_add(stage);
    struct client *late = &stage->clients[0];
    client_take(stage, late, 90, 1);
    client_read(stage, late);
    client_prepare(stage, late, 92, 1);
    fake_hold(kept.record, 100);
    CHECK(fake_until(&kept.fake, kept.record, "state", "ok"));
    stage_order(stage, "fault?kind=blind");
    client_send(stage, late);
    CHECK_EQ(late->outcome, PROVIDER_WON);
    client_read(stage, late);
    CHECK_EQ(late->state.fence_count, 2);
    CHECK(fake_until(&kept.fake, kept.record, "state", "refused"));
    CHECK(fake_until(&kept.fake, kept.record, "detail", "there are 2 TXT records"));
    CHECK_EQ(stage_count(stage, "h=server1"), 1);
    kept_close(&kept);
}

TEST(error_codes_are_in_the_event)
{
    struct kept kept;
    kept_open(&kept);
    CHECK(fake_until(&kept.fake, kept.record, "detail", "no fence"));
    stage_order(&kept.stage,
                "fault?kind=status&status=400&code=81045&message=Record+quota+exceeded");
    fake_hold(kept.record, 100);
    CHECK(fake_until_event(&kept.fake, "dns-write", 1));
    const json_t *event = fake_event(&kept.fake, "dns-write");
    CHECK_STR(json_string_value(json_object_get(event, "detail")),
              "Cloudflare refuses it (400, code 81045: Record quota exceeded)");
    CHECK(fake_until(&kept.fake, kept.record, "state", "ok"));
    kept_close(&kept);
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
