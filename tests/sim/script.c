/* What goes wrong in one run: how often, how long, whom. */
#include "cluster.h"

static span_ms draw(struct prng *prng, span_ms low, span_ms high)
{
    return high <= low ? low
                       : low + (span_ms)(prng_next(prng) % (uint64_t)(high - low + 1));
}

/* Lengths that matter to a lease: blinks, shares of it, just around its end, and beyond. */
static span_ms draw_length(struct prng *prng, span_ms lease)
{
    switch (draw(prng, 0, 5)) {
    case 0:
        return lease / 50 + 1;
    case 1:
        return draw(prng, 1, lease * 3 / 10);
    case 2:
        return draw(prng, 1, lease * 12 / 10);
    case 3:
        return draw(prng, lease * 8 / 10, lease * 11 / 10);
    case 4:
        return draw(prng, lease, 4 * lease);
    default:
        return draw(prng, lease, 12 * lease);
    }
}

/* Beside a liar only what leaves it and its victims their say. */
static bool goes_with_lies(enum fault_kind kind)
{
    return kind <= FAULT_DISK_FAIL || kind == FAULT_SUSPEND || kind == FAULT_STALL ||
           kind == FAULT_CRASH || kind == FAULT_RESTART;
}

static enum fault_kind draw_kind(struct prng *prng)
{
    uint32_t sum = 0;
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++)
        sum += fault_weight(kind);
    uint64_t at = prng_next(prng) % sum;
    enum fault_kind kind = 0;
    while (at >= fault_weight(kind))
        at -= fault_weight(kind++);
    return kind;
}

static int32_t draw_amount(struct prng *prng, const struct cluster *cluster,
                           const struct fault *fault)
{
    static const int32_t losses[] = {100, 300, 500, 700, 900};
    static const int32_t leases[] = {400, 1000, 2500};
    span_ms lease = cluster->world.settings.lease_ms;
    uint32_t drift = cluster->world.peers[fault->peer].settings.drift_ppm;
    int32_t rate = (int32_t)drift * 99 / 100;
    int64_t step = draw(prng, 0, 3) == 0 ? 315360000 : 3600;
    switch (fault->kind) {
    case FAULT_LOSS:
    case FAULT_LINK_LOSS:
    case FAULT_DNS_LOSS:
    case FAULT_DNS_ANSWER:
        return losses[draw(prng, 0, 4)];
    case FAULT_DELAY:
        return (int32_t)draw(prng, 2, lease);
    case FAULT_DOUBLE:
    case FAULT_LATE:
    case FAULT_GARBLE:
        return (int32_t)draw(prng, 10, 300);
    case FAULT_REPLAY:
        return (int32_t)draw(prng, 1, 100);
    case FAULT_DISK_SLOW:
        return (int32_t)draw(prng, 50, 2 * lease);
    case FAULT_RATE:
        return draw(prng, 0, 2) == 0 ? rate : (int32_t)draw(prng, -rate, rate);
    case FAULT_WALL:
        return (int32_t)draw(prng, -step, step);
    case FAULT_SETTINGS:
        return leases[draw(prng, 0, 2)];
    case FAULT_DNS_SLOW:
        return (int32_t)draw(prng, 100, 3000);
    default:
        return (int32_t)draw(prng, 0, 999);
    }
}

static true_us length_of(const struct fault *fault, struct prng *prng, span_ms lease)
{
    span_ms drawn = draw_length(prng, lease);
    switch (fault->kind) {
    case FAULT_STALL:
        return draw(prng, 1, lease / 3) * 1000;
    case FAULT_SUSPEND:
    case FAULT_GUEST:
        return (drawn > 4 * lease ? 4 * lease : drawn) * 1000;
    case FAULT_RESTART:
        return draw(prng, 20, 300) * 1000;
    case FAULT_STOP:
        return draw(prng, 300, 3000) * 1000;
    case FAULT_WITNESS:
        return draw(prng, lease, 60 * lease) * 1000;
    case FAULT_BELIEVE:
        return 2 * lease * 1000 + 500000;
    default:
        return drawn * 1000;
    }
}

/* In the order of time. */
static void add(struct script *script, const struct fault *fault)
{
    if (script->count >= SCRIPT_MAX)
        return;
    size_t at = script->count++;
    for (; at > 0 && script->faults[at - 1].at > fault->at; at--)
        script->faults[at] = script->faults[at - 1];
    script->faults[at] = *fault;
}

/* A flapping link is many short cuts. */
static void add_flapping(struct script *script, struct fault fault, struct prng *prng)
{
    int64_t turns = draw(prng, 3, 12);
    true_us up = draw(prng, 10, 1000) * 1000;
    fault.length = draw(prng, 10, 1000) * 1000;
    for (int64_t i = 0; i < turns; i++) {
        add(script, &fault);
        fault.at += fault.length + up;
    }
}

static true_us mean_gap(const struct cluster *cluster, struct prng *prng)
{
    span_ms lease = cluster->world.settings.lease_ms;
    switch (cluster->level) {
    case LEVEL_LIGHT:
        return draw(prng, 60000, 400000) * 1000;
    case LEVEL_ROUGH:
        return draw(prng, 2 * lease, 12 * lease) * 1000;
    default:
        return draw(prng, lease * 3 / 10, 2 * lease) * 1000;
    }
}

static enum fault_kind draw_with_lies(struct prng *prng)
{
    enum fault_kind kind = FAULT_LIE;
    if (draw(prng, 0, 9) < 7)
        return FAULT_LIE;
    do
        kind = draw_kind(prng);
    while (!goes_with_lies(kind));
    return kind;
}

void script_draw(struct cluster *cluster, uint64_t seed, true_us length)
{
    struct script *script = &cluster->script;
    struct prng prng;
    prng_init(&prng, seed * 0x2545f4914f6cdd1du + 99);
    script->count = 0;
    if (cluster->level <= LEVEL_DRILLS)
        return;
    true_us mean = mean_gap(cluster, &prng);
    if (mean < length / (SCRIPT_MAX - 64)) /* so that the whole run has its share */
        mean = length / (SCRIPT_MAX - 64);
    span_ms lease = cluster->world.settings.lease_ms;
    for (true_us at = draw(&prng, 0, mean); at < length && script->count < SCRIPT_MAX;
         at += draw(&prng, 0, 2 * mean)) {
        bool lies = cluster->world.liar != PEER_NONE;
        struct fault fault = {.at = at, .kind = lies ? draw_with_lies(&prng) : draw_kind(&prng)};
        fault.peer = (uint8_t)draw(&prng, 0, PEER_COUNT - 1);
        fault.other = (uint8_t)((fault.peer + draw(&prng, 1, 2)) % PEER_COUNT);
        fault.amount = draw_amount(&prng, cluster, &fault);
        fault.length = length_of(&fault, &prng, lease);
        if (fault.kind == FAULT_FLAP)
            add_flapping(script, fault, &prng);
        else
            add(script, &fault);
    }
}
