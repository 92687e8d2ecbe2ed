/* seeds — first inputs for the fuzzers, made of what the product itself says, stores and asks. */
#ifndef HOLDFAST_TESTS_FUZZ_SEEDS_H
#define HOLDFAST_TESTS_FUZZ_SEEDS_H

#include "fuzz.h"

#define SEED_SIZE_MAX 8192

/* One input in the making. */
struct seed {
    uint8_t bytes[SEED_SIZE_MAX];
    size_t size;
};

static inline void seed_add(struct seed *seed, const void *bytes, size_t size)
{
    FUZZ_CHECK(seed->size + size <= sizeof seed->bytes);
    if (size > 0)
        memcpy(seed->bytes + seed->size, bytes, size);
    seed->size += size;
}

static inline void seed_byte(struct seed *seed, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    seed_add(seed, &byte, 1);
}

/* Bytes behind their length, as feed_number(feed, 2) and feed_cut take them. */
static inline void seed_part(struct seed *seed, const void *bytes, size_t size)
{
    seed_byte(seed, (unsigned)(size >> 8));
    seed_byte(seed, (unsigned)size);
    seed_add(seed, bytes, size);
}

/* Writes it as the next file of DIRECTORY/target, and empties it. */
void seed_write(const char *target, struct seed *seed);

void seeds_speech(void); /* wire, intake, certificate: statements and their datagrams */
void seeds_texts(void);  /* config, control, state */
void seeds_dns(void);    /* dns: real servers, when they are installed, and fakes */
void seeds_cloudflare(void); /* cloudflare */
void seeds_api(void);    /* api: answers over HTTP */
void seeds_route53(void); /* route53: its answers, credentials files */
void seeds_plays(void);  /* cluster: schedules of the known failures */

#endif
