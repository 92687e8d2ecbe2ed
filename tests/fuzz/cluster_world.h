/* cluster_world — three cores, their clocks, disks and letters, under one true time.
 *
 * Small enough to be copied for each run. Letters are kept after they arrived, so that they can
 * come again, late and out of order. The checkers look after every step and abort. */
#ifndef HOLDFAST_TESTS_FUZZ_CLUSTER_WORLD_H
#define HOLDFAST_TESTS_FUZZ_CLUSTER_WORLD_H

#include "proto/core.h"

#define WORLD_LETTER_MAX 32 /* newest ones on their way, or kept for a replay */
#define WORLD_PIN_MAX 4     /* kept for good */
#define WORLD_OLDER_MAX 3   /* contents that a state file had before */
#define WORLD_STEP_MAX 64   /* per run: two leases of a whole cluster, or more of a broken one */

typedef int64_t true_us;

struct world_letter {
    true_us due; /* WORLD_IDLE: not on its way */
    uint8_t via, to;
    struct statement said;
};
#define WORLD_IDLE INT64_MAX

struct world_write {
    bool on;
    bool done; /* the disk has it; the core does not know yet */
    bool ok;
    true_us due;
    uint64_t ticket;
    struct stored content;
};

struct world_peer {
    struct core core;
    bool up, fit, auto_idle, disk_fails;
    bool permitted;
    struct permit permit;
    mono_ms base; /* own clock at base_at */
    true_us base_at;
    int32_t rate_ppm;
    true_us frozen_until; /* the process stands still, its clock does not */
    true_us wake_due;
    mono_ms wake_at;
    span_ms disk_ms;
    span_ms lease_ms;
    struct stored file;
    struct stored older[WORLD_OLDER_MAX];
    struct world_write write;
};

struct world {
    true_us now;
    struct core_settings settings;
    struct world_peer peers[PEER_COUNT];
    struct world_letter letters[WORLD_LETTER_MAX];
    size_t next; /* slot of the next letter */
    struct world_letter pins[WORLD_PIN_MAX];
    span_ms delay_ms[PEER_COUNT][PEER_COUNT]; /* [from][to]; below 0: cut */
    uint64_t boots;
    uint64_t last_epoch; /* of the newest holdership */
    bool rolled_back;    /* a state file came from a backup: numbers may come again */
    unsigned steps;
};

/* Three peers of a new cluster, down, with perfect clocks. leases: ms, one for each. */
void world_begin(struct world *world, span_ms interval_ms, const span_ms leases[PEER_COUNT],
                 uint32_t drift_ppm);
void world_start(struct world *world, uint8_t peer);
/* written: what was on its way to the disk got there. */
void world_crash(struct world *world, uint8_t peer, bool written);
/* Lets time go on; everything due until then happens. */
void world_run(struct world *world, span_ms length);
/* True when this run has taken its share. */
bool world_is_over(const struct world *world);
mono_ms world_clock(const struct world *world, uint8_t peer);
/* A clock of another rate from now on. */
void world_rate(struct world *world, uint8_t peer, int32_t rate_ppm);
/* Takes an event; nothing happens when the peer is down or frozen. */
void world_event(struct world *world, uint8_t peer, struct event event);
/* A letter arrives (again), now. */
void world_deliver(struct world *world, const struct world_letter *letter);
/* May `peer` lose its memory: do the two others remember (rule V5)? */
bool world_others_remember(const struct world *world, uint8_t peer);

#endif
