/* tail_stage — two servers of a zone, a resolver, and a tail that watches them; all in one loop. */
#ifndef HOLDFAST_TESTS_TAIL_STAGE_H
#define HOLDFAST_TESTS_TAIL_STAGE_H

#include <sodium.h>

#include "../../agent/node/tail.h"
#include "spin.h"
#include "zone_dns.h"

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

__attribute__((unused)) static void show_old(struct zone_dns *zone, uint32_t ttl_s)
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

static void until_count(struct stage *stage, unsigned (*count)(const struct stage *),
                        unsigned least)
{
    struct wish wish = {.stage = stage, .count = count, .least = least};
    CHECK(spin_until(&stage->loop, is_counted, &wish, SPIN_LIMIT_MS));
}

__attribute__((unused)) static unsigned authoritative(const struct stage *stage)
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

#endif
