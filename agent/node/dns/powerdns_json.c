/* Happy path: record sets become a state; a change becomes record sets in an order that is the
 * compare-and-set.
 *
 * Failure modes: whatever is no zone, or holds too much, is told by the return value; a TXT that
 * is not one plain string is kept as it stands, so that it is no fence. */
#include "powerdns_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api.h"

#define TOMBSTONE "fenced.invalid."
#define TOMBSTONE_TTL_S 60

bool powerdns_json_names(const char *name, struct powerdns_names *ret)
{
    if (strlen(name) > POWERDNS_NAME_MAX)
        return false;
    (void)snprintf(ret->name, sizeof ret->name, "%.224s.", name);
    (void)snprintf(ret->fence, sizeof ret->fence, "_holdfast.%.224s.", name);
    (void)snprintf(ret->chain, sizeof ret->chain, "old._holdfast.%.224s.", name);
    return true;
}

static void tombstone_name(const struct powerdns_names *names, const char *token,
                           char ret[POWERDNS_NAME_SIZE])
{
    (void)snprintf(ret, POWERDNS_NAME_SIZE, "t%.16s.%.235s", token, names->fence);
}

/* ---- reading ---- */

/* Tokens between blanks; what is none ends the list. */
static void take_chain(struct powerdns_chain *chain, const char *text)
{
    chain->count = 0;
    while (chain->count < POWERDNS_CHAIN_MAX &&
           strspn(text, "0123456789abcdef") == TOKEN_SIZE - 1) {
        memcpy(chain->tokens[chain->count], text, TOKEN_SIZE - 1);
        chain->tokens[chain->count++][TOKEN_SIZE - 1] = 0;
        text += TOKEN_SIZE - 1;
        text += *text == ' ';
    }
}

static void take_record(struct powerdns_seen *seen, const struct powerdns_names *names,
                        const json_t *set, const json_t *record)
{
    const char *name = api_text(set, "name"), *type = api_text(set, "type");
    const char *content = api_text(record, "content");
    bool is_name = strcasecmp(name, names->name) == 0, txt = strcmp(type, "TXT") == 0;
    char text[256];
    if (json_is_true(json_object_get(record, "disabled")))
        return;
    api_unquote(content, text, sizeof text);
    if (strcmp(type, "CNAME") == 0) {
        seen->alias = true;
    } else if (is_name && (strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0)) {
        json_int_t ttl = json_integer_value(json_object_get(set, "ttl"));
        if (ttl > seen->state.ttl_s && ttl <= INT32_MAX)
            seen->state.ttl_s = (uint32_t)ttl;
        api_take_address(&seen->state, type[1] == 'A', content);
    } else if (txt && strcasecmp(name, names->fence) == 0) {
        if (seen->state.fence_count++ == 0)
            (void)snprintf(seen->state.fence, sizeof seen->state.fence, "%.127s", text);
        api_printable(seen->state.fence);
    } else if (txt && strcasecmp(name, names->chain) == 0) {
        take_chain(&seen->chain, text);
    }
}

static void take_sets(const json_t *sets, const struct powerdns_names *names,
                      struct powerdns_seen *seen)
{
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i);
        const json_t *records = json_object_get(set, "records");
        const char *name = api_text(set, "name");
        bool ours = strcasecmp(name, names->name) == 0 || strcasecmp(name, names->fence) == 0 ||
                    strcasecmp(name, names->chain) == 0;
        for (size_t j = 0; ours && j < json_array_size(records); j++)
            take_record(seen, names, set, json_array_get(records, j));
    }
}

bool powerdns_json_take(const char *body, size_t size, const struct powerdns_names *names,
                        struct powerdns_seen *seen)
{
    json_t *zone = json_loadb(body, size, 0, NULL);
    const json_t *sets = json_object_get(zone, "rrsets");
    bool ok = json_is_array(sets) && json_is_string(json_object_get(zone, "kind"));
    if (ok) {
        const char *kind = api_text(zone, "kind");
        seen->secondary = strcasecmp(kind, "Slave") == 0 || strcasecmp(kind, "Secondary") == 0 ||
                          strcasecmp(kind, "Consumer") == 0;
        seen->primary = strcasecmp(kind, "Master") == 0 || strcasecmp(kind, "Primary") == 0 ||
                        strcasecmp(kind, "Producer") == 0;
        seen->silent = seen->primary && api_text(zone, "soa_edit_api")[0] == 0;
        take_sets(sets, names, seen);
    }
    json_decref(zone);
    return ok;
}

bool powerdns_json_fits(const struct powerdns_seen *seen)
{
    struct record_fence fence;
    if (seen->state.fence_count != 1 || !record_fence_parse(seen->state.fence, &fence))
        return true;
    return seen->chain.count > 0 && strcmp(seen->chain.tokens[0], fence.token) == 0;
}

/* ---- writing ---- */

static void add(json_t *sets, const char *name, const char *type, json_t *rest)
{
    json_t *set = json_pack("{s:s, s:s}", "name", name, "type", type);
    (void)json_object_update(set, rest);
    (void)json_array_append_new(sets, set);
    json_decref(rest);
}

static void add_delete(json_t *sets, const char *name, const char *type)
{
    add(sets, name, type, json_pack("{s:s}", "changetype", "DELETE"));
}

static void add_list(json_t *sets, const char *name, const char *type, json_t *rest)
{
    (void)json_object_set_new(rest, "changetype", json_string("REPLACE"));
    add(sets, name, type, rest);
}

static void add_one(json_t *sets, const char *name, const char *type, uint32_t ttl_s,
                    const char *content)
{
    add_list(sets, name, type,
             json_pack("{s:i, s:[{s:s, s:b}]}", "ttl", (int)ttl_s, "records", "content", content,
                       "disabled", 0));
}

static void add_txt(json_t *sets, const char *name, uint32_t ttl_s, const char *text)
{
    char content[256];
    (void)snprintf(content, sizeof content, "\"%s\"", text);
    add_one(sets, name, "TXT", ttl_s, content);
}

static void add_addresses(json_t *sets, const char *name, bool v6,
                          const struct provider_change *change)
{
    const struct serve *serve = &change->new_serve;
    size_t count = v6 ? serve->aaaa_count : serve->a_count;
    const char *type = v6 ? "AAAA" : "A";
    json_t *records = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            records, json_pack("{s:s, s:b}", "content", v6 ? serve->aaaa[i] : serve->a[i],
                               "disabled", 0));
    if (count > 0)
        add_list(sets, name, type,
                 json_pack("{s:i, s:O}", "ttl", (int)change->ttl_s, "records", records));
    else
        add_delete(sets, name, type);
    json_decref(records);
}

/* Refused where the tombstone stands already; else it stands from now on. */
static void add_condition(json_t *sets, const struct powerdns_names *names, const char *token)
{
    char name[POWERDNS_NAME_SIZE];
    tombstone_name(names, token, name);
    add_txt(sets, name, TOMBSTONE_TTL_S, "tried");
    add_delete(sets, name, "TXT");
    add_one(sets, name, "CNAME", TOMBSTONE_TTL_S, TOMBSTONE);
}

/* Refused where a fence stands; and nobody comes later who rests on one that stood before. */
static void add_absence(json_t *sets, const struct powerdns_names *names,
                        const struct powerdns_chain *chain)
{
    char name[POWERDNS_NAME_SIZE];
    add_one(sets, names->fence, "CNAME", TOMBSTONE_TTL_S, TOMBSTONE);
    add_delete(sets, names->fence, "CNAME");
    if (chain->count == 0)
        return;
    tombstone_name(names, chain->tokens[0], name);
    add_one(sets, name, "CNAME", TOMBSTONE_TTL_S, TOMBSTONE);
}

/* The new token before the old ones; the last falls off, and its tombstone with it. */
static void add_chain(json_t *sets, const struct powerdns_names *names,
                      const struct powerdns_chain *chain, const char *token)
{
    char text[POWERDNS_CHAIN_MAX * TOKEN_SIZE];
    int used = snprintf(text, sizeof text, "%s", token);
    size_t kept = chain->count < POWERDNS_CHAIN_MAX ? chain->count : POWERDNS_CHAIN_MAX - 1;
    for (size_t i = 0; i < kept; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, " %s", chain->tokens[i]);
    if (kept < chain->count) {
        char name[POWERDNS_NAME_SIZE];
        tombstone_name(names, chain->tokens[kept], name);
        add_delete(sets, name, "CNAME");
    }
    add_txt(sets, names->chain, TOMBSTONE_TTL_S, text);
}

char *powerdns_json_patch(const struct powerdns_names *names, const struct powerdns_chain *chain,
                          const struct provider_change *change)
{
    struct record_fence old, fresh;
    bool first = change->old_fence[0] == 0;
    if (!record_fence_parse(change->new_fence, &fresh) ||
        (!first && !record_fence_parse(change->old_fence, &old)))
        return NULL;
    json_t *sets = json_array();
    if (first)
        add_absence(sets, names, chain);
    else
        add_condition(sets, names, old.token);
    add_chain(sets, names, chain, fresh.token);
    add_addresses(sets, names->name, false, change);
    add_addresses(sets, names->name, true, change);
    add_txt(sets, names->fence, change->ttl_s, change->new_fence);
    json_t *patch = json_pack("{s:o}", "rrsets", sets);
    char *text = patch == NULL ? NULL : json_dumps(patch, JSON_COMPACT);
    json_decref(patch);
    return text;
}

/* ---- errors ---- */

void powerdns_json_error(const char *body, size_t size, char *ret, size_t ret_size)
{
    json_t *json = json_loadb(body, size, 0, NULL);
    const char *text = api_text(json, "error");
    (void)snprintf(ret, ret_size, "%s", text[0] != 0 ? text : json == NULL ? body : "no reason");
    api_printable(ret);
    json_decref(json);
}

bool powerdns_json_is_fenced(const struct powerdns_names *names,
                             const struct provider_change *change, const char *error)
{
    struct record_fence old;
    char name[POWERDNS_NAME_SIZE + 8];
    if (strstr(error, "Conflicts with pre-existing RRset") == NULL)
        return false;
    if (change->old_fence[0] == 0) {
        (void)snprintf(name, sizeof name, "RRset %.240s IN CNAME", names->fence);
    } else {
        if (!record_fence_parse(change->old_fence, &old))
            return false;
        (void)snprintf(name, sizeof name, "RRset t%s.", old.token);
    }
    return strncmp(error, name, strlen(name)) == 0;
}
