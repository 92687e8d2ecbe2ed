/* powerdns_json — what goes to PowerDNS's HTTP interface, and what comes from it. Pure.
 *
 * Its PATCH is one transaction, and a name that has a CNAME takes nothing else. That is the only
 * condition it knows, and enough for a compare-and-set: each fence has a name of its own,
 * t<token>._holdfast.<name>, which becomes a CNAME (the tombstone) when that fence is replaced.
 * A write tries a TXT there first: where the tombstone stands, the whole PATCH is refused. So of
 * all who rest on one fence exactly one gets through, however late the others come. "No fence"
 * is tried the other way round, with a CNAME in the place of the fence.
 * old._holdfast.<name> lists the tokens, the present one first; the oldest tombstones go. */
#ifndef HOLDFAST_NODE_DNS_POWERDNS_JSON_H
#define HOLDFAST_NODE_DNS_POWERDNS_JSON_H

#include <jansson.h>

#include "../record_fence.h"
#include "provider.h"

#define POWERDNS_CHAIN_MAX 12 /* tokens in the list: all but the first have tombstones */
#define POWERDNS_NAME_SIZE (HOST_SIZE + 1)
#define POWERDNS_NAME_MAX 224 /* of the floating name, so that t<token>._holdfast. fits before */

/* The tokens of the last fences, newest first. */
struct powerdns_chain {
    char tokens[POWERDNS_CHAIN_MAX][TOKEN_SIZE];
    size_t count;
};

/* All names with final dot. */
struct powerdns_names {
    char name[POWERDNS_NAME_SIZE];
    char fence[POWERDNS_NAME_SIZE];
    char chain[POWERDNS_NAME_SIZE];
};

/* What a read has found so far; zeroed = nothing yet. */
struct powerdns_seen {
    struct provider_state state;
    struct powerdns_chain chain;
    bool alias;     /* a CNAME at the name, its fence or the list */
    bool secondary; /* this server only copies the zone */
    bool silent;    /* it is a primary, and serials do not rise: secondaries never hear of it */
    bool primary;   /* its secondaries want to be told */
};

/* False: the name is too long. */
bool powerdns_json_names(const char *name, struct powerdns_names *ret);
/* Adds what one answer to "the zone, this name alone" says. False: it is no such answer. */
bool powerdns_json_take(const char *body, size_t size, const struct powerdns_names *names,
                        struct powerdns_seen *seen);
/* True when the list begins with the fence's own token, or there is no fence, or what is there
 * is no fence of ours. */
bool powerdns_json_fits(const struct powerdns_seen *seen);
/* The PATCH for this change, as text: free() it. NULL: no memory, or a fence that is none. */
char *powerdns_json_patch(const struct powerdns_names *names, const struct powerdns_chain *chain,
                          const struct provider_change *change);
/* The "error" of an answer, or the answer itself when it is plain text; printable, cut. */
void powerdns_json_error(const char *body, size_t size, char *ret, size_t ret_size);
/* Does this error say that the fence on which the change rested was replaced meanwhile? */
bool powerdns_json_is_fenced(const struct powerdns_names *names,
                             const struct provider_change *change, const char *error);

#endif
