/* Faults of one machine: its process, disk, clock and fitness. */
#include <string.h>

#include "cluster.h"

static void crash_for(struct cluster *cluster, const struct fault *fault)
{
    struct world *world = &cluster->world;
    world_crash(world, fault->peer);
    struct world_event *event = world_plan(world, WORLD_START, fault->peer, fault->length);
    if (event != NULL)
        event_plan(&world->queue, event);
}

/* Does this peer's disk know what it ever promised? */
static bool remembers(const struct cluster *cluster, uint8_t slot)
{
    const struct world *world = &cluster->world;
    const struct world_peer *p = &world->peers[slot];
    bool learning = p->up && silence_holds(&p->core.silence) &&
                    p->core.silence.kind != SILENCE_RESTART;
    return p->disk.file.present && !learning && p->disk.file.epoch >= cluster->forgot[slot];
}

bool fault_others_remember(const struct cluster *cluster, uint8_t slot)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (i != slot && !remembers(cluster, i))
            return false;
    return true;
}

/* Who backed the last number was replaced since, and the new witness never heard of it. */
static bool is_last_to_know(const struct world *world, uint8_t slot)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (i != slot && world->peers[i].disk.file.epoch >= world->check.epoch_last)
            return false;
    return true;
}

static bool disk_lost(struct cluster *cluster, const struct fault *fault)
{
    struct world_disk *disk = &cluster->world.peers[fault->peer].disk;
    struct check *check = &cluster->world.check;
    if (!fault_others_remember(cluster, fault->peer))
        return false;
    crash_for(cluster, fault);
    if (is_last_to_know(&cluster->world, fault->peer) && check->epoch_last > check->forgotten)
        check->forgotten = check->epoch_last;
    cluster->world.check.voters[fault->peer].must_learn =
        check->epoch_last == check->forced_last ? 0 : check->epoch_last;
    check->voters[fault->peer].binding.forgotten = true;
    memset(&disk->file, 0, sizeof disk->file);
    disk->file.holder = PEER_NONE;
    disk->before = disk->file;
    return true;
}

static bool disk_back(struct cluster *cluster, const struct fault *fault)
{
    struct world_disk *disk = &cluster->world.peers[fault->peer].disk;
    if (!cluster->equal_leases || !disk->before.present ||
        !fault_others_remember(cluster, fault->peer))
        return false;
    crash_for(cluster, fault);
    if (disk->file.epoch > cluster->forgot[fault->peer])
        cluster->forgot[fault->peer] = disk->file.epoch;
    if (disk->file.epoch > cluster->world.check.forgotten)
        cluster->world.check.forgotten = disk->file.epoch;
    disk->file = disk->before;
    return true;
}

static bool settings(struct cluster *cluster, const struct fault *fault)
{
    struct core_settings *next = &cluster->world.peers[fault->peer].settings;
    const struct core_settings *base = &cluster->world.settings;
    if (cluster->equal_leases)
        return false;
    next->lease_ms = base->lease_ms * fault->amount / 1000;
    if (next->lease_ms > LEASE_MS_MAX)
        next->lease_ms = LEASE_MS_MAX;
    if (next->lease_ms < LEASE_MS_MIN)
        next->lease_ms = LEASE_MS_MIN;
    if (next->lease_ms < 4 * base->interval_ms)
        next->lease_ms = 4 * base->interval_ms;
    next->demote_lead_ms = next->lease_ms / 4 < 500 ? next->lease_ms / 4 : 500;
    next->settings_hash++;
    crash_for(cluster, fault);
    return true;
}

/* A guest is set back to a moment ago: memory, disk and clock. Between write and write only, since
 * what is being written belongs to no moment. */
static bool snapshot(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world *world = &cluster->world;
    struct world_peer *p = &world->peers[fault->peer];
    if (!end) {
        if (!cluster->snapshots || cluster->snapshot_of != PEER_NONE || !p->up || p->frozen ||
            p->core.voter.ledger.writing_ticket != 0)
            return false;
        cluster->snapshot = p->core;
        cluster->snapshot_file = p->disk.file;
        cluster->snapshot_of = fault->peer;
        cluster->snapshot_life = p->life;
        return true;
    }
    cluster->snapshot_of = PEER_NONE;
    if (!p->up || p->frozen || p->life != cluster->snapshot_life)
        return true;
    p->life++; /* what was under way belongs to the life that is gone */
    p->core = cluster->snapshot;
    p->disk.file = cluster->snapshot_file;
    p->base = p->core.now;
    p->base_at = world->now;
    p->slept_us = 0; /* it cannot know */
    if (world->check.epoch_last > world->check.forgotten)
        world->check.forgotten = world->check.epoch_last; /* its numbers may come again */
    world->check.memory_restored = cluster->restored[fault->peer] = true;
    writer_init(&p->writer);
    check_tainted(world, fault->peer);
    if (fault->peer < NODE_COUNT) {
        /* It uses marks again, and a late answer to the first use looks like one to the second. */
        world->check.nodes[fault->peer].taint_until +=
            LATE_LEASES_MAX * world->settings.lease_ms;
        world->check.nodes[fault->peer].report = p->core.reported;
        writer_standing(world, fault->peer, &p->core.reported);
    }
    world_event(world, fault->peer, &(struct event){.kind = EVENT_WAKE});
    return true;
}

static bool crash_kind(struct cluster *cluster, const struct fault *fault)
{
    struct world *world = &cluster->world;
    switch (fault->kind) {
    case FAULT_DISK_LOST:
    case FAULT_DISK_TORN:
        return disk_lost(cluster, fault);
    case FAULT_DISK_BACK:
        return disk_back(cluster, fault);
    case FAULT_SETTINGS:
        return settings(cluster, fault);
    case FAULT_VERSION:
        world->peers[fault->peer].settings.version[0] = (char)('a' + fault->amount % 26);
        crash_for(cluster, fault);
        return true;
    default:
        crash_for(cluster, fault);
        return true;
    }
}

static bool process(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world *world = &cluster->world;
    const struct world_peer *p = &world->peers[fault->peer];
    if (end)
        return true;
    if (!p->up)
        return false;
    if (fault->kind == FAULT_SUSPEND || fault->kind == FAULT_STALL)
        world_freeze(world, fault->peer, fault->length / 1000);
    else if (fault->kind == FAULT_GUEST)
        world_freeze_guest(world, fault->peer, fault->length / 1000);
    else
        return crash_kind(cluster, fault);
    return true;
}

static bool unfit(struct cluster *cluster, const struct fault *fault, bool end)
{
    if (fault->peer >= NODE_COUNT)
        return false;
    world_fit(&cluster->world, fault->peer, end);
    return true;
}

bool fault_peer(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world *world = &cluster->world;
    struct world_peer *p = &world->peers[fault->peer];
    switch (fault->kind) {
    case FAULT_DISK_SLOW:
        p->disk.delay_max = end ? 20 : fault->amount;
        return true;
    case FAULT_DISK_FAIL:
        p->disk.failing = (uint8_t)(p->disk.failing + (end ? -1 : 1));
        return true;
    case FAULT_RATE:
        if (!end)
            world_rate(world, fault->peer, fault->amount);
        return true;
    case FAULT_WALL:
        if (!end)
            p->wall_offset_s = fault->amount;
        return true;
    case FAULT_UNFIT:
        return unfit(cluster, fault, end);
    case FAULT_SNAPSHOT:
        return snapshot(cluster, fault, end);
    default:
        return process(cluster, fault, end);
    }
}
