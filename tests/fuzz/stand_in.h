/* stand_in — signatures for fuzzers, a hundred times as fast as Ed25519. Included once by a fuzzer.
 *
 * What the fuzzer signs itself carries a keyed hash in place of a signature, and the check accepts
 * that besides real signatures, whose verdicts are remembered. Nobody guesses 64 bytes of a hash,
 * so it forges as little. Only in the fuzzers: the replays of CTest sign for real. */
#ifndef HOLDFAST_TESTS_FUZZ_STAND_IN_H
#define HOLDFAST_TESTS_FUZZ_STAND_IN_H

#include "fuzz.h"

#ifndef FUZZ_STAND_INS
static inline void stand_in_open(void)
{
}
#else

#include <dlfcn.h>
#include <sodium.h>

#define STAND_IN_TEXT_MAX 1200

static struct stand_in {
    int (*verify)(const unsigned char *, const unsigned char *, unsigned long long,
                  const unsigned char *);
    struct stand_in_memory {
        unsigned char signature[crypto_sign_BYTES], key[crypto_sign_PUBLICKEYBYTES];
        unsigned char text[STAND_IN_TEXT_MAX];
        unsigned long long size;
        int verdict;
    } memories[1024];
} stand_in;

static inline void stand_in_open(void)
{
    void *found = dlsym(RTLD_NEXT, "crypto_sign_verify_detached");
    FUZZ_CHECK(found != NULL);
    memcpy(&stand_in.verify, &found, sizeof stand_in.verify);
}

int crypto_sign_detached(unsigned char *signature, unsigned long long *size,
                         const unsigned char *text, unsigned long long text_size,
                         const unsigned char *secret)
{
    FUZZ_CHECK(size == NULL);
    return crypto_generichash(signature, crypto_sign_BYTES, text, text_size,
                              secret + crypto_sign_SEEDBYTES, crypto_sign_PUBLICKEYBYTES);
}

int crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *text,
                                unsigned long long size, const unsigned char *key)
{
    unsigned char hash[crypto_sign_BYTES];
    crypto_generichash(hash, sizeof hash, text, size, key, crypto_sign_PUBLICKEYBYTES);
    if (memcmp(hash, signature, sizeof hash) == 0)
        return 0;
    size_t at = (size_t)(signature[0] | (signature[33] & 3) << 8) ^ key[0];
    struct stand_in_memory *memory = &stand_in.memories[at];
    if (size > sizeof memory->text)
        return stand_in.verify(signature, text, size, key);
    if (memory->size == size && memcmp(memory->text, text, size) == 0 &&
        memcmp(memory->key, key, sizeof memory->key) == 0 &&
        memcmp(memory->signature, signature, sizeof memory->signature) == 0)
        return memory->verdict;
    memory->size = size;
    memcpy(memory->text, text, size);
    memcpy(memory->key, key, sizeof memory->key);
    memcpy(memory->signature, signature, sizeof memory->signature);
    memory->verdict = stand_in.verify(signature, text, size, key);
    return memory->verdict;
}

#endif
#endif
