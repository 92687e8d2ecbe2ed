/* Operators: what they order, and what they rebuild. */
#include <string.h>

#include "cluster.h"

#define BELIEVE_LEASES 2 /* a crash said to be survived is survived within that */

static void order(struct world *world, uint8_t slot, enum order order, span_ms span)
{
    world_event(world, slot,
                &(struct event){.kind = EVENT_ORDER,
                                .order = {.order = order, .peer = PEER_NONE, .span_ms = span}});
}

/* SIGTERM: it gives up, says so for a while, and ends. */
static bool stop(struct cluster *cluster, const struct fault *fault)
{
    struct world *world = &cluster->world;
    struct world_peer *p = &world->peers[fault->peer];
    if (!p->up || p->frozen)
        return false;
    order(world, fault->peer, ORDER_STOP, 0);
    return true;
}

static bool end_stop(struct cluster *cluster, const struct fault *fault)
{
    struct world_peer *p = &cluster->world.peers[fault->peer];
    if (!p->up || !p->core.stopping)
        return true;
    world_crash(&cluster->world, fault->peer);
    world_start(&cluster->world, fault->peer);
    return true;
}

/* The operator tells the truth: the other machine is off, and stays off until the end. */
static bool force(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world *world = &cluster->world;
    uint8_t other = (uint8_t)(1 - fault->peer);
    struct world_peer *p = &world->peers[fault->peer];
    if (fault->peer >= NODE_COUNT)
        return false;
    if (end) {
        if (p->up && !p->frozen)
            order(world, fault->peer, ORDER_RELEASE, 0);
        return true;
    }
    if (!p->up || p->frozen || world->peers[other].up)
        return false;
    order(world, fault->peer, ORDER_FORCE, 0);
    return true;
}

/* The old machine runs on with its old key until the fault ends; the new one begins with an empty
 * disk. Each node learns the new set at its own next start (rule N10). */
static bool replace_witness(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world *world = &cluster->world;
    struct world_peer *old = &world->peers[3], *present = &world->peers[PEER_WITNESS];
    if (end) {
        if (old->up)
            world_crash(world, 3);
        return true;
    }
    if (world->door != NULL || old->up || !present->up || present->frozen ||
        !fault_others_remember(cluster, PEER_WITNESS))
        return false;
    world->check.voters[PEER_WITNESS].must_learn = 0;
    cluster->forgot[PEER_WITNESS] = world->check.epoch_last;
    world->check.voter_gone_until = world->now + (true_us)LEASE_MS_MAX * 1000;
    uint32_t life = old->life > present->life ? old->life : present->life;
    *old = *present;
    old->life = present->life = life + 1;
    world->check.voters[3] = world->check.voters[PEER_WITNESS];
    world->check.voters[PEER_WITNESS].binding.holder = PEER_NONE;
    present->up = false;
    present->wake_at = INT64_MAX;
    present->life++;
    present->members_set = ++cluster->members_newest;
    memset(&present->disk.file, 0, sizeof present->disk.file);
    present->disk.file.holder = PEER_NONE;
    present->disk.before = present->disk.file;
    for (uint8_t node = 0; node < NODE_COUNT; node++) /* at their next start */
        world->peers[node].members_set = cluster->members_newest;
    if (fault->amount % 2 == 0) /* written by `holdfast init`, as for a new cluster */
        present->disk.file = (struct stored){
            .present = true, .genesis = true, .holder = PEER_NONE,
            .members.key_hash[PEER_WITNESS][0] = (uint8_t)cluster->members_newest};
    world_start(world, PEER_WITNESS);
    return true;
}

static bool others_at_peace(const struct cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->script.count; i++)
        if (cluster->active[i])
            return false;
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        if (!cluster->world.peers[slot].up || cluster->world.peers[slot].frozen)
            return false;
    return true;
}

/* Status says that a crash of the holder would be survived. It had better be true. */
static bool believe(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world *world = &cluster->world;
    uint8_t holder = world_holder(world);
    if (end) {
        cluster->sums.survived += world_holder(world) < NODE_COUNT;
        if (world->now >= cluster->believe_until && world_holder(world) >= NODE_COUNT)
            check_fail(world, "view-false",
                       "status said that a crash of the holder is survived; nobody holds");
        return true;
    }
    true_us since = world->check.lying_noted_at > cluster->calm_since ? world->check.lying_noted_at
                                                                      : cluster->calm_since;
    if (holder >= NODE_COUNT || !others_at_peace(cluster) ||
        world->now - since < BELIEVE_LEASES * cluster_lease(cluster) * 1000 ||
        fault->length < BELIEVE_LEASES * cluster_lease(cluster) * 1000)
        return false;
    uint8_t asked = fault->peer == holder ? (uint8_t)(1 - holder) : fault->peer;
    if (!check_says_survivable(world, asked, holder))
        return false;
    cluster->sums.believed++;
    cluster->believe_until = world->now + fault->length;
    world_crash(world, holder);
    struct world_event *event = world_plan(world, WORLD_START, holder, fault->length + 1000);
    if (event != NULL)
        event_plan(&world->queue, event);
    return true;
}

bool fault_operator(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world *world = &cluster->world;
    bool reachable = world->peers[fault->peer].up && !world->peers[fault->peer].frozen;
    switch (fault->kind) {
    case FAULT_FORCE:
        return force(cluster, fault, end);
    case FAULT_WITNESS:
        return replace_witness(cluster, fault, end);
    case FAULT_BELIEVE:
        return believe(cluster, fault, end);
    case FAULT_STOP:
        return end ? end_stop(cluster, fault) : stop(cluster, fault);
    case FAULT_SWITCHOVER:
        if (!end && reachable)
            order(world, fault->peer, ORDER_HANDOVER, 0);
        return end || reachable;
    case FAULT_MAINTENANCE:
        if (fault->peer >= NODE_COUNT || (!end && !reachable))
            return false;
        if (reachable)
            order(world, fault->peer, ORDER_MAINTENANCE, end ? 0 : fault->length / 1000 + 1000);
        return true;
    default:
        if (!end && !reachable)
            return false;
        if (reachable)
            order(world, fault->peer, ORDER_PAUSE, end ? 0 : fault->length / 1000 + 1000);
        return true;
    }
}
