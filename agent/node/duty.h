/* duty — what a node does because of its standing: the records, and the health behind it.
 *
 * Room: passes each standing on to every record, their news and the probes' verdict to the core,
 * and says when no effect runs any more. It decides nothing. */
#ifndef HOLDFAST_NODE_DUTY_H
#define HOLDFAST_NODE_DUTY_H

#include <jansson.h>
#include <uv.h>

#include "../peer/config.h"
#include "../peer/err.h"
#include "../peer/events.h"
#include "../peer/pump.h"
#include "record.h"

struct duty;

/* All borrowed until duty_close. */
struct duty_world {
    uv_loop_t *loop;
    const struct config *config;
    const char *state_dir;
    uint8_t self;
    struct pump *pump;
    struct events *events;
    bool resumed_fit; /* `holdfast restart`: was fit a moment ago */
};

/* Opens records and probes and registers with the pump. ERR_USAGE: a secret file is no good. */
int duty_open(struct duty **ret, const struct duty_world *world, struct err *err);
/* Could it be opened with this configuration? Reads the secrets (blocking), keeps nothing. */
int duty_check(const struct config *config, struct err *err);
/* Cancels what runs; the loop must still run. NULL is fine. */
void duty_close(struct duty *duty);
/* After pump_start, and again after ORDER_STOP: nothing of an earlier life is acting. */
void duty_demoted(struct duty *duty);
/* The last verdict on this node. */
bool duty_is_fit(const struct duty *duty);
/* Reads every record's provider now; status shows it later. */
void duty_poke(struct duty *duty);
/* How many records there are, one of them (borrowed), and where orders about them are told. */
size_t duty_record_count(const struct duty *duty);
struct record *duty_record(const struct duty *duty, size_t index);
void duty_tell(struct duty *duty, const struct happening *happening);
/* What the core says now. */
void duty_view(const struct duty *duty, struct view *ret);
/* The name of a peer; "nobody" when there is none such. */
const char *duty_peer_name(const struct duty *duty, uint8_t peer);
/* records[], probes[] and unfit_reasons[] of `status --json`. New references. */
json_t *duty_records(struct duty *duty);
json_t *duty_probes(const struct duty *duty);
json_t *duty_unfit_reasons(const struct duty *duty);

#endif
