/* outcome — what a step wants done, in order, and what it has to say about it.
 *
 * Plain data with fixed bounds. The shell performs the actions in the order given; that order
 * is the only one in which they are safe (a STORE stands before the SEND of the same step, but
 * no SEND ever rests on a promise whose EVENT_STORED has not come back: rule V4). */
#ifndef HOLDFAST_PROTO_OUTCOME_H
#define HOLDFAST_PROTO_OUTCOME_H

#include "limits.h"
#include "reason.h"
#include "statement.h"
#include "words.h"

/* What the promise file holds (rules V4, V5, N10). The shell adds version and checksum. */
struct stored {
    uint64_t epoch; /* the floor */
    struct members members;
    uint64_t pause_order;       /* rule N12; 0 = none */
    int64_t pause_until_wall_s; /* wall clock, since an order outlives a reboot */
    uint32_t length_ms;         /* of that promise */
    uint8_t holder;             /* whom it was promised, or PEER_NONE */
    bool present;               /* false: file missing or damaged */
    bool genesis;   /* written by `holdfast init`: (0, nobody), one lease of silence */
    uint8_t unused; /* no padding: equal contents are equal bytes */
};

enum standing {
    STANDING_ALONE,   /* node, no holder known to be alive */
    STANDING_STANDBY, /* node, the other one holds */
    STANDING_HOLDER,
    STANDING_FORCED, /* rule N11 */
    STANDING_WITNESS,
};

enum action_kind {
    ACTION_STORE,    /* write `stored`; answer with EVENT_STORED{ticket} */
    ACTION_SEND,     /* own statement `outcome.statement`, sealed for peer `to` */
    ACTION_RELAY,    /* newest signed bytes of peer `author` (core_kept), sealed for peer `to` */
    ACTION_STANDING, /* standing, epoch and/or until changed: `outcome.standing` */
    ACTION_WAKE,     /* step again with EVENT_WAKE at `at`; replaces the earlier wish */
    ACTION_NEW_BOOT, /* memory was rolled back or cloned: end the process and start anew */
};

/* One thing to do; which fields count depends on the kind. */
struct action {
    enum action_kind kind;
    uint8_t to;
    uint8_t author;
    uint64_t ticket;
    mono_ms at;
};

/* Full picture of the standing, delivered whenever any field of it changes. */
struct standing_report {
    uint64_t epoch;       /* held or forced epoch, else 0 */
    mono_ms since;        /* when this standing began; for a lapse: the end of the lease, also
                             when the process slept through it */
    mono_ms holds_until;  /* end of the lease as far as it is known now; moves with renewals.
                             MONO_LONG_AGO when not holding */
    mono_ms lead_at;      /* demotion duties start here unless a renewal comes */
    enum standing standing;
    bool leaving;         /* giving up on purpose: stop effects, then EVENT_IDLE (rule N7) */
    bool after_release;   /* this holdership followed a release: no promote-delay needed */
    uint16_t unused;      /* no padding: equal contents are equal bytes */
};

struct outcome {
    struct action actions[ACTION_COUNT_MAX];
    size_t action_count;
    struct note notes[NOTE_COUNT_MAX];
    size_t note_count;
    size_t notes_lost;
    struct statement statement; /* valid when an ACTION_SEND is present; composed once */
    struct stored stored;       /* valid when an ACTION_STORE is present */
    struct standing_report standing;
    bool prompt; /* a room asks to speak soon; used between the rooms of core only */
};

/* Appends an action. Asserts that there is room: the bound holds by construction of core. */
void outcome_act(struct outcome *outcome, struct action action);
/* Appends a note, or counts it as lost when the table is full. */
void outcome_note(struct outcome *outcome, enum reason reason, uint8_t peer, uint64_t epoch,
                  int64_t number);

#endif
