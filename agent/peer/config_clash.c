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

/* Of one kind. Whatever a kind does not have is empty in both. */
static bool is_same_place(const struct record_config *a, const struct record_config *b)
{
    if (a->zone_id[0] != 0)
        return strcmp(a->zone_id, b->zone_id) == 0; /* whichever way it is reached */
    return strcmp(a->endpoint, b->endpoint) == 0 && strcmp(a->command, b->command) == 0 &&
           (a->server_count == 0 || is_same_server(a, b));
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
    if (a->provider != b->provider || !is_same_place(a, b))
        return NULL;
    return "each name once at one place: its server, zone-id, endpoint or command";
}
