/* Happy path: a write is there; the servers of the zone are asked until all show it, then the
 * resolvers: what they still have tells until when, and then they are asked once more. All right:
 * the timer stops.
 *
 * Failure modes: a server that lags, is silent or answers something else is asked again, 250 ms
 * later, doubling to 5 s; after 60 s the resolvers are asked all the same. Everything ends when
 * the longest life seen in an old answer and a minute have passed, an hour at most. A new write
 * begins anew; a node that holds no longer stops at once. */
#include "tail.h"

#include <stdlib.h>
#include <string.h>

#include "../peer/clock.h"
#include "tail_inside.h"

#define PATIENCE_MS 60000
#define GAP_MS 250
#define GAP_MS_MAX 5000

span_ms tail_inside_gap(const struct tail *tail, span_ms before_ms)
{
    span_ms least = tail->world.pace.gap_ms, most = tail->world.pace.gap_ms_max;
    span_ms gap_ms = before_ms == 0 ? least : 2 * before_ms;
    return gap_ms < most ? gap_ms : most;
}

size_t tail_inside_right(const struct tail_target *list, size_t count)
{
    size_t right = 0;
    for (size_t i = 0; i < count; i++)
        right += list[i].right;
    return right;
}

static void cancel_all(struct tail *tail)
{
    for (size_t i = 0; i < tail->server_count; i++)
        tail_target_cancel(&tail->servers[i]);
    for (size_t i = 0; i < tail->resolver_count; i++)
        tail_target_cancel(&tail->resolvers[i]);
    tail_find_cancel(tail);
    blocking_cancel(tail->reading);
    tail->reading = NULL;
    uv_timer_stop(&tail->timer);
}

static void end(struct tail *tail)
{
    cancel_all(tail);
    tail->over = true;
}

static bool all_servers_right(const struct tail *tail)
{
    return tail->find.step == TAIL_FIND_NOT && tail->server_count > 0 &&
           tail_inside_right(tail->servers, tail->server_count) == tail->server_count;
}

static bool all_resolvers_right(const struct tail *tail)
{
    return tail_inside_right(tail->resolvers, tail->resolver_count) == tail->resolver_count;
}

/* What has been reached since the last look? */
static void advance(struct tail *tail, mono_ms now)
{
    if (tail->took_ms < 0 && all_servers_right(tail)) {
        tail->took_ms = now - tail->begun;
        tail_show_authoritative(tail);
    }
    bool late = now - tail->begun >= tail->world.pace.patience_ms;
    if (late && tail->reading != NULL) { /* a disk that hangs */
        blocking_cancel(tail->reading);
        tail->reading = NULL;
    }
    if (tail->resolvers_from == MONO_NEVER && tail->reading == NULL && (tail->took_ms >= 0 || late))
        tail->resolvers_from = now;
}

/* Is there nothing left to do, or nobody who could be asked? */
static bool is_done(struct tail *tail, mono_ms now)
{
    bool nobody = tail->reading == NULL && tail->find.step == TAIL_FIND_NOT &&
                  tail->server_count + tail->resolver_count == 0;
    if (nobody)
        return true;
    if (tail->resolvers_from == MONO_NEVER)
        return false;
    if (tail->took_ms >= 0 && all_resolvers_right(tail)) {
        if (tail->resolver_count > 0)
            tail_show_settled(tail);
        return true;
    }
    return now - tail->resolvers_from >= tail_judge_patience(tail->ttl_s_max);
}

static void on_timer(uv_timer_t *timer)
{
    tail_inside_turn(timer->data);
}

static mono_ms earlier(mono_ms a, mono_ms b)
{
    return a < b ? a : b;
}

void tail_inside_turn(struct tail *tail)
{
    mono_ms now = clock_now(), next = MONO_NEVER;
    if (!tail->on || tail->over)
        return;
    advance(tail, now);
    if (is_done(tail, now)) {
        end(tail);
        return;
    }
    next = earlier(next, tail_find_turn(tail, now));
    bool found = tail->find.step == TAIL_FIND_NOT; /* before that the list may begin anew */
    for (size_t i = 0; found && i < tail->server_count; i++)
        next = earlier(next, tail_target_turn(&tail->servers[i], now));
    if (tail->resolvers_from == MONO_NEVER) {
        next = earlier(next, tail->begun + tail->world.pace.patience_ms);
    } else {
        for (size_t i = 0; i < tail->resolver_count; i++)
            next = earlier(next, tail_target_turn(&tail->resolvers[i], now));
        next = earlier(next, tail->resolvers_from + tail_judge_patience(tail->ttl_s_max));
    }
    span_ms wait = next - now;
    uv_timer_start(&tail->timer, on_timer, wait > 1 ? (uint64_t)wait : 1, 0);
}

/* ---- who is asked ---- */

static void take_servers(struct tail *tail)
{
    const struct record_config *config = tail->world.config;
    bool own = config->authoritative_count > 0;
    const struct endpoint *list = own ? config->authoritative : config->servers;
    size_t count = own ? config->authoritative_count
                       : config->provider == PROVIDER_RFC2136 ? config->server_count : 0;
    for (size_t i = 0; i < count; i++)
        if (tail_target_set(&tail->servers[tail->server_count], tail, &list[i]))
            tail->server_count++;
    if (count == 0)
        tail_find_begin(tail);
}

static void take_resolvers(struct tail *tail, const struct endpoint *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tail_target *target = &tail->resolvers[tail->resolver_count];
        if (tail_target_set(target, tail, &list[i])) {
            target->resolver = true;
            tail->resolver_count++;
        }
    }
}

static void on_resolvers(void *owner, const struct resolvers *found)
{
    struct tail *tail = owner;
    tail->reading = NULL;
    take_resolvers(tail, found->list, found->count);
    tail_inside_turn(tail);
}

static void learn_resolvers(struct tail *tail)
{
    const struct dns_config *dns = tail->world.dns;
    if (dns == NULL || dns->no_resolver)
        return;
    if (dns->resolver_count > 0)
        take_resolvers(tail, dns->resolvers, dns->resolver_count);
    else
        tail->reading =
            resolvers_read(tail->world.loop, tail->world.resolv_conf, on_resolvers, tail);
}

/* ---- life ---- */

void tail_stop(struct tail *tail)
{
    cancel_all(tail);
    tail->on = false;
}

void tail_begin(struct tail *tail, const struct tail_wish *wish)
{
    const struct record_config *config = tail->world.config;
    tail_stop(tail);
    memset(&tail->want, 0, sizeof tail->want);
    memcpy(tail->want.name, config->name, sizeof tail->want.name);
    memcpy(tail->want.token, wish->token, strnlen(wish->token, TOKEN_SIZE - 1));
    tail->want.serve = *wish->serve;
    tail->aaaa = wish->aaaa || wish->serve->aaaa_count > 0;
    tail->epoch = wish->epoch;
    tail->begun = clock_now();
    tail->resolvers_from = MONO_NEVER;
    tail->took_ms = -1;
    tail->ttl_s_max = config->ttl_s;
    tail->has_minimum = false;
    tail->server_count = tail->resolver_count = 0;
    memset(&tail->find, 0, sizeof tail->find);
    tail->on = true;
    tail->over = false;
    take_servers(tail);
    learn_resolvers(tail);
    tail_inside_turn(tail);
}

struct tail *tail_open(const struct tail_world *world)
{
    struct tail *tail = calloc(1, sizeof *tail);
    if (tail == NULL)
        return NULL;
    struct tail_pace *pace = &tail->world.pace;
    tail->world = *world;
    pace->patience_ms = pace->patience_ms > 0 ? pace->patience_ms : PATIENCE_MS;
    pace->gap_ms = pace->gap_ms > 0 ? pace->gap_ms : GAP_MS;
    pace->gap_ms_max = pace->gap_ms_max > 0 ? pace->gap_ms_max : GAP_MS_MAX;
    tail->world.port = world->port != 0 ? world->port : 53;
    uv_timer_init(world->loop, &tail->timer);
    tail->timer.data = tail;
    return tail;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void tail_close(struct tail *tail)
{
    if (tail == NULL)
        return;
    tail_stop(tail);
    uv_close((uv_handle_t *)&tail->timer, on_closed);
}
