/* tail_find — which servers does the zone have? Asked of the resolvers, one after the other.
 *
 * Happy path: (the zone, when it is not configured: the SOA above the name; not of the name
 * itself, because a resolver would keep it if there was none yet;) its NS; their addresses.
 * Failure modes: a resolver that does not answer, or knows nothing: the next one after a wait.
 * Nobody to ask: said so, with the line of the configuration that helps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../peer/clock.h"
#include "tail_inside.h"

#define COMPLETE_TRIES 3 /* searches for an address of every server; then those that have one */

static struct tail_target *resolver_of(struct tail *tail)
{
    return &tail->resolvers[tail->find.resolver % tail->resolver_count];
}

static void begin_again(struct tail *tail)
{
    struct tail_find *find = &tail->find;
    memcpy(find->zone, tail->world.config->zone, sizeof find->zone);
    find->step = find->zone[0] != 0 ? TAIL_FIND_NAMES : TAIL_FIND_ZONE;
}

void tail_find_begin(struct tail *tail)
{
    begin_again(tail);
    tail->find.next_at = tail->begun;
}

void tail_find_cancel(struct tail *tail)
{
    for (size_t i = 0; i < sizeof tail->find.asks / sizeof tail->find.asks[0]; i++)
        ask_cancel(&tail->find.asks[i]);
    tail->find.running = 0;
}

static void fail(struct tail *tail, const char *what, const char *about)
{
    struct tail_find *find = &tail->find;
    span_ms gap_ms = 0;
    (void)snprintf(find->detail, sizeof find->detail, "resolver %.60s: %.80s%.80s",
                   resolver_of(tail)->text, what, about);
    tail_find_cancel(tail);
    tail->server_count = 0;
    find->failed++;
    find->resolver++;
    for (unsigned i = 0; i < find->failed && gap_ms < tail->world.pace.gap_ms_max; i++)
        gap_ms = tail_inside_gap(tail, gap_ms);
    find->next_at = clock_now() + gap_ms;
    begin_again(tail);
}

/* ---- what was found ---- */

static int by_text(const void *a, const void *b)
{
    const char *const *one = a, *const *other = b;
    return strcmp(*one, *other);
}

/* Sorted: resolvers turn the list around with each answer. */
static void take_names(struct tail *tail, const struct packet_seen *seen)
{
    const char *names[PACKET_NAME_MAX] = {NULL};
    for (size_t i = 0; i < seen->name_count; i++)
        names[i] = seen->names[i];
    qsort(names, seen->name_count, sizeof names[0], by_text);
    for (size_t i = 0; i < seen->name_count; i++) {
        struct tail_target *target = &tail->servers[i];
        memset(target, 0, sizeof *target);
        target->tail = tail;
        target->ends_at = MONO_LONG_AGO;
        (void)snprintf(target->text, sizeof target->text, "%s", names[i]);
        (void)snprintf(target->detail, sizeof target->detail, "its address is not found");
    }
    tail->server_count = seen->name_count;
}

static void take_address(struct tail *tail, size_t server, const struct packet_seen *seen)
{
    struct tail_target *target = &tail->servers[server];
    const struct serve *serve = &seen->state.serve;
    struct sockaddr_storage *at = &target->addresses[target->address_count];
    uint16_t port = tail->world.port;
    if (serve->a_count > 0)
        target->address_count += uv_ip4_addr(serve->a[0], port, (struct sockaddr_in *)at) == 0;
    else if (serve->aaaa_count > 0)
        target->address_count += uv_ip6_addr(serve->aaaa[0], port, (struct sockaddr_in6 *)at) == 0;
}

static void conclude_addresses(struct tail *tail)
{
    struct tail_find *find = &tail->find;
    size_t with = 0;
    for (size_t i = 0; i < tail->server_count; i++)
        with += tail->servers[i].address_count > 0;
    if (with == 0 || (with < tail->server_count && find->failed + 1 < COMPLETE_TRIES)) {
        fail(tail, "finds no address of a server of ", find->zone);
        return;
    }
    for (size_t i = 0; i < tail->server_count; i++)
        if (tail->servers[i].address_count > 0)
            tail->servers[i].detail[0] = 0;
    find->step = TAIL_FIND_NOT;
    find->detail[0] = 0;
}

static void on_end(void *owner, const struct ask *ask, const struct ask_end *end)
{
    struct tail *tail = owner;
    struct tail_find *find = &tail->find;
    const struct packet_seen *seen = end->seen;
    find->running--;
    if (find->step == TAIL_FIND_ADDRESSES) {
        if (seen != NULL)
            take_address(tail, (size_t)(ask - find->asks) / 2, seen);
        if (find->running == 0)
            conclude_addresses(tail);
    } else if (seen == NULL) {
        fail(tail, end->detail, "");
    } else if (find->step == TAIL_FIND_ZONE && seen->has_soa && seen->zone[0] != 0) {
        memcpy(find->zone, seen->zone, sizeof find->zone);
        find->step = TAIL_FIND_NAMES;
    } else if (find->step == TAIL_FIND_NAMES && seen->name_count > 0) {
        take_names(tail, seen);
        find->step = TAIL_FIND_ADDRESSES;
    } else {
        fail(tail, "knows no servers of ",
             find->step == TAIL_FIND_ZONE ? tail->want.name : find->zone);
    }
    tail_inside_turn(tail);
}

/* ---- asking ---- */

static void ask(struct tail *tail, size_t index, const char *name, ldns_rr_type type)
{
    const struct tail_target *resolver = resolver_of(tail);
    struct ask_order order = {.server = &resolver->addresses[0],
                              .name = name,
                              .type = type,
                              .recursive = true,
                              .deadline_ms = TAIL_ASK_RESOLVER_MS,
                              .on_end = on_end,
                              .owner = tail};
    tail->find.running += ask_start(&tail->find.asks[index], tail->world.loop, &order);
}

static void ask_step(struct tail *tail)
{
    struct tail_find *find = &tail->find;
    const char *above = strchr(tail->want.name, '.');
    switch (find->step) {
    case TAIL_FIND_ZONE:
        ask(tail, 0, above == NULL ? tail->want.name : above + 1, LDNS_RR_TYPE_SOA);
        break;
    case TAIL_FIND_NAMES:
        ask(tail, 0, find->zone, LDNS_RR_TYPE_NS);
        break;
    default:
        for (size_t i = 0; i < tail->server_count; i++) {
            ask(tail, 2 * i, tail->servers[i].text, LDNS_RR_TYPE_A);
            ask(tail, 2 * i + 1, tail->servers[i].text, LDNS_RR_TYPE_AAAA);
        }
    }
}

mono_ms tail_find_turn(struct tail *tail, mono_ms now)
{
    struct tail_find *find = &tail->find;
    if (find->step == TAIL_FIND_NOT || find->running > 0 || tail->reading != NULL)
        return MONO_NEVER;
    if (tail->resolver_count == 0) {
        (void)snprintf(find->detail, sizeof find->detail, "no resolver to ask");
        find->step = TAIL_FIND_NOT;
        return now; /* once more: perhaps nothing is left to do */
    }
    if (now < find->next_at)
        return find->next_at;
    ask_step(tail);
    if (find->running > 0)
        return MONO_NEVER;
    fail(tail, "cannot be asked: out of memory", "");
    return find->next_at;
}
