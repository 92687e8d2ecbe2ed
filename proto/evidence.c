#include "evidence.h"

#include <assert.h>
#include <string.h>

void evidence_init(struct evidence *evidence)
{
    memset(evidence, 0, sizeof *evidence);
    evidence->peer = PEER_NONE;
}

static void freeze(struct evidence *evidence, uint8_t peer, const struct signed_bytes *first,
                   const struct signed_bytes *second, struct outcome *outcome)
{
    if (evidence->frozen)
        return;
    assert(first->size <= SIGNED_SIZE_MAX && second->size <= SIGNED_SIZE_MAX);
    evidence->frozen = true;
    evidence->peer = peer;
    memcpy(evidence->first, first->bytes, first->size);
    evidence->first_size = first->size;
    memcpy(evidence->second, second->bytes, second->size);
    evidence->second_size = second->size;
    outcome_note(outcome, REASON_LYING, peer, 0, 0);
}

void evidence_repeated(struct evidence *evidence, const struct relay_kept *kept,
                       const struct statement *statement, const struct signed_bytes *bytes,
                       struct outcome *outcome)
{
    if (kept->mark.boot != statement->mark.boot || kept->mark.seq != statement->mark.seq)
        return;
    if (kept->size == bytes->size && memcmp(kept->bytes, bytes->bytes, bytes->size) == 0)
        return;
    struct signed_bytes first = {kept->bytes, kept->size};
    freeze(evidence, statement->from, &first, bytes, outcome);
}

void evidence_heard(struct evidence *evidence, const struct statement *statement,
                    const struct signed_bytes *bytes, struct outcome *outcome)
{
    uint8_t from = statement->from;
    uint64_t epoch = statement->promise.epoch;
    struct signed_bytes highest = {evidence->highest[from], evidence->highest_size[from]};
    if (epoch == 0)
        return; /* the old number counts until this life promises something */
    bool fell = epoch < evidence->promise_highest[from];
    if (fell && evidence->boot[from] == statement->mark.boot)
        freeze(evidence, from, &highest, bytes, outcome);
    else if (fell)
        outcome_note(outcome, REASON_PROMISE_FELL, from, epoch, 0);
    assert(bytes->size <= SIGNED_SIZE_MAX);
    evidence->boot[from] = statement->mark.boot;
    evidence->promise_highest[from] = epoch;
    memcpy(evidence->highest[from], bytes->bytes, bytes->size);
    evidence->highest_size[from] = bytes->size;
}

bool evidence_allows(const struct evidence *evidence, uint8_t backed, uint8_t claimant)
{
    return !evidence->frozen || backed == claimant;
}
