/* cluster — three honest cores under every fault that the guarantee covers.
 *
 * Input: which world, three clock rates, then operations of a few bytes each: time passes, letters
 * are lost, late, doubled or replayed, processes crash, freeze and return with their file, an
 * older one or none, disks fail, operators order. Never two holders; see cluster_world.c for what
 * else is checked. Outside the guarantee, and so not played: forced takeover, `recover`, two peers
 * without memory at once, a clock beyond the drift. */
#include "cluster_world.h"

#include "core_rules.h"

#define OPERATION_MAX 64
#define WORLD_COUNT 12
#define EQUAL_COUNT 8 /* the first ones have equal leases */

static struct world worlds[WORLD_COUNT]; /* where runs begin */
static struct world world;
static bool equal_leases;

static void begin(size_t at, const span_ms leases[PEER_COUNT], uint32_t drift_ppm, bool elected)
{
    struct world *made = &worlds[at];
    world_begin(made, 250, leases, drift_ppm);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        world_start(made, peer);
    for (int i = 0; elected && i < 60 && made->last_epoch == 0; i++) {
        made->steps = 0;
        world_run(made, 200);
    }
    FUZZ_CHECK(!elected || made->last_epoch != 0);
    made->steps = 0;
    world_run(made, elected ? 1000 : 0);
    made->steps = 0;
}

static uint8_t holder_of(const struct world *made)
{
    return (uint8_t)(made->last_epoch & 1);
}

/* Goes on from there, with steps of its own. */
static void go_on(struct world *made, span_ms length)
{
    made->steps = 0;
    world_run(made, length);
    made->steps = 0;
}

static void isolate(struct world *made, uint8_t peer)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        made->delay_ms[peer][i] = made->delay_ms[i][peer] = -1;
}

/* In the middle of trouble: what comes next is decided within a few steps. */
static void begin_trouble(size_t at, size_t like, unsigned kind)
{
    struct world *made = &worlds[at];
    *made = worlds[like];
    uint8_t holder = holder_of(made), standby = (uint8_t)(1 - holder);
    switch (kind) {
    case 0: /* the holder is deaf and dumb, its lease half over */
        isolate(made, holder);
        go_on(made, 600);
        break;
    case 1: /* it is dead, and the others are about to move */
        world_crash(made, holder, true);
        go_on(made, 900);
        break;
    case 2: /* both nodes have disks as slow as half a lease; a switchover begins */
        made->peers[0].disk_ms = made->peers[1].disk_ms = 500;
        world_event(made, holder,
                    (struct event){.kind = EVENT_ORDER,
                                   .order = {.order = ORDER_HANDOVER, .peer = standby}});
        go_on(made, 200);
        break;
    case 3: /* frozen over the end of its lease, with a full socket buffer */
        made->peers[holder].frozen_until = made->now + 1600000;
        go_on(made, 1300);
        break;
    default: /* everybody was restarted just now */
        for (uint8_t i = 0; i < PEER_COUNT; i++)
            world_crash(made, i, true);
        for (uint8_t i = 0; i < PEER_COUNT; i++)
            world_start(made, i);
        go_on(made, 300);
        break;
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const span_ms equal[] = {1000, 1000, 1000}, mixed[] = {1000, 2000, 3000},
                         other[] = {3000, 1000, 1500};
    (void)argc, (void)argv;
    begin(0, equal, 10000, true);
    begin(1, equal, 10000, false);
    begin(2, equal, 50000, true);
    for (unsigned kind = 0; kind < 5; kind++)
        begin_trouble(3 + kind, kind % 2 == 0 ? 0 : 2, kind);
    begin(8, mixed, 10000, true);
    begin(9, other, 50000, true);
    begin(10, mixed, 10000, false);
    begin_trouble(11, 9, 1);
    return 0;
}

/* From a millisecond to three leases. */
static span_ms length_of(uint8_t kind)
{
    static const span_ms units[] = {1, 8, 50, 16};
    return (kind & 63) * units[kind >> 6];
}

static uint8_t peer_of(uint8_t operation)
{
    return (operation >> 4) % PEER_COUNT;
}

static void change_link(struct feed *feed, uint8_t operation)
{
    uint8_t kind = feed_byte(feed), from = peer_of(operation);
    uint8_t to = (uint8_t)((from + 1 + (operation >> 7)) % PEER_COUNT);
    span_ms delay = kind >= 192 ? -1 : kind < 64 ? 2 : length_of(kind);
    world.delay_ms[from][to] = delay;
    if ((operation & 0x40) != 0)
        world.delay_ms[to][from] = delay;
}

/* All ways to and from a peer; or everything is whole again. */
static void change_links(uint8_t operation)
{
    uint8_t peer = peer_of(operation);
    for (uint8_t i = 0; i < PEER_COUNT; i++) {
        for (uint8_t k = 0; operation >= 0xc0 && k < PEER_COUNT; k++)
            world.delay_ms[i][k] = 2;
        if (operation >= 0xc0)
            continue;
        world.delay_ms[peer][i] = -1;
        if (operation < 0x80)
            world.delay_ms[i][peer] = -1;
    }
}

static void crash(struct feed *feed, uint8_t operation)
{
    uint8_t kind = feed_byte(feed), peer = peer_of(operation);
    struct world_peer *p = &world.peers[peer];
    world_crash(&world, peer, (kind & 1) != 0);
    bool may_forget = world_others_remember(&world, peer);
    if ((kind & 6) == 6 && may_forget) {
        p->file = (struct stored){.holder = PEER_NONE};
    } else if ((kind & 6) == 4 && may_forget && equal_leases) {
        p->file = p->older[(kind >> 4) % WORLD_OLDER_MAX];
        world.rolled_back = true;
    }
    if ((kind & 8) != 0)
        world_start(&world, peer);
}

static void order(struct feed *feed, uint8_t operation)
{
    static const enum order orders[] = {ORDER_HANDOVER, ORDER_STOP, ORDER_MAINTENANCE,
                                        ORDER_PAUSE};
    uint8_t kind = feed_byte(feed);
    struct event event = {.kind = EVENT_ORDER,
                          .order = {.order = orders[kind & 3],
                                    .peer = PEER_NONE,
                                    .anyway = (kind & 4) != 0,
                                    .span_ms = (kind & 8) != 0 ? length_of(kind) : 0}};
    world_event(&world, peer_of(operation), event);
}

static void change_peer(struct feed *feed, uint8_t operation)
{
    uint8_t kind = feed_byte(feed), peer = peer_of(operation);
    struct world_peer *p = &world.peers[peer];
    switch (kind & 7) {
    case 0:
        p->disk_fails = !p->disk_fails;
        break;
    case 1:
        p->disk_ms = length_of(kind & 0xf8);
        break;
    case 2:
        p->auto_idle = !p->auto_idle;
        break;
    case 3:
        world_event(&world, peer, (struct event){.kind = EVENT_IDLE});
        break;
    case 4:
        world_event(&world, peer, (struct event){.kind = EVENT_DEMOTED});
        break;
    case 5:
        world_event(&world, peer, (struct event){.kind = EVENT_WAKE});
        break;
    case 6:
        if (p->up)
            core_rules_view(&p->core, world_clock(&world, peer) - p->core.now);
        break;
    default:
        world_event(&world, peer,
                    (struct event){.kind = EVENT_FENCE,
                                   .fence.epoch = world.last_epoch + (kind >> 3)});
        break;
    }
}

static void handle_letter(struct feed *feed, uint8_t operation)
{
    uint8_t kind = feed_byte(feed);
    /* Counted back from the newest. */
    size_t at = (world.next + WORLD_LETTER_MAX - 1 - kind % WORLD_LETTER_MAX) % WORLD_LETTER_MAX;
    struct world_letter *letter = &world.letters[at];
    switch (operation >> 4 & 7) {
    case 0:
        letter->due = WORLD_IDLE; /* lost */
        break;
    case 1:
        world.pins[kind % WORLD_PIN_MAX] = *letter;
        break;
    case 2:
        world_deliver(&world, &world.pins[kind % WORLD_PIN_MAX]);
        break;
    case 3:
        letter->due = world.now + length_of(feed_byte(feed)) * 1000;
        break;
    default:
        world_deliver(&world, letter);
        break;
    }
}

static void operate(struct feed *feed)
{
    uint8_t operation = feed_byte(feed), peer = peer_of(operation);
    struct world_peer *p = &world.peers[peer];
    switch (operation & 15) {
    case 5:
    case 6:
        handle_letter(feed, operation);
        break;
    case 7:
        change_link(feed, operation);
        break;
    case 8:
        change_links(operation);
        break;
    case 9:
        crash(feed, operation);
        break;
    case 10:
        for (uint8_t i = 0; i < PEER_COUNT; i++)
            if ((operation >> 4 & 1 << i) == 0)
                world_start(&world, i);
        break;
    case 11:
        p->frozen_until = world.now + length_of(feed_byte(feed)) * 1000;
        break;
    case 12:
        p->fit = !p->fit;
        world_event(&world, peer, (struct event){.kind = EVENT_FITNESS, .fitness.fit = p->fit});
        break;
    case 13:
        order(feed, operation);
        break;
    case 14:
        change_peer(feed, operation);
        break;
    default:
        world_run(&world, length_of(feed_byte(feed)));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    size_t at = feed_byte(&feed) % WORLD_COUNT;
    world = worlds[at];
    equal_leases = at < EQUAL_COUNT;
    int64_t limit = world.settings.drift_ppm - 100;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        world_rate(&world, peer, (int32_t)(limit * (int8_t)feed_byte(&feed) / 128));
    for (int i = 0; i < OPERATION_MAX && feed.left > 0 && !world_is_over(&world); i++)
        operate(&feed);
    return 0;
}
