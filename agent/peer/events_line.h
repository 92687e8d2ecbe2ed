/* events_line — one event as a JSON object and as a line of logfmt.
 *
 * Room: form only; the same facts in both. */
#ifndef HOLDFAST_PEER_EVENTS_LINE_H
#define HOLDFAST_PEER_EVENTS_LINE_H

#include <jansson.h>

#include "../../proto/words.h"
#include "events.h"

/* When and where: what an event does not know itself. */
struct events_line_place {
    int64_t wall_ms;
    mono_ms boottime_ms;
    const char *node;
};

/* The object of an event; steals happening->fields. NULL when there is no memory. */
json_t *events_line_json(const struct happening *happening,
                         const struct events_line_place *place);
/* "event=holds epoch=12 node=server1 peer=witness msg=\"...\"", cut at the size. */
void events_line_text(const json_t *event, char *ret, size_t size);

#endif
