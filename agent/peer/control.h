/* control — the local Unix socket: one JSON request, one JSON reply, then closed.
 *
 * Request: {"v": 1, "command": "status", ...arguments} and a newline (or end of input).
 * Reply:   {"v": 1, "code": 0, "text": "...", "result": {...}} and a newline; `code` is the exit
 *          code for the CLI (0 done, 1 no, 2 usage, 3 busy: not even looked at, 4 refused).
 * Bounds: 16 connections, at most 12 of them of readers, so that who may change things gets in;
 * 8 KiB request, 512 KiB reply, 2 s from accept to close. Mode 0660,
 * group holdfast when it exists. Peer credentials decide who may change (uid 0, the daemon's
 * own uid, or membership of group holdfast-admin: SO_PEERCRED and SO_PEERGROUPS).
 * A stale socket file is replaced; a living one is ERR_IN_USE. */
#ifndef HOLDFAST_PEER_CONTROL_H
#define HOLDFAST_PEER_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "err.h"

struct control;
struct control_call; /* one request that waits for its reply */

/* `command` and `request` (whole object) are borrowed for the call. Must answer each call
 * exactly once, now or later; a call whose client is gone may still be answered. */
typedef void control_handler(void *owner, struct control_call *call, const char *command,
                             const json_t *request);

/* What the room needs from around it; copied, the path too. */
struct control_world {
    uv_loop_t *loop;
    const char *path;
    control_handler *handler;
    void *owner;
};

/* Binds and listens. ERR_IN_USE: another daemon answers there. ERR_STATE: the directory is
 * missing or may not be written. */
int control_open(struct control **ret, const struct control_world *world, struct err *err);
/* Unlinks the socket file and drops every connection; calls that wait may still be answered.
 * The loop must still run. NULL is fine. */
void control_close(struct control *control);

/* True when the caller may change things. */
bool control_may_change(const struct control_call *call);
/* uid of the caller, for the event log. */
unsigned control_uid(const struct control_call *call);
/* Answers and frees the call. result: stolen reference, may be NULL. */
void control_reply(struct control_call *call, int code, const char *text, json_t *result);

#endif
