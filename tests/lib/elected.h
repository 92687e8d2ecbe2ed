/* elected — what the other peers say most often, and the places where most rules begin. */
#ifndef HOLDFAST_TESTS_ELECTED_H
#define HOLDFAST_TESTS_ELECTED_H

#include "tests/lib/peers.h"

/* `from` says something empty: it lives and echoes. */
static inline void peers_ping(struct rig *rig, uint8_t from)
{
    struct statement statement = peers_says(rig, from);
    peers_hear(rig, &statement);
}

/* `from` backs `holder` under `epoch`, answering the newest statement of the core. */
static inline struct statement peers_backs(struct rig *rig, uint8_t from, uint64_t epoch,
                                           uint8_t holder)
{
    struct statement statement = peers_says(rig, from);
    statement.promise = (struct promise_said){
        .epoch = epoch, .holder = holder, .length_ms = LEASE, .answers = rig->core.echo.self};
    statement.seen_epoch = epoch;
    return statement;
}

static inline void peers_back(struct rig *rig, uint8_t from, uint64_t epoch, uint8_t holder)
{
    struct statement statement = peers_backs(rig, from, epoch, holder);
    peers_hear(rig, &statement);
}

/* Node `from` says that it acts by force under `epoch` (rule N11). */
static inline void peers_acts_forced(struct rig *rig, uint8_t from, uint64_t epoch)
{
    struct statement statement = peers_says(rig, from);
    statement.claim = epoch;
    statement.flags |= STATEMENT_FORCED;
    peers_hear(rig, &statement);
}

static inline void peers_claim(struct rig *rig, uint8_t from, uint64_t epoch)
{
    struct statement statement = peers_says(rig, from);
    statement.claim = statement.seen_epoch = epoch;
    statement.promise = (struct promise_said){.epoch = epoch, .holder = from, .length_ms = LEASE};
    peers_hear(rig, &statement);
}

/* A fit peer whose silence after the restart is over; nobody was heard yet. */
static inline void elected_quiet(struct rig *rig, uint8_t self, uint64_t floor)
{
    peers_start(rig, self, peers_file(floor, PEER_NONE));
    if (self < NODE_COUNT)
        peers_fit(rig, true);
    peers_pass(rig, LEASE);
    peers_forget(rig);
}

/* A node that asked the disk for its self-promise. */
static inline void elected_storing(struct rig *rig, uint8_t self)
{
    elected_quiet(rig, self, 100);
    peers_ping(rig, PEER_WITNESS);
}

/* A node whose claim is said and that nobody backs yet. */
static inline void elected_claiming(struct rig *rig, uint8_t self)
{
    elected_storing(rig, self);
    peers_written(rig);
    peers_pass(rig, 50); /* the prompt statement that carries the claim */
}

/* A holder, backed by the witness just now. The first node holds 102, the second 101. */
static inline void elected_holder(struct rig *rig, uint8_t self)
{
    elected_claiming(rig, self);
    peers_back(rig, PEER_WITNESS, rig->core.claim.epoch, self);
    peers_forget(rig);
}

/* Time passes while the witness goes on backing and the other node listens, fit and free. */
static inline void elected_renew(struct rig *rig, span_ms length)
{
    uint8_t self = rig->core.settings.self;
    for (; length > 0; length -= 250) {
        peers_wake(rig, 250);
        peers_back(rig, PEER_WITNESS, rig->core.claim.epoch, self);
        peers_back(rig, (uint8_t)(1 - self), rig->core.claim.epoch, self);
    }
}

#endif
