#include "control_loop.h"

#include <fcntl.h>
#include <unistd.h>
#include <uv.h>

#include "fuzz.h"

#define CLOSING_MAX 4

struct closing {
    uv_handle_t *handle;
    uv_close_cb on_closed;
};

static uv_stream_t *listener;
static uv_connection_cb on_client;
static struct control_loop_client client;
static uv_stream_t *stream; /* the daemon's end; NULL: no client */
static uv_alloc_cb on_room;
static uv_read_cb on_read; /* NULL: nobody reads */
static uv_timer_t *timer;
static uv_timer_cb on_timer;
static uv_write_t *writing;
static uv_write_cb on_written;
static struct closing closing[CLOSING_MAX];
static size_t closing_count;

/* ---- the client's end ---- */

void control_loop_connect(void)
{
    FUZZ_CHECK(stream == NULL && closing_count == 0);
    client.size = 0;
    client.ended = false;
    on_client(listener, 0);
}

void control_loop_send(const uint8_t *bytes, size_t size)
{
    while (on_read != NULL && size > 0) {
        uv_buf_t room = uv_buf_init(NULL, 0);
        on_room((uv_handle_t *)stream, 65536, &room);
        size_t part = size < room.len ? size : room.len;
        if (part == 0) {
            on_read(stream, UV_ENOBUFS, &room);
            continue;
        }
        memcpy(room.base, bytes, part);
        bytes += part;
        size -= part;
        on_read(stream, (ssize_t)part, &room);
    }
}

void control_loop_finish(void)
{
    uv_buf_t none = uv_buf_init(NULL, 0);
    if (on_read != NULL)
        on_read(stream, UV_EOF, &none);
}

void control_loop_expire(void)
{
    uv_timer_cb fires = on_timer;
    on_timer = NULL;
    if (fires != NULL)
        fires(timer);
}

static void end_write(int status)
{
    uv_write_t *write = writing;
    writing = NULL;
    if (write != NULL)
        on_written(write, status);
}

void control_loop_turn(void)
{
    struct closing now[CLOSING_MAX];
    size_t count = closing_count;
    if (count == 0) {
        end_write(0);
        return;
    }
    memcpy(now, closing, sizeof now);
    closing_count = 0;
    end_write(UV_ECANCELED);
    for (size_t i = 0; i < count; i++)
        now[i].on_closed(now[i].handle);
}

const struct control_loop_client *control_loop_client(void)
{
    return &client;
}

/* ---- libuv ---- */

int uv_pipe_init(uv_loop_t *loop, uv_pipe_t *pipe, int ipc)
{
    (void)loop, (void)pipe;
    return ipc == 0 ? 0 : UV_EINVAL;
}

/* A plain file stands for the socket: control sets its mode. */
int uv_pipe_bind(uv_pipe_t *pipe, const char *name)
{
    (void)pipe;
    int file = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    FUZZ_CHECK(file >= 0);
    close(file);
    return 0;
}

int uv_listen(uv_stream_t *listening, int backlog, uv_connection_cb on_connection)
{
    (void)backlog;
    listener = listening;
    on_client = on_connection;
    return 0;
}

int uv_accept(uv_stream_t *server, uv_stream_t *accepted)
{
    FUZZ_CHECK(server == listener && stream == NULL);
    stream = accepted;
    return 0;
}

int uv_fileno(const uv_handle_t *handle, uv_os_fd_t *ret)
{
    FUZZ_CHECK((const uv_handle_t *)stream == handle);
    *ret = -1;
    return 0;
}

int uv_read_start(uv_stream_t *from, uv_alloc_cb on_alloc, uv_read_cb on_bytes)
{
    FUZZ_CHECK(from == stream);
    on_room = on_alloc;
    on_read = on_bytes;
    return 0;
}

int uv_read_stop(uv_stream_t *from)
{
    FUZZ_CHECK(from == stream);
    on_read = NULL;
    return 0;
}

int uv_try_write(uv_stream_t *to, const uv_buf_t buffers[], unsigned int count)
{
    FUZZ_CHECK(to == stream);
    for (unsigned i = 0; i < count; i++) {
        FUZZ_CHECK(client.size + buffers[i].len <= sizeof client.reply);
        memcpy(client.reply + client.size, buffers[i].base, buffers[i].len);
        client.size += buffers[i].len;
    }
    return 0;
}

int uv_write(uv_write_t *write, uv_stream_t *to, const uv_buf_t buffers[], unsigned int count,
             uv_write_cb on_done)
{
    FUZZ_CHECK(writing == NULL);
    writing = write;
    on_written = on_done;
    return uv_try_write(to, buffers, count);
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *of)
{
    (void)loop;
    timer = of;
    return 0;
}

int uv_timer_start(uv_timer_t *of, uv_timer_cb on_time, uint64_t after_ms, uint64_t repeat_ms)
{
    FUZZ_CHECK(of == timer && after_ms > 0 && repeat_ms == 0);
    on_timer = on_time;
    return 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb on_closed)
{
    FUZZ_CHECK(closing_count < CLOSING_MAX);
    for (size_t i = 0; i < closing_count; i++)
        FUZZ_CHECK(closing[i].handle != handle);
    closing[closing_count++] = (struct closing){handle, on_closed};
    if (handle == (uv_handle_t *)timer)
        on_timer = NULL;
    if (handle != (uv_handle_t *)stream)
        return;
    on_read = NULL;
    stream = NULL;
    client.ended = true;
}
