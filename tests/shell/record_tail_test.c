/* The tail of a record that is kept at a real BIND: begun by a write, gone with the hold. */
#include "../lib/record_world.h"

static json_int_t tail_epoch(const struct record *record)
{
    json_t *json = record_json(record);
    const json_t *tail = json_object_get(json, "tail");
    const json_t *epoch = json_object_get(tail, "epoch");
    CHECK(tail != NULL); /* null, or an object */
    json_int_t ret = json_is_integer(epoch) ? json_integer_value(epoch) : 0;
    json_decref(json);
    return ret;
}

TEST(only_the_holder_has_one)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config;
    CHECK(dns_server_start(&server, DNS_SERVER_BIND));
    fake_world_open(&fake);
    dns_server_record(&server, &config);
    struct record *one = fake_record(&fake, &config, 0), *two = fake_record(&fake, &config, 1);
    CHECK(fake_until(&fake, two, "detail", "no fence is there"));
    CHECK_EQ(tail_epoch(two), 0);
    fake_hold(one, 100);
    CHECK_EQ(tail_epoch(one), 0); /* not before it is written */
    CHECK(fake_until_event(&fake, "record-authoritative", 1));
    CHECK_EQ(tail_epoch(one), 100);
    CHECK_EQ(tail_epoch(two), 0);
    const json_t *event = fake_event(&fake, "record-authoritative");
    CHECK_EQ(json_integer_value(json_object_get(event, "servers")), 1);
    CHECK_STR(json_string_value(json_object_get(event, "token")),
              json_string_value(json_object_get(fake_event(&fake, "record-written"), "token")));
    fake_hold(one, 102); /* another number: written anew, and looked for anew */
    CHECK_EQ(tail_epoch(one), 0);
    CHECK(fake_until_event(&fake, "record-authoritative", 2));
    CHECK_EQ(tail_epoch(one), 102);
    fake_hold(one, 0);
    CHECK_EQ(tail_epoch(one), 0);
    fake_hold(two, 103);
    CHECK(fake_until_event(&fake, "record-authoritative", 3));
    CHECK_EQ(tail_epoch(two), 103);
    CHECK_EQ(fake_count(&fake, "record-settled"), 0); /* no resolver is configured here */
    CHECK_EQ(fake_count(&fake, "record-negative-ttl"), 0);
    record_close(one);
    record_close(two);
    fake_world_close(&fake);
    dns_server_stop(&server);
}

CHECK_MAIN
