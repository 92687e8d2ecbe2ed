/* control_loop — libuv as far as control uses it, without a kernel: one client at a time.
 *
 * A program that links it gets these functions instead of libuv's own, so a whole visit of a
 * client is a few function calls. As in libuv, no callback comes from inside a call, a write that
 * was not done when its handle is closed ends with UV_ECANCELED, and the memory of a handle is its
 * owner's again only after the closing callback. */
#ifndef HOLDFAST_TESTS_FUZZ_CONTROL_LOOP_H
#define HOLDFAST_TESTS_FUZZ_CONTROL_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_LOOP_REPLY_SIZE (600 * 1024)

/* What the client sees. */
struct control_loop_client {
    char reply[CONTROL_LOOP_REPLY_SIZE];
    size_t size;
    bool ended; /* the daemon closed the connection */
};

/* A client connects; the one before must have ended. */
void control_loop_connect(void);
/* It sends bytes; what nobody reads is lost. */
void control_loop_send(const uint8_t *bytes, size_t size);
/* It says that it will send nothing more. */
void control_loop_finish(void);
/* Its time is over: the timer of its connection fires, if it runs. */
void control_loop_expire(void);
/* A turn of the loop: what was begun in the turn before ends. */
void control_loop_turn(void);
const struct control_loop_client *control_loop_client(void);

#endif
