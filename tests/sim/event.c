#include "event.h"

#include <assert.h>
#include <string.h>

void event_queue_init(struct event_queue *queue)
{
    queue->size = 0;
    queue->serial = 0;
    queue->unused_count = EVENT_SLOT_MAX;
    for (size_t i = 0; i < EVENT_SLOT_MAX; i++)
        queue->unused[i] = (uint16_t)(EVENT_SLOT_MAX - 1 - i);
}

static bool before(const struct event_queue *queue, uint16_t a, uint16_t b)
{
    const struct world_event *x = &queue->slots[a], *y = &queue->slots[b];
    return x->at < y->at || (x->at == y->at && x->serial < y->serial);
}

struct world_event *event_new(struct event_queue *queue)
{
    if (queue->unused_count == 0)
        return NULL;
    return &queue->slots[queue->unused[--queue->unused_count]];
}

void event_plan(struct event_queue *queue, struct world_event *event)
{
    uint16_t slot = (uint16_t)event_slot(queue, event);
    event->serial = ++queue->serial;
    size_t at = queue->size++;
    while (at > 0 && before(queue, slot, queue->heap[(at - 1) / 2])) {
        queue->heap[at] = queue->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    queue->heap[at] = slot;
}

const struct world_event *event_first(const struct event_queue *queue)
{
    return queue->size == 0 ? NULL : &queue->slots[queue->heap[0]];
}

struct world_event *event_take(struct event_queue *queue)
{
    assert(queue->size > 0);
    uint16_t top = queue->heap[0];
    uint16_t last = queue->heap[--queue->size];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= queue->size)
            break;
        if (child + 1 < queue->size && before(queue, queue->heap[child + 1], queue->heap[child]))
            child++;
        if (!before(queue, queue->heap[child], last))
            break;
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    queue->heap[at] = last;
    return &queue->slots[top];
}

void event_drop(struct event_queue *queue, struct world_event *event)
{
    queue->unused[queue->unused_count++] = (uint16_t)event_slot(queue, event);
}

void event_queue_copy(struct event_queue *to, const struct event_queue *from)
{
    to->size = from->size;
    to->unused_count = from->unused_count;
    to->serial = from->serial;
    memcpy(to->heap, from->heap, from->size * sizeof from->heap[0]);
    memcpy(to->unused, from->unused, from->unused_count * sizeof from->unused[0]);
    for (size_t i = 0; i < from->size; i++)
        to->slots[from->heap[i]] = from->slots[from->heap[i]];
}

void event_queue_sort(struct event_queue *queue)
{
    for (size_t i = 1; i < queue->size; i++) { /* what is sorted is a heap, too */
        uint16_t slot = queue->heap[i];
        size_t at = i;
        for (; at > 0 && before(queue, slot, queue->heap[at - 1]); at--)
            queue->heap[at] = queue->heap[at - 1];
        queue->heap[at] = slot;
    }
}

size_t event_slot(const struct event_queue *queue, const struct world_event *event)
{
    return (size_t)(event - queue->slots);
}
