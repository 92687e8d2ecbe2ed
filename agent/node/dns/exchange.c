/* exchange — see exchange.h.
 *
 * Happy path: a connected UDP socket (so the kernel drops what others send), one datagram, one
 * answer, on_end.
 * Failure modes: silence: the same bytes again until the deadline. Nothing listens: the ICMP
 * answer ends it early. Cut answer: TCP under the same deadline. The caller's permit is gone:
 * nothing more is sent. Each ends in on_end with a sentence; handles close by themselves. */
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../peer/clock.h"

#define RESEND_FIRST_MS 250
#define UDP_REPLY_MAX 4096 /* nobody asked for more than 512; longer is dropped */
#define UDP_SEND_MAX 1232  /* longer requests go over TCP at once */

struct exchange {
    struct exchange_order order;
    uv_udp_t udp;
    uv_timer_t timer;
    uv_tcp_t tcp;
    uv_connect_t connect;
    bool udp_open, tcp_open;
    unsigned handles; /* open ones; freed with the last */
    bool ended;
    mono_ms started;
    span_ms gap_ms; /* until the next sending */
    unsigned sent, ignored;
    char fault[EXCHANGE_DETAIL_SIZE]; /* why it ends; told from the timer */
    uint8_t head[2];                  /* of the TCP answer: its length */
    size_t head_len;
    uint8_t *reply; /* TCP */
    size_t reply_size, reply_len;
    uint8_t buffer[UDP_REPLY_MAX];
};

static void on_closed(uv_handle_t *handle)
{
    struct exchange *exchange = handle->data;
    if (--exchange->handles == 0) {
        free(exchange->reply);
        free(exchange);
    }
}

static void close_all(struct exchange *exchange)
{
    if (exchange->ended)
        return;
    exchange->ended = true;
    uv_close((uv_handle_t *)&exchange->timer, on_closed);
    if (exchange->udp_open)
        uv_close((uv_handle_t *)&exchange->udp, on_closed);
    if (exchange->tcp_open)
        uv_close((uv_handle_t *)&exchange->tcp, on_closed);
}

static void end(struct exchange *exchange, bool answered, const char *detail)
{
    struct exchange_order order = exchange->order;
    if (exchange->ended)
        return;
    close_all(exchange);
    order.on_end(order.owner, answered, detail);
}

static void on_fault(uv_timer_t *timer)
{
    struct exchange *exchange = timer->data;
    end(exchange, false, exchange->fault);
}

/* Ends it in the next turn of the loop: faults also happen inside exchange_start. */
static void fail(struct exchange *exchange, const char *what, int status)
{
    if (exchange->ended)
        return;
    snprintf(exchange->fault, sizeof exchange->fault, "%s: %s", what, uv_strerror(status));
    uv_timer_start(&exchange->timer, on_fault, 0, 0);
}

static void on_deadline(struct exchange *exchange)
{
    char detail[EXCHANGE_DETAIL_SIZE], extra[64] = "";
    if (exchange->ignored > 0)
        snprintf(extra, sizeof extra, ", %u unusable replies were ignored", exchange->ignored);
    snprintf(detail, sizeof detail, "no answer in %lld ms (%u sent%s%s)",
             (long long)exchange->order.deadline_ms, exchange->sent,
             exchange->tcp_open ? ", then TCP" : "", extra);
    end(exchange, false, detail);
}

/* May the bytes leave now? If not, the exchange is over. */
static bool may_send(struct exchange *exchange)
{
    const struct exchange_order *order = &exchange->order;
    if (order->may_send == NULL || order->may_send(order->owner))
        return true;
    if (exchange->ended) /* the question itself may have cancelled us */
        return false;
    snprintf(exchange->fault, sizeof exchange->fault,
             "stopped after %u sendings: the permit to act ended", exchange->sent);
    uv_timer_start(&exchange->timer, on_fault, 0, 0);
    return false;
}

static void on_timer(uv_timer_t *timer);

static void arm(struct exchange *exchange)
{
    span_ms left = exchange->order.deadline_ms - (clock_now() - exchange->started);
    span_ms wait = exchange->tcp_open || exchange->gap_ms > left ? left : exchange->gap_ms;
    uv_timer_start(&exchange->timer, on_timer, wait > 0 ? (uint64_t)wait : 0, 0);
}

/* The wire bytes are ours to read only; libuv's struct has no const. */
static uv_buf_t borrowed(const uint8_t *bytes, size_t size)
{
    union {
        const uint8_t *in;
        char *out;
    } base;
    base.in = bytes;
    return uv_buf_init(base.out, (unsigned)size);
}

static void send_datagram(struct exchange *exchange)
{
    const struct exchange_order *order = &exchange->order;
    if (!may_send(exchange))
        return;
    uv_buf_t buf = borrowed(order->bytes, order->size);
    int status = uv_udp_try_send(&exchange->udp, &buf, 1, NULL);
    if (status >= 0)
        exchange->sent++;
    else if (status != UV_EAGAIN && status != UV_ENOBUFS && status != UV_ENOMEM) {
        fail(exchange, "send", status);
        return;
    }
    arm(exchange);
}

static void on_timer(uv_timer_t *timer)
{
    struct exchange *exchange = timer->data;
    if (clock_now() - exchange->started >= exchange->order.deadline_ms)
        on_deadline(exchange);
    else if (exchange->tcp_open)
        arm(exchange);
    else {
        exchange->gap_ms = exchange->sent <= 1 ? RESEND_FIRST_MS : 2 * exchange->gap_ms;
        send_datagram(exchange);
    }
}

/* ---- TCP ---- */

static void on_alloc_stream(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct exchange *exchange = handle->data;
    (void)size;
    if (exchange->head_len < 2)
        *buf = uv_buf_init((char *)exchange->head + exchange->head_len,
                           (unsigned)(2 - exchange->head_len));
    else
        *buf = uv_buf_init((char *)exchange->reply + exchange->reply_len,
                           (unsigned)(exchange->reply_size - exchange->reply_len));
}

static void on_stream_reply(struct exchange *exchange)
{
    const struct exchange_order *order = &exchange->order;
    enum exchange_heard heard =
        order->on_reply(order->owner, exchange->reply, exchange->reply_size);
    if (heard == EXCHANGE_ANSWERED)
        end(exchange, true, "");
    else
        fail(exchange, "unusable answer over TCP", UV_EPROTO);
}

static void on_stream(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct exchange *exchange = stream->data;
    (void)buf;
    if (count == 0 || exchange->ended)
        return;
    if (count < 0) {
        uv_read_stop(stream);
        fail(exchange, "TCP", (int)count);
        return;
    }
    if (exchange->head_len < 2) {
        exchange->head_len += (size_t)count;
        if (exchange->head_len < 2)
            return;
        exchange->reply_size = (size_t)(exchange->head[0] << 8 | exchange->head[1]);
        exchange->reply = exchange->reply_size > 0 ? malloc(exchange->reply_size) : NULL;
        if (exchange->reply == NULL) {
            uv_read_stop(stream);
            fail(exchange, "TCP", exchange->reply_size > 0 ? UV_ENOMEM : UV_EPROTO);
        }
        return;
    }
    exchange->reply_len += (size_t)count;
    if (exchange->reply_len == exchange->reply_size) {
        uv_read_stop(stream);
        on_stream_reply(exchange);
    }
}

/* Small requests fit the fresh connection's buffer: what try_write takes was sent under the
 * permit just asked for, nothing lingers in a queue of ours. */
static void on_connected(uv_connect_t *connect, int status)
{
    struct exchange *exchange = connect->handle->data;
    const struct exchange_order *order = &exchange->order;
    if (exchange->ended)
        return;
    if (status < 0) {
        fail(exchange, "TCP connection", status);
        return;
    }
    if (!may_send(exchange))
        return;
    uint8_t head[2] = {(uint8_t)(order->size >> 8), (uint8_t)order->size};
    uv_buf_t bufs[2] = {uv_buf_init((char *)head, sizeof head),
                        borrowed(order->bytes, order->size)};
    exchange->sent++;
    status = uv_try_write((uv_stream_t *)&exchange->tcp, bufs, 2);
    if (status < 0 || (size_t)status != order->size + 2)
        status = status < 0 ? status : UV_EAGAIN;
    else
        status = uv_read_start((uv_stream_t *)&exchange->tcp, on_alloc_stream, on_stream);
    if (status < 0)
        fail(exchange, "TCP", status);
}

static void ask_over_tcp(struct exchange *exchange)
{
    if (exchange->udp_open)
        uv_udp_recv_stop(&exchange->udp);
    if (!may_send(exchange))
        return;
    uv_tcp_init(exchange->timer.loop, &exchange->tcp);
    exchange->tcp.data = exchange;
    exchange->tcp_open = true;
    exchange->handles++;
    int status = uv_tcp_connect(&exchange->connect, &exchange->tcp,
                                (const struct sockaddr *)exchange->order.server, on_connected);
    if (status < 0)
        fail(exchange, "TCP connection", status);
    else
        arm(exchange);
}

/* ---- UDP ---- */

static void on_alloc_datagram(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct exchange *exchange = handle->data;
    (void)size;
    *buf = uv_buf_init((char *)exchange->buffer, sizeof exchange->buffer);
}

static void on_datagram(uv_udp_t *udp, ssize_t count, const uv_buf_t *buf,
                        const struct sockaddr *from, unsigned flags)
{
    struct exchange *exchange = udp->data;
    const struct exchange_order *order = &exchange->order;
    if (exchange->ended || (count == 0 && from == NULL))
        return;
    if (count < 0) {
        uv_udp_recv_stop(udp);
        fail(exchange, "answer", (int)count);
        return;
    }
    enum exchange_heard heard = EXCHANGE_WAIT_ON;
    if ((flags & UV_UDP_PARTIAL) == 0)
        heard = order->on_reply(order->owner, (const uint8_t *)buf->base, (size_t)count);
    if (heard == EXCHANGE_ANSWERED)
        end(exchange, true, "");
    else if (heard == EXCHANGE_CUT)
        ask_over_tcp(exchange);
    else
        exchange->ignored++;
}

static void start_udp(struct exchange *exchange)
{
    uv_udp_init(exchange->timer.loop, &exchange->udp);
    exchange->udp.data = exchange;
    exchange->udp_open = true;
    exchange->handles++;
    int status =
        uv_udp_connect(&exchange->udp, (const struct sockaddr *)exchange->order.server);
    if (status == 0)
        status = uv_udp_recv_start(&exchange->udp, on_alloc_datagram, on_datagram);
    if (status < 0)
        fail(exchange, "UDP", status);
    else
        send_datagram(exchange);
}

struct exchange *exchange_start(uv_loop_t *loop, const struct exchange_order *order)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        return NULL;
    exchange->order = *order;
    exchange->started = clock_now();
    exchange->gap_ms = RESEND_FIRST_MS;
    uv_timer_init(loop, &exchange->timer);
    exchange->timer.data = exchange;
    exchange->handles = 1;
    if (order->size > UDP_SEND_MAX)
        ask_over_tcp(exchange);
    else
        start_udp(exchange);
    return exchange;
}

void exchange_cancel(struct exchange *exchange)
{
    close_all(exchange);
}
