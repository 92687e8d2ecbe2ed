/* peers — one core under test; the test itself plays the other two peers, and time is a variable.
 *
 * Lease 5 s, interval 500 ms, drift 1 %, no jitter. Every step collects its notes in `noted` and
 * remembers the write it asked for, so a test says `peers_written` when the disk is done. */
#ifndef HOLDFAST_TESTS_PEERS_H
#define HOLDFAST_TESTS_PEERS_H

#include <string.h>

#include "proto/core.h"

#define LEASE 5000
#define INTERVAL 500
#define BEGIN ((mono_ms)1000000)
#define WALL ((int64_t)50) /* low: numbers in tests are chosen by the rules, not by the date */

struct rig {
    struct core core;
    struct outcome out; /* of the last step */
    mono_ms now;
    int64_t wall_s;
    uint64_t boot[PEER_COUNT]; /* of the peers that the test plays */
    uint64_t seq[PEER_COUNT];
    uint64_t ticket;           /* of the newest write asked for; 0 = none */
    struct stored stored;      /* and its content */
    uint32_t writes;
    uint32_t sends;            /* statements sent since peers_forget */
    struct statement said;     /* newest own statement */
    uint32_t noted[REASON_COUNT];
};

static inline struct core_settings peers_settings(uint8_t self)
{
    struct core_settings settings = {.self = self,
                                     .interval_ms = INTERVAL,
                                     .lease_ms = LEASE,
                                     .drift_ppm = 10000,
                                     .demote_lead_ms = 500,
                                     .prefer = PEER_NONE,
                                     .failback_after_ms = 600000,
                                     .min_hold_ms = 60000,
                                     .boot = 0x1000u + self,
                                     .prng_seed = 7,
                                     .wall_s = WALL,
                                     .settings_hash = 11,
                                     .members_hash = 22,
                                     .version = "0.1.0"};
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        memset(settings.members.key_hash[peer], 0x40 + peer, KEY_HASH_SIZE);
    return settings;
}

/* A sound state file: (epoch, holder), promised for one lease, by the same three keys. */
static inline struct stored peers_file(uint64_t epoch, uint8_t holder)
{
    return (struct stored){.present = true,
                           .epoch = epoch,
                           .holder = holder,
                           .length_ms = holder == PEER_NONE ? 0 : LEASE,
                           .members = peers_settings(0).members};
}

static inline void peers_collect(struct rig *rig)
{
    for (size_t i = 0; i < rig->out.note_count; i++)
        rig->noted[rig->out.notes[i].reason]++;
    bool spoke = false;
    for (size_t i = 0; i < rig->out.action_count; i++) {
        const struct action *action = &rig->out.actions[i];
        spoke = spoke || action->kind == ACTION_SEND;
        if (action->kind != ACTION_STORE)
            continue;
        rig->ticket = action->ticket;
        rig->stored = rig->out.stored;
        rig->writes++;
    }
    if (!spoke)
        return;
    rig->sends++;
    rig->said = rig->out.statement;
}

static inline void peers_forget(struct rig *rig)
{
    memset(rig->noted, 0, sizeof rig->noted);
    rig->sends = rig->writes = 0;
}

static inline void peers_step(struct rig *rig, struct event event)
{
    event.wall_s = rig->wall_s;
    core_step(&rig->core, rig->now, &event, &rig->out);
    peers_collect(rig);
}

static inline void peers_start_with(struct rig *rig, const struct core_settings *settings,
                                    struct stored file)
{
    memset(rig, 0, sizeof *rig);
    rig->now = BEGIN;
    rig->wall_s = WALL;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        rig->boot[peer] = 0x2000u + peer;
    core_init(&rig->core, settings, &file, rig->now, &rig->out);
    peers_collect(rig);
    peers_step(rig, (struct event){.kind = EVENT_WAKE});
}

static inline void peers_start(struct rig *rig, uint8_t self, struct stored file)
{
    struct core_settings settings = peers_settings(self);
    peers_start_with(rig, &settings, file);
}

static inline void peers_wake(struct rig *rig, span_ms later)
{
    rig->now += later;
    peers_step(rig, (struct event){.kind = EVENT_WAKE});
}

/* Lets time pass without a stall: a step at least every quarter of a second. */
static inline void peers_pass(struct rig *rig, span_ms length)
{
    for (; length > 0; length -= 250)
        peers_wake(rig, length < 250 ? length : 250);
}

/* The disk answers. */
static inline void peers_disk(struct rig *rig, bool ok)
{
    peers_step(rig, (struct event){.kind = EVENT_STORED, .stored = {rig->ticket, ok}});
}

static inline void peers_written(struct rig *rig)
{
    peers_disk(rig, true);
}

static inline void peers_fit(struct rig *rig, bool fit)
{
    peers_step(rig, (struct event){.kind = EVENT_FITNESS, .fitness = {fit, fit ? 0 : 1}});
}

static inline void peers_order(struct rig *rig, enum order order, uint8_t peer, span_ms length)
{
    peers_step(rig, (struct event){.kind = EVENT_ORDER,
                                   .order = {.order = order, .peer = peer, .span_ms = length}});
}

/* The next statement of another peer: fit, free, and echoing the newest one of the core. */
static inline struct statement peers_says(struct rig *rig, uint8_t from)
{
    struct statement statement;
    memset(&statement, 0, sizeof statement);
    statement.from = from;
    statement.mark = (struct mark){rig->boot[from], ++rig->seq[from]};
    statement.heard[rig->core.settings.self] = rig->core.echo.self;
    statement.lease_ms = LEASE;
    statement.drift_ppm = 10000;
    statement.promise.holder = PEER_NONE;
    statement.flags = from < NODE_COUNT ? STATEMENT_FIT : 0;
    statement.settings_hash = 11;
    statement.members_hash = 22;
    statement.wall_s = rig->wall_s;
    memcpy(statement.version, "0.1.0", 6);
    return statement;
}

static inline void peers_hear_via(struct rig *rig, const struct statement *statement, uint8_t via)
{
    peers_step(rig, (struct event){.kind = EVENT_HEARD,
                                   .heard = {.statement = statement,
                                             .bytes = (const uint8_t *)statement,
                                             .size = sizeof *statement,
                                             .via = via}});
}

static inline void peers_hear(struct rig *rig, const struct statement *statement)
{
    peers_hear_via(rig, statement, statement->from);
}

#endif
