/* packet_walk — see packet_walk.h.
 *
 * Happy path: header, question, records are stepped over; the TSIG is looked into.
 * Failure modes: false at the first thing that does not fit. Time is bounded: every record
 * takes at least 11 bytes, a name's pointers lead only backwards. */
#include "packet_walk.h"

#include <string.h>

#define HEADER_SIZE 12
#define NAME_SIZE_MAX 255 /* bytes of one name, RFC 1035 */
#define TYPE_OPT 41
#define TYPE_TSIG 250
#define TSIG_MAC_MAX 64 /* bytes: sha512 */
#define TSIG_OTHER_MAX 6

static uint16_t u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

/* Whole name at `at`, pointers followed: is it sound? */
static bool name_is_sound(const uint8_t *bytes, size_t size, size_t at)
{
    size_t length = 0;
    while (at < size && bytes[at] != 0) {
        if ((bytes[at] & 0xc0) == 0xc0) {
            if (size - at < 2)
                return false;
            size_t to = (size_t)(bytes[at] & 0x3f) << 8 | bytes[at + 1];
            if (to >= at || to < HEADER_SIZE)
                return false;
            at = to;
            length += 2; /* many pointers in a row end here, too */
        } else {
            if (bytes[at] > 63)
                return false;
            length += (size_t)bytes[at] + 1;
            at += (size_t)bytes[at] + 1;
        }
        if (length > (size_t)2 * NAME_SIZE_MAX)
            return false;
    }
    return at < size;
}

/* Steps over a name; false when it is not sound. */
static bool skip_name(const uint8_t *bytes, size_t size, size_t *at)
{
    if (!name_is_sound(bytes, size, *at))
        return false;
    size_t here = *at;
    while (bytes[here] != 0 && bytes[here] < 64)
        here += (size_t)bytes[here] + 1;
    *at = here + (bytes[here] == 0 ? 1 : 2);
    return true;
}

/* Fields of a TSIG's rdata between `at` and `end`; they must fill it exactly. */
static bool look_into_tsig(struct packet_walk *walk, size_t at, size_t end)
{
    const uint8_t *bytes = walk->bytes;
    walk->tsig = at;
    if (!skip_name(bytes, end, &at) || end - at < 10)
        return false;
    walk->mac_size = u16(bytes + at + 8);
    at += 10;
    if (walk->mac_size > TSIG_MAC_MAX || end - at < walk->mac_size + 6)
        return false;
    at += walk->mac_size;
    walk->tsig_error = u16(bytes + at + 2);
    size_t other = u16(bytes + at + 4);
    at += 6;
    if (other > TSIG_OTHER_MAX || end - at != other)
        return false;
    for (size_t i = 0; other == TSIG_OTHER_MAX && i < other; i++)
        walk->tsig_server_time = walk->tsig_server_time << 8 | bytes[at + i];
    return true;
}

/* One record of any section but the question. */
static bool skip_record(struct packet_walk *walk, size_t *at, bool is_last)
{
    const uint8_t *bytes = walk->bytes;
    if (!skip_name(bytes, walk->size, at) || walk->size - *at < 10)
        return false;
    unsigned type = u16(bytes + *at);
    size_t length = u16(bytes + *at + 8);
    *at += 10;
    if (walk->size - *at < length || type == TYPE_OPT)
        return false;
    if (type == TYPE_TSIG && (!is_last || !look_into_tsig(walk, *at, *at + length)))
        return false;
    *at += length;
    return true;
}

bool packet_walk(const uint8_t *bytes, size_t size, struct packet_walk *ret)
{
    memset(ret, 0, sizeof *ret);
    if (size < HEADER_SIZE || size > UINT16_MAX)
        return false;
    ret->bytes = bytes;
    ret->size = size;
    ret->id = u16(bytes);
    ret->is_reply = (bytes[2] & 0x80) != 0;
    unsigned questions = u16(bytes + 4), additional = u16(bytes + 10);
    unsigned records = u16(bytes + 6) + u16(bytes + 8) + additional;
    size_t at = HEADER_SIZE;
    if (questions > 1)
        return false;
    if (questions == 1) {
        if (!skip_name(bytes, size, &at) || size - at < 4)
            return false;
        at += 4;
    }
    for (unsigned i = 0; i < records; i++) {
        if (!skip_record(ret, &at, additional > 0 && i + 1 == records))
            return false;
    }
    return at == size;
}
