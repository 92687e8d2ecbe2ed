/* words — the small types that every room uses.
 *
 * Instants and lengths are different types in name, so that nobody adds two instants:
 * `mono_ms` is a reading of CLOCK_BOOTTIME in milliseconds, `span_ms` a length. */
#ifndef HOLDFAST_PROTO_WORDS_H
#define HOLDFAST_PROTO_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t mono_ms; /* an instant of one machine's CLOCK_BOOTTIME, milliseconds */
typedef int64_t span_ms; /* a length of time, milliseconds */

/* "Never" and "long ago" as instants; far from both ends of int64_t so that sums stay defined. */
#define MONO_NEVER ((mono_ms)INT64_MAX / 4)
#define MONO_LONG_AGO (-(mono_ms)INT64_MAX / 4)

/* The three peers, by their place in the configuration. Nodes are 0 and 1, the witness is 2.
 * Epochs of peer 0 are even, of peer 1 odd; the witness never has one. */
#define PEER_COUNT 3
#define NODE_COUNT 2
#define PEER_WITNESS 2
#define PEER_NONE 255

/* Names one statement of one life of a peer. boot 0 = no such statement. */
struct mark {
    uint64_t boot; /* random nonce of the process start, never 0 */
    uint64_t seq;  /* counts that boot's statements, from 1 */
};

/* A SHA-like short fingerprint of a public key (generichash of the key), for rule N10. */
#define KEY_HASH_SIZE 16
struct members {
    uint8_t key_hash[PEER_COUNT][KEY_HASH_SIZE];
};

#endif
