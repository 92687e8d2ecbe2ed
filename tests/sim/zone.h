/* zone — the simulated DNS server: one name, its fence, and a provider with habits.
 *
 * Reads and writes are requests that arrive, are answered, and may be late or lost on both ways.
 * With compare-and-set (RFC 2136) a write is applied only on the exact old fence; without it
 * (provider = exec) it is applied whatever stands there. */
#ifndef HOLDFAST_TESTS_SIM_ZONE_H
#define HOLDFAST_TESTS_SIM_ZONE_H

#include "../../agent/node/record_plan.h"

/* One request of a node, and then its answer. */
struct zone_request {
    uint64_t number; /* of the node's requests; an answer to an older one is void */
    uint64_t epoch;  /* the fence would say */
    uint8_t node;    /* whose addresses it would set; and who asks */
    bool write;
    bool answered_ok; /* in the answer: applied, or read */
    char old_fence[64];
    char new_fence[64]; /* in the answer to a read: what stands there */
};

struct zone {
    char fence[64];
    uint64_t epoch; /* of the fence; 0 = none */
    uint8_t owner;  /* node of the fence */
    uint8_t serves; /* node that the addresses belong to; PEER_NONE = a foreign hand's */
    bool no_cas;
    bool blind; /* what is written to it carries no prerequisite: a broken client */
    bool refuses;
    span_ms delay_min, delay_max; /* each way */
    uint32_t request_loss_ppt, answer_loss_ppt;
    int64_t frozen_until; /* true us: requests wait until then and are applied late */
    uint64_t writes_taken;
    int64_t drifted_at; /* true us: when a hand was there */
    span_ms write_late_ms; /* so much later are writes applied that are sent now */
};

/* An empty zone with a quick server. */
void zone_init(struct zone *zone);
/* A request reached the server: applies or refuses it and turns it into its answer. */
void zone_take(struct zone *zone, struct zone_request *request);

#endif
