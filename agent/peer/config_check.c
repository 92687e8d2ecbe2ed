/* Happy path: every section is there, every reference leads somewhere, nothing is doubled.
 *
 * Failure modes: one complaint each, at the line where the later of two doubles begins, or about
 * the file as a whole. Questions that rest on a value that was refused are not asked. */
#include <stdio.h>
#include <string.h>

#include "config_draft.h"

#define FENCE_PREFIX "_holdfast." /* in front of a floating name */
#define FENCE_PREFIX_SIZE (sizeof FENCE_PREFIX - 1)
#define DOMAIN_MAX 253

static const uint8_t key_none[KEY_SIZE];

static struct complaint_place at_peer(struct draft *draft, const struct peer_config *peer,
                                      const char *key)
{
    draft->line = peer->line;
    (void)snprintf(draft->title, sizeof draft->title, "%s %s", peer->witness ? "witness" : "node",
                   peer->name);
    return config_draft_here(draft, key);
}

static struct complaint_place at_record(struct draft *draft, const struct record_config *record,
                                        const char *key)
{
    draft->line = record->line;
    (void)snprintf(draft->title, sizeof draft->title, "record %s", record->label);
    return config_draft_here(draft, key);
}

static struct complaint_place at_file(struct draft *draft)
{
    draft->line = 0;
    draft->title[0] = 0;
    return config_draft_here(draft, "");
}

static void check_sections(struct draft *draft)
{
    struct complaint_place place = at_file(draft);
    if (draft->cluster_line == 0)
        complaint_error(draft->complaints, &place, "no [cluster] section; expected one");
    if (draft->node_count < NODE_COUNT)
        complaint_error(draft->complaints, &place,
                        "%zu [node NAME] section%s; expected exactly two", draft->node_count,
                        draft->node_count == 1 ? "" : "s");
    if (draft->config->peers[PEER_WITNESS].line == 0)
        complaint_error(draft->complaints, &place,
                        "no [witness NAME] section; expected exactly one");
}

static void check_same_key(struct draft *draft, const struct peer_config *one,
                           const struct peer_config *other)
{
    if (memcmp(one->public_key, other->public_key, KEY_SIZE) != 0 ||
        memcmp(one->public_key, key_none, KEY_SIZE) == 0)
        return;
    struct complaint_place place = at_peer(draft, other, "public-key");
    complaint_error(draft->complaints, &place,
                    "the same key as %s (line %u); expected a key of its own for each peer",
                    one->name, one->line);
}

static void check_same_address(struct draft *draft, const struct peer_config *one,
                               const struct peer_config *other)
{
    for (size_t i = 0; i < one->address_count * other->address_count; i++) {
        const struct endpoint *a = &one->addresses[i / other->address_count];
        const struct endpoint *b = &other->addresses[i % other->address_count];
        if (strcmp(a->host, b->host) != 0 || a->port != b->port)
            continue;
        struct complaint_place place = at_peer(draft, other, "address");
        complaint_error(draft->complaints, &place,
                        "%s port %u is an address of %s too (line %u); expected different ones",
                        b->host, b->port, one->name, one->line);
    }
}

static void check_peers(struct draft *draft)
{
    const struct peer_config *peers = draft->config->peers;
    for (size_t i = 0; i < PEER_COUNT; i++)
        for (size_t j = 0; j < PEER_COUNT; j++) {
            if (peers[i].line == 0 || peers[j].line <= peers[i].line)
                continue;
            check_same_key(draft, &peers[i], &peers[j]);
            check_same_address(draft, &peers[i], &peers[j]);
        }
}

/* Index of the node of this name, or PEER_NONE. */
static uint8_t find_node(const struct config *config, const char *name)
{
    uint8_t peer = config_peer(config, name);
    return peer < NODE_COUNT ? peer : PEER_NONE;
}

static void check_prefer(struct draft *draft)
{
    struct config *config = draft->config;
    if (draft->prefer_line == 0)
        return;
    config->prefer = find_node(config, draft->prefer);
    if (config->prefer != PEER_NONE)
        return;
    draft->line = draft->prefer_line;
    (void)snprintf(draft->title, sizeof draft->title, "cluster");
    struct complaint_place place = config_draft_here(draft, "prefer");
    complaint_error(draft->complaints, &place,
                    "\"%s\" is no node of this file; expected the name of a [node NAME]",
                    draft->prefer);
}

static void fill_serve(struct draft *draft)
{
    char key[NAME_SIZE + 8];
    struct config *config = draft->config;
    for (size_t i = 0; i < config->record_count; i++)
        for (size_t node = 0; node < NODE_COUNT; node++)
            config->records[i].serve[node] = config->peers[node].serve;
    for (size_t i = 0; i < draft->override_count; i++) {
        const struct draft_override *override = &draft->overrides[i];
        struct record_config *record = &config->records[override->record];
        uint8_t node = find_node(config, override->node);
        if (node != PEER_NONE) {
            record->serve[node] = override->serve;
            continue;
        }
        (void)snprintf(key, sizeof key, "serve.%s", override->node);
        struct complaint_place place = at_record(draft, record, key);
        place.line = override->line;
        complaint_error(draft->complaints, &place,
                        "\"%s\" is no node of this file; expected the name of a [node NAME] "
                        "after the dot", override->node);
    }
}

static bool is_inside(const char *name, const char *zone)
{
    size_t length = strlen(name), part = strlen(zone);
    if (length < part || strcmp(name + length - part, zone) != 0)
        return false;
    return length == part || name[length - part - 1] == '.';
}

static void check_name(struct draft *draft, struct record_config *record)
{
    struct complaint_place place = at_record(draft, record, "name");
    if (record->name[0] == 0)
        memcpy(record->name, record->label, sizeof record->name);
    if (record->name[0] == 0)
        return;
    if (strchr(record->name, '.') == NULL)
        complaint_error(draft->complaints, &place,
                        "\"%s\" is a label, no full name; expected name = one like "
                        "pbx.example.com", record->name);
    if (strlen(record->name) + FENCE_PREFIX_SIZE > DOMAIN_MAX)
        complaint_error(draft->complaints, &place,
                        "too long; expected at most %zu characters, so that " FENCE_PREFIX " fits "
                        "before it", DOMAIN_MAX - FENCE_PREFIX_SIZE);
    if (strncmp(record->name, FENCE_PREFIX, FENCE_PREFIX_SIZE) == 0)
        complaint_error(draft->complaints, &place,
                        "%.200s is where a fence is kept; expected the name that people call",
                        record->name);
    if (record->zone[0] != 0 && !is_inside(record->name, record->zone))
        complaint_error(draft->complaints, &place,
                        "%.100s is not inside the zone %.100s; expected a name of the zone",
                        record->name, record->zone);
}

static bool is_same_serve(const struct serve *a, const struct serve *b)
{
    return a->a_count == b->a_count && a->aaaa_count == b->aaaa_count &&
           memcmp(a->a, b->a, sizeof a->a) == 0 && memcmp(a->aaaa, b->aaaa, sizeof a->aaaa) == 0;
}

/* True also when what was given is wrong: that was told. */
static bool is_serve_given(const struct draft *draft, const struct record_config *record,
                           size_t node)
{
    for (size_t i = 0; i < draft->override_count; i++) {
        const struct draft_override *override = &draft->overrides[i];
        if (&draft->config->records[override->record] == record &&
            strcmp(override->node, draft->config->peers[node].name) == 0)
            return true;
    }
    return draft->serve_given[node];
}

static void check_serve(struct draft *draft, struct record_config *record)
{
    char key[NAME_SIZE + 8];
    const struct config *config = draft->config;
    for (size_t node = 0; node < draft->node_count; node++) {
        if (is_serve_given(draft, record, node) || config->peers[node].name[0] == 0)
            continue;
        (void)snprintf(key, sizeof key, "serve.%s", config->peers[node].name);
        struct complaint_place place = at_record(draft, record, key);
        complaint_error(draft->complaints, &place,
                        "missing; expected addresses here, or serve = in [node %s]",
                        config->peers[node].name);
    }
    if (draft->node_count < NODE_COUNT ||
        record->serve[0].a_count + record->serve[0].aaaa_count == 0 ||
        !is_same_serve(&record->serve[0], &record->serve[1]))
        return;
    struct complaint_place place = at_record(draft, record, "");
    complaint_warning(draft->complaints, &place,
                      "both nodes serve the same addresses: moving the name changes nothing");
}

static void check_records(struct draft *draft)
{
    struct config *config = draft->config;
    for (size_t i = 0; i < config->record_count; i++) {
        struct record_config *record = &config->records[i];
        check_name(draft, record);
        check_serve(draft, record);
        for (size_t j = 0; j < i; j++) {
            const char *expected = config_clash(record, &config->records[j]);
            struct complaint_place place = at_record(draft, record, "name");
            if (expected != NULL)
                complaint_error(draft->complaints, &place,
                                "%.100s belongs to the record of line %u too; expected %s",
                                record->name, config->records[j].line, expected);
        }
    }
}

void config_check_whole(struct draft *draft)
{
    check_sections(draft);
    check_peers(draft);
    check_prefer(draft);
    fill_serve(draft);
    check_records(draft);
}
