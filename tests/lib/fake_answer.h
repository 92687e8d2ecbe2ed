/* fake_answer — the answers of fake_dns as bytes: honest ones, and all kinds of lies. */
#ifndef HOLDFAST_TESTS_FAKE_ANSWER_H
#define HOLDFAST_TESTS_FAKE_ANSWER_H

#include <ldns/rbtree.h>
#include <ldns/host2wire.h>
#include <ldns/tsig.h>
#include <ldns/wire2host.h>
#include <sodium.h>

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

/* An answer to `pkt` in ret; returns its size. */
static size_t fake_dns_compose(const ldns_pkt *pkt, enum fake_manner manner,
                               ldns_pkt_rcode rcode, uint8_t *ret)
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
    ldns_pkt_set_rcode(answer, (uint8_t)rcode);
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

static size_t fake_dns_answer(const uint8_t *bytes, size_t size, enum fake_manner manner,
                              ldns_pkt_rcode rcode, uint8_t *ret)
{
    static const char badtime[] = "\13hmac-sha256\0\0\0\0\0\0\1\1\x2c\0\0\0\0\0\x12"
                                  "\0\6\0\0\0\0\0\1";
    ldns_pkt *pkt = NULL;
    if (ldns_wire2pkt(&pkt, bytes, size) != LDNS_STATUS_OK)
        return 0;
    enum fake_manner base = manner;
    if (base == FAKE_CUT_TSIG || base == FAKE_BADTIME)
        base = FAKE_UNSIGNED;
    size_t len = fake_dns_compose(pkt, base, rcode, ret);
    ldns_pkt_free(pkt);
    switch (manner) {
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
    case FAKE_TWO_TSIGS:
        return fake_dns_add(ret, len, badtime, sizeof badtime - 1);
    case FAKE_FLIPPED:
        ret[randombytes_uniform((uint32_t)len)] ^= (uint8_t)(1 << randombytes_uniform(8));
        return len;
    default:
        return len;
    }
}

#endif
