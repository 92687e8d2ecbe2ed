#include "cluster.h"

#include <stdlib.h>
#include <string.h>

#include "../../agent/peer/happen.h"
#include "door.h"
#include "drill.h"
#include "lie.h"

#define VIEW_EVERY_US 5000000
#define HEAL_LEASES 3    /* somebody fit holds again within so many, and the record says so */
#define SETTLE_LEASES 8  /* what was late may still be felt until then */
#define STEADY_LEASES 10 /* from then on nothing moves */
#define STUN_LEASES 14   /* the longest a fault of its own may go on after the faults stopped */

static const char *const names[PEER_COUNT] = {"server1", "server2", "witness"};
static const char *const level_names[LEVEL_COUNT] = {"quiet", "drills", "light", "rough", "hell"};

const char *cluster_level_name(enum level level)
{
    return level_names[level];
}

struct cluster *cluster_open(const struct cluster_options *options)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    if (cluster != NULL)
        cluster->options = *options;
    return cluster;
}

void cluster_close(struct cluster *cluster)
{
    if (cluster == NULL)
        return;
    door_close(cluster->door);
    free(cluster);
}

static void on_note(void *owner, const struct world *world, uint8_t peer,
                    const struct note *note)
{
    char sentence[300];
    (void)owner;
    if (reason_level(note->reason) == REASON_DEBUG)
        return;
    happen_render(note, names, sentence, sizeof sentence);
    printf("[%lld] %s > %s\n", (long long)(world->now / 1000), names[world_role(peer)],
           sentence);
}

static void on_undo(void *owner, uint32_t index)
{
    fault_end(owner, index);
}

span_ms cluster_lease(const struct cluster *cluster)
{
    span_ms lease = 0;
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        if (cluster->world.peers[slot].settings.lease_ms > lease)
            lease = cluster->world.peers[slot].settings.lease_ms;
    return lease;
}

/* ---- what a seed means ---- */

struct profile {
    span_ms interval_ms, lease_ms;
};

static struct profile draw_profile(struct prng *prng, bool bytes)
{
    static const struct profile normal = {500, 5000}, fast = {100, 1000}, patient = {1000, 15000};
    uint64_t at = prng_next(prng) % 100;
    if (bytes)
        return patient;
    if (at < 2)
        return fast;
    return at < 25 ? normal : patient;
}

static enum level draw_level(struct prng *prng)
{
    uint64_t at = prng_next(prng) % 100;
    if (at < 3)
        return LEVEL_QUIET;
    if (at < 10)
        return LEVEL_DRILLS;
    if (at < 30)
        return LEVEL_LIGHT;
    return at < 65 ? LEVEL_ROUGH : LEVEL_HELL;
}

/* Most clusters have the default drift everywhere, some have another one at each peer; clocks run
 * up to a hundredth below what they promise. */
static void draw_clocks(struct world *world, struct prng *prng)
{
    static const uint32_t drifts[] = {10000, 10000, 10000, 50000, 1000};
    uint32_t drift = drifts[prng_next(prng) % 5];
    bool apart = prng_next(prng) % 4 == 0;
    world->settings.drift_ppm = drift;
    for (uint8_t slot = 0; slot < SLOT_COUNT; slot++) {
        if (apart)
            drift = drifts[prng_next(prng) % 5];
        int64_t most = drift * 99 / 100;
        int64_t rate = (int64_t)(prng_next(prng) % (uint64_t)(2 * most + 1)) - most;
        uint64_t extreme = prng_next(prng) % 3;
        if (extreme == 0)
            rate = prng_next(prng) % 2 ? most : -most;
        world->peers[slot].settings.drift_ppm = drift;
        world_rate(world, slot, (int32_t)rate);
        world->peers[slot].wall_offset_s = (int64_t)(prng_next(prng) % 6001) - 3000;
    }
}

static void draw_world(struct cluster *cluster, struct prng *prng, bool bytes)
{
    struct world *world = &cluster->world;
    struct profile profile = draw_profile(prng, bytes);
    world_init(world, cluster->seed, profile.interval_ms, profile.lease_ms);
    draw_clocks(world, prng);
    world->has_zone = world->strict = true;
    world->wall_stands = prng_next(prng) % 2 == 0;
    if (prng_next(prng) % 3 == 0)
        world->net.delay_max = 2;
    world->zone.no_cas = prng_next(prng) % 5 == 0;
    world->zone.blind = cluster->options.blind_writes;
    world->batch_clock = cluster->options.batch_clock;
    world->monotonic_clock = cluster->options.monotonic_clock;
    world->muted = cluster->options.muted;
    if (cluster->options.hostile) {
        world->liar = (uint8_t)(prng_next(prng) % PEER_COUNT);
        snprintf(cluster->muted, sizeof cluster->muted, "%s,%s", lie_excuses(),
                 world->muted == NULL ? "" : world->muted);
        world->muted = cluster->muted;
    }
    bool drills = cluster->level == LEVEL_DRILLS;
    bool prefers = !drills && prng_next(prng) % 5 == 0;
    uint8_t prefer = prefers ? (uint8_t)(prng_next(prng) % 2) : PEER_NONE;
    for (uint8_t slot = 0; slot < SLOT_COUNT; slot++) {
        struct world_peer *p = &world->peers[slot];
        p->auto_idle = false;
        p->settings.prefer = prefer;
        p->settings.failback_after_ms = 60000 + (span_ms)(prng_next(prng) % 600000);
        p->settings.min_hold_ms = (span_ms)(prng_next(prng) % 2) * 60000;
        p->disk.file = (struct stored){
            .present = true, .epoch = 100, .holder = PEER_NONE};
        p->disk.before = p->disk.file;
    }
    cluster->equal_leases = prng_next(prng) % 2 == 0;
    cluster->snapshots = !drills && prng_next(prng) % 10 == 0;
}

void cluster_draw(struct cluster *cluster, uint64_t seed)
{
    struct prng prng;
    const struct cluster_options *options = &cluster->options;
    prng_init(&prng, seed * 7919 + 1);
    bool bytes = options->bytes || (!options->no_bytes && seed % 100 == 7);
    cluster->seed = seed;
    cluster->level = draw_level(&prng);
    if (options->level_given)
        cluster->level = options->level;
    if (options->hostile && cluster->level < LEVEL_LIGHT)
        cluster->level = LEVEL_ROUGH;
    draw_world(cluster, &prng, bytes);
    cluster->snapshot_of = PEER_NONE;
    memset(cluster->forgot, 0, sizeof cluster->forgot);
    cluster->members_newest = 0;
    cluster->believe_until = cluster->calm_since = 0;
    memset(cluster->restored, 0, sizeof cluster->restored);
    memset(cluster->active, 0, sizeof cluster->active);
    true_us minutes = options->minutes > 0 ? options->minutes : 60;
    script_draw(cluster, seed, minutes * 60000000);
    if (bytes && cluster->door == NULL)
        cluster->door = door_open(seed);
    if (bytes && cluster->door != NULL)
        door_reset(cluster->door, seed);
    cluster->world.door = bytes ? cluster->door : NULL;
    cluster->world.owner = cluster;
    cluster->world.on_undo = on_undo;
    cluster->world.on_note = options->loud ? on_note : NULL;
}

/* ---- the run ---- */

static void look(struct cluster *cluster)
{
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        check_view(&cluster->world, slot);
    for (uint8_t node = 0; node < NODE_COUNT; node++)
        check_permit(&cluster->world, node);
}

static bool run(struct cluster *cluster, true_us until)
{
    struct world *world = &cluster->world;
    while (world->now < until) {
        true_us slice = until - world->now < VIEW_EVERY_US ? until - world->now : VIEW_EVERY_US;
        if (!world_run(world, world->now + slice))
            return false;
        look(cluster);
    }
    return !check_failed(world);
}

static bool run_script(struct cluster *cluster, size_t *cursor, true_us until)
{
    struct script *script = &cluster->script;
    for (; *cursor < script->count && script->faults[*cursor].at < until; ++*cursor) {
        const struct fault *fault = &script->faults[*cursor];
        if (fault->at < cluster->world.now)
            continue; /* it would have come in the last heal */
        if (!run(cluster, fault->at))
            return false;
        if (!fault->dropped)
            fault_begin(cluster, (uint32_t)*cursor);
    }
    return run(cluster, until);
}

/* A stand-still or a write of the state file that began before goes on to its own end. */
static bool is_stunned(const struct cluster *cluster)
{
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++) {
        const struct world_peer *p = &cluster->world.peers[slot];
        if (p->up && (p->frozen || p->slow_until > cluster->world.now))
            return true;
    }
    return false;
}

static bool record_is_right(const struct cluster *cluster)
{
    const struct world *world = &cluster->world;
    uint8_t holder = world_holder(world);
    return holder < NODE_COUNT && world->zone.serves == holder && world->zone.owner == holder &&
           world->zone.epoch == world->check.nodes[holder].report.epoch;
}

/* Or its writer has stopped with an alarm, as it must: a disk that came back older made the node
 * use a number again, and the fence under that number is one of an earlier life. */
static bool record_is_settled(const struct cluster *cluster)
{
    const struct world *world = &cluster->world;
    uint8_t holder = world_holder(world);
    bool foreign = holder < NODE_COUNT && world->peers[holder].writer.foreign &&
                   world->zone.owner == holder && world->zone.epoch <= world->check.forgotten;
    return foreign || record_is_right(cluster);
}

static bool held(const struct cluster *cluster)
{
    return world_holder(&cluster->world) < NODE_COUNT;
}

/* Runs until `is` or the limit; the time that it took, or -1. */
static span_ms wait_for(struct cluster *cluster, bool (*is)(const struct cluster *),
                        span_ms limit_ms)
{
    struct world *world = &cluster->world;
    true_us begin = world->now;
    while (!is(cluster) && world->now < begin + limit_ms * 1000)
        if (!world_run(world, world->now + 20000))
            return -1;
    return is(cluster) ? (world->now - begin) / 1000 : -1;
}

static void keep_max(uint64_t *most, uint64_t value)
{
    if (value > *most)
        *most = value;
}

/* Nothing moves any more: no fault, no reason. */
static bool stays(struct cluster *cluster, span_ms length_ms)
{
    struct world *world = &cluster->world;
    const struct check_sums before = world->check.sums;
    bool prefers = world->peers[0].settings.prefer != PEER_NONE;
    if (!run(cluster, world->now + length_ms * 1000))
        return false;
    if (!held(cluster) && !(prefers && wait_for(cluster, held, cluster_lease(cluster)) >= 0))
        check_fail(world, "liveness", "nobody holds in quiet times");
    uint64_t elections = world->check.sums.elections - before.elections;
    uint64_t lapses = world->check.sums.lapses - before.lapses;
    if (lapses > 0 || (elections > 0 && !prefers))
        check_fail(world, "moved-without-fault", "%llu elections and %llu lapses in quiet times",
                   (unsigned long long)elections, (unsigned long long)lapses);
    return !check_failed(world);
}

/* What a disk knows of a longer lease, of a former setting or of a liar, is waited for after a
 * start (rule V5). */
static span_ms longest_word(const struct cluster *cluster, span_ms lease)
{
    span_ms longest = lease;
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        if (cluster->world.peers[slot].disk.file.length_ms > longest)
            longest = cluster->world.peers[slot].disk.file.length_ms;
    return longest == lease ? 0 : longest;
}

static bool heal(struct cluster *cluster)
{
    struct world *world = &cluster->world;
    fault_stop(cluster);
    true_us limit = world->now + STUN_LEASES * cluster_lease(cluster) * 1000;
    while (is_stunned(cluster) && world->now < limit)
        if (!world_run(world, world->now + 20000))
            return false;
    fault_heal(cluster);
    span_ms lease = cluster_lease(cluster);
    if (cluster->options.loud)
        printf("[%lld] the faults stop\n", (long long)(world->now / 1000));
    span_ms took = wait_for(cluster, held, HEAL_LEASES * lease + longest_word(cluster, lease));
    if (took < 0) {
        check_fail(world, "liveness", "nobody holds %d leases after the faults stopped",
                   HEAL_LEASES);
        return false;
    }
    keep_max(&cluster->sums.heal_permille_max, (uint64_t)(took * 1000 / lease));
    cluster->sums.heal_ms_sum += (uint64_t)took;
    if (world->liar != PEER_NONE)
        return run(cluster, world->now + SETTLE_LEASES * lease * 1000);
    bool looks = world->zone.no_cas || world->now - world->zone.drifted_at < 60000000;
    span_ms slack = looks ? 40000 : 8000; /* tries; and a look every 30 s */
    span_ms written = wait_for(cluster, record_is_settled, HEAL_LEASES * lease - took + slack);
    if (written < 0) {
        check_fail(world, "liveness", "the record does not say who holds");
        return false;
    }
    keep_max(&cluster->sums.record_permille_max, (uint64_t)((took + written) * 1000 / lease));
    cluster->sums.heals++;
    return run(cluster, world->now + SETTLE_LEASES * lease * 1000) &&
           stays(cluster, STEADY_LEASES * lease) &&
           drill_play(cluster, (enum drill_kind)(prng_next(&world->prng) % DRILL_COUNT));
}

static void add_sums(struct cluster *cluster)
{
    struct cluster_sums *sums = &cluster->sums;
    const struct world *world = &cluster->world;
    const struct check_sums *check = &world->check.sums;
    const uint64_t *from = (const uint64_t *)check;
    uint64_t *to = (uint64_t *)&sums->check;
    for (size_t i = 0; i < sizeof *check / sizeof *from; i++)
        to[i] += from[i];
    sums->seeds++;
    sums->steps += world->steps;
    sums->simulated_ms += world->now / 1000;
    sums->sent += world->net.sent;
    sums->lost += world->net.lost;
    sums->doubled += world->net.doubled;
    sums->late += world->net.late;
    sums->garbled += world->net.garbled;
    sums->replayed += world->net.replayed;
    sums->byte_runs += world->door != NULL;
    sums->byte_steps += world->door != NULL ? world->steps : 0;
}

static bool play_drills(struct cluster *cluster, true_us end)
{
    struct world *world = &cluster->world;
    if (wait_for(cluster, held, HEAL_LEASES * cluster_lease(cluster)) < 0)
        return false;
    if (cluster->options.drill == NULL)
        return run(cluster, world->now + SETTLE_LEASES * cluster_lease(cluster) * 1000) &&
               drill_play_all(cluster, end);
    while (world->now < end)
        if (!run(cluster, world->now + SETTLE_LEASES * cluster_lease(cluster) * 1000) ||
            !drill_play(cluster, drill_named(cluster->options.drill)))
            return false;
    return true;
}

static bool play(struct cluster *cluster)
{
    struct world *world = &cluster->world;
    uint32_t minutes = cluster->options.minutes > 0 ? cluster->options.minutes : 60;
    true_us end = (true_us)minutes * 60000000, cycle = (true_us)CYCLE_MINUTES * 60000000;
    size_t cursor = 0;
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++) {
        if (!world_run(world, world->now + world_draw(world, 0, 3000) * 1000))
            return false;
        world_start(world, slot);
    }
    if (cluster->level == LEVEL_QUIET)
        return wait_for(cluster, held, HEAL_LEASES * cluster_lease(cluster)) >= 0 &&
               stays(cluster, (end - world->now) / 1000);
    if (cluster->level == LEVEL_DRILLS)
        return play_drills(cluster, end);
    for (true_us at = cycle < end ? cycle : end; at <= end; at += cycle) {
        if (!run_script(cluster, &cursor, at) || !heal(cluster))
            return false;
    }
    return true;
}

bool cluster_run(struct cluster *cluster)
{
    bool fine = play(cluster);
    if (!fine && !check_failed(&cluster->world))
        check_fail(&cluster->world, "liveness", "nobody holds");
    add_sums(cluster);
    return fine;
}
