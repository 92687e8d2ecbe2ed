#include "prng.h"

#include <assert.h>

void prng_init(struct prng *prng, uint64_t seed)
{
    prng->state = seed;
}

uint64_t prng_next(struct prng *prng)
{
    uint64_t z = prng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

span_ms prng_up_to(struct prng *prng, span_ms range)
{
    assert(range >= 0 && range <= 60000);
    if (range == 0)
        return 0;
    return (span_ms)(prng_next(prng) % (uint64_t)(range + 1));
}
