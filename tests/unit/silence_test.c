#include "proto/silence.h"

#include "tests/lib/check.h"

#define LEASE 5000

struct hush {
    struct silence silence;
    struct outcome outcome;
};

static void begin(struct hush *hush, struct stored found)
{
    memset(hush, 0, sizeof *hush);
    silence_init(&hush->silence, 0, &found, LEASE, 1000);
}

static void heard(struct hush *hush, uint8_t from, uint32_t lease_ms, uint64_t seen)
{
    struct statement statement = {.from = from, .lease_ms = lease_ms, .seen_epoch = seen};
    silence_heard(&hush->silence, &statement, &hush->outcome);
}

static bool learned(struct hush *hush, mono_ms now)
{
    return silence_settle(&hush->silence, now, &hush->outcome);
}

static const struct stored file = {.present = true, .epoch = 102, .holder = 0, .length_ms = LEASE};

TEST(a_restarted_peer_is_silent_for_a_lease)
{
    struct hush hush;
    begin(&hush, file);
    CHECK(!learned(&hush, 5999));
    CHECK(silence_holds(&hush.silence));
    CHECK_EQ(silence_until(&hush.silence), 6000);
    CHECK(!learned(&hush, 6000));
    CHECK(!silence_holds(&hush.silence));
    CHECK_EQ(hush.outcome.notes[0].reason, REASON_SILENCE_OVER);
}

/* Broken variant: stored length ignored after the lease setting shrank. */
TEST(the_longer_of_stored_length_and_present_lease_counts)
{
    struct hush hush;
    struct stored longer = file;
    longer.length_ms = 20000;
    begin(&hush, longer);
    learned(&hush, 20999);
    CHECK(silence_holds(&hush.silence));
    learned(&hush, 21000);
    CHECK(!silence_holds(&hush.silence));
}

static bool renews(const struct hush *hush, uint64_t claim, uint8_t from, uint32_t flags)
{
    struct statement statement = {.from = from, .claim = claim, .flags = flags};
    return silence_renews(&hush->silence, &statement);
}

TEST(in_its_silence_it_renews_only_the_stored_epoch_of_the_stored_holder)
{
    struct hush hush;
    begin(&hush, file);
    CHECK(renews(&hush, 102, 0, STATEMENT_HOLDING));
    CHECK(!renews(&hush, 104, 0, STATEMENT_HOLDING));
    CHECK(!renews(&hush, 102, 1, STATEMENT_HOLDING));
    CHECK(!renews(&hush, 100, 0, STATEMENT_HOLDING));
    struct stored nobody = file;
    nobody.holder = PEER_NONE;
    begin(&hush, nobody);
    CHECK(!renews(&hush, 102, 0, STATEMENT_HOLDING));
}

/* The disk may have come back older: meanwhile the other node may hold with this peer's word. */
TEST(in_its_silence_it_renews_no_claim_that_waits)
{
    struct hush hush;
    begin(&hush, file);
    CHECK(!renews(&hush, 102, 0, 0));
    CHECK(!renews(&hush, 102, 0, STATEMENT_FIT));
}

/* Broken variant: state file lost and voting at once. */
TEST(a_lost_file_waits_for_a_lease_and_for_both_others)
{
    struct hush hush;
    begin(&hush, (struct stored){.present = false});
    CHECK(!learned(&hush, 6000));
    CHECK_EQ(silence_until(&hush.silence), MONO_NEVER);
    heard(&hush, 1, LEASE, 7);
    CHECK_EQ(silence_misses(&hush.silence), PEER_WITNESS);
    CHECK(!learned(&hush, 60000));
    heard(&hush, 2, LEASE, 9);
    CHECK_EQ(silence_misses(&hush.silence), PEER_NONE);
    CHECK(!renews(&hush, 0, 0, STATEMENT_HOLDING));
    CHECK(learned(&hush, 60000));
    CHECK(silence_holds(&hush.silence)); /* not before what it learned is on disk */
    silence_writing(&hush.silence, 4);
    CHECK(!learned(&hush, 99999));
    CHECK(silence_holds(&hush.silence));
    silence_written(&hush.silence, 9, &hush.outcome);
    CHECK(!silence_holds(&hush.silence));
}

TEST(a_lost_file_waits_for_the_longest_lease_anybody_names)
{
    struct hush hush;
    begin(&hush, (struct stored){.present = false});
    heard(&hush, 1, 30000, 0);
    heard(&hush, 2, 600, 0);
    CHECK(!learned(&hush, 30999));
    CHECK(learned(&hush, 31000));
}

TEST(the_operator_excuses_one_peer_not_the_lease)
{
    struct hush hush;
    begin(&hush, (struct stored){.present = false});
    heard(&hush, 1, LEASE, 7);
    silence_excuse(&hush.silence, 2);
    CHECK(!learned(&hush, 5999));
    CHECK(learned(&hush, 6000));
}

TEST(a_new_cluster_is_silent_for_one_lease)
{
    struct hush hush;
    begin(&hush, (struct stored){.present = true, .genesis = true, .holder = PEER_NONE});
    heard(&hush, 1, LEASE, 0);
    CHECK(!renews(&hush, 0, 0, STATEMENT_HOLDING));
    learned(&hush, 6000);
    CHECK(!silence_holds(&hush.silence));
}

TEST(a_new_cluster_that_hears_a_number_has_to_learn_like_a_lost_file)
{
    struct hush hush;
    begin(&hush, (struct stored){.present = true, .genesis = true, .holder = PEER_NONE});
    heard(&hush, 1, LEASE, 2);
    CHECK_EQ(hush.outcome.notes[0].reason, REASON_GENESIS_OLD);
    CHECK(!learned(&hush, 60000));
    CHECK(silence_holds(&hush.silence));
    heard(&hush, 2, LEASE, 0);
    CHECK(learned(&hush, 60000));
}

TEST(what_waits_for_the_disk_has_no_end_of_its_own)
{
    struct hush hush;
    begin(&hush, file);
    silence_writing(&hush.silence, 3);
    CHECK_EQ(silence_until(&hush.silence), MONO_NEVER);
    CHECK(!learned(&hush, 1000000));
    CHECK(silence_holds(&hush.silence));
    silence_written(&hush.silence, 107, &hush.outcome);
    CHECK_EQ(silence_until(&hush.silence), MONO_LONG_AGO);
    CHECK(hush.outcome.prompt);
}

TEST(nothing_of_a_damaged_file_is_believed)
{
    struct hush hush;
    begin(&hush, (struct stored){.present = false, .epoch = 102, .holder = 0, .length_ms = 9000});
    CHECK_EQ(hush.silence.stored_epoch, 0);
    CHECK_EQ(hush.silence.stored_holder, PEER_NONE);
    CHECK_EQ(hush.silence.lease_max_ms, LEASE);
    CHECK_EQ(hush.silence.kind, SILENCE_AMNESIA);
}

TEST(each_kind_of_silence_is_told_as_what_it_is)
{
    static const struct {
        struct stored found;
        enum reason reason;
    } rows[] = {{{.present = true, .epoch = 102, .length_ms = LEASE}, REASON_SILENT_RESTART},
                {{.present = true, .genesis = true, .holder = PEER_NONE}, REASON_SILENT_GENESIS},
                {{.present = false}, REASON_SILENT_AMNESIA}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hush hush;
        begin(&hush, rows[i].found);
        silence_told(&hush.silence, &hush.outcome);
        CHECK_EQ(hush.outcome.note_count, 1);
        CHECK_EQ(hush.outcome.notes[0].reason, rows[i].reason);
        CHECK_EQ(hush.outcome.notes[0].epoch, rows[i].found.epoch);
    }
}

/* Rule V5: even the first number there can be shows that the cluster is not new. */
TEST(a_new_cluster_knows_no_number_at_all)
{
    struct hush hush;
    begin(&hush, (struct stored){.present = true, .genesis = true, .holder = PEER_NONE});
    heard(&hush, 1, LEASE, 0);
    CHECK_EQ(hush.silence.kind, SILENCE_GENESIS);
    heard(&hush, 1, LEASE, 1);
    CHECK_EQ(hush.silence.kind, SILENCE_AMNESIA);
}

TEST(a_restart_with_a_sound_file_waits_for_nobodys_lease_but_its_own)
{
    struct hush hush;
    begin(&hush, file);
    heard(&hush, 1, 4 * LEASE, 107);
    CHECK_EQ(hush.silence.lease_max_ms, LEASE);
    CHECK(!learned(&hush, 1000 + LEASE));
    CHECK(!silence_holds(&hush.silence));
    CHECK(hush.outcome.prompt);
}

CHECK_MAIN
