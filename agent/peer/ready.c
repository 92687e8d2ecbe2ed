/* Happy path: each word is one datagram to the manager's socket.
 *
 * Failure modes: no manager, a full or gone socket: the word is lost, which costs at worst a
 * restart by the manager's watchdog. */
#include "ready.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

static void say(const struct ready *ready, const char *text)
{
    if (ready->file >= 0)
        (void)send(ready->file, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_watchdog(uv_timer_t *timer)
{
    say(timer->data, "WATCHDOG=1");
}

/* A path, or with @ in front an abstract name. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path == NULL ? 0 : strlen(path);
    if (length < 2 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
        return -1;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (file >= 0 && connect(file, (const struct sockaddr *)&address, size) == 0)
        return file;
    if (file >= 0)
        close(file);
    return -1;
}

/* WATCHDOG_USEC counts only for the process that WATCHDOG_PID names. */
static uint64_t watchdog_ms(void)
{
    const char *length = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (length == NULL || (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid()))
        return 0;
    unsigned long long usec = strtoull(length, NULL, 10);
    return usec < 2000 || usec > 86400000000ULL ? 0 : usec / 2000;
}

void ready_open(struct ready *ready, uv_loop_t *loop)
{
    uint64_t period = watchdog_ms();
    ready->file = connect_to(getenv("NOTIFY_SOCKET"));
    ready->watched = ready->file >= 0 && period > 0;
    uv_timer_init(loop, &ready->watchdog);
    ready->watchdog.data = ready;
    if (ready->watched)
        uv_timer_start(&ready->watchdog, on_watchdog, 0, period);
}

void ready_up(const struct ready *ready)
{
    say(ready, "READY=1");
}

void ready_status(const struct ready *ready, const char *text)
{
    char line[220];
    snprintf(line, sizeof line, "STATUS=%.200s", text);
    say(ready, line);
}

void ready_stopping(const struct ready *ready)
{
    say(ready, "STOPPING=1");
}

/* The manager measures a reload from this stamp, microseconds of CLOCK_MONOTONIC. */
void ready_reloading(const struct ready *ready)
{
    char line[80];
    snprintf(line, sizeof line, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_us());
    say(ready, line);
}

void ready_close(struct ready *ready)
{
    if (ready->file >= 0)
        close(ready->file);
    ready->file = -1;
    uv_close((uv_handle_t *)&ready->watchdog, NULL);
}
