#include "silence.h"

#include <string.h>

void silence_init(struct silence *silence, uint8_t self, const struct stored *found,
                  span_ms lease_ms, mono_ms now)
{
    memset(silence, 0, sizeof *silence);
    silence->self = self;
    silence->started = now;
    silence->stored_epoch = found->present ? found->epoch : 0;
    silence->stored_holder = found->present ? found->holder : PEER_NONE;
    silence->lease_max_ms = lease_ms;
    if (found->present && found->length_ms > lease_ms)
        silence->lease_max_ms = found->length_ms;
    if (!found->present)
        silence->kind = SILENCE_AMNESIA;
    else
        silence->kind = found->genesis ? SILENCE_GENESIS : SILENCE_RESTART;
}

void silence_told(const struct silence *silence, struct outcome *outcome)
{
    enum reason reason = REASON_SILENT_RESTART;
    if (silence->kind == SILENCE_AMNESIA)
        reason = REASON_SILENT_AMNESIA;
    else if (silence->kind == SILENCE_GENESIS)
        reason = REASON_SILENT_GENESIS;
    outcome_note(outcome, reason, PEER_NONE, silence->stored_epoch, silence->lease_max_ms);
}

void silence_heard(struct silence *silence, const struct statement *statement,
                   struct outcome *outcome)
{
    silence->heard[statement->from] = true;
    if (silence->kind != SILENCE_GENESIS && silence->kind != SILENCE_AMNESIA)
        return;
    if (silence->kind == SILENCE_GENESIS && statement_epoch_max(statement) > 0) {
        silence->kind = SILENCE_AMNESIA;
        outcome_note(outcome, REASON_GENESIS_OLD, statement->from,
                     statement_epoch_max(statement), 0);
    }
    if (silence->lease_max_ms < (span_ms)statement->lease_ms)
        silence->lease_max_ms = (span_ms)statement->lease_ms;
}

void silence_excuse(struct silence *silence, uint8_t peer)
{
    silence->excused[peer] = true;
}

uint8_t silence_misses(const struct silence *silence)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (i != silence->self && !silence->heard[i] && !silence->excused[i])
            return i;
    return PEER_NONE;
}

bool silence_settle(struct silence *silence, mono_ms now, struct outcome *outcome)
{
    if (silence->kind == SILENCE_NONE || silence->kind == SILENCE_WRITING)
        return false;
    if (now < silence->started + silence->lease_max_ms)
        return false;
    if (silence->kind == SILENCE_AMNESIA)
        return silence_misses(silence) == PEER_NONE;
    silence->kind = SILENCE_NONE;
    outcome_note(outcome, REASON_SILENCE_OVER, PEER_NONE, silence->stored_epoch, 0);
    outcome->prompt = true;
    return false;
}

void silence_writing(struct silence *silence, uint64_t ticket)
{
    silence->kind = SILENCE_WRITING;
    silence->ticket = ticket;
}

void silence_written(struct silence *silence, uint64_t floor, struct outcome *outcome)
{
    silence->kind = SILENCE_NONE;
    outcome_note(outcome, REASON_SILENCE_OVER, PEER_NONE, floor, 0);
    outcome->prompt = true;
}

bool silence_holds(const struct silence *silence)
{
    return silence->kind != SILENCE_NONE;
}

bool silence_renews(const struct silence *silence, const struct statement *claim)
{
    return silence->kind == SILENCE_RESTART && (claim->flags & STATEMENT_HOLDING) != 0 &&
           claim->claim == silence->stored_epoch && claim->from == silence->stored_holder;
}

mono_ms silence_until(const struct silence *silence)
{
    if (silence->kind == SILENCE_NONE)
        return MONO_LONG_AGO;
    if (silence->kind == SILENCE_WRITING)
        return MONO_NEVER;
    if (silence->kind == SILENCE_AMNESIA && silence_misses(silence) != PEER_NONE)
        return MONO_NEVER;
    return silence->started + silence->lease_max_ms;
}
