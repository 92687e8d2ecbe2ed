#include "proto/wire.h"

#include "proto/limits.h"
#include "proto/prng.h"
#include "tests/lib/check.h"

struct desk {
    struct wire wire;
    struct statement statement;
    uint8_t bytes[DATAGRAM_SIZE_MAX];
    size_t size;
};

static struct statement full(void)
{
    struct statement statement;
    memset(&statement, 0, sizeof statement);
    statement.from = 1;
    statement.mark = (struct mark){UINT64_MAX, 42};
    statement.heard[0] = (struct mark){3, 4};
    statement.heard[2] = (struct mark){5, 6};
    statement.greet[2] = (struct mark){7, 8};
    statement.heard_age_ms[0] = 60000;
    statement.seen_epoch = UINT64_MAX - 1;
    statement.claim = 1700000001;
    statement.released = 1699999999;
    statement.lease_ms = 5000;
    statement.drift_ppm = 10000;
    statement.promise.epoch = 1700000001;
    statement.promise.holder = 1;
    statement.promise.length_ms = 5000;
    statement.promise.answers = (struct mark){9, 10};
    statement.pause = (struct pause_said){5, 604800000};
    statement.flags = 0x7f;
    statement.unfit_mask = UINT32_MAX;
    statement.settings_hash = UINT64_MAX;
    statement.members_hash = 1;
    statement.wall_s = -1;
    memcpy(statement.version, "1.22.333-rc4+56", 15);
    return statement;
}

static void begin(struct desk *desk)
{
    memset(desk, 0, sizeof *desk);
    CHECK(wire_open(&desk->wire));
    struct statement statement = full();
    desk->size = wire_encode(&statement, desk->bytes, sizeof desk->bytes);
    CHECK(desk->size > 0);
}

static enum wire_verdict decode(struct desk *desk)
{
    return wire_decode(&desk->wire, desk->bytes, desk->size, &desk->statement);
}

static enum wire_verdict decode_bytes(const char *bytes, size_t size)
{
    struct desk desk;
    memset(&desk, 0, sizeof desk);
    CHECK(wire_open(&desk.wire));
    uint8_t *copy = malloc(size + 1); /* so that a sanitizer sees a read beyond the end */
    uint8_t *exact = size > 0 ? malloc(size) : NULL;
    if (exact != NULL)
        memcpy(exact, bytes, size);
    enum wire_verdict verdict =
        wire_decode(&desk.wire, exact != NULL ? exact : copy, size, &desk.statement);
    free(copy);
    free(exact);
    wire_close(&desk.wire);
    return verdict;
}

TEST(decoding_gives_back_what_was_encoded)
{
    struct desk desk;
    struct statement expected = full();
    begin(&desk);
    CHECK_EQ(decode(&desk), WIRE_OK);
    CHECK_EQ(memcmp(&desk.statement, &expected, sizeof expected), 0);
    wire_close(&desk.wire);
}

TEST(a_statement_without_a_promise_carries_no_such_key)
{
    struct desk desk;
    begin(&desk);
    struct statement none = full();
    memset(&none.promise, 0, sizeof none.promise);
    none.promise.holder = PEER_NONE;
    size_t longer = desk.size;
    desk.size = wire_encode(&none, desk.bytes, sizeof desk.bytes);
    CHECK(desk.size < longer);
    CHECK_EQ(decode(&desk), WIRE_OK);
    CHECK_EQ(memcmp(&desk.statement, &none, sizeof none), 0);
    wire_close(&desk.wire);
}

TEST(the_largest_statement_fits_and_a_short_buffer_is_noticed)
{
    struct desk desk;
    begin(&desk);
    struct statement statement = full();
    CHECK(desk.size <= SIGNED_SIZE_MAX - 64);
    for (size_t size = 0; size < desk.size; size++)
        CHECK_EQ(wire_encode(&statement, desk.bytes, size), 0);
    CHECK_EQ(wire_encode(&statement, desk.bytes, desk.size), desk.size);
    wire_close(&desk.wire);
}

/* Nobody makes one; if somebody does, it is cut off at its field and refused by the receiver. */
TEST(a_version_that_does_not_end_is_not_read_beyond_its_field)
{
    struct desk desk;
    begin(&desk);
    struct statement statement = full();
    memset(statement.version, '1', VERSION_SIZE);
    desk.size = wire_encode(&statement, desk.bytes, sizeof desk.bytes);
    CHECK(desk.size > 0);
    CHECK_EQ(decode(&desk), WIRE_TYPE);
    wire_close(&desk.wire);
}

TEST(every_truncation_is_refused)
{
    struct desk desk;
    begin(&desk);
    for (size_t size = 0; size < desk.size; size++)
        CHECK_EQ(decode_bytes((const char *)desk.bytes, size), WIRE_TRUNCATED);
    wire_close(&desk.wire);
}

TEST(a_byte_after_the_map_is_refused)
{
    struct desk desk;
    begin(&desk);
    desk.bytes[desk.size++] = 0xc0;
    CHECK_EQ(decode(&desk), WIRE_TRAILING);
    wire_close(&desk.wire);
}

TEST(a_failed_decoding_leaves_the_result_alone)
{
    struct desk desk;
    begin(&desk);
    memset(&desk.statement, 0x5a, sizeof desk.statement);
    struct statement before = desk.statement;
    desk.size--;
    CHECK(decode(&desk) != WIRE_OK);
    CHECK_EQ(memcmp(&before, &desk.statement, sizeof before), 0);
    wire_close(&desk.wire);
}

#define ROW(verdict, text) {verdict, text, sizeof(text) - 1}

TEST(bad_input_is_refused_for_what_it_is)
{
    static const struct {
        enum wire_verdict verdict;
        const char *bytes;
        size_t size;
    } rows[] = {
        ROW(WIRE_TRUNCATED, ""),
        ROW(WIRE_TRUNCATED, "\xdd\xff\xff\xff\xff"), /* array32 of 4 billion */
        ROW(WIRE_TRUNCATED, "\xdf\xff\xff\xff\xff"),
        ROW(WIRE_TRUNCATED, "\xdf\x80\x00\x00\x00"), /* twice this count overflows 32 bits */
        ROW(WIRE_TRUNCATED, "\x81\x63\xdd\xff\xff\xff\xff"),
        ROW(WIRE_TRUNCATED, "\x81\x63\xdb\xff\xff\xff\xff"), /* str32 */
        ROW(WIRE_TRUNCATED, "\x81\x63\xc6\xff\xff\xff\xff"), /* bin32 */
        ROW(WIRE_TRUNCATED, "\x81\x63\xc9\xff\xff\xff\xff\x01"), /* ext32 */
        ROW(WIRE_TRUNCATED, "\xdd\x00\x00"),
        ROW(WIRE_TRUNCATED, "\xc1"), /* no msgpack at all */
        ROW(WIRE_NOT_A_MAP, "\x01"),
        ROW(WIRE_NOT_A_MAP, "\xc0"),
        ROW(WIRE_NOT_A_MAP, "\x90"),
        ROW(WIRE_NOT_A_MAP, "\xa1x"),
        ROW(WIRE_DUPLICATE, "\x82\x01\x00\x01\x01"),
        ROW(WIRE_DUPLICATE, "\x82\x63\x00\xcc\x63\x01"), /* unknown, and of another width */
        ROW(WIRE_TOO_DEEP, "\x81\x63\x91\x91\x91\x01"),
        ROW(WIRE_TOO_DEEP, "\x81\x63\x91\x91\x90"),
        ROW(WIRE_TYPE, "\x81\xa1\x31\x00"),     /* a text as key */
        ROW(WIRE_TYPE, "\x81\xff\x00"),         /* a negative key */
        ROW(WIRE_TYPE, "\x81\x01\xc0"),         /* from is nil */
        ROW(WIRE_TYPE, "\x81\x01\xcd\x01\x00"), /* from 256 */
        ROW(WIRE_TYPE, "\x81\x02\xff"),         /* boot -1 */
        ROW(WIRE_TYPE, "\x81\x03\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"), /* seq 1.0 */
        ROW(WIRE_TYPE, "\x81\x04\x92\x92\x00\x00\x92\x00\x00"), /* heard of two peers */
        ROW(WIRE_TYPE, "\x81\x04\x93\x91\x00\x91\x00\x91\x00"), /* marks without seq */
        ROW(WIRE_TYPE, "\x81\x08\xcf\x00\x00\x00\x01\x00\x00\x00\x00"), /* lease 2^32 */
        ROW(WIRE_TYPE, "\x81\x0b\x94\x00\x00\x00\x00"),
        ROW(WIRE_TYPE, "\x81\x10\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), /* wall 2^64-1 */
        ROW(WIRE_TYPE, "\x81\x11\xb0" "0123456789abcdef"), /* version of 16 bytes */
        ROW(WIRE_TYPE, "\x81\x11\xa2\x00\x31"),            /* a 0 in the text */
        ROW(WIRE_TYPE, "\x81\x12\x91\x00"),
        ROW(WIRE_TYPE, "\x81\x13\x00"),
        ROW(WIRE_TYPE, "\x81\x04\x93\x92\xc0\x00\x92\x00\x00\x92\x00\x00"), /* boot */
        ROW(WIRE_TYPE, "\x81\x05\x93\x92\x00\x00\x92\x00\x00\x92\x00\xc0"), /* seq */
        ROW(WIRE_TYPE, "\x81\x0b\x95\xff\x00\x00\x00\x00"),         /* promised epoch -1 */
        ROW(WIRE_TYPE, "\x81\x0b\x95\x00\xcd\x01\x00\x00\x00\x00"), /* to peer 256 */
        ROW(WIRE_TYPE, "\x81\x0b\x95\x00\x00\xff\x00\x00"),         /* for -1 ms */
        ROW(WIRE_TYPE, "\x81\x0b\x95\x00\x00\x00\xff\x00"),         /* answers boot -1 */
        ROW(WIRE_TYPE, "\x81\x0b\x95\x00\x00\x00\x00\xff"),         /* answers seq -1 */
        ROW(WIRE_TYPE, "\x81\x12\x92\xff\x00"),                      /* pause number -1 */
        ROW(WIRE_TYPE, "\x81\x12\x92\x00\xff"),                      /* pause of -1 ms */
        ROW(WIRE_TYPE, "\x81\x13\x94\x00\x00\x00\x00"), /* four ages */
        ROW(WIRE_TYPE, "\x81\x12\x93\x00\x00\x00"),     /* a pause of three parts */
        ROW(WIRE_TYPE, "\x81\x0b\x96\x00\x00\x00\x00\x00\x00"),
        ROW(WIRE_OK, "\x81\x63\x91\x91\xa0"), /* no text is no container */
        ROW(WIRE_OK, "\x81\x63\x91\x91\xc4\x00"),
        ROW(WIRE_TYPE, "\x81\x13\x93\x00\x00\xff"),                  /* heard -1 ms ago */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum wire_verdict verdict = decode_bytes(rows[i].bytes, rows[i].size);
        if (verdict != rows[i].verdict)
            printf("row %zu\n", i);
        CHECK_EQ(verdict, rows[i].verdict);
    }
}

TEST(unknown_keys_are_ignored_whatever_they_hold)
{
    static const char newer[] =
        "\x84\x01\x02\x63\x93\x01\xa1x\xc0\x64\xc4\x01y\xcd\x01\x00\x81\x00\x00";
    CHECK_EQ(decode_bytes(newer, sizeof newer - 1), WIRE_OK);
}

TEST(a_version_of_no_bytes_is_read_without_a_copy_from_nowhere)
{
    CHECK_EQ(decode_bytes("\x81\x11\xa0", 3), WIRE_OK);
}

TEST(more_elements_than_a_statement_needs_are_refused)
{
    uint8_t bytes[600] = {0x81, 0x63, 0xdc, 0x01, 0x00}; /* an array of 256 */
    CHECK_EQ(wire_walk(bytes, 5 + 256), WIRE_TOO_MANY);
}

TEST(no_random_bytes_and_no_flipped_bit_can_crash_it)
{
    struct desk desk;
    struct prng prng;
    begin(&desk);
    prng_init(&prng, 5);
    for (size_t bit = 0; bit < desk.size * 8; bit++) {
        desk.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        decode(&desk);
        desk.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (int i = 0; i < 20000; i++) {
        desk.size = prng_next(&prng) % 64;
        for (size_t k = 0; k < desk.size; k++)
            desk.bytes[k] = (uint8_t)prng_next(&prng);
        if (desk.size > 0 && i % 2 == 0)
            desk.bytes[0] = (uint8_t)(0x80 | (desk.bytes[0] & 0x0f));
        decode(&desk);
    }
    wire_close(&desk.wire);
}

TEST(a_statement_that_is_refused_late_leaves_the_result_alone_too)
{
    static const char late[] = "\x82\x01\x02\x02\xff"; /* from 2; boot -1 */
    struct desk desk;
    begin(&desk);
    memset(&desk.statement, 0x5a, sizeof desk.statement);
    struct statement before = desk.statement;
    CHECK_EQ(wire_decode(&desk.wire, (const uint8_t *)late, sizeof late - 1, &desk.statement),
             WIRE_TYPE);
    CHECK_EQ(memcmp(&before, &desk.statement, sizeof before), 0);
    wire_close(&desk.wire);
}

CHECK_MAIN
