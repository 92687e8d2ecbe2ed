#include <string.h>

#include "cluster.h"
#include "lie.h"

/* A statement in the making, for one peer that will hear it. */
struct lie {
    struct cluster *cluster;
    struct statement *said; /* so far: the last true one, fresh and next in order */
    const struct core *to;
    uint8_t hearer;
    uint8_t liar;
    uint64_t known; /* highest number that the hearer knows */
};

static uint64_t draw(const struct lie *lie, uint64_t most)
{
    return (uint64_t)world_draw(&lie->cluster->world, 0, (span_ms)most);
}

/* A number above `base` of that node. */
static uint64_t number_of(uint8_t node, uint64_t base)
{
    return base + 1 + ((base + 1) % 2 != node);
}

static void claim(const struct lie *lie, uint64_t number)
{
    lie->said->claim = number;
    if (lie->said->released >= number)
        lie->said->released = 0;
}

static void lie_claim_higher(const struct lie *lie)
{
    claim(lie, number_of(lie->liar, lie->known + draw(lie, 100)));
}

static void lie_claim_other_parity(const struct lie *lie)
{
    claim(lie, number_of((uint8_t)(1 - lie->liar % 2), lie->known));
}

static void lie_claim_below(const struct lie *lie)
{
    if (lie->to->voter.floor > 4)
        claim(lie, number_of(lie->liar, lie->to->voter.floor - 4));
}

static void lie_claim_long(const struct lie *lie)
{
    lie_claim_higher(lie);
    lie->said->lease_ms = LEASE_MS_MAX;
    lie->said->drift_ppm = draw(lie, 1) == 0 ? 0 : DRIFT_PPM_MAX;
}

static void lie_claim_given_up(const struct lie *lie)
{
    lie->said->claim = number_of(lie->liar, lie->known);
    lie->said->released = lie->said->claim + 2 * draw(lie, 1);
}

static void lie_release(const struct lie *lie)
{
    lie->said->released = lie->said->claim;
    lie->said->claim = 0;
    lie->said->flags &= ~(uint32_t)STATEMENT_HOLDING;
    lie->said->flags |= STATEMENT_LEAVING;
}

/* Out of all reach; of either owner. */
static void lie_use_up(const struct lie *lie)
{
    uint64_t high = UINT64_MAX - draw(lie, 3);
    if (draw(lie, 1) == 0)
        high = ((uint64_t)1 << 33) + 3 + draw(lie, 1); /* just beyond what may be believed */
    switch (draw(lie, 3)) {
    case 0:
        lie->said->seen_epoch = high;
        break;
    case 1:
        claim(lie, high - (high % 2 != lie->liar));
        break;
    case 2:
        lie->said->released = high - (high % 2 != lie->liar);
        break;
    default:
        lie->said->promise = (struct promise_said){.epoch = high,
                                                   .holder = (uint8_t)(high % 2),
                                                   .length_ms = 5000};
        break;
    }
}

static void lie_back(const struct lie *lie, uint64_t number)
{
    lie->said->promise = (struct promise_said){.epoch = number,
                                               .holder = (uint8_t)(number % 2),
                                               .length_ms = LEASE_MS_MAX,
                                               .answers = lie->to->echo.self};
}

/* Whoever claims is backed, for as long as can be, and answered before it asked. */
static void lie_grant(const struct lie *lie)
{
    uint64_t number = lie->to->claim.epoch;
    if (number == 0)
        number = number_of((uint8_t)(lie->hearer % 2), lie->known);
    lie_back(lie, number);
    lie->said->promise.answers.seq += draw(lie, 1) * 5;
}

static void lie_promise_falls(const struct lie *lie)
{
    uint64_t before = lie->to->last[lie->liar].promise.epoch;
    if (before > 4)
        lie_back(lie, before - 1 - draw(lie, 2));
    else
        lie_back(lie, lie->known);
}

static void lie_other_bytes(const struct lie *lie)
{
    *lie->said = lie->to->last[lie->liar];
    lie->said->wall_s++;
}

static void lie_flags(const struct lie *lie)
{
    lie->said->flags = (uint32_t)draw(lie, 255);
    if ((lie->said->flags & STATEMENT_HOLDING) != 0 && lie->said->claim == 0)
        lie_claim_higher(lie);
}

static void lie_pause(const struct lie *lie)
{
    lie->said->pause.order += 1 + draw(lie, 1000);
    lie->said->pause.left_ms = (uint32_t)draw(lie, PAUSE_MS_MAX);
}

static void lie_new_life(const struct lie *lie)
{
    lie->said->mark.boot = prng_next(&lie->cluster->world.prng) | 1;
    lie->said->mark.seq = 1 + draw(lie, 3);
}

static void (*const lies[])(const struct lie *lie) = {
    lie_claim_higher,  lie_claim_other_parity, lie_claim_below,   lie_claim_long,
    lie_claim_given_up, lie_release,           lie_use_up,        lie_grant,
    lie_promise_falls, lie_other_bytes,        lie_promise_falls, lie_flags,
    lie_pause,         lie_new_life,
};
#define LIE_COUNT (sizeof lies / sizeof lies[0])

/* The last true statement, made fresh for everybody. */
static void begin(const struct lie *lie)
{
    const struct world *world = &lie->cluster->world;
    const struct echo_peer *known = &lie->to->echo.peers[lie->liar];
    *lie->said = lie->to->last[lie->liar];
    lie->said->mark.seq = known->accepted.seq + 1 + draw(lie, 2);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        if (peer != lie->liar)
            lie->said->heard[peer] = world->peers[peer].core.echo.self;
}

static bool tell(struct cluster *cluster, uint8_t hearer, size_t which)
{
    struct world *world = &cluster->world;
    const struct world_peer *p = &world->peers[hearer];
    struct statement said;
    struct lie lie = {cluster, &said, &p->core, hearer, world->liar, 0};
    if (!p->up || p->frozen || p->core.last[world->liar].mark.boot == 0)
        return false;
    lie.known = p->core.numbers.seen > p->core.voter.floor ? p->core.numbers.seen
                                                           : p->core.voter.floor;
    begin(&lie);
    lies[which](&lie);
    net_inject(world, world->liar, hearer, &said);
    return true;
}

/* Not by a statement: a fence, or a wall clock, that would use the numbers up. */
static bool poison(struct cluster *cluster, uint8_t node)
{
    struct world *world = &cluster->world;
    struct event fence = {.kind = EVENT_FENCE, .fence.epoch = UINT64_MAX - 1};
    world->peers[node].wall_offset_s = (int64_t)1 << world_draw(world, 34, 62);
    world_event(world, node, &fence);
    return true;
}

bool lie_tell(struct cluster *cluster, const struct fault *fault)
{
    size_t which = (size_t)fault->amount % (LIE_COUNT + 1);
    bool heard = false;
    if (which == LIE_COUNT)
        return poison(cluster, (uint8_t)(fault->peer % NODE_COUNT));
    for (uint8_t hearer = 0; hearer < PEER_COUNT; hearer++)
        if (hearer != cluster->world.liar && hearer != fault->peer)
            heard = tell(cluster, hearer, which) || heard;
    return heard;
}

const char *lie_excuses(void)
{
    return "two-holders,epoch-order,demotion,unbacked-holder,view-false,forced-overruled,"
           "unfit-won,after-release,flaps";
}
