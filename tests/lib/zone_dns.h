/* zone_dns — a name server inside the test's own loop, for reading only: it says of one name what
 * it is told to say, as badly as it is told to, and counts who asked for what. */
#ifndef HOLDFAST_TESTS_ZONE_DNS_H
#define HOLDFAST_TESTS_ZONE_DNS_H

#include "zone_answer.h"

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
    zone->port = port != 0 ? port : port_free();
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
