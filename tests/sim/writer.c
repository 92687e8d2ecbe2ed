#include "writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

#define TRY_MS 1500     /* one try of a write, as the product's */
#define RESEND_MS 500   /* the same bytes again */
#define CHECK_MS 30000  /* check-every */
#define NO_PERMIT_MS 100
#define BACKOFF_MS_MAX 5000

static const char *const node_names[NODE_COUNT] = {"server1", "server2"};

void writer_init(struct writer *writer)
{
    uint64_t number = writer->number; /* answers to an earlier life stay void */
    memset(writer, 0, sizeof *writer);
    writer->number = number + 1;
}

static void act_in(struct world *world, uint8_t node, span_ms ms)
{
    struct world_event *event = world_plan(world, WORLD_WRITER, node, ms * 1000);
    if (event == NULL)
        return;
    event->ticket = ++world->peers[node].writer.number;
    world->peers[node].writer.phase = WRITER_IDLE;
    event_plan(&world->queue, event);
}

static void back_off(struct world *world, uint8_t node)
{
    struct writer *writer = &world->peers[node].writer;
    writer->backoff_ms = writer->backoff_ms == 0 ? 100 : 2 * writer->backoff_ms;
    if (writer->backoff_ms > BACKOFF_MS_MAX)
        writer->backoff_ms = BACKOFF_MS_MAX;
    act_in(world, node, writer->backoff_ms);
}

/* On its way to the server; that it was sent is all that the node knows. */
static void dispatch(struct world *world, uint8_t node)
{
    const struct writer *writer = &world->peers[node].writer;
    struct zone *zone = &world->zone;
    if (writer->request.write)
        check_write_sent(world, node, &writer->request);
    if (world_chance(world, zone->request_loss_ppt))
        return;
    true_us delay = world_draw(world, zone->delay_min * 1000, zone->delay_max * 1000);
    if (writer->request.write)
        delay += zone->write_late_ms * 1000;
    if (world->now + delay < zone->frozen_until)
        delay = zone->frozen_until - world->now + world_draw(world, 0, 500000);
    struct world_event *event = world_plan(world, WORLD_TAKEN, node, delay);
    if (event == NULL)
        return;
    event->request = writer->request;
    event_plan(&world->queue, event);
}

static void plan_resend(struct world *world, uint8_t node, span_ms ms)
{
    struct world_event *event = world_plan(world, WORLD_RESEND, node, ms * 1000);
    if (event == NULL)
        return;
    event->ticket = world->peers[node].writer.number;
    event_plan(&world->queue, event);
}

static void start(struct world *world, uint8_t node, bool write)
{
    struct writer *writer = &world->peers[node].writer;
    writer->number++;
    writer->phase = write ? WRITER_WRITING : WRITER_READING;
    writer->since = world->now;
    writer->request.number = writer->number;
    writer->request.node = node;
    writer->request.write = write;
    writer->request.epoch = writer->epoch;
    /* Between the permit and the sending lie some milliseconds, in which a process may freeze. */
    plan_resend(world, node, write ? world_draw(world, 0, 3) : 0);
}

static void draw_token(struct world *world, struct writer *writer, char ret[TOKEN_SIZE])
{
    char *slot = writer->tokens.list[writer->tokens.count++ % TOKEN_RING_MAX];
    snprintf(slot, TOKEN_SIZE, "%016" PRIx64, prng_next(&world->prng));
    memcpy(ret, slot, TOKEN_SIZE);
}

static void try_write(struct world *world, uint8_t node)
{
    struct world_peer *p = &world->peers[node];
    struct writer *writer = &p->writer;
    enum reason reason;
    char token[TOKEN_SIZE];
    if (!core_permit(&p->core, world_clock(world, node), TRY_MS, &writer->permit, &reason)) {
        act_in(world, node, NO_PERMIT_MS);
        return;
    }
    draw_token(world, writer, token);
    snprintf(writer->request.new_fence, sizeof writer->request.new_fence,
             "v=1;e=%" PRIu64 ";h=%s;t=%s", writer->epoch, node_names[node], token);
    memcpy(writer->request.old_fence, writer->seen, sizeof writer->seen);
    start(world, node, true);
}

void writer_standing(struct world *world, uint8_t node, const struct standing_report *report)
{
    struct writer *writer = &world->peers[node].writer;
    bool acts = (report->standing == STANDING_HOLDER || report->standing == STANDING_FORCED) &&
                !report->leaving;
    uint64_t epoch = acts ? report->epoch : 0;
    if (epoch == writer->epoch)
        return;
    writer->epoch = epoch;
    writer->number++; /* whatever runs is cancelled: its outcome is unknown */
    writer->phase = WRITER_IDLE;
    writer->written = writer->foreign = false;
    writer->backoff_ms = 0;
    writer->tokens.count = 0;
    memset(&writer->tokens, 0, sizeof writer->tokens);
    if (epoch != 0)
        act_in(world, node, 0);
}

void writer_act(struct world *world, uint8_t node)
{
    if (world->peers[node].writer.epoch != 0)
        start(world, node, false);
}

void writer_resend(struct world *world, const struct world_event *event)
{
    uint8_t node = event->peer;
    struct world_peer *p = &world->peers[node];
    struct writer *writer = &p->writer;
    if (event->ticket != writer->number || writer->phase == WRITER_IDLE)
        return;
    bool late = world->now - writer->since >= (true_us)TRY_MS * 1000;
    bool may = writer->phase == WRITER_READING ||
               core_permit_holds(&p->core, world_clock(world, node), &writer->permit);
    if (late || !may) {
        back_off(world, node);
        return;
    }
    dispatch(world, node);
    plan_resend(world, node, RESEND_MS);
}

void writer_taken(struct world *world, const struct world_event *event)
{
    struct zone *zone = &world->zone;
    struct zone_request request = event->request;
    uint8_t node = event->peer;
    struct zone_before before = check_zone_before(world);
    zone_take(zone, &request);
    if (request.write)
        check_zone_after(world, &before, &request);
    if (world_chance(world, zone->answer_loss_ppt))
        return;
    true_us delay = world_draw(world, zone->delay_min * 1000, zone->delay_max * 1000);
    struct world_event *answer = world_plan(world, WORLD_ANSWER, node, delay);
    if (answer == NULL)
        return;
    answer->request = request;
    answer->life = event->life;
    event_plan(&world->queue, answer);
}

static enum record_plan plan_for(struct writer *writer, uint8_t node,
                                 const struct zone_request *answer, struct record_fence *ret)
{
    struct provider_state seen = {0};
    struct serve want = {0};
    struct record_question question = {.seen = &seen,
                                       .epoch = writer->epoch,
                                       .known = writer->known,
                                       .tokens = &writer->tokens,
                                       .want = &want};
    snprintf(want.a[0], sizeof want.a[0], "192.0.2.%u", 1u + node);
    want.a_count = seen.serve.a_count = 1;
    snprintf(seen.serve.a[0], sizeof seen.serve.a[0], "192.0.2.%u", 1u + answer->node);
    snprintf(seen.fence, sizeof seen.fence, "%s", answer->new_fence);
    seen.fence_count = answer->new_fence[0] != 0;
    return record_plan_for(&question, ret);
}

static void weigh_read(struct world *world, uint8_t node, const struct zone_request *answer)
{
    struct writer *writer = &world->peers[node].writer;
    struct record_fence fence;
    enum record_plan plan = plan_for(writer, node, answer, &fence);
    memcpy(writer->seen, answer->new_fence, sizeof writer->seen);
    writer->foreign = plan == PLAN_FOREIGN;
    uint64_t epoch = writer->epoch;
    if (fence.epoch > writer->known && plan != PLAN_POISONED && plan != PLAN_GARBAGE)
        writer->known = fence.epoch;
    if (fence.epoch != 0)
        world_event(world, node, &(struct event){.kind = EVENT_FENCE,
                                                 .fence.epoch = fence.epoch});
    if (writer->epoch != epoch || writer->phase != WRITER_READING)
        return; /* which changed the standing */
    if (plan == PLAN_RIGHT) {
        writer->written = true;
        writer->backoff_ms = 0;
        act_in(world, node, CHECK_MS);
    } else if (plan == PLAN_WRITE || plan == PLAN_DRIFTED) {
        try_write(world, node);
    } else {
        act_in(world, node, BACKOFF_MS_MAX);
    }
}

void writer_answer(struct world *world, const struct world_event *event)
{
    uint8_t node = event->peer;
    struct writer *writer = &world->peers[node].writer;
    if (event->request.number != writer->number || writer->phase == WRITER_IDLE)
        return;
    if (writer->phase == WRITER_READING && event->request.answered_ok)
        weigh_read(world, node, &event->request);
    else if (writer->phase == WRITER_WRITING && event->request.answered_ok)
        act_in(world, node, 0); /* read back: no outcome is believed */
    else
        back_off(world, node);
}
