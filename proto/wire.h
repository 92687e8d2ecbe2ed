/* wire — statement <-> msgpack bytes; bounded by the datagram.
 *
 * Room: a map with small integer keys (enum wire_key). Unknown keys are ignored, duplicate keys
 * refused, depth at most 3, whole input consumed. msgpack-c allocates by the count that the
 * bytes declare, so a walk over the headers first refuses what the bytes cannot hold. */
#ifndef HOLDFAST_PROTO_WIRE_H
#define HOLDFAST_PROTO_WIRE_H

#include <msgpack.h>

#include "statement.h"

enum wire_key {
    WIRE_FROM = 1,
    WIRE_BOOT = 2,
    WIRE_SEQ = 3,
    WIRE_HEARD = 4, /* [[boot, seq] x 3] */
    WIRE_GREET = 5, /* [[boot, seq] x 3] */
    WIRE_SEEN_EPOCH = 6,
    WIRE_CLAIM = 7,
    WIRE_LEASE_MS = 8,
    WIRE_DRIFT_PPM = 9,
    WIRE_RELEASED = 10,
    WIRE_PROMISE = 11, /* [epoch, holder, length_ms, answers boot, answers seq]; absent: none */
    WIRE_FLAGS = 12,
    WIRE_UNFIT_MASK = 13,
    WIRE_SETTINGS_HASH = 14,
    WIRE_MEMBERS_HASH = 15,
    WIRE_WALL_S = 16,
    WIRE_VERSION = 17,
    WIRE_PAUSE = 18,     /* [order, left_ms]; absent: never paused */
    WIRE_HEARD_AGE = 19, /* [ms x 3] */
};

enum wire_verdict {
    WIRE_OK,
    WIRE_TRUNCATED, /* a declared length or count exceeds the bytes */
    WIRE_TRAILING,  /* bytes after the map */
    WIRE_TOO_DEEP,
    WIRE_TOO_MANY,  /* more elements than a statement can need */
    WIRE_NOT_A_MAP,
    WIRE_DUPLICATE, /* a key twice */
    WIRE_TYPE,      /* a known key with a value of another type or range */
};

/* Memory for unpacking: allocated once, reused for each statement. */
struct wire {
    msgpack_zone zone;
};

/* False when memory is short. */
bool wire_open(struct wire *wire);
void wire_close(struct wire *wire);
/* Packs into `ret`. Returns the size, or 0 when it does not fit into `size_max`. */
size_t wire_encode(const struct statement *statement, uint8_t *ret, size_t size_max);
/* Unpacks; *ret is set only on WIRE_OK and still has to pass statement_check. No allocation. */
enum wire_verdict wire_decode(struct wire *wire, const uint8_t *bytes, size_t size,
                              struct statement *ret);
/* The walk alone: could these bytes be a statement's map at all? */
enum wire_verdict wire_walk(const uint8_t *bytes, size_t size);

#endif
