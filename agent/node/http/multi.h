/* multi — libcurl's multi interface on the loop: its sockets and its one timer.
 *
 * Knows nothing of requests: handles go in, and come out with libcurl's code.
 * Used by: http alone. */
#ifndef HOLDFAST_NODE_HTTP_MULTI_H
#define HOLDFAST_NODE_HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>
#include <uv.h>

struct multi;

/* The transfer of this handle ended. It has been taken out already; free to do with. */
typedef void multi_on_done(void *owner, CURL *easy, CURLcode code);

/* NULL: no memory. Borrows the loop. */
struct multi *multi_open(uv_loop_t *loop, multi_on_done *on_done, void *owner);
/* All handles have been taken out. Frees once the loop has closed what is left. */
void multi_close(struct multi *multi);
/* Starts a transfer. False: no memory. on_done never comes from inside. */
bool multi_add(struct multi *multi, CURL *easy);
/* Stops it; an unfinished connection is closed. */
void multi_remove(struct multi *multi, CURL *easy);

#endif
