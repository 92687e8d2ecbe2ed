/* hostile — statements of a peer that has its key and means harm, in a few bytes of input each.
 *
 * Most fields are chosen near what the receiving core knows, since numbers drawn at random are
 * refused at its first look. Nothing keeps a statement from being nonsense. */
#ifndef HOLDFAST_TESTS_FUZZ_HOSTILE_H
#define HOLDFAST_TESTS_FUZZ_HOSTILE_H

#include "fuzz.h"
#include "proto/core.h"

/* Where each hostile peer stands in its own count. */
struct hostile {
    struct mark mark[PEER_COUNT];
};

static inline void hostile_begin(struct hostile *hostile, const struct core *core)
{
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        hostile->mark[peer] = core->echo.peers[peer].accepted;
        if (hostile->mark[peer].boot == 0)
            hostile->mark[peer].boot = 0x7000u + peer;
    }
}

/* A number near those that the core knows; of `owner`'s parity when that is a node. */
static inline uint64_t hostile_epoch(struct feed *feed, const struct core *core, uint8_t owner)
{
    uint8_t kind = feed_byte(feed);
    uint64_t more = kind >> 3, value = 0;
    switch (kind & 7) {
    case 0:
        return 0;
    case 1:
        value = core->numbers.seen;
        break;
    case 2:
        value = core->claim.epoch;
        break;
    case 3:
        value = core->voter.floor;
        break;
    case 4:
        value = core->numbers.seen + more + 1;
        break;
    case 5:
        value = core->numbers.seen - more;
        break;
    case 6:
        return feed_number(feed, 8);
    default:
        value = core->numbers.seen + EPOCH_JUMP_MAX + more - 16;
        break;
    }
    return owner < NODE_COUNT && (value & 1) != owner ? value + 1 : value;
}

static inline void hostile_mark(struct feed *feed, uint8_t kind, struct mark *mark)
{
    if ((kind & 12) == 8)
        *mark = (struct mark){mark->boot + 1, 0};
    else if ((kind & 12) == 12)
        mark->boot = feed_byte(feed);
    if ((kind & 3) < 2)
        mark->seq++;
    else if ((kind & 3) == 3)
        mark->seq = feed_number(feed, 8);
}

static inline void hostile_echo(struct feed *feed, uint8_t kind, const struct core *core,
                                struct statement *ret)
{
    struct mark echo = core->echo.self;
    uint8_t self = core->settings.self;
    if ((kind & 0x30) == 0x10)
        echo.seq -= feed_byte(feed);
    if ((kind & 0x30) == 0x30) {
        echo.seq += 1 + (uint64_t)feed_byte(feed);
        echo.boot -= feed_byte(feed) & 1;
    }
    if ((kind & 0x30) == 0x20)
        ret->greet[self] = echo;
    else
        ret->heard[self] = echo;
    ret->heard_age_ms[self] = (kind & 0xc0) == 0xc0 ? UINT32_MAX : 3;
}

static inline void hostile_promise(struct feed *feed, const struct core *core,
                                   struct promise_said *ret)
{
    static const uint32_t lengths[] = {5000, LEASE_MS_MIN, LEASE_MS_MAX, 1000};
    uint8_t kind = feed_byte(feed);
    ret->holder = PEER_NONE;
    if ((kind & 3) == 0)
        return;
    ret->holder = (kind & 3) == 3 ? feed_byte(feed) : (uint8_t)((kind & 3) - 1);
    ret->epoch = hostile_epoch(feed, core, ret->holder);
    ret->length_ms = lengths[kind >> 2 & 3];
    ret->answers = core->echo.self;
    if ((kind & 0x30) == 0x10)
        ret->answers.seq -= feed_byte(feed);
    else if ((kind & 0x30) == 0x20)
        ret->answers = (struct mark){feed_number(feed, 8), feed_number(feed, 8)};
}

static inline void hostile_rest(struct feed *feed, struct statement *ret)
{
    uint8_t kind = feed_byte(feed);
    static const uint32_t leases[] = {5000, LEASE_MS_MIN, LEASE_MS_MAX, 0};
    ret->lease_ms = leases[kind & 3];
    ret->drift_ppm = (kind & 4) != 0 ? DRIFT_PPM_MAX : 10000;
    if ((kind & 8) != 0) {
        ret->pause.order = feed_number(feed, (kind & 16) != 0 ? 8 : 1);
        ret->pause.left_ms = (uint32_t)feed_number(feed, 4);
    }
    ret->members_hash = (kind & 32) != 0 ? 0 : 22;
    ret->settings_hash = 11;
    ret->wall_s = (kind & 64) != 0 ? (int64_t)feed_number(feed, 8) : 50;
    ret->unfit_mask = (kind & 128) != 0 ? (uint32_t)feed_number(feed, 4) : 0;
    memcpy(ret->version, "0.1.0", sizeof "0.1.0");
}

/* The next statement that `from` makes up for `core`. */
static inline void hostile_says(struct hostile *hostile, struct feed *feed,
                                const struct core *core, uint8_t from, struct statement *ret)
{
    uint8_t kind = feed_byte(feed);
    memset(ret, 0, sizeof *ret);
    ret->from = from;
    hostile_mark(feed, kind, &hostile->mark[from]);
    ret->mark = hostile->mark[from];
    hostile_echo(feed, kind, core, ret);
    ret->flags = feed_byte(feed);
    ret->claim = from < NODE_COUNT ? hostile_epoch(feed, core, from) : 0;
    hostile_promise(feed, core, &ret->promise);
    ret->seen_epoch = hostile_epoch(feed, core, PEER_NONE);
    if ((ret->flags & 128) != 0 && from < NODE_COUNT)
        ret->released = hostile_epoch(feed, core, from);
    hostile_rest(feed, ret);
}

#endif
