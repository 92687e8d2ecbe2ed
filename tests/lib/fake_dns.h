/* fake_dns — a DNS server inside the test's own loop that answers as badly as it is told to. */
#ifndef HOLDFAST_TESTS_FAKE_DNS_H
#define HOLDFAST_TESTS_FAKE_DNS_H

#include <uv.h>

#include "check.h"
#include "fake_answer.h"

struct fake_dns {
    uv_udp_t udp;
    uv_tcp_t tcp, peer;
    bool peer_open;
    uint16_t port;
    enum fake_manner manner;
    ldns_pkt_rcode rcode;
    unsigned heard, heard_tcp;
    bool honest_after; /* the manner once per datagram, then an honest answer, too */
    uint8_t reply[2 + 4096], in[2 + 4096];
    size_t in_len;
    uint8_t udp_in[4096];
};

static void fake_dns_on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct fake_dns *fake = handle->data;
    (void)size;
    *buf = uv_buf_init((char *)fake->udp_in, sizeof fake->udp_in);
}

static void fake_dns_on_datagram(uv_udp_t *udp, ssize_t count, const uv_buf_t *buf,
                                 const struct sockaddr *from, unsigned flags)
{
    struct fake_dns *fake = udp->data;
    (void)flags;
    if (count <= 0 || from == NULL)
        return;
    fake->heard++;
    if (fake->manner == FAKE_SILENT)
        return;
    int answers = fake->honest_after ? 2 : 1;
    for (int i = 0; i < answers; i++) {
        size_t len = fake_dns_answer((const uint8_t *)buf->base, (size_t)count,
                                     i == 0 ? fake->manner : FAKE_HONEST, fake->rcode,
                                     fake->reply);
        uv_buf_t out = uv_buf_init((char *)fake->reply, (unsigned)len);
        uv_udp_try_send(udp, &out, 1, from);
    }
}

static void fake_dns_on_alloc_stream(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct fake_dns *fake = handle->data;
    (void)size;
    *buf = uv_buf_init((char *)fake->in + fake->in_len,
                       (unsigned)(sizeof fake->in - fake->in_len));
}

/* Answers in two pieces, so that the reader has to put them together. */
static void fake_dns_on_stream(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct fake_dns *fake = stream->data;
    (void)buf;
    if (count < 0) {
        uv_close((uv_handle_t *)stream, NULL);
        fake->peer_open = false;
        return;
    }
    fake->in_len += (size_t)count;
    if (fake->in_len < 2 || fake->in_len < 2u + (size_t)(fake->in[0] << 8 | fake->in[1]))
        return;
    fake->heard_tcp++;
    enum fake_manner manner = fake->manner == FAKE_CUT ? FAKE_HONEST : fake->manner;
    size_t len = fake_dns_answer(fake->in + 2, fake->in_len - 2, manner, fake->rcode,
                                 fake->reply + 2);
    fake->reply[0] = (uint8_t)(len >> 8);
    fake->reply[1] = (uint8_t)len;
    uv_buf_t first = uv_buf_init((char *)fake->reply, 1);
    uv_buf_t rest = uv_buf_init((char *)fake->reply + 1, (unsigned)len + 1);
    uv_try_write(stream, &first, 1);
    uv_try_write(stream, &rest, 1);
}

static void fake_dns_on_connection(uv_stream_t *server, int status)
{
    struct fake_dns *fake = server->data;
    if (status != 0 || fake->peer_open)
        return;
    uv_tcp_init(server->loop, &fake->peer);
    fake->peer.data = fake;
    fake->peer_open = true;
    fake->in_len = 0;
    uv_accept(server, (uv_stream_t *)&fake->peer);
    uv_read_start((uv_stream_t *)&fake->peer, fake_dns_on_alloc_stream, fake_dns_on_stream);
}

static void fake_dns_open(struct fake_dns *fake, uv_loop_t *loop, enum fake_manner manner)
{
    struct sockaddr_in at;
    memset(fake, 0, sizeof *fake);
    fake->manner = manner;
    fake->port = port_free();
    uv_ip4_addr("127.0.0.1", fake->port, &at);
    uv_udp_init(loop, &fake->udp);
    uv_tcp_init(loop, &fake->tcp);
    fake->udp.data = fake->tcp.data = fake;
    CHECK_EQ(uv_udp_bind(&fake->udp, (struct sockaddr *)&at, 0), 0);
    CHECK_EQ(uv_tcp_bind(&fake->tcp, (struct sockaddr *)&at, 0), 0);
    CHECK_EQ(uv_listen((uv_stream_t *)&fake->tcp, 4, fake_dns_on_connection), 0);
    uv_udp_recv_start(&fake->udp, fake_dns_on_alloc, fake_dns_on_datagram);
}

static void fake_dns_close(struct fake_dns *fake)
{
    uv_close((uv_handle_t *)&fake->udp, NULL);
    uv_close((uv_handle_t *)&fake->tcp, NULL);
    if (fake->peer_open)
        uv_close((uv_handle_t *)&fake->peer, NULL);
}

#endif
