/* field — a cluster with the given settings in the given network, simulated.
 *
 * Room: settings and conditions in, a running world out (tests/sim/world.h: the product's own
 * proto/ code, a network, disks, clocks, a DNS server). Adds what the world does not do by itself:
 * processes that stand still now and then. Everything comes from the seed. */
#ifndef HOLDFAST_PLAN_FIELD_H
#define HOLDFAST_PLAN_FIELD_H

#include "../../tests/sim/world.h"
#include "stalls.h"

/* What lies between the machines, one direction each: [from][to]. */
struct conditions {
    uint16_t loss_ppt[PEER_COUNT][PEER_COUNT]; /* datagrams lost, of a thousand */
    uint32_t way_us[PEER_COUNT][PEER_COUNT];   /* half a round trip */
    span_ms jitter_ms;                         /* on top, 0 to this, each way */
    span_ms dns_rtt_ms;                        /* between the nodes and the DNS server */
    span_ms disk_ms;                           /* a write of the state file takes at most this */
    struct stalls stalls;
};

struct setup {
    struct core_settings core; /* as the daemons would have it; self, boot and seed left out */
    struct conditions conditions;
    bool has_record; /* there is a floating record */
    bool fences;     /* and its provider compares and sets */
};

struct field {
    struct world world;
    struct setup setup;
    true_us stall_at[PEER_COUNT];    /* when the next one begins */
    true_us stall_limit[PEER_COUNT]; /* the present one was drawn to be no longer; 0 = whatever */
    true_us limit;                   /* those to come are no longer; 0 = whatever */
};

/* A new cluster: three machines that are started within a lease. About 3 MB: allocate it. */
void field_open(struct field *field, const struct setup *setup, uint64_t seed);
/* Goes on until `until`. False: a checker found that a promise of the product was broken; the
 * world's check has its name and the words. */
bool field_run(struct field *field, true_us until);
/* Makes `to` a field that has the past of `from`, and another future, without a limit on the
 * stand-stills that begin in it. */
void field_split(struct field *to, const struct field *from, uint64_t seed);
/* Which process stands still next, and when. */
uint8_t field_stalls_next(const struct field *field, true_us *ret_at);
/* It does so now: for `length`, or 0: as long as is drawn. The next one is planned. */
void field_stall(struct field *field, uint8_t peer, true_us length);
/* Milliseconds of lease that the holder has left, 0 when nobody holds. */
span_ms field_left(const struct field *field);

#endif
