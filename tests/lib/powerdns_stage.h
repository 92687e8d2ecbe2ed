/* powerdns_stage — one real pdns_server (tests/servers/powerdns.py) and its zone, which each stage
 * finds clean; and requests to it past the provider. */
#ifndef HOLDFAST_TESTS_POWERDNS_STAGE_H
#define HOLDFAST_TESTS_POWERDNS_STAGE_H

#include "../../agent/node/dns/powerdns_json.h"
#include "../../agent/node/record_serve.h"
#include "child.h"
#include "record_world.h"

#define CLIENT_MAX 4

static struct child server;

struct client {
    struct provider *provider;
    struct record_tokens tokens;
    struct provider_change change;
    struct provider_state state;
    enum provider_outcome outcome;
    char detail[768];
    bool ended, may;
};

struct stage {
    uv_loop_t loop;
    struct http *http;
    struct record_config config;
    struct client clients[CLIENT_MAX];
    size_t count;
    int status; /* of stage_ask */
    size_t found;
    const char *wanted;
};

/* ---- raw requests ---- */

static void on_asked(void *owner, const struct http_answer *answer)
{
    struct stage *stage = owner;
    stage->status = answer->end == HTTP_ANSWERED ? answer->status : -1;
    stage->found = 0;
    for (const char *at = answer->body; stage->wanted != NULL; at++) {
        at = strstr(at, stage->wanted);
        if (at == NULL)
            break;
        stage->found++;
    }
}

static bool has_status(void *owner)
{
    return ((struct stage *)owner)->status != 0;
}

/* The status of a request to the zone, past the provider. */
static int stage_ask(struct stage *stage, const char *method, const char *body)
{
    static const char *const headers[] = {"X-API-Key: sekret-of-the-test",
                                          "Content-Type: application/json", NULL};
    char url[256];
    struct err err = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%u/api/v1/servers/localhost/zones/example.com.",
             server.ports[0]);
    struct http_order order = {.method = method, .url = url, .headers = headers, .body = body,
                               .body_size = body == NULL ? 0 : strlen(body), .deadline_ms = 5000,
                               .on_end = on_asked, .owner = stage};
    stage->status = 0;
    if (http_start(stage->http, &order, &err) == NULL)
        printf("%s\n", err.text);
    CHECK(spin_until(&stage->loop, has_status, stage, SPIN_LIMIT_MS));
    return stage->status;
}

__attribute__((unused)) static int stage_patch(struct stage *stage, const char *body)
{
    return stage_ask(stage, "PATCH", body);
}

/* How often this text stands in the zone. */
static size_t stage_count(struct stage *stage, const char *text)
{
    stage->wanted = text;
    CHECK_EQ(stage_ask(stage, "GET", NULL), 200);
    stage->wanted = NULL;
    return stage->found;
}

/* ---- life ---- */

static void stage_add(struct stage *stage)
{
    struct err err = {0};
    struct provider_world world = {.loop = &stage->loop, .http = stage->http};
    struct client *client = &stage->clients[stage->count++];
    client->may = true;
    if (provider_powerdns.open(&client->provider, &world, &stage->config, &err) != 0)
        printf("%s\n", err.text);
    CHECK(client->provider != NULL);
}

/* A fresh zone: the old one goes, as a whole. */
static void stage_clean(struct stage *stage)
{
    static const char zone[] =
        "{\"name\":\"example.com.\",\"kind\":\"Native\",\"soa_edit_api\":\"INCREASE\","
        "\"nameservers\":[\"ns.example.com.\"],\"rrsets\":["
        "{\"name\":\"pbx.example.com.\",\"type\":\"A\",\"ttl\":30,\"records\":"
        "[{\"content\":\"192.0.2.99\",\"disabled\":false}]},"
        "{\"name\":\"alias.example.com.\",\"type\":\"CNAME\",\"ttl\":30,\"records\":"
        "[{\"content\":\"pbx.example.com.\",\"disabled\":false}]}]}";
    char url[256];
    struct err err = {0};
    static const char *const headers[] = {"X-API-Key: sekret-of-the-test",
                                          "Content-Type: application/json", NULL};
    CHECK_EQ(stage_ask(stage, "DELETE", NULL), 204);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/api/v1/servers/localhost/zones",
             server.ports[0]);
    struct http_order order = {.method = "POST", .url = url, .headers = headers, .body = zone,
                               .body_size = sizeof zone - 1, .deadline_ms = 5000,
                               .on_end = on_asked, .owner = stage};
    stage->status = 0;
    CHECK(http_start(stage->http, &order, &err) != NULL);
    CHECK(spin_until(&stage->loop, has_status, stage, SPIN_LIMIT_MS));
    CHECK_EQ(stage->status, 201);
}

static void stage_open_with(struct stage *stage, size_t clients, const char *name)
{
    struct err err = {0};
    struct dns_server nowhere = {0};
    memset(stage, 0, sizeof *stage);
    (void)signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&stage->loop);
    CHECK_EQ(http_open(&stage->http, &stage->loop, NULL, NULL, &err), 0);
    dns_server_record(&nowhere, &stage->config);
    stage->config.provider = PROVIDER_POWERDNS;
    snprintf(stage->config.name, HOST_SIZE, "%s", name);
    snprintf(stage->config.endpoint, PATH_SIZE, "http://127.0.0.1:%u", server.ports[0]);
    snprintf(stage->config.api_key_file, PATH_SIZE, "%s/api.key", server.dir);
    stage_clean(stage);
    while (stage->count < clients)
        stage_add(stage);
}

static void stage_open(struct stage *stage, size_t clients)
{
    stage_open_with(stage, clients, "pbx.example.com");
}

static void stage_close(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++)
        provider_powerdns.close(stage->clients[i].provider);
    http_close(stage->http);
    CHECK(spin_finish(&stage->loop));
}

#endif
