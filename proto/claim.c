#include "claim.h"

#include <assert.h>
#include <string.h>

#define GIVE_UP_LEASES 4
#define ABSTAIN_LEASES 2

static void clear_grants(struct claim *claim)
{
    for (size_t i = 0; i < PEER_COUNT; i++)
        claim->grants[i] = (struct grant){MONO_LONG_AGO, MONO_LONG_AGO};
    claim->backed_until = MONO_LONG_AGO;
}

void claim_init(struct claim *claim, uint8_t self, const struct lease_terms *terms)
{
    memset(claim, 0, sizeof *claim);
    claim->self = self;
    claim->terms = *terms;
    claim->since = claim->lapsed_at = MONO_LONG_AGO;
    claim->abstain_until = claim->renumbered_at = MONO_LONG_AGO;
    clear_grants(claim);
}

static uint64_t highest_own(const struct claim *claim)
{
    uint64_t highest = claim->released;
    if (claim->epoch > highest)
        highest = claim->epoch;
    return claim->next > highest ? claim->next : highest;
}

/* Every number taken so far is given up for good, backed or not. */
static void drop(struct claim *claim, struct voter *voter, mono_ms at, mono_ms now)
{
    claim->released = highest_own(claim);
    claim->phase = CLAIM_NONE;
    claim->epoch = claim->held = claim->next = 0;
    claim->leaving = claim->closed = false;
    claim->lapsed_at = at;
    clear_grants(claim);
    voter_withdraw(voter, now);
}

void claim_settle(struct claim *claim, struct voter *voter, mono_ms now, bool forced,
                  struct outcome *outcome)
{
    if (claim->phase == CLAIM_HOLDING && now >= claim->backed_until) {
        outcome_note(outcome, REASON_LEASE_LOST, PEER_NONE, claim->held, claim->backed_until);
        drop(claim, voter, claim->backed_until, now);
        outcome->prompt = true;
        return;
    }
    if (claim->phase != CLAIM_CLAIMING || forced)
        return;
    if (now < claim->since + GIVE_UP_LEASES * claim->terms.length_ms)
        return;
    outcome_note(outcome, REASON_CLAIM_EXPIRED, PEER_NONE, claim->epoch, 0);
    drop(claim, voter, now, now);
    outcome->prompt = true;
}

void claim_begin(struct claim *claim, struct voter *voter, uint64_t next, mono_ms now,
                 struct outcome *outcome)
{
    assert(claim->phase == CLAIM_NONE);
    assert(next > claim->released && statement_epoch_owner(next) == claim->self);
    claim->phase = CLAIM_STORING;
    claim->next = next;
    claim->after_release = voter->freed_by_release;
    voter->freed_by_release = false; /* counts for the one holdership that follows */
    clear_grants(claim);
    outcome_note(outcome, REASON_CLAIM_STORING, PEER_NONE, next, 0);
    claim->next_ticket = voter_pledge(voter, next, now, outcome);
}

void claim_stored(struct claim *claim, const struct voter *voter, mono_ms now,
                  struct outcome *outcome)
{
    if (claim->next == 0 || !ledger_is_durable(&voter->ledger, claim->next_ticket))
        return;
    bool first = claim->phase == CLAIM_STORING;
    claim->epoch = claim->next;
    claim->next = 0;
    if (first)
        claim->phase = CLAIM_CLAIMING;
    if (claim->phase == CLAIM_CLAIMING)
        claim->since = now;
    outcome_note(outcome, first ? REASON_CLAIMED : REASON_RENUMBERED, PEER_NONE, claim->epoch,
                 0);
    outcome->prompt = true;
}

void claim_rival(struct claim *claim, struct voter *voter, const struct statement *statement,
                 mono_ms now, struct outcome *outcome)
{
    if (claim->phase != CLAIM_STORING && claim->phase != CLAIM_CLAIMING)
        return;
    uint64_t mine = claim->next > claim->epoch ? claim->next : claim->epoch;
    if (statement->from >= NODE_COUNT || statement->claim <= mine)
        return;
    outcome_note(outcome, REASON_CLAIM_YIELDED, statement->from, mine, 0);
    drop(claim, voter, now, now);
    outcome->prompt = true;
}

void claim_heard_of(struct claim *claim, uint64_t freed_epoch, uint64_t epoch)
{
    if (claim->phase != CLAIM_HOLDING && epoch > freed_epoch &&
        statement_epoch_owner(epoch) != claim->self)
        claim->after_release = false;
}

/* Later grants only lengthen; a holder's later number replaces the earlier one (rule N6). */
static void take_grant(struct claim *claim, const struct statement *statement,
                       const struct grant *grant, struct outcome *outcome)
{
    struct grant *known = &claim->grants[statement->from];
    if (grant->sent > known->sent)
        *known = *grant;
    if (grant->until > claim->backed_until)
        claim->backed_until = grant->until;
    if (claim->phase == CLAIM_HOLDING && statement->promise.epoch <= claim->held)
        return;
    claim->held = statement->promise.epoch;
    outcome_note(outcome, REASON_HOLDS, statement->from, claim->held, claim->backed_until);
}

void claim_granted(struct claim *claim, const struct echo *echo,
                   const struct statement *statement, mono_ms now, struct outcome *outcome)
{
    const struct promise_said *promise = &statement->promise;
    struct grant grant;
    if (claim->phase != CLAIM_CLAIMING && claim->phase != CLAIM_HOLDING)
        return;
    if (promise->epoch == 0 || promise->holder != claim->self ||
        promise->answers.boot != echo->self.boot)
        return;
    uint64_t lowest = claim->phase == CLAIM_HOLDING ? claim->held : claim->epoch;
    if (promise->epoch < lowest || promise->epoch > claim->epoch)
        return;
    if (!echo_sent_at(echo, promise->answers.seq, &grant.sent))
        return;
    struct lease_terms terms = claim->terms;
    if ((span_ms)promise->length_ms < terms.length_ms)
        terms.length_ms = (span_ms)promise->length_ms;
    if (statement->drift_ppm > terms.drift_ppm)
        terms.drift_ppm = statement->drift_ppm;
    grant.until = lease_backed_until(&terms, grant.sent);
    if (grant.until <= now)
        return;
    bool first = claim->phase == CLAIM_CLAIMING;
    take_grant(claim, statement, &grant, outcome);
    if (!first)
        return;
    claim->phase = CLAIM_HOLDING;
    claim->since = now;
    /* Unheard for so long, the other node may have held again, and died before it closed
     * anything: a voter that was bound to it is free only a lease after that. */
    uint8_t other = (uint8_t)(NODE_COUNT - 1 - claim->self);
    if (!echo_is_fresh(echo, other, now, lease_window(claim->terms.length_ms)))
        claim->after_release = false;
    outcome->prompt = true;
}

bool claim_renumber(struct claim *claim, struct voter *voter, uint64_t next, mono_ms now,
                    struct outcome *outcome)
{
    if (claim->phase != CLAIM_CLAIMING && claim->phase != CLAIM_HOLDING)
        return false;
    span_ms rest = claim->terms.length_ms / (claim->phase == CLAIM_HOLDING ? 1 : 5);
    if (claim->next != 0 || claim->leaving || now - claim->renumbered_at < rest)
        return false;
    assert(next > claim->epoch && statement_epoch_owner(next) == claim->self);
    claim->renumbered_at = now;
    claim->next = next;
    claim->next_ticket = voter_pledge(voter, next, now, outcome);
    return true;
}

void claim_give_up(struct claim *claim, struct voter *voter, bool abstain, mono_ms now,
                   struct outcome *outcome)
{
    if (claim->phase == CLAIM_NONE)
        return;
    uint64_t number = claim->held != 0 ? claim->held : highest_own(claim);
    bool closed = claim->leaving;
    drop(claim, voter, now, now);
    claim->closed = closed;
    if (abstain)
        claim->abstain_until = now + ABSTAIN_LEASES * claim->terms.length_ms;
    outcome_note(outcome, REASON_RELEASED, PEER_NONE, number, 0);
    outcome->prompt = true;
}

void claim_succeeded(struct claim *claim)
{
    claim->abstain_until = MONO_LONG_AGO;
}

bool claim_holds(const struct claim *claim, mono_ms now)
{
    return claim->phase == CLAIM_HOLDING && now < claim->backed_until;
}

mono_ms claim_proof_sent(const struct claim *claim)
{
    mono_ms newest = MONO_LONG_AGO;
    for (size_t i = 0; i < PEER_COUNT; i++)
        if (claim->grants[i].sent > newest)
            newest = claim->grants[i].sent;
    return newest;
}
