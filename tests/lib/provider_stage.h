/* provider_stage — several writers of one record, each with a provider of its own, and raw
 * requests past them to the server (a child). Whoever includes it defines STAGE_PROVIDER first. */
#ifndef HOLDFAST_TESTS_PROVIDER_STAGE_H
#define HOLDFAST_TESTS_PROVIDER_STAGE_H

#include "../../agent/node/record_fence.h"
#include "../../agent/node/record_serve.h"
#include "child.h"
#include "record_world.h"

#define CLIENT_MAX 4

__attribute__((unused)) static struct child server;

#define PATIENT_MS 6000 /* on a loaded machine a disk may take its time */
#define HASTY_MS 1500

struct client {
    struct provider *provider;
    struct record_tokens tokens;
    struct provider_change change;
    struct provider_state state;
    enum provider_outcome outcome;
    char detail[1024];
    bool ended, may;
    bool hasty; /* its writes have HASTY_MS: for those that nobody answers */
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

/* The status of a request past the provider. */
__attribute__((unused)) static int stage_send(struct stage *stage,
                                              const struct http_order *what)
{
    struct err err = {0};
    struct http_order order = *what;
    order.body_size = order.body == NULL ? 0 : strlen(order.body);
    order.deadline_ms = 5000;
    order.on_end = on_asked;
    order.owner = stage;
    stage->status = 0;
    if (http_start(stage->http, &order, &err) == NULL)
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
    if (STAGE_PROVIDER.open(&client->provider, &world, &stage->config, &err) != 0)
        printf("%s\n", err.text);
    CHECK(client->provider != NULL);
}

/* Loop, http, and the record of dns_files.h; no writer yet. */
static void stage_begin(struct stage *stage)
{
    struct err err = {0};
    struct dns_server nowhere = {0};
    memset(stage, 0, sizeof *stage);
    (void)signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&stage->loop);
    CHECK_EQ(http_open(&stage->http, &stage->loop, NULL, NULL, &err), 0);
    dns_server_record(&nowhere, &stage->config);
}

static void stage_close(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++)
        STAGE_PROVIDER.close(stage->clients[i].provider);
    http_close(stage->http);
    CHECK(spin_finish(&stage->loop));
}

/* All tests of a program whose stages share one server. */
__attribute__((unused)) static int stage_run(int argc, char **argv, const char *script)
{
    if (sodium_init() < 0 || !child_start(&server, script))
        return 1;
    int failed = check_run(argc, argv);
    child_stop(&server);
    return failed;
}

#endif
