#include "proto/ledger.h"

#include "tests/lib/check.h"

struct desk {
    struct ledger ledger;
    struct outcome outcome;
};

static void begin(struct desk *desk, uint64_t epoch)
{
    struct stored found = {.present = true, .epoch = epoch, .holder = PEER_NONE};
    memset(desk, 0, sizeof *desk);
    ledger_init(&desk->ledger, &found);
}

static uint64_t put(struct desk *desk, uint64_t epoch)
{
    memset(&desk->outcome, 0, sizeof desk->outcome);
    desk->ledger.wanted.epoch = epoch;
    return ledger_put(&desk->ledger, &desk->outcome);
}

static void stored(struct desk *desk, uint64_t ticket, bool ok, mono_ms now)
{
    memset(&desk->outcome, 0, sizeof desk->outcome);
    ledger_stored(&desk->ledger, ticket, ok, now, &desk->outcome);
}

TEST(a_change_is_durable_only_after_its_own_write_ended_well)
{
    struct desk desk;
    begin(&desk, 1);
    uint64_t ticket = put(&desk, 2);
    CHECK_EQ(desk.outcome.action_count, 1);
    CHECK_EQ(desk.outcome.actions[0].kind, ACTION_STORE);
    CHECK_EQ(desk.outcome.stored.epoch, 2);
    CHECK(!ledger_is_durable(&desk.ledger, ticket));
    stored(&desk, ticket, true, 10);
    CHECK(ledger_is_durable(&desk.ledger, ticket));
    CHECK_EQ(desk.ledger.durable.epoch, 2);
}

/* Rule V4: at most one write outstanding and one, the newest, waiting. */
TEST(one_write_runs_one_the_newest_waits)
{
    struct desk desk;
    begin(&desk, 1);
    uint64_t first = put(&desk, 2);
    uint64_t second = put(&desk, 3);
    CHECK_EQ(desk.outcome.action_count, 0);
    uint64_t third = put(&desk, 4);
    CHECK_EQ(desk.outcome.action_count, 0);
    stored(&desk, first, true, 10);
    CHECK(ledger_is_durable(&desk.ledger, first));
    CHECK(!ledger_is_durable(&desk.ledger, second));
    CHECK_EQ(desk.outcome.action_count, 1);
    CHECK_EQ(desk.outcome.stored.epoch, 4);
    stored(&desk, third, true, 20);
    CHECK(ledger_is_durable(&desk.ledger, second));
    CHECK(ledger_is_durable(&desk.ledger, third));
    CHECK_EQ(desk.outcome.action_count, 0);
}

TEST(a_failed_write_is_no_promise_but_an_alarm_and_a_retry)
{
    struct desk desk;
    begin(&desk, 1);
    uint64_t ticket = put(&desk, 2);
    stored(&desk, ticket, false, 1000);
    CHECK(!ledger_is_durable(&desk.ledger, ticket));
    CHECK_EQ(desk.ledger.durable.epoch, 1);
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_STORE_FAILED);
    CHECK(desk.ledger.retry_at > 1000 && desk.ledger.retry_at < 3000);
    memset(&desk.outcome, 0, sizeof desk.outcome);
    ledger_settle(&desk.ledger, desk.ledger.retry_at - 1, &desk.outcome);
    CHECK_EQ(desk.outcome.action_count, 0);
    ledger_settle(&desk.ledger, desk.ledger.retry_at, &desk.outcome);
    CHECK_EQ(desk.outcome.action_count, 1);
    CHECK_EQ(desk.outcome.stored.epoch, 2);
    stored(&desk, desk.ledger.writing_ticket, true, 1300);
    CHECK(ledger_is_durable(&desk.ledger, ticket));
    CHECK_EQ(desk.outcome.notes[0].reason, REASON_STORE_WORKS);
}

TEST(an_alarm_is_told_once_not_for_each_retry)
{
    struct desk desk;
    begin(&desk, 1);
    put(&desk, 2);
    for (mono_ms now = 0; now < 5000; now += 1000) {
        stored(&desk, desk.ledger.writing_ticket, false, now);
        CHECK_EQ(desk.outcome.note_count, now == 0);
        ledger_settle(&desk.ledger, now + 999, &desk.outcome);
    }
}

TEST(a_failed_write_with_one_waiting_retries_the_newest)
{
    struct desk desk;
    begin(&desk, 1);
    uint64_t first = put(&desk, 2);
    uint64_t second = put(&desk, 3);
    stored(&desk, first, false, 0);
    ledger_settle(&desk.ledger, 1000, &desk.outcome);
    CHECK_EQ(desk.outcome.stored.epoch, 3);
    CHECK_EQ(desk.ledger.writing_ticket, second);
}

TEST(a_strange_ticket_changes_nothing)
{
    struct desk desk;
    begin(&desk, 1);
    uint64_t ticket = put(&desk, 2);
    struct ledger before = desk.ledger;
    stored(&desk, ticket + 9, true, 10);
    stored(&desk, 0, true, 10);
    CHECK_EQ(memcmp(&before, &desk.ledger, sizeof before), 0);
}

TEST(a_missing_file_holds_nothing_and_nobody)
{
    struct ledger ledger;
    struct stored found = {.present = false, .epoch = 999, .holder = 1, .length_ms = 5000};
    ledger_init(&ledger, &found);
    CHECK_EQ(ledger.wanted.epoch, 0);
    CHECK_EQ(ledger.durable.holder, PEER_NONE);
    CHECK_EQ(ledger.durable.length_ms, 0);
}

TEST(an_answer_that_nobody_waits_for_changes_nothing)
{
    struct desk desk;
    begin(&desk, 1);
    stored(&desk, 0, false, 10);
    stored(&desk, 3, false, 10);
    CHECK(!desk.ledger.failing);
    CHECK_EQ(desk.outcome.note_count, 0);
    uint64_t ticket = put(&desk, 2);
    stored(&desk, 0, true, 10);
    stored(&desk, ticket + 1, true, 10);
    CHECK(!ledger_is_durable(&desk.ledger, ticket));
    CHECK_EQ(desk.ledger.durable.epoch, 1);
}

TEST(what_was_found_is_written_along)
{
    struct desk desk;
    struct stored found = {.present = true, .epoch = 7, .holder = 1, .length_ms = 5000,
                           .pause_order = 9, .pause_until_wall_s = 1234};
    memset(found.members.key_hash, 0x41, sizeof found.members.key_hash);
    memset(&desk, 0, sizeof desk);
    ledger_init(&desk.ledger, &found);
    put(&desk, 8);
    found.epoch = 8;
    CHECK_EQ(memcmp(&desk.outcome.stored, &found, sizeof found), 0);
}

TEST(the_first_file_after_a_loss_is_a_sound_one)
{
    struct desk desk;
    struct stored nothing = {.present = false};
    memset(&desk, 0, sizeof desk);
    ledger_init(&desk.ledger, &nothing);
    put(&desk, 8);
    CHECK(desk.outcome.stored.present);
}

TEST(a_retry_that_worked_is_not_tried_again)
{
    struct desk desk;
    begin(&desk, 1);
    put(&desk, 2);
    stored(&desk, desk.ledger.writing_ticket, false, 1000);
    ledger_settle(&desk.ledger, 1200, &desk.outcome);
    stored(&desk, desk.ledger.writing_ticket, true, 1210);
    ledger_settle(&desk.ledger, 100000, &desk.outcome);
    CHECK_EQ(desk.outcome.action_count, 0);
    CHECK_EQ(desk.ledger.writing_ticket, 0);
}

TEST(a_retry_comes_a_fifth_of_a_second_later)
{
    struct desk desk;
    begin(&desk, 1);
    put(&desk, 2);
    stored(&desk, desk.ledger.writing_ticket, false, 1000);
    CHECK_EQ(desk.ledger.retry_at, 1200);
}

CHECK_MAIN
