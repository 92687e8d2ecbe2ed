#include "intake.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

static const uint8_t magic[4] = {'H', 'F', 's', 't'};

static_assert(INTAKE_HEAD_SIZE + SEAL_NONCE_SIZE + INTAKE_INNER_SIZE + SIGNED_SIZE_MAX +
                      SEAL_MAC_SIZE <=
                  DATAGRAM_SIZE_MAX,
              "the largest statement fits into a datagram");

bool intake_open(struct intake *intake, uint8_t self, const uint8_t *secret,
                 const uint8_t keys[PEER_COUNT][SEAL_PUBLIC_SIZE], const char *cluster_name)
{
    memset(intake, 0, sizeof *intake);
    intake->self = self;
    intake->secret = secret;
    memcpy(intake->keys, keys, sizeof intake->keys);
    seal_cluster_tag(cluster_name, intake->tag);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        if (peer != self &&
            !seal_pair_key(secret, keys[peer], intake->tag, intake->pairs[peer]))
            return false;
    return wire_open(&intake->wire);
}

void intake_close(struct intake *intake)
{
    sodium_memzero(intake->pairs, sizeof intake->pairs);
    wire_close(&intake->wire);
}

static uint64_t read_u64(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void write_u64(uint8_t *bytes, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
}

static enum intake_verdict check_head(const struct intake *intake,
                                      const struct intake_bytes *datagram)
{
    const uint8_t *head = datagram->bytes;
    size_t least = INTAKE_HEAD_SIZE + SEAL_NONCE_SIZE + INTAKE_INNER_SIZE +
                   SEAL_SIGNATURE_SIZE + 1 + SEAL_MAC_SIZE;
    if (datagram->size > DATAGRAM_SIZE_MAX)
        return INTAKE_TOO_LONG;
    if (datagram->size < least)
        return INTAKE_TOO_SHORT;
    if (memcmp(head, magic, sizeof magic) != 0)
        return INTAKE_BAD_MAGIC;
    if (head[4] != INTAKE_VERSION)
        return INTAKE_BAD_VERSION;
    if (memcmp(head + 5, intake->tag, SEAL_TAG_SIZE) != 0)
        return INTAKE_OTHER_CLUSTER;
    uint8_t sender = head[INTAKE_HEAD_SIZE - 1];
    if (sender >= PEER_COUNT || sender == intake->self)
        return INTAKE_UNKNOWN_SENDER;
    return INTAKE_OK;
}

/* Statements of boots that are not accepted cost a signature check each; recorded ones of many
 * old boots must not fill a core. */
static bool stranger_allowed(struct intake *intake, mono_ms now)
{
    if (now - intake->stranger_since >= 1000) {
        intake->stranger_since = now;
        intake->stranger_count = 0;
    }
    return intake->stranger_count++ < STRANGER_VERIFY_MAX;
}

/* Is it worth a signature check? */
static enum intake_verdict check_mark(struct intake *intake, const struct core *core,
                                      const struct intake_result *result, mono_ms now)
{
    const struct mark *mark = &result->statement.mark;
    uint8_t author = result->statement.from;
    const struct echo_peer *known = &core->echo.peers[author];
    if (echo_knows(&core->echo, author, mark)) {
        size_t size;
        const uint8_t *kept = core_kept(core, author, &size);
        bool newest = mark->boot == known->accepted.boot && mark->seq == known->accepted.seq;
        if (!newest || kept == NULL ||
            (size == result->size && memcmp(kept, result->bytes, size) == 0))
            return INTAKE_REPLAY;
        return stranger_allowed(intake, now) ? INTAKE_OK : INTAKE_REPLAY; /* rule V9 */
    }
    if (mark->boot != known->accepted.boot && !stranger_allowed(intake, now))
        return INTAKE_BUSY;
    return INTAKE_OK;
}

static enum intake_verdict decode(struct intake *intake, struct intake_result *ret)
{
    struct mark outer = ret->statement.mark;
    uint8_t author = ret->statement.from;
    const uint8_t *body = ret->bytes + SEAL_SIGNATURE_SIZE;
    if (!seal_verify(intake->keys[author], intake->tag, ret->bytes, ret->size))
        return INTAKE_BAD_SIGNATURE;
    if (wire_decode(&intake->wire, body, ret->size - SEAL_SIGNATURE_SIZE, &ret->statement) !=
        WIRE_OK)
        return INTAKE_MALFORMED;
    if (ret->statement.from != author || ret->statement.mark.boot != outer.boot ||
        ret->statement.mark.seq != outer.seq)
        return INTAKE_WRONG_AUTHOR;
    return statement_check(&ret->statement) == STATEMENT_OK ? INTAKE_OK : INTAKE_MALFORMED;
}

static enum intake_verdict judge(struct intake *intake, const struct core *core,
                                 const struct intake_bytes *datagram, mono_ms now,
                                 struct intake_result *ret)
{
    enum intake_verdict verdict = check_head(intake, datagram);
    if (verdict != INTAKE_OK)
        return verdict;
    uint8_t *nonce = datagram->bytes + INTAKE_HEAD_SIZE;
    uint8_t *inner = nonce + SEAL_NONCE_SIZE;
    ret->via = datagram->bytes[INTAKE_HEAD_SIZE - 1];
    struct seal_text text = {.head = datagram->bytes,
                             .head_size = INTAKE_HEAD_SIZE,
                             .text = inner,
                             .size = datagram->size - INTAKE_HEAD_SIZE - SEAL_NONCE_SIZE};
    if (!seal_open(intake->pairs[ret->via], nonce, &text))
        return INTAKE_BAD_SEAL;
    ret->statement.from = inner[0];
    ret->statement.mark = (struct mark){read_u64(inner + 1), read_u64(inner + 9)};
    ret->bytes = inner + INTAKE_INNER_SIZE;
    ret->size = text.size - SEAL_MAC_SIZE - INTAKE_INNER_SIZE;
    if (inner[0] >= PEER_COUNT || inner[0] == intake->self)
        return INTAKE_WRONG_AUTHOR;
    if (ret->size > SIGNED_SIZE_MAX)
        return INTAKE_TOO_LONG;
    verdict = check_mark(intake, core, ret, now);
    return verdict == INTAKE_OK ? decode(intake, ret) : verdict;
}

enum intake_verdict intake_take(struct intake *intake, const struct core *core,
                                struct intake_bytes datagram, mono_ms now,
                                struct intake_result *ret)
{
    enum intake_verdict verdict = judge(intake, core, &datagram, now, ret);
    intake->counts[verdict]++;
    return verdict;
}

struct row {
    const char *name;
    const char *sentence;
};

static const struct row rows[INTAKE_VERDICT_COUNT] = {
#define X(code, name, sentence) [INTAKE_##code] = {name, sentence},
    INTAKE_VERDICTS(X)
#undef X
};

const char *intake_name(enum intake_verdict verdict)
{
    assert((unsigned)verdict < INTAKE_VERDICT_COUNT);
    return rows[verdict].name;
}

const char *intake_sentence(enum intake_verdict verdict)
{
    assert((unsigned)verdict < INTAKE_VERDICT_COUNT);
    return rows[verdict].sentence;
}

size_t intake_sign(struct intake *intake, const struct statement *statement,
                   uint8_t ret[SIGNED_SIZE_MAX])
{
    uint8_t body[SIGNED_SIZE_MAX - SEAL_SIGNATURE_SIZE];
    size_t size = wire_encode(statement, body, sizeof body);
    return size == 0 ? 0 : seal_sign(intake->secret, intake->tag, body, size, ret);
}

size_t intake_seal(const struct intake *intake, const struct intake_parcel *parcel,
                   const uint8_t nonce[SEAL_NONCE_SIZE], uint8_t ret[DATAGRAM_SIZE_MAX])
{
    uint8_t *inner = ret + INTAKE_HEAD_SIZE + SEAL_NONCE_SIZE;
    assert(parcel->size <= SIGNED_SIZE_MAX && parcel->to != intake->self);
    memcpy(ret, magic, sizeof magic);
    ret[4] = INTAKE_VERSION;
    memcpy(ret + 5, intake->tag, SEAL_TAG_SIZE);
    ret[INTAKE_HEAD_SIZE - 1] = intake->self;
    memcpy(ret + INTAKE_HEAD_SIZE, nonce, SEAL_NONCE_SIZE);
    inner[0] = parcel->author;
    write_u64(inner + 1, parcel->mark.boot);
    write_u64(inner + 9, parcel->mark.seq);
    memcpy(inner + INTAKE_INNER_SIZE, parcel->bytes, parcel->size);
    struct seal_text text = {.head = ret,
                             .head_size = INTAKE_HEAD_SIZE,
                             .text = inner,
                             .size = INTAKE_INNER_SIZE + parcel->size};
    seal_close(intake->pairs[parcel->to], nonce, &text);
    return INTAKE_HEAD_SIZE + SEAL_NONCE_SIZE + text.size + SEAL_MAC_SIZE;
}
