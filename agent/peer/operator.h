/* operator — the commands that change something: checked, explained when refused, then stepped.
 *
 * Room: may this caller? would the core accept it? Each refusal names every reason. What an
 * order does is the core's business. */
#ifndef HOLDFAST_PEER_OPERATOR_H
#define HOLDFAST_PEER_OPERATOR_H

#include "commands.h"
#include "upkeep.h"

struct operator {
    const struct commands_world *world;
    struct upkeep *upkeep;
    struct control_call *waiting; /* a maintenance order whose file is being written */
    char waiting_text[768];
    bool waiting_leaves; /* the order has the holder hand over */
    mono_ms waiting_at;
    struct control_call *pausing; /* a pause or resume that the core is having written */
    uint64_t pausing_ticket;
    char pausing_text[128];
};

/* Handles the call when `command` is an order; false when it is none, and was not touched. */
bool operator_handle(struct operator *operator, struct control_call *call, const char *command,
                   const json_t *request);
/* Once, before the pump runs: hears when a pause is on disk. */
void operator_watch(struct operator *operator);
/* Maintenance from before the restart. */
void operator_resume(struct operator *operator);
/* The daemon stops: answers the calls that wait for the disk. */
void operator_close(struct operator *operator);

#endif
