/* Happy path: a question, an exchange, an answer taken apart, on_end.
 *
 * Failure modes: silence, or a network that says no: on_end without an answer, with the
 * exchange's sentence. No memory for an answer: as if it had not come. */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

static enum exchange_heard on_reply(void *owner, const uint8_t *bytes, size_t size)
{
    struct ask *ask = owner;
    switch (packet_reply(&ask->packet, NULL, bytes, size, &ask->answer)) {
    case PACKET_IGNORED:
        return EXCHANGE_WAIT_ON;
    case PACKET_TRUNCATED:
        return EXCHANGE_CUT;
    case PACKET_ANSWER:
        break;
    }
    if (ask->seen == NULL)
        ask->seen = malloc(sizeof *ask->seen);
    if (ask->seen == NULL || !packet_see(&ask->packet, bytes, size, ask->seen))
        return EXCHANGE_WAIT_ON;
    return EXCHANGE_ANSWERED;
}

static void on_exchange_end(void *owner, bool answered, const char *detail)
{
    struct ask *ask = owner;
    struct packet_seen *seen = ask->seen;
    struct ask_end end = {.seen = answered ? seen : NULL, .detail = detail};
    if (answered)
        end.answer = ask->answer;
    ask->exchange = NULL;
    ask->seen = NULL;
    packet_free(&ask->packet);
    ask->on_end(ask->owner, ask, &end); /* may start anew, or free the asker: last */
    free(seen);
}

bool ask_start(struct ask *ask, uv_loop_t *loop, const struct ask_order *order)
{
    memset(ask, 0, sizeof *ask);
    ask->on_end = order->on_end;
    ask->owner = order->owner;
    if (!(order->recursive ? packet_query_recursive : packet_query)(&ask->packet, order->name,
                                                                    order->type))
        return false;
    struct exchange_order exchange = {.server = order->server,
                                      .bytes = ask->packet.bytes,
                                      .size = ask->packet.size,
                                      .deadline_ms = order->deadline_ms,
                                      .on_reply = on_reply,
                                      .on_end = on_exchange_end,
                                      .owner = ask};
    ask->exchange = exchange_start(loop, &exchange);
    if (ask->exchange == NULL)
        packet_free(&ask->packet);
    return ask->exchange != NULL;
}

void ask_cancel(struct ask *ask)
{
    if (ask->exchange != NULL)
        exchange_cancel(ask->exchange);
    packet_free(&ask->packet);
    free(ask->seen);
    memset(ask, 0, sizeof *ask);
}
