/* powerdns_stage — one real pdns_server (tests/servers/powerdns.py) and its zone, which each stage
 * finds clean; and requests to it past the provider. */
#ifndef HOLDFAST_TESTS_POWERDNS_STAGE_H
#define HOLDFAST_TESTS_POWERDNS_STAGE_H

#include "../../agent/node/dns/powerdns_json.h"

#define STAGE_PROVIDER provider_powerdns
#include "provider_stage.h"

static const char *const stage_headers[] = {"X-API-Key: sekret-of-the-test",
                                            "Content-Type: application/json", NULL};

/* The status of a request to the zone, past the provider. */
static int stage_ask(struct stage *stage, const char *method, const char *body)
{
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/api/v1/servers/localhost/zones/example.com.",
             server.ports[0]);
    struct http_order order = {
        .method = method, .url = url, .headers = stage_headers, .body = body};
    return stage_send(stage, &order);
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
    int status = stage_ask(stage, "DELETE", NULL);
    for (unsigned i = 0; i < 50 && status == 500; i++) { /* locked by a late write */
        spin_for(&stage->loop, 20);
        status = stage_ask(stage, "DELETE", NULL);
    }
    CHECK_EQ(status, 204);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/api/v1/servers/localhost/zones",
             server.ports[0]);
    struct http_order order = {
        .method = "POST", .url = url, .headers = stage_headers, .body = zone};
    CHECK_EQ(stage_send(stage, &order), 201);
}

static void stage_open_with(struct stage *stage, size_t clients, const char *name)
{
    stage_begin(stage);
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

#endif
