/* Happy path: the first statement that carries a claim is kept for its node; the first grant of
 * another peer that answers it, or a later one of the same start, completes the certificate.
 * What contradicts itself comes from proto's evidence as it is.
 *
 * Failure modes: a claim that nobody backs is overwritten by the next one; base64, signatures,
 * fields and their relation are each checked when they are read, and nothing is believed. */
#include "certificate.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../../proto/seal.h"
#include "../../proto/wire.h"

#define TEXT_SIZE_MAX (SIGNED_SIZE_MAX * 4 / 3 + 8)
#define STATEMENT_COUNT 2 /* the claim, the grant */

static void keep(struct certificate_part *part, const struct statement *statement,
                 const uint8_t *bytes, size_t size)
{
    part->mark = statement->mark;
    part->from = statement->from;
    part->size = size;
    memcpy(part->bytes, bytes, size);
}

/* Does `promise` back the claim that was said in `mark` or later by `holder`? */
static bool answers(const struct promise_said *promise, uint64_t epoch, uint8_t holder,
                    const struct mark *mark)
{
    return promise->epoch == epoch && promise->holder == holder &&
           promise->answers.boot == mark->boot && promise->answers.seq >= mark->seq;
}

void certificate_saw(struct certificate *certificate, const struct statement *statement,
                     const uint8_t *bytes, size_t size)
{
    uint8_t from = statement->from, holder = statement->promise.holder;
    if (size > SIGNED_SIZE_MAX || from >= PEER_COUNT)
        return;
    if (from < NODE_COUNT && statement->claim > certificate->claimed[from]) {
        certificate->claimed[from] = statement->claim;
        keep(&certificate->claims[from], statement, bytes, size);
    }
    if (holder >= NODE_COUNT || holder == from)
        return;
    uint64_t epoch = certificate->claimed[holder];
    const struct certificate_part *claim = &certificate->claims[holder];
    if (epoch <= certificate->epoch || !answers(&statement->promise, epoch, holder, &claim->mark))
        return;
    certificate->epoch = epoch;
    certificate->holder = holder;
    certificate->claim = *claim;
    keep(&certificate->grant, statement, bytes, size);
}

static json_t *bytes_json(const uint8_t *bytes, size_t size)
{
    char text[TEXT_SIZE_MAX];
    sodium_bin2base64(text, sizeof text, bytes, size, sodium_base64_VARIANT_ORIGINAL);
    return json_string(text);
}

json_t *certificate_json(const struct certificate *certificate, const struct config *config)
{
    if (certificate->epoch == 0)
        return NULL;
    return json_pack("{s:I, s:s, s:[o, o]}", "epoch", (json_int_t)certificate->epoch, "holder",
                     config->peers[certificate->holder].name, "statements",
                     bytes_json(certificate->claim.bytes, certificate->claim.size),
                     bytes_json(certificate->grant.bytes, certificate->grant.size));
}

json_t *certificate_contradiction(const struct evidence *evidence, const struct config *config)
{
    if (!evidence->frozen)
        return NULL;
    return json_pack("{s:s, s:[o, o]}", "peer", config->peers[evidence->peer].name, "statements",
                     bytes_json(evidence->first, evidence->first_size),
                     bytes_json(evidence->second, evidence->second_size));
}

/* One statement of a certificate under verification. */
struct checked {
    uint8_t bytes[SIGNED_SIZE_MAX];
    size_t size;
    struct statement statement;
};

/* The peer whose key signed the bytes, or PEER_NONE. */
static uint8_t signer(const struct checked *checked, const struct config *config)
{
    uint8_t tag[SEAL_TAG_SIZE];
    seal_cluster_tag(config->cluster, tag);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
        if (seal_verify(config->peers[peer].public_key, tag, checked->bytes, checked->size))
            return peer;
    return PEER_NONE;
}

/* Signature first, then the decoder, as for any statement. */
static int check_statement(struct checked *checked, const struct config *config,
                           struct err *err)
{
    uint8_t from = signer(checked, config);
    if (from == PEER_NONE)
        return err_set(err, ERR_REMOTE, "signed by no peer of this configuration (another "
                                        "cluster, replaced keys, or changed bytes)");
    struct wire wire;
    if (!wire_open(&wire))
        return err_set(err, ERR_SYSTEM, "out of memory");
    enum wire_verdict verdict =
        wire_decode(&wire, checked->bytes + SEAL_SIGNATURE_SIZE,
                    checked->size - SEAL_SIGNATURE_SIZE, &checked->statement);
    wire_close(&wire);
    if (verdict != WIRE_OK || statement_check(&checked->statement) != STATEMENT_OK)
        return err_set(err, ERR_REMOTE, "signed by %s, but no statement of this protocol",
                       config->peers[from].name);
    if (checked->statement.from != from)
        return err_set(err, ERR_REMOTE, "signed by %s in the name of another peer",
                       config->peers[from].name);
    return 0;
}

static int read_statement(const json_t *text, const struct config *config, struct checked *ret,
                          struct err *err)
{
    const char *base64 = json_string_value(text);
    if (base64 == NULL || sodium_base642bin(ret->bytes, sizeof ret->bytes, base64, strlen(base64),
                                            NULL, &ret->size, NULL,
                                            sodium_base64_VARIANT_ORIGINAL) != 0)
        return err_set(err, ERR_REMOTE, "no base64 of at most %d bytes", SIGNED_SIZE_MAX);
    if (ret->size <= SEAL_SIGNATURE_SIZE)
        return err_set(err, ERR_REMOTE, "too short to be signed");
    return check_statement(ret, config, err);
}

/* What the two statements say, held against what the certificate says. */
static int check_meaning(const struct checked *claim, const struct checked *grant,
                         const struct certificate_facts *facts, struct err *err)
{
    const struct promise_said *promise = &grant->statement.promise;
    if (claim->statement.from != facts->holder || claim->statement.claim != facts->epoch)
        return err_set(err, ERR_REMOTE, "the first statement is not the holder's claim of epoch "
                                        "%" PRIu64, facts->epoch);
    if (grant->statement.from == facts->holder)
        return err_set(err, ERR_REMOTE, "the second statement is the holder's own, not a grant");
    if (promise->epoch != facts->epoch || promise->holder != facts->holder)
        return err_set(err, ERR_REMOTE, "the second statement does not promise epoch %" PRIu64
                                        " to the holder", facts->epoch);
    if (!answers(promise, facts->epoch, facts->holder, &claim->statement.mark))
        return err_set(err, ERR_REMOTE, "the grant does not answer this claim: other start of "
                                        "the holder, or an earlier statement");
    return 0;
}

static int read_facts(const json_t *object, const struct config *config,
                      struct certificate_facts *ret, struct err *err)
{
    const json_t *epoch = json_object_get(object, "epoch");
    const char *holder = json_string_value(json_object_get(object, "holder"));
    if (!json_is_integer(epoch) || json_integer_value(epoch) <= 0 || holder == NULL)
        return err_set(err, ERR_REMOTE, "expected {\"epoch\", \"holder\", \"statements\"}");
    ret->epoch = (uint64_t)json_integer_value(epoch);
    ret->holder = config_peer(config, holder);
    if (ret->holder >= NODE_COUNT)
        return err_set(err, ERR_REMOTE, "'%.64s' is no node of this configuration", holder);
    return 0;
}

/* Both statements of `object`, named by `parts` when they are wrong. `ret` has room for two. */
static int read_both(const json_t *object, const struct config *config,
                     const char *const parts[STATEMENT_COUNT], struct checked *ret,
                     struct err *err)
{
    const json_t *list = json_object_get(object, "statements");
    if (json_array_size(list) != STATEMENT_COUNT)
        return err_set(err, ERR_REMOTE, "expected two statements: %s, then %s", parts[0],
                       parts[1]);
    for (size_t i = 0; i < STATEMENT_COUNT; i++)
        if (read_statement(json_array_get(list, i), config, &ret[i], err) != 0)
            return err_wrap(err, "%s", parts[i]);
    return 0;
}

int certificate_verify(const json_t *object, const struct config *config,
                       struct certificate_facts *ret, struct err *err)
{
    static const char *const parts[STATEMENT_COUNT] = {"the claim", "the grant"};
    struct certificate_facts facts = {0};
    if (read_facts(object, config, &facts, err) != 0)
        return err->code;
    struct checked *checked = calloc(STATEMENT_COUNT, sizeof *checked);
    if (checked == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    int code = read_both(object, config, parts, checked, err);
    if (code == 0)
        code = check_meaning(&checked[0], &checked[1], &facts, err);
    facts.backer = checked[1].statement.from;
    free(checked);
    if (code == 0)
        *ret = facts;
    return code;
}

/* Rule V9: one number said twice with other words, or a promise that fell within one life. */
static bool contradict(const struct checked *first, const struct checked *second)
{
    const struct statement *a = &first->statement, *b = &second->statement;
    if (a->from != b->from || a->mark.boot != b->mark.boot)
        return false;
    if (a->mark.seq == b->mark.seq)
        return first->size != second->size ||
               memcmp(first->bytes + SEAL_SIGNATURE_SIZE, second->bytes + SEAL_SIGNATURE_SIZE,
                      first->size - SEAL_SIGNATURE_SIZE) != 0;
    return b->mark.seq > a->mark.seq && b->promise.epoch != 0 &&
           b->promise.epoch < a->promise.epoch;
}

int certificate_contradicts(const json_t *object, const struct config *config, uint8_t *ret_peer,
                            struct err *err)
{
    static const char *const parts[STATEMENT_COUNT] = {"the first", "the second"};
    const char *peer = json_string_value(json_object_get(object, "peer"));
    if (peer == NULL)
        return err_set(err, ERR_REMOTE, "expected {\"peer\", \"statements\"}");
    struct checked *checked = calloc(STATEMENT_COUNT, sizeof *checked);
    if (checked == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    uint8_t from = config_peer(config, peer);
    int code = read_both(object, config, parts, checked, err);
    if (code == 0 && checked[0].statement.from != from)
        code = err_set(err, ERR_REMOTE, "the first is not signed by '%.64s'", peer);
    if (code == 0 && !contradict(&checked[0], &checked[1]))
        code = err_set(err, ERR_REMOTE, "the two can both be true");
    free(checked);
    if (code == 0)
        *ret_peer = from;
    return code;
}
