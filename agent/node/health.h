/* health — probes in, one fitness out.
 *
 * Each [probe] runs on its own clock; `fall` failures in a row make it bad, `rise` successes
 * good; a bad one with weight = block makes the node unfit. Until a blocking probe has its
 * first verdict the node counts as not fit, except after `holdfast restart`, which hands over
 * the last verdict. No probe configured: fit. */
#ifndef HOLDFAST_NODE_HEALTH_H
#define HOLDFAST_NODE_HEALTH_H

#include <jansson.h>
#include <uv.h>

#include "../peer/config.h"
#include "../peer/err.h"
#include "../peer/events.h"

struct health;

struct health_world {
    uv_loop_t *loop;
    void (*fitness)(void *owner, bool fit, uint32_t unfit_mask); /* on every change, and first */
    void (*tell)(void *owner, const struct happening *happening);
    void *owner;
};

/* Starts every probe at once. `config` is copied from. The first `fitness` comes from the loop,
 * not from inside. */
int health_open(struct health **ret, const struct config *config, bool resumed_fit,
                const struct health_world *world, struct err *err);
/* Kills what runs and frees; the loop must run until its handles are closed. */
void health_close(struct health *health);
/* probes[] {name, verdict (good|bad|unknown), weight (block|warn), reason, ms}. */
json_t *health_json(const struct health *health);
/* Sentences of the failing blocking probes: unfit_reasons[]. */
json_t *health_unfit_reasons(const struct health *health);

#endif
