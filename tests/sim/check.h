/* check — what must be true of every run, judged from outside.
 *
 * The checkers keep their own books: they look at what is reported, said, delivered, sent to the
 * DNS server and applied there, by true time, and ask none of the product's rules. The first
 * violation stays. Overlaps that deploy/guide/guarantee.md puts outside the guarantee (a guest
 * frozen together with its clock, memory restored from a snapshot, a forced takeover) count apart.
 */
#ifndef HOLDFAST_TESTS_SIM_CHECK_H
#define HOLDFAST_TESTS_SIM_CHECK_H

#include "event.h"

#define SLOT_COUNT 4          /* three peers, and a replaced witness that runs on */
#define CHECK_CLAIMS_MAX 64   /* claims remembered per voter and node */
#define CHECK_TEXT_SIZE 200
#define NUMBER_MAX ((uint64_t)1 << 34) /* no honest number is ever so high */

struct world;

/* A claim as it reached a voter. */
struct claim_seen {
    struct mark mark;
    uint64_t claim;
    true_us at;
};

/* What a voter's own words bind it to. */
struct binding {
    uint8_t holder; /* PEER_NONE: nobody */
    uint64_t epoch;
    uint64_t boot; /* of the holder's life that was answered */
    true_us until;  /* at least until then, whatever its clock does within the drift */
};

struct check_voter {
    struct claim_seen claims[NODE_COUNT][CHECK_CLAIMS_MAX];
    uint32_t claim_count[NODE_COUNT];
    struct mark taken_up[NODE_COUNT]; /* newest statement of each */
    uint64_t released[NODE_COUNT]; /* highest that reached it */
    struct binding binding;
    uint64_t said_boot, said_promise; /* the newest number it said to back, and in which life */
    bool contradicted; /* the last thing that it heard contradicts an earlier one */
    uint64_t liar_boot, liar_promise; /* the last number that the liar said to back, as heard */
    uint32_t state_life; /* of the following two, after its last step */
    uint8_t bound_last;
    bool frozen_last;
    uint64_t must_learn; /* its disk was lost when this number had been held; 0 = nothing */
};

/* The public face of one node: its last report. */
struct check_node {
    struct standing_report report;
    bool tainted;        /* its clock stood still, or its memory was set back, under this lease */
    mono_ms taint_until; /* own clock */
    enum claim_phase phase;
    uint64_t said_boot;
    bool leaves;
    mono_ms sent[SENT_COUNT_MAX]; /* own clock at each own statement of said_boot */
    mono_ms proof_sent;           /* of the newest one that a promise to it answers */
    mono_ms fit_heard_at;         /* the other node was fit: when the echo of that was sent */
    bool keeps;                   /* a permit that was given to it, as long as it holds */
    struct permit kept;
    true_us demoted_at;  /* its services are closed from then on (of its last holdership) */
};

/* How long who held, for the figures. */
struct check_sums {
    uint64_t elections, moves, lapses, renumbered;
    uint64_t apart_overlaps;  /* outside the guarantee, as explained above */
    uint64_t late_writes;     /* came after the client had given up; were refused by the fence */
    uint64_t blind_writes;    /* the same without compare-and-set: applied, later repaired */
    uint64_t views, effects, promises;
};

struct check {
    struct check_voter voters[SLOT_COUNT];
    struct check_node nodes[NODE_COUNT];
    struct check_sums sums;
    uint64_t epoch_last; /* of the newest holdership anywhere */
    uint8_t epoch_owner;
    uint8_t holder_last;
    uint64_t ended_last;    /* highest number of those that ended, and whether on purpose */
    bool released_last;
    uint8_t crashed_last;   /* the node whose crash ended it; PEER_NONE: no crash did */
    uint64_t forced_last;   /* highest epoch taken by force: counted apart in the order */
    true_us voter_gone_until; /* a replaced witness is gone for good, with its promise */
    uint64_t forgotten;     /* a rolled-back disk knew numbers up to here: they may come again */
    bool memory_restored;   /* snapshots were played: promises may be forgotten */
    true_us lying_noted_at; /* a peer stopped its moves (rule V9); the others hear of it later */
    char checker[24];       /* of the violation; empty = none */
    char text[CHECK_TEXT_SIZE];
};

void check_init(struct check *check);
bool check_failed(const struct world *world);
/* Keeps the first violation. */
void check_fail(struct world *world, const char *checker, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- called by the world ---- */

/* A step of `slot` ended with this outcome. */
void check_stepped(struct world *world, uint8_t slot, const struct outcome *outcome);
/* The process of `slot` is gone, and with it what it held. */
void check_died(struct world *world, uint8_t slot);
/* The clock of `slot` stood still, or its memory was set back: what it believes is suspect for a
 * lease. */
void check_tainted(struct world *world, uint8_t slot);
void check_said(struct world *world, uint8_t slot, const struct statement *statement);
void check_delivered(struct world *world, uint8_t slot, const struct statement *statement);
/* A write leaves a node for the DNS server. */
void check_write_sent(struct world *world, uint8_t node, const struct zone_request *request);
/* A write is about to reach the zone; call before zone_take, and after it. */
struct zone_before {
    uint64_t epoch;
    uint8_t owner;
};
struct zone_before check_zone_before(const struct world *world);
void check_zone_after(struct world *world, const struct zone_before *before,
                      const struct zone_request *request);
/* A new holder would open its services now. */
void check_promoted(struct world *world, uint8_t node);
/* Is every peer's state what it must be? After each step, of `slot`. */
void check_state(struct world *world, uint8_t slot);
/* Is what it says stored, sensible, and in time? */
void check_words(struct world *world, uint8_t slot, const struct statement *statement);
/* Something reached it: before the step that takes it up. */
void check_news(struct world *world, uint8_t slot, const struct statement *statement);
/* In a world with a liar: something reached this honest peer; and after the step. */
void check_liar_heard(struct world *world, uint8_t slot, const struct statement *statement);
void check_liar(struct world *world, uint8_t slot);
/* Would it get a permit now, and may it? */
void check_permit(struct world *world, uint8_t node);
/* Compares what the view of `slot` says with the truth. */
void check_view(struct world *world, uint8_t slot);

/* ---- questions ---- */

/* Does this peer say that a crash of `holder` would be survived? */
bool check_says_survivable(const struct world *world, uint8_t slot, uint8_t holder);

/* Is what this node believes suspect (check_tainted)? */
bool check_is_tainted(const struct world *world, uint8_t node);
/* Does this node hold at this instant, by its own last report and its own clock? */
bool check_holds(const struct world *world, uint8_t node);
/* The one that holds, PEER_NONE, or 254 when both do. */
uint8_t check_holder(const struct world *world);

#endif
