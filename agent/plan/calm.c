/* Happy path: a cluster settles; then it is run from level to level of the holder's remaining
 * lease, split where the levels say so, until the time is over.
 *
 * Failure modes: a checker's violation ends it, and the sums say which. Steps beyond the bound end
 * it early; the sums say how much time they rest on. */
#include "calm.h"

#include <stdio.h>
#include <string.h>

#define GAP_SLICE_MS 5   /* while nobody holds it is looked so often, ... */
#define GAP_SHARE 200    /* ... or after this share of the time that has passed */
#define OVERRUN 2        /* close calls that take so many times the steps are broken off */
#define STUCK_LEASES 200 /* a split run ends then, whatever it is at */
#define SETTLE_LEASES 6
#define LONG_SHARE 4     /* a stand-still of a quarter of the lease is a long one */
#define LONGEST_LEASES 4 /* and longer than this none need be */
#define RARE 0.02        /* of the time, that long ones take: then they can be played beside */
#define BESIDE_SHARE 0.3 /* of the time, that is played beside, about */

/* One line of events, from a split (or the beginning) on. */
struct path {
    uint32_t at;    /* levels that it is below */
    uint8_t holder; /* the last one */
    bool gap;
    true_us gap_since;
    double weight;
    bool beside; /* with a long stand-still */
};

struct calm {
    const struct calm_order *order;
    struct calm_bench *bench;
    struct calm_sums *sums;
    struct prng seeds;
    true_us long_us; /* stand-stills from here on are played beside; 0 = none */
    double chance;   /* that one is, when a stand-still begins */
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

/* ---- who holds ---- */

static void end_gap(struct calm *calm, struct path *path, const struct world *world)
{
    struct calm_sums *sums = calm->sums;
    uint8_t holder = world_holder(world);
    bool moved = path->holder < NODE_COUNT && holder != path->holder;
    span_ms length = path->gap ? (world->now - path->gap_since) / 1000 : 0;
    bool wished = moved && world->check.nodes[holder].report.after_release;
    sums->without_ms += path->weight * (double)length;
    if (length > sums->longest_ms)
        sums->longest_ms = length;
    if (wished) {
        sums->handovers += path->weight;
    } else {
        calm->lapses += path->weight;
        calm->moves += moved ? path->weight : 0;
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
    struct calm_sums *sums = calm->sums;
    sums->moves.luck += calm->moves;
    sums->moves.luck_square += calm->moves * calm->moves;
    sums->lapses.luck += calm->lapses;
    sums->lapses.luck_square += calm->lapses * calm->lapses;
    calm->moves = calm->lapses = 0;
}

/* ---- runs ---- */

static void end_run(struct calm *calm, uint32_t depth, const struct path *path, uint64_t steps)
{
    struct calm_sums *sums = calm->sums;
    const struct world *world = &calm->bench->fields[depth].world;
    span_ms length = path->gap ? (world->now - path->gap_since) / 1000 : 0;
    sums->without_ms += path->weight * (double)length;
    sums->steps += world->steps - steps;
    if (depth > 0 && !path->beside)
        sums->run_steps += world->steps - steps;
    if (check_failed(world) && sums->violation[0] == '\0')
        snprintf(sums->violation, sizeof sums->violation, "%s: %s", world->check.checker,
                 world->check.text);
}

static bool may_go_on(const struct calm *calm)
{
    return calm->sums->violation[0] == '\0' && !calm->sums->overrun;
}

/* To the next instant at which a level may be reached, or a stand-still begins that is to be
 * looked at. */
static bool advance(const struct calm *calm, uint32_t depth, const struct path *path)
{
    struct field *field = &calm->bench->fields[depth];
    true_us step = 0, least = 1000, until, stall_at;
    if (path->at < CALM_STEPS) {
        step = (field_left(field) - threshold(calm, path->at)) * 1000;
    } else {
        step = path->gap ? (field->world.now - path->gap_since) / GAP_SHARE : 0;
        least = GAP_SLICE_MS * 1000;
    }
    until = field->world.now + (step < least ? least : step);
    field_stalls_next(field, &stall_at);
    if (depth == 0 && calm->long_us > 0 && stall_at <= until)
        until = stall_at - 1;
    return field_run(field, until > field->world.now ? until : field->world.now);
}

/* A copy with a long stand-still of `peer`, until all is well again. */
static void play_beside(struct calm *calm, const struct path *from, uint8_t peer)
{
    struct field *field = &calm->bench->fields[1];
    struct path path = *from;
    span_ms lease = calm->order->setup.core.lease_ms;
    double weight, moves = calm->moves, lapses = calm->lapses;
    field_split(field, &calm->bench->fields[0], prng_next(&calm->seeds));
    true_us length = stalls_draw_long(&calm->order->setup.conditions.stalls, &calm->seeds,
                                      calm->long_us, LONGEST_LEASES * lease * 1000, &weight);
    uint64_t steps = field->world.steps;
    path.weight = weight / calm->chance;
    path.beside = true;
    for (uint32_t i = 0; i < from->at; i++)
        path.weight /= calm->order->levels.split[i] > 1 ? calm->order->levels.split[i] : 1;
    field_stall(field, peer, length);
    true_us calm_at = field->world.now + length + lease * 1000;
    true_us until = calm_at + STUCK_LEASES * lease * 1000;
    calm->moves = calm->lapses = 0;
    do {
        watch(calm, &path, &field->world);
        path.at = depth_of(calm, field_left(field));
        if (path.at <= calm->first && field->world.now >= calm_at)
            break;
    } while (field->world.now < until && advance(calm, 1, &path));
    calm->sums->stalls++;
    calm->sums->moves.stall += calm->moves;
    calm->sums->moves.stall_square += calm->moves * calm->moves;
    calm->sums->lapses.stall += calm->lapses;
    calm->sums->lapses.stall_square += calm->lapses * calm->lapses;
    calm->moves = moves;
    calm->lapses = lapses;
    end_run(calm, 1, &path, steps);
}

/* A stand-still begins in the run itself: a short one, and sometimes a long one beside. */
static void meet_stall(struct calm *calm, const struct path *path)
{
    struct field *field = &calm->bench->fields[0];
    true_us at;
    uint8_t peer = field_stalls_next(field, &at);
    const struct world_peer *p = &field->world.peers[peer];
    if (calm->long_us == 0 || at > field->world.now + 1)
        return;
    if (p->up && !p->frozen && stalls_share(&calm->seeds) <= calm->chance)
        play_beside(calm, path, peer);
    field_stall(field, peer, 0);
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
        if (depth == 0)
            meet_stall(calm, &path);
        fine = may_go_on(calm) && advance(calm, depth, &path);
    }
    end_run(calm, depth, &path, steps);
    return may_go_on(calm);
}

static uint32_t first_level(const struct calm_levels *levels)
{
    for (uint32_t i = 0; i < CALM_STEPS; i++)
        if (levels->split[i] > 1)
            return i;
    return CALM_STEPS - 1;
}

/* Are long stand-stills so rare that no two of them come together? Then they are left out of the
 * run and played beside. */
static void plan_stalls(struct calm *calm)
{
    const struct stalls *stalls = &calm->order->setup.conditions.stalls;
    span_ms lease = calm->order->setup.core.lease_ms;
    true_us least = lease * 1000 / LONG_SHARE;
    double share = stalls_longer(stalls, least) * PEER_COUNT * (double)(2 * lease);
    if (stalls->p99_ms == 0 || calm->order->plain ||
        share > RARE * (double)stalls->every_ms)
        return;
    calm->long_us = calm->bench->fields[0].limit = least;
    calm->chance = BESIDE_SHARE * (double)stalls->every_ms / (double)(PEER_COUNT * 3 * lease);
    if (calm->chance > 1)
        calm->chance = 1;
}

void calm_play(struct calm_bench *bench, const struct calm_order *order, struct calm_sums *ret)
{
    struct field *field = &bench->fields[0];
    memset(ret, 0, sizeof *ret);
    ret->multiple = calm_multiple(&order->levels);
    ret->years = order->years;
    struct path path = {.holder = PEER_NONE, .weight = 1 / ret->multiple};
    struct calm calm = {
        .order = order, .bench = bench, .sums = ret, .first = first_level(&order->levels)};
    prng_init(&calm.seeds, order->seed ^ 0x5eed);
    field_open(field, &order->setup, order->seed);
    span_ms lease = order->setup.core.lease_ms;
    field_run(field, field->world.now + SETTLE_LEASES * lease * 1000);
    if (order->witness_away)
        world_crash(&field->world, PEER_WITNESS);
    field_run(field, field->world.now + SETTLE_LEASES * lease * 1000);
    plan_stalls(&calm);
    uint8_t holder = world_holder(&field->world);
    path.holder = holder < NODE_COUNT ? holder : 0;
    true_us begin = field->world.now;
    play(&calm, 0, &path, begin + (true_us)(order->seconds * 1e6));
    end_close_call(&calm);
    ret->seconds = (double)(field->world.now - begin) / 1e6;
}
