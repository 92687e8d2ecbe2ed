/* Happy path: libcurl says which sockets it waits for and until when; the loop tells it what
 * happened; what is done is taken out and handed over.
 *
 * Failure modes: no memory for a socket: that transfer stands still until its deadline. */
#include "multi.h"

#include <stdlib.h>

#define CONNECTIONS_MAX 16 /* kept for the next request */

struct watched {
    uv_poll_t poll;
    curl_socket_t socket;
    struct multi *multi;
    struct watched *next;
};

struct multi {
    CURLM *curl;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct watched *watched;
    multi_on_done *on_done;
    void *owner;
};

static void take_done(struct multi *multi)
{
    CURLMsg *message;
    int left;
    while (multi->curl != NULL && (message = curl_multi_info_read(multi->curl, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result; /* the message ends with the removal */
        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_multi_remove_handle(multi->curl, easy);
        multi->on_done(multi->owner, easy, code);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    const struct watched *watched = poll->data;
    struct multi *multi = watched->multi;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0, running;
    flags |= (events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0;
    flags |= (events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0;
    (void)curl_multi_socket_action(multi->curl, watched->socket, flags, &running);
    take_done(multi);
}

static void on_due(uv_timer_t *timer)
{
    struct multi *multi = timer->data;
    int running;
    (void)curl_multi_socket_action(multi->curl, CURL_SOCKET_TIMEOUT, 0, &running);
    take_done(multi);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void unwatch(struct multi *multi, struct watched *watched)
{
    struct watched **at = &multi->watched;
    while (*at != watched)
        at = &(*at)->next;
    *at = watched->next;
    uv_close((uv_handle_t *)&watched->poll, on_poll_closed);
}

static struct watched *watch(struct multi *multi, curl_socket_t socket)
{
    struct watched *watched = calloc(1, sizeof *watched);
    if (watched == NULL || uv_poll_init_socket(multi->loop, &watched->poll, socket) != 0) {
        free(watched);
        return NULL;
    }
    watched->poll.data = watched;
    watched->socket = socket;
    watched->multi = multi;
    watched->next = multi->watched;
    multi->watched = watched;
    (void)curl_multi_assign(multi->curl, socket, watched);
    return watched;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *owner, void *mine)
{
    struct multi *multi = owner;
    struct watched *watched = mine;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watched != NULL) {
            (void)curl_multi_assign(multi->curl, socket, NULL);
            unwatch(multi, watched);
        }
        return 0;
    }
    if (watched == NULL)
        watched = watch(multi, socket);
    int events = (what & CURL_POLL_IN) != 0 ? UV_READABLE : 0;
    events |= (what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0;
    if (watched != NULL)
        (void)uv_poll_start(&watched->poll, events, on_ready);
    return 0;
}

/* Also when it is due at once: libcurl must not be entered from inside its own callback. */
static int on_timer(CURLM *curl, long ms, void *owner)
{
    struct multi *multi = owner;
    (void)curl;
    if (ms < 0)
        uv_timer_stop(&multi->timer);
    else
        uv_timer_start(&multi->timer, on_due, (uint64_t)ms, 0);
    return 0;
}

struct multi *multi_open(uv_loop_t *loop, multi_on_done *on_done, void *owner)
{
    struct multi *multi = calloc(1, sizeof *multi);
    if (multi == NULL || (multi->curl = curl_multi_init()) == NULL) {
        free(multi);
        return NULL;
    }
    multi->loop = loop;
    multi->on_done = on_done;
    multi->owner = owner;
    uv_timer_init(loop, &multi->timer);
    multi->timer.data = multi;
    (void)curl_multi_setopt(multi->curl, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_SOCKETDATA, multi);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_TIMERDATA, multi);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
    (void)curl_multi_setopt(multi->curl, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    return multi;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void multi_close(struct multi *multi)
{
    (void)curl_multi_cleanup(multi->curl);
    multi->curl = NULL;
    while (multi->watched != NULL)
        unwatch(multi, multi->watched);
    uv_close((uv_handle_t *)&multi->timer, on_timer_closed);
}

bool multi_add(struct multi *multi, CURL *easy)
{
    return curl_multi_add_handle(multi->curl, easy) == CURLM_OK;
}

void multi_remove(struct multi *multi, CURL *easy)
{
    (void)curl_multi_remove_handle(multi->curl, easy);
}
