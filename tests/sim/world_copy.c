/* Copies of a world: the same past, other futures. */
#include <string.h>

#include "world.h"

void world_copy(struct world *to, const struct world *from)
{
    memcpy(to, from, offsetof(struct world, queue));
    event_queue_copy(&to->queue, &from->queue);
    memcpy(&to->has_zone, &from->has_zone, sizeof *from - offsetof(struct world, has_zone));
    to->door = NULL;
}

void world_reseed(struct world *world, uint64_t seed)
{
    prng_init(&world->prng, seed);
    for (uint8_t slot = 0; slot < SLOT_COUNT; slot++)
        prng_init(&world->peers[slot].core.prng, prng_next(&world->prng));
}

/* Was this put off until the process goes on? */
static bool waits_for(const struct world *world, const struct world_event *event, uint8_t slot)
{
    true_us thaw_at = world->peers[slot].thaw_at;
    return event->peer == slot && event->at >= thaw_at && event->at <= thaw_at + 2 &&
           event->kind != WORLD_TAKEN && event->kind != WORLD_UNDO && event->kind != WORLD_START;
}

void world_thaw_at(struct world *world, uint8_t slot, true_us at)
{
    struct world_peer *p = &world->peers[slot];
    struct event_queue *queue = &world->queue;
    if (!p->frozen)
        return;
    for (size_t i = 0; i < queue->size; i++) {
        struct world_event *event = &queue->slots[queue->heap[i]];
        if (waits_for(world, event, slot))
            event->at += at - p->thaw_at;
    }
    p->thaw_at = at;
    event_queue_sort(queue);
}
