#include "wire.h"

#include <string.h>

#define ZONE_SIZE 16384
#define ELEMENT_COUNT_MAX 160 /* a statement has about 60; the rest is for newer versions */
#define DEPTH_MAX 3

static_assert(ELEMENT_COUNT_MAX * sizeof(msgpack_object_kv) <= ZONE_SIZE,
              "what the walk lets through fits into the zone");

bool wire_open(struct wire *wire)
{
    return msgpack_zone_init(&wire->zone, ZONE_SIZE);
}

void wire_close(struct wire *wire)
{
    msgpack_zone_destroy(&wire->zone);
}

struct sink {
    uint8_t *bytes;
    size_t size, size_max;
};

static int on_write(void *data, const char *bytes, size_t size)
{
    struct sink *sink = data;
    if (size > sink->size_max - sink->size)
        return -1;
    memcpy(sink->bytes + sink->size, bytes, size);
    sink->size += size;
    return 0;
}

static int put(msgpack_packer *packer, enum wire_key key, uint64_t value)
{
    int failed = msgpack_pack_uint8(packer, (uint8_t)key);
    return failed | msgpack_pack_uint64(packer, value);
}

static int put_marks(msgpack_packer *packer, enum wire_key key, const struct mark *marks)
{
    int failed = msgpack_pack_uint8(packer, (uint8_t)key);
    failed |= msgpack_pack_array(packer, PEER_COUNT);
    for (size_t i = 0; i < PEER_COUNT; i++) {
        failed |= msgpack_pack_array(packer, 2);
        failed |= msgpack_pack_uint64(packer, marks[i].boot);
        failed |= msgpack_pack_uint64(packer, marks[i].seq);
    }
    return failed;
}

static int put_promise(msgpack_packer *packer, const struct promise_said *promise)
{
    int failed = msgpack_pack_uint8(packer, WIRE_PROMISE);
    failed |= msgpack_pack_array(packer, 5);
    failed |= msgpack_pack_uint64(packer, promise->epoch);
    failed |= msgpack_pack_uint8(packer, promise->holder);
    failed |= msgpack_pack_uint32(packer, promise->length_ms);
    failed |= msgpack_pack_uint64(packer, promise->answers.boot);
    return failed | msgpack_pack_uint64(packer, promise->answers.seq);
}

static int put_rest(msgpack_packer *packer, const struct statement *statement)
{
    const char *end = memchr(statement->version, '\0', VERSION_SIZE);
    size_t length = end == NULL ? VERSION_SIZE : (size_t)(end - statement->version);
    int failed = msgpack_pack_uint8(packer, WIRE_WALL_S);
    failed |= msgpack_pack_int64(packer, statement->wall_s);
    failed |= msgpack_pack_uint8(packer, WIRE_VERSION);
    failed |= msgpack_pack_str_with_body(packer, statement->version, length);
    failed |= msgpack_pack_uint8(packer, WIRE_PAUSE);
    failed |= msgpack_pack_array(packer, 2);
    failed |= msgpack_pack_uint64(packer, statement->pause.order);
    failed |= msgpack_pack_uint32(packer, statement->pause.left_ms);
    failed |= msgpack_pack_uint8(packer, WIRE_HEARD_AGE);
    failed |= msgpack_pack_array(packer, PEER_COUNT);
    for (size_t i = 0; i < PEER_COUNT; i++)
        failed |= msgpack_pack_uint32(packer, statement->heard_age_ms[i]);
    return failed;
}

size_t wire_encode(const struct statement *statement, uint8_t *ret, size_t size_max)
{
    struct sink sink = {.bytes = ret, .size_max = size_max};
    msgpack_packer packer;
    bool promises = statement->promise.epoch != 0;
    msgpack_packer_init(&packer, &sink, on_write);
    int failed = msgpack_pack_map(&packer, promises ? 19 : 18);
    failed |= put(&packer, WIRE_FROM, statement->from);
    failed |= put(&packer, WIRE_BOOT, statement->mark.boot);
    failed |= put(&packer, WIRE_SEQ, statement->mark.seq);
    failed |= put_marks(&packer, WIRE_HEARD, statement->heard);
    failed |= put_marks(&packer, WIRE_GREET, statement->greet);
    failed |= put(&packer, WIRE_SEEN_EPOCH, statement->seen_epoch);
    failed |= put(&packer, WIRE_CLAIM, statement->claim);
    failed |= put(&packer, WIRE_LEASE_MS, statement->lease_ms);
    failed |= put(&packer, WIRE_DRIFT_PPM, statement->drift_ppm);
    failed |= put(&packer, WIRE_RELEASED, statement->released);
    if (promises)
        failed |= put_promise(&packer, &statement->promise);
    failed |= put(&packer, WIRE_FLAGS, statement->flags);
    failed |= put(&packer, WIRE_UNFIT_MASK, statement->unfit_mask);
    failed |= put(&packer, WIRE_SETTINGS_HASH, statement->settings_hash);
    failed |= put(&packer, WIRE_MEMBERS_HASH, statement->members_hash);
    failed |= put_rest(&packer, statement);
    return failed == 0 ? sink.size : 0;
}

/* One element's header: how many bytes it takes, and how many elements follow inside it. */
struct element {
    size_t size;
    uint64_t children;
    bool container;
};

static uint64_t big_endian(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Bytes of the length or count field, and what is fixed beside it, for 0xc4..0xdf. */
static const struct kind {
    uint8_t field; /* size of the length field */
    uint8_t fixed; /* bytes of payload that are always there */
    uint8_t per;   /* elements per counted unit: 0 = bytes, 1 = array, 2 = map */
} kinds[] = {
    [0x04] = {1, 0, 0}, [0x05] = {2, 0, 0}, [0x06] = {4, 0, 0},  /* bin */
    [0x07] = {1, 1, 0}, [0x08] = {2, 1, 0}, [0x09] = {4, 1, 0},  /* ext */
    [0x0a] = {0, 4, 0}, [0x0b] = {0, 8, 0},                      /* float */
    [0x0c] = {0, 1, 0}, [0x0d] = {0, 2, 0}, [0x0e] = {0, 4, 0},  /* uint */
    [0x0f] = {0, 8, 0}, [0x10] = {0, 1, 0}, [0x11] = {0, 2, 0},  /* uint, int */
    [0x12] = {0, 4, 0}, [0x13] = {0, 8, 0},                      /* int */
    [0x14] = {0, 2, 0}, [0x15] = {0, 3, 0}, [0x16] = {0, 5, 0},  /* fixext */
    [0x17] = {0, 9, 0}, [0x18] = {0, 17, 0},                     /* fixext */
    [0x19] = {1, 0, 0}, [0x1a] = {2, 0, 0}, [0x1b] = {4, 0, 0},  /* str */
    [0x1c] = {2, 0, 1}, [0x1d] = {4, 0, 1},                      /* array */
    [0x1e] = {2, 0, 2}, [0x1f] = {4, 0, 2},                      /* map */
};

/* False when the header itself is cut off or not msgpack. */
static bool read_element(const uint8_t *bytes, size_t left, struct element *ret)
{
    uint8_t tag = bytes[0];
    *ret = (struct element){.size = 1};
    if (tag <= 0x7f || tag >= 0xe0 || tag == 0xc0 || tag == 0xc2 || tag == 0xc3)
        return true;
    if (tag < 0xa0) {
        ret->container = true;
        ret->children = (uint64_t)(tag & 0x0f) * (tag < 0x90 ? 2 : 1);
        return true;
    }
    if (tag < 0xc0) {
        ret->size += tag & 0x1f;
        return true;
    }
    if (tag == 0xc1)
        return false;
    const struct kind *kind = &kinds[tag - 0xc0];
    if (left < 1 + (size_t)kind->field)
        return false;
    uint64_t count = big_endian(bytes + 1, kind->field);
    ret->size += (size_t)kind->field + kind->fixed;
    ret->container = kind->per != 0;
    if (ret->container)
        ret->children = count * kind->per;
    else
        ret->size += (size_t)count;
    return true;
}

enum wire_verdict wire_walk(const uint8_t *bytes, size_t size)
{
    uint64_t open[DEPTH_MAX + 1] = {1}; /* elements still to come at each depth */
    size_t depth = 0, at = 0, elements = 0;
    struct element element;
    if (size == 0)
        return WIRE_TRUNCATED;
    for (;;) {
        while (depth > 0 && open[depth] == 0)
            depth--;
        if (depth == 0 && open[0] == 0)
            return at == size ? WIRE_OK : WIRE_TRAILING;
        if (at >= size || !read_element(bytes + at, size - at, &element))
            return WIRE_TRUNCATED;
        if (element.size > size - at || element.children > size - at)
            return WIRE_TRUNCATED; /* every child takes at least a byte */
        if (++elements > ELEMENT_COUNT_MAX)
            return WIRE_TOO_MANY;
        at += element.size;
        open[depth]--;
        if (!element.container)
            continue;
        if (depth == DEPTH_MAX)
            return WIRE_TOO_DEEP; /* also an empty one */
        if (element.children == 0)
            continue;
        open[++depth] = element.children;
    }
}

static bool take_number(const msgpack_object *object, uint64_t max, uint64_t *ret)
{
    if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER || object->via.u64 > max)
        return false;
    *ret = object->via.u64;
    return true;
}

static bool take_u32(const msgpack_object *object, uint32_t *ret)
{
    uint64_t value;
    if (!take_number(object, UINT32_MAX, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

static bool is_array(const msgpack_object *object, uint32_t size)
{
    return object->type == MSGPACK_OBJECT_ARRAY && object->via.array.size == size;
}

static bool take_peer(const msgpack_object *object, uint8_t *ret)
{
    uint64_t value;
    if (!take_number(object, UINT8_MAX, &value))
        return false;
    *ret = (uint8_t)value;
    return true;
}

static bool take_marks(const msgpack_object *object, struct mark *ret)
{
    if (!is_array(object, PEER_COUNT))
        return false;
    for (size_t i = 0; i < PEER_COUNT; i++) {
        const msgpack_object *pair = &object->via.array.ptr[i];
        if (!is_array(pair, 2) ||
            !take_number(&pair->via.array.ptr[0], UINT64_MAX, &ret[i].boot) ||
            !take_number(&pair->via.array.ptr[1], UINT64_MAX, &ret[i].seq))
            return false;
    }
    return true;
}

static bool take_promise(const msgpack_object *object, struct promise_said *ret)
{
    if (!is_array(object, 5))
        return false;
    const msgpack_object *items = object->via.array.ptr;
    return take_number(&items[0], UINT64_MAX, &ret->epoch) &&
           take_peer(&items[1], &ret->holder) && take_u32(&items[2], &ret->length_ms) &&
           take_number(&items[3], UINT64_MAX, &ret->answers.boot) &&
           take_number(&items[4], UINT64_MAX, &ret->answers.seq);
}

static bool take_ages(const msgpack_object *object, uint32_t *ret)
{
    if (!is_array(object, PEER_COUNT))
        return false;
    for (size_t i = 0; i < PEER_COUNT; i++)
        if (!take_u32(&object->via.array.ptr[i], &ret[i]))
            return false;
    return true;
}

static bool take_pause(const msgpack_object *object, struct pause_said *ret)
{
    return is_array(object, 2) &&
           take_number(&object->via.array.ptr[0], UINT64_MAX, &ret->order) &&
           take_u32(&object->via.array.ptr[1], &ret->left_ms);
}

static bool take_wall(const msgpack_object *object, int64_t *ret)
{
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER && object->via.u64 <= INT64_MAX)
        *ret = (int64_t)object->via.u64;
    else if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
        *ret = object->via.i64;
    else
        return false;
    return true;
}

static bool take_version(const msgpack_object *object, char *ret)
{
    if (object->type != MSGPACK_OBJECT_STR || object->via.str.size >= VERSION_SIZE)
        return false;
    memset(ret, 0, VERSION_SIZE);
    if (object->via.str.size == 0)
        return true; /* msgpack-c points nowhere then, which memcpy does not allow */
    memcpy(ret, object->via.str.ptr, object->via.str.size);
    return memchr(object->via.str.ptr, '\0', object->via.str.size) == NULL;
}

/* One known key. Unknown ones are true: a newer version may say more. */
static bool take_key(uint64_t key, const msgpack_object *value, struct statement *ret)
{
    switch (key) {
    case WIRE_FROM:
        return take_peer(value, &ret->from);
    case WIRE_BOOT:
        return take_number(value, UINT64_MAX, &ret->mark.boot);
    case WIRE_SEQ:
        return take_number(value, UINT64_MAX, &ret->mark.seq);
    case WIRE_HEARD:
        return take_marks(value, ret->heard);
    case WIRE_GREET:
        return take_marks(value, ret->greet);
    case WIRE_SEEN_EPOCH:
        return take_number(value, UINT64_MAX, &ret->seen_epoch);
    case WIRE_CLAIM:
        return take_number(value, UINT64_MAX, &ret->claim);
    case WIRE_LEASE_MS:
        return take_u32(value, &ret->lease_ms);
    case WIRE_DRIFT_PPM:
        return take_u32(value, &ret->drift_ppm);
    case WIRE_RELEASED:
        return take_number(value, UINT64_MAX, &ret->released);
    case WIRE_PROMISE:
        return take_promise(value, &ret->promise);
    case WIRE_FLAGS:
        return take_u32(value, &ret->flags);
    case WIRE_UNFIT_MASK:
        return take_u32(value, &ret->unfit_mask);
    case WIRE_SETTINGS_HASH:
        return take_number(value, UINT64_MAX, &ret->settings_hash);
    case WIRE_MEMBERS_HASH:
        return take_number(value, UINT64_MAX, &ret->members_hash);
    case WIRE_WALL_S:
        return take_wall(value, &ret->wall_s);
    case WIRE_VERSION:
        return take_version(value, ret->version);
    case WIRE_PAUSE:
        return take_pause(value, &ret->pause);
    case WIRE_HEARD_AGE:
        return take_ages(value, ret->heard_age_ms);
    default:
        return true;
    }
}

static enum wire_verdict take_map(const msgpack_object_map *map, struct statement *ret)
{
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *key = &map->ptr[i].key;
        if (key->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            return WIRE_TYPE;
        for (uint32_t j = 0; j < i; j++)
            if (map->ptr[j].key.via.u64 == key->via.u64)
                return WIRE_DUPLICATE;
        if (!take_key(key->via.u64, &map->ptr[i].val, ret))
            return WIRE_TYPE;
    }
    return WIRE_OK;
}

enum wire_verdict wire_decode(struct wire *wire, const uint8_t *bytes, size_t size,
                              struct statement *ret)
{
    struct statement statement;
    msgpack_object object;
    size_t offset = 0;
    enum wire_verdict verdict = wire_walk(bytes, size);
    if (verdict != WIRE_OK)
        return verdict;
    msgpack_zone_clear(&wire->zone);
    if (msgpack_unpack((const char *)bytes, size, &offset, &wire->zone, &object) !=
        MSGPACK_UNPACK_SUCCESS)
        return WIRE_TRUNCATED;
    if (object.type != MSGPACK_OBJECT_MAP)
        return WIRE_NOT_A_MAP;
    memset(&statement, 0, sizeof statement);
    statement.from = PEER_NONE;
    statement.promise.holder = PEER_NONE;
    verdict = take_map(&object.via.map, &statement);
    if (verdict == WIRE_OK)
        *ret = statement;
    return verdict;
}
