/* happen — turns what the core reports (notes, standings) into events for people.
 *
 * Room: sentences and event names; no decision. Told through events (log, events file), and the
 * few things a person wants to know at once through notify. */
#ifndef HOLDFAST_PEER_HAPPEN_H
#define HOLDFAST_PEER_HAPPEN_H

#include <uv.h>

#include "../../proto/outcome.h"
#include "events.h"
#include "notify.h"
#include "pump.h"

struct happen;

struct happen_world {
    uv_loop_t *loop;
    struct events *events;
    struct notify *notify;
    const char *names[PEER_COUNT]; /* borrowed */
    uint8_t self;
};

/* Renders a note's sentence into `ret` (cut at size). Returns its length. */
int happen_render(const struct note *note, const char *const peer_names[PEER_COUNT], char *ret,
                  size_t size);

/* ERR_SYSTEM when memory is short. */
int happen_open(struct happen **ret, const struct happen_world *world, struct err *err);
void happen_close(struct happen *happen);
/* A watcher for pump_watch: notes and standings become events. */
struct pump_watcher happen_watcher(struct happen *happen);
/* Would a crash of the holder now be survived? Told when it stays changed for 10 s. */
void happen_redundancy(struct happen *happen, bool survivable);

#endif
