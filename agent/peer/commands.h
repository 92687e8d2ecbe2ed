/* commands — what the control socket can be asked: control's calls in, answers out.
 *
 * Room: the questions (status, why, events, is-active, ready, proof, version); what changes
 * something is in operator. It knows rooms that only a node has through the hooks of
 * `struct commands_world`, so the witness links none of them. */
#ifndef HOLDFAST_PEER_COMMANDS_H
#define HOLDFAST_PEER_COMMANDS_H

#include <jansson.h>
#include <uv.h>

#include "certificate.h"
#include "config.h"
#include "control.h"
#include "err.h"
#include "events.h"
#include "pump.h"

struct commands;

/* Everything around the room; copied by commands_open. Hooks may be NULL (a witness); those
 * that give JSON give new references. */
struct commands_world {
    uv_loop_t *loop;
    struct pump *pump;
    struct events *events;
    const struct config *config;         /* borrowed for good */
    const struct certificate *certificate; /* borrowed for good; may be NULL */
    const char *state_dir;
    const char *state_trouble; /* what was wrong with the state file at the start; "" = nothing */
    json_t *(*records)(void *owner);
    json_t *(*probes)(void *owner);
    json_t *(*unfit_reasons)(void *owner);
    json_t *(*counters)(void *owner);
    /* What only the program knows: true when it has answered, or will. */
    bool (*handle)(void *owner, struct control_call *call, const char *command,
                   const json_t *request);
    void (*poke)(void *owner);    /* reads every record's provider now; status shows it later */
    /* Re-executes in place, after this turn of the loop; false: it would not start again. */
    bool (*restart)(void *owner, char *ret_why, size_t size);
    void *owner;
};

/* Reads the maintenance file (blocking: before the loop runs). */
int commands_open(struct commands **ret, const struct commands_world *world, struct err *err);
/* Once the pump runs: takes up the maintenance that an operator ordered before the restart. */
void commands_resume(struct commands *commands);
/* The control_handler; owner is the struct commands. */
void commands_handle(void *owner, struct control_call *call, const char *command,
                     const json_t *request);
/* Before control_close: answers what still waits, and frees. */
void commands_close(struct commands *commands);

#endif
