#include <string.h>

#include "door.h"
#include "world.h"

static bool is_cut(const struct world_net *net, uint8_t from, uint8_t to)
{
    return net->cut[from][to] > 0;
}

/* One of sixteen is kept for later replays. */
static void keep(struct world_net *net, const struct world_event *event)
{
    net->sent++;
    if (net->sent % 16 == 0)
        net->replays[net->replay_count++ % WORLD_REPLAY_MAX] = *event;
}

static true_us draw_delay(struct world *world, uint8_t from, uint8_t to)
{
    struct world_net *net = &world->net;
    true_us delay = net->link_delay_us[from][to] +
                    world_draw(world, net->delay_min * 1000, net->delay_max * 1000);
    if (world_chance(world, net->late_ppt)) {
        delay += world_draw(world, 0, net->late_max * 1000);
        net->late++;
    }
    return delay;
}

static void send_copy(struct world *world, uint8_t from, uint8_t to,
                      const struct statement *statement)
{
    struct world_net *net = &world->net;
    if (is_cut(net, from, to) || world_chance(world, net->loss_ppt) ||
        world_chance(world, net->link_loss_ppt[from][to])) {
        net->lost++;
        return;
    }
    struct world_event *event = event_new(&world->queue);
    if (event == NULL)
        return; /* as a full buffer on the way would */
    event->at = world->now + draw_delay(world, from, to);
    event->kind = WORLD_DELIVER;
    event->peer = to;
    event->via = from;
    event->life = 0;
    event->forged = false;
    event->garbled = world_chance(world, net->garble_ppt);
    net->garbled += event->garbled;
    event->members_of_author = world->peers[from].members_running;
    event->statement = *statement;
    if (world->door != NULL)
        door_seal(world->door, world, event);
    keep(net, event);
    event_plan(&world->queue, event);
}

void net_send(struct world *world, uint8_t from, uint8_t to, const struct statement *statement)
{
    for (uint8_t slot = to; slot < SLOT_COUNT; slot = (uint8_t)(slot == PEER_WITNESS ? 3 : 4)) {
        int copies = 1;
        if (slot == from)
            continue;
        if (world_chance(world, world->net.double_ppt)) {
            world->net.doubled++;
            copies = 2;
        }
        for (int i = 0; i < copies; i++)
            send_copy(world, from, slot, statement);
    }
}

/* Do keys fit: a datagram to or from a witness needs the witness's key at both ends, and so does a
 * statement that a witness signed. (Set of keys k differs from others in the witness's key.) */
static bool keys_fit(const struct world *world, const struct world_event *event)
{
    uint32_t mine = world->peers[event->peer].members_running;
    bool witness = world_role(event->peer) == PEER_WITNESS ||
                   world_role(event->via) == PEER_WITNESS ||
                   event->statement.from == PEER_WITNESS;
    return !witness || event->members_of_author == mine;
}

void net_deliver(struct world *world, const struct world_event *event)
{
    if (world->door != NULL) {
        door_deliver(world->door, world, event);
        return;
    }
    if (event->garbled || !keys_fit(world, event) ||
        event->statement.from == world_role(event->peer))
        return;
    if (event->forged && statement_check(&event->statement) != STATEMENT_OK)
        return; /* as intake does */
    struct event heard = {.kind = EVENT_HEARD,
                          .heard = {.statement = &event->statement,
                                    .bytes = (const uint8_t *)&event->statement,
                                    .size = sizeof event->statement,
                                    .via = world_role(event->via)}};
    check_delivered(world, event->peer, &event->statement);
    world_event(world, event->peer, &heard);
}

void net_inject(struct world *world, uint8_t via, uint8_t to, const struct statement *statement)
{
    struct world_event *event = event_new(&world->queue);
    if (event == NULL)
        return;
    event->at = world->now + draw_delay(world, via, to);
    event->kind = WORLD_DELIVER;
    event->peer = to;
    event->via = via;
    event->life = 0;
    event->garbled = false;
    event->forged = world->liar == via;
    event->members_of_author = world->peers[via].members_running;
    event->statement = *statement;
    if (world->door != NULL)
        door_seal(world->door, world, event);
    world->net.replayed++;
    event_plan(&world->queue, event);
}

void net_replay(struct world *world, uint32_t count)
{
    struct world_net *net = &world->net;
    uint32_t known = net->replay_count;
    if (known > WORLD_REPLAY_MAX)
        known = WORLD_REPLAY_MAX;
    for (uint32_t i = 0; i < count && known > 0; i++) {
        const struct world_event *old = &net->replays[world_draw(world, 0, known - 1)];
        struct world_event *event = event_new(&world->queue);
        if (event == NULL)
            return;
        *event = *old;
        event->at = world->now + world_draw(world, 0, 1000000);
        if (world->door != NULL)
            door_seal(world->door, world, event);
        net->replayed++;
        event_plan(&world->queue, event);
    }
}
