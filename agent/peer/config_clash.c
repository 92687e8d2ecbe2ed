/* Happy path: one name in two records is kept at two places, so each has a fence of its own.
 *
 * Failure modes: two records of one place would fight over one fence; what is wrong is the
 * sentence that comes back. Places that look different and are one (two addresses of one server)
 * are not seen here: the later writer finds a foreign token in the fence and stops. */
#include <string.h>

#include "config_draft.h"

static bool is_same_server(const struct record_config *a, const struct record_config *b)
{
    for (size_t i = 0; i < a->server_count; i++)
        for (size_t j = 0; j < b->server_count; j++)
            if (strcmp(a->servers[i].host, b->servers[j].host) == 0 &&
                a->servers[i].port == b->servers[j].port)
                return true;
    return false;
}

static const char *clash_of_one_kind(const struct record_config *a, const struct record_config *b)
{
    switch (a->provider) {
    case PROVIDER_RFC2136:
        return is_same_server(a, b) ? "other servers here, or each name once" : NULL;
    case PROVIDER_ROUTE53:
    case PROVIDER_CLOUDFLARE:
        return strcmp(a->zone_id, b->zone_id) == 0 ? "another zone-id here, or each name once"
                                                   : NULL;
    case PROVIDER_POWERDNS:
        return strcmp(a->endpoint, b->endpoint) == 0 ? "another endpoint here, or each name once"
                                                     : NULL;
    case PROVIDER_EXEC:
        break;
    }
    return strcmp(a->command, b->command) == 0 ? "another command here, or each name once" : NULL;
}

/* PowerDNS keeps dynamic updates and its HTTP interface apart: neither waits for the other, and
 * nothing in the file tells whether an endpoint and a server are one machine. */
static bool is_mixed(const struct record_config *a, const struct record_config *b)
{
    return (a->provider == PROVIDER_POWERDNS && b->provider == PROVIDER_RFC2136) ||
           (a->provider == PROVIDER_RFC2136 && b->provider == PROVIDER_POWERDNS);
}

const char *config_clash(const struct record_config *a, const struct record_config *b)
{
    if (a->name[0] == 0 || strcmp(a->name, b->name) != 0)
        return NULL;
    if (is_mixed(a, b))
        return "either powerdns or rfc2136 for it: each fence of PowerDNS is blind for the other";
    return a->provider == b->provider ? clash_of_one_kind(a, b) : NULL;
}
