/* record_view — a record as `holdfast dns` sees it: what is there, what is wanted, what to do.
 *
 * Adds to the object of record_json: seen {fence, fences, a[], aaaa[], ttl_s} or null; wanted {a[],
 * aaaa[], ttl_s, node or null}; differences, an array of sentences; by_hand, lines of a zone file
 * for people, or null; adopting, whether an order to adopt stands; read {count, ok, age_ms or
 * null, detail or null}. */
#ifndef HOLDFAST_NODE_RECORD_VIEW_H
#define HOLDFAST_NODE_RECORD_VIEW_H

#include <jansson.h>

#include "record.h"

#define BY_HAND_AFTER_MS 5000 /* so long the provider has failed a holder when people are told */

/* Adds all of that to `json`; NULL is fine. */
void record_view_add(const struct record *record, json_t *json);
/* The two of them that a preview has too. New references. */
json_t *record_view_seen(const struct record *record);
json_t *record_view_wanted(const struct record *record);

#endif
