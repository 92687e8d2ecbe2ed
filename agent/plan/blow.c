/* Happy path: a cluster settles and goes on; at random moments it is copied, one thing fails in
 * the copy, and the copy is watched until the other node holds and the record says so.
 *
 * Failure modes: what does not come within the limit counts as never. A cluster that finds no
 * holder in such a network ends the blows early. A checker's violation ends everything. */
#include "blow.h"

#include <stdio.h>
#include <string.h>

#define WITNESS_LOSS_PPT 300 /* POWER: what the witness's way loses besides */
#define SETTLE_LEASES 6
#define WAIT_LEASES 12 /* what has not come so long after the blow, and a minute more, never does */
#define WAIT_MS 60000
#define WATCH_LEASES 12 /* so long is it watched that nothing moves */
#define EXEC_MS_MIN 20  /* holdfast restart: the time in which no process listens */
#define EXEC_MS_MAX 80
#define RESPAWN_MS_MIN 150 /* systemd: RestartSec=100ms, and the start */
#define RESPAWN_MS_MAX 250

struct blow {
    struct field *field;
    struct world *world;
    uint8_t holder, other; /* as the blow falls */
    span_ms lease;
    true_us since; /* when what is measured begins */
};

static const struct {
    const char *name, *what;
    bool moves;
} kinds[BLOW_COUNT] = {
#define X(code, name, what, moves) {name, what, moves},
    BLOW_TABLE(X)
#undef X
};

const char *blow_name(enum blow_kind kind)
{
    return kinds[kind].name;
}

const char *blow_what(enum blow_kind kind)
{
    return kinds[kind].what;
}

bool blow_moves(enum blow_kind kind)
{
    return kinds[kind].moves;
}

static void pass(struct blow *blow, span_ms length)
{
    field_run(blow->field, blow->world->now + length * 1000);
}

static void cut(struct blow *blow, uint8_t from, uint8_t to)
{
    if (from != to)
        blow->world->net.cut[from][to]++;
}

static void cut_off(struct blow *blow, bool in, bool out)
{
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        if (in)
            cut(blow, peer, blow->holder);
        if (out)
            cut(blow, blow->holder, peer);
    }
}

static void lose_power(struct blow *blow)
{
    for (uint8_t peer = 0; peer < NODE_COUNT; peer++) {
        blow->world->net.link_loss_ppt[peer][PEER_WITNESS] += WITNESS_LOSS_PPT;
        blow->world->net.link_loss_ppt[PEER_WITNESS][peer] += WITNESS_LOSS_PPT;
    }
    world_crash(blow->world, blow->holder);
}

static void start_again(struct blow *blow, span_ms low, span_ms high, bool in_place)
{
    world_crash(blow->world, blow->holder);
    pass(blow, world_draw(blow->world, low, high));
    blow->world->peers[blow->holder].settings.in_place = in_place;
    world_start(blow->world, blow->holder);
}

/* The witness is away for long, the holder crashes, and what counts is the time from the return
 * of the witness on: without it nobody can hold. */
static void lose_two(struct blow *blow)
{
    world_crash(blow->world, PEER_WITNESS);
    pass(blow, world_draw(blow->world, 2 * blow->lease, 4 * blow->lease));
    uint8_t holder = world_holder(blow->world);
    if (holder < NODE_COUNT) {
        blow->holder = holder;
        blow->other = (uint8_t)(1 - holder);
    }
    world_crash(blow->world, blow->holder);
    pass(blow, world_draw(blow->world, 2 * blow->lease, 4 * blow->lease));
    world_start(blow->world, PEER_WITNESS);
    blow->since = blow->world->now;
}

static void hand_over(struct blow *blow)
{
    world_event(blow->world, blow->holder,
                &(struct event){.kind = EVENT_ORDER,
                                .order = {.order = ORDER_HANDOVER, .peer = PEER_NONE}});
}

static void strike(struct blow *blow, enum blow_kind kind)
{
    switch (kind) {
    case BLOW_CRASH:
        world_crash(blow->world, blow->holder);
        break;
    case BLOW_POWER:
        lose_power(blow);
        break;
    case BLOW_ISOLATION:
    case BLOW_DEAF:
    case BLOW_MUTE:
        cut_off(blow, kind != BLOW_MUTE, kind != BLOW_DEAF);
        break;
    case BLOW_FROZEN:
        world_thaw(blow->world, blow->holder);
        world_freeze(blow->world, blow->holder, 3 * blow->lease);
        break;
    case BLOW_SWITCHOVER:
        hand_over(blow);
        break;
    case BLOW_UNFIT:
        world_fit(blow->world, blow->holder, false);
        break;
    case BLOW_NO_WITNESS:
        lose_two(blow);
        break;
    case BLOW_RESTART:
        start_again(blow, EXEC_MS_MIN, EXEC_MS_MAX, true);
        break;
    case BLOW_RESPAWN:
        start_again(blow, RESPAWN_MS_MIN, RESPAWN_MS_MAX, false);
        break;
    case BLOW_LINK:
        cut(blow, 0, 1);
        cut(blow, 1, 0);
        break;
    case BLOW_WITNESS_LOST:
        world_crash(blow->world, PEER_WITNESS);
        break;
    default:
        world_crash(blow->world, blow->other);
        break;
    }
}

/* Slices grow with the time that has passed: a figure is right to half a percent, or 1 ms. */
static bool tick(struct blow *blow, true_us since)
{
    true_us slice = (blow->world->now - since) / 200;
    if (slice < 1000)
        slice = 1000;
    return field_run(blow->field, blow->world->now + slice);
}

static bool record_says(const struct blow *blow, uint8_t node)
{
    return blow->world->zone.serves == node && blow->world->zone.owner == node;
}

static span_ms passed(const struct blow *blow)
{
    return (blow->world->now - blow->since) / 1000;
}

static void await_move(struct blow *blow, struct blow_sums *sums)
{
    span_ms limit = WAIT_LEASES * blow->lease + WAIT_MS, holds = SPREAD_NEVER;
    span_ms written = SPREAD_NEVER;
    bool has_record = blow->field->setup.has_record;
    while (passed(blow) < limit && (holds < 0 || (has_record && written < 0))) {
        if (!tick(blow, blow->since))
            return;
        if (holds < 0 && world_holder(blow->world) == blow->other)
            holds = passed(blow);
        if (written < 0 && has_record && record_says(blow, blow->other))
            written = passed(blow);
    }
    sums->blows++;
    sums->moved += holds >= 0;
    spread_add(&sums->holds, holds);
    if (has_record)
        spread_add(&sums->written, written);
}

/* Adds up the time without a holder: from `since`, when the blow fell, on. */
static void watch_rest(struct blow *blow, struct blow_sums *sums, span_ms already_without)
{
    true_us until = blow->world->now + WATCH_LEASES * blow->lease * 1000;
    true_us without = already_without * 1000;
    while (blow->world->now < until) {
        true_us before = blow->world->now;
        bool held = world_holder(blow->world) < NODE_COUNT;
        span_ms left = field_left(blow->field);
        if (!field_run(blow->field, before + (held && left > 1 ? left : 1) * 1000))
            return;
        without += held ? 0 : blow->world->now - before;
    }
    uint8_t holder = world_holder(blow->world);
    sums->blows++;
    sums->moved += holder == blow->other;
    spread_add(&sums->holds, without / 1000);
}

static void deal(struct blow_bench *bench, enum blow_kind kind, struct blow_report *report)
{
    struct field *field = &bench->struck;
    struct blow blow = {.field = field,
                        .world = &field->world,
                        .lease = field->setup.core.lease_ms,
                        .holder = world_holder(&field->world),
                        .since = field->world.now};
    uint64_t steps = field->world.steps;
    true_us begin = field->world.now;
    blow.other = (uint8_t)(1 - blow.holder);
    if (kind == BLOW_UNFIT) /* not so soon after the election that min-hold has a say */
        field->world.peers[blow.holder].core.settings.min_hold_ms = 0;
    strike(&blow, kind);
    if (kinds[kind].moves)
        await_move(&blow, &report->kinds[kind]);
    else
        watch_rest(&blow, &report->kinds[kind], passed(&blow));
    report->steps += field->world.steps - steps;
    report->seconds += (double)(field->world.now - begin) / 1e6;
    if (check_failed(&field->world) && report->violation[0] == '\0')
        snprintf(report->violation, sizeof report->violation, "%s: %s",
                 field->world.check.checker, field->world.check.text);
}

/* To a moment at which somebody holds and the record says so. */
static bool find_moment(struct field *field)
{
    struct world *world = &field->world;
    span_ms lease = field->setup.core.lease_ms;
    true_us limit = world->now + (WAIT_LEASES * lease + WAIT_MS) * 1000;
    bool fine = field_run(field, world->now + world_draw(world, lease * 500, lease * 1500));
    while (fine && world->now < limit) {
        uint8_t holder = world_holder(world);
        if (holder < NODE_COUNT && !world->peers[holder].frozen &&
            !world->check.nodes[holder].report.leaving &&
            (!field->setup.has_record || world->zone.serves == holder))
            return true;
        fine = field_run(field, world->now + lease * 100);
    }
    return false;
}

void blow_play(struct blow_bench *bench, const struct blow_order *order, struct blow_report *ret)
{
    struct field *calm = &bench->calm;
    struct prng seeds;
    memset(ret, 0, sizeof *ret);
    prng_init(&seeds, order->seed ^ 0xb10);
    field_open(calm, &order->setup, order->seed);
    field_run(calm, calm->world.now + SETTLE_LEASES * order->setup.core.lease_ms * 1000);
    for (uint32_t round = 0; round < order->rounds && find_moment(calm); round++)
        for (enum blow_kind kind = 0; kind < BLOW_COUNT; kind++) {
            field_split(&bench->struck, calm, prng_next(&seeds));
            deal(bench, kind, ret);
        }
    ret->steps += calm->world.steps;
    ret->seconds += (double)calm->world.now / 1e6;
}

void blow_add(struct blow_report *sum, const struct blow_report *other)
{
    for (size_t kind = 0; kind < BLOW_COUNT; kind++) {
        struct blow_sums *to = &sum->kinds[kind];
        const struct blow_sums *from = &other->kinds[kind];
        spread_join(&to->holds, &from->holds);
        spread_join(&to->written, &from->written);
        to->blows += from->blows;
        to->moved += from->moved;
    }
    sum->steps += other->steps;
    sum->seconds += other->seconds;
    if (sum->violation[0] == '\0')
        memcpy(sum->violation, other->violation, sizeof sum->violation);
}
