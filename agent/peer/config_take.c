/* Happy path: the text becomes a value, the value is in range, the struct gets it.
 *
 * Failure modes: one complaint for each text that is of the wrong form, out of range, doubled or
 * one too many; the struct keeps what it had. */
#include "config_take.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config_url.h"
#include "config_value.h"
#include "keys.h"

#define PORT_PEER 9930
#define PORT_DNS 53

static void complain(struct draft *draft, const struct field *field, const char *text)
{
    struct complaint_place place = config_draft_here(draft, field->key);
    complaint_error(draft->complaints, &place, "%s", text);
}

static void *place_of(struct draft *draft, const struct field *field)
{
    return (char *)draft->target + field->offset;
}

void config_take_span(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    span_ms span = 0;
    if (config_value_span(value, &span, &err) != 0) {
        complain(draft, field, err.text);
    } else if (span < field->min || span > field->max) {
        char min[CONFIG_VALUE_SPAN_SIZE], max[CONFIG_VALUE_SPAN_SIZE];
        config_value_span_text(field->min, min);
        config_value_span_text(field->max, max);
        err_set(&err, ERR_USAGE, "%.60s is out of range; expected %s to %s", value, min, max);
        complain(draft, field, err.text);
    } else {
        memcpy(place_of(draft, field), &span, sizeof span);
    }
}

static void store_number(struct draft *draft, const struct field *field, const char *value,
                         uint32_t number)
{
    struct err err;
    if (number < field->min || number > field->max) {
        err_set(&err, ERR_USAGE, "%.60s is out of range; expected %lld to %lld", value,
                (long long)field->min, (long long)field->max);
        complain(draft, field, err.text);
    } else {
        memcpy(place_of(draft, field), &number, sizeof number);
    }
}

void config_take_count(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    uint32_t number = 0;
    if (config_value_count(value, &number, &err) != 0)
        complain(draft, field, err.text);
    else
        store_number(draft, field, value, number);
}

void config_take_seconds(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    uint32_t number = 0;
    if (config_value_seconds(value, &number, &err) != 0)
        complain(draft, field, err.text);
    else
        store_number(draft, field, value, number);
}

void config_take_drift(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    uint32_t ppm = 0;
    if (config_value_ppm(value, &ppm, &err) != 0) {
        complain(draft, field, err.text);
    } else if (ppm < field->min || ppm > field->max) {
        err_set(&err, ERR_USAGE, "%.60s is out of range; expected 0.01%% to 5%%", value);
        complain(draft, field, err.text);
    } else {
        memcpy(place_of(draft, field), &ppm, sizeof ppm);
    }
}

/* Index of the value among the field's choices, or -1 after a complaint. */
static int choose(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    char list[128] = "";
    size_t used = 0;
    for (int i = 0; field->choices[i] != NULL; i++) {
        const char *choice = field->choices[i];
        if (strcmp(value, choice) == 0)
            return i;
        const char *glue = i == 0 ? "" : field->choices[i + 1] == NULL ? " or " : ", ";
        int more = snprintf(list + used, sizeof list - used, "%s%s", glue, choice);
        used += more > 0 && (size_t)more < sizeof list - used ? (size_t)more : 0;
    }
    err_set(&err, ERR_USAGE, "\"%.60s\" is unknown; expected %s", value, list);
    complain(draft, field, err.text);
    return -1;
}

void config_take_choice(struct draft *draft, const struct field *field, const char *value)
{
    int index = choose(draft, field, value);
    /* All enums of the configuration start at 0 and have the size of int (asserted below). */
    if (index >= 0)
        memcpy(place_of(draft, field), &index, sizeof index);
    else if (strcmp(field->key, "provider") == 0)
        draft->provider_refused = true;
}
static_assert(sizeof(enum drift_policy) == sizeof(int), "config_take_choice copies an int");
static_assert(sizeof(enum provider_kind) == sizeof(int), "config_take_choice copies an int");
static_assert(sizeof(enum zone_plan) == sizeof(int), "config_take_choice copies an int");
static_assert(sizeof(enum probe_weight) == sizeof(int), "config_take_choice copies an int");

void config_take_profile(struct draft *draft, const struct field *field, const char *value)
{
    if (choose(draft, field, value) >= 0)
        memcpy(draft->config->profile, value, strlen(value) + 1);
}

void config_take_algorithm(struct draft *draft, const struct field *field, const char *value)
{
    if (choose(draft, field, value) >= 0)
        memcpy(place_of(draft, field), value, strlen(value) + 1);
}

void config_take_only_exec(struct draft *draft, const struct field *field, const char *value)
{
    (void)choose(draft, field, value);
}

void config_take_domain(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    char domain[HOST_SIZE];
    if (config_value_domain(value, domain, &err) != 0)
        complain(draft, field, err.text);
    else
        memcpy(place_of(draft, field), domain, strlen(domain) + 1);
}

void config_take_key_name(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    char domain[HOST_SIZE];
    if (config_value_domain(value, domain, &err) != 0)
        complain(draft, field, err.text);
    else
        (void)snprintf(place_of(draft, field), HOST_SIZE, "%.253s.", domain);
}

void config_take_name(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    if (config_value_name(value, place_of(draft, field), &err) != 0)
        complain(draft, field, err.text);
}

void config_take_zone_id(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    size_t length = strlen(value);
    if (length > 0 && length < ZONE_ID_SIZE &&
        strspn(value, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == length) {
        memcpy(place_of(draft, field), value, length + 1);
        return;
    }
    err_set(&err, ERR_USAGE, "\"%.60s\" is no zone id; expected its letters and digits alone, "
                             "without /hostedzone/", value);
    complain(draft, field, err.text);
}

/* Kept without a final slash: a path is put behind it. */
void config_take_endpoint(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    struct config_url url;
    size_t length = strlen(value);
    while (length > 0 && value[length - 1] == '/')
        length--;
    if (config_url_parse(value, &url, &err) != 0) {
        complain(draft, field, err.text);
    } else if (strchr(value, '?') != NULL || length >= PATH_SIZE) {
        err_set(&err, ERR_USAGE, "holds a question or is longer than %d bytes; expected the "
                                 "address of the interface alone", PATH_SIZE - 1);
        complain(draft, field, err.text);
    } else {
        (void)snprintf(place_of(draft, field), PATH_SIZE, "%.*s", (int)length, value);
    }
}

void config_take_prefer(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    if (config_value_name(value, draft->prefer, &err) != 0)
        complain(draft, field, err.text);
    else
        draft->prefer_line = draft->line;
}

void config_take_demote_lead(struct draft *draft, const struct field *field, const char *value)
{
    config_take_span(draft, field, value);
    draft->demote_lead_ms = draft->config->demote_lead_ms;
}

void config_take_public_key(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    if (keys_parse(value, place_of(draft, field), &err) != 0)
        complain(draft, field, err.text);
}

void config_take_path(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    char path[PATH_SIZE];
    if (config_value_path(value, draft->config->path, path, &err) != 0) {
        complain(draft, field, err.text);
    } else if (strlen(path) > (size_t)field->max) {
        err_set(&err, ERR_USAGE, "\"%.60s\" is too long; expected at most %d bytes with its "
                                 "directory", value, (int)field->max);
        complain(draft, field, err.text);
    } else {
        memcpy(place_of(draft, field), path, strlen(path) + 1);
    }
}

void config_take_command(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    if (config_value_command(value, place_of(draft, field), &err) != 0)
        complain(draft, field, err.text);
}

/* Adds an endpoint to a list; refuses one that is there already, or one too many. */
static void add_endpoint(struct draft *draft, const struct field *field,
                         const struct endpoint *endpoint, size_t *count)
{
    struct endpoint *list = place_of(draft, field);
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list[i].host, endpoint->host) == 0 && list[i].port == endpoint->port) {
            complain(draft, field, "the same host and port twice; expected each path once");
            return;
        }
    if (*count == ADDRESS_MAX)
        complain(draft, field, "one too many; expected at most 8");
    else
        list[(*count)++] = *endpoint;
}

/* Refuses addresses that nobody can send to. */
static bool is_reachable(struct draft *draft, const struct field *field,
                         const struct endpoint *endpoint)
{
    struct err err;
    struct serve ignored = {0};
    if (!config_value_is_address(endpoint->host) ||
        config_value_serve(endpoint->host, &ignored, &err) == 0)
        return true;
    complain(draft, field, err.text);
    return false;
}

void config_take_address(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    struct endpoint endpoint;
    struct peer_config *peer = draft->target;
    if (config_value_endpoint(value, PORT_PEER, &endpoint, &err) != 0)
        complain(draft, field, err.text);
    else if (is_reachable(draft, field, &endpoint))
        add_endpoint(draft, field, &endpoint, &peer->address_count);
}

/* A DNS server, by address. */
static void take_dns_server(struct draft *draft, const struct field *field, const char *value,
                            size_t *count)
{
    struct err err;
    struct endpoint endpoint;
    if (config_value_endpoint(value, PORT_DNS, &endpoint, &err) != 0) {
        complain(draft, field, err.text);
        return;
    }
    if (!is_reachable(draft, field, &endpoint))
        return;
    if (!config_value_is_address(endpoint.host))
        complain(draft, field, "is a name; expected an address, because DNS may be what is down "
                               "when it is needed");
    else
        add_endpoint(draft, field, &endpoint, count);
}

void config_take_server(struct draft *draft, const struct field *field, const char *value)
{
    struct record_config *record = draft->target;
    take_dns_server(draft, field, value, &record->server_count);
}

void config_take_authoritative(struct draft *draft, const struct field *field, const char *value)
{
    struct record_config *record = draft->target;
    take_dns_server(draft, field, value, &record->authoritative_count);
}

void config_take_resolver(struct draft *draft, const struct field *field, const char *value)
{
    struct dns_config *dns = &draft->config->dns;
    bool none = strcmp(value, "none") == 0;
    if (dns->no_resolver || (none && dns->resolver_count > 0))
        complain(draft, field, "none and something else; expected addresses, or none alone");
    else if (none)
        dns->no_resolver = true;
    else
        take_dns_server(draft, field, value, &dns->resolver_count);
}

/* By address: with a name in it somebody would have to be asked for that first. And libcurl asks
 * over https only. */
void config_take_doh(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    struct config_url url;
    if (config_url_parse(value, &url, &err) != 0) {
        complain(draft, field, err.text);
    } else if (!url.tls || !config_value_is_address(url.host.host) ||
               strlen(value) >= PATH_SIZE) {
        err_set(&err, ERR_USAGE, "\"%.80s\" %s; expected https and an address, like "
                                 "https://9.9.9.9/dns-query", value,
                url.tls ? "names its host, or is too long" : "is not https");
        complain(draft, field, err.text);
    } else {
        (void)snprintf(place_of(draft, field), PATH_SIZE, "%s", value);
    }
}

void config_take_listen(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    struct endpoint endpoint;
    if (config_value_endpoint(value, PORT_PEER, &endpoint, &err) != 0)
        complain(draft, field, err.text);
    else if (!config_value_is_address(endpoint.host))
        complain(draft, field, "is a name; expected an address of this machine, 0.0.0.0 or [::]");
    else
        add_endpoint(draft, field, &endpoint, &draft->config->local.listen_count);
}

static void warn_loopback(struct draft *draft, const struct field *field, const char *address)
{
    if (strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0)
        return;
    struct complaint_place place = config_draft_here(draft, field->key);
    complaint_warning(draft->complaints, &place,
                      "%s is a loopback address: every client would ask itself", address);
}

static void add_serve(struct draft *draft, const struct field *field, const char *value,
                      struct serve *serve)
{
    struct err err;
    for (const char *item = value;; item++) {
        size_t length = strcspn(item, ","), end = length;
        size_t blank = strspn(item, " \t");
        while (end > blank && (item[end - 1] == ' ' || item[end - 1] == '\t'))
            end--;
        char address[64];
        (void)snprintf(address, sizeof address, "%.*s", end > blank ? (int)(end - blank) : 0,
                       item + blank);
        if (config_value_serve(address, serve, &err) != 0)
            complain(draft, field, err.text);
        else
            warn_loopback(draft, field, address);
        item += length;
        if (*item == 0)
            return;
    }
}

void config_take_serve(struct draft *draft, const struct field *field, const char *value)
{
    add_serve(draft, field, value, place_of(draft, field));
}

/* serve.NODE: kept aside until all nodes are known. The field's key is the whole one. */
void config_take_override(struct draft *draft, const struct field *field, const char *value)
{
    struct err err;
    char node[NAME_SIZE];
    size_t record = draft->config->record_count - 1;
    if (config_value_name(strchr(field->key, '.') + 1, node, &err) != 0) {
        complain(draft, field, err.text);
        return;
    }
    struct draft_override *found = NULL;
    for (size_t i = 0; i < draft->override_count; i++)
        if (draft->overrides[i].record == record && strcmp(draft->overrides[i].node, node) == 0)
            found = &draft->overrides[i];
    if (found == NULL && draft->override_count == DRAFT_OVERRIDE_MAX) {
        complain(draft, field, "too many serve.NODE; expected one for each node and record");
        return;
    }
    if (found == NULL) {
        found = &draft->overrides[draft->override_count++];
        *found = (struct draft_override){.record = record, .line = draft->line};
        memcpy(found->node, node, sizeof node);
    }
    add_serve(draft, field, value, &found->serve);
}
