/* stalls — how long a process stands still: a log-normal distribution, and draws from it.
 *
 * Room: arithmetic on lengths in microseconds; luck comes from the caller's generator. */
#ifndef HOLDFAST_PLAN_STALLS_H
#define HOLDFAST_PLAN_STALLS_H

#include "../../proto/prng.h"
#include "../../proto/words.h"

/* Stand-stills of a process, at random times, on each machine by itself. */
struct stalls {
    span_ms p50_ms, p99_ms; /* half, and 99 of 100, are shorter; p99_ms 0 = none at all */
    span_ms every_ms;       /* one in this time, on average */
};

/* Uniform in (0, 1]. */
double stalls_share(struct prng *prng);
/* Share of all that are longer than this. */
double stalls_longer(const struct stalls *stalls, int64_t us);
/* The length of one that has lasted `lasted` already and is no longer than `limit` (0 = whatever
 * comes). At most an hour: for the protocol that is as good as for ever. */
int64_t stalls_draw(const struct stalls *stalls, struct prng *prng, int64_t lasted,
                    int64_t limit);
/* One that is longer than `least`, drawn so that long ones come much more often than they do, at
 * most `most`. *ret_weight: how often one comes for each that is drawn so. */
int64_t stalls_draw_long(const struct stalls *stalls, struct prng *prng, int64_t least,
                         int64_t most, double *ret_weight);
/* Until the next one begins. */
int64_t stalls_wait(const struct stalls *stalls, struct prng *prng);

#endif
