/* calm — time in which nothing fails but what the network and the machines do anyway: how often
 * does the holder change all the same?
 *
 * Room: simulates such time, and counts. Losing a lease is rare, so two things are looked at more
 * closely, and count the less for it; no figure is shifted by that:
 *  - Whenever the lease that is left falls below a level, the run is split into several that go on
 *    with different luck until the lease is renewed (the literature calls it RESTART).
 *  - Long stand-stills of a process are left out of the run, and played beside it instead: now and
 *    then when one begins, a copy goes on with a long one, drawn so that deadly ones are frequent
 *    (importance sampling). Where long ones are frequent by themselves, they stay in the run. */
#ifndef HOLDFAST_PLAN_CALM_H
#define HOLDFAST_PLAN_CALM_H

#include "field.h"

#define CALM_STEPS 20    /* levels that are looked at: twentieths of the lease */
#define CALM_DEPTH_MAX 8 /* levels that split */
#define YEAR_S 31557600.0

/* Where to split, and into how many; 0 or 1 = not. [0]: 19 twentieths of the lease are left. */
struct calm_levels {
    uint32_t split[CALM_STEPS];
};

struct calm_order {
    struct setup setup;
    struct calm_levels levels;
    bool witness_away;
    bool plain;        /* long stand-stills stay in the run, however rare they are */
    double seconds;    /* to simulate from end to end */
    double years;      /* that somebody asked for: no figure claims to rest on more */
    uint64_t step_max; /* but not more than so many steps of the core, splits included */
    uint64_t seed;
};

/* Events, weighted: one that was seen in one of 8 splits counts as an eighth. The squares are
 * summed over close calls, and say how sure one can be. */
struct calm_count {
    double luck, luck_square; /* in the run and its splits */
    double stall, stall_square; /* after a long stand-still, beside it */
};

/* What was seen; can be added up. */
struct calm_sums {
    double seconds;  /* simulated from end to end */
    double multiple; /* close calls were played so many times each */
    double years;    /* asked for, as ordered */
    struct calm_count moves;  /* the other node holds, without anybody's wish */
    struct calm_count lapses; /* the end of a lease, whoever holds next */
    double handovers;         /* moves that the settings ask for */
    double without_ms;        /* nobody held */
    span_ms longest_ms;
    uint64_t runs, stalls; /* that were split off; long stand-stills that were played */
    uint64_t steps, run_steps; /* of the core: in all; in what was split off */
    uint64_t crossed[CALM_STEPS]; /* how often a run came down to this level */
    bool overrun;        /* splits took so many steps that it was broken off: take fewer */
    char violation[300]; /* a broken promise; empty = none */
};

/* The memory for one thread's runs. */
struct calm_bench {
    struct field fields[CALM_DEPTH_MAX + 1];
};

/* Simulates as ordered; *ret is set anew. */
void calm_play(struct calm_bench *bench, const struct calm_order *order, struct calm_sums *ret);

/* ---- calm_sums.c ---- */

/* Both belong to the same order, but for the seed. */
void calm_add(struct calm_sums *sum, const struct calm_sums *other);
/* After a run without splits: levels that multiply close calls by `multiple` and do not cost much
 * more than the run itself. All zero when close calls are so frequent that it would not pay. */
void calm_tune(const struct calm_sums *seen, uint32_t multiple, struct calm_levels *ret);
/* Product of all splits. */
double calm_multiple(const struct calm_levels *levels);

/* An estimate per year, and the upper end of where it is with 95 % confidence. */
struct calm_rate {
    double seen;  /* events, weighted */
    double years; /* that they stand for: simulated years times the multiple, at most the years
                     that were asked for */
    double per_year, at_most;
};
/* How often, by the sums' moves or lapses. */
struct calm_rate calm_rate(const struct calm_sums *sums, const struct calm_count *count);

#endif
