#include "seal.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static const char statement_domain[] = "holdfast statement v1";
static const char tag_domain[] = "holdfast cluster v1";
static const char pair_domain[] = "holdfast pair v1";

#define CLUSTER_NAME_MAX 255 /* bytes: a DNS name */
#define DOMAIN_SIZE sizeof statement_domain /* with the final 0: a prefix-free separator */

void seal_cluster_tag(const char *name, uint8_t ret[SEAL_TAG_SIZE])
{
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash_state state;
    const char *end = memchr(name, '\0', CLUSTER_NAME_MAX);
    size_t length = end == NULL ? CLUSTER_NAME_MAX : (size_t)(end - name);
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const uint8_t *)tag_domain, sizeof tag_domain);
    crypto_generichash_update(&state, (const uint8_t *)name, length);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(ret, hash, SEAL_TAG_SIZE);
}

void seal_key_hash(const uint8_t key[SEAL_PUBLIC_SIZE], uint8_t ret[KEY_HASH_SIZE])
{
    static_assert(KEY_HASH_SIZE >= crypto_generichash_BYTES_MIN, "hash length allowed");
    crypto_generichash(ret, KEY_HASH_SIZE, key, SEAL_PUBLIC_SIZE, NULL, 0);
}

uint64_t seal_members_hash(const struct members *members)
{
    uint8_t hash[crypto_generichash_BYTES];
    uint64_t value = 0;
    crypto_generichash(hash, sizeof hash, members->key_hash[0], sizeof members->key_hash, NULL,
                       0);
    for (size_t i = 0; i < sizeof value; i++)
        value = value << 8 | hash[i];
    return value;
}

/* The pair key is the same from both sides: the smaller public key is hashed first. */
static void hash_pair(const uint8_t shared[crypto_scalarmult_BYTES], const uint8_t *mine,
                      const uint8_t *other, const uint8_t *tag, uint8_t *ret)
{
    crypto_generichash_state state;
    bool first = memcmp(mine, other, SEAL_PUBLIC_SIZE) < 0;
    crypto_generichash_init(&state, NULL, 0, SEAL_PAIR_SIZE);
    crypto_generichash_update(&state, (const uint8_t *)pair_domain, sizeof pair_domain);
    crypto_generichash_update(&state, shared, crypto_scalarmult_BYTES);
    crypto_generichash_update(&state, first ? mine : other, SEAL_PUBLIC_SIZE);
    crypto_generichash_update(&state, first ? other : mine, SEAL_PUBLIC_SIZE);
    crypto_generichash_update(&state, tag, SEAL_TAG_SIZE);
    crypto_generichash_final(&state, ret, SEAL_PAIR_SIZE);
}

bool seal_pair_key(const uint8_t secret[SEAL_SECRET_SIZE],
                   const uint8_t other[SEAL_PUBLIC_SIZE], const uint8_t tag[SEAL_TAG_SIZE],
                   uint8_t ret[SEAL_PAIR_SIZE])
{
    uint8_t scalar[crypto_scalarmult_SCALARBYTES];
    uint8_t point[crypto_scalarmult_BYTES];
    uint8_t shared[crypto_scalarmult_BYTES];
    uint8_t mine[SEAL_PUBLIC_SIZE];
    bool good = crypto_sign_ed25519_sk_to_curve25519(scalar, secret) == 0 &&
                crypto_sign_ed25519_sk_to_pk(mine, secret) == 0 &&
                crypto_sign_ed25519_pk_to_curve25519(point, other) == 0 &&
                crypto_scalarmult(shared, scalar, point) == 0;
    if (good)
        hash_pair(shared, mine, other, tag, ret);
    sodium_memzero(scalar, sizeof scalar);
    sodium_memzero(shared, sizeof shared);
    return good;
}

/* domain || tag || body: what the signature is of. Returns its size. */
static size_t signed_text(const uint8_t *tag, const uint8_t *body, size_t size, uint8_t *ret)
{
    memcpy(ret, statement_domain, DOMAIN_SIZE);
    memcpy(ret + DOMAIN_SIZE, tag, SEAL_TAG_SIZE);
    memcpy(ret + DOMAIN_SIZE + SEAL_TAG_SIZE, body, size);
    return DOMAIN_SIZE + SEAL_TAG_SIZE + size;
}

#define SIGNED_TEXT_SIZE (DOMAIN_SIZE + SEAL_TAG_SIZE + SIGNED_SIZE_MAX)

size_t seal_sign(const uint8_t secret[SEAL_SECRET_SIZE], const uint8_t tag[SEAL_TAG_SIZE],
                 const uint8_t *body, size_t size, uint8_t ret[SIGNED_SIZE_MAX])
{
    uint8_t text[SIGNED_TEXT_SIZE];
    if (size == 0 || size > SIGNED_SIZE_MAX - SEAL_SIGNATURE_SIZE)
        return 0;
    size_t text_size = signed_text(tag, body, size, text);
    (void)crypto_sign_detached(ret, NULL, text, text_size, secret);
    memcpy(ret + SEAL_SIGNATURE_SIZE, body, size);
    return SEAL_SIGNATURE_SIZE + size;
}

bool seal_verify(const uint8_t key[SEAL_PUBLIC_SIZE], const uint8_t tag[SEAL_TAG_SIZE],
                 const uint8_t *bytes, size_t size)
{
    uint8_t text[SIGNED_TEXT_SIZE];
    if (size <= SEAL_SIGNATURE_SIZE || size > SIGNED_SIZE_MAX)
        return false;
    size_t text_size =
        signed_text(tag, bytes + SEAL_SIGNATURE_SIZE, size - SEAL_SIGNATURE_SIZE, text);
    return crypto_sign_verify_detached(bytes, text, text_size, key) == 0;
}

void seal_close(const uint8_t pair[SEAL_PAIR_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
                const struct seal_text *text)
{
    int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        text->text, NULL, text->text, text->size, text->head, text->head_size, NULL, nonce, pair);
    assert(failed == 0);
    (void)failed;
}

bool seal_open(const uint8_t pair[SEAL_PAIR_SIZE], const uint8_t nonce[SEAL_NONCE_SIZE],
               const struct seal_text *text)
{
    if (text->size < SEAL_MAC_SIZE)
        return false;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(text->text, NULL, NULL, text->text,
                                                      text->size, text->head, text->head_size,
                                                      nonce, pair) == 0;
}
