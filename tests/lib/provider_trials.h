/* provider_trials — the tests that every provider with a server of its own must pass: one writer,
 * races, writers that come late, a record that is kept.
 *
 * The test of a provider includes it after the provider's stage, and defines `trial`. */
#ifndef HOLDFAST_TESTS_PROVIDER_TRIALS_H
#define HOLDFAST_TESTS_PROVIDER_TRIALS_H

#include "provider_client.h"

/* How the provider differs. */
struct trial {
    const char *fence;    /* what its fence is worth, as record_json says it */
    const char *found;    /* said by a read of the fresh zone */
    const char *taken;    /* said by a read after a write */
    const char *again[2]; /* said of a change that is sent twice: the first one, later ones */
    bool logs;            /* stage_count counts all that ever was written, not what is there */
    bool follows;         /* tells when all name servers have a change */
    void (*meddle)(struct stage *stage); /* another hand makes the name have 192.0.2.77 */
};

static const struct trial trial;

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
    CHECK_STR(one->detail, trial.found);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_STR(one->detail, "");
    client_read(&stage, one);
    CHECK_STR(one->state.fence, one->change.new_fence);
    CHECK_STR(one->detail, trial.taken);
    CHECK_EQ(one->state.ttl_s, stage.config.ttl_s);
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

TEST(the_same_change_twice_lands_once)
{
    struct stage stage;
    stage_open(&stage, 1);
    struct client *one = &stage.clients[0];
    for (uint64_t epoch = 100; epoch < 106; epoch += 2) {
        client_take(&stage, one, epoch, 0);
        client_send(&stage, one);
        CHECK_EQ(one->outcome, PROVIDER_FENCED);
        CHECK_HAS(one->detail, trial.again[epoch > 100]);
    }
    CHECK_EQ(stage_count(&stage, "h=server1"), trial.logs ? 3 : 1);
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
    client_read(&stage, one);
    CHECK_EQ(one->state.fence_count, 0);
    stage_close(&stage);
}

/* ---- races ---- */

static void race(size_t writers, bool aaaa_comes_and_goes)
{
    struct stage stage;
    stage_open(&stage, writers);
    if (aaaa_comes_and_goes)
        stage.config.serve[1].aaaa_count = 0;
    client_race(&stage, client_race_rounds());
    if (trial.logs)
        CHECK_EQ(stage_count(&stage, ";t="), client_race_rounds());
    stage_close(&stage);
}

TEST(two_writers_one_winner)
{
    race(2, false);
}

TEST(four_writers_one_winner)
{
    race(4, true);
}

/* ---- late ---- */

TEST(writer_that_was_frozen_is_refused)
{
    struct stage stage;
    stage_open(&stage, 2);
    struct client *frozen = &stage.clients[0], *other = &stage.clients[1];
    client_take(&stage, other, 100, 1);
    client_read(&stage, frozen);
    client_prepare(&stage, frozen, 102, 0);
    client_expect_late(&stage, 104, 9);
    stage_close(&stage);
}

/* It rests on there being no fence. */
TEST(first_writer_that_was_frozen_is_refused)
{
    struct stage stage;
    stage_open(&stage, 2);
    client_read(&stage, &stage.clients[0]);
    client_prepare(&stage, &stage.clients[0], 100, 0);
    client_expect_late(&stage, 102, 4);
    stage_close(&stage);
}

/* ---- a record ---- */

struct kept {
    struct stage stage;
    struct fake_world fake;
    struct record *record; /* looked at every 50 ms */
};

static void kept_open(struct kept *kept)
{
    struct err err = {0};
    stage_open(&kept->stage, 0);
    fake_world_open(&kept->fake);
    CHECK_EQ(http_open(&kept->fake.http, &kept->fake.loop, NULL, NULL, &err), 0);
    kept->stage.config.check_every = 50;
    kept->record = fake_record(&kept->fake, &kept->stage.config, 0);
}

static void kept_close(struct kept *kept)
{
    record_close(kept->record);
    http_close(kept->fake.http);
    fake_world_close(&kept->fake);
    stage_close(&kept->stage);
}

TEST(record_writes_and_repairs)
{
    struct kept kept;
    kept_open(&kept);
    fake_hold(kept.record, 100);
    CHECK(fake_until(&kept.fake, kept.record, "state", "ok"));
    CHECK_EQ(fake_count(&kept.fake, "record-written"), 1);
    trial.meddle(&kept.stage);
    CHECK(fake_until_event(&kept.fake, "record-repaired", 1));
    if (trial.follows)
        CHECK(fake_until_event(&kept.fake, "record-everywhere", 1));
    json_t *json = record_json(kept.record);
    CHECK_STR(json_string_value(json_object_get(json, "fence")), trial.fence);
    const json_t *addresses = json_object_get(json, "addresses");
    CHECK_EQ(json_array_size(addresses), 2);
    CHECK_STR(json_string_value(json_array_get(addresses, 0)), "192.0.2.1");
    json_decref(json);
    kept_close(&kept);
}

#endif
