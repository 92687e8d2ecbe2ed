/* answers — how fuzzers of what an interface may answer are fed. Included once by a fuzzer, which
 * defines ANSWERS_HEAD and `play`.
 *
 * The first ANSWERS_HEAD bytes of an input say what the rest is; the rest is the answer. */
#ifndef HOLDFAST_TESTS_FUZZ_ANSWERS_H
#define HOLDFAST_TESTS_FUZZ_ANSWERS_H

#include <sodium.h>

#include "fuzz.h"

/* One answer of `size` bytes, and a final 0 behind them; `head` has ANSWERS_HEAD bytes. */
static void play(const uint8_t *head, const char *text, size_t size);

static inline bool is_printable(const char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
            return false;
    return true;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    FUZZ_CHECK(sodium_init() >= 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < ANSWERS_HEAD)
        return 0;
    size_t length = size - ANSWERS_HEAD;
    char *text = malloc(length + 1); /* of its own, so that one byte too far is seen */
    FUZZ_CHECK(text != NULL);
    memcpy(text, data + ANSWERS_HEAD, length);
    text[length] = 0;
    play(data, text, length);
    free(text);
    return 0;
}

#endif
