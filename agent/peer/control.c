/* Happy path: accept, read one line of JSON, hand it to the handler, write one line, close.
 *
 * A connection is a `struct control_call` from accept to close. It has one timer: 2 s after the
 * accept it ends, however far it came. The handler may answer later; when the client is gone by
 * then, the answer is dropped and the call freed.
 *
 * Failure modes: too many clients (told that it is busy, and closed at once; some places are kept
 * for who may change things, and the oldest reader makes room when even those are taken), slow ones
 * (the timer), long or wrong requests (answered with code 2), clients that never read (libuv's
 * write waits, the timer closes it). The loop does the same small work for each. */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control_peer.h"

#define CALL_MAX 16
#define READER_MAX 12 /* places that readers may take */
#define BACKLOG 128
#define REQUEST_SIZE 8192
#define REPLY_SIZE ((size_t)512 * 1024)
#define LIMIT_MS 2000
#define PROTOCOL_VERSION 1

struct control_call {
    struct control *control; /* NULL once control is closed */
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    uint64_t number;  /* grows with each client: tells the oldest */
    unsigned handles; /* not closed yet */
    bool closing;     /* the connection is on its way out */
    bool handled;     /* the handler has it and owes the answer */
    bool answered;
    uid_t uid;
    bool may_change;
    char *reply;
    size_t size;
    char request[REQUEST_SIZE + 1];
};

struct control {
    uv_loop_t *loop;
    uv_pipe_t listener;
    control_handler *handler;
    void *owner;
    struct control_groups groups;
    struct control_call *calls[CALL_MAX];
    uint64_t clients; /* so far */
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

/* ---- the end of a call ---- */

static void forget(struct control_call *call)
{
    for (size_t i = 0; call->control != NULL && i < CALL_MAX; i++)
        if (call->control->calls[i] == call)
            call->control->calls[i] = NULL;
}

/* Freed once the handles are closed and the handler owes nothing. */
static void free_if_done(struct control_call *call)
{
    if (call->handles > 0 || (call->handled && !call->answered))
        return;
    free(call->reply);
    free(call);
}

static void on_closed(uv_handle_t *handle)
{
    struct control_call *call = handle->data;
    call->handles--;
    free_if_done(call);
}

static void end(struct control_call *call)
{
    if (call->closing)
        return;
    call->closing = true;
    forget(call);
    uv_close((uv_handle_t *)&call->pipe, on_closed);
    uv_close((uv_handle_t *)&call->timer, on_closed);
}

static void on_limit(uv_timer_t *timer)
{
    end(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    end(write->data);
}

/* ---- the answer ---- */

static char *reply_text(int code, const char *text, json_t *result)
{
    json_t *object = json_pack("{s:i, s:i, s:s?, s:o?}", "v", PROTOCOL_VERSION, "code", code,
                               "text", text, "result", result);
    char *dump = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (dump == NULL || strlen(dump) + 2 > REPLY_SIZE) {
        free(dump);
        return strdup("{\"v\":1,\"code\":4,\"text\":\"the answer is too long\"}\n");
    }
    size_t length = strlen(dump);
    char *line = realloc(dump, length + 2);
    if (line == NULL) {
        free(dump);
        return NULL;
    }
    line[length] = '\n';
    line[length + 1] = '\0';
    return line;
}

void control_reply(struct control_call *call, int code, const char *text, json_t *result)
{
    call->answered = true;
    if (call->closing) {
        json_decref(result);
        free_if_done(call);
        return;
    }
    call->reply = reply_text(code, text, result);
    uv_buf_t buffer = uv_buf_init(call->reply, call->reply == NULL
                                                   ? 0
                                                   : (unsigned)strlen(call->reply));
    call->write.data = call;
    if (call->reply == NULL ||
        uv_write(&call->write, (uv_stream_t *)&call->pipe, &buffer, 1, on_written) != 0)
        end(call);
}

bool control_may_change(const struct control_call *call)
{
    return call->may_change;
}

unsigned control_uid(const struct control_call *call)
{
    return call->uid;
}

/* ---- the request ---- */

static void refuse(struct control_call *call, const char *text)
{
    call->handled = true;
    control_reply(call, 2, text, NULL);
}

static void take_request(struct control_call *call, size_t length)
{
    json_error_t error;
    const char *command;
    int version;
    uv_read_stop((uv_stream_t *)&call->pipe);
    json_t *request = json_loadb(call->request, length, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(request))
        refuse(call, "the request is no JSON object; expected {\"v\": 1, \"command\": ...}");
    else if (json_unpack(request, "{s:i, s:s}", "v", &version, "command", &command) != 0)
        refuse(call, "the request lacks \"v\" (a number) or \"command\" (a text)");
    else if (version != PROTOCOL_VERSION)
        refuse(call, "another version of the control protocol; is one of the programs old?");
    else {
        call->handled = true;
        call->control->handler(call->control->owner, call, command, request);
    }
    json_decref(request);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct control_call *call = handle->data;
    (void)suggested;
    *ret = uv_buf_init(call->request + call->size, (unsigned)(REQUEST_SIZE - call->size));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct control_call *call = stream->data;
    (void)buffer;
    if (count == UV_EOF && call->size > 0) {
        take_request(call, call->size);
        return;
    }
    if (count == UV_ENOBUFS) {
        uv_read_stop(stream);
        refuse(call, "the request is longer than 8 KiB");
        return;
    }
    if (count < 0) {
        end(call);
        return;
    }
    const char *newline = memchr(call->request + call->size, '\n', (size_t)count);
    call->size += (size_t)count;
    if (newline != NULL)
        take_request(call, (size_t)(newline - call->request));
}

/* ---- a new client ---- */

static struct control_call **free_slot(struct control *control)
{
    for (size_t i = 0; i < CALL_MAX; i++)
        if (control->calls[i] == NULL)
            return &control->calls[i];
    return NULL;
}

/* The oldest reader; one that has not asked yet before one whose answer is under way. */
static struct control_call *oldest_reader(const struct control *control, size_t *ret_count)
{
    struct control_call *oldest = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < CALL_MAX; i++) {
        struct control_call *call = control->calls[i];
        if (call == NULL || call->may_change)
            continue;
        ++*ret_count;
        bool idler = oldest != NULL && oldest->handled && !call->handled;
        bool older = oldest == NULL || (oldest->handled == call->handled &&
                                        call->number < oldest->number);
        oldest = idler || older ? call : oldest;
    }
    return oldest;
}

/* A place for this client, made if need be; NULL: none. */
static struct control_call **find_slot(struct control *control, bool may_change)
{
    size_t readers;
    struct control_call *oldest = oldest_reader(control, &readers);
    struct control_call **slot = free_slot(control);
    if (!may_change)
        return readers < READER_MAX ? slot : NULL;
    if (slot == NULL && oldest != NULL) {
        end(oldest); /* leaves its place */
        slot = free_slot(control);
    }
    return slot;
}

/* No waiting: the kernel's buffer of a new connection takes a line, or it is not said. */
static void send_away(struct control_call *call)
{
    char busy[] = "{\"v\":1,\"code\":3,\"text\":\"busy: too many ask at this moment; try "
                  "again\"}\n";
    uv_buf_t line = uv_buf_init(busy, sizeof busy - 1);
    (void)uv_try_write((uv_stream_t *)&call->pipe, &line, 1);
    end(call);
}

static void know(struct control_call *call)
{
    uv_os_fd_t file;
    call->uid = (uid_t)-1;
    if (uv_fileno((const uv_handle_t *)&call->pipe, &file) != 0)
        return;
    call->uid = control_peer_uid(file);
    call->may_change = control_peer_may_change(file, &call->control->groups);
}

static void on_client(uv_stream_t *listener, int status)
{
    struct control *control = listener->data;
    struct control_call *call = status == 0 ? calloc(1, sizeof *call) : NULL;
    if (call == NULL)
        return; /* the next one comes by itself */
    call->control = control;
    call->handles = 2;
    uv_pipe_init(control->loop, &call->pipe, 0);
    uv_timer_init(control->loop, &call->timer);
    call->pipe.data = call->timer.data = call;
    if (uv_accept(listener, (uv_stream_t *)&call->pipe) != 0) {
        end(call);
        return;
    }
    know(call);
    struct control_call **slot = find_slot(control, call->may_change);
    if (slot == NULL) {
        send_away(call);
        return;
    }
    *slot = call;
    call->number = ++control->clients;
    uv_timer_start(&call->timer, on_limit, LIMIT_MS, 0);
    if (uv_read_start((uv_stream_t *)&call->pipe, on_room, on_read) != 0)
        end(call);
}

/* ---- life ---- */

/* Does somebody answer at the path already? Blocking, but a local connect does not wait. */
static bool somebody_listens(const struct sockaddr_un *address)
{
    int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0)
        return false;
    bool answers =
        connect(file, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN;
    close(file);
    return answers;
}

/* Removes what a daemon that died left behind; leaves any other kind of file alone. */
static int clear_path(const struct sockaddr_un *address, struct err *err)
{
    struct stat found;
    const char *path = address->sun_path;
    if (lstat(path, &found) != 0)
        return 0;
    if (!S_ISSOCK(found.st_mode))
        return err_set(err, ERR_IN_USE, "%s: is no socket; remove it, or choose another --socket",
                       path);
    if (somebody_listens(address))
        return err_set(err, ERR_IN_USE,
                       "%s: another daemon answers on this socket; stop it, or choose another "
                       "--socket", path);
    if (unlink(path) != 0)
        return err_set(err, ERR_STATE, "%s: cannot be replaced: %s", path, strerror(errno));
    return 0;
}

/* libuv says EACCES for a directory that is not there. */
static int explain_bind(const char *path, int status, struct err *err)
{
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder] = '\0';
    if (slash != NULL && access(folder, F_OK) != 0 && errno == ENOENT)
        return err_set(err, ERR_STATE,
                       "%s: directory %s does not exist; create it with: install -d -m 0750 -o %u "
                       "%s (or choose another --socket)",
                       path, folder, (unsigned)geteuid(), folder);
    return err_set(err, ERR_STATE, "%s: %s; expected a directory that this user (uid %u) may "
                   "write to", path, uv_strerror(status), (unsigned)geteuid());
}

/* Closed to everybody from its first instant, then opened to the group that may read. */
static int bind_listener(struct control *control, const struct sockaddr_un *address,
                         struct err *err)
{
    mode_t before = umask(0177);
    int status = uv_pipe_bind(&control->listener, address->sun_path);
    umask(before);
    if (status != 0)
        return explain_bind(address->sun_path, status, err);
    if (control->groups.reader != (gid_t)-1)
        (void)!chown(address->sun_path, (uid_t)-1, control->groups.reader);
    if (chmod(address->sun_path, 0660) == 0)
        status = uv_listen((uv_stream_t *)&control->listener, BACKLOG, on_client);
    return status == 0 ? 0
                       : err_set(err, ERR_STATE, "%s: %s", address->sun_path,
                                 uv_strerror(status));
}

static void on_listener_closed(uv_handle_t *handle)
{
    free(handle->data);
}

int control_open(struct control **ret, const struct control_world *world, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    if (strlen(world->path) >= sizeof address.sun_path) {
        free(control);
        return err_set(err, ERR_USAGE, "%s: longer than a socket's path may be (107 bytes)",
                       world->path);
    }
    memcpy(address.sun_path, world->path, strlen(world->path));
    memcpy(control->path, address.sun_path, sizeof control->path);
    control->loop = world->loop;
    control->handler = world->handler;
    control->owner = world->owner;
    control->groups = control_peer_groups();
    int code = clear_path(&address, err);
    if (code != 0) {
        free(control);
        return code;
    }
    uv_pipe_init(world->loop, &control->listener, 0);
    control->listener.data = control;
    code = bind_listener(control, &address, err);
    if (code != 0) {
        uv_close((uv_handle_t *)&control->listener, on_listener_closed);
        return code;
    }
    *ret = control;
    return 0;
}

void control_close(struct control *control)
{
    if (control == NULL)
        return;
    for (size_t i = 0; i < CALL_MAX; i++) {
        struct control_call *call = control->calls[i];
        if (call == NULL)
            continue;
        end(call);
        call->control = NULL;
    }
    /* libuv unlinks the path when the listener closes */
    uv_close((uv_handle_t *)&control->listener, on_listener_closed);
}
