/* Happy path: a line is put into the reader's form and sent in one non-blocking datagram.
 *
 * Failure modes: the reader is slow (EAGAIN): the line waits in a ring of 256, tried again after
 * 50 ms, then ever more seldom up to 1 s. The reader is gone or was never there: reconnect, up to
 * every 5 s, looking for the journal first each time. The ring is full: new lines are dropped and
 * counted, and one line says how many once there is room again. stderr that cannot take a line
 * at once (a stopped pager) is treated the same. glibc's syslog() is not used: it blocks. */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log_form.h"

#define RING_COUNT 256
#define RETRY_MS_MIN 50
#define RETRY_MS_MAX 1000
#define RECONNECT_MS_MAX 5000
#define JOURNAL_PATH "/run/systemd/journal/socket"
#define SYSLOG_PATH "/dev/log"

enum sent { SENT, SENT_LATER, SENT_GONE, SENT_NEVER };

struct line {
    enum reason_level level;
    int64_t wall_ms;
    char text[]; /* ended by 0 */
};

static struct {
    bool open, to_stderr, debug;
    char identity[32], node[64];
    uv_timer_t timer;
    uint64_t retry_ms; /* 0 = nothing failed lately */
    int fd;            /* -1 = not connected */
    enum log_form form;
    struct line *ring[RING_COUNT];
    size_t first, count;
    uint64_t dropped, dropped_told;
} state = {.fd = -1, .identity = "holdfast"};

static enum sent send_stderr(const char *bytes, size_t size)
{
    /* stderr is shared with others, so it stays as it is, blocking or not: a line is shorter
     * than PIPE_BUF, and a descriptor that is ready takes that much. */
    struct pollfd stream = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&stream, 1, 0) != 1 || (stream.revents & POLLOUT) == 0)
        return (stream.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? SENT_NEVER : SENT_LATER;
    return write(STDERR_FILENO, bytes, size) == (ssize_t)size ? SENT : SENT_NEVER;
}

static bool connect_to(const char *path, enum log_form form)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return false;
    }
    state.fd = fd;
    state.form = form;
    return true;
}

static bool connect_any(void)
{
    const char *own = getenv("HOLDFAST_SYSLOG");
    if (state.fd >= 0)
        return true;
    if (own != NULL && own[0] != 0)
        return connect_to(own, LOG_FORM_SYSLOG);
    return connect_to(JOURNAL_PATH, LOG_FORM_JOURNAL) || connect_to(SYSLOG_PATH, LOG_FORM_SYSLOG);
}

static void disconnect(void)
{
    if (state.fd >= 0)
        close(state.fd);
    state.fd = -1;
}

static enum sent send_datagram(const char *bytes, size_t size)
{
    if (send(state.fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
        return SENT;
    switch (errno) {
    case EAGAIN:
    case EINTR:
    case ENOBUFS:
    case ENOMEM:
        return SENT_LATER;
    case EMSGSIZE:
        return SENT_NEVER;
    default:
        return SENT_GONE;
    }
}

static enum sent send_line(const struct line *line)
{
    char bytes[LOG_FORM_SIZE];
    struct log_entry entry = {.level = line->level,
                              .wall_ms = line->wall_ms,
                              .identity = state.identity,
                              .pid = (int)getpid(),
                              .text = line->text};
    if (state.to_stderr || !state.open)
        return send_stderr(bytes, log_form_make(LOG_FORM_STDERR, &entry, bytes));
    /* Twice: a reader that was restarted is there again under the same name. */
    enum sent sent = SENT_GONE;
    for (int try = 0; try < 2 && sent == SENT_GONE && connect_any(); try++) {
        sent = send_datagram(bytes, log_form_make(state.form, &entry, bytes));
        if (sent == SENT_GONE)
            disconnect();
    }
    return sent;
}

static struct line *make_line(enum reason_level level, const char *text)
{
    char clean[LOG_FORM_TEXT_MAX + 1];
    size_t length = log_form_clean(text, clean);
    struct line *line = malloc(sizeof *line + length + 1);
    if (line == NULL)
        return NULL;
    line->level = level;
    line->wall_ms = clock_wall_ms();
    memcpy(line->text, clean, length + 1);
    return line;
}

/* Says how many lines are missing, once the reader takes lines again. */
static enum sent tell_dropped(void)
{
    char text[128];
    uint64_t missing = state.dropped - state.dropped_told;
    if (missing == 0)
        return SENT;
    snprintf(text, sizeof text,
             "event=log-dropped count=%" PRIu64 " msg=\"%" PRIu64 " messages dropped\"", missing,
             missing);
    struct line *line = make_line(REASON_WARNING, text);
    enum sent sent = line == NULL ? SENT_LATER : send_line(line);
    if (sent == SENT)
        state.dropped_told = state.dropped;
    free(line);
    return sent;
}

/* Sends from the ring until it is empty or the reader takes no more. */
static enum sent empty_ring(void)
{
    while (state.count > 0) {
        struct line *line = state.ring[state.first];
        enum sent sent = send_line(line);
        if (sent == SENT_LATER || sent == SENT_GONE)
            return sent;
        state.dropped += sent == SENT_NEVER;
        free(line);
        state.first = (state.first + 1) % RING_COUNT;
        state.count--;
    }
    return tell_dropped();
}

static void on_retry(uv_timer_t *timer);

static void retry_later(enum sent sent)
{
    uint64_t most = sent == SENT_GONE ? RECONNECT_MS_MAX : RETRY_MS_MAX;
    state.retry_ms = state.retry_ms == 0 ? RETRY_MS_MIN : state.retry_ms * 2;
    if (state.retry_ms > most)
        state.retry_ms = most;
    (void)uv_timer_start(&state.timer, on_retry, state.retry_ms, 0);
}

static void on_retry(uv_timer_t *timer)
{
    (void)timer;
    size_t before = state.count;
    enum sent sent = empty_ring();
    if (state.count < before) /* it moves: ask again soon */
        state.retry_ms = 0;
    if (sent == SENT_LATER || sent == SENT_GONE)
        retry_later(sent);
}

/* Takes the line. */
static void keep(struct line *line)
{
    if (state.count == RING_COUNT) {
        state.dropped++;
        free(line);
        return;
    }
    state.ring[(state.first + state.count) % RING_COUNT] = line;
    state.count++;
}

void log_line(enum reason_level level, const char *pairs)
{
    if (level == REASON_DEBUG && !state.debug)
        return;
    struct line *line = make_line(level, pairs);
    if (line == NULL) {
        state.dropped++;
        return;
    }
    if (!state.open) {
        state.dropped += send_line(line) != SENT;
        free(line);
        return;
    }
    keep(line);
    if (uv_is_active((const uv_handle_t *)&state.timer))
        return; /* the reader is slow or gone: one thing tries, the timer */
    enum sent sent = empty_ring();
    if (sent == SENT_LATER || sent == SENT_GONE)
        retry_later(sent);
    else
        state.retry_ms = 0;
}

void log_name(const char *identity, const char *node)
{
    snprintf(state.identity, sizeof state.identity, "%s", identity);
    snprintf(state.node, sizeof state.node, "%s", node == NULL ? "" : node);
}

void log_text(enum reason_level level, const char *event, const char *format, ...)
{
    char text[LOG_FORM_TEXT_MAX], line[LOG_FORM_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int used = snprintf(line, sizeof line, "event=%.60s%s%s msg=", event,
                        state.node[0] == 0 ? "" : " node=", state.node);
    (void)log_form_quote(text, line + used, sizeof line - (size_t)used);
    log_line(level, line);
}

uint64_t log_dropped(void)
{
    return state.dropped;
}

void log_open(uv_loop_t *loop, const char *identity, bool foreground)
{
    if (state.open)
        return;
    snprintf(state.identity, sizeof state.identity, "%s", identity);
    state.to_stderr = foreground;
    state.debug = getenv("HOLDFAST_DEBUG") != NULL;
    state.retry_ms = 0;
    state.dropped = state.dropped_told = 0;
    tzset(); /* reads the time zone now, not in the middle of the work */
    if (uv_timer_init(loop, &state.timer) != 0)
        return;
    uv_unref((uv_handle_t *)&state.timer);
    state.open = true;
}

void log_close(void)
{
    if (!state.open)
        return;
    (void)empty_ring();
    for (; state.count > 0; state.count--) {
        free(state.ring[state.first]);
        state.first = (state.first + 1) % RING_COUNT;
        state.dropped++;
    }
    disconnect();
    state.open = false;
    uv_close((uv_handle_t *)&state.timer, NULL);
}
