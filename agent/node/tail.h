/* tail — after a write: when does the whole world have it?
 *
 * Room: asks every server of the zone until all show the write, only then (so that no resolver is
 * made to keep an old answer by our own question) the resolvers, whose old answers say until when
 * they are kept. It only reads, needs no permit, and delays nobody. Between two writes it does
 * nothing at all: no timer, no question.
 * Used by: record. Shown in `status`; two events when everybody has it. */
#ifndef HOLDFAST_NODE_TAIL_H
#define HOLDFAST_NODE_TAIL_H

#include <jansson.h>
#include <uv.h>

#include "../../proto/words.h"
#include "../peer/config.h"
#include "../peer/events.h"

/* How a warning of tail_json begins that says why nobody of the zone can be asked. */
#define TAIL_UNKNOWN "the servers of the zone are not found"

struct tail;

/* How patient it is; 0 = the usual. */
struct tail_pace {
    span_ms patience_ms; /* for the zone's servers, before resolvers are asked; 60 s */
    span_ms gap_ms;      /* before the second question, doubling; 250 ms ... */
    span_ms gap_ms_max;  /* ... to 5 s */
};

struct tail_world {
    uv_loop_t *loop;
    const struct record_config *config; /* borrowed until tail_close */
    const struct dns_config *dns;       /* borrowed; NULL = no resolver is asked */
    const char *resolv_conf;            /* borrowed; where the machine's resolvers stand */
    uint16_t port; /* of servers that were found by name; 0 = 53 */
    struct tail_pace pace;
    void (*tell)(void *owner, const struct happening *happening);
    void *owner;
};

/* What was written and read back; copied. */
struct tail_wish {
    uint64_t epoch;
    const char *token; /* "" = the provider keeps no fence in DNS */
    const struct serve *serve;
    bool aaaa; /* IPv6 is, or was, part of it: resolvers are asked for that too */
};

/* NULL: no memory. */
struct tail *tail_open(const struct tail_world *world);
/* Cancels what runs; the loop must run until the handles are closed. NULL is fine. */
void tail_close(struct tail *tail);

/* This was written: watch it, instead of whatever was watched before. */
void tail_begin(struct tail *tail, const struct tail_wish *wish);
/* Nothing of this node's is there any more, or a new write has begun: no further question, and
 * nothing to show. */
void tail_stop(struct tail *tail);

/* {epoch, authoritative {ok, servers, took_ms, list[{server, ok, detail}]}, resolvers {ok, servers,
 * list[{server, ok, ttl_left_s, detail}]}, cache_ends_at, cache_ends_in_ms, soa_minimum_s,
 * negative_ttl_s, warnings[]}, or null when nothing was written. New reference. */
json_t *tail_json(const struct tail *tail);

#endif
