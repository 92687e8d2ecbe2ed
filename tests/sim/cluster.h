/* cluster — one seed's life: settings drawn, faults from a script, healing, judgement.
 *
 * Everything comes from the seed: which profile, how bad the world is, and the script of faults.
 * The script is drawn before the run, each fault with its own numbers and its own end, so that
 * any of them can be left out and the others stay what they were (shrink.h). */
#ifndef HOLDFAST_TESTS_SIM_CLUSTER_H
#define HOLDFAST_TESTS_SIM_CLUSTER_H

#include "fault.h"
#include "world.h"

#define CYCLE_MINUTES 15 /* faults, then a heal in which somebody must hold again */

/* DRILLS: no faults by chance, but each drill of drill.h in turn. */
enum level { LEVEL_QUIET, LEVEL_DRILLS, LEVEL_LIGHT, LEVEL_ROUGH, LEVEL_HELL, LEVEL_COUNT };

/* What the caller wants of each seed. Zeroed: all from the seed, an hour. */
struct cluster_options {
    uint32_t minutes; /* simulated; 0 = 60 */
    bool level_given;
    enum level level;
    const char *muted; /* checkers that keep silent, "name,name"; borrowed */
    const char *drill; /* at the level "drills": only this one */
    bool hostile;     /* somebody has the key of one peer: lie.h */
    bool bytes;       /* real signatures in every run, not in one of a hundred */
    bool no_bytes;
    bool blind_writes, batch_clock, monotonic_clock; /* broken worlds, for the checkers' sake */
    bool loud;        /* print faults and decisions as they happen */
};

struct cluster_sums {
    uint64_t seeds, steps, byte_steps; /* byte_: of runs through real bytes */
    uint64_t heals, drills, faults, skipped, apart_overlaps, byte_runs, datagrams;
    uint64_t faults_by_kind[FAULT_KIND_COUNT];
    uint64_t sent, lost, doubled, late, garbled, replayed;
    uint64_t heal_ms_sum, heal_permille_max; /* until somebody holds again; of a lease */
    uint64_t record_permille_max;            /* and the record says so */
    uint64_t believed, survived;             /* "a crash would be survived", put to the test */
    int64_t simulated_ms;
    struct check_sums check;
};

struct cluster {
    struct world world;
    struct script script;
    struct cluster_options options;
    struct cluster_sums sums;
    enum level level;
    uint64_t seed;
    bool equal_leases; /* then state files may be rolled back, else leases may change */
    bool active[SCRIPT_MAX];
    uint64_t forgot[SLOT_COUNT]; /* what a rolled-back or new disk does not know: up to here */
    span_ms lease_max_ms;
    uint32_t members_newest;
    true_us calm_since;    /* when the last fault ended */
    true_us believe_until; /* a survivable crash is being survived: no other fault until then */
    struct core snapshot;  /* of SNAPSHOT */
    struct stored snapshot_file;
    uint64_t snapshot_life;
    uint8_t snapshot_of;
    bool snapshots;        /* played in this run at all */
    bool restored[SLOT_COUNT]; /* set back since the last heal: an operator restarts it then */
    char muted[CHECK_TEXT_SIZE * 2]; /* for world.muted */
    struct door *door; /* kept between runs; NULL until the first that needs it */
};

/* Allocates one; NULL when memory is short. */
struct cluster *cluster_open(const struct cluster_options *options);
void cluster_close(struct cluster *cluster);
/* Draws everything of a seed, script included. cluster_run plays it. */
void cluster_draw(struct cluster *cluster, uint64_t seed);
/* False on a violation: see world.check. Sums are added up over runs. */
bool cluster_run(struct cluster *cluster);
const char *cluster_level_name(enum level level);

/* The longest lease that is set anywhere now. */
span_ms cluster_lease(const struct cluster *cluster);

#endif
