/* pump — event -> core_step -> actions, in order; the only caller of core_step.
 *
 * Everything that happens on the loop and matters to the rules comes through pump_event. The
 * clock is read inside, after the fact was taken from its source. Re-entrant calls (a watcher
 * that raises an event) are queued and run after the present step. */
#ifndef HOLDFAST_PEER_PUMP_H
#define HOLDFAST_PEER_PUMP_H

#include <jansson.h>
#include <uv.h>

#include "../../proto/core.h"
#include "../../proto/view.h"
#include "certificate.h"
#include "err.h"
#include "socket.h"
#include "store.h"

struct pump;

/* Who is told after each step, in order of registration; bounded at 8. Each may be NULL. */
struct pump_watcher {
    void (*on_standing)(void *owner, const struct standing_report *report);
    void (*on_note)(void *owner, const struct note *note, mono_ms now);
    void (*on_step)(void *owner, mono_ms now); /* last, after the actions of the step */
    void *owner;
};

/* Everything around it; copied, what it points to is borrowed until pump_close. */
struct pump_world {
    uv_loop_t *loop;
    const struct config *config;
    uint8_t self;
    const uint8_t *secret; /* of keys_read */
    struct store *store;
    struct stored found; /* of store_open */
    bool in_place;       /* this life follows `holdfast restart` */
    const struct endpoint *listen;
    size_t listen_count;
    bool listen_is_default;           /* see socket.h */
    void (*on_new_boot)(void *owner); /* start the process anew; after this turn of the loop */
    void *owner;
};

/* Opens the sockets; nothing is said or heard of before pump_start. */
int pump_open(struct pump **ret, const struct pump_world *world, struct err *err);
/* Begins a life of the core under a fresh boot. The watchers are registered. */
void pump_start(struct pump *pump);
/* Stops at once, without a word. No callback comes after it; the loop must still run. */
void pump_close(struct pump *pump);

/* Registers one who is told; at most 8. Before pump_start. */
void pump_watch(struct pump *pump, struct pump_watcher watcher);
/* Takes an event (copied; event->wall_s is filled in). EVENT_HEARD comes only from socket. */
void pump_event(struct pump *pump, const struct event *event);
/* Reads the clock and asks core_permit / core_permit_holds. */
bool pump_permit(struct pump *pump, span_ms need_ms, struct permit *ret_permit,
                 enum reason *ret_reason);
bool pump_permit_holds(struct pump *pump, const struct permit *permit);
void pump_view(struct pump *pump, struct view *ret);
const struct core *pump_core(const struct pump *pump);

/* After ORDER_STOP: true when nothing is held any more and "released" was said often enough. */
bool pump_has_left(const struct pump *pump);
/* Other addresses of the peers (SIGHUP). */
int pump_configure(struct pump *pump, const struct config *config, struct err *err);
/* The takeover certificate as far as it is known; lives as long as the pump. */
const struct certificate *pump_certificate(const struct pump *pump);
/* Adds what the pump counted: datagrams, refusals by name, steps. */
void pump_count(const struct pump *pump, json_t *counters);
/* Port of the first listening socket, for tests that listen on port 0. */
uint16_t pump_port(const struct pump *pump);

#endif
