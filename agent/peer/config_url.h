/* config_url — where an HTTP interface is: https://HOST[:PORT][/PATH], or http to loopback.
 *
 * Room: pure; form only. Used by: the configuration (endpoint), node/http (every request). */
#ifndef HOLDFAST_PEER_CONFIG_URL_H
#define HOLDFAST_PEER_CONFIG_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "err.h"

struct config_url {
    bool tls;             /* https */
    bool literal;         /* the host is an address or localhost: nothing to look up */
    struct endpoint host; /* lower case; the port is always there */
    size_t rest;          /* index in the text where host and port end */
};

/* ERR_USAGE: neither https nor http to loopback, no host, a user or password in it (the text is
 * not repeated then), blanks or control characters, or a fragment. */
int config_url_parse(const char *text, struct config_url *ret, struct err *err);

#endif
