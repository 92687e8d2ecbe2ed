#include "proto/speech.h"

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

static size_t count_actions(const struct rig *rig, enum action_kind kind, uint8_t to)
{
    size_t count = 0;
    for (size_t i = 0; i < rig->out.action_count; i++)
        count += rig->out.actions[i].kind == kind && rig->out.actions[i].to == to;
    return count;
}

TEST(one_statement_goes_to_both_others_once_per_interval)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    uint64_t before = rig.core.echo.self.seq;
    peers_pass(&rig, 10 * INTERVAL);
    CHECK_EQ(rig.core.echo.self.seq - before, 10);
    CHECK_EQ(rig.sends, 10);
    peers_wake(&rig, rig.core.next_tick - rig.now);
    CHECK_EQ(count_actions(&rig, ACTION_SEND, 0), 1);
    CHECK_EQ(count_actions(&rig, ACTION_SEND, 1), 1);
    CHECK_EQ(count_actions(&rig, ACTION_SEND, PEER_WITNESS), 0);
}

TEST(a_change_is_said_promptly_but_never_twice_within_50_ms)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.core.merit.other_fit_at = rig.now;
    peers_wake(&rig, 100);
    peers_forget(&rig);
    peers_fit(&rig, false);
    CHECK_EQ(rig.sends, 1);
    for (int i = 0; i < 49; i++) {
        peers_wake(&rig, 1);
        peers_fit(&rig, i % 2 == 0);
    }
    CHECK_EQ(rig.sends, 1);
    peers_wake(&rig, 1);
    CHECK_EQ(rig.sends, 2);
}

TEST(a_statement_says_what_is_so_and_is_sound)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(statement_check(&rig.said), STATEMENT_OK);
    CHECK_EQ(rig.said.claim, 102);
    CHECK_EQ(rig.said.promise.epoch, 102);
    CHECK_EQ(rig.said.promise.holder, 0);
    CHECK_EQ(rig.said.flags, STATEMENT_HOLDING | STATEMENT_FIT);
    CHECK_EQ(rig.said.heard[1].seq, rig.seq[1]);
    CHECK_EQ(rig.said.heard[PEER_WITNESS].boot, rig.boot[PEER_WITNESS]);
    CHECK_EQ(rig.said.heard[0].boot, 0);
    CHECK_EQ(rig.said.heard_age_ms[1], INTERVAL);
    CHECK_EQ(rig.said.lease_ms, LEASE);
    CHECK_EQ(rig.said.seen_epoch, 102);
    CHECK_STR(rig.said.version, "0.1.0");
}

TEST(an_unaccepted_life_is_greeted_promptly_and_not_called_heard)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_wake(&rig, 100);
    peers_forget(&rig);
    struct statement statement = peers_says(&rig, 0);
    statement.heard[PEER_WITNESS] = (struct mark){0, 0};
    peers_hear(&rig, &statement);
    CHECK_EQ(rig.sends, 1);
    CHECK_EQ(rig.said.heard[0].boot, 0);
    CHECK_EQ(rig.said.greet[0].boot, rig.boot[0]);
    CHECK_EQ(rig.said.greet[0].seq, rig.seq[0]);
}

TEST(the_third_peers_words_are_relayed_to_whoever_lags)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    bool relayed = false;
    for (int i = 0; i < 12; i++) {
        peers_wake(&rig, INTERVAL);
        relayed = relayed || count_actions(&rig, ACTION_RELAY, 1) > 0;
        CHECK_EQ(count_actions(&rig, ACTION_RELAY, 0), 0); /* that one hears everything */
        struct statement deaf = peers_says(&rig, 1); /* heard[0] stays empty */
        struct statement good = peers_says(&rig, 0);
        peers_hear(&rig, &deaf);
        good.heard[1] = deaf.mark;
        peers_hear(&rig, &good);
    }
    CHECK(relayed);
}

TEST(nothing_is_relayed_in_quiet_times)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    for (int i = 0; i < 40; i++) {
        peers_wake(&rig, 250);
        CHECK_EQ(count_actions(&rig, ACTION_RELAY, 0) + count_actions(&rig, ACTION_RELAY, 1), 0);
        for (uint8_t node = 0; node < NODE_COUNT; node++) {
            uint8_t other = (uint8_t)(1 - node);
            struct statement statement = peers_says(&rig, node);
            statement.heard[other] = (struct mark){rig.boot[other], rig.seq[other]};
            peers_hear(&rig, &statement);
        }
    }
}

TEST(every_flag_says_what_is_so)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.flags, STATEMENT_FIT);
    CHECK_EQ(rig.said.unfit_mask, 0);
    peers_step(&rig, (struct event){.kind = EVENT_FITNESS, .fitness = {false, 5}});
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.flags, 0);
    CHECK_EQ(rig.said.unfit_mask, 5);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000);
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.flags, STATEMENT_MAINTENANCE);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 0);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.flags, STATEMENT_PAUSED);
    peers_disk(&rig, false);
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.flags, STATEMENT_PAUSED | STATEMENT_HELD_BACK);
}

/* Rules N10, N11, V9: what keeps a node from claiming is said; a witness needs no confirmed keys to
 * back somebody. */
TEST(what_holds_a_peer_back_is_said)
{
    for (uint8_t self = 0; self < PEER_COUNT; self += 2) {
        bool node = self < NODE_COUNT;
        struct rig rig;
        elected_quiet(&rig, self, 100);
        rig.core.roster.pending = true;
        peers_wake(&rig, INTERVAL);
        CHECK_EQ((rig.said.flags & STATEMENT_HELD_BACK) != 0, node);
        rig.core.roster.pending = false;
        rig.core.force.seen_from = 1;
        peers_wake(&rig, INTERVAL);
        CHECK_EQ((rig.said.flags & STATEMENT_HELD_BACK) != 0, node);
        rig.core.force.seen_from = PEER_NONE;
        rig.core.evidence.frozen = true;
        peers_wake(&rig, INTERVAL);
        CHECK((rig.said.flags & STATEMENT_HELD_BACK) != 0);
    }
}

TEST(nothing_is_relayed_to_who_was_never_heard)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_ping(&rig, 0);
    for (int i = 0; i < 8; i++) {
        peers_wake(&rig, INTERVAL);
        CHECK_EQ(count_actions(&rig, ACTION_RELAY, 1), 0);
    }
}

/* More than a minute of silence of a peer is said as a minute. */
TEST(the_age_of_what_was_heard_has_a_bound)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.heard_age_ms[0], LEASE_MS_MAX);
    peers_ping(&rig, 0);
    peers_pass(&rig, LEASE_MS_MAX - 500);
    peers_wake(&rig, 499);
    rig.core.next_tick = rig.now;
    peers_wake(&rig, 0);
    CHECK_EQ(rig.said.heard_age_ms[0], LEASE_MS_MAX - 1);
    peers_pass(&rig, 5000);
    CHECK_EQ(rig.said.heard_age_ms[0], LEASE_MS_MAX);
}

/* Whatever lay in the outcome before. */
TEST(a_statement_is_made_anew_and_says_nothing_heard_of_itself)
{
    struct rig rig;
    elected_quiet(&rig, 1, 100);
    memset(&rig.out.statement, 0x5a, sizeof rig.out.statement);
    rig.wall_s = 77;
    peers_wake(&rig, INTERVAL);
    CHECK_EQ(rig.said.heard[1].boot, 0);
    CHECK_EQ(rig.said.greet[1].boot, 0);
    CHECK_EQ(rig.said.heard_age_ms[1], 0);
    CHECK_EQ(rig.said.from, 1);
    CHECK_EQ(rig.said.drift_ppm, 10000);
    CHECK_EQ(rig.said.settings_hash, 11);
    CHECK_EQ(rig.said.members_hash, 22);
    CHECK_EQ(rig.said.wall_s, 77);
    CHECK_EQ(rig.said.released, 0);
    CHECK_EQ(rig.said.promise.holder, PEER_NONE);
    CHECK_EQ(statement_check(&rig.said), STATEMENT_OK);
}

static void start_with_jitter(struct rig *rig)
{
    struct core_settings settings = peers_settings(PEER_WITNESS);
    settings.jitter_ppt = 100;
    peers_start_with(rig, &settings, peers_file(100, PEER_NONE));
}

TEST(alone_a_tick_comes_up_to_a_tenth_later_and_reaches_both_ends)
{
    struct rig rig;
    span_ms least = 2 * INTERVAL, most = 0;
    start_with_jitter(&rig);
    for (int i = 0; i < 2000; i++) {
        peers_wake(&rig, rig.core.next_tick - rig.now);
        span_ms gap = rig.core.next_tick - rig.now;
        least = gap < least ? gap : least;
        most = gap > most ? gap : most;
    }
    CHECK_EQ(least, INTERVAL);
    CHECK_EQ(most, INTERVAL + INTERVAL / 10);
}

/* A peer that has just ticked sees its early span begin; says whether `from` made it speak. */
static bool speaks_beside(struct rig *rig, uint8_t from)
{
    struct rig copy = *rig;
    copy.core.join_from = copy.now;
    copy.core.next_tick = copy.now + 60;
    copy.core.last_spoke = copy.now - PROMPT_GAP_MS;
    peers_forget(&copy);
    peers_ping(&copy, from);
    return copy.sends == 1;
}

TEST(who_backs_a_holder_speaks_beside_the_holder_only)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_ping(&rig, 0);
    peers_ping(&rig, 1);
    peers_wake(&rig, PROMPT_GAP_MS);
    CHECK(speaks_beside(&rig, 0) && speaks_beside(&rig, 1));
    peers_claim(&rig, 1, 101);
    peers_written(&rig);
    peers_wake(&rig, PROMPT_GAP_MS);
    CHECK(!speaks_beside(&rig, 0));
    CHECK(speaks_beside(&rig, 1));
}

TEST(a_holder_speaks_beside_whoever_comes)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    peers_wake(&rig, PROMPT_GAP_MS);
    CHECK(speaks_beside(&rig, 1));
    CHECK(speaks_beside(&rig, PEER_WITNESS));
}

/* Says how many statements went out when peer 0 was heard `after` the last tick. */
static unsigned sent_beside(span_ms after, bool relayed, span_ms *ret_next)
{
    struct rig rig;
    start_with_jitter(&rig);
    peers_ping(&rig, 0);
    peers_pass(&rig, 3 * INTERVAL);
    peers_wake(&rig, rig.core.next_tick - rig.now);
    peers_pass(&rig, after - 1);
    peers_wake(&rig, 1);
    peers_forget(&rig);
    struct statement statement = peers_says(&rig, 0);
    peers_hear_via(&rig, &statement, relayed ? 1 : 0);
    *ret_next = rig.core.next_tick - rig.now;
    return (unsigned)rig.sends;
}

TEST(beside_another_peer_it_speaks_up_to_a_tenth_earlier)
{
    span_ms next;
    CHECK_EQ(sent_beside(INTERVAL - INTERVAL / 10 - 1, false, &next), 0);
    CHECK(next <= INTERVAL / 5 + 1);
    CHECK_EQ(sent_beside(INTERVAL - INTERVAL / 10, false, &next), 1);
    CHECK(next >= INTERVAL && next <= INTERVAL + INTERVAL / 10);
}

TEST(beside_what_was_relayed_it_waits_for_its_tick)
{
    span_ms next;
    CHECK_EQ(sent_beside(INTERVAL - INTERVAL / 10, true, &next), 0);
}

TEST(beside_another_peer_it_still_leaves_a_gap_after_a_prompt)
{
    struct rig rig;
    start_with_jitter(&rig);
    peers_ping(&rig, 0);
    peers_pass(&rig, 3 * INTERVAL);
    peers_wake(&rig, rig.core.next_tick - rig.now);
    for (span_ms gap = PROMPT_GAP_MS - 1; gap <= PROMPT_GAP_MS; gap++) {
        struct rig copy = rig;
        copy.core.join_from = copy.now + 60;
        copy.core.last_spoke = copy.now + 60 - gap;
        peers_wake(&copy, 60);
        peers_forget(&copy);
        peers_ping(&copy, 0);
        CHECK_EQ(copy.sends, gap == PROMPT_GAP_MS);
    }
}

TEST(the_word_of_closed_services_ends_with_the_abstaining)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.core.claim.closed = true;
    for (span_ms more = 0; more < 2; more++) {
        rig.core.next_tick = rig.now + 10;
        rig.core.claim.abstain_until = rig.now + 10 + more;
        peers_wake(&rig, 10);
        CHECK_EQ((rig.said.flags & STATEMENT_LEAVING) != 0, more > 0);
    }
}

TEST(repeats_of_what_matters_are_a_gap_apart)
{
    struct rig rig;
    elected_claiming(&rig, 0);
    peers_order(&rig, ORDER_STOP, PEER_NONE, 0);
    peers_wake(&rig, PROMPT_GAP_MS);
    peers_forget(&rig);
    peers_wake(&rig, PROMPT_GAP_MS - 1);
    CHECK_EQ(rig.sends, 0);
    peers_wake(&rig, 1);
    CHECK_EQ(rig.sends, 1);
}

CHECK_MAIN
