/* statement — the one message of the protocol: everything that a peer currently says.
 *
 * Room: a plain struct and the question whether one makes sense by itself. What it means for
 * the cluster is asked elsewhere (echo, voter, claim).
 * Used by: wire (bytes), core (composes and hears). */
#ifndef HOLDFAST_PROTO_STATEMENT_H
#define HOLDFAST_PROTO_STATEMENT_H

#include "limits.h"
#include "words.h"

enum statement_flag {
    STATEMENT_HOLDING = 1 << 0,     /* I am the holder at the moment of speaking */
    STATEMENT_FIT = 1 << 1,         /* my node could serve */
    STATEMENT_SILENT = 1 << 2,      /* rule V5: I back nobody new yet */
    STATEMENT_MAINTENANCE = 1 << 3, /* an operator keeps this node from claiming */
    STATEMENT_FORCED = 1 << 4,      /* rule N11: my claim is a forced takeover */
    STATEMENT_PAUSED = 1 << 5,      /* rule N12 */
    STATEMENT_LEAVING = 1 << 6,     /* rule N7: giving up on purpose, or did so and abstains */
    STATEMENT_HELD_BACK = 1 << 7,   /* V9, N10, N11 or the disk keep me from acting anew */
};

/* "For length_ms from the moment I accepted your statement `answers`, I back nobody but
 * `holder` under `epoch`." epoch 0 = no promise in force; then holder is PEER_NONE. */
struct promise_said {
    uint64_t epoch;
    uint8_t holder;
    uint32_t length_ms;
    struct mark answers; /* boot 0 for a promise to oneself, or one from before a restart */
};

/* Rule N12: the newest order (highest number) wins; left_ms 0 = resumed. */
struct pause_said {
    uint64_t order; /* 0 = never ordered */
    uint32_t left_ms;
};

struct statement {
    uint8_t from;
    struct mark mark;              /* this statement's own boot and seq */
    struct mark heard[PEER_COUNT]; /* newest accepted of each other peer; own slot is zero */
    struct mark greet[PEER_COUNT]; /* newest verified, not yet accepted (first contact) */
    uint32_t heard_age_ms[PEER_COUNT]; /* how long ago heard[] was accepted; for RTT only */
    uint64_t seen_epoch;           /* highest number known to the speaker (rule V8) */
    uint64_t claim;                /* 0 = none */
    uint64_t released;             /* every own number up to this one is given up for good */
    uint32_t lease_ms;
    uint32_t drift_ppm;
    struct promise_said promise;
    struct pause_said pause;
    uint32_t flags;         /* enum statement_flag */
    uint32_t unfit_mask;    /* summary of why not fit, one bit per probe of the config order */
    uint64_t settings_hash; /* for a warning only */
    uint64_t members_hash;  /* rule N10 */
    int64_t wall_s;         /* speaker's wall clock: skew warnings only */
    char version[VERSION_SIZE];
};

/* Why a statement is refused by itself. STATEMENT_OK is 0. */
enum statement_verdict {
    STATEMENT_OK,
    STATEMENT_BAD_SENDER,  /* from is no peer */
    STATEMENT_BAD_MARK,    /* boot or seq 0, or seq beyond 2^63 */
    STATEMENT_BAD_TERMS,   /* lease, drift or promise length out of bounds */
    STATEMENT_BAD_PARITY,  /* a number that cannot belong to the peer it names */
    STATEMENT_BAD_CLAIM,   /* a witness claims; a claim already released */
    STATEMENT_BAD_PROMISE, /* a promise to nobody, to a witness, or an epoch without a holder */
    STATEMENT_BAD_TEXT,    /* version is not short printable ASCII */
};

/* Judges a decoded statement by itself (rules V3, N5, V8 as far as one statement shows).
 * Accepts any content. */
enum statement_verdict statement_check(const struct statement *statement);

/* The node whose epochs have this number's parity: 0 for even, 1 for odd. */
uint8_t statement_epoch_owner(uint64_t epoch);

/* Highest epoch that the statement names in any field. */
uint64_t statement_epoch_max(const struct statement *statement);

#endif
