/* socket — UDP in and out: datagrams as they are, no word of what is in them.
 *
 * Room: one socket per listen address; what comes in is handed on with its source, what goes out
 * is sent to every address of a peer. Nothing here ever waits. */
#ifndef HOLDFAST_PEER_SOCKET_H
#define HOLDFAST_PEER_SOCKET_H

#include <uv.h>

#include "config.h"
#include "err.h"

#define SOCKET_BUFFER_SIZE 2048 /* a datagram that is longer shows as this size: too long */

struct socket;

struct socket_datagram {
    uint8_t *bytes; /* the receiver may change them */
    size_t size;
    const struct sockaddr *from;
    int door; /* which socket it came in by */
};

struct socket_order {
    uv_loop_t *loop;
    const struct config *config; /* addresses of the peers; copied */
    uint8_t self;
    const struct endpoint *listen; /* numeric */
    size_t listen_count;
    bool listen_is_default; /* then an address family that this machine lacks is skipped */
    void (*on_datagram)(void *owner, const struct socket_datagram *datagram);
    void *owner;
};

/* Since the start. */
struct socket_counts {
    uint64_t received, sent, send_errors;
};

/* ERR_IN_USE: an address cannot be had, with the reason; ERR_SYSTEM: out of memory. */
int socket_open(struct socket **ret, const struct socket_order *order, struct err *err);
/* No callback comes after it; the loop must still run. NULL is fine. */
void socket_close(struct socket *socket);
/* Other addresses of the peers (SIGHUP). On an error the old ones stay. */
int socket_configure(struct socket *socket, const struct config *config, struct err *err);
/* The datagram was a verified one of `peer`: its source is a way to reach it. */
void socket_verified(struct socket *socket, uint8_t peer,
                     const struct socket_datagram *datagram);
/* Sends to every address of `peer`. What cannot be sent now is lost, and counted. */
void socket_send(struct socket *socket, uint8_t peer, const uint8_t *bytes, size_t size);
struct socket_counts socket_counted(const struct socket *socket);
/* Port that the first socket is bound to (for tests that listen on port 0). */
uint16_t socket_port(const struct socket *socket);

#endif
