/* seal — sign and verify the exact bytes; seal and open them for one pair of peers.
 *
 * Room: the only one that touches keys. Signature: Ed25519 over domain prefix, cluster tag and
 * the body bytes. Seal: XChaCha20-Poly1305 under the static key of the pair (X25519 of both
 * identity keys, hashed with both public keys and the cluster tag). No setting turns it off. */
#ifndef HOLDFAST_PROTO_SEAL_H
#define HOLDFAST_PROTO_SEAL_H

#include "limits.h"
#include "words.h"

#define SEAL_TAG_SIZE 8         /* cluster tag */
#define SEAL_PUBLIC_SIZE 32     /* Ed25519 public key */
#define SEAL_SECRET_SIZE 64     /* libsodium's Ed25519 secret key */
#define SEAL_PAIR_SIZE 32       /* key of a pair */
#define SEAL_NONCE_SIZE 24
#define SEAL_MAC_SIZE 16
#define SEAL_SIGNATURE_SIZE 64

/* Hash of the cluster's name (at most 255 bytes of it); the keys are no part of it. */
void seal_cluster_tag(const char *name, uint8_t ret[SEAL_TAG_SIZE]);
/* Fingerprint of a public key, and of the whole set in order (rule N10). */
void seal_key_hash(const uint8_t key[SEAL_PUBLIC_SIZE], uint8_t ret[KEY_HASH_SIZE]);
uint64_t seal_members_hash(const struct members *members);
/* Key of the pair (own secret key, other's public key). False for a key that is no good. */
bool seal_pair_key(const uint8_t secret[SEAL_SECRET_SIZE],
                   const uint8_t other[SEAL_PUBLIC_SIZE], const uint8_t tag[SEAL_TAG_SIZE],
                   uint8_t ret[SEAL_PAIR_SIZE]);

/* Puts the signature of body[0..size) in front: ret gets SEAL_SIGNATURE_SIZE + size bytes, at
 * most SIGNED_SIZE_MAX. Returns that size, or 0 when it does not fit. */
size_t seal_sign(const uint8_t secret[SEAL_SECRET_SIZE], const uint8_t tag[SEAL_TAG_SIZE],
                 const uint8_t *body, size_t size, uint8_t ret[SIGNED_SIZE_MAX]);
/* True when `bytes` (signature and body) were signed by `key` for this cluster. */
bool seal_verify(const uint8_t key[SEAL_PUBLIC_SIZE], const uint8_t tag[SEAL_TAG_SIZE],
                 const uint8_t *bytes, size_t size);

/* What goes through the sealing of one datagram. */
struct seal_text {
    const uint8_t *head; /* authenticated, in the clear */
    size_t head_size;
    uint8_t *text; /* in place: plain text in, plain text || MAC out; or the reverse */
    size_t size;   /* of the input */
};
/* Encrypts in place; text has room for size + SEAL_MAC_SIZE. */
void seal_close(const uint8_t pair[SEAL_PAIR_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
                const struct seal_text *text);
/* Decrypts in place; false when it was not sealed with this key for this head. */
bool seal_open(const uint8_t pair[SEAL_PAIR_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
               const struct seal_text *text);

#endif
