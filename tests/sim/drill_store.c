/* Drills about what is written: state files, and the record in the DNS. */
#include "drill.h"

#include <stdio.h>

/* Nothing is promised meanwhile, and afterwards as before. */
bool drill_disk_fails(const struct drill *drill)
{
    struct world *world = drill->world;
    world->peers[drill->other].disk.failing++;
    world->peers[PEER_WITNESS].disk.failing++;
    world_crash(world, drill->holder);
    bool fine = drill_pass(drill, 2 * drill->lease) && world_holder(world) == PEER_NONE;
    world->peers[drill->other].disk.failing--;
    world->peers[PEER_WITNESS].disk.failing--;
    if (!drill_expect(drill, fine, "promise-unstored", "somebody holds with nothing on any disk"))
        return false;
    fine = drill_wait_holder(drill, drill->other, 2 * drill->lease);
    return drill_expect(drill, fine, "liveness", "disks work again, and nobody takes over");
}

/* It is above all known numbers: the holder takes a number above it. */
bool drill_foreign_fence(const struct drill *drill)
{
    struct zone *zone = &drill->world->zone;
    const struct standing_report *report = &drill->world->check.nodes[drill->holder].report;
    uint64_t epoch = report->epoch + 1001 - report->epoch % 2;
    snprintf(zone->fence, sizeof zone->fence, "v=1;e=%llu;h=%s;t=00000000deadbeef",
             (unsigned long long)epoch, "server2");
    zone->epoch = epoch;
    zone->owner = 1;
    zone->drifted_at = drill->world->now;
    bool fine = drill_pass(drill, 45000 + 2 * drill->lease);
    return drill_expect(drill,
                        fine && zone->epoch > epoch && zone->owner == world_holder(drill->world),
                        "record-stale", "a foreign fence was not numbered above");
}

/* The write of a new holder is on its way for leases; it loses its lease, and the next writes. */
bool drill_late_write(const struct drill *drill)
{
    struct world *world = drill->world;
    world->zone.write_late_ms = 4 * drill->lease;
    drill_order(drill, drill->holder, ORDER_HANDOVER, 0);
    bool fine = drill_wait_holder(drill, drill->other, drill->lease) && drill_pass(drill, 200);
    drill_isolate(drill, drill->other, 1);
    fine = fine && drill_wait_holder(drill, drill->holder, 2 * drill->lease);
    world->zone.write_late_ms = 0;
    fine = fine && drill_pass(drill, 5 * drill->lease + 5000);
    return drill_expect(drill, fine && world->zone.owner == drill->holder, "fence-fell",
                        "a late write landed after that of a newer holder");
}

/* Only one peer backs the holder: what the other one promised has run out, as nobody heard it. */
static uint8_t leave_one_backer(const struct drill *drill)
{
    bool witness = world_chance(drill->world, 500);
    uint8_t backer = witness ? PEER_WITNESS : drill->other;
    uint8_t third = witness ? drill->other : PEER_WITNESS;
    drill_cut_out(drill, third, 1);
    (void)drill_pass(drill, drill->lease * 16 / 10);
    return backer;
}

/* From now on it is the two others' turn, when they think so. */
static void cut_off_holder(const struct drill *drill)
{
    drill_mend(drill);
    drill_isolate(drill, drill->holder, 1);
}

/* How the one backer comes to forget. */
enum lapse {
    LAPSE_STUNNED,  /* it stands still for a while */
    LAPSE_RESTART,
    LAPSE_OLD_FILE,
    LAPSE_NO_FILE,
    LAPSE_INIT,     /* an operator writes a first state over its file */
    LAPSE_SHORTER,  /* its lease is set shorter */
    LAPSE_SHORTER_NO_FILE,
    LAPSE_COUNT,
};

static void write_first_state(struct world *world, uint8_t slot)
{
    struct world_peer *p = &world->peers[slot];
    p->disk.file = (struct stored){.present = true, .genesis = true, .holder = PEER_NONE};
    p->disk.file.members.key_hash[PEER_WITNESS][0] = (uint8_t)p->members_set;
}

static void lapse(const struct drill *drill, uint8_t backer, enum lapse how)
{
    struct world *world = drill->world;
    struct world_peer *p = &world->peers[backer];
    span_ms gone = world_draw(world, 10, drill->lease / 4);
    if (how == LAPSE_STUNNED) {
        world_freeze(world, backer, world_draw(world, drill->lease / 5, drill->lease * 7 / 10));
        return;
    }
    if (how == LAPSE_SHORTER || how == LAPSE_SHORTER_NO_FILE) {
        p->settings.lease_ms = drill->lease * 4 / 10;
        if (p->settings.lease_ms < 4 * p->settings.interval_ms)
            p->settings.lease_ms = 4 * p->settings.interval_ms;
        if (p->settings.lease_ms < LEASE_MS_MIN)
            p->settings.lease_ms = LEASE_MS_MIN;
        if (p->settings.demote_lead_ms > p->settings.lease_ms / 4)
            p->settings.demote_lead_ms = p->settings.lease_ms / 4;
    }
    enum fault_kind kind = FAULT_RESTART;
    if (how == LAPSE_OLD_FILE)
        kind = FAULT_DISK_BACK;
    else if (how == LAPSE_NO_FILE || how == LAPSE_INIT || how == LAPSE_SHORTER_NO_FILE)
        kind = FAULT_DISK_LOST;
    if (!drill_fault(drill, kind, backer, gone))
        (void)drill_fault(drill, FAULT_RESTART, backer, gone);
    else if (how == LAPSE_INIT)
        write_first_state(world, backer);
}

/* It forgets, and the holder is cut off; the two others must wait until its lease is over. */
bool drill_lone_backer(const struct drill *drill)
{
    struct world *world = drill->world;
    struct drill moved = *drill;
    enum lapse how = (enum lapse)world_draw(world, 0, LAPSE_COUNT - 1);
    if (world_chance(world, 500)) { /* so that its older file names the present standby */
        drill_order(drill, drill->holder, ORDER_HANDOVER, 0);
        if (!drill_wait_holder(drill, drill->other, drill->lease) ||
            !drill_pass(drill, drill->lease))
            return !check_failed(world);
        moved.holder = drill->other;
        moved.other = drill->holder;
    }
    uint8_t backer = leave_one_backer(&moved);
    if (check_failed(world) || world_holder(world) != moved.holder)
        return !check_failed(world);
    if (world_chance(world, 300))
        cut_off_holder(&moved);
    lapse(&moved, backer, how);
    bool fine = true;
    while (fine && (!world->peers[backer].up || world->peers[backer].frozen))
        fine = drill_pass(&moved, 1);
    fine = fine && drill_pass(&moved, world_draw(world, 0, drill->lease * 3 / 10));
    cut_off_holder(&moved);
    return fine && drill_pass(&moved, drill->lease * 14 / 10);
}

/* The old number goes on while the new one waits for the disk. */
bool drill_slow_backer(const struct drill *drill)
{
    struct world *world = drill->world;
    uint8_t backer = leave_one_backer(drill);
    if (check_failed(world) || world_holder(world) != drill->holder)
        return !check_failed(world);
    struct world_disk *disk = &world->peers[backer].disk;
    disk->delay_min = drill->lease * 8 / 10;
    disk->delay_max = drill->lease * 22 / 10;
    drill_fence(drill, 51);
    bool fine = drill_pass_share(drill, 200, 1900);
    cut_off_holder(drill);
    return fine && drill_pass(drill, drill->lease * 14 / 10);
}

/* The witness dies while the promise to a new holder is being written, and is back at once. */
bool drill_torn_election(const struct drill *drill)
{
    struct world *world = drill->world;
    struct world_disk *disk = &world->peers[PEER_WITNESS].disk;
    disk->delay_min = drill->lease * 6 / 10;
    disk->delay_max = 2 * drill->lease;
    world_crash(world, drill->holder);
    bool fine = true;
    const struct claim *claim = &world->peers[drill->other].core.claim;
    for (span_ms at = 0; fine && claim->epoch == 0 && at < 2 * drill->lease; at += 5)
        fine = drill_pass(drill, 5);
    fine = fine && drill_pass(drill, world_draw(world, 20, drill->lease / 3));
    world_crash(world, PEER_WITNESS);
    disk->delay_min = 5;
    disk->delay_max = 20;
    fine = fine && drill_pass(drill, world_draw(world, 10, drill->lease / 4));
    world_start(world, PEER_WITNESS);
    return fine && drill_pass(drill, 2 * drill->lease);
}
