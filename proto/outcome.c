#include "outcome.h"

#include <assert.h>

void outcome_act(struct outcome *outcome, struct action action)
{
    assert(outcome->action_count < ACTION_COUNT_MAX);
    outcome->actions[outcome->action_count++] = action;
}

void outcome_note(struct outcome *outcome, enum reason reason, uint8_t peer, uint64_t epoch,
                  int64_t number)
{
    if (outcome->note_count == NOTE_COUNT_MAX) {
        outcome->notes_lost++;
        return;
    }
    outcome->notes[outcome->note_count++] =
        (struct note){.reason = reason, .peer = peer, .epoch = epoch, .number = number};
}
