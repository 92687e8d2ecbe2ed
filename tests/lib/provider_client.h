/* provider_client — several writers of one record, each with its own provider, on one stage. */
#ifndef HOLDFAST_TESTS_PROVIDER_CLIENT_H
#define HOLDFAST_TESTS_PROVIDER_CLIENT_H

#include "provider_stage.h"

/* ---- a client's requests ---- */

static void on_read(void *owner, enum provider_outcome outcome, const struct provider_state *state,
                    const char *detail)
{
    struct client *client = owner;
    client->ended = true;
    client->outcome = outcome;
    client->state = *state;
    snprintf(client->detail, sizeof client->detail, "%s", detail);
}

static void on_write(void *owner, enum provider_outcome outcome, const char *detail)
{
    struct client *client = owner;
    client->ended = true;
    client->outcome = outcome;
    snprintf(client->detail, sizeof client->detail, "%s", detail);
}

static bool still(void *owner, const struct permit *permit)
{
    (void)permit;
    return ((const struct client *)owner)->may;
}

static bool all_ended(void *owner)
{
    const struct stage *stage = owner;
    for (size_t i = 0; i < stage->count; i++)
        if (!stage->clients[i].ended)
            return false;
    return true;
}

/* Until every client's request has ended. */
static void stage_wait(struct stage *stage)
{
    CHECK(spin_until(&stage->loop, all_ended, stage, SPIN_LIMIT_MS));
}

static void mark_idle(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++)
        stage->clients[i].ended = true;
}

static void begin_read(struct client *client)
{
    client->ended = false;
    client->operations->read(client->provider, PROVIDER_PRIMARY, 1500, on_read, client);
    CHECK(!client->ended);
}

static void client_read(struct stage *stage, struct client *client)
{
    mark_idle(stage);
    begin_read(client);
    stage_wait(stage);
}

/* All at the same time. */
__attribute__((unused)) static void stage_read(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++)
        begin_read(&stage->clients[i]);
    stage_wait(stage);
}

/* What a node would write after this client's last read; nothing is sent. */
static void client_prepare(struct stage *stage, struct client *client, uint64_t epoch,
                           size_t node)
{
    struct record_fence fence = {.epoch = epoch};
    snprintf(fence.node, sizeof fence.node, "server%zu", node + 1);
    record_fence_draw(&client->tokens, fence.token);
    memset(&client->change, 0, sizeof client->change);
    record_fence_print(&fence, client->change.new_fence);
    memcpy(client->change.old_fence, client->state.fence, FENCE_SIZE);
    client->change.new_serve = stage->config.serve[node];
    client->change.ttl_s = stage->config.ttl_s;
}

static void client_begin(struct client *client)
{
    static const struct permit permit;
    struct provider_caller caller = {.still = still, .on_write = on_write, .owner = client};
    client->ended = false;
    client->operations->write(&permit, client->provider, &client->change, 1500, &caller);
    CHECK(!client->ended);
}

__attribute__((unused)) static void client_start(struct stage *stage, struct client *client,
                                                 uint64_t epoch, size_t node)
{
    client_prepare(stage, client, epoch, node);
    client_begin(client);
}

/* Sends what was prepared or sent before, and waits. */
static void client_send(struct stage *stage, struct client *client)
{
    mark_idle(stage);
    client_begin(client);
    stage_wait(stage);
}

static void client_write(struct stage *stage, struct client *client, uint64_t epoch, size_t node)
{
    client_prepare(stage, client, epoch, node);
    client_send(stage, client);
}

#endif
