/* view — a read-only copy of the state for `status`, `why` and metrics.
 *
 * Room: turns the parts of core into words that an operator asks for; decides nothing.
 * What it says is never false at the instant `now` that it was made for. */
#ifndef HOLDFAST_PROTO_VIEW_H
#define HOLDFAST_PROTO_VIEW_H

#include "core.h"

/* Is there a holder, or at least a claim? */
enum contact { CONTACT_NONE, CONTACT_ELECTING, CONTACT_HELD };

struct peer_view {
    uint8_t peer;
    enum pulse_state state;
    bool ever_heard;
    span_ms age_ms;        /* since the last accepted statement; -1 never */
    span_ms rtt_ms;        /* -1 unknown; smoothed, direct statements only */
    span_ms jitter_ms;     /* of the round trips; -1 unknown */
    uint32_t loss_ppt;     /* share of its statements that did not arrive, parts per thousand,
                              over about the last 64 */
    bool relayed;          /* the newest one came through the third peer */
    uint64_t epoch;        /* what it claims, else what it promised */
    uint8_t promised_to;   /* PEER_NONE when to nobody */
    uint32_t flags;        /* enum statement_flag, of its last accepted statement */
    uint32_t lease_ms;
    uint32_t unfit_mask;
    bool members_differ;   /* its members hash is not mine: misconfigured */
    bool settings_differ;  /* only a warning */
    bool two_processes;    /* boots alternate: one key used twice */
    int64_t wall_skew_s;   /* its wall clock minus mine when heard */
    char version[VERSION_SIZE];
};

struct view {
    uint8_t self;
    mono_ms now;
    enum standing standing;
    uint8_t holder;        /* in force, or forced (N11); PEER_NONE when none is known */
    enum contact contact;
    uint64_t epoch;        /* the number in force: mine if I hold, else the holder's */
    mono_ms since;         /* of the standing */
    mono_ms holds_until;   /* own lease; MONO_LONG_AGO when not holding */
    span_ms lease_left_ms; /* own lease, or as a voter the rest of my promise; -1 none */
    uint32_t quorum;       /* peers (I included) that back the holder or could back one now */
    bool fit;
    bool silent;
    bool leaving;
    bool forced;
    mono_ms maintenance_until; /* MONO_LONG_AGO = off */
    mono_ms paused_until;      /* MONO_LONG_AGO = no */
    bool frozen;               /* rule V9: proof of a lying or cloned peer */
    bool members_pending;      /* rule N10: the new set is not confirmed yet */
    bool crash_survivable;     /* if the holder died now, the other would take over */
    uint32_t stalls;           /* since start */
    span_ms stall_ms_max;
    uint64_t seen_epoch;
    uint64_t floor;
    bool store_failing;
    struct peer_view peers[PEER_COUNT]; /* own slot unused */
    /* for each thing that is not happening, what is missing; see view_* below */
    struct obstacle claim_obstacles[OBSTACLE_COUNT_MAX];  /* why I do not claim */
    size_t claim_obstacle_count;
    struct obstacle survive_obstacles[OBSTACLE_COUNT_MAX]; /* why a crash would not be survived */
    size_t survive_obstacle_count;
};

/* Fills *ret as of `now`, which must not be before the core's last step. */
void view_make(const struct core *core, mono_ms now, struct view *ret);

#endif
