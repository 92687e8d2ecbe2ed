/* pump — event -> core_step -> actions, in order; the only caller of core_step.
 *
 * Everything that happens on the loop and matters to the rules comes through pump_event. The
 * clock is read inside, after the fact was taken from its source. Re-entrant calls (a watcher
 * that raises an event) are queued and run after the present step. */
#ifndef HOLDFAST_PEER_PUMP_H
#define HOLDFAST_PEER_PUMP_H

#include <uv.h>

#include "../../proto/core.h"
#include "../../proto/view.h"
#include "err.h"

struct pump;

/* Who is told after each step, in order of registration; bounded at 8. Either may be NULL. */
struct pump_watcher {
    void (*on_standing)(void *owner, const struct standing_report *report);
    void (*on_note)(void *owner, const struct note *note, mono_ms now);
    void *owner;
};

void pump_watch(struct pump *pump, struct pump_watcher watcher);
/* Takes an event (copied; event->wall_s is filled in). EVENT_HEARD comes only from socket. */
void pump_event(struct pump *pump, const struct event *event);
/* Reads the clock and asks core_permit / core_permit_holds. */
bool pump_permit(struct pump *pump, span_ms need_ms, struct permit *ret_permit,
                 enum reason *ret_reason);
bool pump_permit_holds(struct pump *pump, const struct permit *permit);
void pump_view(struct pump *pump, struct view *ret);
const struct core *pump_core(const struct pump *pump);

#endif
