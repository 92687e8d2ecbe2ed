/* Happy path: the order is copied into an easy handle; the host's addresses are known, or waited
 * for; libcurl connects, asks may_send, sends, reads; on_end hears status and body.
 *
 * Failure modes: each ends in one of four words and a sentence. The deadline is a timer of the
 * loop and wins over everything: the handle is taken out, its connection closed. An answer that
 * is too long is dropped when it crosses the bound, not when it is complete. */
#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../peer/clock.h"
#include "fault.h"
#include "handle.h"
#include "known.h"
#include "multi.h"

struct http_call {
    struct http *http;
    struct http_call *next;
    CURL *easy;
    struct curl_slist *headers, *resolve;
    struct config_url url;
    char name[HOST_SIZE + 8]; /* host, and port when it is not the usual one: for texts */
    uv_timer_t deadline;
    mono_ms since;
    span_ms limit_ms;
    bool waits, due; /* for the host's address; it has come, or will not */
    bool added;      /* to the multi handle */
    bool forbidden, too_long;
    unsigned sendings;
    size_t headers_size, body_size;
    char *body; /* HTTP_BODY_MAX + 1 bytes once something came */
    char said[CURL_ERROR_SIZE];
    bool (*may_send)(void *owner);
    void (*on_end)(void *owner, const struct http_answer *answer);
    void *owner;
};

struct http {
    uv_loop_t *loop;
    struct multi *multi;
    struct known *known;
    struct http_call *calls;
    size_t call_count;
    char *doh_url;       /* NULL = the system's resolver */
    struct handle_rules rules;
};

/* ---- the end of a call ---- */

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

/* Frees all but the deadline's handle, which the loop closes. */
static void discard(struct http_call *call)
{
    struct http *http = call->http;
    struct http_call **at = &http->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    http->call_count--;
    if (call->added)
        multi_remove(http->multi, call->easy);
    curl_easy_cleanup(call->easy);
    handle_forget(call->headers);
    curl_slist_free_all(call->resolve);
    free(call->body);
    uv_close((uv_handle_t *)&call->deadline, on_closed);
}

static void end(struct http_call *call, struct http_answer *answer, const struct trouble *why)
{
    answer->took_ms = clock_now() - call->since;
    answer->sendings = call->sendings;
    answer->why = why;
    answer->inside = call->easy;
    if (answer->end != HTTP_ANSWERED) {
        answer->status = 0;
        answer->body_size = 0;
    }
    answer->body = answer->body_size > 0 ? call->body : "";
    uv_timer_stop(&call->deadline);
    call->on_end(call->owner, answer);
    discard(call);
}

static void end_with(struct http_call *call, enum http_end how, const struct trouble *why)
{
    struct http_answer answer = {.end = how, .retry_after_ms = -1};
    end(call, &answer, why);
}

static int64_t clock_of(const struct http_answer *answer)
{
    char date[64];
    http_header(answer, "Date", date, sizeof date);
    time_t server_s = curl_getdate(date, NULL);
    return server_s > 0 ? (int64_t)server_s : 0;
}

/* A whole answer came. */
static void answered(struct http_call *call)
{
    struct http_answer answer = {.end = HTTP_ANSWERED, .retry_after_ms = -1};
    struct trouble why = {.kind = TROUBLE_NONE};
    long status = 0;
    curl_off_t wait_s = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &wait_s);
    if (wait_s > 0)
        answer.retry_after_ms = wait_s < 86400 ? (span_ms)wait_s * 1000 : (span_ms)86400000;
    answer.status = (int)status;
    answer.inside = call->easy;
    answer.server_s = clock_of(&answer);
    answer.body_size = call->body_size;
    if (status >= 300 && status < 400) {
        char where[120];
        http_header(&answer, "Location", where, sizeof where);
        answer.end = call->sendings > 1 ? HTTP_LOST : HTTP_REFUSED;
        trouble_set(&why, TROUBLE_REDIRECT, "%s: answers with a redirect (%ld%s%s), which is not "
                    "followed; set endpoint to where the interface is", call->name, status,
                    where[0] != 0 ? " to " : "", where);
    } else if (status < 200 || status > 599) {
        answer.end = HTTP_LOST;
        trouble_set(&why, TROUBLE_NOT_HTTP, "%s: answers with the status %ld, which means nothing",
                    call->name, status);
    }
    end(call, &answer, &why);
}

/* What libcurl could not do. */
static void failed(struct http_call *call, CURLcode code)
{
    struct trouble why;
    enum http_end how = call->sendings > 0 ? HTTP_LOST : HTTP_UNSENT;
    fault_of_curl(&why, call->name, code, call->said);
    if (call->forbidden) {
        how = call->sendings > 0 ? HTTP_LOST : HTTP_UNSENT;
        trouble_set(&why, TROUBLE_OTHER, "%s: not sent: the permit to act ended", call->name);
    } else if (call->too_long) {
        trouble_set(&why, TROUBLE_TOO_LONG, "%s: the answer is longer than %d KiB; is that the "
                    "right interface?", call->name, HTTP_BODY_MAX / 1024);
    } else if (fault_is_distrust(code) && call->sendings == 0) { /* else the one before it was */
        how = HTTP_REFUSED;
    }
    if (call->sendings == 0 && !call->forbidden)
        known_failed(call->http->known, call->url.host.host);
    end_with(call, how, &why);
}

static void on_done(void *owner, CURL *easy, CURLcode code)
{
    struct http_call *call = NULL;
    const char *address = NULL;
    (void)owner;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&call);
    call->added = false;
    if (code != CURLE_OK) {
        failed(call, code);
        return;
    }
    if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address != NULL)
        known_worked(call->http->known, call->url.host.host, address);
    answered(call);
}

static void on_deadline(uv_timer_t *timer)
{
    struct http_call *call = timer->data;
    struct trouble why;
    enum fault_phase phase = call->waits              ? FAULT_LOOKUP
                             : call->sendings == 0    ? FAULT_CONNECTING
                             : call->headers_size > 0 ? FAULT_READING
                                                      : FAULT_WAITING;
    fault_late(&why, call->name, phase, call->limit_ms);
    if (phase == FAULT_CONNECTING)
        known_failed(call->http->known, call->url.host.host);
    end_with(call, call->sendings > 0 ? HTTP_LOST : HTTP_UNSENT, &why);
}

/* ---- what libcurl asks and brings ---- */

/* Right before the request is written, on a fresh or on a kept connection. */
static int before_sending(void *owner, char *ip, char *local_ip, int port, int local_port)
{
    struct http_call *call = owner;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (call->may_send != NULL && !call->may_send(call->owner)) {
        call->forbidden = true;
        return CURL_PREREQFUNC_ABORT;
    }
    call->sendings++;
    call->headers_size = call->body_size = 0;
    return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *owner)
{
    struct http_call *call = owner;
    (void)bytes;
    call->headers_size += size * count;
    call->too_long = call->headers_size > HTTP_HEADERS_MAX;
    return call->too_long ? 0 : size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *owner)
{
    struct http_call *call = owner;
    size_t more = size * count;
    if (call->body == NULL)
        call->body = malloc(HTTP_BODY_MAX + 1);
    call->too_long = call->body == NULL || more > HTTP_BODY_MAX - call->body_size;
    if (call->too_long)
        return 0;
    memcpy(call->body + call->body_size, bytes, more);
    call->body_size += more;
    call->body[call->body_size] = 0;
    return more;
}

/* ---- the start ---- */

static bool set_sinks(struct http_call *call)
{
    CURL *easy = call->easy;
    return curl_easy_setopt(easy, CURLOPT_PRIVATE, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->said) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_sending) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, call) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, call) == CURLE_OK;
}

/* With these addresses; with none when libcurl finds them itself. False: no memory. */
static bool go(struct http_call *call, const struct lookup_list *list)
{
    char entry[HOST_SIZE + 16 + LOOKUP_ADDRESS_MAX * (LOOKUP_ADDRESS_SIZE + 3)];
    int length = snprintf(entry, sizeof entry, "%s:%u:", call->url.host.host,
                          (unsigned)call->url.host.port);
    for (size_t i = 0; i < list->count; i++) {
        bool v6 = strchr(list->text[i], ':') != NULL;
        length += snprintf(entry + length, sizeof entry - (size_t)length, "%s%s%s%s",
                           i > 0 ? "," : "", v6 ? "[" : "", list->text[i], v6 ? "]" : "");
    }
    call->waits = false;
    if (list->count > 0) {
        call->resolve = curl_slist_append(NULL, entry);
        if (call->resolve == NULL ||
            curl_easy_setopt(call->easy, CURLOPT_RESOLVE, call->resolve) != CURLE_OK)
            return false;
    }
    call->added = multi_add(call->http->multi, call->easy);
    return call->added;
}

/* Puts the call together; on failure everything that was made is in it, for discard. */
static bool prepare(struct http_call *call, const struct http_order *order)
{
    struct lookup_list list = {.count = 0};
    bool usual = call->url.host.port == (call->url.tls ? 443 : 80);
    char port[8] = "";
    if (!usual)
        (void)snprintf(port, sizeof port, ":%u", (unsigned)call->url.host.port);
    (void)snprintf(call->name, sizeof call->name, "%s%s", call->url.host.host, port);
    call->limit_ms = order->deadline_ms;
    call->since = clock_now();
    call->may_send = order->may_send;
    call->on_end = order->on_end;
    call->owner = order->owner;
    uv_update_time(call->http->loop); /* a deadline counts from now, not from when it woke */
    uv_timer_start(&call->deadline, on_deadline, (uint64_t)order->deadline_ms, 0);
    if (!set_sinks(call) ||
        !handle_fill(call->easy, &call->http->rules, order, &call->headers))
        return false;
    if (!call->url.literal && call->http->doh_url == NULL) {
        known_get(call->http->known, call->url.host.host, &list);
        call->waits = list.count == 0;
    }
    return call->waits || go(call, &list);
}

struct http_call *http_start(struct http *http, const struct http_order *order, struct err *err)
{
    struct config_url url;
    if (handle_check(order, &url, err) != 0)
        return NULL;
    if (http->call_count >= HTTP_CALL_MAX) {
        (void)err_set(err, ERR_SYSTEM, "%d requests are running already", HTTP_CALL_MAX);
        return NULL;
    }
    struct http_call *call = calloc(1, sizeof *call);
    CURL *easy = call == NULL ? NULL : curl_easy_init();
    if (easy == NULL) {
        free(call);
        (void)err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    call->http = http;
    call->easy = easy;
    call->url = url;
    call->next = http->calls;
    http->calls = call;
    http->call_count++;
    uv_timer_init(http->loop, &call->deadline);
    call->deadline.data = call;
    if (prepare(call, order))
        return call;
    discard(call);
    (void)err_set(err, ERR_SYSTEM, "out of memory");
    return NULL;
}

void http_cancel(struct http_call *call)
{
    if (call != NULL)
        discard(call);
}

void http_header(const struct http_answer *answer, const char *name, char *ret, size_t size)
{
    struct curl_header *header = NULL;
    ret[0] = 0;
    if (curl_easy_header(answer->inside, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return;
    (void)snprintf(ret, size, "%s", header->value);
    for (char *at = ret; *at != 0; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = '?';
}

/* ---- life ---- */

/* The first call whose addresses have come, or whose hope is gone; or NULL. */
static struct http_call *due(const struct http *http)
{
    for (struct http_call *call = http->calls; call != NULL; call = call->next)
        if (call->due)
            return call;
    return NULL;
}

/* Marked first: who hears that there are no news may ask again at once, and waits anew. */
static void on_news(void *owner, const char *host, const struct lookup_list *list,
                    const char *why)
{
    struct http *http = owner;
    struct http_call *call;
    struct trouble trouble;
    for (call = http->calls; call != NULL; call = call->next)
        call->due = call->waits && strcmp(call->url.host.host, host) == 0;
    while ((call = due(http)) != NULL) {
        call->due = false;
        if (list->count > 0 && go(call, list))
            continue;
        trouble_set(&trouble, TROUBLE_LOOKUP, "%s: its address cannot be looked up: %s", call->name,
                    list->count > 0 ? "out of memory" : why);
        end_with(call, HTTP_UNSENT, &trouble);
    }
}

int http_open(struct http **ret, uv_loop_t *loop, const char *state_dir, const char *doh_url,
              struct err *err)
{
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        return err_set(err, ERR_SYSTEM, "libcurl does not start");
    }
    http->loop = loop;
    http->doh_url = doh_url == NULL ? NULL : strdup(doh_url);
    http->rules = (struct handle_rules){.ca_path = handle_ca_path(), .doh_url = http->doh_url};
    http->multi = multi_open(loop, on_done, http);
    if (http->multi == NULL || known_open(&http->known, loop, state_dir, on_news, http) != 0) {
        if (http->multi != NULL)
            multi_close(http->multi);
        free(http->doh_url);
        free(http);
        curl_global_cleanup();
        return err_set(err, ERR_SYSTEM, "out of memory");
    }
    *ret = http;
    return 0;
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    while (http->calls != NULL)
        discard(http->calls);
    known_close(http->known);
    multi_close(http->multi);
    free(http->doh_url);
    free(http);
    curl_global_cleanup();
}
