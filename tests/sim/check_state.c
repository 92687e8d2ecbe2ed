/* What must be true of the state of every peer at every instant: a holder is backed by somebody who
 * is really bound, nothing is said before it is on the disk, nobody is called a liar who is none,
 * and who pauses, sees force or is less fit keeps still. These look into the cores. */
#include <string.h>

#include "../../proto/handover.h"
#include "world.h"

#define LATE_END_MS 4 /* a running process reports the end of its lease that soon */

static const char *const names[SLOT_COUNT] = {"server1", "server2", "witness", "old witness"};

/* Does this slot's voter stand behind the node? One that is dead or silent backs nobody else, as
 * long as its word to the node binds it. */
static bool stands_behind(const struct world *world, uint8_t slot, uint8_t node)
{
    const struct world_peer *p = &world->peers[slot];
    const struct binding *binding = &world->check.voters[slot].binding;
    if (world_role(slot) == node)
        return false;
    if (!p->up || silence_holds(&p->core.silence))
        return binding->holder == node && world->now < binding->until + LATE_END_MS * 1000;
    return voter_bound_to(&p->core.voter, world_clock(world, slot)) == node;
}

static void check_backed(struct world *world, uint8_t node)
{
    const struct world_peer *p = &world->peers[node];
    if (!check_holds(world, node) || check_is_tainted(world, node) ||
        check_is_tainted(world, (uint8_t)(1 - node)) || /* it asks for what is over */
        world->check.memory_restored || world->now < world->check.voter_gone_until)
        return;
    if (!p->frozen && voter_bound_to(&p->core.voter, world_clock(world, node)) != node)
        check_fail(world, "unbacked-holder", "%s holds and does not back itself", names[node]);
    for (uint8_t slot = 0; slot < SLOT_COUNT; slot++)
        if (stands_behind(world, slot, node))
            return;
    check_fail(world, "unbacked-holder", "%s holds under %llu, and nobody stands behind it",
               names[node], (unsigned long long)world->check.nodes[node].report.epoch);
}

static void check_end(struct world *world, uint8_t node)
{
    const struct world_peer *p = &world->peers[node];
    const struct standing_report *report = &world->check.nodes[node].report;
    if (p->up && !p->frozen && report->standing == STANDING_HOLDER &&
        world->now - p->thawed_at > 10000 &&
        world_clock(world, node) > report->holds_until + LATE_END_MS)
        check_fail(world, "late-end", "%s has not told the end of its lease", names[node]);
}

static void check_force(struct world *world, uint8_t node)
{
    const struct core *core = &world->peers[node].core;
    if (core->force.seen_from == PEER_NONE || core->force.on)
        return;
    if (core->claim.epoch != 0 && core->claim.epoch < core->force.seen_epoch)
        check_fail(world, "forced-overruled", "%s goes on although %s was made holder by force",
                   names[node], names[core->force.seen_from]);
}

/* Rule V4: what is said is on the disk. */
static void check_stored(struct world *world, uint8_t slot, const struct statement *statement)
{
    const struct stored *file = &world->peers[slot].disk.file;
    const struct promise_said *promise = &statement->promise;
    uint8_t role = world_role(slot);
    bool answers = promise->epoch != 0 && promise->holder != role && promise->answers.boot != 0;
    if (world->check.memory_restored)
        return;
    if (answers && (file->holder != promise->holder || file->epoch < promise->epoch ||
                    (file->epoch == promise->epoch && file->length_ms < promise->length_ms)))
        check_fail(world, "promise-unstored", "%s says a promise under %llu that is not on disk",
                   names[slot], (unsigned long long)promise->epoch);
    if (statement->claim != 0 && (file->holder != role || file->epoch < statement->claim))
        check_fail(world, "claim-unstored", "%s claims %llu, which is not on its disk",
                   names[slot], (unsigned long long)statement->claim);
}

/* Is the other node heard to be fit, by a statement of the last half lease? Not by one that a node
 * which was set back to a snapshot has yet to hear. */
static bool hears_fit(const struct world *world, uint8_t node)
{
    const struct check_node *seen = &world->check.nodes[node];
    const struct core_settings *settings = &world->peers[node].core.settings;
    span_ms age = world_clock(world, node) - seen->fit_heard_at;
    return age >= 0 && age < settings->lease_ms / 2;
}

/* A claim begins: was it time for one? */
static void check_claim(struct world *world, uint8_t node)
{
    const struct core *core = &world->peers[node].core;
    bool resumes = core->silence.kind == SILENCE_RESTART;
    if (core->force.on)
        return;
    if (pause_is_on(&core->pause, world_clock(world, node)) && !resumes)
        check_fail(world, "pause-broken", "%s claims in a pause", names[node]);
    if (core->evidence.frozen)
        check_fail(world, "frozen-moves", "%s knows of a liar, and claims", names[node]);
    if (core->force.seen_from != PEER_NONE)
        check_fail(world, "forced-overruled", "%s claims against a forced takeover",
                   names[node]);
    if (!core->merit.fit && hears_fit(world, node))
        check_fail(world, "unfit-won", "%s claims, unfit, and hears that the other is fit",
                   names[node]);
}

/* Giving up by itself needs a fit partner, and no pause. */
static void check_leaving(struct world *world, uint8_t node)
{
    const struct core *core = &world->peers[node].core;
    uint8_t other = (uint8_t)(1 - node);
    if (core->leave_reason == REASON_LEAVING_STOP || core->stopping)
        return;
    if (pause_is_on(&core->pause, world_clock(world, node)))
        check_fail(world, "pause-broken", "%s hands over in a pause", names[node]);
    if (core->evidence.frozen && core->leave_reason != REASON_LEAVING)
        check_fail(world, "frozen-moves", "%s knows of a liar, and hands over by itself",
                   names[node]);
    bool itself = core->leave_reason == REASON_LEAVING_UNFIT ||
                  core->leave_reason == REASON_LEAVING_PREFERRED;
    uint32_t flags = core->last[other].flags;
    if (itself && ((flags & STATEMENT_FIT) == 0 || (flags & STATEMENT_MAINTENANCE) != 0))
        check_fail(world, "unfit-won", "%s hands over to a node that is not fit", names[node]);
    if (core->leave_reason == REASON_LEAVING_UNFIT &&
        world_clock(world, node) - core->claim.since < core->settings.min_hold_ms)
        check_fail(world, "flaps", "%s hands over, unfit, before min-hold", names[node]);
}

static void check_node_state(struct world *world, uint8_t node)
{
    struct check_node *seen = &world->check.nodes[node];
    enum claim_phase phase = world->peers[node].core.claim.phase;
    check_force(world, node);
    if (phase == CLAIM_STORING && seen->phase == CLAIM_NONE)
        check_claim(world, node);
    seen->phase = phase;
    bool leaves = world->peers[node].core.claim.leaving;
    if (leaves && !seen->leaves)
        check_leaving(world, node);
    seen->leaves = leaves;
    check_permit(world, node);
}

/* Rule V6: who took up a node's word that it gave up a number backs it no more under that one. */
static void check_released(struct world *world, uint8_t slot)
{
    const struct core *core = &world->peers[slot].core;
    const struct promise *promises[] = {&core->voter.promise, &core->voter.pending};
    for (size_t i = 0; i < 2; i++) {
        const struct promise *promise = promises[i];
        if (promise->epoch != 0 && promise->holder < NODE_COUNT &&
            promise->holder != world_role(slot) &&
            core->last[promise->holder].released >= promise->epoch)
            check_fail(world, "release-ignored", "%s is bound by %llu, which %s gave up",
                       names[slot], (unsigned long long)promise->epoch,
                       names[promise->holder]);
    }
}

void check_state(struct world *world, uint8_t slot)
{
    const struct world_peer *p = &world->peers[slot];
    for (uint8_t node = 0; node < NODE_COUNT; node++) {
        check_backed(world, node);
        check_end(world, node);
    }
    if (!p->up)
        return;
    if (p->core.evidence.frozen && !world->check.memory_restored &&
        p->core.evidence.peer != world->liar)
        check_fail(world, "frozen-falsely", "%s calls %s a liar, and nobody lies", names[slot],
                   names[p->core.evidence.peer]);
    check_released(world, slot);
    if (world->liar != PEER_NONE && slot != world->liar)
        check_liar(world, slot);
    if (slot < NODE_COUNT)
        check_node_state(world, slot);
    struct check_voter *voter = &world->check.voters[slot];
    if (voter->must_learn == 0 || silence_holds(&p->core.silence))
        return;
    if (p->core.voter.floor < voter->must_learn && voter->must_learn > world->check.forgotten)
        check_fail(world, "floor-fell", "%s votes again from %llu, but %llu was held before",
                   names[slot], (unsigned long long)p->core.voter.floor,
                   (unsigned long long)voter->must_learn);
    voter->must_learn = 0;
}

/* Numbers belong to one node each, and within one life a voter never goes back to a lower one. */
static void check_numbers(struct world *world, uint8_t slot, const struct statement *statement)
{
    struct check_voter *voter = &world->check.voters[slot];
    const struct promise_said *promise = &statement->promise;
    if ((promise->epoch != 0 && statement_epoch_owner(promise->epoch) != promise->holder) ||
        (statement->claim != 0 && statement_epoch_owner(statement->claim) != world_role(slot)))
        check_fail(world, "parity", "%s names a number of the other node", names[slot]);
    if (promise->epoch == 0)
        return;
    if (voter->said_boot == statement->mark.boot && promise->epoch < voter->said_promise &&
        !world->check.memory_restored)
        check_fail(world, "promise-fell", "%s backs %llu after %llu", names[slot],
                   (unsigned long long)promise->epoch, (unsigned long long)voter->said_promise);
    voter->said_boot = statement->mark.boot;
    voter->said_promise = promise->epoch;
}

void check_words(struct world *world, uint8_t slot, const struct statement *statement)
{
    check_stored(world, slot, statement);
    check_numbers(world, slot, statement);
    if (statement_check(statement) != STATEMENT_OK)
        check_fail(world, "malformed", "%s says what makes no sense", names[slot]);
    if (statement_epoch_max(statement) > NUMBER_MAX)
        check_fail(world, "numbers-used-up", "%s names an impossible number", names[slot]);
    if (world_role(slot) >= NODE_COUNT)
        return;
    struct check_node *seen = &world->check.nodes[slot];
    bool same_life = seen->said_boot == statement->mark.boot;
    seen->said_boot = statement->mark.boot;
    seen->sent[statement->mark.seq % SENT_COUNT_MAX] = world_clock(world, slot);
    if (!same_life)
        seen->proof_sent = MONO_LONG_AGO;
}

/* What reached a node: the newest proof that it is backed, and whether the other one is fit. */
void check_news(struct world *world, uint8_t slot, const struct statement *statement)
{
    const struct world_peer *p = &world->peers[slot];
    const struct promise_said *promise = &statement->promise;
    if (p->up && world->liar != PEER_NONE && slot != world->liar)
        check_liar_heard(world, slot, statement);
    if (slot >= NODE_COUNT || !p->up)
        return;
    struct check_node *seen = &world->check.nodes[slot];
    bool fit = (statement->flags & STATEMENT_FIT) != 0 &&
               (statement->flags & STATEMENT_MAINTENANCE) == 0;
    bool current = statement->heard[slot].boot == p->core.echo.self.boot;
    bool newest = statement->mark.boot == p->core.last[statement->from].mark.boot &&
                  statement->mark.seq > p->core.last[statement->from].mark.seq;
    if (statement->from < NODE_COUNT && current && newest)
        seen->fit_heard_at = fit ? seen->sent[statement->heard[slot].seq % SENT_COUNT_MAX]
                                 : MONO_LONG_AGO;
    if (promise->holder != slot || promise->answers.boot != p->core.echo.self.boot)
        return;
    mono_ms sent = seen->sent[promise->answers.seq % SENT_COUNT_MAX];
    if (sent > seen->proof_sent)
        seen->proof_sent = sent;
}
