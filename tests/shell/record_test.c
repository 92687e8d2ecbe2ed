/* record — against a real BIND: bootstrap, takeover, refusals, drift, silence, lost leases. */
#include "../lib/fake_dns.h"
#include "../lib/freeze.h"
#include "../lib/record_world.h"

static struct record_config config_of(const struct dns_server *server)
{
    struct record_config config;
    dns_server_record(server, &config);
    return config;
}

/* A running BIND, a world, and the configuration of its record. */
static struct record_config begin(struct dns_server *server, struct fake_world *fake)
{
    CHECK(dns_server_start(server, DNS_SERVER_BIND));
    fake_world_open(fake);
    fake->server = server;
    return config_of(server);
}

static void finish(struct record *record, struct fake_world *fake, struct dns_server *server)
{
    record_close(record);
    fake_world_close(fake);
    dns_server_stop(server);
}

/* Addresses as record_json shows them, joined by blanks. */
static void addresses_of(const struct record *record, char ret[256])
{
    json_t *json = record_json(record);
    const json_t *list = json_object_get(json, "addresses");
    size_t len = 0;
    ret[0] = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        len += (size_t)snprintf(ret + len, 256 - len, "%s%s", i > 0 ? " " : "",
                                json_string_value(json_array_get(list, i)));
    json_decref(json);
}

static void bootstrap_and_takeover(enum dns_server_kind kind)
{
    struct dns_server server;
    struct fake_world fake;
    char text[800], addresses[256];
    CHECK(dns_server_start(&server, kind));
    fake_world_open(&fake);
    struct record_config config = config_of(&server);
    config.check_every = 200;
    struct record *one = fake_record(&fake, &config, 0), *two = fake_record(&fake, &config, 1);
    CHECK(fake_until(&fake, one, "detail", "no fence is there"));
    fake_hold(one, 100);
    CHECK(fake_until(&fake, one, "state", "ok"));
    addresses_of(one, addresses);
    CHECK_STR(addresses, "192.0.2.1 2001:db8::1");
    CHECK_EQ(fake_count(&fake, "record-written"), 1);
    const json_t *written = fake_event(&fake, "record-written");
    CHECK_EQ(json_integer_value(json_object_get(written, "servers_ok")), 1);
    CHECK_EQ(strlen(json_string_value(json_object_get(written, "token"))), 16);
    CHECK(fake_until(&fake, two, "state", "ok")); /* the standby sees whose it is */
    CHECK_EQ(fake.fence_seen, 100);

    fake_hold(one, 0);
    fake_hold(two, 101);
    CHECK(fake_until(&fake, two, "state", "ok"));
    addresses_of(two, addresses);
    CHECK_STR(addresses, "192.0.2.2 2001:db8::2");
    CHECK_EQ(fake_count(&fake, "record-written"), 2);
    CHECK(fake_until(&fake, one, "state", "ok"));
    CHECK_STR(fake_text(one, "fence", text), "cas");
    record_close(one);
    record_close(two);
    fake_world_close(&fake);
    dns_server_stop(&server);
}

TEST(bootstrap_and_takeover_on_bind)
{
    bootstrap_and_takeover(DNS_SERVER_BIND);
}

TEST(bootstrap_and_takeover_on_knot)
{
    bootstrap_and_takeover(DNS_SERVER_KNOT);
}

TEST(always_writes_when_newly_holding)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until_event(&fake, "record-written", 1));
    fake_hold(record, 102); /* re-numbered: the address is its own already */
    CHECK(fake_until_event(&fake, "record-written", 2));
    CHECK_EQ(fake_count(&fake, "dns-write"), 2);
    fake_hold(record, 102); /* a renewal writes nothing */
    spin_for(&fake.loop, 100);
    CHECK_EQ(fake_count(&fake, "dns-write"), 2);
    finish(record, &fake, &server);
}

TEST(higher_epoch_is_left_alone_and_told)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    CHECK(dns_server_edit(&server, "update add _holdfast.pbx.example.com 30 TXT "
                                   "\"v=1;e=201;h=server2;t=0123456789abcdef\""));
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "fenced"));
    CHECK_EQ(fake.fence_seen, 201);
    CHECK_EQ(fake_count(&fake, "dns-write"), 0);
    fake_hold(record, 202); /* what the core makes of it */
    CHECK(fake_until(&fake, record, "state", "ok"));
    finish(record, &fake, &server);
}

/* Writes `fence` by hand, holds epoch 100 and expects no write, `state` and `detail`. */
static void expect_hands_off(const char *fence, const char *state, const char *detail)
{
    struct dns_server server;
    struct fake_world fake;
    char edit[400], text[800];
    struct record_config config = begin(&server, &fake);
    config.check_every = 100;
    snprintf(edit, sizeof edit, "update add _holdfast.pbx.example.com 30 TXT %s", fence);
    CHECK(dns_server_edit(&server, edit));
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", state));
    CHECK_HAS(fake_text(record, "detail", text), detail);
    CHECK_HAS(text, "_holdfast.pbx.example.com");
    spin_for(&fake.loop, 300); /* several looks: one alarm, no write */
    CHECK_EQ(fake_count(&fake, "dns-write"), 0);
    CHECK_EQ(fake_count(&fake, "record-foreign") + fake_count(&fake, "record-contested"), 1);
    CHECK(fake.fence_seen == 0 || fake.fence_seen == 100);
    CHECK(dns_server_edit(&server, "update delete _holdfast.pbx.example.com TXT"));
    CHECK(fake_until(&fake, record, "state", "ok")); /* the operator did as told */
    finish(record, &fake, &server);
}

TEST(equal_epoch_with_a_foreign_token)
{
    expect_hands_off("\"v=1;e=100;h=server1;t=0123456789abcdef\"", "contested",
                     "a token that is not mine");
}

TEST(garbage_is_not_overwritten)
{
    expect_hands_off("\"v=spf1 -all\"", "refused", "did not write");
}

TEST(poisoned_number_is_refused)
{
    expect_hands_off("\"v=1;e=18446744073709551615;h=server2;t=0123456789abcdef\"", "refused",
                     "too high to be true");
}

TEST(split_string_is_refused)
{
    expect_hands_off("\"v=1;e=50;h=server2;\" \"t=0123456789abcdef\"", "refused",
                     "did not write and cannot compare with: when nothing needs it, delete it");
}

TEST(drift_is_repaired_three_times_then_contested)
{
    struct dns_server server;
    struct fake_world fake;
    char edit[200];
    struct record_config config = begin(&server, &fake);
    config.check_every = 50;
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "ok"));
    for (unsigned i = 1; i <= 3; i++) {
        snprintf(edit, sizeof edit,
                 "update delete pbx.example.com A\nupdate add pbx.example.com 30 A 192.0.2.%u",
                 70 + i);
        CHECK(dns_server_edit(&server, edit));
        CHECK(fake_until_event(&fake, "record-repaired", i));
        CHECK_EQ(fake_count(&fake, "record-drifted"), i);
    }
    size_t writes = fake_count(&fake, "dns-write");
    CHECK(dns_server_edit(&server, "update delete _holdfast.pbx.example.com TXT"));
    CHECK(fake_until(&fake, record, "state", "contested"));
    spin_for(&fake.loop, 300);
    CHECK_EQ(fake_count(&fake, "record-contested"), 1);
    CHECK_EQ(fake_count(&fake, "dns-write"), writes);
    finish(record, &fake, &server);
}

TEST(drift_alert_only_tells)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    config.check_every = 50;
    config.drift = DRIFT_ALERT;
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "ok"));
    CHECK(dns_server_edit(&server, "update add pbx.example.com 30 A 192.0.2.77"));
    CHECK(fake_until(&fake, record, "state", "drifted"));
    spin_for(&fake.loop, 200);
    CHECK_EQ(fake_count(&fake, "dns-write"), 1);
    CHECK_EQ(fake_count(&fake, "record-drifted"), 1);
    finish(record, &fake, &server);
}

TEST(dead_server_comes_back)
{
    struct record_glance glance;
    struct dns_server server;
    struct fake_world fake;
    char text[800];
    dns_server_prepare(&server, DNS_SERVER_BIND);
    fake_world_open(&fake);
    struct record_config config = config_of(&server);
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "detail", "refused"));
    CHECK_STR(fake_text(record, "state", text), "unknown");
    record_glance(record, &glance);
    CHECK(!glance.readable);
    CHECK(dns_server_run(&server));
    CHECK(fake_until(&fake, record, "state", "ok"));
    record_glance(record, &glance);
    CHECK(glance.readable);
    CHECK_EQ(fake_count(&fake, "record-unreadable"), 1);
    CHECK_EQ(fake_count(&fake, "record-readable"), 1);
    finish(record, &fake, &server);
}

/* The first permit is for the read, the second for the write: freeze right before it. */
static void freeze_before_write(struct fake_world *fake)
{
    if (fake->permit_asks == 2)
        CHECK(freeze(fake->server->pid));
}

static bool has_frozen(void *owner)
{
    return ((const struct fake_world *)owner)->permit_asks >= 2;
}

/* Until it stands still, and the write is under way to it. */
static void until_frozen(struct fake_world *fake, const struct record *record)
{
    CHECK(spin_until(&fake->loop, has_frozen, fake, SPIN_LIMIT_MS));
    CHECK(record_busy(record));
}

TEST(frozen_server_applies_late_and_the_newer_holder_still_wins)
{
    struct dns_server server;
    struct fake_world fake;
    char addresses[256];
    struct record_config config = begin(&server, &fake);
    config.check_every = 200;
    struct record *one = fake_record(&fake, &config, 0), *two = fake_record(&fake, &config, 1);
    fake.on_permit = freeze_before_write;
    fake_hold(one, 100);
    until_frozen(&fake, one);
    fake_hold(one, 0); /* its lease ended with the write under way */
    CHECK(!record_busy(one));
    CHECK_EQ(fake.idles, 1);
    CHECK_STR(json_string_value(json_object_get(fake_event(&fake, "dns-write"), "outcome")),
              "cancelled");
    fake_hold(two, 101);
    kill(server.pid, SIGCONT); /* and now the old write is applied, before or after */
    CHECK(fake_until(&fake, two, "state", "ok"));
    addresses_of(two, addresses);
    CHECK_STR(addresses, "192.0.2.2 2001:db8::2");
    spin_for(&fake.loop, 400); /* stays so */
    CHECK_EQ(fake_count(&fake, "record-drifted"), 0);
    record_close(one);
    record_close(two);
    fake_world_close(&fake);
    dns_server_stop(&server);
}

TEST(frozen_server_is_outwaited)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    struct record *record = fake_record(&fake, &config, 0);
    fake.on_permit = freeze_before_write;
    fake_hold(record, 100);
    CHECK(fake_until_event(&fake, "dns-write", 1));
    CHECK_STR(json_string_value(json_object_get(fake_event(&fake, "dns-write"), "outcome")),
              "unknown");
    kill(server.pid, SIGCONT);
    CHECK(fake_until(&fake, record, "state", "ok")); /* re-read: its own token had landed */
    CHECK_EQ(fake_count(&fake, "record-contested"), 0);
    finish(record, &fake, &server);
}

TEST(lost_lease_leaves_no_callback)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    struct record *record = fake_record(&fake, &config, 0);
    fake.on_permit = freeze_before_write;
    fake_hold(record, 100);
    until_frozen(&fake, record);
    fake_hold(record, 0);
    kill(server.pid, SIGCONT); /* its answer comes now, to nobody */
    spin_for(&fake.loop, 300);
    CHECK_EQ(fake_count(&fake, "dns-write"), 1);
    CHECK_EQ(fake_count(&fake, "record-written"), 0);
    CHECK_EQ(fake.idles, 1);
    finish(record, &fake, &server);
}

TEST(closing_with_a_request_under_way_leaves_nothing)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    struct record *record = fake_record(&fake, &config, 0);
    fake.on_permit = freeze_before_write;
    fake_hold(record, 100);
    until_frozen(&fake, record);
    size_t told = json_array_size(fake.events);
    record_close(record);
    spin_for(&fake.loop, 50);
    CHECK_EQ(json_array_size(fake.events), told);
    fake_world_close(&fake);
    dns_server_stop(&server);
}

TEST(no_permit_no_request)
{
    struct dns_server server;
    struct fake_world fake;
    CHECK(dns_server_start(&server, DNS_SERVER_BIND));
    fake_world_open(&fake);
    fake.permitted = false;
    struct record_config config = config_of(&server);
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "detail", "waits for a permit"));
    spin_for(&fake.loop, 250);
    CHECK_EQ(fake_count(&fake, "dns-write"), 0);
    fake.permitted = true;
    fake_hold(record, 100); /* a renewal */
    CHECK(fake_until(&fake, record, "state", "ok"));
    finish(record, &fake, &server);
}

static void expect_refused(const struct record_config *config, const char *detail)
{
    struct fake_world fake;
    char text[800];
    fake_world_open(&fake);
    struct record *record = fake_record(&fake, config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "refused"));
    CHECK_HAS(fake_text(record, "detail", text), detail);
    CHECK(fake_until_event(&fake, "dns-write", 2)); /* goes on trying */
    CHECK_EQ(fake_count(&fake, "record-refused"), 1);
    CHECK_EQ(fake_count(&fake, "record-written"), 0);
    record_close(record);
    fake_world_close(&fake);
}

TEST(wrong_keys_are_named)
{
    struct dns_server server;
    CHECK(dns_server_start(&server, DNS_SERVER_BIND));
    struct record_config config = config_of(&server);
    snprintf(config.tsig_secret_file, sizeof config.tsig_secret_file, "%s/wrong.key", server.dir);
    expect_refused(&config, "the signature is wrong");
    config = config_of(&server);
    snprintf(config.tsig_name, sizeof config.tsig_name, "other.");
    expect_refused(&config, "does not know the key other.");
    config = config_of(&server);
    config.tsig_name[0] = 0;
    expect_refused(&config, "no tsig-name");
    config = config_of(&server);
    snprintf(config.name, sizeof config.name, "other.example.com");
    expect_refused(&config, "update policy must allow");
    dns_server_stop(&server);
}

static void expect_addresses(const struct record_config *config, uint64_t epoch, const char *text)
{
    struct fake_world fake;
    char addresses[256];
    fake_world_open(&fake);
    struct record *record = fake_record(&fake, config, 0);
    fake_hold(record, epoch);
    CHECK(fake_until(&fake, record, "state", "ok"));
    addresses_of(record, addresses);
    CHECK_STR(addresses, text);
    record_close(record);
    fake_world_close(&fake);
}

/* Like PowerDNS with a policy: says NOERROR, and drops what it does not like. */
TEST(silently_dropped_update_is_seen)
{
    struct dns_server files;
    struct fake_world fake;
    struct fake_dns liar;
    char text[800];
    fake_world_open(&fake);
    fake_dns_open(&liar, &fake.loop, FAKE_HONEST);
    dns_server_prepare(&files, DNS_SERVER_BIND);
    files.port = liar.port;
    struct record_config config = config_of(&files);
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "refused"));
    CHECK_HAS(fake_text(record, "detail", text), "took the update and does not show it");
    CHECK(fake_until_event(&fake, "dns-write", 2));
    CHECK_EQ(fake_count(&fake, "record-refused"), 1);
    CHECK_EQ(fake_count(&fake, "record-written"), 0);
    record_close(record);
    fake_dns_close(&liar);
    fake_world_close(&fake);
    dns_server_stop(&files);
}

TEST(called_off_hand_over_finds_its_own_fence)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until_event(&fake, "record-written", 1));
    struct standing_report leaving = {
        .standing = STANDING_HOLDER, .epoch = 100, .leaving = true};
    record_standing(record, &leaving);
    fake_hold(record, 100);
    CHECK(fake_until_event(&fake, "record-written", 2));
    CHECK_EQ(fake_count(&fake, "record-contested"), 0);
    finish(record, &fake, &server);
}

TEST(secondaries_are_counted_when_they_follow)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    config.servers[1] = config.servers[0];
    config.server_count = 2;
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until_event(&fake, "record-everywhere", 1));
    const json_t *written = fake_event(&fake, "record-written");
    CHECK_EQ(json_integer_value(json_object_get(written, "servers_ok")), 1);
    CHECK_EQ(json_integer_value(json_object_get(written, "servers")), 2);
    const json_t *everywhere = fake_event(&fake, "record-everywhere");
    CHECK_EQ(json_integer_value(json_object_get(everywhere, "servers_ok")), 2);
    finish(record, &fake, &server);
}

TEST(one_family_only)
{
    struct dns_server server;
    CHECK(dns_server_start(&server, DNS_SERVER_BIND));
    struct record_config config = config_of(&server);
    config.serve[0].aaaa_count = 0;
    expect_addresses(&config, 100, "192.0.2.1");
    config = config_of(&server);
    config.serve[0].a_count = 0;
    expect_addresses(&config, 102, "2001:db8::1");
    dns_server_stop(&server);
}

TEST(dead_secondary_delays_nothing_and_is_counted)
{
    struct dns_server server;
    struct fake_world fake;
    struct record_config config = begin(&server, &fake);
    config.servers[1] = config.servers[0];
    config.servers[1].port = port_free();
    config.server_count = 2;
    config.check_every = 300;
    struct record *record = fake_record(&fake, &config, 0);
    fake_hold(record, 100);
    CHECK(fake_until(&fake, record, "state", "ok"));
    CHECK(fake_until(&fake, record, "detail", "refused"));
    json_t *json = record_json(record);
    const json_t *verified = json_object_get(json, "verified");
    CHECK_EQ(json_integer_value(json_object_get(verified, "servers_ok")), 1);
    CHECK_EQ(json_integer_value(json_object_get(verified, "servers")), 2);
    json_decref(json);
    finish(record, &fake, &server);
}

CHECK_MAIN
