/* Happy path: lengths are added, sorted once, asked for.
 *
 * Failure modes: none; what does not fit is dropped. */
#include "spread.h"

#include <stdlib.h>

void spread_add(struct spread *spread, span_ms length)
{
    if (length < 0)
        spread->never++;
    else if (spread->count < SPREAD_MAX)
        spread->ms[spread->count++] = length > INT32_MAX ? INT32_MAX : (int32_t)length;
}

void spread_join(struct spread *spread, const struct spread *other)
{
    for (uint32_t i = 0; i < other->count; i++)
        spread_add(spread, other->ms[i]);
    spread->never += other->never;
}

static int compare(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

void spread_sort(struct spread *spread)
{
    qsort(spread->ms, spread->count, sizeof spread->ms[0], compare);
}

uint32_t spread_size(const struct spread *spread)
{
    return spread->count + spread->never;
}

span_ms spread_at(const struct spread *spread, uint32_t permille)
{
    uint64_t size = spread_size(spread);
    if (size == 0)
        return SPREAD_NOTHING;
    uint64_t rank = (size * permille + 999) / 1000;
    if (rank == 0)
        rank = 1;
    return rank <= spread->count ? spread->ms[rank - 1] : SPREAD_NEVER;
}
