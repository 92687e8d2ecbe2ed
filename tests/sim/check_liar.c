/* A peer that contradicts itself is noticed by whoever heard both; then nothing moves by itself. */
#include <string.h>

#include "world.h"

static const char *const names[SLOT_COUNT] = {"server1", "server2", "witness", "old witness"};

void check_liar_heard(struct world *world, uint8_t slot, const struct statement *statement)
{
    const struct core *core = &world->peers[slot].core;
    const struct statement *last = &core->last[statement->from];
    struct check_voter *voter = &world->check.voters[slot];
    if (statement->from != world->liar)
        return;
    voter->contradicted = last->mark.boot == statement->mark.boot &&
                          last->mark.seq == statement->mark.seq &&
                          numbers_plausible(&core->numbers, statement_epoch_max(statement)) &&
                          memcmp(last, statement, sizeof *statement) != 0;
}

/* What was taken up since: does it back a lower number than before, in the same life? */
static bool fell(struct check_voter *voter, const struct statement *last)
{
    uint64_t epoch = last->promise.epoch;
    if (epoch == 0)
        return false;
    bool lower = voter->liar_boot == last->mark.boot && epoch < voter->liar_promise;
    voter->liar_boot = last->mark.boot;
    voter->liar_promise = epoch;
    return lower;
}

void check_liar(struct world *world, uint8_t slot)
{
    const struct world_peer *p = &world->peers[slot];
    const struct core *core = &p->core;
    struct check_voter *voter = &world->check.voters[slot];
    bool same_life = voter->state_life == p->life;
    voter->state_life = p->life;
    voter->contradicted = voter->contradicted && same_life;
    if (!same_life)
        voter->liar_boot = 0;
    bool proven = fell(voter, &core->last[world->liar]) || voter->contradicted;
    if (proven && !core->evidence.frozen)
        check_fail(world, "liar-unnoticed", "%s heard that %s contradicts itself", names[slot],
                   names[world->liar]);
    voter->contradicted = false;
    uint8_t bound = voter_bound_to(&core->voter, world_clock(world, slot));
    bool moves = bound != PEER_NONE && bound != voter->bound_last;
    if (same_life && voter->frozen_last && moves)
        check_fail(world, "frozen-moves", "%s knows of a liar, and backs %s anew", names[slot],
                   names[bound]);
    voter->bound_last = bound;
    voter->frozen_last = core->evidence.frozen;
}
