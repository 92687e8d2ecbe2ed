/* movable — would the records follow a planned move? What their providers said lately, in words.
 *
 * Room: reads records[] of `status --json`, as a node's program made it; decides no move. */
#ifndef HOLDFAST_PEER_MOVABLE_H
#define HOLDFAST_PEER_MOVABLE_H

#include <jansson.h>
#include <stdbool.h>

#define MOVABLE_NONE                                                                             \
    "no record can be read at its DNS provider now, so the new holder could perhaps move none "   \
    "(see 'holdfast status'); --anyway does it all the same"

/* False: not one of the records that can be read could be read lately. True without such. */
bool movable_any(const json_t *records);
/* A sentence for each record that may stay behind. New reference. */
json_t *movable_warnings(const json_t *records);

#endif
