/* Happy path: lists of records become a state and the ids it rests on; a change becomes a batch.
 *
 * Failure modes: whatever is no list, or not the whole one, is told; a record without an id, or
 * with one too long, makes the list none, because nothing could be changed by it. */
#include "cloudflare_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api.h"

#define FIRST_TEXT "\"holdfast: a fence stood here\""
#define FIRST_TTL_S 3600
#define COMMENT "holdfast writes this; see holdfast.conf(5)"
#define AUTOMATIC_TTL_S 300 /* what ttl 1 means */

/* Of the API; what it says in words changes. */
#define CODE_GONE 81044
#define CODE_THERE 81057
#define CODE_IDENTICAL 81058

bool cloudflare_json_names(const char *name, struct cloudflare_names *ret)
{
    if (strlen(name) > CLOUDFLARE_NAME_MAX)
        return false;
    (void)snprintf(ret->name, sizeof ret->name, "%.237s", name);
    (void)snprintf(ret->fence, sizeof ret->fence, "_holdfast.%.237s", name);
    (void)snprintf(ret->first, sizeof ret->first, "first._holdfast.%.237s", name);
    return true;
}

/* ---- reading ---- */

static bool take_id(const json_t *record, char ret[CLOUDFLARE_ID_SIZE])
{
    const char *id = api_text(record, "id");
    size_t length = strlen(id);
    if (length == 0 || length >= CLOUDFLARE_ID_SIZE)
        return false;
    memcpy(ret, id, length + 1);
    return true;
}

static void take_fence(struct cloudflare_seen *seen, const char *id, const char *text)
{
    if (seen->state.fence_count++ > 0)
        return;
    (void)snprintf(seen->state.fence, sizeof seen->state.fence, "%.127s", text);
    api_printable(seen->state.fence);
    seen->state.exact = text[0] != 0; /* it goes by its id */
    memcpy(seen->fence_id, id, CLOUDFLARE_ID_SIZE);
}

static void take_address(struct cloudflare_seen *seen, const char *id, const json_t *record)
{
    bool v6 = strcmp(api_text(record, "type"), "AAAA") == 0;
    json_int_t ttl_s = json_integer_value(json_object_get(record, "ttl"));
    struct cloudflare_address *address = &seen->addresses[seen->address_count];
    if (seen->address_count == CLOUDFLARE_RECORD_MAX) {
        seen->crowded = true;
        return;
    }
    seen->address_count++;
    memcpy(address->id, id, CLOUDFLARE_ID_SIZE);
    (void)api_address(v6, api_text(record, "content"), address->text); /* else "": none of ours */
    address->v6 = v6;
    address->ttl_s = ttl_s > 0 && ttl_s <= INT32_MAX ? (uint32_t)ttl_s : 0;
    if (address->ttl_s == 1)
        seen->state.ttl_s = AUTOMATIC_TTL_S;
    else if (address->ttl_s > seen->state.ttl_s)
        seen->state.ttl_s = address->ttl_s; /* the longest: whoever warns should warn of that */
    api_take_address(&seen->state, v6, api_text(record, "content"));
}

static bool take_record(struct cloudflare_seen *seen, const struct cloudflare_names *names,
                        const char *asked, const json_t *record)
{
    const char *type = api_text(record, "type");
    bool txt = strcmp(type, "TXT") == 0, is_name = strcmp(asked, names->name) == 0;
    bool is_fence = strcmp(asked, names->fence) == 0;
    char text[256], id[CLOUDFLARE_ID_SIZE];
    if (!take_id(record, id))
        return false;
    if ((is_name || is_fence) && (strcmp(type, "CNAME") == 0 || strcmp(type, "NS") == 0))
        seen->alias = true;
    if (is_name && json_is_true(json_object_get(record, "proxied")))
        seen->proxied = true;
    if (is_name && (strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0))
        take_address(seen, id, record);
    api_unquote(api_text(record, "content"), text, sizeof text);
    if (txt && is_fence)
        take_fence(seen, id, text);
    if (txt && strcmp(asked, names->first) == 0)
        memcpy(seen->first_id, id, sizeof id);
    return true;
}

/* The array "result" of an answer that says "success"; NULL = it is none. Borrowed. */
static const json_t *result_of(const json_t *answer)
{
    const json_t *result = json_object_get(answer, "result");
    return json_is_true(json_object_get(answer, "success")) ? result : NULL;
}

bool cloudflare_json_take(const char *body, size_t size, const struct cloudflare_names *names,
                          const char *asked, struct cloudflare_seen *seen)
{
    json_t *answer = json_loadb(body, size, 0, NULL);
    const json_t *list = result_of(answer), *info = json_object_get(answer, "result_info");
    const json_t *total = json_object_get(info, "total_count");
    size_t count = json_array_size(list);
    bool ok = json_is_array(list);
    if (count > CLOUDFLARE_RECORD_MAX || json_integer_value(total) > (json_int_t)count ||
        (total == NULL && count == CLOUDFLARE_RECORD_MAX))
        seen->crowded = true;
    for (size_t i = 0; ok && i < count; i++) {
        const json_t *record = json_array_get(list, i);
        ok = json_is_object(record);
        if (ok && strcasecmp(api_text(record, "name"), asked) == 0)
            ok = take_record(seen, names, asked, record);
    }
    json_decref(answer);
    return ok;
}

/* How many labels two names have in common, from the end. */
static size_t common_labels(const char *a, const char *b)
{
    size_t i = strlen(a), j = strlen(b), count = 0;
    while (i > 0 && j > 0 && strncasecmp(&a[i - 1], &b[j - 1], 1) == 0) {
        i--;
        j--;
        count += a[i] == '.';
    }
    return count + ((i == 0 || a[i - 1] == '.') && (j == 0 || b[j - 1] == '.'));
}

static size_t labels(const char *name)
{
    return common_labels(name, name);
}

bool cloudflare_json_same_zone(const char *body, size_t size, const char *name, const char *zone,
                               char *ret_other)
{
    json_t *answer = json_loadb(body, size, 0, NULL);
    const json_t *list = result_of(answer);
    size_t least = zone[0] != 0 ? labels(zone) : 2;
    bool same = true;
    for (size_t i = 0; same && i < json_array_size(list); i++) {
        const char *other = api_text(json_array_get(list, i), "name");
        same = common_labels(name, other) >= least;
        (void)snprintf(ret_other, HOST_SIZE, "%.255s", other);
    }
    api_printable(ret_other);
    json_decref(answer);
    return same;
}

/* ---- writing ---- */

struct batch {
    json_t *deletes, *patches, *posts;
    const struct cloudflare_names *names;
    const struct provider_change *change;
    bool failed; /* no memory: half a batch must not go out */
};

static void append(struct batch *batch, json_t *list, json_t *item)
{
    batch->failed |= json_array_append_new(list, item) != 0;
}

static void add_delete(struct batch *batch, const char *id)
{
    append(batch, batch->deletes, json_pack("{s:s}", "id", id));
}

static void add_txt(struct batch *batch, const char *name, uint32_t ttl_s, const char *content)
{
    append(batch, batch->posts,
           json_pack("{s:s, s:s, s:s, s:i, s:s}", "type", "TXT", "name", name, "content", content,
                     "ttl", (int)ttl_s, "comment", COMMENT));
}

/* In the place of the record `id`, or beside what is there where `id` is NULL. */
static void add_address(struct batch *batch, const char *id, bool v6, const char *text)
{
    json_t *record = json_pack("{s:s, s:s, s:s, s:i, s:b}", "type", v6 ? "AAAA" : "A", "name",
                               batch->names->name, "content", text, "ttl",
                               (int)batch->change->ttl_s, "proxied", 0);
    if (id != NULL)
        batch->failed |= json_object_set_new(record, "id", json_string(id)) != 0;
    append(batch, id != NULL ? batch->patches : batch->posts, record);
}

/* The wished address that this record holds already; ADDRESS_MAX = none. */
static size_t find_wished(const struct serve *serve, const struct cloudflare_address *address)
{
    size_t count = address->v6 ? serve->aaaa_count : serve->a_count;
    char plain[46];
    for (size_t i = 0; i < count; i++)
        if (api_address(address->v6, address->v6 ? serve->aaaa[i] : serve->a[i], plain) &&
            strcmp(plain, address->text) == 0)
            return i;
    return ADDRESS_MAX;
}

/* What is wished for already is left alone; the others take new values, so that the name never
 * is without an address; what is too much goes, what is missing comes. */
static void add_addresses(struct batch *batch, bool v6, const struct cloudflare_seen *seen)
{
    const struct serve *serve = &batch->change->new_serve;
    size_t count = v6 ? serve->aaaa_count : serve->a_count, spare_count = 0, used = 0;
    const char *spare[CLOUDFLARE_RECORD_MAX];
    bool there[ADDRESS_MAX + 1] = {false};
    there[ADDRESS_MAX] = true;
    for (size_t i = 0; i < seen->address_count; i++) {
        const struct cloudflare_address *address = &seen->addresses[i];
        size_t at = find_wished(serve, address);
        if (address->v6 != v6)
            continue;
        if (there[at])
            spare[spare_count++] = address->id;
        else if (address->ttl_s != batch->change->ttl_s)
            add_address(batch, address->id, v6, address->text);
        there[at] = true;
    }
    for (size_t at = 0; at < count; at++)
        if (!there[at])
            add_address(batch, used < spare_count ? spare[used++] : NULL, v6,
                        v6 ? serve->aaaa[at] : serve->a[at]);
    while (used < spare_count)
        add_delete(batch, spare[used++]);
}

char *cloudflare_json_batch(const struct cloudflare_names *names,
                            const struct cloudflare_seen *seen,
                            const struct provider_change *change)
{
    char content[FENCE_SIZE + 2], *text = NULL;
    bool first = change->old_fence[0] == 0;
    if (seen->state.fence_count != (first ? 0 : 1) ||
        strcmp(change->old_fence, seen->state.fence) != 0)
        return NULL;
    struct batch batch = {.deletes = json_array(), .patches = json_array(),
                          .posts = json_array(), .names = names, .change = change};
    (void)snprintf(content, sizeof content, "\"%.127s\"", change->new_fence);
    if (!first)
        add_delete(&batch, seen->fence_id);
    else if (seen->first_id[0] != 0)
        add_delete(&batch, seen->first_id);
    add_addresses(&batch, false, seen);
    add_addresses(&batch, true, seen);
    add_txt(&batch, names->fence, change->ttl_s, content);
    if (first)
        add_txt(&batch, names->first, FIRST_TTL_S, FIRST_TEXT);
    json_t *json = json_pack("{s:o, s:o, s:o}", "deletes", batch.deletes, "patches",
                             batch.patches, "posts", batch.posts);
    if (json != NULL && !batch.failed)
        text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

bool cloudflare_json_applied(const char *body, size_t size, const struct cloudflare_names *names,
                             char *ret_stray)
{
    json_t *answer = json_loadb(body, size, 0, NULL);
    const json_t *result = result_of(answer);
    const json_t *posts = json_object_get(result, "posts");
    bool ok = json_is_object(result);
    ret_stray[0] = 0;
    for (size_t i = 0; i < json_array_size(posts); i++) {
        const char *name = api_text(json_array_get(posts, i), "name");
        if (strcasecmp(name, names->name) != 0 && strcasecmp(name, names->fence) != 0 &&
            strcasecmp(name, names->first) != 0)
            (void)snprintf(ret_stray, HOST_SIZE, "%.255s", name);
    }
    api_printable(ret_stray);
    json_decref(answer);
    return ok;
}

/* ---- errors ---- */

static void take_code(struct cloudflare_fault *fault, const json_t *error)
{
    json_int_t code = json_integer_value(json_object_get(error, "code"));
    size_t used = strlen(fault->text);
    if (code < 0 || code > INT32_MAX)
        code = 0;
    if (fault->code == 0)
        fault->code = (int)code;
    (void)snprintf(fault->text + used, sizeof fault->text - used, "%scode %d: %.120s",
                   used > 0 ? "; " : "", (int)code, api_text(error, "message"));
    fault->changed |= code == CODE_GONE || code == CODE_THERE || code == CODE_IDENTICAL;
    fault->unknown |= code == 7000 || code == 7003 || code == 1001;
    fault->untrusted |= code == 6003 || code == 6111 || code == 9109 || code == 10000;
}

static bool take_errors(struct cloudflare_fault *fault, const json_t *errors)
{
    for (size_t i = 0; i < json_array_size(errors); i++) {
        const json_t *error = json_array_get(errors, i);
        const json_t *chain = json_object_get(error, "error_chain");
        take_code(fault, error);
        for (size_t j = 0; j < json_array_size(chain); j++)
            take_code(fault, json_array_get(chain, j));
    }
    return json_array_size(errors) > 0;
}

void cloudflare_json_fault(const char *body, size_t size, struct cloudflare_fault *ret)
{
    json_t *answer = json_loadb(body, size, 0, NULL);
    memset(ret, 0, sizeof *ret);
    if (!take_errors(ret, json_object_get(answer, "errors")))
        (void)snprintf(ret->text, sizeof ret->text, "no reason told");
    api_printable(ret->text);
    json_decref(answer);
}
