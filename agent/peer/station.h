/* station — one running peer: everything that both daemons have, wired in one visible list.
 *
 * Room: opens the rooms in order, runs the loop, and closes them in reverse; signals, stop and
 * restart in between. What only a node has comes in through the program's hooks, so the witness
 * links none of it. */
#ifndef HOLDFAST_PEER_STATION_H
#define HOLDFAST_PEER_STATION_H

#include <jansson.h>
#include <uv.h>

#include "config.h"
#include "control.h"
#include "err.h"
#include "events.h"
#include "pump.h"

/* What a program's own rooms may use; borrowed until its `close`. */
struct station_rooms {
    uv_loop_t *loop;
    const struct config *config;
    const char *state_dir;
    uint8_t self;
    struct pump *pump;
    struct events *events;
    bool resumed_fit; /* this life follows `holdfast restart`, and the node was fit before it */
};

/* The program: its name and what it adds. Hooks but open may be NULL; `owner` is handed back. */
struct station_program {
    const char *name;       /* "holdfastd" */
    const char *first_line; /* of --help */
    bool witness;           /* the role that a key must have for this program */
    int (*open)(void *owner, const struct station_rooms *rooms, struct err *err);
    /* Could open do it with this configuration? Asked before a restart. */
    int (*check)(void *owner, const struct config *config, struct err *err);
    void (*demoted)(void *owner); /* the core runs, or was told to stop: nothing acts now */
    void (*close)(void *owner);   /* also after an open that failed */
    bool (*is_fit)(void *owner);
    void (*poke)(void *owner);
    json_t *(*records)(void *owner);
    json_t *(*probes)(void *owner);
    json_t *(*unfit_reasons)(void *owner);
    /* A question or order that only this program knows, as control_handler: answers it, now or
     * later, and returns true; false: it is none of its own. Asked before `close` only. */
    bool (*handle)(void *owner, struct control_call *call, const char *command,
                   const json_t *request);
    void *owner;
};

/* Runs the daemon until it is stopped. Returns its exit code: 0 stopped, 1 the system said no,
 * 2 command line, configuration or key, 5 state directory, 6 address or socket in use. */
int station_run(const struct station_program *program, int argc, char **argv);

#endif
