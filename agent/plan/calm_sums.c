/* Happy path: sums of many runs are added; a short run shows where to split the long one; a count
 * becomes a rate with a bound.
 *
 * Failure modes: none. Of no time at all no rate is known, and it is 0. */
#include <math.h>
#include <string.h>

#include "calm.h"

#define SPLIT 4        /* runs out of one at a level, about */
#define COPY_STEPS 90  /* what a split costs beside its steps, in steps */
#define COST_SHARE 3   /* the splits at the first level take at most a third of all steps */
#define FIRST_LEVEL 2
#define LAST_LEVEL (CALM_STEPS - 3)
#define NONE_SEEN 3.0  /* -ln 0.05: up to so many were to be expected when none was seen */
#define Z95 1.645

static void add_count(struct calm_count *sum, const struct calm_count *other)
{
    sum->luck += other->luck;
    sum->luck_square += other->luck_square;
    sum->stall += other->stall;
    sum->stall_square += other->stall_square;
}

void calm_add(struct calm_sums *sum, const struct calm_sums *other)
{
    sum->seconds += other->seconds;
    sum->multiple = other->multiple;
    sum->years = other->years;
    add_count(&sum->moves, &other->moves);
    add_count(&sum->lapses, &other->lapses);
    sum->handovers += other->handovers;
    sum->without_ms += other->without_ms;
    if (other->longest_ms > sum->longest_ms)
        sum->longest_ms = other->longest_ms;
    sum->runs += other->runs;
    sum->stalls += other->stalls;
    sum->steps += other->steps;
    sum->run_steps += other->run_steps;
    for (size_t i = 0; i < CALM_STEPS; i++)
        sum->crossed[i] += other->crossed[i];
    sum->overrun |= other->overrun;
    if (sum->violation[0] == '\0')
        memcpy(sum->violation, other->violation, sizeof sum->violation);
}

/* `count` factors, as equal as can be, whose product is `multiple` or a little more. */
static void factorise(uint32_t multiple, uint32_t count, uint32_t ret[CALM_DEPTH_MAX])
{
    uint64_t product = 1;
    for (uint32_t i = 0; i < count; i++)
        ret[i] = 1;
    for (uint32_t i = 0; product < multiple; i++) {
        uint32_t *factor = &ret[i % count];
        product = product / *factor * (*factor + 1);
        ++*factor;
    }
}

void calm_tune(const struct calm_sums *seen, uint32_t multiple, struct calm_levels *ret)
{
    uint32_t first = FIRST_LEVEL, count = 1, factors[CALM_DEPTH_MAX];
    memset(ret, 0, sizeof *ret);
    while (first <= LAST_LEVEL &&
           seen->crossed[first] * SPLIT * COPY_STEPS * COST_SHARE > seen->steps)
        first++;
    if (first > LAST_LEVEL || multiple < 2)
        return;
    uint32_t places = LAST_LEVEL + 1 - first;
    for (uint64_t reached = SPLIT; reached < multiple && count < CALM_DEPTH_MAX &&
                                   count < places; reached *= SPLIT)
        count++;
    factorise(multiple, count, factors);
    for (uint32_t i = 0; i < count; i++)
        ret->split[first + places * i / count] = factors[i];
}

double calm_multiple(const struct calm_levels *levels)
{
    double multiple = 1;
    for (size_t i = 0; i < CALM_STEPS; i++)
        multiple *= levels->split[i] > 1 ? levels->split[i] : 1;
    return multiple;
}

/* Events of one close call belong together: the figure is as sure as so many single ones that
 * have the same relative spread. */
static double most_of(double seen, double square)
{
    double alike = seen * seen / square;
    return seen / alike * (alike + 1.5 + Z95 * sqrt(alike + 0.68));
}

struct calm_rate calm_rate(const struct calm_sums *sums, const struct calm_count *count)
{
    double years = sums->seconds / YEAR_S;
    struct calm_rate rate = {.seen = count->luck + count->stall, .years = years * sums->multiple};
    if (rate.years > sums->years)
        rate.years = sums->years;
    if (years <= 0)
        return rate;
    rate.per_year = rate.seen / years;
    rate.at_most = count->luck > 0 ? most_of(count->luck, count->luck_square) / years
                                   : NONE_SEEN / rate.years;
    if (count->stall > 0)
        rate.at_most += most_of(count->stall, count->stall_square) / years;
    return rate;
}
