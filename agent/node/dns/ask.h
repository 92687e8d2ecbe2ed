/* ask — one question of DNS to one server, and what its answer says.
 *
 * Room: packet and exchange put together for who only reads (tail). Judges nothing. */
#ifndef HOLDFAST_NODE_DNS_ASK_H
#define HOLDFAST_NODE_DNS_ASK_H

#include "exchange.h"
#include "packet.h"

struct ask;

/* How it ended; valid during the call. seen NULL: no usable answer, and `detail` says why. */
struct ask_end {
    const struct packet_seen *seen;
    struct packet_answer answer; /* zeroed without one */
    const char *detail;
};
typedef void ask_on_end(void *owner, const struct ask *ask, const struct ask_end *end);

/* name: copied; server: borrowed until the end. */
struct ask_order {
    const struct sockaddr_storage *server;
    const char *name;
    ldns_rr_type type;
    bool recursive; /* to a resolver */
    span_ms deadline_ms;
    ask_on_end *on_end; /* once, never from inside ask_start */
    void *owner;
};

/* Kept by who asks. Zeroed = none runs. */
struct ask {
    struct packet packet;
    struct exchange *exchange; /* NULL = not running */
    struct packet_answer answer;
    struct packet_seen *seen;
    ask_on_end *on_end;
    void *owner;
};

/* False: no memory, or no name; on_end will not come. `ask` must be zeroed or have ended. */
bool ask_start(struct ask *ask, uv_loop_t *loop, const struct ask_order *order);
/* No callback comes after it. A zeroed one is fine. */
void ask_cancel(struct ask *ask);

#endif
