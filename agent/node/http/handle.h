/* handle — an order becomes libcurl's easy handle: checked, copied, with all the rules set.
 *
 * Used by: http alone. */
#ifndef HOLDFAST_NODE_HTTP_HANDLE_H
#define HOLDFAST_NODE_HTTP_HANDLE_H

#include <curl/curl.h>

#include "../../peer/config_url.h"
#include "http.h"

/* What holds for every request of this process; borrowed by the handle while it lives. */
struct handle_rules {
    const char *ca_path; /* directory with hashed names, read as needed; NULL = one long list */
    const char *doh_url; /* NULL = the system's resolver */
};

/* ERR_USAGE: the method, a header or the URL is no good. */
int handle_check(const struct http_order *order, struct config_url *ret, struct err *err);
/* Fills a fresh handle from a checked order. *ret_headers is the caller's, to be freed with
 * handle_forget when the handle is gone, also after a failure. False: no memory. */
bool handle_fill(CURL *easy, const struct handle_rules *rules, const struct http_order *order,
                 struct curl_slist **ret_headers);
/* Wipes and frees header lines: tokens were in there. NULL is fine. */
void handle_forget(struct curl_slist *headers);
/* The directory of the system's certificates if libcurl has one and its files carry the hashed
 * names by which they are found, else NULL. */
const char *handle_ca_path(void);

#endif
