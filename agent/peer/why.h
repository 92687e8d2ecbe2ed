/* why — for each thing that is not happening, the condition that is missing.
 *
 * Room: turns the obstacles of a view into sentences (the words are those of proto/reason);
 * decides nothing, reads no clock. */
#ifndef HOLDFAST_PEER_WHY_H
#define HOLDFAST_PEER_WHY_H

#include "status.h"

/* `why --json`: a list of {"what": sentence, "conditions": [{"condition": sentence, "reason":
 * short name, "peer": name or null, "until_ms_from_now": length or null}]}, one entry for each
 * thing that is not happening. Empty when all is well. New reference. */
json_t *why_json(const struct view *view, const struct config *config,
                 const struct status_extra *extra);

/* One obstacle as such a condition object. New reference. */
json_t *why_condition(const struct obstacle *obstacle, const struct config *config, mono_ms now);

#endif
