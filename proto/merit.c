#include "merit.h"

#include <string.h>

void merit_init(struct merit *merit)
{
    memset(merit, 0, sizeof *merit);
    merit->maintenance_until = MONO_LONG_AGO;
    merit->other_fit_at = MONO_LONG_AGO;
    merit->other_fit_since = MONO_NEVER;
    for (size_t i = 0; i < MERIT_MOVES_MAX; i++)
        merit->moves[i] = MONO_LONG_AGO;
}

void merit_fitness(struct merit *merit, bool fit, uint32_t unfit_mask, struct outcome *outcome)
{
    bool changed = !merit->known || merit->fit != fit;
    merit->known = true;
    merit->fit = fit;
    merit->unfit_mask = unfit_mask;
    if (!changed)
        return;
    outcome_note(outcome, fit ? REASON_FIT : REASON_UNFIT, PEER_NONE, 0, unfit_mask);
    outcome->prompt = true;
}

bool merit_is_fit(const struct statement *statement)
{
    return (statement->flags & STATEMENT_FIT) != 0 &&
           (statement->flags & STATEMENT_MAINTENANCE) == 0;
}

void merit_heard(struct merit *merit, const struct statement *statement, mono_ms now)
{
    if (statement->from >= NODE_COUNT)
        return;
    if (!merit_is_fit(statement)) {
        merit->other_fit_since = MONO_NEVER;
        return;
    }
    merit->other_fit_at = now;
    if (merit->other_fit_since == MONO_NEVER)
        merit->other_fit_since = now;
}

static void end_maintenance(struct merit *merit, struct outcome *outcome)
{
    if (merit->maintenance_until == MONO_LONG_AGO)
        return;
    merit->maintenance_until = MONO_LONG_AGO;
    outcome_note(outcome, REASON_MAINTENANCE_OFF, PEER_NONE, 0, 0);
    outcome->prompt = true;
}

void merit_maintenance(struct merit *merit, span_ms length_ms, mono_ms now,
                       struct outcome *outcome)
{
    if (length_ms <= 0) {
        end_maintenance(merit, outcome);
        return;
    }
    merit->maintenance_until = now + length_ms;
    outcome_note(outcome, REASON_MAINTENANCE_ON, PEER_NONE, 0, length_ms);
    outcome->prompt = true;
}

void merit_settle(struct merit *merit, mono_ms now, span_ms lease_ms, struct outcome *outcome)
{
    if (merit->maintenance_until != MONO_LONG_AGO && now >= merit->maintenance_until)
        end_maintenance(merit, outcome);
    if (now - merit->other_fit_at >= lease_ms)
        merit->other_fit_since = MONO_NEVER;
}

bool merit_in_maintenance(const struct merit *merit, mono_ms now)
{
    return now < merit->maintenance_until;
}

void merit_moved(struct merit *merit, mono_ms now)
{
    merit->moves[merit->move_count % MERIT_MOVES_MAX] = now;
    merit->move_count++;
}

span_ms merit_hold_length(const struct merit *merit, span_ms min_hold_ms, mono_ms now)
{
    span_ms length = min_hold_ms;
    for (size_t i = 0; i < MERIT_MOVES_MAX; i++)
        if (now - merit->moves[i] < MERIT_MOVE_WINDOW_MS)
            length *= 2;
    return length < MERIT_MOVE_WINDOW_MS ? length : MERIT_MOVE_WINDOW_MS;
}
