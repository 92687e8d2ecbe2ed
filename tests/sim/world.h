/* world — three cores, a network, disks, clocks and a DNS server in one process, from one seed.
 *
 * A discrete-event world around the product's own proto/ code. True time is in microseconds;
 * each peer reads it through a clock of its own rate. Nothing here decides anything for the
 * product: it delivers, delays, loses, stops and starts. Checkers (check.h) look after every
 * event. Used by the stories, the swarm, the mutants and holdfast-plan. */
#ifndef HOLDFAST_TESTS_SIM_WORLD_H
#define HOLDFAST_TESTS_SIM_WORLD_H

#include "check.h"
#include "writer.h"

#define WORLD_BUFFER_MAX 256  /* datagrams in the socket buffer of a frozen process */
#define WORLD_REPLAY_MAX 128  /* old statements kept for replays */
#define HOLDER_BOTH 254

struct world;
struct door; /* real bytes and keys; NULL: statements are trusted */

struct world_net {
    span_ms delay_min, delay_max;
    uint32_t loss_ppt, double_ppt, late_ppt, garble_ppt;
    span_ms late_max;
    uint8_t cut[SLOT_COUNT][SLOT_COUNT];        /* [from][to]: how many cuts are in force */
    uint16_t link_loss_ppt[SLOT_COUNT][SLOT_COUNT];
    uint32_t link_delay_us[SLOT_COUNT][SLOT_COUNT]; /* on top of the delay of all */
    struct world_event replays[WORLD_REPLAY_MAX];
    uint32_t replay_count; /* ever kept */
    uint64_t sent, lost, doubled, late, garbled, replayed;
};

struct world_disk {
    struct stored file;
    struct stored before; /* an older content, for rolled-back machines */
    span_ms delay_min, delay_max;
    uint8_t failing; /* how many reasons to fail are in force */
};

struct world_peer {
    bool up;
    uint32_t life; /* counts starts; events of an earlier life are void */
    bool frozen;
    bool clock_stopped; /* frozen together with its clock */
    true_us thaw_at;
    true_us frozen_at, thawed_at; /* the last time that it stood still */
    mono_ms thawed_local;
    true_us guest_thawed_at; /* the last time that its clock stood still with it */
    mono_ms batch_now; /* the reading that a broken pump uses until batch_until */
    true_us batch_until;
    true_us slept_us;  /* how long, when its clock ran on; 0 when it cannot know */
    uint32_t buffered;  /* datagrams waiting meanwhile */
    true_us slow_until; /* when the write under way ends */
    true_us wake_at;    /* when it is stepped next; INT64_MAX = not */
    mono_ms wake_local;
    struct core core;
    struct core_settings settings; /* of the next start */
    mono_ms base; /* own clock at true time base_at */
    true_us base_at;
    int32_t rate_ppm; /* of the clock, off from true */
    int64_t wall_offset_s;
    bool fit;
    bool auto_idle;        /* effects end at once when leaving */
    uint32_t members_set;  /* which set of keys it was configured with */
    uint32_t members_running;
    struct world_disk disk;
    struct writer writer;  /* nodes only */
};

struct world {
    struct core_settings settings; /* of all peers at world_init; each has a copy */
    struct world_net net;
    struct world_peer peers[SLOT_COUNT];
    struct zone zone;
    struct check check;
    struct prng prng;  /* of the world: delays, losses */
    true_us now;
    struct event_queue queue;
    bool has_zone;     /* play the record too */
    uint8_t liar;      /* somebody speaks with this peer's stolen key; PEER_NONE: nobody does */
    const char *muted; /* checkers that keep silent, "name,name"; NULL = none. Borrowed */
    bool wall_stands;  /* wall clocks stand still: numbers rise by the rules alone */
    bool strict;       /* look into the cores as well; stories do not */
    bool batch_clock;      /* a broken pump: one clock reading for all that waited */
    bool monotonic_clock;  /* a broken clock: stands still while the machine is suspended */
    struct door *door;
    void (*on_note)(void *owner, const struct world *world, uint8_t peer,
                    const struct note *note);
    void (*on_undo)(void *owner, uint32_t index);
    void *owner;
    uint64_t steps;
    true_us busy_at;     /* the present instant, and turns of the loop at it */
    uint32_t busy_count;
    uint64_t trace; /* hash of everything that happened: equal runs have equal ones */
};

/* Sets up three peers that are down, on perfect clocks and a quiet net. */
void world_init(struct world *world, uint64_t seed, span_ms interval_ms, span_ms lease_ms);
void world_start(struct world *world, uint8_t slot);
void world_crash(struct world *world, uint8_t slot);
/* Stops the process but not its clock; its socket buffer fills meanwhile. */
void world_freeze(struct world *world, uint8_t slot, span_ms length);
/* Stops the guest and its clock with it: it does not know afterwards. */
void world_freeze_guest(struct world *world, uint8_t slot, span_ms length);
/* Ends whatever stand-still there is, now. */
void world_thaw(struct world *world, uint8_t slot);
/* Gives a fact to a peer, as its shell would. Void when the process is down. */
void world_event(struct world *world, uint8_t slot, const struct event *event);
void world_fit(struct world *world, uint8_t slot, bool fit);
/* Runs until `at` (true time). False when a checker found a violation. */
bool world_run(struct world *world, true_us at);
/* Holder by the truth of all clocks at this instant, PEER_NONE, or HOLDER_BOTH. */
uint8_t world_holder(const struct world *world);
mono_ms world_clock(const struct world *world, uint8_t slot);
/* From here on the clock counts anew, without a jump. */
void world_rebase(struct world *world, uint8_t slot);
void world_rate(struct world *world, uint8_t slot, int32_t rate_ppm);
/* The true instant at which this peer's clock will show `at`; now when it is past. */
true_us world_instant(const struct world *world, uint8_t slot, mono_ms at);
span_ms world_draw(struct world *world, span_ms low, span_ms high);
bool world_chance(struct world *world, uint32_t ppt);
/* An event of this kind for the present life of `slot`, `delay` from now; the caller plans it.
 * NULL when the queue is full. */
struct world_event *world_plan(struct world *world, enum world_kind kind, uint8_t slot,
                               true_us delay);
/* The peer (0, 1, PEER_WITNESS) that lives in a slot. */
uint8_t world_role(uint8_t slot);
/* Makes `to` the same world at the same instant, to go on apart from `from`. Only what is in use is
 * copied, so that it is cheap. The copy has no door: trusted statements only. */
void world_copy(struct world *to, const struct world *from);
/* Other futures from here on: everything that is still to be drawn comes from `seed`. */
void world_reseed(struct world *world, uint64_t seed);
/* A frozen process goes on at `at` instead, and what waits for it with it. */
void world_thaw_at(struct world *world, uint8_t slot, true_us at);
/* Mixes a number into the trace. */
void world_trace(struct world *world, uint64_t number);

/* ---- net.c ---- */

/* The statement leaves `from` for every slot that plays the part of `to`. */
void net_send(struct world *world, uint8_t from, uint8_t to, const struct statement *statement);
/* Delivers what arrived. */
void net_deliver(struct world *world, const struct world_event *event);
/* A statement that somebody else puts on the wire: it reaches `to` in the name of `via`. */
void net_inject(struct world *world, uint8_t via, uint8_t to, const struct statement *statement);
/* Old statements come again. */
void net_replay(struct world *world, uint32_t count);

#endif
