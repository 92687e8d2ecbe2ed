/* writer — the part of a node that keeps the floating record, as the simulator plays it.
 *
 * It follows "How a DNS write happens" of ARCHITECTURE.md with the product's own record_plan and
 * permits: read, plan, compare-and-set, read back, look again every 30 s. What is sent may be
 * applied whenever it likes. */
#ifndef HOLDFAST_TESTS_SIM_WRITER_H
#define HOLDFAST_TESTS_SIM_WRITER_H

#include "event.h"

struct world;

enum writer_phase { WRITER_IDLE, WRITER_READING, WRITER_WRITING };

struct writer {
    enum writer_phase phase;
    uint64_t epoch; /* wanted under this one; 0 = not holding */
    uint64_t known; /* highest epoch known of */
    uint64_t number; /* of the running request */
    bool written;   /* read back under `epoch` */
    bool foreign;   /* its own number stands there with a token that it does not know */
    struct permit permit;
    struct record_tokens tokens;
    char seen[64];  /* fence of the last read */
    struct zone_request request; /* the running one: the same bytes are sent again */
    true_us since;  /* the try began */
    span_ms backoff_ms;
};

/* A new life of the process knows nothing. */
void writer_init(struct writer *writer);
/* The standing changed. */
void writer_standing(struct world *world, uint8_t node, const struct standing_report *report);
/* WORLD_WRITER, WORLD_RESEND, WORLD_ANSWER. */
void writer_act(struct world *world, uint8_t node);
void writer_resend(struct world *world, const struct world_event *event);
void writer_answer(struct world *world, const struct world_event *event);
/* WORLD_TAKEN: a request reaches the server. */
void writer_taken(struct world *world, const struct world_event *event);

#endif
