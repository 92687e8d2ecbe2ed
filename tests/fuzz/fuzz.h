/* fuzz — what every fuzzer has: a check that stays on, and small choices read from the input.
 *
 * An input that ends early reads as zeroes, so that every prefix of a history is a history. */
#ifndef HOLDFAST_TESTS_FUZZ_H
#define HOLDFAST_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's two doors. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise of the product is a finding, like a crash. */
#define FUZZ_CHECK(condition)                                                                   \
    do {                                                                                        \
        if (!(condition)) {                                                                     \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);           \
            abort();                                                                            \
        }                                                                                       \
    } while (0)

struct feed {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t feed_byte(struct feed *feed)
{
    if (feed->left == 0)
        return 0;
    feed->left--;
    return *feed->at++;
}

/* A number of `size` bytes, big-endian. */
static inline uint64_t feed_number(struct feed *feed, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | feed_byte(feed);
    return value;
}

/* Cuts off the next `size` bytes, or as many as there are. */
static inline struct feed feed_cut(struct feed *feed, size_t size)
{
    struct feed part = {feed->at, size < feed->left ? size : feed->left};
    feed->at += part.left;
    feed->left -= part.left;
    return part;
}

/* A copy that ends where its array ends: a read beyond the end is seen by the sanitizer. */
static inline uint8_t *fuzz_at_end(uint8_t *room, size_t room_size, const uint8_t *bytes,
                                   size_t size)
{
    uint8_t *copy = room + room_size - size;
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

#endif
