/* Happy path: a cluster settles; then it is run from level to level of the holder's remaining
 * lease, split where the levels say so, until the time is over.
 *
 * Failure modes: a checker's violation ends it, and the sums say which. Steps beyond the bound end
 * it early; the sums say how much time they rest on. */
#include "calm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GAP_SLICE_MS 5      /* while nobody holds it is looked so often, ... */
#define GAP_SHARE 200       /* ... or after this share of the time that has passed */
#define OVERRUN 2           /* close calls that take so many times the steps are broken off */
#define STUCK_LEASES 200    /* a split run ends then, whatever it is at */
#define COPY_STEPS 90       /* what a split costs beside its steps, in steps */
#define SPLIT 4             /* runs out of one at a level */
#define SETTLE_LEASES 6
#define SPLIT_DEEPEST (CALM_STEPS - 3)

/* One line of events, from a split (or the beginning) on. */
struct path {
    uint32_t at;    /* levels that it is below */
    uint8_t holder; /* the last one */
    bool gap;
    true_us gap_since;
};

struct calm {
    const struct calm_order *order;
    struct calm_bench *bench;
    struct calm_sums *sums;
    struct prng seeds;
    double weight;   /* of an event below all levels */
    uint32_t first;  /* the first level that splits, or the last one */
    double moves, lapses; /* of the present close call, weighted */
};

static span_ms threshold(const struct calm *calm, uint32_t level)
{
    return calm->order->setup.core.lease_ms * (CALM_STEPS - 1 - (span_ms)level) / CALM_STEPS;
}

/* How many levels it is below. */
static uint32_t depth_of(const struct calm *calm, span_ms left)
{
    uint32_t depth = 0;
    while (depth < CALM_STEPS && left <= threshold(calm, depth))
        depth++;
    return depth;
}

static void end_gap(struct calm *calm, struct path *path, const struct world *world)
{
    struct calm_sums *sums = calm->sums;
    uint8_t holder = world_holder(world);
    bool moved = path->holder < NODE_COUNT && holder != path->holder;
    span_ms length = path->gap ? (world->now - path->gap_since) / 1000 : 0;
    bool wished = moved && world->check.nodes[holder].report.after_release;
    sums->without_ms += calm->weight * (double)length;
    if (length > sums->longest_ms)
        sums->longest_ms = length;
    if (wished) {
        sums->handovers += calm->weight;
    } else {
        sums->lapses += calm->weight;
        calm->lapses += calm->weight;
        sums->moves += moved ? calm->weight : 0;
        calm->moves += moved ? calm->weight : 0;
    }
    path->gap = false;
    path->holder = holder;
}

/* Who holds, and since when does nobody? */
static void watch(struct calm *calm, struct path *path, const struct world *world)
{
    uint8_t holder = world_holder(world);
    if (holder >= NODE_COUNT && !path->gap) {
        path->gap = true;
        path->gap_since = world->now;
    } else if (holder < NODE_COUNT && (path->gap || holder != path->holder)) {
        end_gap(calm, path, world);
    }
}

static void end_close_call(struct calm *calm)
{
    calm->sums->moves_square += calm->moves * calm->moves;
    calm->sums->lapses_square += calm->lapses * calm->lapses;
    calm->moves = calm->lapses = 0;
}

static bool advance(const struct calm *calm, struct field *field, const struct path *path)
{
    true_us step = 0, least = 1000;
    if (path->at < CALM_STEPS) {
        step = (field_left(field) - threshold(calm, path->at)) * 1000;
    } else {
        step = path->gap ? (field->world.now - path->gap_since) / GAP_SHARE : 0;
        least = GAP_SLICE_MS * 1000;
    }
    return field_run(field, field->world.now + (step < least ? least : step));
}

static bool play(struct calm *calm, uint32_t depth, const struct path *from, true_us until);

/* Runs with other luck from here on. False: a violation, or it takes too long. */
static bool split(struct calm *calm, uint32_t depth, const struct path *path)
{
    uint32_t runs = calm->order->levels.split[path->at - 1];
    if (runs < 2 || depth == CALM_DEPTH_MAX)
        return true;
    const struct field *field = &calm->bench->fields[depth];
    true_us until =
        field->world.now + STUCK_LEASES * calm->order->setup.core.lease_ms * 1000;
    for (uint32_t i = 1; i < runs; i++) {
        if (calm->sums->steps / OVERRUN > calm->order->step_max) {
            calm->sums->overrun = true;
            return false;
        }
        field_split(&calm->bench->fields[depth + 1], field, prng_next(&calm->seeds));
        calm->sums->runs++;
        if (!play(calm, depth + 1, path, until))
            return false;
    }
    return true;
}

/* Follows the lease that is left down and up. False: a violation, or a split-off run is over. */
static bool follow(struct calm *calm, uint32_t depth, struct path *path, uint32_t floor)
{
    uint32_t now_at = depth_of(calm, field_left(&calm->bench->fields[depth]));
    if (now_at < path->at)
        path->at = now_at;
    if (depth > 0 && path->at < floor)
        return false;
    while (path->at < now_at) {
        calm->sums->crossed[path->at]++;
        path->at++;
        if (!split(calm, depth, path))
            return false;
    }
    return true;
}

/* Is the run in fields[depth] at its end? What was ordered ends between two close calls, but goes
 * on neither for ever nor for many more steps. */
static bool is_over(struct calm *calm, uint32_t depth, const struct path *path, true_us until,
                    uint64_t steps)
{
    const struct field *field = &calm->bench->fields[depth];
    span_ms longest = STUCK_LEASES * calm->order->setup.core.lease_ms;
    uint64_t used = calm->sums->steps + field->world.steps - steps;
    if (depth > 0)
        return field->world.now >= until;
    if (path->at <= calm->first)
        end_close_call(calm);
    if (path->at <= calm->first && (field->world.now >= until || used > calm->order->step_max))
        return true;
    return field->world.now >= until + longest * 1000 ||
           used / OVERRUN > calm->order->step_max;
}

/* The run in fields[depth]. One that was split off is over when the lease is renewed to above the
 * level where that happened; what was ordered, at the end of its time. */
static bool play(struct calm *calm, uint32_t depth, const struct path *from, true_us until)
{
    struct field *field = &calm->bench->fields[depth];
    struct path path = *from;
    uint64_t steps = field->world.steps;
    bool fine = true;
    while (fine) {
        watch(calm, &path, &field->world);
        if (!follow(calm, depth, &path, from->at) || is_over(calm, depth, &path, until, steps))
            break;
        fine = advance(calm, field, &path);
    }
    span_ms gap_ms = (field->world.now - path.gap_since) / 1000;
    if (path.gap)
        calm->sums->without_ms += calm->weight * (double)gap_ms;
    calm->sums->steps += field->world.steps - steps;
    calm->sums->run_steps += depth > 0 ? field->world.steps - steps : 0;
    if (!fine)
        snprintf(calm->sums->violation, sizeof calm->sums->violation, "%s: %s",
                 field->world.check.checker, field->world.check.text);
    return calm->sums->violation[0] == '\0' && !calm->sums->overrun;
}

static uint32_t first_level(const struct calm_levels *levels)
{
    for (uint32_t i = 0; i < CALM_STEPS; i++)
        if (levels->split[i] > 1)
            return i;
    return CALM_STEPS - 1;
}

void calm_play(struct calm_bench *bench, const struct calm_order *order, struct calm_sums *ret)
{
    struct field *field = &bench->fields[0];
    struct path path = {.holder = PEER_NONE};
    memset(ret, 0, sizeof *ret);
    ret->multiple = calm_multiple(&order->levels);
    ret->years = order->years;
    struct calm calm = {.order = order,
                        .bench = bench,
                        .sums = ret,
                        .weight = 1 / ret->multiple,
                        .first = first_level(&order->levels)};
    prng_init(&calm.seeds, order->seed ^ 0x5eed);
    field_open(field, &order->setup, order->seed);
    span_ms lease = order->setup.core.lease_ms;
    field_run(field, field->world.now + SETTLE_LEASES * lease * 1000);
    if (order->witness_away)
        world_crash(&field->world, PEER_WITNESS);
    field_run(field, field->world.now + SETTLE_LEASES * lease * 1000);
    uint8_t holder = world_holder(&field->world);
    path.holder = holder < NODE_COUNT ? holder : 0;
    true_us begin = field->world.now;
    play(&calm, 0, &path, begin + (true_us)(order->seconds * 1e6));
    end_close_call(&calm);
    ret->seconds = (double)(field->world.now - begin) / 1e6;
}

void calm_add(struct calm_sums *sum, const struct calm_sums *other)
{
    sum->seconds += other->seconds;
    sum->multiple = other->multiple;
    sum->years = other->years;
    sum->moves += other->moves;
    sum->lapses += other->lapses;
    sum->handovers += other->handovers;
    sum->moves_square += other->moves_square;
    sum->lapses_square += other->lapses_square;
    sum->without_ms += other->without_ms;
    if (other->longest_ms > sum->longest_ms)
        sum->longest_ms = other->longest_ms;
    sum->runs += other->runs;
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
    uint32_t first = 2, count = 1, factors[CALM_DEPTH_MAX];
    memset(ret, 0, sizeof *ret);
    while (first <= SPLIT_DEEPEST && seen->crossed[first] * SPLIT * COPY_STEPS * 3 > seen->steps)
        first++;
    if (first > SPLIT_DEEPEST || multiple < 2)
        return;
    uint32_t places = SPLIT_DEEPEST + 1 - first;
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
 * have the same relative spread (`square`: sum of the squares). */
static struct calm_rate rate(double seen, double square, const struct calm_sums *sums)
{
    double years = sums->seconds / YEAR_S;
    struct calm_rate rate = {.seen = seen, .years = years * sums->multiple};
    if (rate.years > sums->years)
        rate.years = sums->years;
    if (years <= 0)
        return rate;
    rate.per_year = seen / years;
    if (seen <= 0) {
        rate.at_most = 3.0 / rate.years; /* -ln 0.05 */
        return rate;
    }
    double alike = seen * seen / square, each = seen / alike;
    rate.at_most = each * (alike + 1.5 + 1.645 * sqrt(alike + 0.68)) / years;
    return rate;
}

struct calm_rate calm_moves(const struct calm_sums *sums)
{
    return rate(sums->moves, sums->moves_square, sums);
}

struct calm_rate calm_lapses(const struct calm_sums *sums)
{
    return rate(sums->lapses, sums->lapses_square, sums);
}
