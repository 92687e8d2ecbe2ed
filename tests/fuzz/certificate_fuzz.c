/* certificate — takeover certificates: made from what was said, verified from a file.
 *
 * A certificate that is accepted names a claim and a grant that were really signed and belong
 * together; one that the product made verifies; nothing else does.
 * Input: 0 and the text of a file; 1 and choices among statements signed beforehand: two of them,
 * an epoch, a holder; 2 and which of them the daemon saw, in order; 3 and a body that the witness
 * signs as the grant of a good claim. */
#include <sodium.h>

#include "agent/peer/certificate.h"
#include "fuzz.h"
#include "proto/seal.h"
#include "proto/wire.h"
#include "stand_in.h"

#define EPOCH 1732
#define SAID_COUNT 48
#define SAW_MAX 64

static struct config config;
static uint8_t secrets[PEER_COUNT][SEAL_SECRET_SIZE], tag[SEAL_TAG_SIZE];
static struct wire wire;

/* Statements that the peers said, signed once. The last few are signed by a wrong key. */
static struct said {
    struct statement statement;
    uint8_t bytes[SIGNED_SIZE_MAX];
    size_t size;
    char text[SIGNED_SIZE_MAX * 4 / 3 + 8];
    bool good;
} pool[SAID_COUNT];

static void sign(struct said *said, uint8_t key)
{
    uint8_t body[SIGNED_SIZE_MAX];
    size_t size = wire_encode(&said->statement, body, sizeof body);
    said->size = seal_sign(secrets[key], tag, body, size, said->bytes);
    FUZZ_CHECK(said->size > 0);
    said->good = key == said->statement.from;
    sodium_bin2base64(said->text, sizeof said->text, said->bytes, said->size,
                      sodium_base64_VARIANT_ORIGINAL);
}

/* Claims and grants of two nodes, of a few epochs, boots and seqs. */
static void fill_pool(void)
{
    for (size_t i = 0; i < SAID_COUNT; i++) {
        struct statement *said = &pool[i].statement;
        uint8_t from = (uint8_t)(i % PEER_COUNT), holder = (uint8_t)(i / 3 % NODE_COUNT);
        uint64_t epoch = EPOCH + 2 * (i / 6 % 3) + holder;
        *said = (struct statement){.from = from,
                                   .mark = {100u + from, 5 + i / 12},
                                   .lease_ms = 5000,
                                   .drift_ppm = 1000,
                                   .seen_epoch = epoch,
                                   .version = "0.1.0"};
        said->promise = (struct promise_said){
            epoch, holder, 5000, {100u + holder + (i % 11 == 10), 4 + i % 5}};
        if (from < NODE_COUNT)
            said->claim = EPOCH + 2 * (i / 6 % 3) + from;
        uint8_t other = (uint8_t)((from + 1) % PEER_COUNT);
        sign(&pool[i], (uint8_t)(i < SAID_COUNT - 6 ? from : other));
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const names[] = {"server1", "server2", "cloud"};
    (void)argc, (void)argv;
    FUZZ_CHECK(sodium_init() >= 0 && wire_open(&wire));
    stand_in_open();
    snprintf(config.cluster, sizeof config.cluster, "pbx.example.com");
    seal_cluster_tag(config.cluster, tag);
    for (size_t i = 0; i < PEER_COUNT; i++) {
        uint8_t seed[crypto_sign_SEEDBYTES];
        memset(seed, (int)i + 1, sizeof seed);
        snprintf(config.peers[i].name, NAME_SIZE, "%s", names[i]);
        crypto_sign_seed_keypair(config.peers[i].public_key, secrets[i], seed);
    }
    fill_pool();
    return 0;
}

/* Do these two, as they were said, make `holder` hold `epoch`? Told without certificate.c. */
static bool proves(const struct statement *claim, const struct statement *grant,
                   const struct certificate_facts *facts)
{
    return claim->from == facts->holder && claim->claim == facts->epoch &&
           grant->from == facts->backer && grant->from != claim->from &&
           grant->promise.holder == facts->holder && grant->promise.epoch == facts->epoch &&
           grant->promise.answers.boot == claim->mark.boot &&
           grant->promise.answers.seq >= claim->mark.seq;
}

static bool verify(const json_t *object, struct certificate_facts *ret)
{
    struct err err = {0};
    memset(ret, 0x5a, sizeof *ret);
    struct certificate_facts before = *ret;
    int code = certificate_verify(object, &config, ret, &err);
    FUZZ_CHECK(code == 0 || (code == ERR_REMOTE && err.text[0] != 0));
    FUZZ_CHECK(code == 0 || memcmp(&before, ret, sizeof before) == 0);
    FUZZ_CHECK(code != 0 || (ret->holder < NODE_COUNT && ret->epoch != 0));
    return code == 0;
}

static void judge_text(const struct feed *feed)
{
    struct certificate_facts facts;
    json_t *object = json_loadb((const char *)feed->at, feed->left, JSON_REJECT_DUPLICATES, NULL);
    if (object != NULL && verify(object, &facts)) /* then it is made of what is in the pool */
        FUZZ_CHECK(facts.epoch >= EPOCH && facts.epoch <= EPOCH + 5);
    json_decref(object);
}

static json_t *file_of(const struct certificate_facts *facts, const char *claim,
                       const char *grant)
{
    return json_pack("{s:I, s:s, s:[s, s]}", "epoch", (json_int_t)facts->epoch, "holder",
                     config.peers[facts->holder].name, "statements", claim, grant);
}

static void judge_choice(struct feed *feed)
{
    const struct said *claim = &pool[feed_byte(feed) % SAID_COUNT];
    const struct said *grant = &pool[feed_byte(feed) % SAID_COUNT];
    uint8_t kind = feed_byte(feed);
    struct certificate_facts facts, told = {.epoch = EPOCH + (kind >> 2) % 6,
                                            .holder = kind % PEER_COUNT,
                                            .backer = grant->statement.from};
    json_t *object = file_of(&told, claim->text, grant->text);
    bool good = verify(object, &facts);
    bool proven = told.holder < NODE_COUNT && claim->good && grant->good &&
                  proves(&claim->statement, &grant->statement, &told);
    FUZZ_CHECK(good == proven);
    json_decref(object);
}

/* What the daemon kept of all that went by is a certificate that verifies. */
static void judge_history(struct feed *feed)
{
    static struct certificate certificate;
    struct certificate_facts facts;
    memset(&certificate, 0, sizeof certificate);
    for (int i = 0; i < SAW_MAX && feed->left > 0; i++) {
        const struct said *said = &pool[feed_byte(feed) % SAID_COUNT];
        if (said->good) /* others never reach it */
            certificate_saw(&certificate, &said->statement, said->bytes, said->size);
    }
    json_t *object = certificate_json(&certificate, &config);
    FUZZ_CHECK((object == NULL) == (certificate.epoch == 0));
    if (object == NULL)
        return;
    FUZZ_CHECK(verify(object, &facts));
    FUZZ_CHECK(facts.epoch == certificate.epoch && facts.holder == certificate.holder);
    json_decref(object);
}

static void judge_body(const struct feed *body)
{
    uint8_t bytes[SIGNED_SIZE_MAX];
    char text[SIGNED_SIZE_MAX * 4 / 3 + 8];
    struct statement grant;
    struct certificate_facts facts, told = {.epoch = pool[0].statement.claim,
                                            .holder = 0,
                                            .backer = PEER_WITNESS};
    size_t size = seal_sign(secrets[PEER_WITNESS], tag, body->at, body->left, bytes);
    if (size == 0)
        return;
    sodium_bin2base64(text, sizeof text, bytes, size, sodium_base64_VARIANT_ORIGINAL);
    json_t *object = file_of(&told, pool[0].text, text);
    bool good = verify(object, &facts);
    bool sane = wire_decode(&wire, body->at, body->left, &grant) == WIRE_OK &&
                statement_check(&grant) == STATEMENT_OK;
    FUZZ_CHECK(good == (sane && proves(&pool[0].statement, &grant, &told)));
    json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    switch (feed_byte(&feed) & 3) {
    case 0:
        judge_text(&feed);
        break;
    case 1:
        judge_choice(&feed);
        break;
    case 2:
        judge_history(&feed);
        break;
    default:
        judge_body(&feed);
        break;
    }
    return 0;
}
