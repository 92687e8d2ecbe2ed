/* numbers — the epochs known so far, and the next one of one's own (rules N1, V8).
 *
 * Room: `seen` chooses numbers and never refuses a claim; what may be promised is the voter's. */
#ifndef HOLDFAST_PROTO_NUMBERS_H
#define HOLDFAST_PROTO_NUMBERS_H

#include "words.h"

struct numbers {
    uint64_t seen;  /* highest of statements, own promises and claims, disk */
    uint64_t fence; /* highest of the floating record */
};

/* False for a number above max(2^32, highest known) + 2^32: nobody can use the numbers up. */
bool numbers_plausible(const struct numbers *numbers, uint64_t epoch);
/* Notes a plausible number. Asserts that it is plausible. */
void numbers_heard(struct numbers *numbers, uint64_t epoch);
/* The same for a fence of the record. */
void numbers_fence(struct numbers *numbers, uint64_t epoch);
/* Lowest number of `owner`'s parity above all that is known and above `floor`, and at least the
 * wall clock in seconds as long as that is plausible: time only ever raises it. */
uint64_t numbers_next(const struct numbers *numbers, uint8_t owner, uint64_t floor,
                      int64_t wall_s);

#endif
