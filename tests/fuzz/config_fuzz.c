/* config — a configuration's text: complaints, never a crash.
 *
 * What is accepted keeps every promise of config.h (so that no assert of the core can trip over
 * it), is accepted again, and says the same when it is written anew from what was understood.
 * Input: the text. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <sodium.h>
#include <stdarg.h>

#include "agent/peer/config.h"
#include "agent/peer/config_url.h"
#include "agent/peer/keys.h"
#include "fuzz.h"
#include "proto/limits.h"

#define TEXT_SIZE 65536

struct reading {
    struct config config;
    struct complaints complaints;
    struct err err;
    int code;
};

static struct reading first, second;

/* A stream over the bytes, opened once: fmemopen for each run costs more than the reading. */
static struct source {
    FILE *file;
    const char *bytes;
    size_t size, at;
} source;

static ssize_t on_read(void *cookie, char *room, size_t size)
{
    struct source *from = cookie;
    size_t left = from->size - from->at;
    size = size < left ? size : left;
    if (size > 0)
        memcpy(room, from->bytes + from->at, size);
    from->at += size;
    return (ssize_t)size;
}

static int on_seek(void *cookie, off64_t *offset, int whence)
{
    struct source *from = cookie;
    (void)whence;
    from->at = (size_t)*offset;
    return 0;
}

/* libsodium's own answer, remembered: it takes as long as reading the rest of the text. */
static int (*judge_point)(const unsigned char *);
static struct {
    unsigned char point[KEY_SIZE];
    int verdict;
    bool known;
} points[256];

int crypto_core_ed25519_is_valid_point(const unsigned char *point)
{
    size_t at = (size_t)(point[0] ^ point[7] ^ point[31]);
    if (!points[at].known || memcmp(points[at].point, point, KEY_SIZE) != 0) {
        memcpy(points[at].point, point, KEY_SIZE);
        points[at].verdict = judge_point(point);
        points[at].known = true;
    }
    return points[at].verdict;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    cookie_io_functions_t functions = {.read = on_read, .seek = on_seek};
    (void)argc, (void)argv;
    FUZZ_CHECK(sodium_init() >= 0);
    void *found = dlsym(RTLD_NEXT, "crypto_core_ed25519_is_valid_point");
    FUZZ_CHECK(found != NULL);
    memcpy(&judge_point, &found, sizeof judge_point);
    source.file = fopencookie(&source, "r", functions);
    FUZZ_CHECK(source.file != NULL);
    return 0;
}

static void read_text(const char *bytes, size_t size, struct reading *ret)
{
    source.bytes = bytes;
    source.size = size;
    rewind(source.file);
    source.at = 0;
    ret->err = (struct err){0};
    ret->code = config_parse(source.file, "/dir/hf.conf", &ret->config, &ret->complaints,
                             &ret->err);
}

static void check_complaints(const struct reading *reading)
{
    const struct complaints *complaints = &reading->complaints;
    size_t errors = 0;
    FUZZ_CHECK(complaints->count <= COMPLAINT_MAX);
    for (size_t i = 0; i < complaints->count; i++) {
        const struct complaint *one = &complaints->list[i];
        FUZZ_CHECK(memchr(one->text, 0, sizeof one->text) != NULL && one->text[0] != 0);
        errors += !one->warning;
        if (i > 0 && one->line != 0)
            FUZZ_CHECK(complaints->list[i - 1].line <= one->line);
        if (i > 0 && complaints->list[i - 1].line == 0)
            FUZZ_CHECK(one->line == 0);
    }
    FUZZ_CHECK(errors <= complaints->error_count);
    FUZZ_CHECK((complaints->error_count == 0) == (reading->code == 0));
    FUZZ_CHECK((reading->err.code == 0) == (reading->code == 0));
    FUZZ_CHECK(reading->code == 0 || reading->code == ERR_USAGE);
    FUZZ_CHECK(reading->code == 0 || reading->err.text[0] != 0);
}

/* ---- an accepted one ---- */

#define CHECK_TEXT(text) FUZZ_CHECK(memchr(text, 0, sizeof(text)) != NULL && (text)[0] != 0)
#define CHECK_RANGE(value, low, high) FUZZ_CHECK((value) >= (low) && (value) <= (high))

static void check_serve(const struct serve *serve)
{
    uint8_t binary[16];
    CHECK_RANGE(serve->a_count + serve->aaaa_count, 1, (size_t)2 * ADDRESS_MAX);
    FUZZ_CHECK(serve->a_count <= ADDRESS_MAX && serve->aaaa_count <= ADDRESS_MAX);
    for (size_t i = 0; i < serve->a_count; i++)
        FUZZ_CHECK(inet_pton(AF_INET, serve->a[i], binary) == 1);
    for (size_t i = 0; i < serve->aaaa_count; i++)
        FUZZ_CHECK(inet_pton(AF_INET6, serve->aaaa[i], binary) == 1);
}

static void check_record(const struct record_config *record)
{
    CHECK_TEXT(record->label);
    CHECK_TEXT(record->name);
    FUZZ_CHECK(strchr(record->name, '.') != NULL && strlen(record->name) <= 243);
    CHECK_RANGE(record->ttl_s, 1, 86400);
    CHECK_RANGE(record->check_every, 5000, 3600000);
    check_serve(&record->serve[0]);
    check_serve(&record->serve[1]);
    FUZZ_CHECK(record->authoritative_count <= ADDRESS_MAX);
    if (record->provider == PROVIDER_EXEC) {
        FUZZ_CHECK(record->command[0] == '/');
        return;
    }
    if (record->endpoint[0] != 0) {
        struct config_url url;
        struct err err;
        FUZZ_CHECK(config_url_parse(record->endpoint, &url, &err) == 0);
    }
    if (record->provider != PROVIDER_RFC2136) {
        FUZZ_CHECK(record->provider == PROVIDER_POWERDNS || record->zone_id[0] != 0);
        FUZZ_CHECK(record->provider != PROVIDER_POWERDNS || record->endpoint[0] != 0);
        FUZZ_CHECK(record->provider != PROVIDER_CLOUDFLARE || record->ttl_s >= 30);
        return;
    }
    CHECK_TEXT(record->zone);
    CHECK_TEXT(record->tsig_name);
    FUZZ_CHECK(record->tsig_secret_file[0] == '/');
    FUZZ_CHECK(record->tsig_name[strlen(record->tsig_name) - 1] == '.');
    CHECK_RANGE(record->server_count, 1, ADDRESS_MAX);
}

/* What core.c, pump.c and the rooms of a node assert or take for granted. */
static void check_accepted(const struct config *config)
{
    CHECK_TEXT(config->cluster);
    CHECK_RANGE(config->interval_ms, INTERVAL_MS_MIN, INTERVAL_MS_MAX);
    CHECK_RANGE(config->lease_ms, LEASE_MS_MIN, LEASE_MS_MAX);
    CHECK_RANGE(config->lease_ms, LEASE_INTERVALS_MIN * config->interval_ms,
                LEASE_INTERVALS_MAX * config->interval_ms);
    CHECK_RANGE(config->drift_ppm, DRIFT_PPM_MIN, DRIFT_PPM_MAX);
    CHECK_RANGE(config->demote_lead_ms, 50, config->lease_ms / 2);
    FUZZ_CHECK(config->prefer == PEER_NONE || config->prefer < NODE_COUNT);
    FUZZ_CHECK(config->dns.resolver_count <= ADDRESS_MAX);
    FUZZ_CHECK(!config->dns.no_resolver || config->dns.resolver_count == 0);
    FUZZ_CHECK(config->dns.doh[0] == 0 || strncmp(config->dns.doh, "https://", 8) == 0);
    FUZZ_CHECK(config->record_count <= RECORD_MAX && config->probe_count <= PROBE_MAX);
    for (uint8_t i = 0; i < PEER_COUNT; i++) {
        const struct peer_config *peer = &config->peers[i];
        CHECK_TEXT(peer->name);
        FUZZ_CHECK(config_peer(config, peer->name) == i);
        FUZZ_CHECK(config_peer_of_key(config, peer->public_key) == i);
        FUZZ_CHECK(peer->witness == (i == PEER_WITNESS));
        CHECK_RANGE(peer->address_count, 1, ADDRESS_MAX);
    }
    for (size_t i = 0; i < config->record_count; i++)
        check_record(&config->records[i]);
    for (size_t i = 0; i < config->probe_count; i++) {
        const struct probe_config *probe = &config->probes[i];
        FUZZ_CHECK(probe->command[0] == '/' && probe->name[0] != 0);
        CHECK_RANGE(probe->timeout_ms, 100, probe->interval_ms);
        CHECK_RANGE(probe->fall, 1, 100);
        CHECK_RANGE(probe->rise, 1, 100);
    }
}

/* ---- written anew ---- */

static char text[TEXT_SIZE];
static size_t used;

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(text + used, sizeof text - used, format, arguments);
    va_end(arguments);
    used += (size_t)more;
    FUZZ_CHECK(used < sizeof text);
}

static void put_endpoint(const char *key, const struct endpoint *endpoint)
{
    bool v6 = strchr(endpoint->host, ':') != NULL;
    put("%s = %s%s%s:%u\n", key, v6 ? "[" : "", endpoint->host, v6 ? "]" : "", endpoint->port);
}

static void put_serve(const char *key, const struct serve *serve)
{
    for (size_t i = 0; i < serve->a_count; i++)
        put("%s = %s\n", key, serve->a[i]);
    for (size_t i = 0; i < serve->aaaa_count; i++)
        put("%s = %s\n", key, serve->aaaa[i]);
}

static void put_cluster(const struct config *config)
{
    put("[cluster]\nname = %s\nprofile = %s\ninterval = %lldms\nlease = %lldms\n",
        config->cluster, config->profile, (long long)config->interval_ms,
        (long long)config->lease_ms);
    put("drift = %uppm\nfailback-after = %lldms\nmin-hold = %lldms\ndemote-lead = %lldms\n",
        config->drift_ppm, (long long)config->failback_after_ms, (long long)config->min_hold_ms,
        (long long)config->demote_lead_ms);
    put("promote-delay = %lldms\n", (long long)config->promote_delay_ms);
    if (config->prefer != PEER_NONE)
        put("prefer = %s\n", config->peers[config->prefer].name);
}

static void put_peer(const struct peer_config *peer)
{
    char key[KEY_TEXT_SIZE];
    keys_text(peer->public_key, key);
    put("[%s %s]\npublic-key = %s\n", peer->witness ? "witness" : "node", peer->name, key);
    for (size_t i = 0; i < peer->address_count; i++)
        put_endpoint("address", &peer->addresses[i]);
    put_serve("serve", &peer->serve);
}

static void put_given(const char *key, const char *value)
{
    if (value[0] != 0)
        put("%s = %s\n", key, value);
}

static void put_record(const struct config *config, const struct record_config *record)
{
    char key[NAME_SIZE + 8];
    put("[record %s]\nname = %s\nttl = %u\ncheck-every = %lldms\ndrift = %s\n", record->label,
        record->name, record->ttl_s, (long long)record->check_every,
        record->drift == DRIFT_ALERT ? "alert" : "repair");
    for (size_t node = 0; node < NODE_COUNT; node++) {
        (void)snprintf(key, sizeof key, "serve.%.*s", NAME_SIZE - 1, config->peers[node].name);
        put_serve(key, &record->serve[node]);
    }
    static const char *const plans[] = {"free", "pro", "business", "enterprise"};
    put("provider = %s\n", config_provider_name(record->provider));
    put_given("command", record->command);
    put_given("zone", record->zone);
    put_given("tsig-name", record->tsig_name);
    put_given("tsig-algorithm", record->tsig_algorithm);
    put_given("tsig-secret-file", record->tsig_secret_file);
    put_given("zone-id", record->zone_id);
    put_given("credentials-file", record->credentials_file);
    put_given("credentials-profile", record->credentials_profile);
    put_given("token-file", record->token_file);
    put_given("api-key-file", record->api_key_file);
    put_given("endpoint", record->endpoint);
    put_given("ca-file", record->ca_file);
    put_given("plan", record->plan == ZONE_PLAN_FREE ? "" : plans[record->plan]);
    for (size_t i = 0; i < record->server_count; i++)
        put_endpoint("server", &record->servers[i]);
    for (size_t i = 0; i < record->authoritative_count; i++)
        put_endpoint("authoritative", &record->authoritative[i]);
}

static void put_dns(const struct dns_config *dns)
{
    if (dns->resolver_count > 0 || dns->no_resolver || dns->doh[0] != 0)
        put("[dns]\n");
    put_given("resolver", dns->no_resolver ? "none" : "");
    for (size_t i = 0; i < dns->resolver_count; i++)
        put_endpoint("resolver", &dns->resolvers[i]);
    put_given("doh", dns->doh);
}

static void put_local(const struct local_config *local)
{
    put("[local]\n");
    if (local->key[0] != 0)
        put("key = %s\n", local->key);
    if (local->state_dir[0] != 0)
        put("state-dir = %s\n", local->state_dir);
    if (local->socket[0] != 0)
        put("socket = %s\n", local->socket);
    for (size_t i = 0; i < local->listen_count; i++)
        put_endpoint("listen", &local->listen[i]);
}

static void write_anew(const struct config *config)
{
    used = 0;
    put_cluster(config);
    for (size_t i = 0; i < PEER_COUNT; i++)
        put_peer(&config->peers[i]);
    for (size_t i = 0; i < config->record_count; i++)
        put_record(config, &config->records[i]);
    for (size_t i = 0; i < config->probe_count; i++) {
        const struct probe_config *probe = &config->probes[i];
        put("[probe %s]\ntype = exec\ncommand = %s\ninterval = %lldms\ntimeout = %lldms\n",
            probe->name, probe->command, (long long)probe->interval_ms,
            (long long)probe->timeout_ms);
        put("fall = %u\nrise = %u\nweight = %s\n", probe->fall, probe->rise,
            probe->weight == PROBE_WARN ? "warn" : "block");
    }
    put_dns(&config->dns);
    if (config->notify_command[0] != 0)
        put("[notify]\ncommand = %s\n", config->notify_command);
    put_local(&config->local);
}

/* Where things stood may differ; nothing else. */
static void forget_lines(struct config *config)
{
    for (size_t i = 0; i < PEER_COUNT; i++)
        config->peers[i].line = 1;
    for (size_t i = 0; i < config->record_count; i++)
        config->records[i].line = 1;
    for (size_t i = 0; i < config->probe_count; i++)
        config->probes[i].line = 1;
}

/* What was accepted once is always, and means the same. */
static void check_again(const uint8_t *data, size_t size)
{
    read_text((const char *)data, size, &second);
    FUZZ_CHECK(second.code == 0 && second.complaints.count == first.complaints.count);
    FUZZ_CHECK(memcmp(&first.config, &second.config, sizeof first.config) == 0);
}

static void check_anew(uint64_t hash)
{
    write_anew(&first.config);
    read_text(text, used, &second);
    if (second.code != 0)
        fprintf(stderr, "%s\n%s", second.err.text, text);
    FUZZ_CHECK(second.code == 0);
    FUZZ_CHECK(config_settings_hash(&second.config) == hash);
    forget_lines(&first.config);
    forget_lines(&second.config);
    FUZZ_CHECK(memcmp(&first.config, &second.config, sizeof first.config) == 0);
}

/* Both are slow: each is for some lengths only. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_text((const char *)data, size, &first);
    check_complaints(&first);
    if (first.code != 0)
        return 0;
    uint64_t hash = config_settings_hash(&first.config);
    check_accepted(&first.config);
    if (size % 4 == 0)
        check_again(data, size);
    else if (size % 4 != 1)
        check_anew(hash);
    return 0;
}
