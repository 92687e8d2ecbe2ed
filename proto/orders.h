/* orders — what an operator may order, and what stands against it.
 *
 * Room: each order is first asked (orders_ask; core_order_obstacles for the shell) and refused
 * as a whole when anything is missing; then done. */
#ifndef HOLDFAST_PROTO_ORDERS_H
#define HOLDFAST_PROTO_ORDERS_H

#include "core.h"
#include "obstacles.h"

/* Everything that stands against this EVENT_ORDER at `now`. Empty = it will be done. */
void orders_ask(const struct core *core, mono_ms now, const struct event *event,
                struct obstacles *ret);
/* Does it when nothing stands against it; otherwise nothing happens. */
void orders_do(struct core *core, mono_ms now, const struct event *event,
               struct outcome *outcome);
/* Has the confirmed set of keys written (rule N10). */
void orders_keep_members(struct core *core, struct outcome *outcome);
/* Has the present pause written (rule N12): left_ms of it, 0 = over. */
void orders_keep_pause(struct core *core, span_ms left_ms, struct outcome *outcome);

#endif
