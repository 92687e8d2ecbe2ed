/* certificate — signed bytes that prove who was made holder, or that somebody lies.
 *
 * Room: watches signed statements go by, keeps the first one that carries a claim and the first
 * grant that answers it, and shows them as JSON {"epoch", "holder", "statements": [base64 of
 * signature + body, the claim first]}. Verifying needs nothing but the configuration. It proves
 * what was said, not when: there is no clock in it.
 * Two statements of one peer that cannot both be true (rule V9) are shown and verified in the
 * same manner: {"peer", "statements"}. */
#ifndef HOLDFAST_PEER_CERTIFICATE_H
#define HOLDFAST_PEER_CERTIFICATE_H

#include <jansson.h>

#include "../../proto/evidence.h"
#include "../../proto/limits.h"
#include "../../proto/statement.h"
#include "config.h"
#include "err.h"

/* One signed statement, as it was signed. */
struct certificate_part {
    struct mark mark;
    uint8_t from;
    uint8_t bytes[SIGNED_SIZE_MAX];
    size_t size;
};

/* What is kept: the open claims of both nodes and the newest complete pair. */
struct certificate {
    uint64_t claimed[NODE_COUNT]; /* epoch of `claims` */
    struct certificate_part claims[NODE_COUNT];
    uint64_t epoch; /* of the newest complete one; 0 = none yet */
    uint8_t holder;
    struct certificate_part claim, grant;
};

/* What certificate_verify found out. */
struct certificate_facts {
    uint64_t epoch;
    uint8_t holder;
    uint8_t backer; /* whose grant made it holder */
};

/* A verified statement (own or another peer's) with its signature + body. Zero the struct
 * before the first. Copies what it keeps; costs nothing when there is nothing new. */
void certificate_saw(struct certificate *certificate, const struct statement *statement,
                     const uint8_t *bytes, size_t size);
/* The newest complete one, or NULL when no holder was made yet in this process's life. */
json_t *certificate_json(const struct certificate *certificate, const struct config *config);
/* Checks every signature and that the statements mean what the certificate says. ERR_REMOTE:
 * it does not hold; err says why. */
int certificate_verify(const json_t *object, const struct config *config,
                       struct certificate_facts *ret, struct err *err);

/* What `evidence` holds; NULL while nobody contradicts himself. */
json_t *certificate_contradiction(const struct evidence *evidence, const struct config *config);
/* Checks that one key of the configuration signed both, and that they contradict each other:
 * *ret_peer is whose. ERR_REMOTE: it does not hold; err says why. */
int certificate_contradicts(const json_t *object, const struct config *config, uint8_t *ret_peer,
                            struct err *err);

#endif
