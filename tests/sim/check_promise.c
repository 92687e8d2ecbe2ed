/* Promises: what a voter says binds it, across its own restarts, until the time is over or the
 * holder's word has reached it. */
#include "world.h"

static const char *const names[SLOT_COUNT] = {"server1", "server2", "witness", "old witness"};

/* Overtaken, doubled or replayed: a voter that takes it up breaks the order. (What was only greeted
 * sets no order yet.) */
static bool is_old(struct check_voter *voter, const struct mark *taken_up,
                   const struct statement *statement)
{
    struct mark *newest = &voter->taken_up[statement->from];
    if (taken_up->boot != newest->boot || taken_up->seq > newest->seq)
        *newest = *taken_up;
    return statement->mark.boot == newest->boot && statement->mark.seq <= newest->seq;
}

void check_delivered(struct world *world, uint8_t slot, const struct statement *statement)
{
    struct check_voter *voter = &world->check.voters[slot];
    const struct world_peer *p = &world->peers[slot];
    uint8_t node = statement->from;
    if (world->strict)
        check_news(world, slot, statement);
    if (node >= NODE_COUNT)
        return;
    if (statement->released > voter->released[node])
        voter->released[node] = statement->released;
    if (statement->claim == 0 || is_old(voter, &p->core.last[node].mark, statement))
        return;
    voter->claims[node][voter->claim_count[node]++ % CHECK_CLAIMS_MAX] =
        (struct claim_seen){statement->mark, statement->claim, world->now};
}

/* When that claim first reached the voter; -1 when it is not remembered. */
static true_us claim_reached(const struct check_voter *voter, uint8_t node,
                             const struct mark *mark)
{
    true_us first = -1;
    for (uint32_t i = 0; i < voter->claim_count[node] && i < CHECK_CLAIMS_MAX; i++) {
        const struct claim_seen *seen = &voter->claims[node][i];
        if (seen->mark.seq == mark->seq && seen->mark.boot == mark->boot &&
            (first < 0 || seen->at < first))
            first = seen->at;
    }
    return first;
}

/* Did that life of the node ever claim a number so low? Else the promise is one that the voter
 * still keeps for an earlier life, which nobody can use any more. */
static bool is_usable(const struct check_voter *voter, const struct promise_said *promise)
{
    const struct claim_seen *claims = voter->claims[promise->holder];
    uint32_t count = voter->claim_count[promise->holder];
    for (uint32_t i = 0; i < count && i < CHECK_CLAIMS_MAX; i++)
        if (claims[i].mark.boot == promise->answers.boot && claims[i].claim <= promise->epoch)
            return true;
    return false;
}

static bool life_goes_on(const struct world *world, const struct binding *binding)
{
    const struct world_peer *p = &world->peers[binding->holder];
    return p->up && p->core.settings.boot == binding->boot;
}

static bool is_bound_elsewhere(const struct world *world, uint8_t slot, uint8_t holder)
{
    const struct check_voter *voter = &world->check.voters[slot];
    const struct binding *binding = &voter->binding;
    return binding->holder != PEER_NONE && binding->holder != holder &&
           world->now < binding->until && voter->released[binding->holder] < binding->epoch &&
           (!binding->forgotten || life_goes_on(world, binding));
}

static void broke(struct world *world, uint8_t slot, const char *what, uint8_t holder)
{
    const struct binding *binding = &world->check.voters[slot].binding;
    if (world->check.memory_restored || check_is_tainted(world, holder))
        return;
    check_fail(world, "promise-broken", "%s %s %s while bound to %s under %llu until %lld ms, at "
               "%lld ms", names[slot], what, names[holder], names[binding->holder],
               (unsigned long long)binding->epoch, (long long)(binding->until / 1000),
               (long long)(world->now / 1000));
}

static void note_binding(struct world *world, uint8_t slot, const struct promise_said *promise)
{
    struct check_voter *voter = &world->check.voters[slot];
    true_us reached = claim_reached(voter, promise->holder, &promise->answers);
    if (reached < 0) {
        if (promise->answers.boot != 0 &&
            voter->claim_count[promise->holder] < CHECK_CLAIMS_MAX &&
            !world->check.memory_restored)
            check_fail(world, "promise-broken", "%s answers a claim of %s that never reached it",
                       names[slot], names[promise->holder]);
        return;
    }
    if (!is_usable(voter, promise))
        return;
    int64_t drift = world->peers[slot].settings.drift_ppm;
    true_us until = reached + (true_us)promise->length_ms * 1000 * 1000000 / (1000000 + drift) -
                    2000; /* both ends were read in whole milliseconds */
    struct binding *binding = &voter->binding;
    world->check.sums.promises++;
    bool same_life = binding->holder == promise->holder &&
                     binding->boot == promise->answers.boot; /* an earlier one holds no more */
    if (same_life && until < binding->until)
        until = binding->until;
    *binding = (struct binding){promise->holder, promise->epoch, promise->answers.boot, until,
                                false};
}

void check_said(struct world *world, uint8_t slot, const struct statement *statement)
{
    const struct promise_said *promise = &statement->promise;
    if (world->strict)
        check_words(world, slot, statement);
    uint8_t role = world_role(slot);
    bool forced = (statement->flags & STATEMENT_FORCED) != 0;
    world_trace(world, statement->mark.seq ^ statement->claim ^ (promise->epoch << 20));
    if (statement->claim != 0 && role < NODE_COUNT && !forced &&
        is_bound_elsewhere(world, slot, role))
        broke(world, slot, "claims for", role);
    if (promise->epoch == 0 || promise->holder >= NODE_COUNT)
        return;
    if (promise->answers.boot == 0 && (promise->holder != role || statement->claim == 0))
        return; /* of an earlier life: it answers nothing and backs nobody */
    if (is_bound_elsewhere(world, slot, promise->holder) && !forced)
        broke(world, slot, "backs", promise->holder);
    if (promise->holder != role && promise->holder != world->liar) /* nothing is owed to a liar */
        note_binding(world, slot, promise);
}
