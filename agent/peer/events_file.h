/* events_file — the kept events on disk: append, rotate, repair, read a page.
 *
 * Room: bytes and files, on whichever thread calls; blocking. One call at a time (events sees to
 * it). No event is held in memory: each call opens the file, does its work and closes it, so a
 * file that was removed or cut by somebody is found out and gone on with.
 * Lines are numbered without gaps, from 1. The number stands in the line itself, as "seq" at its
 * end, so numbers go on after rotation and restart, for as long as a file is there to tell. */
#ifndef HOLDFAST_PEER_EVENTS_FILE_H
#define HOLDFAST_PEER_EVENTS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "err.h"

#define EVENTS_FILE_LINES 5000             /* of one generation */
#define EVENTS_FILE_BYTES 2000000          /* of one generation */
#define EVENTS_LINE_SIZE 8192              /* longest line with its end */
#define EVENTS_BATCH_BYTES ((size_t)64 * 1024) /* written, and read, at once */

/* One generation as it was found last. */
struct events_generation {
    char path[PATH_SIZE + 32];
    uint64_t first; /* number of its first line */
    uint64_t lines; /* whole lines */
    uint64_t bytes; /* of those lines */
};

/* Both generations; the fields are the room's own. */
struct events_file {
    struct events_generation now, older;
};

/* A page as raw lines. */
struct events_slice {
    uint64_t first; /* number of the first line in `bytes`; 0 = none */
    uint64_t lines;
    size_t size;
    char bytes[EVENTS_BATCH_BYTES];
};

/* Looks at both generations, repairs a torn last line, creates the file when there is none.
 * ERR_STATE: it cannot be written; the sentence says why. */
int events_file_open(struct events_file *file, const char *state_dir, struct err *err);
/* Appends whole lines, rotating first when they would not fit. *ret_lines lines of them are in
 * the file afterwards, also when it failed in the middle. Returns 0 or a negative errno. */
int events_file_append(struct events_file *file, const char *bytes, size_t size,
                       uint64_t *ret_lines);
/* Reads the lines from number `from` on: at most `max` and what fits. Returns 0 or a negative
 * errno. */
int events_file_read(const struct events_file *file, uint64_t from, unsigned max,
                     struct events_slice *ret);
/* Number of the oldest kept line, and of the one that comes next. */
uint64_t events_file_oldest(const struct events_file *file);
uint64_t events_file_next(const struct events_file *file);

#endif
