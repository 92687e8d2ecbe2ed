/* Drills about what comes again: an outsider's recordings of former lives, and a machine that is
 * set back to one of its own former moments. */
#include "drill.h"

#define RECORDING_MAX 24
#define REPLAY_EVERY_MS 50

/* What somebody on the wire wrote down of one peer. */
struct recording {
    uint8_t author;
    struct statement list[RECORDING_MAX];
    size_t count;
};

/* Writes down what `author` says for a lease; then its process dies and is started anew: at once,
 * so that its last words are young, or when they have grown old. */
static bool record_life(const struct drill *drill, uint8_t author, struct recording *ret)
{
    bool young = world_chance(drill->world, 500);
    struct world *world = drill->world;
    const struct core *hears = &world->peers[author == PEER_WITNESS ? drill->other : 2].core;
    ret->author = author;
    ret->count = 0;
    for (; ret->count < RECORDING_MAX; ret->count++) {
        if (!drill_pass(drill, drill->lease / RECORDING_MAX))
            return false;
        ret->list[ret->count] = hears->last[author];
    }
    world_crash(world, author);
    if (!drill_pass_share(drill, 10, young ? 50 : 1000))
        return false;
    world_start(world, author);
    return drill_pass(drill, young ? drill->lease / 5 : 2 * drill->lease);
}

static void replay(const struct drill *drill, const struct recording *recording, size_t index)
{
    for (uint8_t to = 0; to < PEER_COUNT; to++)
        if (to != recording->author)
            net_inject(drill->world, recording->author, to, &recording->list[index]);
}

/* The standby or the witness lived before, once or twice; one word of the first life comes. It
 * still backs the holder when the other one dies. */
bool drill_former_life(const struct drill *drill)
{
    struct world *world = drill->world;
    bool witness = world_chance(world, 500);
    uint8_t author = witness ? PEER_WITNESS : drill->other;
    struct recording recording = {
        .author = author, .list[0] = world->peers[drill->holder].core.last[author]};
    bool fine = true;
    for (span_ms lives = world_draw(world, 1, 2); fine && lives > 0; lives--) {
        world_crash(world, author);
        fine = drill_pass_share(drill, 10, 50);
        world_start(world, author);
        fine = fine && drill_pass_share(drill, 20, 200);
    }
    replay(drill, &recording, 0);
    fine = fine && drill_pass(drill, 2 * drill->lease);
    world_crash(world, witness ? drill->other : PEER_WITNESS);
    fine = fine && drill_stays(drill, drill->holder, 3 * drill->lease);
    return drill_expect(drill, fine, "replay-moved",
                        "a peer was not believed after a word of its former life");
}

static bool replay_for(const struct drill *drill, const struct recording *recording,
                       span_ms length_ms)
{
    for (span_ms at = 0; at < length_ms; at += REPLAY_EVERY_MS) {
        replay(drill, recording, (size_t)world_draw(drill->world, 0, RECORDING_MAX - 1));
        if (!drill_pass(drill, REPLAY_EVERY_MS))
            return false;
    }
    return true;
}

/* Does anybody think that two processes use the author's key? */
static bool is_doubted(const struct drill *drill, uint8_t author)
{
    for (uint8_t slot = 0; slot < PEER_COUNT; slot++)
        if (drill->world->peers[slot].core.echo.peers[author].swaps > BOOT_SWAP_ALARM)
            return true;
    return false;
}

/* Twenty recordings a second: nothing moves, and the holder's death is seen as always. */
bool drill_outsider(const struct drill *drill)
{
    struct world *world = drill->world;
    struct recording recording;
    if (!record_life(drill, (uint8_t)world_draw(world, 0, PEER_COUNT - 1), &recording))
        return false;
    uint8_t holder = world_holder(world);
    if (holder >= NODE_COUNT)
        return true;
    uint64_t lapses = world->check.sums.lapses;
    bool fine = replay_for(drill, &recording, 3 * drill->lease);
    if (!drill_expect(drill, fine && world_holder(world) == holder &&
                      world->check.sums.lapses == lapses, "replay-moved",
                      "recordings took the holder away"))
        return false;
    if (!drill_expect(drill, !is_doubted(drill, recording.author), "two-processes-falsely",
                      "recordings were taken for a second process"))
        return false;
    world_crash(world, holder);
    fine = replay_for(drill, &recording, drill->lease * 3 / 2 + 300);
    return drill_expect(drill, fine && world_holder(world) == 1 - holder, "replay-moved",
                        "recordings kept the other node from taking over");
}

/* It hears of words it never said, begins a new life, and counts again within a lease. */
bool drill_restored(const struct drill *drill)
{
    struct cluster *cluster = drill->cluster;
    struct world *world = drill->world;
    uint8_t victim = world_chance(world, 500) ? PEER_WITNESS : drill->other;
    bool played = cluster->snapshots;
    struct fault fault = {.kind = FAULT_SNAPSHOT, .peer = victim};
    cluster->snapshots = true;
    bool fine = fault_peer(cluster, &fault, false);
    fine = fine && drill_pass_share(drill, 3000, 8000);
    if (!fine || world_holder(world) != drill->holder)
        return !check_failed(world);
    (void)fault_peer(cluster, &fault, true);
    cluster->snapshots = played;
    fine = drill_pass(drill, 2 * drill->lease);
    const struct echo *echo = &world->peers[drill->holder].core.echo;
    fine = fine && echo_is_fresh(echo, victim, world_clock(world, drill->holder), drill->lease);
    if (!drill_expect(drill, fine, "rollback-mute", "a peer that was set back stays unheard"))
        return false;
    fine = drill_pass(drill, 3 * drill->lease);
    world->check.memory_restored = cluster->restored[victim] = false; /* nothing of it is left */
    return fine;
}
