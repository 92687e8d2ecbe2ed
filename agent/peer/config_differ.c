/* Happy path: a copy of the old configuration gets one thing of the fresh one; if the hash is
 * another one then, that thing differs.
 *
 * Failure modes: no memory: the text says that something may differ. */
#include "config_differ.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct differ {
    const struct config *old, *fresh;
    struct config *trial; /* the old one but for one thing */
    uint64_t hash;        /* of the old one */
    char *text;
    size_t size, used;
};

static void name(struct differ *differ, const char *kind, const char *label)
{
    bool section = label[0] != 0;
    if (differ->used + strlen(kind) + strlen(label) + 8 > differ->size)
        return;
    differ->used += (size_t)snprintf(differ->text + differ->used, differ->size - differ->used,
                                     "%s%s%s%s%s", differ->used == 0 ? "" : ", ",
                                     section ? "[" : "", kind, label, section ? "]" : "");
}

/* After trial was changed: does it matter? And back. */
static bool matters(struct differ *differ)
{
    bool differs = config_settings_hash(differ->trial) != differ->hash;
    *differ->trial = *differ->old;
    return differs;
}

static void differ_cluster(struct differ *differ)
{
    struct config *trial = differ->trial;
    const struct config *fresh = differ->fresh;
    memcpy(trial->cluster, fresh->cluster, sizeof trial->cluster);
    if (matters(differ))
        name(differ, "[cluster] name", "");
    trial->interval_ms = fresh->interval_ms;
    trial->lease_ms = fresh->lease_ms;
    if (matters(differ))
        name(differ, "[cluster] profile, interval or lease", "");
    trial->demote_lead_ms = fresh->demote_lead_ms;
    trial->promote_delay_ms = fresh->promote_delay_ms;
    trial->drift_ppm = fresh->drift_ppm;
    if (matters(differ))
        name(differ, "[cluster] drift, demote-lead or promote-delay", "");
    trial->prefer = fresh->prefer;
    trial->failback_after_ms = fresh->failback_after_ms;
    trial->min_hold_ms = fresh->min_hold_ms;
    if (matters(differ))
        name(differ, "[cluster] prefer, failback-after or min-hold", "");
}

static void differ_peers(struct differ *differ)
{
    for (size_t i = 0; i < PEER_COUNT; i++) {
        struct peer_config *peer = &differ->trial->peers[i];
        const struct peer_config *fresh = &differ->fresh->peers[i];
        peer->serve = fresh->serve;
        memcpy(peer->name, fresh->name, sizeof peer->name);
        if (matters(differ))
            name(differ, fresh->witness ? "witness " : "node ", fresh->name);
    }
}

static void differ_records(struct differ *differ)
{
    const struct config *old = differ->old, *fresh = differ->fresh;
    for (size_t i = 0; i < old->record_count || i < fresh->record_count; i++) {
        bool both = i < old->record_count && i < fresh->record_count;
        if (both)
            differ->trial->records[i] = fresh->records[i];
        if (!both || matters(differ))
            name(differ, "record ", i < fresh->record_count ? fresh->records[i].label
                                                            : old->records[i].label);
    }
}

static void differ_probes(struct differ *differ)
{
    const struct config *old = differ->old, *fresh = differ->fresh;
    for (size_t i = 0; i < old->probe_count || i < fresh->probe_count; i++) {
        bool both = i < old->probe_count && i < fresh->probe_count;
        if (both)
            differ->trial->probes[i] = fresh->probes[i];
        if (!both || matters(differ))
            name(differ, "probe ", i < fresh->probe_count ? fresh->probes[i].name
                                                          : old->probes[i].name);
    }
}

static void differ_dns(struct differ *differ)
{
    differ->trial->dns = differ->fresh->dns;
    if (matters(differ))
        name(differ, "[dns]", "");
}

static bool same_local(const struct local_config *a, const struct local_config *b)
{
    bool same = strcmp(a->key, b->key) == 0 && strcmp(a->state_dir, b->state_dir) == 0 &&
                strcmp(a->socket, b->socket) == 0 && a->listen_count == b->listen_count;
    for (size_t i = 0; same && i < a->listen_count; i++)
        same = strcmp(a->listen[i].host, b->listen[i].host) == 0 &&
               a->listen[i].port == b->listen[i].port;
    return same;
}

void config_differ_text(const struct config *old, const struct config *fresh, char *ret,
                        size_t size)
{
    struct differ differ = {.old = old, .fresh = fresh, .text = ret, .size = size};
    differ.trial = malloc(sizeof *differ.trial);
    ret[0] = 0;
    if (differ.trial == NULL) {
        name(&differ, "perhaps some (out of memory)", "");
        return;
    }
    *differ.trial = *old;
    differ.hash = config_settings_hash(old);
    differ_cluster(&differ);
    differ_peers(&differ);
    differ_records(&differ);
    differ_probes(&differ);
    differ_dns(&differ);
    if (!same_local(&old->local, &fresh->local))
        name(&differ, "[local]", "");
    free(differ.trial);
}
