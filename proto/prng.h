/* prng — a small generator in a struct; used for jitter only, never for secrets or nonces. */
#ifndef HOLDFAST_PROTO_PRNG_H
#define HOLDFAST_PROTO_PRNG_H

#include "words.h"

/* The whole state. */
struct prng {
    uint64_t state;
};

/* Any seed is fine. */
void prng_init(struct prng *prng, uint64_t seed);
/* Next 64 bits (splitmix64: Steele, Lea, Flood 2014). */
uint64_t prng_next(struct prng *prng);
/* Uniform in [0, range]; range >= 0, at most a minute. */
span_ms prng_up_to(struct prng *prng, span_ms range);

#endif
