/* packet — DNS requests as bytes, and what the bytes of a reply say. No I/O.
 *
 * Builds and reads with ldns, but a reply reaches ldns only after a walk of our own over its
 * bytes: ldns 1.8 loses memory, or trips, over doubled or mutilated TSIG and OPT records. */
#ifndef HOLDFAST_NODE_DNS_PACKET_H
#define HOLDFAST_NODE_DNS_PACKET_H

/* Before ldns, which would otherwise define bool as a signed char for all that follows. */
#include <stdbool.h>
/* Not ldns/ldns.h: it drags in OpenSSL, whose names collide with ours. */
#include <ldns/packet.h>
#include <ldns/rdata.h>
#include <ldns/rr.h>

#include "../../peer/keys.h"
#include "provider.h"

#define PACKET_KEY_TEXT KEYS_SECRET_SIZE /* bytes of a base64 secret and the final 0 */
#define PACKET_TSIG_BADSIG 16  /* RFC 8945, section 3 */
#define PACKET_TSIG_BADKEY 17
#define PACKET_TSIG_BADTIME 18

/* Key for TSIG. `secret` is base64 in locked memory of the owner. */
struct packet_key {
    char name[HOST_SIZE + 1]; /* with final dot */
    char algorithm[40];       /* "hmac-sha256." */
    char *secret;
};

/* The names that an update touches; absolute, with or without final dot. */
struct packet_names {
    char zone[HOST_SIZE];
    char name[HOST_SIZE];
    char fence[HOST_SIZE + 16];
};

/* One request. Zeroed = none; packet_free releases it. */
struct packet {
    uint8_t *bytes;
    size_t size;
    uint16_t id;
    bool update;     /* not a question */
    ldns_rdf *mac;   /* of the request, to verify the reply; NULL = not signed */
    ldns_rdf *owner; /* the question */
    ldns_rr_type type;
};

enum packet_verdict {
    PACKET_IGNORED,   /* not an answer to this request: wait on */
    PACKET_TRUNCATED, /* ask again over TCP */
    PACKET_ANSWER,
};

/* What an answer says, apart from its records. */
struct packet_answer {
    int rcode;
    int tsig_error;      /* 0 = none */
    bool has_tsig;
    bool verified;       /* signed, and the signature holds */
    bool authoritative;
    bool recursion;      /* the server would ask others for us */
    int64_t server_time; /* BADTIME only: the server's clock in s, else 0 */
};

/* Can requests be signed with it ("hmac-sha256.")? ldns 1.8 cannot do sha384, and loses memory
 * over a name that it does not know. */
bool packet_algorithm_works(const char *algorithm);
/* A question for one type, RD = 0. False: no memory, or not a name. */
bool packet_query(struct packet *ret, const char *name, ldns_rr_type type);
/* The same, signed: does the server take this key? False also for a key that cannot sign. */
bool packet_query_signed(struct packet *ret, const char *name, ldns_rr_type type,
                         const struct packet_key *key);
/* A question with RD = 1: for resolvers. */
bool packet_query_recursive(struct packet *ret, const char *name, ldns_rr_type type);
/* One UPDATE: the old fence as prerequisite, A, AAAA and fence replaced. key NULL = unsigned.
 * False: no memory, or a name, address or key that cannot be expressed. */
bool packet_update(struct packet *ret, const struct packet_names *names,
                   const struct packet_key *key, const struct provider_change *change);
void packet_free(struct packet *packet); /* zeroes it; a zeroed one is fine */

/* Judges bytes that came from the server's address. Never more than reads them.
 * A reply that is signed and does not verify is PACKET_IGNORED, except for the three TSIG
 * errors that a server cannot sign. */
enum packet_verdict packet_reply(const struct packet *request, const struct packet_key *key,
                                 const uint8_t *bytes, size_t size, struct packet_answer *ret);
/* Adds the records of an answer to `state`: TXT to the fence, A and AAAA to the addresses.
 * False: an alias (CNAME) is in the way, or the bytes are not usable. */
bool packet_collect(const struct packet *request, const uint8_t *bytes, size_t size,
                    struct provider_state *state);

#define PACKET_NAME_MAX 16 /* servers of a zone that are taken; 13 are usual at most */

/* What the records of an answer say, and for how long it may be kept. */
struct packet_seen {
    struct provider_state state; /* fence and addresses, as packet_collect has them */
    bool alias;        /* a CNAME or DNAME is in the way */
    bool found;        /* records of the asked type, or an alias; then ... */
    uint32_t ttl_s;    /* ... the least time left among them */
    bool has_soa;      /* as the answer, or beside an empty one; then ... */
    uint32_t negative_s;    /* ... how long "there is none" may be kept, */
    uint32_t soa_minimum_s; /* ... what the zone says of that, */
    char zone[HOST_SIZE];   /* ... and which zone it is */
    char names[PACKET_NAME_MAX][HOST_SIZE]; /* of a question for NS; no final dot */
    size_t name_count;
};
/* False: not usable bytes. About 6 KiB. */
bool packet_see(const struct packet *request, const uint8_t *bytes, size_t size,
                struct packet_seen *ret);

#endif
