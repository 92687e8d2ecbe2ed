/* doors — three intakes of one cluster with keys from fixed seeds, and datagrams between them.
 *
 * Peer n has the Ed25519 seed of 32 bytes n + 1; the cluster is "pbx.example.com". */
#ifndef HOLDFAST_TESTS_DOORS_H
#define HOLDFAST_TESTS_DOORS_H

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/intake.h"

#define DOORS_CLUSTER "pbx.example.com"

struct doors {
    uint8_t secret[PEER_COUNT][SEAL_SECRET_SIZE];
    uint8_t keys[PEER_COUNT][SEAL_PUBLIC_SIZE];
    struct intake intake[PEER_COUNT];
};

struct datagram {
    uint8_t bytes[DATAGRAM_SIZE_MAX + 8];
    size_t size;
};

static inline void doors_open(struct doors *doors)
{
    memset(doors, 0, sizeof *doors);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        uint8_t seed[crypto_sign_SEEDBYTES];
        memset(seed, peer + 1, sizeof seed);
        crypto_sign_seed_keypair(doors->keys[peer], doors->secret[peer], seed);
    }
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        if (!intake_open(&doors->intake[peer], peer, doors->secret[peer],
                         (const uint8_t(*)[SEAL_PUBLIC_SIZE])doors->keys, DOORS_CLUSTER))
            abort();
}

static inline void doors_close(struct doors *doors)
{
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        intake_close(&doors->intake[peer]);
}

/* Seals signed bytes of `author` by `sender` for `to`, with a nonce of 24 bytes `nonce`. */
static inline struct datagram doors_seal(struct doors *doors, uint8_t sender,
                                         const struct intake_parcel *parcel, uint8_t nonce)
{
    uint8_t nonces[SEAL_NONCE_SIZE];
    struct datagram datagram;
    memset(nonces, nonce, sizeof nonces);
    memset(&datagram, 0, sizeof datagram);
    datagram.size = intake_seal(&doors->intake[sender], parcel, nonces, datagram.bytes);
    return datagram;
}

/* Signs any body bytes as a statement of `from` and seals them directly for `to`. */
static inline struct datagram doors_body(struct doors *doors, const struct statement *outer,
                                         uint8_t to, const uint8_t *body, size_t size)
{
    uint8_t text[SIGNED_SIZE_MAX];
    uint8_t from = outer->from;
    struct intake_parcel parcel = {.to = to, .author = from, .mark = outer->mark, .bytes = text};
    parcel.size = seal_sign(doors->secret[from], doors->intake[from].tag, body, size, text);
    return doors_seal(doors, from, &parcel, 7);
}

/* A direct datagram with this statement of its author for `to`. */
static inline struct datagram doors_send(struct doors *doors, const struct statement *statement,
                                         uint8_t to)
{
    uint8_t text[SIGNED_SIZE_MAX];
    uint8_t from = statement->from;
    struct intake_parcel parcel = {
        .to = to, .author = from, .mark = statement->mark, .bytes = text};
    parcel.size = intake_sign(&doors->intake[from], statement, text);
    return doors_seal(doors, from, &parcel, 7);
}

/* Judges a copy, so that the datagram can be taken again. */
static inline enum intake_verdict doors_take(struct doors *doors, const struct core *core,
                                             const struct datagram *datagram, mono_ms now,
                                             struct intake_result *ret)
{
    static struct datagram copy; /* ret->bytes points into it until the next call */
    copy = *datagram;
    struct intake_bytes bytes = {copy.bytes, copy.size};
    return intake_take(&doors->intake[core->settings.self], core, bytes, now, ret);
}

#endif
