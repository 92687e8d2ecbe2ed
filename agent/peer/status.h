/* status — the state of this peer as the JSON of `status --json`.
 *
 * Room: turns a view (facts) and the configuration (names) into JSON; decides nothing, reads no
 * clock. The field names are a promise to scripts: `schema` counts up when one changes its
 * meaning, new ones may be added. Absent = null. */
#ifndef HOLDFAST_PEER_STATUS_H
#define HOLDFAST_PEER_STATUS_H

#include <jansson.h>

#include "../../proto/view.h"
#include "config.h"

#define STATUS_SCHEMA 1

/* What is not in the view: brought by the rooms that only a node has, and by the daemon. All
 * pointers are borrowed and may be NULL. */
struct status_extra {
    const json_t *records;       /* array of record_json */
    const json_t *probes;        /* array */
    const json_t *unfit_reasons; /* array of sentences */
    const json_t *counters;      /* object */
    uint64_t settings_hash, members_hash;
    uint64_t boot;                  /* this start of the process; 0 = leave it out */
    int64_t wall_ms;                /* wall clock at view->now, for texts */
    const char *state_trouble; /* what the state file was at the start; "" or NULL: good */
    const char *maintenance_reason; /* the operator's words */
    bool permit_asked;              /* the permit was asked for; then these two count */
    bool permitted;
    enum reason permit_reason;
};

/* The whole of `status --json`. New reference. */
json_t *status_json(const struct view *view, const struct config *config,
                    const struct status_extra *extra);

/* Name of a standing: "holder", "standby", "alone", "forced", "witness". */
const char *status_standing_name(enum standing standing);

#endif
