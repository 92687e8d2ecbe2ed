/* cloudflare_stage — one server that behaves like Cloudflare's API (tests/servers/cloudflare.py)
 * and its zone, which each stage finds fresh; orders to it, and other hands in the zone.
 *
 * The clients ask through prism where it is installed, so that each exchange is held against
 * Cloudflare's description; stage_open_bare leaves it out, where an answer is wrong on purpose. */
#ifndef HOLDFAST_TESTS_CLOUDFLARE_STAGE_H
#define HOLDFAST_TESTS_CLOUDFLARE_STAGE_H

#define STAGE_PROVIDER provider_cloudflare
#include "provider_stage.h"

#define ZONE_ID "0123456789abcdef0123456789abcdef"

enum { PORT_API, PORT_PRISM }; /* PORT_PRISM 0: it is not installed */

/* An order to the server itself: "reset", "delete?name=x", "fault?on=batch&kind=lost". */
static void stage_order(struct stage *stage, const char *order)
{
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/test/%s", server.ports[PORT_API], order);
    struct http_order request = {.method = "PUT", .url = url, .body = ""};
    CHECK_EQ(stage_send(stage, &request), 200);
}

/* How often this text stands among the fences that were written. */
static size_t stage_count(struct stage *stage, const char *text)
{
    stage->wanted = text;
    stage_order(stage, "log");
    stage->wanted = NULL;
    return stage->found;
}

/* Another program with the same token adds a record. */
static void stage_post(struct stage *stage, const char *body)
{
    static const char *const headers[] = {"Authorization: Bearer token-of-the-test",
                                          "Content-Type: application/json", NULL};
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/client/v4/zones/" ZONE_ID "/dns_records",
             server.ports[PORT_API]);
    struct http_order order = {.method = "POST", .url = url, .headers = headers, .body = body};
    CHECK_EQ(stage_send(stage, &order), 200);
}

static void stage_open_bare(struct stage *stage, size_t clients)
{
    struct record_config *config = &stage->config;
    stage_begin(stage);
    config->provider = PROVIDER_CLOUDFLARE;
    config->ttl_s = 60;
    config->zone[0] = 0;
    snprintf(config->zone_id, ZONE_ID_SIZE, "%s", ZONE_ID);
    snprintf(config->endpoint, PATH_SIZE, "http://127.0.0.1:%u/client/v4", server.ports[PORT_API]);
    snprintf(config->token_file, PATH_SIZE, "%s/api.token", server.dir);
    stage_order(stage, "reset");
    while (stage->count < clients)
        stage_add(stage);
}

static void stage_open(struct stage *stage, size_t clients)
{
    stage_open_bare(stage, 0);
    unsigned port = server.ports[PORT_PRISM];
    if (port != 0)
        snprintf(stage->config.endpoint, PATH_SIZE, "http://127.0.0.1:%u", port);
    while (stage->count < clients)
        stage_add(stage);
}

#endif
