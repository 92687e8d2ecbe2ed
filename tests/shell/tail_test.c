/* tail — against name servers that lag, keep old answers, lie, refuse or say nothing. */
#include "agent/node/tail.h"

#include <fcntl.h>
#include <sodium.h>

#include "tests/lib/spin.h"
#include "tests/lib/zone_dns.h"

#define TOKEN "0123456789abcdef"
#define FENCE "v=1;e=101;h=server2;t=" TOKEN
#define OLD_FENCE "v=1;e=100;h=server1;t=aaaaaaaaaaaaaaaa"
#define SERVERS 2

/* Two servers of the zone, a resolver, and a tail that is in more of a hurry than usual. */
struct stage {
    uv_loop_t loop;
    struct zone_dns servers[SERVERS], resolver;
    struct record_config config;
    struct dns_config dns;
    struct tail *tail;
    unsigned authoritative, settled, warned; /* events */
    char text[400];                          /* of the last one */
    uint64_t epoch;
};

static const struct serve new_serve = {
    .a = {"192.0.2.2"}, .aaaa = {"2001:db8::2"}, .a_count = 1, .aaaa_count = 1};

static void on_tell(void *owner, const struct happening *happening)
{
    struct stage *stage = owner;
    stage->authoritative += strcmp(happening->event, "record-authoritative") == 0;
    stage->settled += strcmp(happening->event, "record-settled") == 0;
    stage->warned += strcmp(happening->event, "record-negative-ttl") == 0;
    stage->epoch = happening->epoch;
    snprintf(stage->text, sizeof stage->text, "%s", happening->text);
    CHECK_STR(json_string_value(json_object_get(happening->fields, "record")), "pbx");
    json_decref(happening->fields);
}

static void show_new(struct zone_dns *zone)
{
    zone->fence = FENCE;
    zone->a = "192.0.2.2";
    zone->aaaa = "2001:db8::2";
}

static void show_old(struct zone_dns *zone, uint32_t ttl_s)
{
    zone->fence = OLD_FENCE;
    zone->a = "192.0.2.1";
    zone->aaaa = "2001:db8::1";
    zone->ttl_s = ttl_s;
}

static struct endpoint endpoint_of(const struct zone_dns *zone)
{
    struct endpoint endpoint = {.port = zone->port};
    snprintf(endpoint.host, sizeof endpoint.host, "%s", zone->address);
    return endpoint;
}

static void open_tail(struct stage *stage, const char *resolv_conf)
{
    struct tail_world world = {.loop = &stage->loop, .config = &stage->config,
                               .dns = &stage->dns, .resolv_conf = resolv_conf,
                               .port = stage->servers[0].port,
                               .pace = {.patience_ms = 700, .gap_ms = 20, .gap_ms_max = 100},
                               .tell = on_tell, .owner = stage};
    stage->tail = tail_open(&world);
    CHECK(stage->tail != NULL);
}

/* Everybody shows the new state. */
static void open_stage(struct stage *stage)
{
    memset(stage, 0, sizeof *stage);
    if (sodium_init() < 0)
        abort();
    uv_loop_init(&stage->loop);
    zone_dns_open(&stage->servers[0], &stage->loop, 1, 0);
    zone_dns_open(&stage->servers[1], &stage->loop, 2, stage->servers[0].port);
    zone_dns_open(&stage->resolver, &stage->loop, 3, 0);
    struct record_config *config = &stage->config;
    snprintf(config->label, sizeof config->label, "pbx");
    snprintf(config->name, sizeof config->name, "pbx.example.com");
    config->ttl_s = 30;
    for (size_t i = 0; i < SERVERS; i++) {
        stage->servers[i].authoritative = true;
        config->servers[i] = endpoint_of(&stage->servers[i]);
        show_new(&stage->servers[i]);
    }
    config->server_count = SERVERS;
    stage->resolver.recursion = true;
    show_new(&stage->resolver);
    stage->dns.resolvers[0] = endpoint_of(&stage->resolver);
    stage->dns.resolver_count = 1;
    open_tail(stage, "/nowhere");
}

static void close_stage(struct stage *stage)
{
    tail_close(stage->tail);
    for (size_t i = 0; i < SERVERS; i++)
        zone_dns_close(&stage->servers[i]);
    zone_dns_close(&stage->resolver);
    CHECK(spin_finish(&stage->loop));
}

static void begin(struct stage *stage)
{
    struct tail_wish wish = {.epoch = 101, .token = TOKEN, .serve = &new_serve};
    tail_begin(stage->tail, &wish);
}

/* ---- what tail_json says ---- */

/* A copy of the whole in text, made by jansson in its own order. */
static const char *shown(const struct stage *stage)
{
    static char text[8192];
    json_t *json = tail_json(stage->tail);
    char *dump = json_dumps(json, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    snprintf(text, sizeof text, "%s", dump);
    free(dump);
    json_decref(json);
    return text;
}

static json_int_t number(const struct stage *stage, const char *part, const char *key)
{
    json_t *json = tail_json(stage->tail);
    const json_t *object = part == NULL ? json : json_object_get(json, part);
    const json_t *value = json_object_get(object, key);
    json_int_t ret = json_is_integer(value) ? json_integer_value(value) : -1;
    json_decref(json);
    return ret;
}

struct wish {
    const struct stage *stage;
    const char *words;
    unsigned (*count)(const struct stage *stage);
    unsigned least;
};

static bool is_shown(void *owner)
{
    const struct wish *wish = owner;
    return strstr(shown(wish->stage), wish->words) != NULL;
}

static void until_shown(struct stage *stage, const char *words)
{
    struct wish wish = {.stage = stage, .words = words};
    bool is = spin_until(&stage->loop, is_shown, &wish, SPIN_LIMIT_MS);
    if (!is)
        printf("waited for %s in %s\n", words, shown(stage));
    CHECK(is);
}

static bool is_counted(void *owner)
{
    const struct wish *wish = owner;
    return wish->count(wish->stage) >= wish->least;
}

static void until_count(struct stage *stage, unsigned (*count)(const struct stage *), unsigned least)
{
    struct wish wish = {.stage = stage, .count = count, .least = least};
    CHECK(spin_until(&stage->loop, is_counted, &wish, SPIN_LIMIT_MS));
}

static unsigned authoritative(const struct stage *stage)
{
    return stage->authoritative;
}

static unsigned settled(const struct stage *stage)
{
    return stage->settled;
}

static unsigned asked(const struct stage *stage)
{
    return stage->servers[0].asked + stage->servers[1].asked + stage->resolver.asked;
}

/* Nothing more is asked, and no timer runs. */
static void check_quiet(struct stage *stage)
{
    unsigned before = asked(stage);
    spin_for(&stage->loop, 300);
    CHECK_EQ(asked(stage), before);
}

TEST(everybody_has_it_at_once)
{
    struct stage stage;
    open_stage(&stage);
    CHECK_STR(shown(&stage), "null");
    spin_for(&stage.loop, 50);
    CHECK_EQ(asked(&stage), 0); /* before the first write: nothing */
    begin(&stage);
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.authoritative, 1);
    CHECK_EQ(stage.epoch, 101);
    CHECK_HAS(stage.text, "1 of 1 resolvers have forgotten");
    CHECK_EQ(number(&stage, NULL, "epoch"), 101);
    CHECK_EQ(number(&stage, "authoritative", "ok"), 2);
    CHECK_EQ(number(&stage, "authoritative", "servers"), 2);
    CHECK(number(&stage, "authoritative", "took_ms") >= 0);
    CHECK_EQ(number(&stage, "resolvers", "ok"), 1);
    CHECK_EQ(number(&stage, NULL, "soa_minimum_s"), 5);
    CHECK_HAS(shown(&stage), "\"cache_ends_at\": null, \"cache_ends_in_ms\": null");
    CHECK_HAS(shown(&stage), "\"warnings\": []");
    CHECK_EQ(stage.servers[0].asked_recursive + stage.servers[1].asked_recursive, 0);
    CHECK_EQ(stage.resolver.asked_recursive, 2);
    CHECK_EQ(stage.servers[0].asked, 4);
    check_quiet(&stage);
    tail_stop(stage.tail);
    CHECK_STR(shown(&stage), "null");
    close_stage(&stage);
}

TEST(no_resolver_is_asked_before_all_servers_have_it)
{
    struct stage stage;
    open_stage(&stage);
    show_old(&stage.servers[1], 30);
    begin(&stage);
    until_shown(&stage, "shows the fence of server1, epoch 100");
    CHECK_EQ(number(&stage, "authoritative", "ok"), 1);
    CHECK_EQ(number(&stage, "authoritative", "took_ms"), -1);
    CHECK_EQ(stage.resolver.asked, 0);
    show_new(&stage.servers[1]);
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.authoritative, 1);
    CHECK_EQ(stage.servers[0].asked, 4); /* who was right is not asked again */
    close_stage(&stage);
}

TEST(a_server_that_never_has_it_does_not_hold_up_the_rest)
{
    struct stage stage;
    open_stage(&stage);
    stage.servers[1].manner = ZONE_SILENT;
    begin(&stage);
    until_shown(&stage, "no answer in 1500 ms");
    until_shown(&stage, "silent for 0 s\", \"ok\": false, \"server\": \"127.0.0.2:");
    until_shown(&stage, "\"resolvers\": {\"list\": [{\"detail\": null, \"ok\": true");
    CHECK_EQ(number(&stage, "authoritative", "ok"), 1);
    CHECK_EQ(stage.authoritative + stage.settled, 0);
    stage.servers[1].manner = ZONE_HONEST; /* it comes back */
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.authoritative, 1);
    check_quiet(&stage);
    close_stage(&stage);
}

TEST(an_old_answer_tells_until_when_and_is_asked_then)
{
    struct stage stage;
    open_stage(&stage);
    show_old(&stage.resolver, 1);
    begin(&stage);
    until_count(&stage, authoritative, 1);
    until_shown(&stage, "still says A 192.0.2.1");
    json_int_t left = number(&stage, NULL, "cache_ends_in_ms");
    CHECK(left > 500 && left <= 1500);
    CHECK_HAS(shown(&stage), "\"cache_ends_at\": \"20");
    CHECK_HAS(shown(&stage), "\"ttl_left_s\": ");
    show_new(&stage.resolver);
    CHECK_EQ(stage.resolver.asked, 2); /* both at once, and then it is waited */
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.resolver.asked, 4);
    CHECK_HAS(shown(&stage), "\"cache_ends_at\": null");
    check_quiet(&stage);
    close_stage(&stage);
}

TEST(a_resolver_that_knew_of_none)
{
    struct stage stage;
    open_stage(&stage);
    stage.resolver.aaaa = NULL; /* kept for as long as the SOA says */
    stage.resolver.minimum_s = 2;
    begin(&stage);
    until_shown(&stage, "still says that there is no AAAA");
    CHECK(number(&stage, NULL, "cache_ends_in_ms") > 1500);
    show_new(&stage.resolver);
    until_count(&stage, settled, 1);
    close_stage(&stage);
}

TEST(liars_are_not_heard)
{
    static const enum zone_manner manners[] = {ZONE_WRONG_ID, ZONE_OTHER_NAME, ZONE_FROM_OTHER};
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        struct stage stage;
        open_stage(&stage);
        stage.servers[0].manner = stage.resolver.manner = manners[i];
        begin(&stage);
        until_count(&stage, settled, 1);
        CHECK_EQ(stage.servers[0].asked, 4); /* the first round was enough */
        close_stage(&stage);
    }
}

TEST(a_cut_answer_is_fetched_over_tcp)
{
    struct stage stage;
    open_stage(&stage);
    stage.servers[0].manner = ZONE_CUT;
    begin(&stage);
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.servers[0].asked_tcp, 4);
    close_stage(&stage);
}

TEST(who_answers_something_else_is_named)
{
    static const struct {
        int rcode;
        bool authoritative;
        enum zone_manner manner;
        const char *words;
    } cases[] = {
        {5, true, ZONE_HONEST, "answers REFUSED"},
        {2, true, ZONE_HONEST, "answers SERVFAIL"},
        {0, false, ZONE_HONEST, "is not authoritative for pbx.example.com"},
        {0, true, ZONE_ALIAS, "an alias (CNAME or DNAME) is in the way at pbx.example.com"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stage stage;
        open_stage(&stage);
        stage.servers[1].rcode = cases[i].rcode;
        stage.servers[1].authoritative = cases[i].authoritative;
        stage.servers[1].manner = cases[i].manner;
        begin(&stage);
        until_shown(&stage, cases[i].words);
        stage.servers[1].rcode = 0;
        stage.servers[1].authoritative = true;
        stage.servers[1].manner = ZONE_HONEST;
        until_count(&stage, settled, 1);
        close_stage(&stage);
    }
}

TEST(a_resolver_that_is_none)
{
    struct stage stage;
    open_stage(&stage);
    stage.resolver.recursion = false;
    begin(&stage);
    until_shown(&stage, "is no resolver");
    stage.resolver.rcode = 5;
    until_shown(&stage, "answers REFUSED");
    close_stage(&stage);
}

TEST(a_new_write_replaces_the_old_one)
{
    struct stage stage;
    open_stage(&stage);
    show_old(&stage.servers[0], 30);
    begin(&stage);
    until_shown(&stage, "shows the fence of server1");
    struct tail_wish wish = {.epoch = 102, .token = "bbbbbbbbbbbbbbbb", .serve = &new_serve};
    tail_begin(stage.tail, &wish);
    CHECK_EQ(number(&stage, NULL, "epoch"), 102);
    CHECK_EQ(number(&stage, "authoritative", "ok"), 0);
    stage.servers[0].fence = stage.servers[1].fence = "v=1;e=102;h=server2;t=bbbbbbbbbbbbbbbb";
    stage.servers[0].a = "192.0.2.2";
    stage.servers[0].aaaa = "2001:db8::2";
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.epoch, 102);
    CHECK_EQ(stage.authoritative, 1);
    close_stage(&stage);
}

TEST(stopped_and_closed_in_the_middle)
{
    struct stage stage;
    open_stage(&stage);
    stage.servers[0].manner = ZONE_SILENT;
    begin(&stage);
    spin_for(&stage.loop, 50);
    tail_stop(stage.tail);
    check_quiet(&stage);
    CHECK_STR(shown(&stage), "null");
    begin(&stage);
    spin_for(&stage.loop, 50);
    close_stage(&stage);
    CHECK_EQ(stage.authoritative + stage.settled, 0);
}

TEST(a_long_negative_life_is_told_once)
{
    struct stage stage;
    open_stage(&stage);
    stage.servers[0].minimum_s = stage.servers[1].minimum_s = 3600;
    begin(&stage);
    until_count(&stage, settled, 1);
    begin(&stage);
    until_count(&stage, settled, 2);
    CHECK_EQ(stage.warned, 1);
    CHECK_EQ(number(&stage, NULL, "soa_minimum_s"), 3600);
    CHECK_HAS(shown(&stage), "set the last number of its SOA to 30 at most");
    close_stage(&stage);
}

/* ---- the zone's servers are found ---- */

static void find_through_the_resolver(const char *zone)
{
    struct stage stage;
    open_stage(&stage);
    stage.config.provider = PROVIDER_CLOUDFLARE;
    stage.config.server_count = 0;
    snprintf(stage.config.zone, sizeof stage.config.zone, "%s", zone);
    stage.resolver.names[0] = "ns2";
    stage.resolver.named[0] = "127.0.0.2";
    stage.resolver.names[1] = "ns1";
    stage.resolver.named[1] = "127.0.0.1";
    begin(&stage);
    until_count(&stage, settled, 1);
    CHECK_EQ(number(&stage, "authoritative", "servers"), 2);
    CHECK_HAS(shown(&stage), "\"server\": \"ns1.example.com\"}, {\"detail\": null, \"ok\": true, "
                             "\"server\": \"ns2.example.com\"}");
    CHECK_EQ(stage.resolver.asked_of_name_soa, 0); /* which would be kept, had there been none */
    check_quiet(&stage);
    close_stage(&stage);
}

TEST(servers_are_found_by_ns)
{
    find_through_the_resolver("example.com");
    find_through_the_resolver(""); /* the zone, too */
}

TEST(servers_that_cannot_be_found)
{
    struct stage stage;
    open_stage(&stage);
    stage.config.provider = PROVIDER_CLOUDFLARE;
    stage.config.server_count = 0;
    stage.resolver.names[0] = "ns1";
    begin(&stage);
    until_shown(&stage, "finds no address of a server of example.com");
    CHECK_HAS(shown(&stage), "name them with authoritative = ADDRESS in [record pbx]");
    stage.resolver.names[0] = NULL;
    until_shown(&stage, "knows no servers of example.com");
    until_shown(&stage, "\"resolvers\": {\"list\": [{\"detail\": null, \"ok\": true");
    CHECK_EQ(stage.authoritative + stage.settled, 0);
    stage.resolver.names[0] = "ns1";
    stage.resolver.named[0] = "127.0.0.1";
    until_count(&stage, settled, 1);
    close_stage(&stage);
}

TEST(nobody_to_ask)
{
    struct stage stage;
    open_stage(&stage);
    stage.config.provider = PROVIDER_CLOUDFLARE;
    stage.config.server_count = 0;
    stage.dns.resolver_count = 0;
    stage.dns.no_resolver = true;
    begin(&stage);
    until_shown(&stage, "not found (no resolver to ask)");
    check_quiet(&stage);
    stage.config.authoritative[0] = stage.config.servers[0]; /* and named */
    stage.config.authoritative_count = 1;
    begin(&stage);
    until_count(&stage, authoritative, 1);
    CHECK_EQ(stage.settled, 0);
    check_quiet(&stage);
    CHECK_EQ(stage.resolver.asked, 0);
    close_stage(&stage);
}

/* ---- the machine's resolvers ---- */

TEST(resolvers_of_the_machine)
{
    struct stage stage;
    char path[] = "/tmp/holdfast-resolv-XXXXXX";
    int file = mkstemp(path);
    static const char text[] = "nameserver 127.0.0.9\n";
    CHECK(file >= 0 && write(file, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    close(file);
    open_stage(&stage);
    stage.dns.resolver_count = 0;
    tail_close(stage.tail);
    open_tail(&stage, path);
    begin(&stage);
    until_count(&stage, authoritative, 1);
    until_shown(&stage, "\"ok\": false, \"server\": \"127.0.0.9\"");
    tail_close(stage.tail);
    open_tail(&stage, path);
    begin(&stage);
    tail_stop(stage.tail); /* while the file is being read */
    unlink(path);
    begin(&stage); /* and without a file */
    until_count(&stage, authoritative, 2);
    spin_for(&stage.loop, 50);
    CHECK_EQ(number(&stage, "resolvers", "servers"), 0);
    check_quiet(&stage);
    close_stage(&stage);
}

/* ---- the loop ---- */

struct metronome {
    uv_timer_t timer;
    mono_ms last;
    span_ms longest;
};

static void on_beat(uv_timer_t *timer)
{
    struct metronome *metronome = timer->data;
    mono_ms now = clock_now();
    if (now - metronome->last > metronome->longest)
        metronome->longest = now - metronome->last;
    metronome->last = now;
}

/* All is dead: servers, resolvers, and what cannot even be sent to. */
TEST(a_dead_dns_never_stops_the_loop)
{
    struct stage stage;
    open_stage(&stage);
    struct metronome metronome = {.last = clock_now()};
    stage.servers[0].manner = stage.servers[1].manner = stage.resolver.manner = ZONE_SILENT;
    for (size_t i = 1; i < ADDRESS_MAX; i++) {
        snprintf(stage.dns.resolvers[i].host, HOST_SIZE, i % 2 == 0 ? "127.0.0.%zu" : "192.0.2.%zu",
                 10 + i);
        stage.dns.resolvers[i].port = stage.resolver.port;
    }
    stage.dns.resolver_count = ADDRESS_MAX;
    uv_timer_init(&stage.loop, &metronome.timer);
    metronome.timer.data = &metronome;
    uv_timer_start(&metronome.timer, on_beat, 1, 1);
    begin(&stage);
    until_shown(&stage, "silent for 2 s");
    printf("longest turn of the loop: %lld ms\n", (long long)metronome.longest);
    CHECK(metronome.longest < 100); /* the machine may be loaded; 20 ms on one that is not */
    uv_close((uv_handle_t *)&metronome.timer, NULL);
    close_stage(&stage);
}

CHECK_MAIN
