#include "evidence.h"

#include <assert.h>
#include <string.h>

void evidence_init(struct evidence *evidence)
{
    memset(evidence, 0, sizeof *evidence);
    evidence->peer = PEER_NONE;
}

static void freeze(struct evidence *evidence, const struct relay_kept *kept, uint8_t peer,
                   const struct signed_bytes *bytes, struct outcome *outcome)
{
    if (evidence->frozen)
        return;
    assert(bytes->size <= SIGNED_SIZE_MAX);
    evidence->frozen = true;
    evidence->peer = peer;
    memcpy(evidence->first, kept->bytes, kept->size);
    evidence->first_size = kept->size;
    memcpy(evidence->second, bytes->bytes, bytes->size);
    evidence->second_size = bytes->size;
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
    freeze(evidence, kept, statement->from, bytes, outcome);
}

void evidence_heard(struct evidence *evidence, const struct relay_kept *kept,
                    const struct statement *statement, const struct signed_bytes *bytes,
                    struct outcome *outcome)
{
    uint8_t from = statement->from;
    uint64_t epoch = statement->promise.epoch;
    bool fell = epoch != 0 && epoch < evidence->promise_highest[from];
    if (fell && evidence->boot[from] == statement->mark.boot)
        freeze(evidence, kept, from, bytes, outcome);
    else if (fell)
        outcome_note(outcome, REASON_PROMISE_FELL, from, epoch, 0);
    if (epoch == 0)
        return; /* the old number counts until this life promises something */
    evidence->boot[from] = statement->mark.boot;
    evidence->promise_highest[from] = epoch;
}
