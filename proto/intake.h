/* intake — datagram -> verdict -> verified, decoded statement; and the way out.
 *
 * Room: the door for bytes, the same for daemon, simulator, fuzzers and benchmarks. Cheap checks
 * first (header, seal, replay), then the signature, then the decoder: verify before decode. A
 * refused datagram changes nothing but a counter.
 *
 * Datagram: magic "HFst" | version 1 | cluster tag 8 | sender 1 | nonce 24 | sealed
 * Sealed:   author 1 | boot 8 | seq 8 | signature 64 | body; numbers big-endian; then MAC 16.
 * author == sender is a direct statement, another one a relayed statement. */
#ifndef HOLDFAST_PROTO_INTAKE_H
#define HOLDFAST_PROTO_INTAKE_H

#include "core.h"
#include "seal.h"
#include "wire.h"

#define INTAKE_HEAD_SIZE (4 + 1 + SEAL_TAG_SIZE + 1)
#define INTAKE_INNER_SIZE (1 + 8 + 8)
#define INTAKE_VERSION 1
#define STRANGER_VERIFY_MAX 200 /* signature checks per second for boots not accepted yet */

/* X(code, name, sentence) */
#define INTAKE_VERDICTS(X)                                                                      \
    X(OK, "ok", "a statement")                                                                  \
    X(TOO_SHORT, "too-short", "shorter than any statement")                                     \
    X(TOO_LONG, "too-long", "longer than 1200 bytes")                                           \
    X(BAD_MAGIC, "not-holdfast", "not a holdfast datagram")                                     \
    X(BAD_VERSION, "other-version", "another version of the protocol")                          \
    X(OTHER_CLUSTER, "other-cluster", "for a cluster of another name")                          \
    X(UNKNOWN_SENDER, "unknown-sender", "from no peer of this cluster")                         \
    X(BAD_SEAL, "bad-seal", "not sealed with the key of that peer")                             \
    X(REPLAY, "replay", "a statement that was taken up before")                                 \
    X(BUSY, "busy", "too many statements of unknown starts at once")                            \
    X(BAD_SIGNATURE, "bad-signature", "not signed by the peer it names")                        \
    X(MALFORMED, "malformed", "signed, but no statement of this protocol")                      \
    X(WRONG_AUTHOR, "wrong-author", "names another peer inside than outside")

/* What became of a datagram; only INTAKE_OK goes on to the core. */
enum intake_verdict {
#define X(code, name, sentence) INTAKE_##code,
    INTAKE_VERDICTS(X)
#undef X
        INTAKE_VERDICT_COUNT
};

struct intake {
    uint8_t self;
    uint8_t tag[SEAL_TAG_SIZE];
    uint8_t keys[PEER_COUNT][SEAL_PUBLIC_SIZE];
    uint8_t pairs[PEER_COUNT][SEAL_PAIR_SIZE]; /* secret; wiped by intake_close */
    const uint8_t *secret;                     /* borrowed: SEAL_SECRET_SIZE bytes */
    struct wire wire;
    uint64_t counts[INTAKE_VERDICT_COUNT];
    mono_ms stranger_since;   /* the second that stranger_count counts */
    uint32_t stranger_count;
};

/* A datagram as it came from the socket. */
struct intake_bytes {
    uint8_t *bytes;
    size_t size;
};

/* What came in. `bytes` points into the caller's datagram (opened in place). */
struct intake_result {
    struct statement statement;
    const uint8_t *bytes;
    size_t size;
    uint8_t via;
};

/* secret is borrowed for the life of the intake. False when a key is no good or memory short. */
bool intake_open(struct intake *intake, uint8_t self, const uint8_t *secret,
                 const uint8_t keys[PEER_COUNT][SEAL_PUBLIC_SIZE], const char *cluster_name);
void intake_close(struct intake *intake);
/* Judges a datagram; counts the verdict. *ret is set on INTAKE_OK. `size` may exceed
 * DATAGRAM_SIZE_MAX (then TOO_LONG); the bytes are opened in place. */
enum intake_verdict intake_take(struct intake *intake, const struct core *core,
                                struct intake_bytes datagram, mono_ms now,
                                struct intake_result *ret);
/* Name ("bad-seal") and sentence of a verdict. */
const char *intake_name(enum intake_verdict verdict);
const char *intake_sentence(enum intake_verdict verdict);

/* Encodes and signs an own statement: once per tick. Returns the size, 0 when too big. */
size_t intake_sign(struct intake *intake, const struct statement *statement,
                   uint8_t ret[SIGNED_SIZE_MAX]);
/* A signed statement on its way to one peer. */
struct intake_parcel {
    uint8_t to;
    uint8_t author;
    struct mark mark;
    const uint8_t *bytes;
    size_t size;
};
/* Seals it. nonce: fresh random from the shell. Returns the datagram's size. */
size_t intake_seal(const struct intake *intake, const struct intake_parcel *parcel,
                   const uint8_t nonce[SEAL_NONCE_SIZE], uint8_t ret[DATAGRAM_SIZE_MAX]);

#endif
