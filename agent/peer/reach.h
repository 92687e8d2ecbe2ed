/* reach — under which addresses is each peer to be reached?
 *
 * Room: every configured address (names resolved at the start and again every minute), and the
 * last verified source of a peer when it is none of them (1:1 NAT, a moved machine). Numeric
 * addresses never see a resolver. */
#ifndef HOLDFAST_PEER_REACH_H
#define HOLDFAST_PEER_REACH_H

#include <netinet/in.h>
#include <uv.h>

#include "config.h"
#include "err.h"

#define REACH_TARGET_MAX (ADDRESS_MAX * 2 + 1) /* places per peer */
#define REACH_TEXT_SIZE 64                     /* "[2001:db8::1]:9930" */

/* A socket address of either family. */
struct reach_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

struct reach_target {
    struct reach_address address;
    int door; /* index of the socket it came in by; -1 = any of its family */
};

struct reach;

/* The peers' addresses are copied. Starts resolving at the first turn of the loop. */
int reach_open(struct reach **ret, uv_loop_t *loop, const struct config *config, uint8_t self,
               struct err *err);
/* No callback comes after it; a running question to the resolver ends by itself. */
void reach_close(struct reach *reach);
/* Where to send for `peer`, each place once. Returns the count, at most REACH_TARGET_MAX. */
size_t reach_targets(const struct reach *reach, uint8_t peer,
                     struct reach_target ret[REACH_TARGET_MAX]);
/* A verified statement of `peer` came from there, in by that door. */
void reach_seen(struct reach *reach, uint8_t peer, const struct sockaddr *from, int door);
/* Takes over what reach_seen taught `old`. */
void reach_inherit(struct reach *reach, const struct reach *old);

/* Numeric address and port; false when `host` is a name. */
bool reach_parse(const struct endpoint *endpoint, struct reach_address *ret);
/* "203.0.113.10:9930" or "[::1]:9930". Any family is safe. */
void reach_text(const struct sockaddr *address, char ret[REACH_TEXT_SIZE]);

#endif
