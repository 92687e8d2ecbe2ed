#include "door.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../../proto/intake.h"

struct datagram {
    size_t size;
    uint8_t bytes[DATAGRAM_SIZE_MAX];
};

/* The newest statement that a peer signed: most of what travels is that one. */
struct signature {
    struct statement statement;
    size_t size;
    uint8_t bytes[SIGNED_SIZE_MAX];
};

struct door {
    struct intake intakes[PEER_COUNT];
    uint8_t secrets[PEER_COUNT][SEAL_SECRET_SIZE];
    struct signature signatures[PEER_COUNT];
    struct prng prng; /* nonces and turned bits */
    uint64_t refused, taken;
    struct datagram datagrams[EVENT_SLOT_MAX];
};

struct door *door_open(uint64_t seed)
{
    uint8_t keys[PEER_COUNT][SEAL_PUBLIC_SIZE], material[crypto_sign_SEEDBYTES] = {0};
    struct door *door = calloc(1, sizeof *door);
    bool fine = door != NULL && sodium_init() >= 0;
    for (uint8_t i = 0; fine && i < PEER_COUNT; i++) {
        material[0] = (uint8_t)(i + 1);
        fine = crypto_sign_seed_keypair(keys[i], door->secrets[i], material) == 0;
    }
    for (uint8_t i = 0; fine && i < PEER_COUNT; i++)
        fine = intake_open(&door->intakes[i], i, door->secrets[i],
                           (const uint8_t(*)[SEAL_PUBLIC_SIZE])keys, "sim.example.com");
    if (!fine) {
        free(door);
        return NULL;
    }
    door_reset(door, seed);
    return door;
}

void door_close(struct door *door)
{
    if (door == NULL)
        return;
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        intake_close(&door->intakes[i]);
    free(door);
}

void door_reset(struct door *door, uint64_t seed)
{
    prng_init(&door->prng, ~seed);
    memset(door->signatures, 0, sizeof door->signatures);
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        door_started(door, i);
}

void door_started(struct door *door, uint8_t slot)
{
    door->intakes[slot].stranger_count = 0;
    door->intakes[slot].stranger_since = MONO_LONG_AGO;
}

/* Ed25519 is deterministic: signing again what was said before gives the same bytes. */
static void sign(struct door *door, const struct statement *statement)
{
    struct signature *signature = &door->signatures[statement->from];
    if (memcmp(&signature->statement, statement, sizeof *statement) == 0)
        return;
    signature->statement = *statement;
    signature->size =
        intake_sign(&door->intakes[statement->from], statement, signature->bytes);
}

void door_sign(struct door *door, uint8_t slot, const struct statement *statement)
{
    (void)slot;
    sign(door, statement);
}

static void garble(struct door *door, struct datagram *datagram)
{
    uint64_t drawn = prng_next(&door->prng);
    datagram->bytes[drawn % datagram->size] ^= (uint8_t)(1u << (drawn >> 32) % 8);
}

void door_seal(struct door *door, struct world *world, const struct world_event *event)
{
    struct datagram *datagram = &door->datagrams[event_slot(&world->queue, event)];
    const struct statement *statement = &event->statement;
    uint8_t nonce[SEAL_NONCE_SIZE] = {0};
    uint64_t random = prng_next(&door->prng);
    memcpy(nonce, &random, sizeof random);
    sign(door, statement);
    const struct signature *signature = &door->signatures[statement->from];
    struct intake_parcel parcel = {.to = event->peer,
                                   .author = statement->from,
                                   .mark = statement->mark,
                                   .bytes = signature->bytes,
                                   .size = signature->size};
    datagram->size =
        intake_seal(&door->intakes[event->via], &parcel, nonce, datagram->bytes);
    if (signature->size == 0 || datagram->size == 0)
        check_fail(world, "door", "a statement that cannot be put on the wire");
    else if (event->garbled)
        garble(door, datagram);
}

void door_moved(struct door *door, size_t from_slot, size_t to_slot)
{
    if (from_slot != to_slot)
        door->datagrams[to_slot] = door->datagrams[from_slot];
}

void door_relay(struct door *door, struct world *world, uint8_t slot,
                const struct action *action)
{
    const struct core *core = &world->peers[slot].core;
    struct statement statement = core->last[action->author];
    const struct signature *signature = &door->signatures[action->author];
    size_t size;
    const uint8_t *kept = core_kept(core, action->author, &size);
    sign(door, &statement);
    if (kept == NULL || size != signature->size || memcmp(kept, signature->bytes, size) != 0)
        check_fail(world, "door", "what is kept for relaying is not what was signed");
    net_send(world, slot, action->to, &statement);
}

static bool is_plain_refusal(enum intake_verdict verdict)
{
    return verdict == INTAKE_REPLAY || verdict == INTAKE_BUSY;
}

/* What was decoded says what was meant: both give the same bytes again. */
static bool is_same(const struct intake_result *result, const struct statement *meant)
{
    uint8_t taken[SIGNED_SIZE_MAX], sent[SIGNED_SIZE_MAX];
    size_t taken_size = wire_encode(&result->statement, taken, sizeof taken);
    size_t sent_size = wire_encode(meant, sent, sizeof sent);
    return taken_size == sent_size && memcmp(taken, sent, sent_size) == 0 &&
           result->size == SEAL_SIGNATURE_SIZE + sent_size &&
           memcmp(result->bytes + SEAL_SIGNATURE_SIZE, sent, sent_size) == 0;
}

void door_deliver(struct door *door, struct world *world, const struct world_event *event)
{
    struct datagram *datagram = &door->datagrams[event_slot(&world->queue, event)];
    const struct core *core = &world->peers[event->peer].core;
    struct intake_bytes bytes = {datagram->bytes, datagram->size};
    struct intake_result result;
    enum intake_verdict verdict = intake_take(&door->intakes[event->peer], core, bytes,
                                              world_clock(world, event->peer), &result);
    if (verdict != INTAKE_OK) {
        door->refused++;
        if (!event->garbled && !event->forged && !is_plain_refusal(verdict))
            check_fail(world, "door", "a sound datagram is refused: %s", intake_name(verdict));
        return;
    }
    door->taken++;
    if (event->garbled)
        check_fail(world, "door", "a garbled datagram is taken");
    else if (!is_same(&result, &event->statement))
        check_fail(world, "door", "a statement changed on its way");
    struct event heard = {.kind = EVENT_HEARD,
                          .heard = {.statement = &result.statement,
                                    .bytes = result.bytes,
                                    .size = result.size,
                                    .via = result.via}};
    check_delivered(world, event->peer, &result.statement);
    world_event(world, event->peer, &heard);
}

uint64_t door_refused(const struct door *door)
{
    return door->refused;
}

uint64_t door_taken(const struct door *door)
{
    return door->taken;
}
