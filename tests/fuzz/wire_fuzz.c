/* wire — the decoder of statements against msgpack-c's unpacker and a table of the specification.
 *
 * Whatever is accepted, msgpack-c parses to one map that ends with the bytes, and the table, which
 * knows nothing of wire.c, reads the same numbers from it. Whatever msgpack-c cannot parse is
 * refused; and what the table accepts, wire accepts. Decoding, encoding, decoding changes nothing.
 * Input: the bytes of a body. */
#include "fuzz.h"
#include "proto/wire.h"

#define KEY_MAX 19
#define VALUE_MAX 6
#define ELEMENT_MAX 160

static struct wire wire;

/* One key of the specification: `groups` lists of `size` numbers, each at most max. */
static const struct row {
    uint8_t groups; /* 0: a plain number */
    uint8_t size;   /* of each group; with groups 1: one list of numbers */
    uint64_t max[VALUE_MAX];
} rows[KEY_MAX + 1] = {
    [1] = {0, 1, {UINT8_MAX}},
    [2] = {0, 1, {UINT64_MAX}},
    [3] = {0, 1, {UINT64_MAX}},
    [4] = {3, 2, {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
    [5] = {3, 2, {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}},
    [6] = {0, 1, {UINT64_MAX}},
    [7] = {0, 1, {UINT64_MAX}},
    [8] = {0, 1, {UINT32_MAX}},
    [9] = {0, 1, {UINT32_MAX}},
    [10] = {0, 1, {UINT64_MAX}},
    [11] = {1, 5, {UINT64_MAX, UINT8_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX}},
    [12] = {0, 1, {UINT32_MAX}},
    [13] = {0, 1, {UINT32_MAX}},
    [14] = {0, 1, {UINT64_MAX}},
    [15] = {0, 1, {UINT64_MAX}},
    [18] = {1, 2, {UINT64_MAX, UINT32_MAX}},
    [19] = {1, 3, {UINT32_MAX, UINT32_MAX, UINT32_MAX}},
};

/* A statement as the numbers of its keys. */
struct flat {
    uint64_t value[KEY_MAX + 1][VALUE_MAX];
    char version[VERSION_SIZE];
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    FUZZ_CHECK(wire_open(&wire));
    return 0;
}

static void flatten(const struct statement *said, struct flat *ret)
{
    const struct promise_said *promise = &said->promise;
    const uint64_t simple[KEY_MAX + 1] = {
        [1] = said->from,          [2] = said->mark.boot,      [3] = said->mark.seq,
        [6] = said->seen_epoch,    [7] = said->claim,          [8] = said->lease_ms,
        [9] = said->drift_ppm,     [10] = said->released,      [11] = promise->epoch,
        [12] = said->flags,        [13] = said->unfit_mask,    [14] = said->settings_hash,
        [15] = said->members_hash, [16] = (uint64_t)said->wall_s, [18] = said->pause.order};
    memset(ret, 0, sizeof *ret);
    for (size_t key = 0; key <= KEY_MAX; key++)
        ret->value[key][0] = simple[key];
    for (size_t i = 0; i < PEER_COUNT; i++) {
        ret->value[4][2 * i] = said->heard[i].boot;
        ret->value[4][2 * i + 1] = said->heard[i].seq;
        ret->value[5][2 * i] = said->greet[i].boot;
        ret->value[5][2 * i + 1] = said->greet[i].seq;
        ret->value[19][i] = said->heard_age_ms[i];
    }
    ret->value[11][1] = promise->holder;
    ret->value[11][2] = promise->length_ms;
    ret->value[11][3] = promise->answers.boot;
    ret->value[11][4] = promise->answers.seq;
    ret->value[18][1] = said->pause.left_ms;
    memcpy(ret->version, said->version, VERSION_SIZE);
}

static bool number_of(const msgpack_object *object, uint64_t max, uint64_t *ret)
{
    *ret = object->via.u64;
    return object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 <= max;
}

static bool list_of(const msgpack_object *object, const struct row *row, size_t from,
                    uint64_t *ret)
{
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size != row->size)
        return false;
    for (size_t i = 0; i < row->size; i++)
        if (!number_of(&object->via.array.ptr[i], row->max[from + i], &ret[from + i]))
            return false;
    return true;
}

static bool wall_of(const msgpack_object *object, uint64_t *ret)
{
    if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        *ret = (uint64_t)object->via.i64;
    else if (!number_of(object, INT64_MAX, ret))
        return false;
    return true;
}

static bool version_of(const msgpack_object *object, char ret[VERSION_SIZE])
{
    if (object->type != MSGPACK_OBJECT_STR || object->via.str.size >= VERSION_SIZE)
        return false;
    memset(ret, 0, VERSION_SIZE);
    if (object->via.str.size > 0)
        memcpy(ret, object->via.str.ptr, object->via.str.size);
    return strlen(ret) == object->via.str.size;
}

static bool value_of(uint64_t key, const msgpack_object *object, struct flat *ret)
{
    if (key == 16)
        return wall_of(object, ret->value[key]);
    if (key == 17)
        return version_of(object, ret->version);
    if (key == 0 || key > KEY_MAX)
        return true; /* of a newer version */
    const struct row *row = &rows[key];
    if (row->groups == 0)
        return number_of(object, row->max[0], ret->value[key]);
    if (row->groups == 1)
        return list_of(object, row, 0, ret->value[key]);
    if (object->type != MSGPACK_OBJECT_ARRAY || object->via.array.size != row->groups)
        return false;
    for (size_t i = 0; i < row->groups; i++)
        if (!list_of(&object->via.array.ptr[i], row, i * row->size, ret->value[key]))
            return false;
    return true;
}

/* The specification's reading of what msgpack-c found. */
static bool read_map(const msgpack_object *object, struct flat *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->value[1][0] = ret->value[11][1] = PEER_NONE;
    if (object->type != MSGPACK_OBJECT_MAP)
        return false;
    for (uint32_t i = 0; i < object->via.map.size; i++) {
        const msgpack_object_kv *pair = &object->via.map.ptr[i];
        if (pair->key.type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (object->via.map.ptr[j].key.via.u64 == pair->key.via.u64)
                return false;
        if (!value_of(pair->key.via.u64, &pair->val, ret))
            return false;
    }
    return true;
}

/* Elements below and including the object; the depth of its deepest container. */
static size_t count_of(const msgpack_object *object, size_t depth, size_t *deepest)
{
    size_t count = 1;
    bool map = object->type == MSGPACK_OBJECT_MAP;
    if (!map && object->type != MSGPACK_OBJECT_ARRAY)
        return 1;
    *deepest = depth > *deepest ? depth : *deepest;
    uint32_t size = map ? object->via.map.size : object->via.array.size;
    for (uint32_t i = 0; i < size; i++) {
        if (map)
            count += count_of(&object->via.map.ptr[i].key, depth + 1, deepest);
        count += count_of(map ? &object->via.map.ptr[i].val : &object->via.array.ptr[i],
                          depth + 1, deepest);
    }
    return count;
}

/* msgpack-c allocates by the declared count: no byte that could declare more than there is. */
static bool is_harmless(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool wide = bytes[i] == 0xdd || bytes[i] == 0xdf;
        size_t field = wide ? 4 : 2;
        uint64_t count = 0;
        if (!wide && bytes[i] != 0xdc && bytes[i] != 0xde)
            continue;
        for (size_t k = 1; k <= field && i + k < size; k++)
            count = count << 8 | bytes[i + k];
        if (i + field < size && count > size)
            return false;
    }
    return true;
}

static void check_round(const struct statement *first)
{
    static uint8_t bytes[DATAGRAM_SIZE_MAX], again[DATAGRAM_SIZE_MAX];
    struct statement said = *first, second;
    struct flat one, two;
    if (said.promise.epoch == 0) /* then the rest of a promise is not said */
        said.promise = (struct promise_said){.holder = PEER_NONE};
    size_t size = wire_encode(&said, bytes, sizeof bytes);
    FUZZ_CHECK(size > 0 && size <= SIGNED_SIZE_MAX - 64);
    FUZZ_CHECK(wire_decode(&wire, bytes, size, &second) == WIRE_OK);
    flatten(&said, &one);
    flatten(&second, &two);
    FUZZ_CHECK(memcmp(&one, &two, sizeof one) == 0);
    FUZZ_CHECK(wire_encode(&second, again, sizeof again) == size);
    FUZZ_CHECK(memcmp(bytes, again, size) == 0);
    FUZZ_CHECK(wire_encode(&second, again, size - 1) == 0);
}

static void check_against(const msgpack_object *object, bool whole, bool accepted,
                          const struct statement *said)
{
    struct flat expected, found;
    size_t deepest = 0;
    bool good = whole && read_map(object, &expected);
    if (accepted) {
        FUZZ_CHECK(good);
        flatten(said, &found);
        FUZZ_CHECK(memcmp(&expected, &found, sizeof found) == 0);
    } else if (good) {
        size_t count = count_of(object, 1, &deepest);
        FUZZ_CHECK(count > ELEMENT_MAX || deepest > 3);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct statement said;
    memset(&said, 0x5a, sizeof said);
    struct statement before = said;
    enum wire_verdict verdict = wire_decode(&wire, data, size, &said);
    bool accepted = verdict == WIRE_OK;
    FUZZ_CHECK(accepted || memcmp(&before, &said, sizeof said) == 0);
    enum wire_verdict walked = wire_walk(data, size);
    FUZZ_CHECK(walked == WIRE_OK || walked == verdict);
    if (accepted || is_harmless(data, size)) {
        msgpack_unpacked unpacked;
        size_t offset = 0;
        msgpack_unpacked_init(&unpacked);
        bool parsed = msgpack_unpack_next(&unpacked, (const char *)data, size, &offset) ==
                      MSGPACK_UNPACK_SUCCESS;
        FUZZ_CHECK(parsed || !accepted);
        if (parsed)
            check_against(&unpacked.data, offset == size, accepted, &said);
        msgpack_unpacked_destroy(&unpacked);
    }
    if (accepted) {
        (void)statement_check(&said);
        check_round(&said);
    }
    return 0;
}
