/* known — the last addresses under which each host was found; kept on disk.
 *
 * The resolver is never in the way of a request: what is known is used at once and refreshed
 * beside it; only a host that nobody ever looked up has to wait. So a name server that is dead
 * during a failover costs nothing. TLS still checks the host's name at whatever address.
 * Used by: http alone. */
#ifndef HOLDFAST_NODE_HTTP_KNOWN_H
#define HOLDFAST_NODE_HTTP_KNOWN_H

#include "lookup.h"
#include "../../peer/err.h"

#define KNOWN_HOST_MAX 16

struct known;

/* A look-up of this host ended: what is known now; with nothing at all, `why` says why. */
typedef void known_on_news(void *owner, const char *host, const struct lookup_list *list,
                           const char *why);

/* Reads STATE_DIR/api-addresses (blocking; what is no address in it is passed over). state_dir
 * NULL: kept in memory only. ERR_SYSTEM: no memory. */
int known_open(struct known **ret, uv_loop_t *loop, const char *state_dir, known_on_news *on_news,
               void *owner);
/* No news come after it. */
void known_close(struct known *known);

/* What is known of this host (count 0 = nothing). Looks it up beside that when it is unknown or
 * was not asked for a minute; news come later, never from inside. */
void known_get(struct known *known, const char *host, struct lookup_list *ret);
/* A connection to this address of the host worked: it is the first from now on. */
void known_worked(struct known *known, const char *host, const char *address);
/* The first address did not work: it is the last from now on, and the host is looked up anew
 * when it is asked for the next time. */
void known_failed(struct known *known, const char *host);

#endif
