/* world — three cores, a network, disks and clocks in one process, driven by one seed.
 *
 * A discrete-event world around the product's own proto/ code. True time is in microseconds;
 * each peer reads it through a clock of its own rate. Checkers look after every event and keep
 * the first violation. Used by the stories and the smoke swarm. */
#ifndef HOLDFAST_TESTS_SIM_WORLD_H
#define HOLDFAST_TESTS_SIM_WORLD_H

#include "../../proto/core.h"

#define WORLD_EVENT_MAX 4096
#define WORLD_BUFFER_MAX 256

typedef int64_t true_us;

struct world_net {
    span_ms delay_min, delay_max;
    uint32_t loss_ppt, double_ppt, late_ppt;
    span_ms late_max;
    bool cut[PEER_COUNT][PEER_COUNT]; /* [from][to] */
};

struct world_disk {
    struct stored file;
    struct stored before; /* an older content, for rolled-back machines */
    span_ms delay_min, delay_max;
    bool failing;
};

struct world_peer {
    bool up;
    uint32_t life;   /* counts starts; events of an earlier life are void */
    uint64_t wakes;  /* counts wishes to be woken; only the newest counts */
    bool frozen;
    struct core core;
    mono_ms base;    /* own clock at true time 0 */
    true_us base_at;
    int32_t rate_ppm; /* of the clock, off from true */
    int64_t wall_offset_s;
    bool fit;
    bool auto_idle;  /* effects end at once when leaving */
    struct world_disk disk;
};

enum world_kind { WORLD_NONE, WORLD_WAKE, WORLD_DELIVER, WORLD_STORED, WORLD_THAW };

struct world_event {
    true_us at;
    uint64_t serial;
    enum world_kind kind;
    uint8_t peer;
    uint32_t life;
    uint64_t ticket;
    bool ok;
    mono_ms wake_at;
    struct stored stored;
    struct statement statement;
    uint8_t via;
};

struct world {
    struct core_settings settings; /* self, boot and seed are set per start */
    struct world_net net;
    struct world_peer peers[PEER_COUNT];
    struct prng prng;
    true_us now;
    uint64_t serial;
    struct world_event events[WORLD_EVENT_MAX];
    uint16_t heap[WORLD_EVENT_MAX];
    size_t heap_size;
    uint16_t free_list[WORLD_EVENT_MAX];
    size_t free_count;
    void (*on_note)(void *owner, const struct world *world, uint8_t peer,
                    const struct note *note);
    void *owner;
    char violation[160]; /* empty = none */
    uint64_t last_epoch; /* of the newest holdership */
    uint8_t last_holder;
    uint64_t acquisitions, moves, steps;
};

/* Sets up three peers that are down, on perfect clocks and a quiet net. */
void world_init(struct world *world, uint64_t seed, span_ms interval_ms, span_ms lease_ms);
void world_start(struct world *world, uint8_t peer);
void world_crash(struct world *world, uint8_t peer);
/* Stops the process but not its clock; its socket buffer fills meanwhile. */
void world_freeze(struct world *world, uint8_t peer, span_ms length);
void world_event(struct world *world, uint8_t peer, const struct event *event);
void world_fit(struct world *world, uint8_t peer, bool fit);
void world_heal(struct world *world);
/* Runs until `at` (true time). False when a checker found a violation. */
bool world_run(struct world *world, true_us at);
/* Holder by the truth of all clocks at this instant, PEER_NONE, or 254 when there are two. */
uint8_t world_holder(const struct world *world);
mono_ms world_clock(const struct world *world, uint8_t peer);
void world_rate(struct world *world, uint8_t peer, int32_t rate_ppm);
span_ms world_draw(struct world *world, span_ms low, span_ms high);

#endif
