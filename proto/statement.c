#include "statement.h"

#define SEQ_MAX ((uint64_t)1 << 63)

uint8_t statement_epoch_owner(uint64_t epoch)
{
    return (uint8_t)(epoch & 1);
}

uint64_t statement_epoch_max(const struct statement *statement)
{
    uint64_t highest = statement->seen_epoch;
    if (statement->claim > highest)
        highest = statement->claim;
    if (statement->released > highest)
        highest = statement->released;
    if (statement->promise.epoch > highest)
        highest = statement->promise.epoch;
    return highest;
}

static bool length_is_sound(uint32_t length_ms)
{
    return length_ms >= LEASE_MS_MIN && length_ms <= LEASE_MS_MAX;
}

static enum statement_verdict check_claim(const struct statement *statement)
{
    bool node = statement->from < NODE_COUNT;
    if (!node && (statement->claim != 0 || statement->released != 0))
        return STATEMENT_BAD_CLAIM;
    if (statement->claim != 0 && statement_epoch_owner(statement->claim) != statement->from)
        return STATEMENT_BAD_PARITY;
    if (statement->released != 0 && statement_epoch_owner(statement->released) != statement->from)
        return STATEMENT_BAD_PARITY;
    if (statement->claim != 0 && statement->claim <= statement->released)
        return STATEMENT_BAD_CLAIM; /* an epoch given up is never claimed again (rule V6) */
    if ((statement->flags & STATEMENT_HOLDING) != 0 && statement->claim == 0)
        return STATEMENT_BAD_CLAIM;
    return STATEMENT_OK;
}

static enum statement_verdict check_promise(const struct promise_said *promise)
{
    if (promise->epoch == 0)
        return promise->holder == PEER_NONE ? STATEMENT_OK : STATEMENT_BAD_PROMISE;
    if (promise->holder >= NODE_COUNT)
        return STATEMENT_BAD_PROMISE;
    if (statement_epoch_owner(promise->epoch) != promise->holder)
        return STATEMENT_BAD_PARITY;
    return length_is_sound(promise->length_ms) ? STATEMENT_OK : STATEMENT_BAD_TERMS;
}

static bool version_is_text(const char version[VERSION_SIZE])
{
    for (size_t i = 0; i < VERSION_SIZE; i++) {
        if (version[i] == '\0')
            return true;
        if (version[i] < '!' || version[i] > '~')
            return false;
    }
    return false;
}

static bool marks_are_sound(const struct statement *statement)
{
    if (statement->mark.boot == 0 || statement->mark.seq == 0 || statement->mark.seq >= SEQ_MAX)
        return false;
    for (size_t i = 0; i < PEER_COUNT; i++)
        if (statement->heard[i].seq >= SEQ_MAX || statement->greet[i].seq >= SEQ_MAX)
            return false;
    return true;
}

enum statement_verdict statement_check(const struct statement *statement)
{
    if (statement->from >= PEER_COUNT)
        return STATEMENT_BAD_SENDER;
    if (!marks_are_sound(statement))
        return STATEMENT_BAD_MARK;
    if (!length_is_sound(statement->lease_ms) || statement->drift_ppm > DRIFT_PPM_MAX)
        return STATEMENT_BAD_TERMS;
    if (statement->pause.left_ms > PAUSE_MS_MAX)
        return STATEMENT_BAD_TERMS;
    enum statement_verdict verdict = check_claim(statement);
    if (verdict == STATEMENT_OK)
        verdict = check_promise(&statement->promise);
    if (verdict == STATEMENT_OK && !version_is_text(statement->version))
        verdict = STATEMENT_BAD_TEXT;
    return verdict;
}
