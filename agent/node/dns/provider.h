/* provider — what a record asks of whoever keeps the name; one file per provider.
 *
 * A provider does one request at a time, without rules: it reads, or it writes one
 * compare-and-set, within the deadline it is given, and says what came of it. */
#ifndef HOLDFAST_NODE_DNS_PROVIDER_H
#define HOLDFAST_NODE_DNS_PROVIDER_H

#include <uv.h>

#include "../../../proto/permit.h"
#include "../../peer/config.h"
#include "../../peer/err.h"
#include "../http/http.h"
#include "../trouble.h"

#define FENCE_SIZE 128 /* "v=1;e=...;h=...;t=..." and the final 0 */

/* What is there now. fence "" = none. */
struct provider_state {
    char fence[FENCE_SIZE];
    size_t fence_count; /* 0, 1, or more: more than one is a foreign hand */
    bool exact; /* `fence` is to the letter what is there: a write can compare with it */
    struct serve serve;
    bool more; /* more addresses than fit: surely not what was written */
    uint32_t ttl_s; /* of the addresses, the longest */
    unsigned servers, servers_ok; /* asked, and showing the same as the first */
    int64_t server_s; /* the provider's wall clock as it answered, in s; 0 = it did not tell */
};

struct provider_change {
    char old_fence[FENCE_SIZE]; /* "" = the fence must not exist */
    char new_fence[FENCE_SIZE];
    struct serve old_serve; /* as last read, for provider = exec */
    struct serve new_serve;
    uint32_t ttl_s;
};

enum provider_outcome {
    PROVIDER_WON,     /* applied, says the provider: read back before believing it */
    PROVIDER_FENCED,  /* the old fence was not there any more */
    PROVIDER_REFUSED, /* configuration: key, policy, zone */
    PROVIDER_UNKNOWN, /* timeout, server failure, cancelled: re-read */
};

/* Whom a read asks: the primary alone (fast), or the secondaries too (to verify). */
enum provider_scope { PROVIDER_PRIMARY, PROVIDER_EVERYWHERE };

struct provider;

/* What a provider lives in; borrowed until its close has run. */
struct provider_world {
    uv_loop_t *loop;
    struct http *http; /* NULL: it is only looked whether open succeeds, and closed again */
};

/* What a read found; state and why are valid during the call. */
typedef void provider_on_read(void *owner, enum provider_outcome outcome,
                              const struct provider_state *state, const struct trouble *why);
/* What came of a write; why: nothing is wrong, and nothing to say, when WON. */
typedef void provider_on_write(void *owner, enum provider_outcome outcome,
                               const struct trouble *why);

/* Who writes: asked before each sending whether it may still be sent, and told the outcome. */
struct provider_caller {
    bool (*still)(void *owner, const struct permit *permit);
    provider_on_write *on_write;
    void *owner;
};

/* The five functions. read: outcome WON = *state is what the provider has. `deadline_ms` is a
 * length. Callbacks never come from inside the call; what they are given lives as long as they
 * run. cancel: no callback comes after it. write asks `still` with its `owner` before each
 * sending. */
struct provider_operations {
    const char *name;  /* "rfc2136" */
    const char *fence; /* PROVIDER_FENCE_... of config.h */
    bool over_http;    /* needs provider_world.http */
    bool can_read;     /* false: read tells only what this process wrote itself */
    bool hand_fence;   /* a fence that a hand puts there is as good as one that was written */
    span_ms write_ms;  /* time for one try */
    /* How long after another node's last permit a write of its may still take effect, because
     * nothing at the provider stops it. A new holder lets that pass before its first write. 0:
     * the fence stops it. */
    span_ms late_ms;
    int (*open)(struct provider **ret, const struct provider_world *world,
                const struct record_config *config, struct err *err);
    void (*read)(struct provider *provider, enum provider_scope scope, span_ms deadline_ms,
                 provider_on_read *on_read, void *owner);
    void (*write)(const struct permit *permit, struct provider *provider,
                  const struct provider_change *change, span_ms deadline_ms,
                  const struct provider_caller *caller);
    void (*cancel)(struct provider *provider);
    void (*close)(struct provider *provider);
};

/* One for each line of providers.h, in the file of its name. */
#define PROVIDER_DECLARED(code, name, fence, needs, takes)                                        \
    extern const struct provider_operations provider_##name;
/* Their declarations. */
PROVIDER_TABLE(PROVIDER_DECLARED)

#endif
