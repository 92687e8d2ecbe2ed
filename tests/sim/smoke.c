/* smoke — many short lives of a cluster under random faults: never two holders, and one again
 * after the faults stop.
 *
 *   sim_smoke [FIRST [COUNT]]     prints the first seed that fails; ends in "N passed, N failed"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define RUN_MS 150000
#define CLOCK_RATE_MAX 9900 /* ppm; the settings promise 10 000 */

static const char *const names[PEER_COUNT] = {"server1", "server2", "witness"};

static void on_note(void *owner, const struct world *world, uint8_t peer,
                    const struct note *note)
{
    (void)owner;
    printf("[%8lld] %s > %s (%s, %llu, %lld)\n", (long long)(world->now / 1000), names[peer],
           reason_name(note->reason), note->peer < PEER_COUNT ? names[note->peer] : "-",
           (unsigned long long)note->epoch, (long long)note->number);
}

static span_ms some_time(struct world *world)
{
    span_ms lease = world->settings.lease_ms;
    switch (world_draw(world, 0, 4)) {
    case 0:
        return lease / 50;
    case 1:
        return world_draw(world, 0, lease * 3 / 10);
    case 2:
        return world_draw(world, 0, lease * 12 / 10);
    case 3:
        return world_draw(world, lease * 8 / 10, lease * 11 / 10);
    default:
        return world_draw(world, lease, 4 * lease);
    }
}

/* At most one peer at a time is without memory: two at once are an operator's case (V5). */
static bool others_remember(const struct world *world, uint8_t peer)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++) {
        const struct world_peer *p = &world->peers[i];
        if (i == peer)
            continue;
        if (!p->disk.file.present ||
            (p->up && silence_holds(&p->core.silence) &&
             p->core.silence.kind != SILENCE_RESTART))
            return false;
    }
    return true;
}

static void process_fault(struct world *world, uint8_t peer, int64_t kind)
{
    struct world_peer *p = &world->peers[peer];
    if (kind == 0 && others_remember(world, peer)) {
        world_crash(world, peer);
        memset(&p->disk.file, 0, sizeof p->disk.file);
        p->disk.file.holder = PEER_NONE;
    } else if (kind <= 3)
        world_crash(world, peer);
    else if (kind <= 5)
        world_freeze(world, peer, some_time(world));
    else if (kind == 6)
        world_event(world, peer,
                    &(struct event){.kind = EVENT_ORDER,
                                    .order = {.order = ORDER_HANDOVER, .peer = PEER_NONE}});
    else if (kind == 7 && peer < NODE_COUNT)
        world_fit(world, peer, !p->fit);
    else if (kind == 8)
        p->disk.failing = !p->disk.failing;
    else
        p->disk.delay_max = p->disk.delay_max > 20 ? 20 : 2 * world->settings.lease_ms;
}

static void net_fault(struct world *world, uint8_t peer, int64_t kind)
{
    static const uint32_t losses[] = {100, 300, 500, 700, 900};
    struct world_net *net = &world->net;
    uint8_t other = (uint8_t)((peer + world_draw(world, 1, 2)) % PEER_COUNT);
    if (kind <= 1)
        net->cut[peer][other] = true;
    else if (kind == 2)
        net->cut[peer][other] = net->cut[other][peer] = true;
    else if (kind == 3)
        net->loss_ppt = losses[world_draw(world, 0, 4)];
    else if (kind <= 5)
        for (uint8_t i = 0; i < PEER_COUNT; i++)
            net->cut[i][peer] = net->cut[peer][i] = kind == 4 || net->cut[peer][i];
    else if (kind == 6)
        net->delay_max = world_draw(world, 2, world->settings.lease_ms);
    else if (kind == 7)
        world_rate(world, peer, (int32_t)world_draw(world, -CLOCK_RATE_MAX, CLOCK_RATE_MAX));
    else {
        memset(net->cut, 0, sizeof net->cut);
        net->loss_ppt = 0;
    }
}

static void start_some(struct world *world)
{
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        if (!world->peers[peer].up && world_draw(world, 0, 2) > 0)
            world_start(world, peer);
}

static bool heals(struct world *world)
{
    span_ms lease = world->settings.lease_ms;
    world_heal(world);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        world_start(world, peer);
    true_us limit = world->now + 12 * lease * 1000;
    while (world->now < limit && world_holder(world) == PEER_NONE)
        if (!world_run(world, world->now + 100000))
            return false;
    uint64_t moves = world->moves, acquisitions = world->acquisitions;
    if (!world_run(world, world->now + 8 * lease * 1000))
        return false;
    moves = world->moves;
    acquisitions = world->acquisitions;
    if (!world_run(world, world->now + 10 * lease * 1000))
        return false;
    return world_holder(world) < NODE_COUNT && world->moves == moves &&
           world->acquisitions - acquisitions <= 1;
}

static bool run_seed(struct world *world, uint64_t seed, bool loud)
{
    static const span_ms leases[] = {1000, 2000, 3000, 5000};
    struct prng prng;
    prng_init(&prng, seed * 7919);
    span_ms lease = leases[prng_next(&prng) % 4];
    span_ms interval = lease / (span_ms)(4 + prng_next(&prng) % 7);
    world_init(world, seed, interval, lease);
    if (loud)
        world->on_note = on_note;
    world->net.double_ppt = world_draw(world, 0, 1) ? 50 : 0;
    world->net.late_ppt = world_draw(world, 0, 1) ? 20 : 0;
    world->net.late_max = lease * (world_draw(world, 0, 2) ? 3 : 30);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        world->peers[peer].rate_ppm = (int32_t)world_draw(world, -CLOCK_RATE_MAX, CLOCK_RATE_MAX);
    while (world->now < RUN_MS * 1000) {
        uint8_t peer = (uint8_t)world_draw(world, 0, PEER_COUNT - 1);
        start_some(world);
        if (world_draw(world, 0, 1))
            process_fault(world, peer, world_draw(world, 0, 9));
        else
            net_fault(world, peer, world_draw(world, 0, 10));
        if (!world_run(world, world->now + some_time(world) * 1000))
            return false;
    }
    if (heals(world))
        return true;
    if (world->violation[0] == '\0')
        snprintf(world->violation, sizeof world->violation, "no stable holder after the heal");
    return false;
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 300;
    struct world *world = malloc(sizeof *world);
    uint64_t passed = 0, failed = 0, acquisitions = 0, steps = 0;
    if (world == NULL)
        return 2;
    for (uint64_t seed = first; seed < first + count; seed++) {
        if (run_seed(world, seed, count == 1))
            passed++;
        else if (failed++ < 5)
            printf("seed %llu: %s\n", (unsigned long long)seed, world->violation);
        acquisitions += world->acquisitions;
        steps += world->steps;
    }
    free(world);
    printf("%llu seeds, %llu holderships, %llu steps\n", (unsigned long long)count,
           (unsigned long long)acquisitions, (unsigned long long)steps);
    printf("%llu passed, %llu failed\n", (unsigned long long)passed, (unsigned long long)failed);
    return failed != 0;
}
