/* Happy path: a share is drawn, and the length that belongs to it is looked up.
 *
 * Failure modes: none; p50 equal to p99 means that all have one length. */
#include "stalls.h"

#include <math.h>

#define Z99 2.3263478740408408 /* 99 of 100 of a normal distribution are below */
#define HOUR_US 3600000000.0
#define SPREAD_LEAST 1e-6 /* all alike, without a division by 0 */

double stalls_share(struct prng *prng)
{
    return ((double)(prng_next(prng) >> 11) + 1) / 9007199254740992.0;
}

static double spread(const struct stalls *stalls)
{
    double spread = log((double)stalls->p99_ms / (double)stalls->p50_ms) / Z99;
    return spread < SPREAD_LEAST ? SPREAD_LEAST : spread;
}

static double middle(const struct stalls *stalls)
{
    return (double)stalls->p50_ms * 1000;
}

static double upper_tail(double z)
{
    return erfc(z / sqrt(2)) / 2;
}

/* The z above which `share` of a normal distribution lies. */
static double upper_quantile(double share)
{
    double low = -30, high = 30;
    for (int i = 0; i < 60; i++) {
        double half = (low + high) / 2;
        if (upper_tail(half) > share)
            low = half;
        else
            high = half;
    }
    return low;
}

double stalls_longer(const struct stalls *stalls, int64_t us)
{
    if (stalls->p99_ms == 0)
        return 0;
    return us <= 0 ? 1 : upper_tail(log((double)us / middle(stalls)) / spread(stalls));
}

int64_t stalls_draw(const struct stalls *stalls, struct prng *prng, int64_t lasted,
                    int64_t limit)
{
    double most = stalls_longer(stalls, lasted);
    double least = limit > 0 ? stalls_longer(stalls, limit) : 0;
    double share = least + (most - least) * stalls_share(prng);
    double length = middle(stalls) * exp(spread(stalls) * upper_quantile(share));
    if (length > HOUR_US)
        length = HOUR_US;
    return (int64_t)length > lasted ? (int64_t)length : lasted + 1000;
}

/* Pareto's distribution: twice as long comes half as often. */
int64_t stalls_draw_long(const struct stalls *stalls, struct prng *prng, int64_t least,
                         int64_t most, double *ret_weight)
{
    double length = (double)least / stalls_share(prng);
    if (length >= (double)most) {
        *ret_weight = stalls_longer(stalls, most) * (double)most / (double)least;
        return most;
    }
    double width = spread(stalls), z = log(length / middle(stalls)) / width;
    double density = exp(-z * z / 2) / (length * width * sqrt(2 * acos(-1)));
    *ret_weight = density * length * length / (double)least;
    return (int64_t)length;
}

int64_t stalls_wait(const struct stalls *stalls, struct prng *prng)
{
    return (int64_t)(-log(stalls_share(prng)) * (double)stalls->every_ms * 1000) + 1;
}
