/* ready — tells the service manager what state the daemon is in (sd_notify protocol).
 *
 * Plain datagrams to $NOTIFY_SOCKET, never waiting; without that variable it does nothing. With
 * WATCHDOG_USEC it says WATCHDOG=1 from a timer of the loop at half that time: a loop that
 * stands still is a daemon that gets restarted. */
#ifndef HOLDFAST_PEER_READY_H
#define HOLDFAST_PEER_READY_H

#include <stdbool.h>
#include <uv.h>

/* The caller's; must live until the loop has run once after ready_close. */
struct ready {
    int file; /* -1 = no service manager listens */
    bool watched;
    uv_timer_t watchdog;
};

/* Reads the environment. Nothing here is an error: a wrong $NOTIFY_SOCKET is as none. */
void ready_open(struct ready *ready, uv_loop_t *loop);
/* READY=1: the daemon answers. */
void ready_up(const struct ready *ready);
/* STATUS=text, one line; cut at 200 bytes. */
void ready_status(const struct ready *ready, const char *text);
/* STOPPING=1. */
void ready_stopping(const struct ready *ready);
/* RELOADING=1; ready_up ends it. */
void ready_reloading(const struct ready *ready);
void ready_close(struct ready *ready);

#endif
