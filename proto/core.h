/* core — the owner and the door: facts in, outcome out.
 *
 * Holds the parts (echo, voter, claim, ...) and calls them in a fixed order; no rule lives here.
 * Plain data: memcpy is a snapshot, and the same facts in the same order give the same bytes on
 * the wire. No clock, no I/O, no allocation, no text.
 * Questions that need several parts have rooms of their own beside it: candidacy (may I claim?),
 * handover (should I give up?), orders, speech (what do I say, to whom?), standing, view.
 *
 * Contract with the shell:
 *  - `now` never runs back and is read after the fact was taken from its source (after recv,
 *    per datagram). A step first settles what has expired, then looks at the event.
 *  - Actions of an outcome are performed in order, before the next step.
 *  - Every ACTION_STORE is answered by exactly one EVENT_STORED with its ticket, ok or not.
 *  - Outside effects start only under a permit from core_permit. */
#ifndef HOLDFAST_PROTO_CORE_H
#define HOLDFAST_PROTO_CORE_H

#include "claim.h"
#include "echo.h"
#include "evidence.h"
#include "force.h"
#include "lease.h"
#include "merit.h"
#include "numbers.h"
#include "outcome.h"
#include "pause.h"
#include "permit.h"
#include "prng.h"
#include "pulse.h"
#include "relay.h"
#include "roster.h"
#include "silence.h"
#include "stall.h"
#include "voter.h"

/* Constant during a life of the process; copied by core_init. */
struct core_settings {
    uint8_t self;           /* 0, 1 or PEER_WITNESS */
    span_ms interval_ms;    /* INTERVAL_MS_MIN..MAX */
    span_ms lease_ms;       /* LEASE_MS_MIN..MAX, >= 4 intervals */
    uint32_t drift_ppm;     /* DRIFT_PPM_MIN..MAX */
    uint32_t jitter_ppt;    /* of the interval, 0..200; the daemons use 100 */
    span_ms demote_lead_ms; /* duties start this long before the lease ends */
    uint8_t prefer;         /* node to fail back to, or PEER_NONE (rule N9) */
    span_ms failback_after_ms;
    span_ms min_hold_ms;
    bool in_place;      /* `holdfast restart`: the same machine and disk, a moment later */
    uint64_t boot;      /* fresh random, not 0 */
    uint64_t prng_seed; /* fresh random */
    int64_t wall_s;     /* wall clock at the start */
    uint64_t settings_hash;
    uint64_t members_hash;
    struct members members;
    char version[VERSION_SIZE];
};

enum event_kind {
    EVENT_WAKE,    /* the instant of ACTION_WAKE came, or an earlier one: harmless */
    EVENT_HEARD,   /* intake said INTAKE_OK */
    EVENT_STORED,  /* the write of `ticket` ended */
    EVENT_FITNESS, /* health changed its mind */
    EVENT_FENCE,   /* the floating record's fence names `epoch` (rule N6) */
    EVENT_IDLE,    /* after standing.leaving: no effect runs any more */
    EVENT_DEMOTED, /* after a start: the duties of a standby have run (rule V6) */
    EVENT_ORDER,   /* an operator's order, authorised by the shell */
};

enum order {
    ORDER_HANDOVER,    /* switchover: give up to a fit standby (rule N7) */
    ORDER_STOP,        /* SIGTERM: give up, whoever may be there */
    ORDER_MAINTENANCE, /* on for `span_ms` (0 = off); a holder hands over first */
    ORDER_PAUSE,       /* cluster-wide for `span_ms` (0 = resume) */
    ORDER_FORCE,       /* takeover --force --peer-is-down (rule N11) */
    ORDER_RELEASE,     /* end a forced standing, or the waiting for one */
    ORDER_RECOVER,     /* rule V5/N10: go on without `peer`; the operator says it is off */
};

struct event {
    enum event_kind kind;
    int64_t wall_s; /* wall clock at `now`; epochs' lower bound and display only */
    union {
        struct {
            const struct statement *statement;
            const uint8_t *bytes; /* signature and body; copied when kept */
            size_t size;
            uint8_t via; /* the peer whose datagram carried it; == statement->from if direct */
        } heard;
        struct {
            uint64_t ticket;
            bool ok;
        } stored;
        struct {
            bool fit;
            uint32_t unfit_mask; /* bit per probe */
        } fitness;
        struct {
            uint64_t epoch;
        } fence;
        struct {
            enum order order;
            uint8_t peer;    /* HANDOVER: to whom; RECOVER: who is gone; else PEER_NONE */
            bool anyway;     /* HANDOVER: of two unfit; MAINTENANCE: without handing over */
            span_ms span_ms; /* MAINTENANCE, PAUSE */
        } order;
    };
};

struct core {
    struct core_settings settings;
    mono_ms now; /* of the last step; asserts that time never runs back */
    mono_ms started;
    int64_t wall_s;
    mono_ms next_tick, join_from; /* at the latest; beside a peer's statement from here */
    mono_ms prompt_at;  /* MONO_NEVER when nothing waits */
    mono_ms last_spoke;
    uint32_t repeats_left; /* of an important statement (rule N7) */
    struct prng prng;
    struct numbers numbers;
    struct echo echo;
    struct statement last[PEER_COUNT]; /* newest accepted of each; mark.boot 0 = none */
    uint8_t via[PEER_COUNT];           /* whose datagram carried it */
    struct pulse pulse[PEER_COUNT];
    struct relay relay;
    struct silence silence;
    struct voter voter;
    struct claim claim;
    struct merit merit;
    struct pause pause;
    struct force force;
    struct roster roster;
    struct evidence evidence;
    struct stall stall;
    uint64_t poisoned_boot[PEER_COUNT]; /* rule V8: told once per life of that peer */
    enum reason leave_reason;        /* of claim.leaving */
    bool stopping;                   /* ORDER_STOP was given: no claim any more */
    bool new_boot_asked;             /* ACTION_NEW_BOOT was handed out */
    struct standing_report reported; /* last one handed out */
    uint64_t steps;
};

/* Sets up `core` for one life of the process. Zeroes it first.
 *
 * settings  copied; asserted to be within limits.h (config has checked them).
 * found     what the promise file held; .present false when missing or damaged.
 * ret       the first outcome: at least ACTION_STANDING and ACTION_WAKE. */
void core_init(struct core *core, const struct core_settings *settings,
               const struct stored *found, mono_ms now, struct outcome *ret);

/* One step: settles what expired by `now`, then takes the event, then decides and plans.
 * No failure path: refusing is a note. Asserts that `now` is not before the last step's. */
void core_step(struct core *core, mono_ms now, const struct event *event, struct outcome *ret);

/* Would this order be accepted now? 0 obstacles = yes. For the control room, which asks before
 * it steps the order, so that a refusal names every reason. Returns the count. */
size_t core_order_obstacles(const struct core *core, mono_ms now, const struct event *order,
                            struct obstacle ret[OBSTACLE_COUNT_MAX]);

/* Asks for a permit for an effect of at most `need_ms`.
 *
 * True and *ret_permit set only while: holder (or forced), at least PERMIT_LEFT_MS_MIN and more
 * than demote_lead of lease left, the newest grant answers a statement sent less than
 * min(max(2 x interval, 1 s), lease/2) ago and after the last stall, not paused, not leaving.
 * False: *ret_reason says which is missing; ask again at the next STANDING. */
bool core_permit(const struct core *core, mono_ms now, span_ms need_ms,
                 struct permit *ret_permit, enum reason *ret_reason);

/* True while a request under this permit may still be (re)sent: the lease of its epoch goes on
 * and neither demotion lead, pause nor leaving began. A caller asks right before each send,
 * with a clock read for it. */
bool core_permit_holds(const struct core *core, mono_ms now, const struct permit *permit);

/* Newest signed bytes of a peer kept for relaying, or NULL. Valid until the next step. */
const uint8_t *core_kept(const struct core *core, uint8_t author, size_t *ret_size);

#endif
