/* What a right configuration means: defaults, every key, hash, look-ups. */
#include "agent/peer/config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/check.h"
#include "tests/lib/config_text.h"

struct world {
    struct config config;
    struct complaints complaints;
    struct err err;
};

/* The good text with one line replaced; must be right and without warnings. */
static struct world *read_with(unsigned line, const char *replacement)
{
    struct world *world = calloc(1, sizeof *world);
    CHECK_EQ(text_parse_with(line, replacement, &world->config, &world->complaints, &world->err),
             0);
    CHECK_EQ(world->complaints.count, 0);
    if (world->complaints.count > 0)
        printf("%s\n", world->complaints.list[0].text);
    return world;
}

TEST(defaults)
{
    struct world *world = read_with(0, "");
    const struct config *config = &world->config;
    CHECK_STR(config->path, "/dir/hf.conf");
    CHECK_STR(config->cluster, "pbx.example.com");
    CHECK_STR(config->profile, "normal");
    CHECK_EQ(config->interval_ms, 500);
    CHECK_EQ(config->lease_ms, 5000);
    CHECK_EQ(config->drift_ppm, 10000);
    CHECK_EQ(config->demote_lead_ms, 500);
    CHECK_EQ(config->promote_delay_ms, 500);
    CHECK_EQ(config->prefer, PEER_NONE);
    CHECK_EQ(config->failback_after_ms, 600000);
    CHECK_EQ(config->min_hold_ms, 60000);
    CHECK_EQ(config->record_count, 2);
    CHECK_EQ(config->records[0].ttl_s, 60);
    CHECK_EQ(config->records[0].check_every, 30000);
    CHECK_EQ(config->records[0].drift, DRIFT_REPAIR);
    CHECK_EQ(config->records[0].adopt, ADOPT_AUTOMATIC);
    CHECK_EQ(config->probe_count, 1);
    CHECK_EQ(config->probes[0].interval_ms, 2000);
    CHECK_EQ(config->probes[0].timeout_ms, 1000);
    CHECK_EQ(config->probes[0].fall, 3);
    CHECK_EQ(config->probes[0].rise, 2);
    CHECK_EQ(config->probes[0].weight, PROBE_BLOCK);
    CHECK_STR(config->local.key, "");
    CHECK_EQ(config->local.listen_count, 0);
    free(world);
}

TEST(peers_and_records)
{
    struct world *world = read_with(0, "");
    const struct config *config = &world->config;
    CHECK_STR(config->peers[0].name, "server1");
    CHECK_STR(config->peers[1].name, "server2");
    CHECK_STR(config->peers[2].name, "cloud");
    CHECK(!config->peers[0].witness && !config->peers[1].witness && config->peers[2].witness);
    CHECK_STR(config->peers[0].addresses[0].host, "203.0.113.10");
    CHECK_EQ(config->peers[0].addresses[0].port, 9930);
    CHECK_EQ(config->peers[1].addresses[0].port, 9930);
    CHECK_STR(config->peers[2].addresses[0].host, "2001:db8::30");
    CHECK_EQ(config->peers[2].addresses[0].port, 9931);
    CHECK_EQ(config->peers[2].line, 13);
    CHECK_STR(config->records[0].name, "pbx.example.com");
    CHECK_STR(config->records[0].zone, "example.com");
    CHECK_STR(config->records[0].servers[0].host, "192.0.2.53");
    CHECK_EQ(config->records[0].servers[0].port, 53);
    CHECK_STR(config->records[0].tsig_name, "holdfast.");
    CHECK_STR(config->records[0].tsig_algorithm, "hmac-sha256");
    CHECK_STR(config->records[0].tsig_secret_file, "/dir/tsig.key");
    CHECK_EQ(config->records[0].provider, PROVIDER_RFC2136);
    CHECK_EQ(config->records[1].provider, PROVIDER_EXEC);
    CHECK_STR(config->records[1].command, "/usr/bin/record");
    CHECK_EQ(config->records[1].serve[0].a_count, 1);
    CHECK_STR(config->records[1].serve[0].aaaa[0], "2001:db8::10");
    CHECK_EQ(config->records[1].serve[1].aaaa_count, 0);
    CHECK_STR(config->notify_command, "/usr/bin/tell");
    free(world);
}

TEST(providers_over_http)
{
    struct world *world = read_with(
        24, "[record a.example.com]\nprovider = route53\nzone-id = Z1\ncredentials-file = aws\n"
            "credentials-profile = pbx\nca-file = /etc/ca.pem\n"
            "[record b.example.com]\nprovider = cloudflare\nzone-id = 0a\ntoken-file = t\n"
            "plan = enterprise\nttl = 30\n"
            "[record c.example.com]\nprovider = powerdns\nzone = example.com\n"
            "api-key-file = /k\nendpoint = http://127.0.0.1:8081/\n");
    const struct record_config *records = world->config.records;
    CHECK_EQ(world->config.record_count, 5);
    CHECK_EQ(records[1].provider, PROVIDER_ROUTE53);
    CHECK_STR(records[1].zone_id, "Z1");
    CHECK_STR(records[1].credentials_file, "/dir/aws");
    CHECK_STR(records[1].credentials_profile, "pbx");
    CHECK_STR(records[1].ca_file, "/etc/ca.pem");
    CHECK_EQ(records[2].provider, PROVIDER_CLOUDFLARE);
    CHECK_STR(records[2].token_file, "/dir/t");
    CHECK_EQ(records[2].plan, ZONE_PLAN_ENTERPRISE);
    CHECK_STR(records[2].endpoint, "");
    CHECK_EQ(records[3].provider, PROVIDER_POWERDNS);
    CHECK_STR(records[3].api_key_file, "/k");
    CHECK_STR(records[3].endpoint, "http://127.0.0.1:8081");
    CHECK_STR(config_provider_name(records[3].provider), "powerdns");
    CHECK_STR(config_provider_fence(records[3].provider), "tombstone");
    CHECK_EQ(records[4].provider, PROVIDER_EXEC);
    free(world);
}

TEST(profiles_and_own_figures)
{
    static const struct {
        const char *text;
        span_ms interval, lease, lead;
    } cases[] = {
        {"profile = fast", 100, 1000, 250},
        {"profile = normal", 500, 5000, 500},
        {"profile = patient", 1000, 15000, 500},
        {"profile = patient\ninterval = 2s\nlease = 16s", 2000, 16000, 500},
        {"lease = 60s", 500, 60000, 500},
        {"lease=600ms\ninterval=50ms", 50, 600, 150},
        {"lease = 1m\ninterval = 1s", 1000, 60000, 500},
        {"demote-lead = 50ms", 500, 5000, 50},
        {"demote-lead = 2500ms", 500, 5000, 2500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *world = read_with(3, cases[i].text);
        CHECK_EQ(world->config.interval_ms, cases[i].interval);
        CHECK_EQ(world->config.lease_ms, cases[i].lease);
        CHECK_EQ(world->config.demote_lead_ms, cases[i].lead);
        free(world);
    }
}

TEST(every_other_key_of_cluster)
{
    struct world *world = read_with(3, "drift = 0.25%\nprefer = server2\nfailback-after = 2h\n"
                                       "min-hold = 0s\npromote-delay = 1m");
    CHECK_EQ(world->config.drift_ppm, 2500);
    CHECK_EQ(world->config.prefer, 1);
    CHECK_EQ(world->config.failback_after_ms, 7200000);
    CHECK_EQ(world->config.min_hold_ms, 0);
    CHECK_EQ(world->config.promote_delay_ms, 60000);
    free(world);
    world = read_with(3, "drift = 100ppm");
    CHECK_EQ(world->config.drift_ppm, 100);
    free(world);
    world = read_with(3, "drift = 5%");
    CHECK_EQ(world->config.drift_ppm, 50000);
    free(world);
}

TEST(every_other_key_of_record)
{
    struct world *world = read_with(
        24, "name = Sip.Example.COM.\nttl = 5m\ncheck-every = 1h\ndrift = alert");
    const struct record_config *record = &world->config.records[0];
    CHECK_STR(record->label, "pbx.example.com");
    CHECK_STR(record->name, "sip.example.com");
    CHECK_EQ(record->ttl_s, 300);
    CHECK_EQ(record->check_every, 3600000);
    CHECK_EQ(record->drift, DRIFT_ALERT);
    free(world);
}

TEST(overrides_and_servers)
{
    struct world *world =
        read_with(24, "server = [2001:db8::53]\nserve.server2 = 192.0.2.1 ,192.0.2.2\n"
                      "serve.server2 = 2001:DB8:0:0::2");
    const struct record_config *record = &world->config.records[0];
    CHECK_EQ(record->server_count, 2);
    CHECK_STR(record->servers[1].host, "2001:db8::53");
    CHECK_EQ(record->servers[1].port, 53);
    CHECK_EQ(record->serve[1].a_count, 2);
    CHECK_STR(record->serve[1].a[1], "192.0.2.2");
    CHECK_STR(record->serve[1].aaaa[0], "2001:db8::2");
    CHECK_STR(record->serve[0].a[0], "203.0.113.10");
    CHECK_EQ(world->config.records[1].serve[1].a_count, 1);
    free(world);
}

TEST(every_other_key_of_probe)
{
    struct world *world = read_with(32, "interval = 1h\ntimeout = 1m\nfall = 1\nrise = 100\n"
                                        "weight = warn");
    const struct probe_config *probe = &world->config.probes[0];
    CHECK_EQ(probe->interval_ms, 3600000);
    CHECK_EQ(probe->timeout_ms, 60000);
    CHECK_EQ(probe->fall, 1);
    CHECK_EQ(probe->rise, 100);
    CHECK_EQ(probe->weight, PROBE_WARN);
    free(world);
    world = read_with(32, "interval = 200ms"); /* the default timeout follows */
    CHECK_EQ(world->config.probes[0].timeout_ms, 200);
    free(world);
}

TEST(local_paths_count_from_the_file)
{
    struct world *world = read_with(36, "key = a.key\nstate-dir = /abs/state\nsocket = run/x.sock\n"
                                        "listen = 127.0.0.1:1\nlisten = [::]");
    const struct local_config *local = &world->config.local;
    CHECK_STR(local->key, "/dir/a.key");
    CHECK_STR(local->state_dir, "/abs/state");
    CHECK_STR(local->socket, "/dir/run/x.sock");
    CHECK_EQ(local->listen_count, 2);
    CHECK_EQ(local->listen[0].port, 1);
    CHECK_STR(local->listen[1].host, "::");
    CHECK_EQ(local->listen[1].port, 9930);
    free(world);
}

TEST(order_of_sections_is_free)
{
    struct world *world = calloc(1, sizeof *world);
    char text[4096] = "";
    size_t used = 0;
    static const unsigned starts[] = {35, 33, 29, 25, 17, 13, 9, 5, 1, 37};
    for (size_t i = 0, end = 36; i + 1 < sizeof starts / sizeof starts[0]; i++) {
        for (size_t line = starts[i]; line <= end; line++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s\n",
                                     text_lines[line - 1]);
        end = starts[i] - 1;
    }
    CHECK_EQ(text_parse(text, used, &world->config, &world->complaints, &world->err), 0);
    CHECK_STR(world->config.peers[0].name, "server2");
    CHECK_STR(world->config.records[1].serve[1].a[0], "203.0.113.10");
    free(world);
}

TEST(hash_sees_settings_and_nothing_else)
{
    static const struct {
        unsigned line;
        const char *text;
        bool same;
    } cases[] = {
        {3, "# a comment", true},
        {36, "key = /elsewhere\nlisten = 127.0.0.1", true},
        {3, "profile = normal", true},
        {24, "ttl = 60s", true},
        {24, "adopt = automatic", true},
        {24, "adopt = manual", false},
        {3, "lease = 6s", false},
        {3, "drift = 2%", false},
        {3, "prefer = server1", false},
        {3, "min-hold = 61s", false},
        {3, "promote-delay = 1s", false},
        {2, "name = other.example.com", false},
        {6, "address = 203.0.113.10:9931", false},
        {8, "serve = 203.0.113.10", false},
        {20, "server = 192.0.2.54", false},
        {23, "tsig-secret-file = other.key", false},
        {24, "ttl = 61", false},
        {24, "serve.server1 = 192.0.2.9", false},
        {27, "command = /usr/bin/other", false},
        {32, "weight = warn", false},
        {34, "command = /usr/bin/other", false},
    };
    struct world *base = read_with(0, "");
    uint64_t hash = config_settings_hash(&base->config);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *world = read_with(cases[i].line, cases[i].text);
        CHECK_EQ(config_settings_hash(&world->config) == hash, cases[i].same);
        free(world);
    }
    free(base);
}

TEST(look_ups)
{
    struct world *world = read_with(0, "");
    const struct config *config = &world->config;
    uint8_t stranger[KEY_SIZE] = {0};
    CHECK_EQ(config_peer(config, "server2"), 1);
    CHECK_EQ(config_peer(config, "cloud"), PEER_WITNESS);
    CHECK_EQ(config_peer(config, ""), PEER_NONE);
    CHECK_EQ(config_peer(config, "Server2"), PEER_NONE);
    CHECK_EQ(config_peer_of_key(config, config->peers[1].public_key), 1);
    CHECK_EQ(config_peer_of_key(config, stranger), PEER_NONE);
    free(world);
}

TEST(files_that_cannot_be_read)
{
    struct world *world = calloc(1, sizeof *world);
    char long_path[PATH_SIZE + 10];
    memset(long_path, 'a', sizeof long_path);
    long_path[sizeof long_path - 1] = 0;
    CHECK_EQ(config_read("/nonexistent.conf", &world->config, &world->complaints, &world->err),
             ERR_USAGE);
    CHECK_HAS(world->err.text, "/nonexistent.conf: No such file");
    CHECK_EQ(config_read("/tmp", &world->config, &world->complaints, &world->err), ERR_USAGE);
    CHECK_HAS(world->err.text, "/tmp: is no regular file");
    FILE *file = fopen("/dev/null", "r");
    CHECK_EQ(config_parse(file, long_path, &world->config, &world->complaints, &world->err),
             ERR_USAGE);
    fclose(file);
    free(world);
}

TEST(the_example_is_right)
{
    struct world *world = calloc(1, sizeof *world);
    CHECK_EQ(config_read("deploy/holdfast.conf.example", &world->config, &world->complaints,
                         &world->err), 0);
    CHECK_STR(world->err.text, "");
    CHECK_EQ(world->complaints.count, 0);
    free(world);
}

/* Everything that the example shows in comments is right too. */
TEST(the_example_is_right_to_the_last_comment)
{
    struct world *world = calloc(1, sizeof *world);
    char line[256], *text = NULL;
    size_t size = 0;
    FILE *file = fopen("deploy/holdfast.conf.example", "r"), *out = open_memstream(&text, &size);
    CHECK(file != NULL && out != NULL);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        size_t word = strspn(line + 2, "abcdefghijklmnopqrstuvwxyz0123456789-.");
        bool shown = line[0] == '#' && line[1] == ' ' &&
                     (line[2] == '[' || (word > 0 && strncmp(line + 2 + word, " = ", 3) == 0));
        fputs(shown ? line + 2 : line, out);
    }
    fclose(out);
    CHECK_EQ(text_parse(text, size, &world->config, &world->complaints, &world->err), 0);
    CHECK_STR(world->err.text, "");
    CHECK_EQ(world->config.record_count, 5);
    CHECK_EQ(world->config.probe_count, 1);
    CHECK_EQ(world->config.local.listen_count, 2);
    fclose(file);
    free(text);
    free(world);
}

CHECK_MAIN
