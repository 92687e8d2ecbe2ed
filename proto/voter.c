#include "voter.h"

#include <assert.h>
#include <string.h>

#include "lease.h"

static const struct promise no_promise = {.holder = PEER_NONE, .until = MONO_LONG_AGO};

void voter_init(struct voter *voter, uint8_t self, span_ms lease_ms,
                const struct stored *found, mono_ms silent_until)
{
    memset(voter, 0, sizeof *voter);
    voter->self = self;
    voter->lease_ms = lease_ms;
    voter->promise = no_promise;
    voter->pending = no_promise;
    voter->floor_holder = PEER_NONE;
    voter->free_since = MONO_LONG_AGO;
    ledger_init(&voter->ledger, found);
    if (!found->present)
        return;
    voter->floor = found->epoch;
    voter->floor_holder = found->holder;
    if (found->holder == PEER_NONE)
        return;
    /* Said to nobody (it answers no statement), but it binds until the silence ends. */
    voter->promise = (struct promise){.epoch = found->epoch,
                                      .holder = found->holder,
                                      .length_ms = (span_ms)found->length_ms,
                                      .until = silent_until};
}

static bool in_force(const struct promise *promise, mono_ms now)
{
    return promise->epoch != 0 && now < promise->until;
}

void voter_settle(struct voter *voter, mono_ms now, struct outcome *outcome)
{
    struct promise *promise = &voter->promise;
    if (promise->epoch == 0 || now < promise->until)
        return;
    outcome_note(outcome, REASON_PROMISE_ENDED, promise->holder, promise->epoch, 0);
    voter->free_since = promise->until;
    voter->freed_by_release = false;
    *promise = no_promise;
    outcome->prompt = true;
}

static uint64_t store(struct voter *voter, uint64_t epoch, uint8_t holder, span_ms length_ms,
                      struct outcome *outcome)
{
    struct stored *wanted = &voter->ledger.wanted;
    wanted->epoch = epoch;
    wanted->holder = holder;
    wanted->length_ms = (uint32_t)length_ms;
    wanted->genesis = false;
    return ledger_put(&voter->ledger, outcome);
}

/* The old number of the same holder goes on while the new one waits for the disk. */
static void keep_old(struct voter *voter, const struct promise *asked)
{
    if (voter->promise.epoch == 0 || voter->promise.holder != asked->holder)
        return;
    voter->promise.answers = asked->answers;
    voter->promise.until = asked->until - asked->length_ms + voter->promise.length_ms;
}

/* The claim is of the number already promised: renewed at once when its length is on disk. */
static void renew(struct voter *voter, const struct promise *asked, struct outcome *outcome)
{
    if (voter->pending.epoch == asked->epoch) {
        voter->pending = *asked;
        keep_old(voter, asked);
        return;
    }
    const struct stored *durable = &voter->ledger.durable;
    struct promise renewed = *asked;
    bool longer = asked->length_ms > (span_ms)durable->length_ms;
    if (longer) /* the claimant's lease grew: the old length holds until the new one is stored */
        renewed.length_ms = (span_ms)durable->length_ms;
    renewed.until = asked->until - asked->length_ms + renewed.length_ms;
    bool fresh = voter->promise.epoch != asked->epoch || voter->promise.answers.boot == 0;
    if (renewed.length_ms > 0)
        voter->promise = renewed;
    if (fresh) {
        outcome_note(outcome, REASON_PROMISED, asked->holder, asked->epoch, asked->until);
        outcome->prompt = true;
    }
    if (!longer)
        return;
    voter->pending = *asked;
    voter->pending_ticket =
        store(voter, asked->epoch, asked->holder, asked->length_ms, outcome);
}

/* A number not promised before: it waits for the disk, the old one of the same holder goes on. */
static void move_up(struct voter *voter, const struct promise *asked, struct outcome *outcome)
{
    voter->floor = asked->epoch;
    voter->floor_holder = asked->holder;
    voter->freed_by_release = false;
    voter->pending = *asked;
    keep_old(voter, asked);
    voter->pending_ticket =
        store(voter, asked->epoch, asked->holder, asked->length_ms, outcome);
}

static enum reason refusal(const struct voter *voter, const struct silence *silence,
                           const struct weighing *weighing)
{
    const struct statement *statement = weighing->statement;
    uint8_t bound = voter_bound_to(voter, weighing->now);
    if (silence_holds(silence) && !silence_renews(silence, statement))
        return REASON_REFUSED_SILENT;
    if (bound != PEER_NONE && bound != statement->from)
        return REASON_REFUSED_BOUND;
    if (statement->claim < voter->floor ||
        statement_epoch_owner(statement->claim) != statement->from)
        return REASON_REFUSED_LOW;
    return REASON_NONE;
}

/* A refusal is told once for each claim, not for each statement that repeats it. */
static void refuse(struct voter *voter, enum reason reason, const struct weighing *weighing,
                   struct outcome *outcome)
{
    const struct statement *statement = weighing->statement;
    if (voter->refused == reason && voter->refused_epoch == statement->claim)
        return;
    voter->refused = reason;
    voter->refused_epoch = statement->claim;
    outcome_note(outcome, reason, statement->from, statement->claim, 0);
}

void voter_weigh(struct voter *voter, const struct silence *silence,
                 const struct weighing *weighing, struct outcome *outcome)
{
    const struct statement *statement = weighing->statement;
    if (statement->claim == 0 || statement->from >= NODE_COUNT || statement->from == voter->self)
        return;
    if (weighing->echo_age >= lease_window(voter->lease_ms))
        return; /* rule V1: too old a claim moves nothing, not even `answers` */
    enum reason reason = refusal(voter, silence, weighing);
    if (reason != REASON_NONE) {
        refuse(voter, reason, weighing, outcome);
        return;
    }
    span_ms length_ms = lease_promise_length(voter->lease_ms, (span_ms)statement->lease_ms);
    struct promise asked = {.epoch = statement->claim,
                            .holder = statement->from,
                            .length_ms = length_ms,
                            .answers = statement->mark,
                            .until = weighing->now + length_ms};
    if (statement->claim == voter->floor && voter->floor_holder == statement->from)
        renew(voter, &asked, outcome);
    else
        move_up(voter, &asked, outcome);
}

void voter_released(struct voter *voter, const struct statement *statement, mono_ms now,
                    struct outcome *outcome)
{
    uint8_t from = statement->from;
    uint64_t released = statement->released;
    if (voter->pending.epoch != 0 && voter->pending.holder == from &&
        released >= voter->pending.epoch)
        voter->pending = no_promise;
    if (voter->promise.epoch == 0 || voter->promise.holder != from ||
        released < voter->promise.epoch)
        return;
    outcome_note(outcome, REASON_PROMISE_FREED, from, voter->promise.epoch, 0);
    voter->promise = no_promise;
    voter->free_since = now;
    voter->freed_by_release = (statement->flags & STATEMENT_LEAVING) != 0;
    voter->freed_epoch = released;
    outcome->prompt = true;
}

void voter_heard_of(struct voter *voter, uint64_t epoch)
{
    if (epoch > voter->freed_epoch && statement_epoch_owner(epoch) != voter->self)
        voter->freed_by_release = false;
}

uint64_t voter_pledge(struct voter *voter, uint64_t epoch, mono_ms now,
                      struct outcome *outcome)
{
    uint8_t bound = voter_bound_to(voter, now);
    assert(bound == PEER_NONE || bound == voter->self);
    assert(epoch >= voter->floor);
    voter->floor = epoch;
    voter->floor_holder = voter->self;
    voter->pending = (struct promise){.epoch = epoch,
                                      .holder = voter->self,
                                      .length_ms = voter->lease_ms,
                                      .until = MONO_NEVER};
    voter->pending_ticket = store(voter, epoch, voter->self, voter->lease_ms, outcome);
    return voter->pending_ticket;
}

void voter_withdraw(struct voter *voter, mono_ms now)
{
    if (voter->pending.holder == voter->self)
        voter->pending = no_promise;
    if (voter->promise.holder != voter->self)
        return;
    voter->promise = no_promise;
    voter->free_since = now;
}

uint64_t voter_learned(struct voter *voter, uint64_t floor, struct outcome *outcome)
{
    if (floor > voter->floor) {
        voter->floor = floor;
        voter->floor_holder = PEER_NONE;
    }
    return store(voter, voter->floor, PEER_NONE, 0, outcome);
}

void voter_stored(struct voter *voter, mono_ms now, struct outcome *outcome)
{
    struct promise *pending = &voter->pending;
    if (pending->epoch == 0 || !ledger_is_durable(&voter->ledger, voter->pending_ticket))
        return;
    if (in_force(pending, now)) {
        voter->promise = *pending;
        outcome->prompt = true;
        if (pending->holder != voter->self)
            outcome_note(outcome, REASON_PROMISED, pending->holder, pending->epoch,
                         pending->until);
    }
    *pending = no_promise;
}

uint8_t voter_bound_to(const struct voter *voter, mono_ms now)
{
    if (in_force(&voter->pending, now))
        return voter->pending.holder;
    return in_force(&voter->promise, now) ? voter->promise.holder : PEER_NONE;
}

mono_ms voter_bound_until(const struct voter *voter, mono_ms now)
{
    mono_ms until = MONO_LONG_AGO;
    if (in_force(&voter->promise, now))
        until = voter->promise.until;
    if (in_force(&voter->pending, now) && voter->pending.until > until)
        until = voter->pending.until;
    return until;
}

struct promise_said voter_says(const struct voter *voter, mono_ms now)
{
    const struct promise *promise = &voter->promise;
    if (!in_force(promise, now))
        return (struct promise_said){.holder = PEER_NONE};
    return (struct promise_said){.epoch = promise->epoch,
                                 .holder = promise->holder,
                                 .length_ms = (uint32_t)promise->length_ms,
                                 .answers = promise->answers};
}
