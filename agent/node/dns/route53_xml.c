/* Happy path: record sets become a state; a change becomes one batch; an error a code and words.
 *
 * Failure modes: whatever is not the expected document is told by the return value. A TXT that is
 * not one plain string is kept as it stands, so that it is no fence. */
#include "route53_xml.h"

#include <arpa/inet.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../record_fence.h"

#define NAMESPACE "https://route53.amazonaws.com/doc/2013-04-01/"
#define ALIAS_TEXT "there is a CNAME at the name or its fence: delete it, holdfast needs plain " \
                   "A, AAAA and TXT records there"
#define TARGET_TEXT "the name is an alias record of Route 53: delete it, holdfast needs plain A " \
                    "and AAAA records there"
#define POLICY_TEXT "the name or its fence has record sets with a routing policy (weighted, " \
                    "failover, ...): delete them, holdfast needs simple ones there"

/* ---- the document ---- */

/* NULL: no XML that is wanted here. xmlFreeDoc it. */
static xmlDocPtr parse(const char *body, size_t size)
{
    static const char doctype[] = "<!DOCTYPE";
    bool strange = size == 0 || size > HTTP_BODY_MAX || memchr(body, 0, size) != NULL ||
                   memmem(body, size, doctype, sizeof doctype - 1) != NULL;
    /* Said to be UTF-8, it is not read in an encoding that would hide a DTD from the look above. */
    return strange ? NULL
                   : xmlReadMemory(body, (int)size, "answer", "UTF-8",
                                   XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                       XML_PARSE_NOCDATA);
}

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* The next element of this name from `node` on among its siblings, or NULL. */
static const xmlNode *find(const xmlNode *node, const char *name)
{
    while (node != NULL && !is(node, name))
        node = node->next;
    return node;
}

static const xmlNode *child(const xmlNode *node, const char *name)
{
    return node == NULL ? NULL : find(node->children, name);
}

/* The text of an element; "" when there is none. False: it was cut. */
static bool text_of(const xmlNode *node, char *ret, size_t size)
{
    size_t used = 0;
    ret[0] = 0;
    for (const xmlNode *at = node == NULL ? NULL : node->children; at != NULL; at = at->next) {
        if (at->type != XML_TEXT_NODE || at->content == NULL)
            continue;
        size_t length = strlen((const char *)at->content);
        size_t fits = length < size - used ? length : size - used - 1;
        memcpy(ret + used, at->content, fits);
        used += fits;
        ret[used] = 0;
        if (fits < length)
            return false;
    }
    return true;
}

static void make_printable(char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
            *text = '?';
}

/* ---- reading ---- */

bool route53_xml_names(const char *name, struct route53_names *ret)
{
    if (strlen(name) > 253 - strlen("_holdfast."))
        return false;
    (void)snprintf(ret->name, sizeof ret->name, "%.243s.", name);
    (void)snprintf(ret->fence, sizeof ret->fence, "_holdfast.%.243s.", name);
    return true;
}

static uint32_t ttl_of(const xmlNode *set)
{
    char text[16], *end = NULL;
    (void)text_of(child(set, "TTL"), text, sizeof text);
    unsigned long ttl = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == 0 && ttl <= INT32_MAX ? (uint32_t)ttl : 0;
}

static const xmlNode *first_record(const xmlNode *set)
{
    return child(child(set, "ResourceRecords"), "ResourceRecord");
}

static const xmlNode *next_record(const xmlNode *record)
{
    return find(record->next, "ResourceRecord");
}

static bool keep_address(struct serve *serve, int family, const char *value)
{
    char binary[16], plain[INET6_ADDRSTRLEN];
    bool v6 = family == AF_INET6;
    size_t *count = v6 ? &serve->aaaa_count : &serve->a_count;
    if (*count == ADDRESS_MAX || inet_pton(family, value, binary) != 1 ||
        inet_ntop(family, binary, plain, sizeof plain) == NULL)
        return false;
    memcpy(v6 ? serve->aaaa[*count] : serve->a[*count], plain, strlen(plain) + 1);
    ++*count;
    return true;
}

static void take_addresses(struct route53_seen *seen, const xmlNode *set, int family)
{
    struct route53_set *kept = family == AF_INET6 ? &seen->aaaa : &seen->a;
    char value[ROUTE53_VALUE_SIZE];
    kept->ttl_s = ttl_of(set);
    if (kept->ttl_s > seen->state.ttl_s)
        seen->state.ttl_s = kept->ttl_s;
    if (child(set, "AliasTarget") != NULL)
        seen->odd = TARGET_TEXT;
    for (const xmlNode *at = first_record(set); at != NULL; at = next_record(at)) {
        if (text_of(child(at, "Value"), value, sizeof value) &&
            keep_address(&seen->state.serve, family, value))
            memcpy(kept->values[kept->count++], value, sizeof value);
        else
            seen->state.more = kept->more = true;
    }
}

/* Can this text stand in a batch just as it is? */
static bool is_writable(const char *text)
{
    for (const char *at = text; *at != 0; at++)
        if (*at < ' ' || *at > '~' || strchr("\"\\<>&", *at) != NULL)
            return false;
    return text[0] != 0;
}

static void take_fence(struct route53_seen *seen, const xmlNode *set)
{
    char value[512];
    seen->fence_ttl_s = ttl_of(set);
    for (const xmlNode *at = first_record(set); at != NULL; at = next_record(at)) {
        (void)text_of(child(at, "Value"), value, sizeof value);
        size_t length = strlen(value);
        bool plain = length >= 2 && value[0] == '"' && strcspn(value + 1, "\"\\") == length - 2;
        if (seen->state.fence_count++ > 0)
            continue;
        (void)snprintf(seen->state.fence, FENCE_SIZE, "%.*s",
                       plain ? (int)length - 2 : FENCE_SIZE - 1, value + plain);
        seen->state.exact = plain && length - 2 < FENCE_SIZE && is_writable(seen->state.fence);
        make_printable(seen->state.fence); /* and no half of a character at its end */
    }
}

static void take_set(struct route53_seen *seen, const struct route53_names *names,
                     const xmlNode *set)
{
    char name[ROUTE53_NAME_SIZE + 1], type[16];
    (void)text_of(child(set, "Name"), name, sizeof name);
    (void)text_of(child(set, "Type"), type, sizeof type);
    bool at_name = strcasecmp(name, names->name) == 0;
    bool at_fence = strcasecmp(name, names->fence) == 0;
    bool a = at_name && strcmp(type, "A") == 0, aaaa = at_name && strcmp(type, "AAAA") == 0;
    bool txt = at_fence && strcmp(type, "TXT") == 0;
    if ((at_name || at_fence) && strcmp(type, "CNAME") == 0)
        seen->odd = ALIAS_TEXT;
    if (!a && !aaaa && !txt)
        return;
    if (child(set, "SetIdentifier") != NULL)
        seen->odd = POLICY_TEXT;
    else if (txt)
        take_fence(seen, set);
    else
        take_addresses(seen, set, a ? AF_INET : AF_INET6);
}

bool route53_xml_list(const char *body, size_t size, const struct route53_names *names,
                      struct route53_seen *seen)
{
    xmlDocPtr document = parse(body, size);
    const xmlNode *root = document == NULL ? NULL : xmlDocGetRootElement(document);
    const xmlNode *sets = NULL, *cut = NULL;
    char text[8];
    if (root != NULL && is(root, "ListResourceRecordSetsResponse")) {
        sets = child(root, "ResourceRecordSets");
        cut = child(root, "IsTruncated");
    }
    (void)text_of(cut, text, sizeof text);
    seen->cut = strcmp(text, "true") == 0;
    bool ok = sets != NULL && (seen->cut || strcmp(text, "false") == 0);
    for (const xmlNode *at = ok ? child(sets, "ResourceRecordSet") : NULL; at != NULL;
         at = find(at->next, "ResourceRecordSet"))
        take_set(seen, names, at);
    xmlFreeDoc(document);
    return ok;
}

/* ---- writing ---- */

static void add_head(FILE *file, const char *action, const char *name, const char *type,
                     uint32_t ttl_s)
{
    (void)fprintf(file,
                  "<Change><Action>%s</Action><ResourceRecordSet><Name>%s</Name><Type>%s</Type>"
                  "<TTL>%u</TTL><ResourceRecords>", action, name, type, ttl_s);
}

static void add_value(FILE *file, const char *quote, const char *value)
{
    (void)fprintf(file, "<ResourceRecord><Value>%s%s%s</Value></ResourceRecord>", quote, value,
                  quote);
}

static void add_tail(FILE *file)
{
    (void)fputs("</ResourceRecords></ResourceRecordSet></Change>", file);
}

static void add_fence(FILE *file, const char *action, const char *name, uint32_t ttl_s,
                      const char *fence)
{
    add_head(file, action, name, "TXT", ttl_s);
    add_value(file, "\"", fence);
    add_tail(file);
}

/* What the name is to have of one family; what it has and is not to have goes. */
static void add_family(FILE *file, const struct route53_names *names,
                       const struct route53_set *old, const struct provider_change *change, bool v6)
{
    const struct serve *serve = &change->new_serve;
    size_t count = v6 ? serve->aaaa_count : serve->a_count;
    const char *type = v6 ? "AAAA" : "A";
    if (count == 0 && old->count == 0)
        return;
    if (count > 0)
        add_head(file, "UPSERT", names->name, type, change->ttl_s);
    else
        add_head(file, "DELETE", names->name, type, old->ttl_s);
    for (size_t i = 0; i < count; i++)
        add_value(file, "", v6 ? serve->aaaa[i] : serve->a[i]);
    for (size_t i = 0; count == 0 && i < old->count; i++)
        add_value(file, "", old->values[i]);
    add_tail(file);
}

char *route53_xml_batch(const struct route53_names *names, const struct route53_seen *seen,
                        const struct provider_change *change)
{
    const struct serve *serve = &change->new_serve;
    struct record_fence fence;
    char *text = NULL;
    size_t size = 0;
    bool stuck = (seen->a.more && serve->a_count == 0) ||
                 (seen->aaaa.more && serve->aaaa_count == 0);
    bool first = change->old_fence[0] == 0;
    if (stuck || !record_fence_parse(change->new_fence, &fence) ||
        (!first && !is_writable(change->old_fence)))
        return NULL;
    FILE *file = open_memstream(&text, &size);
    if (file == NULL)
        return NULL;
    (void)fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ChangeResourceRecordSetsRequest "
                "xmlns=\"" NAMESPACE "\"><ChangeBatch><Changes>", file);
    if (!first)
        add_fence(file, "DELETE", names->fence, seen->fence_ttl_s, change->old_fence);
    add_fence(file, "CREATE", names->fence, change->ttl_s, change->new_fence);
    add_family(file, names, &seen->a, change, false);
    add_family(file, names, &seen->aaaa, change, true);
    (void)fputs("</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>", file);
    bool bad = ferror(file) != 0;
    if (fclose(file) != 0 || bad) {
        free(text);
        return NULL;
    }
    return text;
}

bool route53_xml_change(const char *body, size_t size, char ret_id[ROUTE53_ID_SIZE],
                        bool *ret_in_sync)
{
    static const char path[] = "/change/";
    xmlDocPtr document = parse(body, size);
    const xmlNode *info = document == NULL ? NULL
                                           : child(xmlDocGetRootElement(document), "ChangeInfo");
    char id[ROUTE53_ID_SIZE + sizeof path], status[16];
    bool ok = text_of(child(info, "Id"), id, sizeof id) &&
              text_of(child(info, "Status"), status, sizeof status);
    const char *bare = strncmp(id, path, sizeof path - 1) == 0 ? id + sizeof path - 1 : id;
    ok = ok && bare[0] != 0 && strlen(bare) < ROUTE53_ID_SIZE &&
         bare[strspn(bare, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")] == 0;
    if (ok) {
        memcpy(ret_id, bare, strlen(bare) + 1);
        *ret_in_sync = strcmp(status, "INSYNC") == 0;
        ok = *ret_in_sync || strcmp(status, "PENDING") == 0;
    }
    xmlFreeDoc(document);
    return ok;
}

/* ---- errors ---- */

void route53_xml_error(const char *body, size_t size, struct route53_error *ret)
{
    xmlDocPtr document = parse(body, size);
    const xmlNode *root = document == NULL ? NULL : xmlDocGetRootElement(document);
    const xmlNode *error = root == NULL ? NULL : child(root, "Error");
    size_t used = 0;
    memset(ret, 0, sizeof *ret);
    if (root != NULL && is(root, "InvalidChangeBatch")) {
        (void)snprintf(ret->code, sizeof ret->code, "InvalidChangeBatch");
        const xmlNode *at = child(child(root, "Messages"), "Message");
        for (; at != NULL && used + 3 < sizeof ret->message; at = find(at->next, "Message")) {
            if (used > 0)
                used += (size_t)snprintf(ret->message + used, 3, "; ");
            (void)text_of(at, ret->message + used, sizeof ret->message - used);
            used += strlen(ret->message + used);
        }
        if (used == 0)
            (void)text_of(child(root, "Message"), ret->message, sizeof ret->message);
    } else if (error != NULL && is(root, "ErrorResponse")) {
        (void)text_of(child(error, "Code"), ret->code, sizeof ret->code);
        (void)text_of(child(error, "Message"), ret->message, sizeof ret->message);
    }
    make_printable(ret->code);
    make_printable(ret->message);
    xmlFreeDoc(document);
}

bool route53_xml_is_fenced(const struct route53_names *names, const struct route53_error *error)
{
    static const char *const ends[] = {"but the values provided do not match the current values",
                                       "but it was not found", "but it already exists"};
    char set[ROUTE53_NAME_SIZE + 32];
    if (strcmp(error->code, "InvalidChangeBatch") != 0)
        return false;
    (void)snprintf(set, sizeof set, "[name='%s', type='TXT'] ", names->fence);
    for (const char *at = error->message; (at = strstr(at, set)) != NULL;) {
        at += strlen(set);
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
            if (strncmp(at, ends[i], strlen(ends[i])) == 0)
                return true;
    }
    return false;
}
