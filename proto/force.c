#include "force.h"

#include <string.h>

void force_init(struct force *force)
{
    memset(force, 0, sizeof *force);
    force->until = MONO_LONG_AGO;
    force->refused_since = MONO_NEVER;
    force->seen_from = PEER_NONE;
}

void force_begin(struct force *force, mono_ms now)
{
    force->on = true;
    force->until = now + FORCED_MS_MAX;
    force->refused_since = MONO_NEVER;
    force->seen_from = PEER_NONE;
}

void force_end(struct force *force, uint64_t epoch, struct outcome *outcome)
{
    if (!force->on)
        return;
    force->on = false;
    force->refused_since = MONO_NEVER;
    outcome_note(outcome, REASON_FORCED_OVER, PEER_NONE, epoch, 0);
}

void force_forget(struct force *force, struct outcome *outcome)
{
    if (force->seen_from == PEER_NONE)
        return;
    outcome_note(outcome, REASON_FORCED_GONE, force->seen_from, force->seen_epoch, 0);
    force->seen_from = PEER_NONE;
    force->seen_epoch = 0;
}

void force_heard(struct force *force, uint8_t self, const struct statement *statement,
                 mono_ms now, struct outcome *outcome)
{
    /* A silent peer is only bound by what it stored, for a lease: that says nothing of now. */
    bool refuses = statement->promise.epoch != 0 && statement->promise.holder != self &&
                   (statement->flags & STATEMENT_SILENT) == 0;
    if (force->on && refuses && force->refused_since == MONO_NEVER) {
        force->refused_since = now;
        force->refused_by = statement->from;
    } else if (force->on && !refuses && force->refused_by == statement->from)
        force->refused_since = MONO_NEVER;
    if (statement->from >= NODE_COUNT || self >= NODE_COUNT)
        return;
    bool forced = (statement->flags & STATEMENT_FORCED) != 0 && statement->claim != 0;
    if (!forced) {
        if (force->seen_from == statement->from)
            force_forget(force, outcome);
        return;
    }
    if (force->seen_from == statement->from)
        return;
    force->seen_from = statement->from;
    force->seen_epoch = statement->claim;
    outcome_note(outcome, REASON_FORCED_SEEN, statement->from, statement->claim, 0);
}

bool force_is_over(const struct force *force, mono_ms now, span_ms lease_ms)
{
    if (!force->on)
        return false;
    return now >= force->until ||
           (force->refused_since != MONO_NEVER && now - force->refused_since >= lease_ms);
}
