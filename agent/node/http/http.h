/* http — one HTTPS request at a time and place, on the loop, bounded in every direction.
 *
 * Room: libcurl behind a door of its own; whoever asks names method, address, headers, body and
 * deadline, and hears once what came of it. TLS is always verified; plain http goes to loopback
 * only, and to HTTP_METADATA where an order says so; nothing is followed, resent or kept beyond the
 * answer. The host's addresses come from `known`, so that a dead resolver stops nobody.
 * Used by: the providers. Never by: the witness.
 * Secrets (headers, body, signing key) appear in no text that leaves this room. */
#ifndef HOLDFAST_NODE_HTTP_H
#define HOLDFAST_NODE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "../../../proto/words.h"
#include "../../peer/err.h"
#include "../trouble.h"

#define HTTP_BODY_MAX 65536   /* bytes of an answer's body; a longer one is no answer */
#define HTTP_HEADERS_MAX 32768 /* bytes of its headers together */
#define HTTP_CALL_MAX 64 /* running at once */
#define HTTP_METADATA "http://169.254.169.254" /* where a cloud tells a machine about itself */

struct http;      /* one per loop; shared by all who ask */
struct http_call; /* one request on its way */

/* `state_dir`: where the last known addresses are kept (api-addresses); NULL = nowhere, for
 * tests. `doh_url`: https URL of a DNS-over-HTTPS server by address, asked instead of the
 * system's resolver; NULL = the system's. ERR_SYSTEM: no memory, no libcurl. Blocks: at start
 * only. The caller's duty: SIGPIPE is ignored. */
int http_open(struct http **ret, uv_loop_t *loop, const char *state_dir, const char *doh_url,
              struct err *err);
/* Cancels what runs. NULL is fine. Not from inside on_end. The loop must run until its handles
 * are closed. */
void http_close(struct http *http);

/* How a request ended. */
enum http_end {
    HTTP_ANSWERED, /* status and whole body are there, whatever the status says */
    HTTP_UNSENT,   /* nothing reached the server: no address, no connection, may_send said no */
    HTTP_REFUSED,  /* and will not be else until somebody changes something: a certificate that
                    * is no good, a redirect. Nothing was done by who was meant. */
    HTTP_LOST,     /* sent, but no whole answer came: it may have been done, or be done yet */
};

/* Valid during on_end. */
struct http_answer {
    enum http_end end;
    int status;         /* 200..599 without 3xx when ANSWERED, else 0 */
    const char *body;   /* ends in 0 (also holds 0 bytes if the server sent some) */
    size_t body_size;   /* without that 0 */
    span_ms retry_after_ms; /* what the header Retry-After says (seconds or a date); -1 = nothing */
    unsigned sendings;  /* how often it went out: libcurl repeats a request by itself when a kept
                         * connection turns out dead. Above 1, a conflict may be with ourselves */
    span_ms took_ms;
    const struct trouble *why; /* why it is not ANSWERED, with the host in it; nothing else */
    int64_t server_s; /* the server's wall clock (header Date), in s; 0 = it did not tell */
    void *inside;       /* for http_header */
};

/* AWS Signature Version 4, made by libcurl (CURLOPT_AWS_SIGV4) when the request is sent.
 * The asker's duty, because libcurl 7.88 signs what it is given: the query sorted by name and
 * percent-encoded; the path encoded; no own X-Amz-Date; no header line without a value. A
 * session token goes as an ordinary header "X-Amz-Security-Token: ...". */
struct http_sign {
    const char *scope;  /* "aws:amz:us-east-1:route53" */
    const char *key_id;
    const char *secret;
};

/* What to ask. Everything is copied by http_start. */
struct http_order {
    const char *method; /* "GET", "POST", "PUT", "PATCH", "DELETE" */
    const char *url;    /* https://..., or http://127.0.0.1... ; percent-encoded already */
    const char *const *headers; /* "Name: value" each, NULL ends; NULL = none. Content-Type is
                                 * the asker's. */
    const char *body;   /* NULL = none; "" = an empty one */
    size_t body_size;
    const char *ca_file; /* PEM of who may sign certificates; NULL or "" = the system's list */
    const struct http_sign *sign; /* NULL = unsigned */
    bool metadata; /* plain http to HTTP_METADATA too: it never leaves the machine's host */
    span_ms deadline_ms; /* a length; covers look-up, connection, answer. 1..60000 */
    /* Asked right before the request goes out, each time; false: it does not. NULL = always.
     * It runs inside libcurl: it must only answer, and call nothing of this room. */
    bool (*may_send)(void *owner);
    /* Exactly once unless cancelled; never from inside http_start. May start and cancel. */
    void (*on_end)(void *owner, const struct http_answer *answer);
    void *owner;
};

/* Starts it. NULL: cannot be asked at all (err, ERR_USAGE: URL, header or method is no good;
 * ERR_SYSTEM: no memory, too many run); on_end will not come. Valid until on_end or
 * http_cancel. */
struct http_call *http_start(struct http *http, const struct http_order *order, struct err *err);
/* on_end will not come. What was sent may still be done. Safe from callbacks. NULL is fine. */
void http_cancel(struct http_call *call);

/* The value of a header of the answer, "" when it has none; cut at `size`. In on_end only. */
void http_header(const struct http_answer *answer, const char *name, char *ret, size_t size);

#endif
