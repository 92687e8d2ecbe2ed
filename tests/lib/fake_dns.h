/* fake_dns — a DNS server inside the test's own loop that answers as badly as it is told to. */
#ifndef HOLDFAST_TESTS_FAKE_DNS_H
#define HOLDFAST_TESTS_FAKE_DNS_H

#include <ldns/rbtree.h>
#include <ldns/host2wire.h>
#include <ldns/tsig.h>
#include <ldns/wire2host.h>
#include <sodium.h>
#include <uv.h>

#include "check.h"
#include "dns_server.h"

enum fake_manner {
    FAKE_HONEST,     /* signed, `rcode` */
    FAKE_WRONG_ID,
    FAKE_NO_QR,
    FAKE_UNSIGNED,   /* `rcode` without a signature */
    FAKE_BAD_MAC,    /* signed with another secret */
    FAKE_OTHER_HASH, /* signed, but with another algorithm than asked with */
    FAKE_NOISE,      /* random bytes */
    FAKE_CUT_TSIG,   /* a TSIG whose rdata ends early */
    FAKE_TWO_TSIGS,
    FAKE_FLIPPED,    /* honest, one bit of it turned over */
    FAKE_CUT,        /* UDP: TC; TCP: honest */
    FAKE_SILENT,
    FAKE_BADTIME,    /* TSIG error 18, unsigned, with the server's time */
};

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

/* An answer to `pkt` in ret; returns its size. */
static size_t fake_dns_compose(const struct fake_dns *fake, const ldns_pkt *pkt,
                               enum fake_manner manner, uint8_t *ret)
{
    ldns_pkt *answer = ldns_pkt_new();
    uint8_t *wire = NULL;
    size_t size = 0;
    const ldns_rr *tsig = ldns_pkt_tsig(pkt);
    ldns_pkt_set_id(answer, (uint16_t)(ldns_pkt_id(pkt) + (manner == FAKE_WRONG_ID)));
    ldns_pkt_set_qr(answer, manner != FAKE_NO_QR);
    ldns_pkt_set_opcode(answer, ldns_pkt_get_opcode(pkt));
    ldns_pkt_set_aa(answer, true);
    ldns_pkt_set_tc(answer, manner == FAKE_CUT);
    ldns_pkt_set_rcode(answer, (uint8_t)fake->rcode);
    ldns_rr_list_push_rr(ldns_pkt_question(answer),
                         ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(pkt), 0)));
    ldns_pkt_set_qdcount(answer, 1);
    if (tsig != NULL && manner != FAKE_UNSIGNED)
        ldns_pkt_tsig_sign(answer, "upd.",
                           manner == FAKE_BAD_MAC ? DNS_SERVER_WRONG : DNS_SERVER_SECRET, 300,
                           manner == FAKE_OTHER_HASH ? "hmac-sha512." : "hmac-sha256.",
                           ldns_rr_rdf(tsig, 3));
    ldns_pkt2wire(&wire, answer, &size);
    memcpy(ret, wire, size);
    free(wire);
    ldns_pkt_free(answer);
    return size;
}

/* An empty TSIG in front of the additional section's end. */
static size_t fake_dns_add(uint8_t *reply, size_t size, const char *rdata, size_t rdata_size)
{
    static const uint8_t head[] = "\3upd\0\0\xfa\0\xff\0\0\0\0";
    memcpy(reply + size, head, sizeof head - 1);
    size += sizeof head - 1;
    reply[size++] = (uint8_t)(rdata_size >> 8);
    reply[size++] = (uint8_t)rdata_size;
    memcpy(reply + size, rdata, rdata_size);
    reply[11]++;
    return size + rdata_size;
}

static size_t fake_dns_answer(struct fake_dns *fake, const uint8_t *bytes, size_t size,
                              uint8_t *ret)
{
    static const char badtime[] = "\13hmac-sha256\0\0\0\0\0\0\1\1\x2c\0\0\0\0\0\x12\0\6\0\0\0\0\0\1";
    ldns_pkt *pkt = NULL;
    if (ldns_wire2pkt(&pkt, bytes, size) != LDNS_STATUS_OK)
        return 0;
    enum fake_manner base = fake->manner;
    if (base == FAKE_CUT_TSIG || base == FAKE_BADTIME)
        base = FAKE_UNSIGNED;
    if (fake->manner == FAKE_BADTIME)
        fake->rcode = LDNS_RCODE_NOTAUTH;
    size_t len = fake_dns_compose(fake, pkt, base, ret);
    ldns_pkt_free(pkt);
    switch (fake->manner) {
    case FAKE_NOISE:
        len = 1 + randombytes_uniform(600);
        randombytes_buf(ret, len);
        if (len > 3 && randombytes_uniform(2) == 0) {
            memcpy(ret, bytes, 2); /* the id is right at least */
            ret[2] = 0xa8;
        }
        return len;
    case FAKE_CUT_TSIG:
        return fake_dns_add(ret, len, badtime, randombytes_uniform(sizeof badtime - 2));
    case FAKE_BADTIME:
        return fake_dns_add(ret, len, badtime, sizeof badtime - 1);
    case FAKE_TWO_TSIGS:
        return fake_dns_add(ret, len, badtime, sizeof badtime - 1);
    case FAKE_FLIPPED:
        ret[randombytes_uniform((uint32_t)len)] ^= (uint8_t)(1 << randombytes_uniform(8));
        return len;
    default:
        return len;
    }
}

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
    enum fake_manner manner = fake->manner;
    for (int i = 0; i <= fake->honest_after; i++) {
        size_t len = fake_dns_answer(fake, (const uint8_t *)buf->base, (size_t)count,
                                     fake->reply);
        uv_buf_t out = uv_buf_init((char *)fake->reply, (unsigned)len);
        uv_udp_try_send(udp, &out, 1, from);
        fake->manner = FAKE_HONEST;
    }
    fake->manner = manner;
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
    enum fake_manner manner = fake->manner;
    fake->manner = manner == FAKE_CUT ? FAKE_HONEST : manner;
    size_t len = fake_dns_answer(fake, fake->in + 2, fake->in_len - 2, fake->reply + 2);
    fake->manner = manner;
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
    fake->port = dns_server_free_port();
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
