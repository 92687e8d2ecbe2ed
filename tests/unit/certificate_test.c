#include <sodium.h>

#include "agent/peer/certificate.h"
#include "proto/seal.h"
#include "proto/wire.h"
#include "tests/lib/check.h"

#define EPOCH 1732

static struct config config;
static uint8_t secrets[PEER_COUNT][SEAL_SECRET_SIZE];

static void setup(void)
{
    static const char *const names[] = {"server1", "server2", "cloud"};
    CHECK(sodium_init() >= 0);
    memset(&config, 0, sizeof config);
    snprintf(config.cluster, sizeof config.cluster, "pbx.example.com");
    for (size_t i = 0; i < PEER_COUNT; i++) {
        snprintf(config.peers[i].name, NAME_SIZE, "%s", names[i]);
        crypto_sign_keypair(config.peers[i].public_key, secrets[i]);
    }
}

static struct statement statement_of(uint8_t from, uint64_t seq)
{
    struct statement statement = {.from = from,
                                  .mark = {.boot = 100u + from, .seq = seq},
                                  .lease_ms = 5000,
                                  .drift_ppm = 1000,
                                  .version = "0.1.0"};
    statement.promise.holder = PEER_NONE;
    return statement;
}

static size_t sign(const struct statement *statement, uint8_t key, uint8_t ret[SIGNED_SIZE_MAX])
{
    uint8_t body[SIGNED_SIZE_MAX], tag[SEAL_TAG_SIZE];
    seal_cluster_tag(config.cluster, tag);
    size_t size = wire_encode(statement, body, sizeof body);
    CHECK(size > 0);
    size = seal_sign(secrets[key], tag, body, size, ret);
    CHECK(size > 0);
    return size;
}

/* Signs with the key of `key` and lets the certificate see it. */
static void saw(struct certificate *certificate, const struct statement *statement, uint8_t key)
{
    uint8_t bytes[SIGNED_SIZE_MAX];
    size_t size = sign(statement, key, bytes);
    certificate_saw(certificate, statement, bytes, size);
}

static struct statement claim_of(uint64_t seq)
{
    struct statement claim = statement_of(0, seq);
    claim.claim = EPOCH;
    claim.seen_epoch = EPOCH;
    return claim;
}

static struct statement grant_of(uint8_t from, uint64_t answers_boot, uint64_t answers_seq)
{
    struct statement grant = statement_of(from, 7);
    grant.seen_epoch = EPOCH;
    grant.promise = (struct promise_said){
        EPOCH, 0, 5000, {.boot = answers_boot, .seq = answers_seq}};
    return grant;
}

/* A complete certificate: server1 claims in its statement 5, the witness answers it. */
static json_t *good(struct certificate *certificate)
{
    struct statement claim = claim_of(5), grant = grant_of(2, 100, 5);
    memset(certificate, 0, sizeof *certificate);
    saw(certificate, &claim, 0);
    saw(certificate, &grant, 2);
    return certificate_json(certificate, &config);
}

static void expect_bad(json_t *object, const char *part)
{
    struct certificate_facts facts;
    struct err err = {0};
    CHECK_EQ(certificate_verify(object, &config, &facts, &err), ERR_REMOTE);
    CHECK_HAS(err.text, part);
    json_decref(object);
}

static struct certificate certificate;

TEST(a_claim_and_its_grant_prove_the_takeover)
{
    setup();
    struct certificate_facts facts;
    struct err err = {0};
    json_t *object = good(&certificate);
    CHECK_EQ(json_integer_value(json_object_get(object, "epoch")), EPOCH);
    CHECK_EQ(certificate_verify(object, &config, &facts, &err), 0);
    CHECK_STR(err.text, "");
    CHECK_EQ(facts.epoch, EPOCH);
    CHECK_EQ(facts.holder, 0);
    CHECK_EQ(facts.backer, PEER_WITNESS);
    json_decref(object);
}

TEST(a_grant_for_something_else_completes_nothing)
{
    setup();
    struct statement claim = claim_of(5);
    struct statement grants[] = {grant_of(2, 100, 4), grant_of(2, 99, 5), grant_of(0, 100, 5)};
    memset(&certificate, 0, sizeof certificate);
    saw(&certificate, &claim, 0);
    for (size_t i = 0; i < sizeof grants / sizeof grants[0]; i++)
        saw(&certificate, &grants[i], grants[i].from);
    CHECK_EQ(certificate.epoch, 0);
    CHECK(certificate_json(&certificate, &config) == NULL);
}

TEST(the_first_claim_is_kept_and_a_later_answer_counts)
{
    setup();
    struct statement claim = claim_of(5), again = claim_of(6), grant = grant_of(2, 100, 6);
    memset(&certificate, 0, sizeof certificate);
    saw(&certificate, &claim, 0);
    saw(&certificate, &again, 0);
    saw(&certificate, &grant, 2);
    CHECK_EQ(certificate.epoch, EPOCH);
    CHECK_EQ(certificate.claim.mark.seq, 5);
}

TEST(changed_words_do_not_verify)
{
    setup();
    json_t *object = good(&certificate);
    json_object_set_new(object, "epoch", json_integer(EPOCH + 2));
    expect_bad(object, "not the holder's claim");
    object = good(&certificate);
    json_object_set_new(object, "holder", json_string("server2"));
    expect_bad(object, "not the holder's claim");
    object = good(&certificate);
    json_object_set_new(object, "holder", json_string("cloud"));
    expect_bad(object, "no node");
    object = good(&certificate);
    json_array_remove(json_object_get(object, "statements"), 1);
    expect_bad(object, "two statements");
    object = good(&certificate);
    json_array_set_new(json_object_get(object, "statements"), 1, json_string("!!"));
    expect_bad(object, "the grant: no base64");
    expect_bad(json_array(), "expected");
}

TEST(swapped_statements_do_not_verify)
{
    setup();
    json_t *object = good(&certificate), *list = json_object_get(object, "statements");
    json_t *first = json_incref(json_array_get(list, 0));
    json_array_set(list, 0, json_array_get(list, 1));
    json_array_set_new(list, 1, first);
    expect_bad(object, "not the holder's claim");
}

TEST(another_key_or_cluster_does_not_verify)
{
    setup();
    json_t *object = good(&certificate);
    crypto_sign_keypair(config.peers[2].public_key, secrets[2]);
    expect_bad(object, "the grant: signed by no peer");
    setup();
    object = good(&certificate);
    snprintf(config.cluster, sizeof config.cluster, "other.example.com");
    expect_bad(object, "the claim: signed by no peer");
}

TEST(every_flipped_bit_is_found)
{
    setup();
    json_t *object = good(&certificate);
    for (size_t i = 0; i < certificate.grant.size; i += 3) {
        struct certificate_facts facts;
        struct err err = {0};
        certificate.grant.bytes[i] ^= 0x10;
        json_t *changed = certificate_json(&certificate, &config);
        CHECK_EQ(certificate_verify(changed, &config, &facts, &err), ERR_REMOTE);
        json_decref(changed);
        certificate.grant.bytes[i] ^= 0x10;
    }
    json_decref(object);
}

TEST(a_peer_speaking_for_another_does_not_verify)
{
    setup();
    struct statement claim = claim_of(5), grant = grant_of(1, 100, 5);
    memset(&certificate, 0, sizeof certificate);
    saw(&certificate, &claim, 0);
    saw(&certificate, &grant, 2);
    expect_bad(certificate_json(&certificate, &config), "in the name of another peer");
}

/* What the core keeps of `first` and `second`, said by the witness. */
static json_t *contradiction(const struct statement *first, const struct statement *second)
{
    static struct evidence evidence;
    memset(&evidence, 0, sizeof evidence);
    CHECK(certificate_contradiction(&evidence, &config) == NULL);
    evidence.frozen = true;
    evidence.peer = PEER_WITNESS;
    evidence.first_size = sign(first, PEER_WITNESS, evidence.first);
    evidence.second_size = sign(second, PEER_WITNESS, evidence.second);
    return certificate_contradiction(&evidence, &config);
}

static int contradicts(json_t *object, uint8_t *ret_peer, struct err *err)
{
    *err = (struct err){0};
    int code = certificate_contradicts(object, &config, ret_peer, err);
    json_decref(object);
    return code;
}

TEST(two_statements_under_one_number_prove_a_liar)
{
    setup();
    struct statement first = grant_of(PEER_WITNESS, 100, 5), second = first;
    struct err err;
    uint8_t peer = PEER_NONE;
    second.wall_s++;
    CHECK_EQ(contradicts(contradiction(&first, &second), &peer, &err), 0);
    CHECK_EQ(peer, PEER_WITNESS);
    CHECK_EQ(contradicts(contradiction(&first, &first), &peer, &err), ERR_REMOTE);
    CHECK_HAS(err.text, "both be true");
    second.mark.seq++; /* a later one may say something else */
    CHECK_EQ(contradicts(contradiction(&first, &second), &peer, &err), ERR_REMOTE);
}

TEST(a_promise_that_falls_within_one_life_proves_a_liar)
{
    setup();
    struct statement first = grant_of(PEER_WITNESS, 100, 5), second = first;
    struct err err;
    uint8_t peer = PEER_NONE;
    second.mark.seq++;
    second.promise.epoch -= 2;
    CHECK_EQ(contradicts(contradiction(&first, &second), &peer, &err), 0);
    CHECK_EQ(contradicts(contradiction(&second, &first), &peer, &err), ERR_REMOTE);
    second.mark.boot++; /* a lost disk */
    CHECK_EQ(contradicts(contradiction(&first, &second), &peer, &err), ERR_REMOTE);
}

TEST(who_is_accused_must_have_signed)
{
    setup();
    struct statement first = grant_of(PEER_WITNESS, 100, 5), second = first;
    struct err err;
    uint8_t peer = PEER_NONE;
    second.wall_s++;
    json_t *object = contradiction(&first, &second);
    json_object_set_new(object, "peer", json_string("server1"));
    CHECK_EQ(contradicts(object, &peer, &err), ERR_REMOTE);
    CHECK_HAS(err.text, "not signed by 'server1'");
    object = contradiction(&first, &second);
    json_object_del(object, "peer");
    CHECK_EQ(contradicts(object, &peer, &err), ERR_REMOTE);
    object = contradiction(&first, &second);
    json_array_set_new(json_object_get(object, "statements"), 1, json_string("!!"));
    CHECK_EQ(contradicts(object, &peer, &err), ERR_REMOTE);
    CHECK_HAS(err.text, "the second: no base64");
    CHECK_EQ(peer, PEER_NONE);
}

CHECK_MAIN
