#include "proto/outcome.h"

#include "tests/lib/check.h"

TEST(actions_keep_their_order)
{
    struct outcome outcome = {.action_count = 0};
    outcome_act(&outcome, (struct action){.kind = ACTION_STORE, .ticket = 3});
    outcome_act(&outcome, (struct action){.kind = ACTION_SEND, .to = 2});
    CHECK_EQ(outcome.action_count, 2);
    CHECK_EQ(outcome.actions[0].ticket, 3);
    CHECK_EQ(outcome.actions[1].to, 2);
}

TEST(notes_beyond_the_table_are_counted_not_kept)
{
    struct outcome outcome = {.note_count = 0};
    for (int i = 0; i < NOTE_COUNT_MAX + 3; i++)
        outcome_note(&outcome, REASON_STALL, PEER_NONE, 0, i);
    CHECK_EQ(outcome.note_count, NOTE_COUNT_MAX);
    CHECK_EQ(outcome.notes_lost, 3);
    CHECK_EQ(outcome.notes[NOTE_COUNT_MAX - 1].number, NOTE_COUNT_MAX - 1);
}

CHECK_MAIN
