#include "numbers.h"

#include <assert.h>

#include "limits.h"
#include "statement.h"

static uint64_t highest(const struct numbers *numbers)
{
    return numbers->seen > numbers->fence ? numbers->seen : numbers->fence;
}

bool numbers_plausible(const struct numbers *numbers, uint64_t epoch)
{
    uint64_t base = highest(numbers) > EPOCH_JUMP_MAX ? highest(numbers) : EPOCH_JUMP_MAX;
    uint64_t own = base + 2; /* the next number of either node: always believed */
    if (base > EPOCH_MAX - EPOCH_JUMP_MAX)
        return epoch <= (own > EPOCH_MAX ? own : EPOCH_MAX);
    return epoch <= base + EPOCH_JUMP_MAX;
}

void numbers_heard(struct numbers *numbers, uint64_t epoch)
{
    assert(numbers_plausible(numbers, epoch));
    if (epoch > numbers->seen)
        numbers->seen = epoch;
}

void numbers_fence(struct numbers *numbers, uint64_t epoch)
{
    assert(numbers_plausible(numbers, epoch));
    if (epoch > numbers->fence)
        numbers->fence = epoch;
}

uint64_t numbers_next(const struct numbers *numbers, uint8_t owner, uint64_t floor,
                      int64_t wall_s)
{
    uint64_t next = highest(numbers) > floor ? highest(numbers) : floor;
    next++;
    if (wall_s > 0 && (uint64_t)wall_s > next && numbers_plausible(numbers, (uint64_t)wall_s))
        next = (uint64_t)wall_s;
    if (statement_epoch_owner(next) != owner)
        next++;
    return next;
}
