/* evidence — two signed statements of one peer that cannot both be true. Rule V9.
 *
 * Room: compares what an accepted peer says with what it said before, keeps both byte strings,
 * and stops automatic moves. Across boots a fallen promise is only an alarm (a lost disk). */
#ifndef HOLDFAST_PROTO_EVIDENCE_H
#define HOLDFAST_PROTO_EVIDENCE_H

#include "outcome.h"
#include "relay.h"
#include "statement.h"

/* Borrowed: signature and body of one statement. */
struct signed_bytes {
    const uint8_t *bytes;
    size_t size;
};

struct evidence {
    bool frozen;
    uint8_t peer; /* who contradicts itself; PEER_NONE = nobody */
    uint8_t first[SIGNED_SIZE_MAX];
    size_t first_size;
    uint8_t second[SIGNED_SIZE_MAX];
    size_t second_size;
    uint64_t boot[PEER_COUNT];          /* of promise_highest */
    uint64_t promise_highest[PEER_COUNT];
    uint8_t highest[PEER_COUNT][SIGNED_SIZE_MAX]; /* the statement that said it */
    size_t highest_size[PEER_COUNT];
};

/* Nobody contradicts himself yet. */
void evidence_init(struct evidence *evidence);
/* A verified statement whose mark was taken up already: the same bytes, or a second truth? */
void evidence_repeated(struct evidence *evidence, const struct relay_kept *kept,
                       const struct statement *statement, const struct signed_bytes *bytes,
                       struct outcome *outcome);
/* A statement is about to be accepted: does it promise less than an earlier one? */
void evidence_heard(struct evidence *evidence, const struct statement *statement,
                    const struct signed_bytes *bytes, struct outcome *outcome);
/* After a proof nothing moves by itself: only the claims of the node that is already backed
 * (`backed`, or PEER_NONE) may still be weighed. True while there is no proof. */
bool evidence_allows(const struct evidence *evidence, uint8_t backed, uint8_t claimant);

#endif
