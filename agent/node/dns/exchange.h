/* exchange — one DNS request to one server, until an answer or the deadline.
 *
 * UDP from a fresh port, the same bytes sent again at 250 ms, 500 ms, 1 s ...; TCP when the
 * answer was cut. It knows nothing of DNS: whoever started it judges what arrives. */
#ifndef HOLDFAST_NODE_DNS_EXCHANGE_H
#define HOLDFAST_NODE_DNS_EXCHANGE_H

#include <uv.h>

#include "../../../proto/words.h"

#define EXCHANGE_DETAIL_SIZE 160

enum exchange_heard {
    EXCHANGE_WAIT_ON,  /* not the answer */
    EXCHANGE_CUT,      /* truncated: ask over TCP */
    EXCHANGE_ANSWERED, /* done: on_end follows */
};

struct exchange;

/* All of it is borrowed until on_end has been called or exchange_cancel. */
struct exchange_order {
    const struct sockaddr_storage *server;
    const uint8_t *bytes;
    size_t size;
    span_ms deadline_ms;
    bool (*may_send)(void *owner); /* asked right before each sending; NULL = always */
    enum exchange_heard (*on_reply)(void *owner, const uint8_t *bytes, size_t size);
    /* Exactly once, never from inside exchange_start. answered: on_reply said so; else detail
     * is a sentence ("no answer in 1500 ms (3 sent)"), valid during the call. */
    void (*on_end)(void *owner, bool answered, const char *detail);
    void *owner;
};

/* NULL: no memory; on_end will not come. Frees itself after on_end. */
struct exchange *exchange_start(uv_loop_t *loop, const struct exchange_order *order);
/* No callback comes after it. Safe from callbacks. */
void exchange_cancel(struct exchange *exchange);

#endif
