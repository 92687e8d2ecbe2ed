/* route53_stage — a stand-in for Route 53 (tests/servers/route53.py) and a fresh zone in it for
 * each stage; requests to it past the provider. */
#ifndef HOLDFAST_TESTS_ROUTE53_STAGE_H
#define HOLDFAST_TESTS_ROUTE53_STAGE_H

#define STAGE_PROVIDER provider_route53
#include "provider_stage.h"

enum { PORT_ROUTE53, PORT_METADATA };

#define STAGE_NAME "pbx.example.com."
#define STAGE_FENCE "_holdfast.pbx.example.com."

/* The status of a request to the zone, past the provider. */
static int stage_ask(struct stage *stage, const char *method, const char *what, const char *body)
{
    char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/control/%s", server.ports[PORT_ROUTE53], what);
    struct http_order order = {.method = method, .url = url, .body = body};
    return stage_send(stage, &order);
}

/* Puts sets there by another hand: [[name, type, ttl, [values], {more}], ...]. */
__attribute__((unused)) static void stage_put(struct stage *stage, const char *sets)
{
    CHECK_EQ(stage_ask(stage, "PUT", stage->config.zone_id, sets), 200);
}

/* How often this text stands in the zone. */
__attribute__((unused)) static size_t stage_count(struct stage *stage, const char *text)
{
    stage->wanted = text;
    CHECK_EQ(stage_ask(stage, "GET", stage->config.zone_id, NULL), 200);
    stage->wanted = NULL;
    return stage->found;
}

/* How many writes have been answered, in all stages together. */
__attribute__((unused)) static size_t stage_told(struct stage *stage)
{
    stage->wanted = "\"127.0.0.1\", ";
    CHECK_EQ(stage_ask(stage, "GET", "told", NULL), 200);
    stage->wanted = NULL;
    return stage->found;
}

/* From now on providers that are added have this trouble: "write-lost", "" = none. */
static void stage_trouble(struct stage *stage, const char *trouble)
{
    snprintf(stage->config.endpoint, PATH_SIZE, "http://127.0.0.1:%u%s%s",
             server.ports[PORT_ROUTE53], trouble[0] != 0 ? "/" : "", trouble);
}

/* A profile of the credentials file, or NULL: the role of an instance of this kind. */
__attribute__((unused)) static void stage_keys(struct stage *stage, const char *profile,
                                               const char *role)
{
    char base[128];
    snprintf(base, sizeof base, "http://127.0.0.1:%u/%s", server.ports[PORT_METADATA],
             role != NULL ? role : "none");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", base, 1);
    snprintf(stage->config.credentials_file, PATH_SIZE, "%s%s", profile != NULL ? server.dir : "",
             profile != NULL ? "/aws" : "");
    snprintf(stage->config.credentials_profile, NAME_SIZE, "%s", profile != NULL ? profile : "");
}

static void stage_open(struct stage *stage, size_t clients)
{
    stage_begin(stage);
    stage->config.provider = PROVIDER_ROUTE53;
    snprintf(stage->config.zone_id, ZONE_ID_SIZE, "Z0123456789ABC");
    stage_trouble(stage, "");
    stage_keys(stage, "default", NULL);
    CHECK_EQ(stage_ask(stage, "DELETE", stage->config.zone_id, NULL), 200);
    while (stage->count < clients)
        stage_add(stage);
}

#endif
