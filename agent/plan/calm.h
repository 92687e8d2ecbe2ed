/* calm — time in which nothing fails but what the network and the machines do anyway: how often
 * does the holder change all the same?
 *
 * Room: simulates such time, and counts. Losing a lease is rare, so close calls are looked at more
 * closely: whenever the lease that is left falls below a level, the run is split into several that
 * go on with different luck until the lease is renewed, and each of them counts the less (the
 * literature calls it RESTART). No figure is shifted by that; it only rests on more. */
#ifndef HOLDFAST_PLAN_CALM_H
#define HOLDFAST_PLAN_CALM_H

#include "field.h"

#define CALM_STEPS 20  /* levels that are looked at: twentieths of the lease */
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
    double seconds;    /* to simulate from end to end */
    double years;      /* that somebody asked for: no figure claims to rest on more */
    uint64_t step_max; /* but not more than so many steps of the core, splits included */
    uint64_t seed;
};

/* What was seen; can be added up. Events are weighted: one that was seen in one of 8 splits counts
 * as an eighth. */
struct calm_sums {
    double seconds;  /* simulated from end to end */
    double multiple; /* close calls were played so many times each */
    double years;    /* asked for, as ordered */
    double moves, lapses, handovers; /* the other node, without anybody's wish; the end of a lease,
                                        whoever holds next; moves that the settings ask for */
    double moves_square, lapses_square; /* sums over close calls, for how sure one can be */
    double without_ms; /* nobody held */
    span_ms longest_ms;
    uint64_t runs;   /* that were split off */
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
struct calm_rate calm_moves(const struct calm_sums *sums);
struct calm_rate calm_lapses(const struct calm_sums *sums);

#endif
