/* Every room's init overwrites all of it: what lay in the memory before does not matter. */
#include "proto/core.h"

#include "tests/lib/check.h"
#include "tests/lib/peers.h"

union room {
    struct claim claim;
    struct core core;
    struct echo echo;
    struct evidence evidence;
    struct force force;
    struct ledger ledger;
    struct merit merit;
    struct pause pause;
    struct prng prng;
    struct pulse pulse;
    struct relay relay;
    struct roster roster;
    struct silence silence;
    struct stall stall;
    struct voter voter;
};

static union room zeroes, ones;

/* Runs `call` on a room of zero bytes and on one of 0xff, both named `room`. */
#define INIT_OVERWRITES(part, call)                                                             \
    do {                                                                                        \
        memset(&zeroes, 0, sizeof zeroes);                                                      \
        memset(&ones, 0xff, sizeof ones);                                                       \
        for (int i = 0; i < 2; i++) {                                                           \
            union room *room = i == 0 ? &zeroes : &ones;                                        \
            call;                                                                               \
        }                                                                                       \
        CHECK(memcmp(&zeroes.part, &ones.part, sizeof zeroes.part) == 0);                       \
    } while (0)

TEST(what_was_in_the_memory_of_a_room_does_not_matter)
{
    struct lease_terms terms = {.length_ms = LEASE, .drift_ppm = 10000};
    struct core_settings settings = peers_settings(0);
    struct stored file = peers_file(100, 0);
    INIT_OVERWRITES(claim, claim_init(&room->claim, 0, &terms));
    INIT_OVERWRITES(echo, echo_init(&room->echo, 0, 9));
    INIT_OVERWRITES(evidence, evidence_init(&room->evidence));
    INIT_OVERWRITES(force, force_init(&room->force));
    INIT_OVERWRITES(ledger, ledger_init(&room->ledger, &file));
    INIT_OVERWRITES(merit, merit_init(&room->merit));
    INIT_OVERWRITES(pause, pause_init(&room->pause, &file, BEGIN, WALL));
    INIT_OVERWRITES(prng, prng_init(&room->prng, 7));
    INIT_OVERWRITES(pulse, pulse_init(&room->pulse));
    INIT_OVERWRITES(relay, relay_init(&room->relay));
    INIT_OVERWRITES(roster, roster_init(&room->roster, &settings.members, 22, &file));
    INIT_OVERWRITES(silence, silence_init(&room->silence, 0, &file, LEASE, BEGIN));
    INIT_OVERWRITES(stall, stall_init(&room->stall));
    INIT_OVERWRITES(voter, voter_init(&room->voter, 0, LEASE, &file, BEGIN));
}

TEST(what_was_in_the_memory_of_the_core_does_not_matter)
{
    struct core_settings settings = peers_settings(0);
    struct stored file = peers_file(100, 0);
    struct outcome outcome;
    INIT_OVERWRITES(core, core_init(&room->core, &settings, &file, BEGIN, &outcome));
}

/* "Long ago" is said in every place, and nothing is in force. */
TEST(a_room_begins_with_nothing)
{
    struct lease_terms terms = {.length_ms = LEASE, .drift_ppm = 10000};
    union room *room = &ones;
    claim_init(&room->claim, 0, &terms);
    CHECK_EQ(room->claim.since, MONO_LONG_AGO);
    CHECK_EQ(room->claim.lapsed_at, MONO_LONG_AGO);
    CHECK_EQ(room->claim.backed_until, MONO_LONG_AGO);
    CHECK_EQ(claim_proof_sent(&room->claim), MONO_LONG_AGO);
    for (size_t i = 0; i < PEER_COUNT; i++)
        CHECK_EQ(room->claim.grants[i].until, MONO_LONG_AGO);
    pulse_init(&room->pulse);
    CHECK_EQ(room->pulse.heard_at, MONO_LONG_AGO);
    CHECK_EQ(room->pulse.direct_at, MONO_LONG_AGO);
    CHECK_EQ(room->pulse.rtt_ms, -1);
    relay_init(&room->relay);
    for (size_t i = 0; i < PEER_COUNT; i++)
        CHECK_EQ(room->relay.until[i], MONO_LONG_AGO);
    evidence_init(&room->evidence);
    CHECK_EQ(room->evidence.peer, PEER_NONE);
}

TEST(a_core_begins_with_a_report_a_wake_and_its_settings)
{
    struct core_settings settings = peers_settings(0);
    struct stored file = peers_file(100, PEER_NONE);
    struct core *core = &ones.core;
    struct outcome outcome;
    settings.members.key_hash[1][0]++;
    core_init(core, &settings, &file, BEGIN, &outcome);
    CHECK_EQ(outcome.action_count, 2);
    CHECK_EQ(outcome.actions[0].kind, ACTION_STANDING);
    CHECK_EQ(outcome.actions[1].kind, ACTION_WAKE);
    CHECK_EQ(outcome.actions[1].at, BEGIN);
    CHECK_EQ(outcome.standing.since, BEGIN);
    CHECK_EQ(core->wall_s, WALL);
    CHECK_EQ(core->prompt_at, MONO_NEVER);
    CHECK(core->roster.pending);
    CHECK_EQ(outcome.notes[outcome.note_count - 1].reason, REASON_MEMBERS_CHANGED);
    file.present = false;
    core_init(core, &settings, &file, BEGIN, &outcome);
    CHECK(core->roster.pending); /* rule N10: no set is written down before it is confirmed */
    CHECK(memcmp(&core->voter.ledger.wanted.members, &settings.members,
                 sizeof settings.members) != 0);
    settings.prng_seed++;
    core_init(&zeroes.core, &settings, &file, BEGIN, &outcome);
    CHECK(memcmp(&zeroes.core.prng, &core->prng, sizeof core->prng) != 0);
}

CHECK_MAIN
