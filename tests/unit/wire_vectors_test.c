/* The test vectors of proto/README.md: made anew here and compared with the files, byte by byte.
 * HOLDFAST_REWRITE=1 writes the files instead; review the difference before you keep it. */
#include "tests/lib/check.h"
#include "tests/lib/doors.h"

#define FOLDER "tests/unit/vectors/"

static void put_hex(FILE *out, const char *name, const uint8_t *bytes, size_t size)
{
    fprintf(out, "%-14s ", name);
    for (size_t i = 0; i < size; i++)
        fprintf(out, "%02x", bytes[i]);
    fprintf(out, "\n");
}

static void put_marks(FILE *out, const char *name, const struct mark *marks)
{
    fprintf(out, "%-14s", name);
    for (int i = 0; i < PEER_COUNT; i++)
        fprintf(out, " %llu:%llu", (unsigned long long)marks[i].boot,
                (unsigned long long)marks[i].seq);
    fprintf(out, "\n");
}

static void put_number(FILE *out, const char *name, uint64_t value)
{
    fprintf(out, "%-14s %llu\n", name, (unsigned long long)value);
}

static void put_fields(FILE *out, const struct statement *s)
{
    put_number(out, "from", s->from);
    put_number(out, "boot", s->mark.boot);
    put_number(out, "seq", s->mark.seq);
    put_marks(out, "heard", s->heard);
    put_marks(out, "greet", s->greet);
    put_number(out, "seen_epoch", s->seen_epoch);
    put_number(out, "claim", s->claim);
    put_number(out, "lease_ms", s->lease_ms);
    put_number(out, "drift_ppm", s->drift_ppm);
    put_number(out, "released", s->released);
    if (s->promise.epoch == 0)
        fprintf(out, "%-14s absent\n", "promise");
    else
        fprintf(out, "%-14s epoch %llu holder %u length_ms %u answers %llu:%llu\n", "promise",
                (unsigned long long)s->promise.epoch, s->promise.holder, s->promise.length_ms,
                (unsigned long long)s->promise.answers.boot,
                (unsigned long long)s->promise.answers.seq);
    put_number(out, "flags", s->flags);
    put_number(out, "unfit_mask", s->unfit_mask);
    put_number(out, "settings_hash", s->settings_hash);
    put_number(out, "members_hash", s->members_hash);
    fprintf(out, "%-14s %lld\n", "wall_s", (long long)s->wall_s);
    fprintf(out, "%-14s %s\n", "version", s->version);
    fprintf(out, "%-14s order %llu left_ms %u\n", "pause", (unsigned long long)s->pause.order,
            s->pause.left_ms);
    fprintf(out, "%-14s %u %u %u\n", "heard_age_ms", s->heard_age_ms[0], s->heard_age_ms[1],
            s->heard_age_ms[2]);
}

/* Compares with the file, or writes it when asked to. */
static void settle(const char *name, char *text, size_t size)
{
    char path[128], known[16384] = "";
    snprintf(path, sizeof path, FOLDER "%s.hex", name);
    bool rewrite = getenv("HOLDFAST_REWRITE") != NULL;
    FILE *file = fopen(path, rewrite ? "w" : "r");
    CHECK(file != NULL);
    if (file != NULL && rewrite)
        CHECK_EQ(fwrite(text, 1, size, file), size);
    if (file != NULL && !rewrite) {
        size_t got = fread(known, 1, sizeof known - 1, file);
        known[got] = '\0';
        CHECK_STR(text, known);
    }
    if (file != NULL)
        fclose(file);
    free(text);
}

static struct statement minimal(void)
{
    return (struct statement){.from = PEER_WITNESS,
                              .mark = {1, 1},
                              .lease_ms = 5000,
                              .drift_ppm = 10000,
                              .promise = {.holder = PEER_NONE},
                              .flags = STATEMENT_SILENT,
                              .version = "0.1.0"};
}

static struct statement holder(void)
{
    return (struct statement){.from = 0,
                              .mark = {0x1122334455667788, 1000},
                              .heard = {{0, 0}, {0xaabbccddeeff0011, 998}, {77, 65536}},
                              .heard_age_ms = {0, 120, 470},
                              .seen_epoch = 1763956802,
                              .claim = 1763956802,
                              .released = 1763950000,
                              .lease_ms = 5000,
                              .drift_ppm = 10000,
                              .promise = {1763956802, 0, 5000, {0, 0}},
                              .flags = STATEMENT_HOLDING | STATEMENT_FIT,
                              .settings_hash = 0x0102030405060708,
                              .members_hash = 0x1112131415161718,
                              .wall_s = 1763960000,
                              .version = "0.1.0"};
}

static struct statement standby(void)
{
    return (struct statement){.from = 1,
                              .mark = {0xaabbccddeeff0011, 999},
                              .heard = {{0x1122334455667788, 1000}, {0, 0}, {77, 65535}},
                              .greet = {{0x99, 3}, {0, 0}, {0, 0}},
                              .heard_age_ms = {3, 0, 60000},
                              .seen_epoch = 1763956802,
                              .released = 1763956801,
                              .lease_ms = 60000,
                              .drift_ppm = 50000,
                              .promise = {1763956802, 0, 60000, {0x1122334455667788, 1000}},
                              .pause = {9, 3600000},
                              .flags = STATEMENT_MAINTENANCE | STATEMENT_PAUSED,
                              .unfit_mask = 5,
                              .settings_hash = UINT64_MAX,
                              .members_hash = 0x1112131415161718,
                              .wall_s = -1,
                              .version = "1.22.333-rc4+56"};
}

/* Fields, body, signed bytes, and a datagram from `sender` to `to` with a nonce of 24 bytes 7. */
static void check_statement(const char *name, const struct statement *statement, uint8_t sender,
                            uint8_t to)
{
    uint8_t body[SIGNED_SIZE_MAX], text[SIGNED_SIZE_MAX];
    struct doors doors;
    char *made = NULL;
    size_t size = 0;
    doors_open(&doors);
    size_t body_size = wire_encode(statement, body, sizeof body);
    struct intake_parcel parcel = {
        .to = to, .author = statement->from, .mark = statement->mark, .bytes = text};
    parcel.size = intake_sign(&doors.intake[statement->from], statement, text);
    struct datagram datagram = doors_seal(&doors, sender, &parcel, 7);
    FILE *out = open_memstream(&made, &size);
    put_fields(out, statement);
    put_hex(out, "body", body, body_size);
    put_hex(out, "signature", text, SEAL_SIGNATURE_SIZE);
    put_number(out, "sender", sender);
    put_number(out, "receiver", to);
    put_hex(out, "nonce", datagram.bytes + INTAKE_HEAD_SIZE, SEAL_NONCE_SIZE);
    put_hex(out, "datagram", datagram.bytes, datagram.size);
    fclose(out);
    settle(name, made, size);
    doors_close(&doors);
}

TEST(keys_tags_and_hashes_are_as_published)
{
    struct doors doors;
    struct members members = {0};
    char *made = NULL;
    size_t size = 0;
    doors_open(&doors);
    FILE *out = open_memstream(&made, &size);
    fprintf(out, "%-14s %s\n", "cluster", DOORS_CLUSTER);
    put_hex(out, "tag", doors.intake[0].tag, SEAL_TAG_SIZE);
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        seal_key_hash(doors.keys[peer], members.key_hash[peer]);
        put_number(out, "peer", peer);
        put_hex(out, "seed", doors.secret[peer], 32);
        put_hex(out, "public-key", doors.keys[peer], SEAL_PUBLIC_SIZE);
        put_hex(out, "key-hash", members.key_hash[peer], KEY_HASH_SIZE);
    }
    fprintf(out, "%-14s %016llx\n", "members-hash",
            (unsigned long long)seal_members_hash(&members));
    put_hex(out, "pair-0-1", doors.intake[0].pairs[1], SEAL_PAIR_SIZE);
    put_hex(out, "pair-0-2", doors.intake[0].pairs[2], SEAL_PAIR_SIZE);
    put_hex(out, "pair-1-2", doors.intake[1].pairs[2], SEAL_PAIR_SIZE);
    fclose(out);
    settle("keys", made, size);
    doors_close(&doors);
}

TEST(a_minimal_statement_is_as_published)
{
    struct statement statement = minimal();
    check_statement("minimal", &statement, PEER_WITNESS, 0);
}

TEST(a_holders_statement_is_as_published)
{
    struct statement statement = holder();
    check_statement("holder", &statement, 0, PEER_WITNESS);
}

TEST(a_relayed_standbys_statement_is_as_published)
{
    struct statement statement = standby();
    check_statement("relayed", &statement, PEER_WITNESS, 0);
}

static void put_refused_body(FILE *out, const char *verdict, const char *bytes, size_t size)
{
    static const char *const names[] = {"ok",         "truncated",      "trailing",
                                        "too-deep",   "too-many",       "not-a-map",
                                        "duplicate",  "type"};
    struct wire wire;
    struct statement statement;
    CHECK(wire_open(&wire));
    enum wire_verdict got = wire_decode(&wire, (const uint8_t *)bytes, size, &statement);
    wire_close(&wire);
    CHECK_STR(names[got], verdict);
    put_hex(out, verdict, (const uint8_t *)bytes, size);
}

#define REFUSED(verdict, text) put_refused_body(out, verdict, text, sizeof(text) - 1)

TEST(bodies_that_must_be_refused_are_as_published)
{
    char *made = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&made, &size);
    REFUSED("truncated", "");
    REFUSED("truncated", "\xdd\xff\xff\xff\xff");
    REFUSED("truncated", "\xdf\x80\x00\x00\x00");
    REFUSED("truncated", "\x81\x63\xdb\xff\xff\xff\xff");
    REFUSED("truncated", "\x82\x01\x00");
    REFUSED("trailing", "\x80\xc0");
    REFUSED("too-deep", "\x81\x63\x91\x91\x91\x01");
    REFUSED("too-deep", "\x81\x63\x91\x91\x90");
    REFUSED("not-a-map", "\x90");
    REFUSED("duplicate", "\x82\x01\x00\x01\x01");
    REFUSED("duplicate", "\x82\x63\x00\xcc\x63\x01");
    REFUSED("type", "\x81\xa1\x31\x00");
    REFUSED("type", "\x81\x02\xff");
    REFUSED("type", "\x81\x03\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00");
    REFUSED("type", "\x81\x08\xcf\x00\x00\x00\x01\x00\x00\x00\x00");
    fclose(out);
    settle("refused-bodies", made, size);
}

/* The datagram of holder.hex with one byte changed; all for the witness. */
TEST(datagrams_that_must_be_refused_are_as_published)
{
    static const size_t places[] = {0, 4, 5, 13, 14, 38, 39, 60, 120};
    struct statement statement = holder();
    struct doors doors;
    struct core core;
    struct intake_result result;
    char *made = NULL;
    size_t size = 0;
    doors_open(&doors);
    memset(&core, 0, sizeof core);
    core.settings.self = PEER_WITNESS;
    FILE *out = open_memstream(&made, &size);
    struct datagram sound = doors_send(&doors, &statement, PEER_WITNESS);
    CHECK_EQ(doors_take(&doors, &core, &sound, 0, &result), INTAKE_OK);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct datagram datagram = sound;
        datagram.bytes[places[i]] ^= 0x55;
        enum intake_verdict verdict = doors_take(&doors, &core, &datagram, 0, &result);
        CHECK(verdict != INTAKE_OK);
        put_hex(out, intake_name(verdict), datagram.bytes, datagram.size);
    }
    fclose(out);
    settle("refused-datagrams", made, size);
    doors_close(&doors);
}

CHECK_MAIN
