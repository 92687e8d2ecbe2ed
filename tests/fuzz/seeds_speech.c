/* Statements as cores say and hear them, for wire, intake and certificate. */
#include <jansson.h>

#include "agent/peer/certificate.h"
#include "proto/seal.h"
#include "proto/wire.h"
#include "seeds.h"
#include "tests/lib/doors.h"
#include "tests/lib/elected.h"

/* Operations of intake_fuzz.c. */
enum { HEAR_BODY = 6, PASS = 7, DISK = 8, HAPPEN = 9, RAW = 10, SEALED = 12, SIGNED_BODY = 13,
       SIGNED = 14, AGAIN = 15 };
#define SNAPSHOT_COUNT 6

static struct doors doors;
static struct rig rig;

/* The core of intake_fuzz.c with this number. */
static void set_stage(size_t at)
{
    switch (at) {
    case 0:
        elected_quiet(&rig, PEER_WITNESS, 100);
        break;
    case 1:
        elected_holder(&rig, 0);
        break;
    case 2:
        elected_storing(&rig, 1);
        break;
    case 3:
        elected_claiming(&rig, 1);
        break;
    case 4:
        peers_start(&rig, 0, (struct stored){.holder = PEER_NONE});
        break;
    default:
        elected_quiet(&rig, 1, 100);
        peers_claim(&rig, 0, 102);
        peers_written(&rig);
        break;
    }
}

static void write_body(const struct statement *said)
{
    struct seed seed = {.size = 0};
    seed.size = wire_encode(said, seed.bytes, sizeof seed.bytes);
    FUZZ_CHECK(seed.size > 0);
    seed_write("wire", &seed);
}

/* What the two others may say to this core next. */
static struct statement next_word(uint8_t from, unsigned kind)
{
    struct statement said = peers_says(&rig, from);
    uint64_t epoch = rig.core.claim.epoch != 0 ? rig.core.claim.epoch : 102;
    uint8_t holder = (uint8_t)(epoch & 1);
    switch (kind) {
    case 0:
        break;
    case 1:
        said = peers_backs(&rig, from, epoch, holder);
        break;
    case 2:
        said.claim = said.seen_epoch = from < NODE_COUNT ? 1002 + from : 0;
        break;
    case 3:
        said.released = from < NODE_COUNT ? 100 + from : 0;
        said.seen_epoch = said.released;
        break;
    default:
        said.pause = (struct pause_said){3, 60000};
        said.flags |= STATEMENT_MAINTENANCE;
        said.greet[rig.core.settings.self] = rig.core.echo.self;
        break;
    }
    return said;
}

/* Real datagrams, then time and the disk; and the same again, and a bit of it turned over. */
static void write_datagram(size_t stage, uint8_t from, unsigned kind)
{
    struct seed seed = {.size = 0};
    set_stage(stage);
    struct statement said = next_word(from, kind);
    struct datagram datagram = doors_send(&doors, &said, rig.core.settings.self);
    write_body(&said);
    seed_byte(&seed, (unsigned)stage);
    seed_byte(&seed, RAW);
    seed_part(&seed, datagram.bytes, datagram.size);
    seed_add(&seed, "\x07\x3f\x08\x07\x45\x49\x05", 7);
    seed_byte(&seed, RAW);
    seed_part(&seed, datagram.bytes, datagram.size);
    seed_write("intake", &seed);
}

/* The same word signed by the fuzzer itself, and heard without a datagram. */
static void write_body_of(size_t stage, uint8_t from, unsigned kind)
{
    struct seed seed = {.size = 0};
    uint8_t body[SIGNED_SIZE_MAX];
    set_stage(stage);
    struct statement said = next_word(from, kind);
    size_t size = wire_encode(&said, body, sizeof body);
    unsigned author = (from + PEER_COUNT - 1u - rig.core.settings.self) % PEER_COUNT;
    for (unsigned i = 0; i < 2; i++) {
        seed_byte(&seed, (unsigned)stage);
        seed_byte(&seed, i == 0 ? SIGNED_BODY : HEAR_BODY);
        seed_byte(&seed, author | author << 1);
        seed_part(&seed, body, size);
        seed_add(&seed, "\x1f\x00\x05\x2f\x20\x08\x07\x3f", 8);
        seed_write("intake", &seed);
    }
}

/* Words that hostile.h makes up, in a row: every operation with plain choices behind it. */
static void write_hostile(size_t stage)
{
    struct seed seed = {.size = 0};
    seed_byte(&seed, (unsigned)stage);
    for (unsigned i = 0; i < 12; i++) {
        seed_byte(&seed, i % 4 == 3 ? SIGNED : i << 4 & 0x30);
        seed_byte(&seed, i % 3 == 2 ? 0x20 : 0);
        seed_add(&seed, "\x01\x0a\x1a\x02\x01\x00", 6);
        seed_add(&seed, i % 2 == 0 ? "\x07\x3f\x08" : "\x07\x45\x59", 3);
    }
    seed_write("intake", &seed);
}

static void write_orders(size_t stage)
{
    struct seed seed = {.size = 0};
    for (unsigned kind = 0; kind < 16; kind++) {
        seed_byte(&seed, (unsigned)stage);
        seed_byte(&seed, HAPPEN | 5 << 4);
        seed_byte(&seed, kind << 4 | kind % 8);
        seed_add(&seed, "\x00\x00\x20\x00\x08\x07\x3f\x49\x01\x19\x29\x39", 12);
        seed_write("intake", &seed);
    }
}

/* ---- certificates ---- */

static struct statement elector(uint8_t from, uint64_t epoch, uint8_t holder)
{
    struct statement said = {.from = from,
                             .mark = {100u + from, 5},
                             .lease_ms = 5000,
                             .drift_ppm = 1000,
                             .seen_epoch = epoch,
                             .version = "0.1.0"};
    said.promise = (struct promise_said){epoch, holder, 5000, {100u + holder, 5}};
    said.claim = from == holder ? epoch : 0;
    return said;
}

static void see(struct certificate *certificate, const struct statement *said)
{
    uint8_t text[SIGNED_SIZE_MAX];
    size_t size = intake_sign(&doors.intake[said->from], said, text);
    FUZZ_CHECK(size > 0);
    certificate_saw(certificate, said, text, size);
}

static void write_certificates(void)
{
    static const char *const names[] = {"server1", "server2", "cloud"};
    static struct config config;
    snprintf(config.cluster, sizeof config.cluster, DOORS_CLUSTER);
    for (size_t i = 0; i < PEER_COUNT; i++) {
        snprintf(config.peers[i].name, NAME_SIZE, "%s", names[i]);
        memcpy(config.peers[i].public_key, doors.keys[i], KEY_SIZE);
    }
    for (uint8_t i = 0; i < 2; i++) {
        static struct certificate certificate;
        struct seed seed = {.size = 0};
        struct statement claim = elector(i, 1732u + i, i);
        struct statement grant = elector(i == 0 ? PEER_WITNESS : 0, 1732u + i, i);
        memset(&certificate, 0, sizeof certificate);
        see(&certificate, &claim);
        see(&certificate, &grant);
        json_t *object = certificate_json(&certificate, &config);
        char *text = json_dumps(object, JSON_INDENT(2));
        FUZZ_CHECK(text != NULL);
        seed_byte(&seed, 0);
        seed_add(&seed, text, strlen(text));
        seed_write("certificate", &seed);
        free(text);
        json_decref(object);
        seed_byte(&seed, 3);
        seed.size += wire_encode(&grant, seed.bytes + 1, sizeof seed.bytes - 1);
        seed_write("certificate", &seed);
        seed_add(&seed, "\x02\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 14);
        seed_write("certificate", &seed);
        seed_add(&seed, "\x01\x00\x02\x00", 4);
        seed_write("certificate", &seed);
    }
}

void seeds_speech(void)
{
    doors_open(&doors);
    for (size_t stage = 0; stage < SNAPSHOT_COUNT; stage++) {
        set_stage(stage);
        uint8_t self = rig.core.settings.self;
        write_body(&rig.said);
        for (uint8_t from = 0; from < PEER_COUNT; from++) {
            for (unsigned kind = 0; from != self && kind < 5; kind++) {
                write_datagram(stage, from, kind);
                write_body_of(stage, from, kind);
            }
        }
        write_hostile(stage);
        write_orders(stage);
    }
    write_certificates();
    doors_close(&doors);
}
