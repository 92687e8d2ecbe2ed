/* zone_answer — what zone_dns says, as bytes. */
#ifndef HOLDFAST_TESTS_ZONE_ANSWER_H
#define HOLDFAST_TESTS_ZONE_ANSWER_H

#include <uv.h>

#include "check.h"
#include "dns_files.h"

enum zone_manner {
    ZONE_HONEST,
    ZONE_SILENT,
    ZONE_WRONG_ID,    /* ... and then an honest answer */
    ZONE_OTHER_NAME,  /* an answer to another question, and then an honest one */
    ZONE_FROM_OTHER,  /* a lie from another address, and then an honest answer */
    ZONE_CUT,         /* UDP: truncated; TCP: honest */
    ZONE_ALIAS,       /* a CNAME at the name */
};

struct zone_dns {
    uv_udp_t udp, other;
    uv_tcp_t tcp, peer;
    bool peer_open;
    uint16_t port;
    char address[16];
    enum zone_manner manner;
    int rcode;
    bool authoritative, recursion;
    const char *fence, *a, *aaaa; /* NULL = there is none */
    uint32_t ttl_s, minimum_s;
    const char *names[4]; /* the zone's servers, for NS; without a dot, below the zone */
    const char *named[4]; /* and their addresses */
    unsigned asked, asked_recursive, asked_tcp, asked_of_name_soa;
    uint8_t in[2 + 512], room[2 + 1024];
    size_t in_len;
};

static size_t zone_dns_put(uint8_t *at, uint32_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
    return size;
}

static size_t zone_dns_name(uint8_t *at, const char *name)
{
    size_t used = 0;
    while (*name != 0) {
        size_t length = strcspn(name, ".");
        at[used++] = (uint8_t)length;
        memcpy(at + used, name, length);
        used += length;
        name += length + (name[length] == '.');
    }
    at[used++] = 0;
    return used;
}

/* A record behind its owner's name. */
static size_t zone_dns_body(uint8_t *at, unsigned type, uint32_t ttl_s, const uint8_t *data,
                            size_t size)
{
    size_t used = zone_dns_put(at, type, 2);
    used += zone_dns_put(at + used, 1, 2);
    used += zone_dns_put(at + used, ttl_s, 4);
    used += zone_dns_put(at + used, (uint32_t)size, 2);
    memcpy(at + used, data, size);
    return used + size;
}

/* One record of the name that was asked for. */
static size_t zone_dns_record(uint8_t *at, unsigned type, uint32_t ttl_s, const uint8_t *data,
                              size_t size)
{
    size_t used = zone_dns_put(at, 0xc00c, 2);
    return used + zone_dns_body(at + used, type, ttl_s, data, size);
}

static size_t zone_dns_soa(const struct zone_dns *zone, uint8_t *at)
{
    uint8_t data[128];
    size_t used = zone_dns_name(data, "ns.example.com");
    used += zone_dns_name(data + used, "root.example.com");
    for (int i = 0; i < 4; i++)
        used += zone_dns_put(data + used, 3600, 4);
    used += zone_dns_put(data + used, zone->minimum_s, 4);
    size_t owner = zone_dns_name(at, "example.com");
    return owner + zone_dns_body(at + owner, 6, zone->minimum_s, data, used);
}

/* Data of the records of this name and type; returns how many. */
static unsigned zone_dns_find(const struct zone_dns *zone, const char *name, unsigned type,
                              uint8_t *at, size_t *ret_size)
{
    uint8_t data[256];
    unsigned count = 0;
    const char *value = NULL;
    bool pbx = strcmp(name, "pbx.example.com") == 0;
    *ret_size = 0;
    for (size_t i = 0; i < 4 && zone->names[i] != NULL; i++) {
        char whole[64];
        snprintf(whole, sizeof whole, "%s.example.com", zone->names[i]);
        if (type == 1 && strcmp(name, whole) == 0)
            value = zone->named[i];
        if (type == 2 && strcmp(name, "example.com") == 0) {
            size_t size = zone_dns_name(data, whole);
            *ret_size += zone_dns_record(at + *ret_size, type, zone->ttl_s, data, size);
            count++;
        }
    }
    if (pbx && zone->manner == ZONE_ALIAS) {
        *ret_size = zone_dns_record(at, 5, zone->ttl_s, data,
                                    zone_dns_name(data, "elsewhere.example.net"));
        return 1;
    }
    if (type == 16 && strcmp(name, "_holdfast.pbx.example.com") == 0 && zone->fence != NULL) {
        size_t length = strlen(zone->fence);
        data[0] = (uint8_t)length;
        memcpy(data + 1, zone->fence, length);
        *ret_size = zone_dns_record(at, type, zone->ttl_s, data, length + 1);
        return 1;
    }
    if (pbx && (type == 1 || type == 28))
        value = type == 1 ? zone->a : zone->aaaa;
    if (value == NULL)
        return count;
    inet_pton(type == 1 ? AF_INET : AF_INET6, value, data);
    *ret_size = zone_dns_record(at, type, zone->ttl_s, data, type == 1 ? 4 : 16);
    return 1;
}

static size_t zone_dns_answer(struct zone_dns *zone, const uint8_t *in, size_t size, bool cut,
                              uint8_t *ret)
{
    char name[128] = "";
    size_t at = 12, used = 0, length = 0;
    while (in[at] != 0 && at + in[at] + 5 < size) {
        snprintf(name + strlen(name), sizeof name - strlen(name), "%s%.*s",
                 name[0] != 0 ? "." : "", in[at], (const char *)in + at + 1);
        at += (size_t)in[at] + 1;
    }
    unsigned type = (unsigned)(in[at + 1] << 8 | in[at + 2]);
    bool recursive = (in[2] & 1) != 0;
    zone->asked++;
    zone->asked_recursive += recursive;
    zone->asked_of_name_soa += type == 6 && recursive && strcmp(name, "pbx.example.com") == 0;
    used = at + 5;
    memcpy(ret, in, used);
    memset(ret + 6, 0, 6);
    ret[2] = (uint8_t)(0x80 | (zone->authoritative ? 4 : 0) | (cut ? 2 : 0) | (in[2] & 1));
    ret[3] = (uint8_t)((zone->recursion ? 0x80 : 0) | zone->rcode);
    if (cut || zone->rcode != 0)
        return used;
    ret[7] = (uint8_t)zone_dns_find(zone, name, type, ret + used, &length);
    if (ret[7] == 0) {
        ret[9] = 1;
        length = zone_dns_soa(zone, ret + used);
    }
    return used + length;
}

#endif
