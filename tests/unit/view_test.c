#include "proto/view.h"

#include <stdlib.h>

#include "tests/lib/check.h"
#include "tests/lib/elected.h"

static struct view look(const struct rig *rig)
{
    struct view view;
    view_make(&rig->core, rig->now, &view);
    return view;
}

TEST(a_holder_sees_its_lease_and_who_backs_it)
{
    struct rig rig;
    elected_holder(&rig, 0);
    elected_renew(&rig, 1000);
    struct view view = look(&rig);
    CHECK_EQ(view.standing, STANDING_HOLDER);
    CHECK_EQ(view.holder, 0);
    CHECK_EQ(view.contact, CONTACT_HELD);
    CHECK_EQ(view.epoch, 102);
    CHECK_EQ(view.quorum, 3);
    CHECK_EQ(view.lease_left_ms, rig.core.claim.backed_until - rig.now);
    CHECK(view.crash_survivable);
    CHECK_EQ(view.claim_obstacles[0].reason, REASON_IS_HOLDER);
}

/* Found by tests/fuzz: the difference ran over. */
TEST(a_peer_may_name_any_instant)
{
    static const int64_t instants[] = {INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < 2; i++) {
        struct rig rig;
        elected_quiet(&rig, 0, 100);
        struct statement statement = peers_says(&rig, 1);
        statement.wall_s = instants[i];
        peers_hear(&rig, &statement);
        struct peer_view peer = look(&rig).peers[1];
        CHECK((peer.wall_skew_s > 0) == (instants[i] > 0));
        CHECK(llabs(peer.wall_skew_s) > 1000000000000);
    }
}

TEST(a_peer_is_shown_as_it_last_spoke)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_fit(&rig, false);
    CHECK(!look(&rig).peers[1].ever_heard);
    CHECK_EQ(look(&rig).peers[1].age_ms, -1);
    struct statement statement = peers_says(&rig, 1);
    statement.members_hash = 23;
    statement.settings_hash = 12;
    statement.wall_s = rig.wall_s + 7;
    statement.flags |= STATEMENT_SILENT;
    peers_hear_via(&rig, &statement, PEER_WITNESS);
    peers_wake(&rig, 200);
    struct peer_view peer = look(&rig).peers[1];
    CHECK(peer.ever_heard && peer.relayed && peer.members_differ && peer.settings_differ);
    CHECK_EQ(peer.age_ms, 200);
    CHECK_EQ(peer.state, PULSE_FRESH);
    CHECK_EQ(peer.wall_skew_s, 7);
    CHECK_EQ(peer.promised_to, PEER_NONE);
    CHECK_STR(peer.version, "0.1.0");
    peers_pass(&rig, LEASE);
    CHECK_EQ(look(&rig).peers[1].state, PULSE_SILENT);
}

TEST(a_view_is_made_for_an_instant_and_never_shows_a_lease_that_is_over)
{
    struct rig rig;
    struct view view;
    elected_holder(&rig, 0);
    view_make(&rig.core, rig.core.claim.backed_until - 1, &view);
    CHECK_EQ(view.standing, STANDING_HOLDER);
    CHECK_EQ(view.lease_left_ms, 1);
    view_make(&rig.core, rig.core.claim.backed_until, &view);
    CHECK_EQ(view.standing, STANDING_ALONE);
    CHECK(view.holder != 0);
    CHECK_EQ(view.holds_until, MONO_LONG_AGO);
}

/* Rule N11: it acts, so `status` must not say that nobody does. */
TEST(a_forced_node_is_the_holder_to_itself_and_to_who_hears_it)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    peers_written(&rig);
    struct view view = look(&rig);
    CHECK_EQ(view.standing, STANDING_FORCED);
    CHECK_EQ(view.holder, 0);
    CHECK_EQ(view.contact, CONTACT_HELD);
    CHECK_EQ(view.epoch, rig.core.claim.epoch);
    CHECK_EQ(view.lease_left_ms, -1);
    CHECK(!view.crash_survivable);
    elected_quiet(&rig, 1, 100);
    struct statement statement = peers_says(&rig, 0);
    statement.claim = statement.seen_epoch = 102;
    statement.flags |= STATEMENT_FORCED;
    peers_hear(&rig, &statement);
    view = look(&rig);
    CHECK_EQ(view.holder, 0);
    CHECK_EQ(view.contact, CONTACT_HELD);
    CHECK_EQ(view.epoch, 102);
    CHECK_EQ(view.standing, STANDING_ALONE);
    peers_pass(&rig, LEASE);
    CHECK_EQ(look(&rig).holder, PEER_NONE); /* its word is too old */
}

TEST(an_election_is_seen_while_it_runs)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    CHECK_EQ(look(&rig).contact, CONTACT_NONE);
    CHECK(look(&rig).claim_obstacle_count > 0);
    elected_claiming(&rig, 0);
    CHECK_EQ(look(&rig).contact, CONTACT_ELECTING);
    CHECK_EQ(look(&rig).holder, PEER_NONE);
}

TEST(a_voter_sees_the_rest_of_its_promise)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    struct statement statement = peers_says(&rig, 0);
    statement.claim = statement.seen_epoch = 102;
    statement.flags |= STATEMENT_HOLDING;
    statement.promise = (struct promise_said){
        .epoch = 102, .holder = 0, .length_ms = LEASE, .answers = {0, 0}};
    peers_hear(&rig, &statement);
    peers_wake(&rig, 400);
    struct view view = look(&rig);
    CHECK_EQ(view.holder, 0);
    CHECK_EQ(view.lease_left_ms, LEASE - 400);
    CHECK_EQ(view.quorum, 2);
    CHECK_EQ(view.floor, 102);
}

TEST(silence_pause_maintenance_and_a_failing_disk_are_shown)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(100, PEER_NONE));
    CHECK(look(&rig).silent);
    peers_order(&rig, ORDER_MAINTENANCE, PEER_NONE, 60000);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 50000);
    peers_disk(&rig, false);
    struct view view = look(&rig);
    CHECK_EQ(view.maintenance_until, rig.now + 60000);
    CHECK_EQ(view.paused_until, rig.now + 50000);
    CHECK(view.store_failing);
}

static void other_claims(struct rig *rig, uint32_t flags)
{
    struct statement statement = peers_says(rig, 1);
    statement.claim = statement.seen_epoch = 105;
    statement.flags |= flags;
    peers_hear(rig, &statement);
}

TEST(the_claim_of_the_other_node_is_an_election_while_it_is_fresh)
{
    struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    peers_ping(&rig, 1);
    CHECK_EQ(look(&rig).contact, CONTACT_NONE);
    other_claims(&rig, 0);
    CHECK_EQ(look(&rig).contact, CONTACT_ELECTING);
    CHECK_EQ(look(&rig).holder, PEER_NONE);
    peers_pass(&rig, LEASE - 1);
    CHECK_EQ(look(&rig).contact, CONTACT_ELECTING);
    peers_wake(&rig, 1);
    CHECK_EQ(look(&rig).contact, CONTACT_NONE);
}

/* It never promised anything to the holder, so it knows nothing of the rest of its lease. */
TEST(who_is_not_bound_to_a_holder_sees_no_rest_of_a_lease)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.core.merit.maintenance_until = MONO_NEVER;
    other_claims(&rig, STATEMENT_HOLDING);
    peers_written(&rig);
    CHECK_EQ(look(&rig).holder, 1);
    CHECK_EQ(look(&rig).lease_left_ms, LEASE);
    rig.core.voter.promise.until = rig.now;
    struct view view = look(&rig);
    CHECK_EQ(view.holder, 1);
    CHECK_EQ(view.epoch, 105);
    CHECK_EQ(view.lease_left_ms, -1);
}

TEST(who_could_back_somebody_is_counted_while_nobody_holds)
{
    struct rig rig;
    peers_start(&rig, 0, peers_file(100, PEER_NONE));
    CHECK_EQ(look(&rig).quorum, 0); /* silent itself */
    elected_quiet(&rig, 0, 100);
    CHECK_EQ(look(&rig).quorum, 1);
    rig.core.merit.maintenance_until = MONO_NEVER;
    struct statement statement = peers_says(&rig, PEER_WITNESS);
    statement.flags = STATEMENT_SILENT;
    peers_hear(&rig, &statement);
    CHECK_EQ(look(&rig).quorum, 1);
    peers_ping(&rig, PEER_WITNESS);
    CHECK_EQ(look(&rig).quorum, 2);
    peers_ping(&rig, 1);
    CHECK_EQ(look(&rig).quorum, 3);
    peers_pass(&rig, LEASE - 1);
    CHECK_EQ(look(&rig).quorum, 3);
    peers_wake(&rig, 1);
    CHECK_EQ(look(&rig).quorum, 1);
}

/* The quick restart: the lease was resumed, the silence towards others goes on. */
TEST(a_holder_that_is_silent_counts_itself)
{
    struct rig rig;
    elected_holder(&rig, 0);
    rig.core.silence.kind = SILENCE_RESTART;
    CHECK_EQ(look(&rig).quorum, 2);
    CHECK(look(&rig).silent);
}

TEST(a_forced_node_is_shown_with_its_number_and_no_lease)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    CHECK(!look(&rig).forced);
    peers_written(&rig);
    struct view view = look(&rig);
    CHECK(view.forced);
    CHECK_EQ(view.standing, STANDING_FORCED);
    CHECK_EQ(view.epoch, 102);
    CHECK_EQ(view.holder, 0);
    CHECK_EQ(view.lease_left_ms, -1);
}

TEST(a_view_tells_what_the_rooms_know)
{
    struct rig rig;
    elected_quiet(&rig, 1, 100);
    struct view view = look(&rig);
    CHECK_EQ(view.self, 1);
    CHECK_EQ(view.now, rig.now);
    CHECK_EQ(view.standing, STANDING_ALONE);
    CHECK_EQ(view.since, BEGIN);
    CHECK_EQ(view.lease_left_ms, -1);
    CHECK_EQ(view.holds_until, MONO_LONG_AGO);
    CHECK_EQ(view.maintenance_until, MONO_LONG_AGO);
    CHECK_EQ(view.paused_until, MONO_LONG_AGO);
    CHECK_EQ(view.epoch, 0);
    CHECK(view.fit && !view.silent && !view.leaving && !view.forced && !view.frozen);
    CHECK(!view.members_pending && !view.crash_survivable && !view.store_failing);
    CHECK_EQ(view.survive_obstacle_count, 1);
    CHECK_EQ(view.survive_obstacles[0].reason, REASON_NO_HOLDER);
    CHECK_EQ(view.claim_obstacle_count, 2);
    CHECK_EQ(view.seen_epoch, 100);
    CHECK_EQ(view.floor, 100);
    CHECK_EQ(view.stalls, 0);
    peers_wake(&rig, 3000);
    rig.core.evidence.frozen = rig.core.roster.pending = true;
    view = look(&rig);
    CHECK_EQ(view.stalls, 1);
    CHECK_EQ(view.stall_ms_max, 3000);
    CHECK(view.frozen && view.members_pending);
}

TEST(a_peer_is_shown_with_its_number_its_terms_and_its_wall_clock)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.core.merit.maintenance_until = MONO_NEVER;
    CHECK_EQ(look(&rig).peers[1].rtt_ms, -1);
    CHECK_EQ(look(&rig).peers[1].jitter_ms, -1);
    CHECK_EQ(look(&rig).peers[1].promised_to, PEER_NONE);
    CHECK_EQ(look(&rig).peers[1].peer, 1);
    CHECK_EQ(look(&rig).peers[1].state, PULSE_SILENT);
    struct statement statement = peers_backs(&rig, 1, 105, 1);
    statement.lease_ms = 7000;
    statement.unfit_mask = 6;
    statement.flags = STATEMENT_HELD_BACK;
    peers_hear(&rig, &statement);
    peers_pass(&rig, 2000);
    rig.wall_s += 2;
    peers_wake(&rig, 0);
    struct peer_view peer = look(&rig).peers[1];
    CHECK_EQ(peer.epoch, 105);
    CHECK_EQ(peer.promised_to, 1);
    CHECK_EQ(peer.lease_ms, 7000);
    CHECK_EQ(peer.unfit_mask, 6);
    CHECK_EQ(peer.flags, STATEMENT_HELD_BACK);
    CHECK_EQ(peer.wall_skew_s, 0); /* both clocks went on by 2 s since */
    CHECK_EQ(peer.age_ms, 2000);
    CHECK_EQ(peer.state, PULSE_LATE);
    CHECK(!peer.relayed && !peer.members_differ && !peer.settings_differ);
    CHECK(!peer.two_processes);
    other_claims(&rig, 0);
    statement = peers_backs(&rig, 1, 103, 1);
    statement.claim = 107;
    peers_hear(&rig, &statement);
    CHECK_EQ(look(&rig).peers[1].epoch, 107); /* what it claims comes first */
    rig.core.echo.peers[1].swaps = BOOT_SWAP_ALARM;
    CHECK(!look(&rig).peers[1].two_processes);
    rig.core.echo.peers[1].swaps++;
    CHECK(look(&rig).peers[1].two_processes);
}

TEST(a_leaving_holder_is_shown_as_such)
{
    struct rig rig;
    elected_holder(&rig, 0);
    peers_ping(&rig, 1);
    CHECK(!look(&rig).leaving);
    peers_order(&rig, ORDER_HANDOVER, PEER_NONE, 0);
    CHECK(look(&rig).leaving);
}

/* Of a holder only its own backers count, and of those only the fresh. */
TEST(a_peer_that_backs_nobody_is_no_part_of_a_holders_quorum)
{
    struct rig rig;
    elected_holder(&rig, 0);
    CHECK_EQ(look(&rig).quorum, 2);
    peers_ping(&rig, 1);
    CHECK_EQ(look(&rig).quorum, 2);
    peers_back(&rig, 1, 102, 0);
    CHECK_EQ(look(&rig).quorum, 3);
    struct statement statement = peers_says(&rig, PEER_WITNESS);
    peers_hear(&rig, &statement);
    CHECK_EQ(look(&rig).quorum, 2);
}

TEST(the_way_to_a_peer_is_shown)
{
    struct rig rig;
    elected_quiet(&rig, 0, 100);
    rig.core.merit.maintenance_until = MONO_NEVER;
    peers_wake(&rig, 8);
    struct statement statement = peers_says(&rig, 1);
    peers_hear(&rig, &statement);
    CHECK_EQ(look(&rig).peers[1].rtt_ms, rig.core.pulse[1].rtt_ms);
    CHECK(look(&rig).peers[1].rtt_ms >= 0);
    CHECK_EQ(look(&rig).peers[1].jitter_ms, pulse_jitter(&rig.core.pulse[1]));
    CHECK_EQ(look(&rig).peers[1].loss_ppt, 0);
    rig.seq[1] += 2; /* two of its statements are lost */
    peers_ping(&rig, 1);
    CHECK_EQ(look(&rig).peers[1].loss_ppt, 500);
}

TEST(the_claim_of_the_first_node_is_seen_by_the_second)
{
    struct rig rig;
    elected_quiet(&rig, 1, 100);
    rig.core.merit.maintenance_until = MONO_NEVER;
    CHECK(!look(&rig).peers[0].ever_heard);
    peers_claim(&rig, 0, 102);
    CHECK_EQ(look(&rig).contact, CONTACT_ELECTING);
    CHECK(look(&rig).peers[0].ever_heard);
    CHECK_EQ(look(&rig).peers[0].epoch, 102);
}

CHECK_MAIN
