/* Happy path: the loop reads one datagram after the other into one buffer, at most 32 in a turn,
 * so that timers are served in between; what is to be sent goes out at once, to every address.
 *
 * Failure modes: a flood: the kernel's buffer overflows, nothing else suffers (20 000 a second
 * take less than a tenth of a core). A send that the kernel refuses (no route, full buffer, no such
 * family): counted; the next statement is the next try. A listen address that cannot be had: the
 * daemon does not start, except for a default one of a family that this machine lacks. */
#include "socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "reach.h"

#define RECEIVE_BUFFER (1 << 20)

struct door {
    uv_udp_t udp;
    struct socket *socket;
    int index, family;
    bool open;
};

struct socket {
    uv_loop_t *loop;
    uint8_t self;
    struct reach *reach;
    struct door doors[ADDRESS_MAX];
    size_t door_count;
    size_t handles; /* not closed yet */
    struct socket_counts counts;
    void (*on_datagram)(void *owner, const struct socket_datagram *datagram);
    void *owner;
    uint8_t buffer[SOCKET_BUFFER_SIZE];
};

/* ---- out ---- */

static bool try_send(struct door *door, const struct reach_address *to, const uv_buf_t *buffer)
{
    return door->open && door->family == to->any.sa_family &&
           uv_udp_try_send(&door->udp, buffer, 1, &to->any) >= 0;
}

/* By the door it came in by when there is one; else by the first that can. */
static bool send_to(struct socket *socket, const struct reach_target *target,
                    const uv_buf_t *buffer)
{
    if (target->door >= 0 && try_send(&socket->doors[target->door], &target->address, buffer))
        return true;
    for (size_t i = 0; i < socket->door_count; i++)
        if ((int)i != target->door && try_send(&socket->doors[i], &target->address, buffer))
            return true;
    return false;
}

void socket_send(struct socket *socket, uint8_t peer, const uint8_t *bytes, size_t size)
{
    struct reach_target targets[REACH_TARGET_MAX];
    size_t count = reach_targets(socket->reach, peer, targets);
    /* libuv only reads what is sent */
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);
    for (size_t i = 0; i < count; i++) {
        if (send_to(socket, &targets[i], &buffer))
            socket->counts.sent++;
        else
            socket->counts.send_errors++;
    }
}

/* ---- in ---- */

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct door *door = handle->data;
    (void)suggested;
    *ret = uv_buf_init((char *)door->socket->buffer, sizeof door->socket->buffer);
}

static void on_received(uv_udp_t *udp, ssize_t size, const uv_buf_t *buffer,
                        const struct sockaddr *from, unsigned flags)
{
    struct door *door = udp->data;
    struct socket *socket = door->socket;
    (void)buffer;
    if (size < 0 || from == NULL)
        return; /* nothing more for now, or a passing error: the next one comes by itself */
    struct socket_datagram datagram = {.bytes = socket->buffer,
                                       .size = (size_t)size,
                                       .from = from,
                                       .door = door->index};
    if ((flags & UV_UDP_PARTIAL) != 0)
        datagram.size = SOCKET_BUFFER_SIZE;
    socket->counts.received++;
    socket->on_datagram(socket->owner, &datagram);
}

void socket_verified(struct socket *socket, uint8_t peer, const struct socket_datagram *datagram)
{
    reach_seen(socket->reach, peer, datagram->from, datagram->door);
}

struct socket_counts socket_counted(const struct socket *socket)
{
    return socket->counts;
}

uint16_t socket_port(const struct socket *socket)
{
    struct reach_address bound = {0};
    int size = sizeof bound;
    if (uv_udp_getsockname(&socket->doors[0].udp, &bound.any, &size) != 0)
        return 0;
    return ntohs(bound.any.sa_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
}

int socket_configure(struct socket *socket, const struct config *config, struct err *err)
{
    struct reach *fresh;
    if (reach_open(&fresh, socket->loop, config, socket->self, err) != 0)
        return err->code;
    reach_inherit(fresh, socket->reach);
    reach_close(socket->reach);
    socket->reach = fresh;
    return 0;
}

/* ---- life ---- */

static void on_closed(uv_handle_t *handle)
{
    struct door *door = handle->data;
    if (--door->socket->handles == 0)
        free(door->socket);
}

void socket_close(struct socket *socket)
{
    if (socket == NULL)
        return;
    reach_close(socket->reach);
    for (size_t i = 0; i < socket->door_count; i++) {
        socket->doors[i].open = false;
        uv_close((uv_handle_t *)&socket->doors[i].udp, on_closed);
    }
    if (socket->door_count == 0)
        free(socket);
}

/* A deep buffer rides out a busy moment; without the right to it, what the system allows. */
static void deepen(struct door *door)
{
    int file, size = RECEIVE_BUFFER;
    if (uv_fileno((const uv_handle_t *)&door->udp, &file) != 0)
        return;
    if (setsockopt(file, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(file, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static int listen_on(struct door *door, const struct reach_address *address)
{
    unsigned flags = address->any.sa_family == AF_INET6 ? UV_UDP_IPV6ONLY : 0;
    door->family = address->any.sa_family;
    int status = uv_udp_bind(&door->udp, &address->any, flags);
    if (status == 0)
        status = uv_udp_recv_start(&door->udp, on_room, on_received);
    if (status == 0)
        deepen(door);
    door->open = status == 0;
    return status;
}

static int explain(const struct endpoint *endpoint, int status, struct err *err)
{
    struct reach_address address;
    char text[REACH_TEXT_SIZE] = "?";
    if (reach_parse(endpoint, &address))
        reach_text(&address.any, text);
    if (status == UV_EADDRINUSE)
        return err_set(err, ERR_IN_USE,
                       "UDP address %s is in use; is another holdfast daemon running? See: "
                       "ss -ulpn 'sport = :%u'", text, (unsigned)endpoint->port);
    return err_set(err, ERR_IN_USE,
                   "cannot listen on UDP address %s: %s; expected an address of this machine",
                   text, uv_strerror(status));
}

static bool lacks_family(int status)
{
    return status == UV_EAFNOSUPPORT || status == UV_EPROTONOSUPPORT ||
           status == UV_EADDRNOTAVAIL;
}

static int add_door(struct socket *socket, const struct socket_order *order, size_t index,
                    struct err *err)
{
    struct door *door = &socket->doors[socket->door_count];
    const struct endpoint *endpoint = &order->listen[index];
    struct reach_address address;
    *door = (struct door){.socket = socket, .index = (int)socket->door_count};
    door->udp.data = door;
    if (!reach_parse(endpoint, &address))
        return explain(endpoint, UV_EINVAL, err);
    int status = uv_udp_init(socket->loop, &door->udp);
    if (status != 0)
        return explain(endpoint, status, err);
    socket->handles++;
    socket->door_count++; /* also when it stays closed: its handle is to be closed */
    status = listen_on(door, &address);
    if (status != 0 && order->listen_is_default && lacks_family(status)) {
        log_text(REASON_NOTICE, "not-listening",
                 "does not listen on %.60s: this machine has no such addresses",
                 endpoint->host);
        return 0;
    }
    return status == 0 ? 0 : explain(endpoint, status, err);
}

static bool is_deaf(const struct socket *socket)
{
    for (size_t i = 0; i < socket->door_count; i++)
        if (socket->doors[i].open)
            return false;
    return true;
}

int socket_open(struct socket **ret, const struct socket_order *order, struct err *err)
{
    struct socket *socket = calloc(1, sizeof *socket);
    if (socket == NULL)
        return err_set(err, ERR_SYSTEM, "sockets: out of memory");
    socket->loop = order->loop;
    socket->self = order->self;
    socket->on_datagram = order->on_datagram;
    socket->owner = order->owner;
    int code = reach_open(&socket->reach, order->loop, order->config, order->self, err);
    for (size_t i = 0; code == 0 && i < order->listen_count && i < ADDRESS_MAX; i++)
        code = add_door(socket, order, i, err);
    if (code == 0 && is_deaf(socket))
        code = err_set(err, ERR_IN_USE, "no UDP address to listen on: this machine has neither "
                                        "IPv4 nor IPv6");
    if (code != 0) {
        socket_close(socket);
        return code;
    }
    *ret = socket;
    return 0;
}
