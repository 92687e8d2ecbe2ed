/* Happy path: a header opens a section and gives it its struct; at its end, what is missing and
 * what does not go together is said.
 *
 * Failure modes: an unknown kind, a missing or needless name, a double, one too many: complained
 * about once, and the keys below are passed over. */
#include <stdio.h>
#include <string.h>

#include "config_draft.h"
#include "config_value.h"
#include "../../proto/limits.h"

struct opening {
    const char *word;
    bool named;
    const char *example; /* of a name */
};

static const struct opening openings[DRAFT_KIND_COUNT] = {
    [DRAFT_CLUSTER] = {"cluster", false, ""},
    [DRAFT_NODE] = {"node", true, "server1"},
    [DRAFT_WITNESS] = {"witness", true, "cloud"},
    [DRAFT_RECORD] = {"record", true, "pbx.example.com"},
    [DRAFT_PROBE] = {"probe", true, "service"},
    [DRAFT_DNS] = {"dns", false, ""},
    [DRAFT_NOTIFY] = {"notify", false, ""},
    [DRAFT_LOCAL] = {"local", false, ""},
};

struct complaint_place config_draft_here(const struct draft *draft, const char *key)
{
    return (struct complaint_place){draft->config->path, draft->line, draft->title, key};
}

static void refuse(struct draft *draft, const char *text)
{
    struct complaint_place place = config_draft_here(draft, "");
    complaint_error(draft->complaints, &place, "%s", text);
}

static void refuse_double(struct draft *draft, unsigned first)
{
    struct complaint_place place = config_draft_here(draft, "");
    complaint_error(draft->complaints, &place, "a second time; expected once (first in line %u)",
                    first);
}

/* ---- opening: each returns the struct to fill, or NULL after a complaint ---- */

static void *open_single(struct draft *draft, unsigned *first_line)
{
    if (*first_line != 0) {
        refuse_double(draft, *first_line);
        return NULL;
    }
    *first_line = draft->line;
    return draft->config;
}

/* The peer that has this name already, or NULL. */
static const struct peer_config *find_peer(const struct draft *draft, const char *name)
{
    for (size_t i = 0; i < PEER_COUNT; i++) {
        const struct peer_config *peer = &draft->config->peers[i];
        if (peer->line != 0 && strcmp(peer->name, name) == 0)
            return peer;
    }
    return NULL;
}

/* Reads the name. False: this is the second section of one peer. A name that is wrong, or taken
 * by a peer of the other kind, stays empty, and the keys are looked at all the same. */
static bool read_peer_name(struct draft *draft, const char *text, char ret[NAME_SIZE])
{
    struct err err;
    if (config_value_name(text, ret, &err) != 0) {
        refuse(draft, err.text);
        return true;
    }
    const struct peer_config *taken = find_peer(draft, ret);
    if (taken == NULL)
        return true;
    struct complaint_place place = config_draft_here(draft, "");
    complaint_error(draft->complaints, &place,
                    "the name \"%s\" is taken; expected three different names (first in line %u)",
                    ret, taken->line);
    ret[0] = 0;
    return taken->witness != (draft->kind == DRAFT_WITNESS);
}

static void *open_peer(struct draft *draft, const char *text)
{
    char name[NAME_SIZE] = "";
    struct peer_config *peers = draft->config->peers;
    if (!read_peer_name(draft, text, name))
        return NULL;
    bool witness = draft->kind == DRAFT_WITNESS;
    if (witness ? peers[PEER_WITNESS].line != 0 : draft->node_count == NODE_COUNT) {
        refuse(draft, witness ? "a second witness; expected exactly one"
                              : "a third node; expected exactly two");
        return NULL;
    }
    struct peer_config *peer = &peers[witness ? PEER_WITNESS : draft->node_count++];
    memcpy(peer->name, name, sizeof name);
    peer->witness = witness;
    peer->line = draft->line;
    return peer;
}

static void *open_record(struct draft *draft, const char *text)
{
    struct err err;
    char label[HOST_SIZE] = "";
    struct config *config = draft->config;
    if (config_value_domain(text, label, &err) != 0)
        refuse(draft, err.text);
    for (size_t i = 0; i < config->record_count; i++)
        if (label[0] != 0 && strcmp(config->records[i].label, label) == 0) {
            refuse_double(draft, config->records[i].line);
            return NULL;
        }
    if (config->record_count == RECORD_MAX) {
        refuse(draft, "one record too many; expected at most 8");
        return NULL;
    }
    struct record_config *record = &config->records[config->record_count++];
    record->ttl_s = 60;
    record->check_every = 30000;
    record->line = draft->line;
    memcpy(record->label, label, sizeof label);
    return record;
}

static void *open_probe(struct draft *draft, const char *text)
{
    struct err err;
    char name[NAME_SIZE] = "";
    struct config *config = draft->config;
    if (config_value_name(text, name, &err) != 0)
        refuse(draft, err.text);
    for (size_t i = 0; i < config->probe_count; i++)
        if (name[0] != 0 && strcmp(config->probes[i].name, name) == 0) {
            refuse_double(draft, config->probes[i].line);
            return NULL;
        }
    if (config->probe_count == PROBE_MAX) {
        refuse(draft, "one probe too many; expected at most 16");
        return NULL;
    }
    struct probe_config *probe = &config->probes[config->probe_count++];
    probe->interval_ms = 2000;
    probe->timeout_ms = 1000;
    probe->fall = 3;
    probe->rise = 2;
    probe->line = draft->line;
    memcpy(probe->name, name, sizeof name);
    return probe;
}

static void *open_kind(struct draft *draft, const char *name)
{
    switch (draft->kind) {
    case DRAFT_CLUSTER:
        return open_single(draft, &draft->cluster_line);
    case DRAFT_NODE:
    case DRAFT_WITNESS:
        return open_peer(draft, name);
    case DRAFT_RECORD:
        return open_record(draft, name);
    case DRAFT_PROBE:
        return open_probe(draft, name);
    case DRAFT_DNS:
        return open_single(draft, &draft->dns_line);
    case DRAFT_NOTIFY:
        return open_single(draft, &draft->notify_line);
    default:
        return open_single(draft, &draft->local_line);
    }
}

/* "node server1" to its kind; *ret_name points behind the word. */
static enum draft_kind find_kind(struct draft *draft, const char **ret_name)
{
    size_t word = strcspn(draft->title, " \t");
    for (int i = 0; i < DRAFT_KIND_COUNT; i++) {
        const struct opening *opening = &openings[i];
        if (strlen(opening->word) != word || memcmp(opening->word, draft->title, word) != 0)
            continue;
        *ret_name = draft->title + word + strspn(draft->title + word, " \t");
        if (opening->named == (**ret_name != 0))
            return (enum draft_kind)i;
        char text[96];
        if (opening->named)
            (void)snprintf(text, sizeof text, "has no name; expected one, like [%s %s]",
                           opening->word, opening->example);
        else
            (void)snprintf(text, sizeof text, "takes no name; expected [%s]", opening->word);
        refuse(draft, text);
        return DRAFT_SKIP;
    }
    refuse(draft, "unknown section; expected [cluster], [node NAME], [witness NAME], "
                  "[record NAME], [probe NAME], [dns], [notify] or [local]");
    return DRAFT_SKIP;
}

void config_section_open(struct draft *draft, const char *title)
{
    config_section_close(draft);
    memset(draft->field_lines, 0, sizeof draft->field_lines);
    draft->provider_refused = false;
    (void)snprintf(draft->title, sizeof draft->title, "%s", title == NULL ? "" : title);
    draft->section_line = draft->line;
    draft->kind = DRAFT_SKIP;
    if (title == NULL)
        return;
    const char *name = "";
    draft->kind = find_kind(draft, &name);
    if (draft->kind == DRAFT_SKIP)
        return;
    draft->target = open_kind(draft, name);
    if (draft->target == NULL)
        draft->kind = DRAFT_SKIP;
}

/* ---- closing ---- */

/* Complains about a key of the section being closed, or about the section if it has it not. */
static struct complaint_place place_of(const struct draft *draft, const char *key)
{
    struct complaint_place place = config_draft_here(draft, key);
    place.line = config_field_line(draft, key);
    place.line = place.line == 0 ? draft->section_line : place.line;
    return place;
}

struct profile {
    const char *name;
    span_ms interval, lease;
};

static void close_cluster(struct draft *draft)
{
    static const struct profile profiles[] = {
        {"fast", 100, 1000}, {"normal", 500, 5000}, {"patient", 1000, 15000}};
    struct config *config = draft->config;
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (strcmp(config->profile, profiles[i].name) != 0)
            continue;
        if (config->interval_ms == 0)
            config->interval_ms = profiles[i].interval;
        if (config->lease_ms == 0)
            config->lease_ms = profiles[i].lease;
    }
    bool lease_set = config_field_line(draft, "lease") != 0;
    struct complaint_place place = place_of(draft, lease_set ? "lease" : "interval");
    long long lease = config->lease_ms, interval = config->interval_ms;
    if (lease < LEASE_INTERVALS_MIN * interval)
        complaint_error(draft->complaints, &place,
                        "a lease of %lld ms is too short for an interval of %lld ms; expected at "
                        "least %d intervals, better %d",
                        lease, interval, LEASE_INTERVALS_MIN, LEASE_INTERVALS_WARN);
    else if (lease > LEASE_INTERVALS_MAX * interval)
        complaint_error(draft->complaints, &place,
                        "a lease of %lld ms is too long for an interval of %lld ms; expected at "
                        "most %d intervals", lease, interval, LEASE_INTERVALS_MAX);
    else if (lease < LEASE_INTERVALS_WARN * interval)
        complaint_warning(draft->complaints, &place,
                          "a lease of %lld ms is only %lld intervals of %lld ms; below %d, loss "
                          "of packets can end it", lease, lease / interval, interval,
                          LEASE_INTERVALS_WARN);
    if (draft->demote_lead_ms > lease / 2) {
        place = place_of(draft, "demote-lead");
        complaint_error(draft->complaints, &place,
                        "%lld ms is out of range; expected at most half the lease (%lld ms)",
                        (long long)draft->demote_lead_ms, lease / 2);
    }
    if (draft->prefer_line == 0 && config_field_line(draft, "failback-after") != 0) {
        place = place_of(draft, "failback-after");
        complaint_warning(draft->complaints, &place,
                          "does nothing without prefer = NODE: nothing moves back by itself");
    }
}

static void close_probe(struct draft *draft)
{
    struct probe_config *probe = draft->target;
    if (probe->timeout_ms <= probe->interval_ms)
        return;
    if (config_field_line(draft, "timeout") == 0) {
        probe->timeout_ms = probe->interval_ms;
        return;
    }
    struct complaint_place place = place_of(draft, "timeout");
    complaint_error(draft->complaints, &place,
                    "%lld ms is longer than the interval (%lld ms); expected at most the interval",
                    (long long)probe->timeout_ms, (long long)probe->interval_ms);
}

void config_section_close(struct draft *draft)
{
    if (draft->kind >= DRAFT_KIND_COUNT)
        return;
    config_field_require(draft);
    if (draft->kind == DRAFT_CLUSTER)
        close_cluster(draft);
    else if (draft->kind == DRAFT_RECORD)
        config_provider_check(draft);
    else if (draft->kind == DRAFT_PROBE)
        close_probe(draft);
    else if (draft->kind == DRAFT_NODE)
        draft->serve_given[draft->node_count - 1] = config_field_line(draft, "serve") != 0;
    draft->kind = DRAFT_NONE;
}
