#include "proto/intake.h"

#include "tests/lib/check.h"
#include "tests/lib/doors.h"
#include "tests/lib/elected.h"

/* The witness behind its door, and a statement of node 0 that it would accept. */
struct world {
    struct doors doors;
    struct rig rig;
    struct intake_result result;
};

static void begin(struct world *world)
{
    memset(world, 0, sizeof *world);
    doors_open(&world->doors);
    elected_quiet(&world->rig, PEER_WITNESS, 100);
}

static enum intake_verdict take(struct world *world, const struct datagram *datagram)
{
    return doors_take(&world->doors, &world->rig.core, datagram, world->rig.now, &world->result);
}

/* What the shell does with a datagram: through the door, and into the core when it is good. */
static enum intake_verdict deliver(struct world *world, const struct datagram *datagram)
{
    enum intake_verdict verdict = take(world, datagram);
    const struct intake_result *result = &world->result;
    if (verdict == INTAKE_OK)
        peers_step(&world->rig, (struct event){.kind = EVENT_HEARD,
                                               .heard = {.statement = &result->statement,
                                                         .bytes = result->bytes,
                                                         .size = result->size,
                                                         .via = result->via}});
    return verdict;
}

static struct datagram good(struct world *world)
{
    struct statement statement = peers_says(&world->rig, 0);
    return doors_send(&world->doors, &statement, PEER_WITNESS);
}

TEST(a_good_datagram_brings_the_statement_its_bytes_and_who_carried_it)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    struct datagram datagram = doors_send(&world.doors, &statement, PEER_WITNESS);
    CHECK_EQ(take(&world, &datagram), INTAKE_OK);
    CHECK_EQ(world.result.statement.mark.seq, statement.mark.seq);
    CHECK_EQ(world.result.via, 0);
    CHECK(seal_verify(world.doors.keys[0], world.doors.intake[0].tag, world.result.bytes,
                      world.result.size));
    CHECK_EQ(world.doors.intake[PEER_WITNESS].counts[INTAKE_OK], 1);
    doors_close(&world.doors);
}

TEST(a_relayed_statement_is_as_good_as_a_direct_one)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    uint8_t text[SIGNED_SIZE_MAX];
    struct intake_parcel parcel = {
        .to = PEER_WITNESS, .author = 0, .mark = statement.mark, .bytes = text};
    parcel.size = intake_sign(&world.doors.intake[0], &statement, text);
    struct datagram datagram = doors_seal(&world.doors, 1, &parcel, 9);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_OK);
    CHECK_EQ(world.result.via, 1);
    CHECK_EQ(world.result.statement.from, 0);
    CHECK_EQ(world.rig.core.via[0], 1);
    doors_close(&world.doors);
}

TEST(the_head_is_checked_first)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum intake_verdict verdict;
    } rows[] = {{0, 'h', INTAKE_BAD_MAGIC},       {4, 2, INTAKE_BAD_VERSION},
                {5, 0, INTAKE_OTHER_CLUSTER},     {13, 3, INTAKE_UNKNOWN_SENDER},
                {13, 255, INTAKE_UNKNOWN_SENDER}, {13, PEER_WITNESS, INTAKE_UNKNOWN_SENDER},
                {13, 1, INTAKE_BAD_SEAL},         {14, 0, INTAKE_BAD_SEAL},
                {60, 0, INTAKE_BAD_SEAL}};
    struct world world;
    begin(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct datagram datagram = good(&world);
        datagram.bytes[rows[i].at] = rows[i].value;
        CHECK_EQ(take(&world, &datagram), rows[i].verdict);
        CHECK_EQ(world.doors.intake[PEER_WITNESS].counts[rows[i].verdict] > 0, true);
    }
    doors_close(&world.doors);
}

TEST(every_truncation_and_every_longer_datagram_is_refused)
{
    struct world world;
    begin(&world);
    struct datagram datagram = good(&world);
    struct datagram cut = datagram;
    for (cut.size = 0; cut.size < datagram.size; cut.size++)
        CHECK(take(&world, &cut) != INTAKE_OK);
    cut.size = datagram.size + 1;
    CHECK_EQ(take(&world, &cut), INTAKE_BAD_SEAL);
    cut.size = DATAGRAM_SIZE_MAX + 1;
    CHECK_EQ(take(&world, &cut), INTAKE_TOO_LONG);
    cut.size = 20;
    CHECK_EQ(take(&world, &cut), INTAKE_TOO_SHORT);
    doors_close(&world.doors);
}

TEST(no_single_flipped_bit_gets_through)
{
    struct world world;
    begin(&world);
    struct datagram datagram = good(&world);
    for (size_t bit = 0; bit < datagram.size * 8; bit++) {
        struct datagram flipped = datagram;
        flipped.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(take(&world, &flipped) != INTAKE_OK);
    }
    CHECK_EQ(take(&world, &datagram), INTAKE_OK);
    doors_close(&world.doors);
}

TEST(a_replay_is_dropped_before_its_signature_is_checked)
{
    struct world world;
    begin(&world);
    struct datagram datagram = good(&world), later = good(&world);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_OK);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_REPLAY);
    CHECK_EQ(deliver(&world, &later), INTAKE_OK);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_REPLAY);
    doors_close(&world.doors);
}

/* A peer may seal what it likes in front; the signed bytes are the third peer's. */
TEST(a_relaying_peer_cannot_lie_about_author_boot_or_seq)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    uint8_t text[SIGNED_SIZE_MAX];
    struct intake_parcel parcel = {
        .to = PEER_WITNESS, .author = 0, .mark = statement.mark, .bytes = text};
    parcel.size = intake_sign(&world.doors.intake[0], &statement, text);
    parcel.mark.seq++;
    struct datagram datagram = doors_seal(&world.doors, 1, &parcel, 9);
    CHECK_EQ(take(&world, &datagram), INTAKE_WRONG_AUTHOR);
    parcel.mark = statement.mark;
    parcel.author = 1;
    datagram = doors_seal(&world.doors, 1, &parcel, 9);
    CHECK_EQ(take(&world, &datagram), INTAKE_BAD_SIGNATURE);
    parcel.author = PEER_WITNESS; /* my own words from outside */
    datagram = doors_seal(&world.doors, 1, &parcel, 9);
    CHECK_EQ(take(&world, &datagram), INTAKE_WRONG_AUTHOR);
    parcel.author = 77;
    datagram = doors_seal(&world.doors, 1, &parcel, 9);
    CHECK_EQ(take(&world, &datagram), INTAKE_WRONG_AUTHOR);
    doors_close(&world.doors);
}

TEST(a_statement_signed_in_anothers_name_is_refused)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    uint8_t body[SIGNED_SIZE_MAX];
    size_t size = wire_encode(&statement, body, sizeof body);
    struct statement outer = statement;
    outer.from = 1; /* node 1 signs and seals words that name node 0 */
    struct datagram datagram = doors_body(&world.doors, &outer, PEER_WITNESS, body, size);
    CHECK_EQ(take(&world, &datagram), INTAKE_WRONG_AUTHOR);
    doors_close(&world.doors);
}

TEST(signed_nonsense_is_malformed_and_costs_no_memory)
{
    static const uint8_t bomb[] = {0xdd, 0xff, 0xff, 0xff, 0xff};
    struct world world;
    begin(&world);
    struct statement outer = peers_says(&world.rig, 0);
    struct datagram datagram = doors_body(&world.doors, &outer, PEER_WITNESS, bomb, sizeof bomb);
    CHECK_EQ(take(&world, &datagram), INTAKE_MALFORMED);
    struct statement insane = outer;
    insane.claim = 103; /* of the other parity */
    datagram = doors_send(&world.doors, &insane, PEER_WITNESS);
    CHECK_EQ(take(&world, &datagram), INTAKE_MALFORMED);
    doors_close(&world.doors);
}

TEST(recordings_of_many_old_lives_cannot_fill_a_core)
{
    struct world world;
    begin(&world);
    for (int i = 0; i < STRANGER_VERIFY_MAX + 5; i++) {
        struct statement statement = peers_says(&world.rig, 0);
        statement.mark.boot += (uint64_t)i;
        struct datagram datagram = doors_send(&world.doors, &statement, PEER_WITNESS);
        CHECK_EQ(take(&world, &datagram), i < STRANGER_VERIFY_MAX ? INTAKE_OK : INTAKE_BUSY);
    }
    peers_pass(&world.rig, 1000);
    struct datagram datagram = good(&world);
    CHECK_EQ(take(&world, &datagram), INTAKE_OK);
    doors_close(&world.doors);
}

/* Rule V9: two truths under one mark must reach the core. */
TEST(the_newest_mark_with_other_bytes_is_let_through_as_evidence)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    struct datagram first = doors_send(&world.doors, &statement, PEER_WITNESS);
    statement.wall_s++;
    struct datagram second = doors_send(&world.doors, &statement, PEER_WITNESS);
    CHECK_EQ(deliver(&world, &first), INTAKE_OK);
    CHECK_EQ(deliver(&world, &second), INTAKE_OK);
    CHECK(world.rig.core.evidence.frozen);
    CHECK_EQ(world.rig.noted[REASON_LYING], 1);
    doors_close(&world.doors);
}

TEST(a_refused_datagram_changes_nothing)
{
    struct world world;
    begin(&world);
    struct datagram datagram = good(&world);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_OK);
    struct core before = world.rig.core;
    struct datagram bad = good(&world);
    for (size_t i = 0; i < bad.size; i += 3) {
        bad.bytes[i] ^= 0x10;
        CHECK(deliver(&world, &bad) != INTAKE_OK);
        bad.bytes[i] ^= 0x10;
    }
    CHECK(deliver(&world, &datagram) == INTAKE_REPLAY);
    CHECK_EQ(memcmp(&before, &world.rig.core, sizeof before), 0);
    doors_close(&world.doors);
}

TEST(every_verdict_has_a_name_and_a_sentence)
{
    for (int i = 0; i < INTAKE_VERDICT_COUNT; i++) {
        CHECK(strlen(intake_name((enum intake_verdict)i)) > 0);
        CHECK(strlen(intake_sentence((enum intake_verdict)i)) > 0);
    }
    CHECK_STR(intake_name(INTAKE_BAD_SEAL), "bad-seal");
}

TEST(a_door_with_a_bad_key_does_not_open)
{
    struct doors doors;
    struct intake intake;
    doors_open(&doors);
    memset(doors.keys[1], 0, SEAL_PUBLIC_SIZE);
    CHECK(!intake_open(&intake, 0, doors.secret[0],
                       (const uint8_t(*)[SEAL_PUBLIC_SIZE])doors.keys, DOORS_CLUSTER));
    doors_close(&doors);
}

/* A mark that was only greeted was verified once, and that is enough. */
TEST(a_recording_of_another_life_is_verified_once)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    statement.heard[PEER_WITNESS] = (struct mark){0, 0}; /* no echo: greeted, not accepted */
    struct datagram datagram = doors_send(&world.doors, &statement, PEER_WITNESS);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_OK);
    CHECK_EQ(world.rig.core.echo.peers[0].accepted.boot, 0);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_REPLAY);
    struct datagram fresh = good(&world); /* the same life, accepted now */
    CHECK_EQ(deliver(&world, &fresh), INTAKE_OK);
    statement.mark.boot++; /* a second unknown life with the accepted one's newest seq */
    statement.mark.seq = world.rig.seq[0];
    datagram = doors_send(&world.doors, &statement, PEER_WITNESS);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_OK);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_REPLAY);
    doors_close(&world.doors);
}

/* Rule V9: proof is worth a signature check, a flood of it is not. */
TEST(evidence_cannot_fill_a_core)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    struct datagram datagram = doors_send(&world.doors, &statement, PEER_WITNESS);
    CHECK_EQ(deliver(&world, &datagram), INTAKE_OK);
    for (unsigned i = 0; i < STRANGER_VERIFY_MAX + 5; i++) {
        statement.version[0] = '0';
        statement.version[1] = i % 2 == 0 ? '\0' : '2'; /* also shorter and longer */
        statement.version[2] = '\0';
        statement.wall_s = (int64_t)i;
        datagram = doors_send(&world.doors, &statement, PEER_WITNESS);
        /* the first life of node 0 was a stranger as well */
        CHECK_EQ(take(&world, &datagram),
                 i < STRANGER_VERIFY_MAX - 1 ? INTAKE_OK : INTAKE_REPLAY);
    }
    doors_close(&world.doors);
}

TEST(a_relaying_peer_cannot_lie_about_the_life)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    uint8_t text[SIGNED_SIZE_MAX];
    struct intake_parcel parcel = {
        .to = PEER_WITNESS, .author = 0, .mark = statement.mark, .bytes = text};
    parcel.size = intake_sign(&world.doors.intake[0], &statement, text);
    parcel.mark.boot++;
    struct datagram datagram = doors_seal(&world.doors, 1, &parcel, 9);
    CHECK_EQ(take(&world, &datagram), INTAKE_WRONG_AUTHOR);
    doors_close(&world.doors);
}

/* A hostile peer may seal anything: `size` bytes that are not even a statement. */
static struct datagram stuffed(struct world *world, size_t size)
{
    struct datagram datagram = good(world);
    uint8_t *nonce = datagram.bytes + INTAKE_HEAD_SIZE;
    uint8_t *inner = nonce + SEAL_NONCE_SIZE;
    memset(inner, 0, INTAKE_INNER_SIZE + size);
    inner[1] = inner[9] = 1;
    struct seal_text text = {.head = datagram.bytes,
                             .head_size = INTAKE_HEAD_SIZE,
                             .text = inner,
                             .size = INTAKE_INNER_SIZE + size};
    seal_close(world->doors.intake[0].pairs[PEER_WITNESS], nonce, &text);
    datagram.size =
        INTAKE_HEAD_SIZE + SEAL_NONCE_SIZE + INTAKE_INNER_SIZE + size + SEAL_MAC_SIZE;
    return datagram;
}

TEST(more_bytes_than_a_statement_may_have_are_not_verified)
{
    struct world world;
    begin(&world);
    struct datagram datagram = stuffed(&world, SIGNED_SIZE_MAX + 1);
    CHECK_EQ(take(&world, &datagram), INTAKE_TOO_LONG);
    datagram = stuffed(&world, SIGNED_SIZE_MAX);
    CHECK_EQ(take(&world, &datagram), INTAKE_BAD_SIGNATURE);
    datagram = stuffed(&world, SEAL_SIGNATURE_SIZE + 1);
    CHECK_EQ(take(&world, &datagram), INTAKE_BAD_SIGNATURE);
    for (size_t size = 0; size <= SEAL_SIGNATURE_SIZE; size++) {
        datagram = stuffed(&world, size);
        CHECK_EQ(take(&world, &datagram), INTAKE_TOO_SHORT);
    }
    doors_close(&world.doors);
}

TEST(a_door_opens_on_any_memory_and_leaves_no_keys_behind)
{
    static const uint8_t nothing[SEAL_PAIR_SIZE];
    struct doors doors;
    struct intake intake;
    doors_open(&doors);
    memset(&intake, 0x5a, sizeof intake);
    CHECK(intake_open(&intake, 0, doors.secret[0],
                      (const uint8_t(*)[SEAL_PUBLIC_SIZE])doors.keys, DOORS_CLUSTER));
    for (int verdict = 0; verdict < INTAKE_VERDICT_COUNT; verdict++)
        CHECK_EQ(intake.counts[verdict], 0);
    CHECK_EQ(intake.stranger_count, 0);
    CHECK_EQ(memcmp(intake.pairs[0], nothing, sizeof nothing), 0);
    CHECK(memcmp(intake.pairs[1], nothing, sizeof nothing) != 0);
    intake_close(&intake);
    for (int peer = 0; peer < PEER_COUNT; peer++)
        CHECK_EQ(memcmp(intake.pairs[peer], nothing, sizeof nothing), 0);
    doors_close(&doors);
}

/* Nothing of an earlier statement in the same memory makes nonsense of the same mark good. */
TEST(nonsense_after_a_good_statement_is_malformed_all_the_same)
{
    static const uint8_t nonsense[] = {0xc0};
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    struct datagram datagram = doors_send(&world.doors, &statement, PEER_WITNESS);
    CHECK_EQ(take(&world, &datagram), INTAKE_OK);
    datagram =
        doors_body(&world.doors, &statement, PEER_WITNESS, nonsense, sizeof nonsense);
    CHECK_EQ(take(&world, &datagram), INTAKE_MALFORMED);
    doors_close(&world.doors);
}

TEST(there_is_no_author_beyond_the_third)
{
    struct world world;
    begin(&world);
    struct statement statement = peers_says(&world.rig, 0);
    uint8_t text[SIGNED_SIZE_MAX];
    struct intake_parcel parcel = {
        .to = PEER_WITNESS, .author = PEER_COUNT, .mark = statement.mark, .bytes = text};
    parcel.size = intake_sign(&world.doors.intake[0], &statement, text);
    struct datagram datagram = doors_seal(&world.doors, 1, &parcel, 9);
    CHECK_EQ(take(&world, &datagram), INTAKE_WRONG_AUTHOR);
    doors_close(&world.doors);
}

CHECK_MAIN
