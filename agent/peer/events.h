/* events — what happened, told once to everybody who keeps it: log, events file, notify.
 *
 * The file is STATE/events.jsonl with one older generation events.1.jsonl: at most 10 000 lines
 * or 4 MB in both together. Writing goes through the loop's thread pool from a bounded queue
 * (1024 events, 1 MiB): a slow or full disk is tried again, then drops events (counted), and
 * never stops the loop.
 * Each line: "time" (UTC, RFC 3339 with ms), "boottime_ms", "event", "epoch", "node", then
 * "text" (the sentence), "level" ("warning" or "alarm", else left out) and own fields; in the
 * file also "seq", the number of the line. `node` is this peer's own name. Absent = null. */
#ifndef HOLDFAST_PEER_EVENTS_H
#define HOLDFAST_PEER_EVENTS_H

#include <jansson.h>
#include <uv.h>

#include "../../proto/reason.h"
#include "err.h"

struct events; /* allocated by events_open, freed by events_close's callback */

struct happening {
    const char *event;       /* "promise-ended"; short, [a-z-] */
    enum reason_level level; /* REASON_DEBUG goes nowhere but a debug log */
    uint64_t epoch;          /* 0 = none */
    const char *text;        /* the sentence for people; may be NULL */
    json_t *fields;          /* own fields (object), reference is stolen; may be NULL */
};

/* Opens the file in the (existing) directory `state_dir`. ERR_STATE when not writable. */
int events_open(struct events **ret, uv_loop_t *loop, const char *state_dir, const char *self,
                struct err *err);
/* Writes what is queued (at most 1 s), then frees; what is told after it goes to the log only
 * through log itself: do not call events_tell any more. Reads that wait are answered with NULL.
 * The loop must still run until its handles are closed. */
void events_close(struct events *events);

/* Tells log and events file (and whoever listens, see events_listen). Safe from callbacks. */
void events_tell(struct events *events, const struct happening *happening);

/* Calls `on_event` for each event with its JSON object (borrowed). One listener: notify. */
void events_listen(struct events *events, void (*on_event)(void *owner, const json_t *event),
                   void *owner);

/* Which events; see events_read. */
struct events_range {
    uint64_t cursor;
    unsigned max;
    bool from_end;
};

/* Reads a page asynchronously: lines after `cursor` (0 = oldest kept), at most `max` (<= 500)
 * and 64 KiB, calls back with {"events": [...], "next": cursor, "lost": bool} (stolen
 * reference) or NULL on a read error. At most 4 reads at once; more answer NULL at once.
 * from_end: cursor counts back from the newest instead (the last N events).
 * A cursor is the number of the last line seen. Numbers go on through rotation and restart; if
 * they begin anew (files removed while the daemon was down), a cursor beyond the newest line
 * starts at the oldest, with "lost". */
void events_read(struct events *events, const struct events_range *range,
                 void (*on_page)(void *owner, json_t *page), void *owner);
/* Events that did not get into the file. */
uint64_t events_dropped(const struct events *events);
/* This peer's own name. */
const char *events_self(const struct events *events);

#endif
