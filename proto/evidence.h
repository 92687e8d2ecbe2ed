/* evidence — two signed statements of one peer that cannot both be true. Rule V9.
 *
 * Room: compares what an accepted peer says with what it said before, keeps both byte strings,
 * and stops automatic moves. Across boots a fallen promise is only an alarm (a lost disk). */
#ifndef HOLDFAST_PROTO_EVIDENCE_H
#define HOLDFAST_PROTO_EVIDENCE_H

#include "outcome.h"
#include "relay.h"
#include "statement.h"

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
};

void evidence_init(struct evidence *evidence);
/* A verified statement whose mark was taken up already: the same bytes, or a second truth? */
void evidence_repeated(struct evidence *evidence, const struct relay_kept *kept,
                       const struct statement *statement, const struct signed_bytes *bytes,
                       struct outcome *outcome);
/* A statement is about to be accepted; `kept` is the one accepted before it. */
void evidence_heard(struct evidence *evidence, const struct relay_kept *kept,
                    const struct statement *statement, const struct signed_bytes *bytes,
                    struct outcome *outcome);

#endif
