/* provider_stage — a loop, a record's configuration, and several writers of it; requests past them.
 * Whoever includes it says what the provider is and opens the stage. */
#ifndef HOLDFAST_TESTS_PROVIDER_STAGE_H
#define HOLDFAST_TESTS_PROVIDER_STAGE_H

#include "../../agent/node/record_fence.h"
#include "../../agent/node/record_serve.h"
#include "record_world.h"

#define CLIENT_MAX 4

struct client {
    const struct provider_operations *operations;
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
    const struct provider_operations *operations;
    struct client clients[CLIENT_MAX];
    size_t count;
    int status; /* of a request past the provider */
    size_t found;
    const char *wanted;
};

/* ---- requests past the provider ---- */

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

/* Sends it and waits: its status. Counts `wanted` in the answer. */
static int stage_send(struct stage *stage, struct http_order *order)
{
    struct err err = {0};
    order->deadline_ms = 5000;
    order->on_end = on_asked;
    order->owner = stage;
    stage->status = 0;
    if (http_start(stage->http, order, &err) == NULL)
        printf("%s\n", err.text);
    CHECK(spin_until(&stage->loop, has_status, stage, SPIN_LIMIT_MS));
    return stage->status;
}

/* ---- life ---- */

static void stage_add(struct stage *stage)
{
    struct err err = {0};
    struct provider_world world = {.loop = &stage->loop, .http = stage->http};
    struct client *client = &stage->clients[stage->count++];
    client->may = true;
    client->operations = stage->operations;
    if (client->operations->open(&client->provider, &world, &stage->config, &err) != 0)
        printf("%s\n", err.text);
    CHECK(client->provider != NULL);
}

static void stage_close(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++)
        stage->operations->close(stage->clients[i].provider);
    http_close(stage->http);
    CHECK(spin_finish(&stage->loop));
}

#endif
