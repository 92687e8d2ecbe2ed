/* Happy path: connect, send the request with its newline, read until a newline or the end, parse,
 * hand over code, text and result.
 *
 * Failure modes: nobody listens, no permission, a daemon that hangs, sends half a line, rubbish
 * or more than a megabyte: each ends before the deadline with a sentence that says where and
 * what to do. SIGPIPE is avoided per call. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../peer/clock.h"

#define EXIT_UNREACHABLE 3
#define BUSY_WAIT_MS 20 /* between tries while the daemon's backlog is full */

struct exchange {
    int fd;
    mono_ms deadline;
    char *buffer;
    size_t used, size;
};

static int slow(struct err *err)
{
    return err_set(err, ERR_REMOTE, "it accepted the call but gave no answer in time; look at "
                                    "its log: journalctl -u holdfastd");
}

/* True when the descriptor is ready before the deadline. */
static bool await(const struct exchange *exchange, short events)
{
    for (;;) {
        span_ms left = exchange->deadline - clock_now();
        if (left <= 0)
            return false;
        struct pollfd poll_fd = {.fd = exchange->fd, .events = events};
        int ready = poll(&poll_fd, 1, (int)left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

static int explain_connect(int error, struct err *err)
{
    if (error == EACCES || error == EPERM)
        return err_set(err, ERR_REMOTE,
                       "permission denied; run it as root or join the group holdfast");
    if (error == ENOENT || error == ECONNREFUSED)
        return err_set(err, ERR_REMOTE, "%s; is holdfastd running?",
                       error == ENOENT ? "no such socket" : "nobody listens there");
    return err_set(err, ERR_REMOTE, "%s; is holdfastd running?", strerror(error));
}

static int open_socket(struct exchange *exchange, const char *path, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_REMOTE, "the path is longer than a socket's may be (%zu)",
                       sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    exchange->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (exchange->fd < 0)
        return err_set(err, ERR_SYSTEM, "socket: %s", strerror(errno));
    while (connect(exchange->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        if (errno != EAGAIN && errno != EINTR)
            return explain_connect(errno, err);
        if (clock_now() >= exchange->deadline)
            return err_set(err, ERR_REMOTE, "it does not take calls (too many wait already)");
        (void)poll(NULL, 0, BUSY_WAIT_MS);
    }
    return 0;
}

static int send_all(struct exchange *exchange, const char *text, struct err *err)
{
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t sent = send(exchange->fd, text, length, MSG_NOSIGNAL);
        if (sent > 0) {
            text += sent;
            length -= (size_t)sent;
        } else if (errno != EAGAIN && errno != EINTR) {
            /* It may have answered (busy, too long) and closed: the answer is worth reading. */
            return 0;
        } else if (!await(exchange, POLLOUT)) {
            return slow(err);
        }
    }
    return 0;
}

/* Room for at least one byte more. */
static bool grow(struct exchange *exchange, struct err *err)
{
    if (exchange->used < exchange->size)
        return true;
    if (exchange->size >= CLIENT_REPLY_SIZE_MAX) {
        err_set(err, ERR_REMOTE, "the answer is longer than %zu bytes: this is no holdfastd",
                CLIENT_REPLY_SIZE_MAX);
        return false;
    }
    size_t size = exchange->size == 0 ? 16384 : exchange->size * 2;
    char *buffer = realloc(exchange->buffer, size);
    if (buffer == NULL) {
        err_set(err, ERR_SYSTEM, "out of memory");
        return false;
    }
    exchange->buffer = buffer;
    exchange->size = size;
    return true;
}

/* Reads until a newline or the end of the stream. */
static int receive(struct exchange *exchange, struct err *err)
{
    for (;;) {
        if (!grow(exchange, err))
            return err->code;
        char *place = exchange->buffer + exchange->used;
        ssize_t got = recv(exchange->fd, place, exchange->size - exchange->used, 0);
        if (got > 0) {
            exchange->used += (size_t)got;
            if (memchr(place, '\n', (size_t)got) != NULL)
                return 0;
        } else if (got == 0) {
            return 0;
        } else if (errno != EAGAIN && errno != EINTR) {
            return err_set(err, ERR_REMOTE, "the connection broke: %s", strerror(errno));
        } else if (!await(exchange, POLLIN)) {
            return slow(err);
        }
    }
}

static int understand(const struct exchange *exchange, struct client_answer *ret, struct err *err)
{
    if (exchange->used == 0)
        return err_set(err, ERR_REMOTE, "it closed the connection without an answer");
    json_t *reply =
        json_loadb(exchange->buffer, exchange->used, JSON_DISABLE_EOF_CHECK, NULL);
    const json_t *version = json_object_get(reply, "v"), *code = json_object_get(reply, "code");
    if (!json_is_integer(version) || !json_is_integer(code)) {
        json_decref(reply);
        return err_set(err, ERR_REMOTE, "it answered something that is no reply of holdfastd");
    }
    if (json_integer_value(version) != 1) {
        json_decref(reply);
        return err_set(err, ERR_REMOTE, "it speaks another version of the control protocol; "
                                        "use the 'holdfast' of the same package");
    }
    json_int_t number = json_integer_value(code);
    const char *text = json_string_value(json_object_get(reply, "text"));
    if (number == 3) { /* busy: it said neither yes nor no */
        (void)err_set(err, ERR_REMOTE, "%s", text == NULL ? "it is busy" : text);
        json_decref(reply);
        return err->code;
    }
    ret->code = number < 0 || number > 125 ? 1 : (int)number;
    ret->reply = reply;
    ret->text = text == NULL ? "" : text;
    ret->result = json_object_get(reply, "result");
    if (json_is_null(ret->result))
        ret->result = NULL;
    return 0;
}

static int talk(struct exchange *exchange, const char *path, const char *line,
                struct client_answer *ret, struct err *err)
{
    if (open_socket(exchange, path, err) != 0 || send_all(exchange, line, err) != 0 ||
        receive(exchange, err) != 0)
        return err->code;
    return understand(exchange, ret, err);
}

int client_ask(const char *socket_path, const json_t *request, span_ms limit_ms,
               struct client_answer *ret, struct err *err)
{
    *ret = (struct client_answer){.text = ""};
    struct exchange exchange = {.fd = -1, .deadline = clock_now() + limit_ms};
    char *line = json_dumps(request, JSON_COMPACT);
    char *line_end = line == NULL ? NULL : realloc(line, strlen(line) + 2);
    if (line_end == NULL) {
        free(line);
        return err_set(err, ERR_SYSTEM, "out of memory");
    }
    line = line_end;
    size_t length = strlen(line);
    line[length] = '\n';
    line[length + 1] = 0;
    int code = talk(&exchange, socket_path, line, ret, err);
    free(line);
    free(exchange.buffer);
    if (exchange.fd >= 0)
        close(exchange.fd);
    return code == 0 ? 0 : err_wrap(err, "daemon not reachable at %s", socket_path);
}

void client_forget(struct client_answer *answer)
{
    json_decref(answer->reply);
    *answer = (struct client_answer){.text = ""};
}

json_t *client_request(const char *command)
{
    return json_pack("{s:i, s:s}", "v", 1, "command", command);
}

int client_do(const char *socket_path, json_t *request, struct client_answer *ret)
{
    struct err err = {0};
    int failed = client_ask(socket_path, request, CLIENT_LIMIT_MS, ret, &err);
    json_decref(request);
    if (failed != 0) {
        fprintf(stderr, "holdfast: %s\n", err.text);
        return EXIT_UNREACHABLE;
    }
    int code = ret->code;
    if (code != 0) {
        fprintf(stderr, "holdfast: %s%s\n", code == 4 ? "refused: " : "",
                ret->text[0] != 0 ? ret->text : "no reason was given");
        client_forget(ret);
    }
    return code;
}
