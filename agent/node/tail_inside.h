/* tail_inside — the state that the files of the tail share: tail.c (life and order), tail_target.c
 * (one server is asked and judged), tail_find.c (which are the zone's servers?), tail_show.c.
 *
 * Nobody else includes it. */
#ifndef HOLDFAST_NODE_TAIL_INSIDE_H
#define HOLDFAST_NODE_TAIL_INSIDE_H

#include "dns/ask.h"
#include "resolvers.h"
#include "tail.h"
#include "tail_judge.h"

#define TAIL_SERVER_MAX PACKET_NAME_MAX
#define TAIL_ASK_MS 1500           /* a server of the zone; Knot takes up to 1 s now and then */
#define TAIL_ASK_RESOLVER_MS 3000  /* it may have to ask around first */

/* One server that is asked again and again until it is right. */
struct tail_target {
    struct tail *tail;
    bool resolver;
    char text[HOST_SIZE + 16];
    struct sockaddr_storage addresses[2]; /* of one server: the other when one is silent */
    size_t address_count, address_at;
    struct ask asks[TAIL_TOPIC_COUNT];
    unsigned running; /* questions without an end */
    struct tail_answers answers;
    mono_ms next_at;
    span_ms gap_ms;
    bool right;
    bool silent;      /* did not answer the last time, and not since ... */
    mono_ms since;    /* ... then */
    mono_ms ends_at;  /* MONO_LONG_AGO, or when what it has is probably forgotten */
    char detail[TAIL_DETAIL_SIZE];
};

/* What is searched for. */
enum tail_step { TAIL_FIND_NOT, TAIL_FIND_ZONE, TAIL_FIND_NAMES, TAIL_FIND_ADDRESSES };

/* The search for the zone's servers, through the resolvers. */
struct tail_find {
    enum tail_step step; /* NOT = known, or given up */
    size_t resolver;     /* whose turn it is */
    struct ask asks[2 * TAIL_SERVER_MAX];
    unsigned running, failed; /* questions; searches in a row */
    mono_ms next_at;
    char zone[HOST_SIZE];
    char detail[TAIL_DETAIL_SIZE]; /* why it is not done yet; "" = nothing to say */
};

struct tail {
    struct tail_world world;
    uv_timer_t timer;
    bool on;   /* something was written */
    bool over; /* and nothing is asked any more */
    uint64_t epoch;
    struct tail_want want;
    bool aaaa;
    mono_ms begun;
    mono_ms resolvers_from; /* MONO_NEVER = not their turn yet */
    span_ms took_ms;        /* until all servers had it; -1 = not yet */
    uint32_t ttl_s_max;     /* seen in old answers */
    bool has_minimum;
    uint32_t soa_minimum_s, negative_s;
    uint32_t told_negative_s; /* of which the log knows */
    struct tail_target servers[TAIL_SERVER_MAX], resolvers[ADDRESS_MAX];
    size_t server_count, resolver_count;
    struct blocking *reading; /* NULL = the resolvers are known */
    struct tail_find find;
};

/* Looks at everything anew: who is to be asked now, what has been reached, when to look again. */
void tail_inside_turn(struct tail *tail);
/* The wait after so many failures in a row: doubling. */
span_ms tail_inside_gap(const struct tail *tail, span_ms before_ms);
/* How many of these are right? */
size_t tail_inside_right(const struct tail_target *list, size_t count);

/* An endpoint with a literal address; false: it is none. */
bool tail_target_set(struct tail_target *target, struct tail *tail,
                     const struct endpoint *endpoint);
/* Asks it, if it is time. Returns when it is to be asked next; MONO_NEVER: not by time. */
mono_ms tail_target_turn(struct tail_target *target, mono_ms now);
void tail_target_cancel(struct tail_target *target);

/* Begins the search if the servers are neither configured nor those of the provider. */
void tail_find_begin(struct tail *tail);
/* As tail_target_turn. */
mono_ms tail_find_turn(struct tail *tail, mono_ms now);
void tail_find_cancel(struct tail *tail);

/* "all 3 servers of the zone have it, 0.9 s after it was written" and the like. */
void tail_show_authoritative(struct tail *tail);
void tail_show_settled(struct tail *tail);
/* Tells the log that the zone's SOA lets "there is none" live longer than the record, once. */
void tail_show_minimum(struct tail *tail);

#endif
