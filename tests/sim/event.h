/* event — what happens in the simulated world, and the queue that orders it.
 *
 * A binary heap over slots; equal instants come in the order in which they were planned, so one
 * seed gives one run. Slots are reused last in, first out: the few in use stay warm. */
#ifndef HOLDFAST_TESTS_SIM_EVENT_H
#define HOLDFAST_TESTS_SIM_EVENT_H

#include "../../proto/core.h"
#include "zone.h"

#define EVENT_SLOT_MAX 4096

typedef int64_t true_us; /* true time, microseconds; no peer can read it */

enum world_kind {
    WORLD_DELIVER, /* a statement arrives at `peer` */
    WORLD_STORED,  /* a write of the promise file ends */
    WORLD_THAW,    /* a process that stood still goes on */
    WORLD_START,   /* a process is started */
    WORLD_IDLE,    /* effects have ended: the duty of `peer` says so */
    WORLD_PROMOTE, /* services of a new holder would be opened */
    WORLD_WRITER,  /* the record writer of `peer` acts */
    WORLD_RESEND,  /* it may send the same bytes again */
    WORLD_TAKEN,   /* a request reaches the DNS server */
    WORLD_ANSWER,  /* its answer reaches the writer */
    WORLD_UNDO,    /* fault `index` ends */
};

struct world_event {
    true_us at;
    uint64_t serial;
    uint64_t ticket;
    uint32_t life; /* of the process that it is for; void in a later life */
    uint32_t index;
    enum world_kind kind;
    uint8_t peer;
    uint8_t via;
    bool ok;
    bool forged;  /* signed with a stolen key */
    bool garbled; /* a datagram whose bits the network turned */
    uint32_t members_of_author; /* which set of keys its author was started with */
    union {
        struct statement statement;
        struct stored stored;
        struct zone_request request;
    };
};

struct event_queue {
    struct world_event slots[EVENT_SLOT_MAX];
    uint16_t heap[EVENT_SLOT_MAX];
    size_t size;
    uint16_t unused[EVENT_SLOT_MAX];
    size_t unused_count;
    uint64_t serial;
};

void event_queue_init(struct event_queue *queue);
/* A slot to fill in, or NULL when all are taken. Set everything but serial, then event_plan. */
struct world_event *event_new(struct event_queue *queue);
void event_plan(struct event_queue *queue, struct world_event *event);
/* The soonest one, or NULL. */
const struct world_event *event_first(const struct event_queue *queue);
/* Takes the soonest one out. It stays valid until event_drop. */
struct world_event *event_take(struct event_queue *queue);
void event_drop(struct event_queue *queue, struct world_event *event);
/* Makes `to` a queue of the same events; slots that are not in use are left as they were. */
void event_queue_copy(struct event_queue *to, const struct event_queue *from);
/* Events were moved in time behind its back: puts the queue in order again. */
void event_queue_sort(struct event_queue *queue);
/* Which slot it lives in; for whoever keeps more about an event beside it. */
size_t event_slot(const struct event_queue *queue, const struct world_event *event);

#endif
