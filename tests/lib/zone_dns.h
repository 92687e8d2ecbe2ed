/* zone_dns — a name server inside the test's own loop, for reading only: it says of one name what
 * it is told to say, as badly as it is told to, and counts who asked for what. */
#ifndef HOLDFAST_TESTS_ZONE_DNS_H
#define HOLDFAST_TESTS_ZONE_DNS_H

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

/* One record of the name that was asked for, or (zone) of the zone. */
static size_t zone_dns_record(uint8_t *at, bool zone, unsigned type, uint32_t ttl_s,
                              const uint8_t *data, size_t size)
{
    size_t used = zone ? zone_dns_name(at, "example.com") : zone_dns_put(at, 0xc00c, 2);
    used += zone_dns_put(at + used, type, 2);
    used += zone_dns_put(at + used, 1, 2);
    used += zone_dns_put(at + used, ttl_s, 4);
    used += zone_dns_put(at + used, (uint32_t)size, 2);
    memcpy(at + used, data, size);
    return used + size;
}

static size_t zone_dns_soa(const struct zone_dns *zone, uint8_t *at)
{
    uint8_t data[128];
    size_t used = zone_dns_name(data, "ns.example.com");
    used += zone_dns_name(data + used, "root.example.com");
    for (int i = 0; i < 4; i++)
        used += zone_dns_put(data + used, 3600, 4);
    used += zone_dns_put(data + used, zone->minimum_s, 4);
    return zone_dns_record(at, true, 6, zone->minimum_s, data, used);
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
            *ret_size += zone_dns_record(at + *ret_size, false, type, zone->ttl_s, data, size);
            count++;
        }
    }
    if (pbx && zone->manner == ZONE_ALIAS) {
        *ret_size = zone_dns_record(at, false, 5, zone->ttl_s, data,
                                    zone_dns_name(data, "elsewhere.example.net"));
        return 1;
    }
    if (type == 16 && strcmp(name, "_holdfast.pbx.example.com") == 0 && zone->fence != NULL) {
        size_t length = strlen(zone->fence);
        data[0] = (uint8_t)length;
        memcpy(data + 1, zone->fence, length);
        *ret_size = zone_dns_record(at, false, type, zone->ttl_s, data, length + 1);
        return 1;
    }
    if (pbx && (type == 1 || type == 28))
        value = type == 1 ? zone->a : zone->aaaa;
    if (value == NULL)
        return count;
    inet_pton(type == 1 ? AF_INET : AF_INET6, value, data);
    *ret_size = zone_dns_record(at, false, type, zone->ttl_s, data, type == 1 ? 4 : 16);
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

static void zone_dns_on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct zone_dns *zone = handle->data;
    (void)size;
    *buf = uv_buf_init((char *)zone->in, sizeof zone->in);
}

static void zone_dns_send(uv_udp_t *from, uint8_t *bytes, size_t size, const struct sockaddr *to)
{
    uv_buf_t out = uv_buf_init((char *)bytes, (unsigned)size);
    uv_udp_try_send(from, &out, 1, to);
}

/* What somebody else would like to be believed. */
static void zone_dns_lie(struct zone_dns *zone, const uint8_t *in, size_t size,
                         const struct sockaddr *to)
{
    struct zone_dns liar = *zone;
    liar.a = "203.0.113.66";
    size_t length = zone_dns_answer(&liar, in, size, false, zone->room);
    if (zone->manner == ZONE_WRONG_ID)
        zone->room[0] ^= 0x55;
    if (zone->manner == ZONE_OTHER_NAME)
        zone->room[13] ^= 1;
    zone_dns_send(zone->manner == ZONE_FROM_OTHER ? &zone->other : &zone->udp, zone->room, length,
                  to);
}

static void zone_dns_on_datagram(uv_udp_t *udp, ssize_t count, const uv_buf_t *buf,
                                 const struct sockaddr *from, unsigned flags)
{
    struct zone_dns *zone = udp->data;
    const uint8_t *in = (const uint8_t *)buf->base;
    (void)flags;
    if (count < 17 || from == NULL)
        return;
    if (zone->manner == ZONE_SILENT) {
        zone->asked++;
        return;
    }
    if (zone->manner == ZONE_WRONG_ID || zone->manner == ZONE_OTHER_NAME ||
        zone->manner == ZONE_FROM_OTHER)
        zone_dns_lie(zone, in, (size_t)count, from);
    size_t size =
        zone_dns_answer(zone, in, (size_t)count, zone->manner == ZONE_CUT, zone->room);
    zone_dns_send(udp, zone->room, size, from);
}

/* ---- TCP: one after the other ---- */

static void zone_dns_on_peer_closed(uv_handle_t *handle)
{
    struct zone_dns *zone = handle->data;
    zone->peer_open = false;
    if (!uv_is_closing((uv_handle_t *)&zone->tcp))
        zone->tcp.connection_cb((uv_stream_t *)&zone->tcp, 0); /* who waits meanwhile */
}

static void zone_dns_on_alloc_stream(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct zone_dns *zone = handle->data;
    (void)size;
    *buf = uv_buf_init((char *)zone->in + zone->in_len,
                       (unsigned)(sizeof zone->in - zone->in_len));
}

static void zone_dns_on_stream(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct zone_dns *zone = stream->data;
    (void)buf;
    zone->in_len += count > 0 ? (size_t)count : 0;
    size_t size = zone->in_len < 2 ? 0 : (size_t)(zone->in[0] << 8 | zone->in[1]);
    if (count >= 0 && (size == 0 || zone->in_len < size + 2))
        return;
    if (count >= 0) {
        zone->asked_tcp++;
        size_t length = zone_dns_answer(zone, zone->in + 2, size, false, zone->room + 2);
        zone_dns_put(zone->room, (uint32_t)length, 2);
        uv_buf_t out = uv_buf_init((char *)zone->room, (unsigned)length + 2);
        uv_try_write(stream, &out, 1);
    }
    uv_close((uv_handle_t *)stream, zone_dns_on_peer_closed);
}

static void zone_dns_on_connection(uv_stream_t *server, int status)
{
    struct zone_dns *zone = server->data;
    if (status != 0 || zone->peer_open)
        return;
    uv_tcp_init(server->loop, &zone->peer);
    zone->peer.data = zone;
    zone->in_len = 0;
    if (uv_accept(server, (uv_stream_t *)&zone->peer) != 0) {
        uv_close((uv_handle_t *)&zone->peer, NULL);
        return;
    }
    zone->peer_open = true;
    uv_read_start((uv_stream_t *)&zone->peer, zone_dns_on_alloc_stream, zone_dns_on_stream);
}

/* Listens on 127.0.0.`host` at this port; 0: at a free one. Honest, and knows nothing yet. */
static void zone_dns_open(struct zone_dns *zone, uv_loop_t *loop, int host, uint16_t port)
{
    struct sockaddr_in at;
    memset(zone, 0, sizeof *zone);
    snprintf(zone->address, sizeof zone->address, "127.0.0.%d", host);
    zone->port = port != 0 ? port : dns_server_free_port();
    zone->ttl_s = 30;
    zone->minimum_s = 5;
    uv_ip4_addr(zone->address, zone->port, &at);
    uv_udp_init(loop, &zone->udp);
    uv_udp_init(loop, &zone->other);
    uv_tcp_init(loop, &zone->tcp);
    zone->udp.data = zone->other.data = zone->tcp.data = zone;
    CHECK_EQ(uv_udp_bind(&zone->udp, (struct sockaddr *)&at, 0), 0);
    CHECK_EQ(uv_tcp_bind(&zone->tcp, (struct sockaddr *)&at, 0), 0);
    CHECK_EQ(uv_listen((uv_stream_t *)&zone->tcp, 8, zone_dns_on_connection), 0);
    uv_ip4_addr(zone->address, 0, &at);
    CHECK_EQ(uv_udp_bind(&zone->other, (struct sockaddr *)&at, 0), 0);
    uv_udp_recv_start(&zone->udp, zone_dns_on_alloc, zone_dns_on_datagram);
}

static void zone_dns_close(struct zone_dns *zone)
{
    uv_close((uv_handle_t *)&zone->udp, NULL);
    uv_close((uv_handle_t *)&zone->other, NULL);
    uv_close((uv_handle_t *)&zone->tcp, NULL);
    if (zone->peer_open && !uv_is_closing((uv_handle_t *)&zone->peer))
        uv_close((uv_handle_t *)&zone->peer, NULL);
}

#endif
