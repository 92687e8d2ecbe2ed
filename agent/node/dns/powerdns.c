/* powerdns — the provider that talks to PowerDNS's HTTP interface.
 *
 * Happy path: a read asks for the name, its fence and the list of tokens at the same time; a
 * write is one PATCH, refused by the server where the tombstone of the old fence stands.
 * Failure modes: no answer, 5xx, a body that is no zone: UNKNOWN. 401, 404, a secondary, an alias
 * at the name, any other refusal: REFUSED with the server's words. A fence whose token does not
 * lead the list was written by another path (dynamic update, a hand), which no tombstone stops:
 * REFUSED, once a second look has shown that it was no write in between. */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "powerdns_json.h"
#include "provider.h"

#define PART_COUNT 3
#define NOTIFY_MS 5000

/* One question of a read. */
struct part {
    struct provider *provider;
    struct http_call *call; /* NULL = ended */
};

struct reading {
    bool running;
    struct part parts[PART_COUNT]; /* the name, its fence, the list */
    size_t left;
    struct powerdns_seen seen;
    enum provider_outcome outcome;
    struct trouble why;
    provider_on_read *on_read;
    void *owner;
};

struct writing {
    struct http_call *call; /* NULL = none */
    bool running;
    const struct permit *permit;
    struct provider_change change;
    struct provider_caller caller;
};

struct provider {
    struct http *http;
    struct powerdns_names names;
    char label[HOST_SIZE];
    char zone_url[PATH_SIZE + 3 * HOST_SIZE + 64];
    char ca_file[PATH_SIZE], key_file[PATH_SIZE];
    char *key_header;            /* locked memory */
    struct powerdns_chain chain; /* of the last good read */
    bool primary;
    char strange[FENCE_SIZE]; /* a fence that does not fit the list, seen by the last read */
    struct reading reading;
    struct writing writing;
    struct http_call *notify; /* NULL = none */
    uv_timer_t later;         /* for outcomes that are known before anything was sent */
    struct trouble later_why;
};

static struct http_order order_of(const struct provider *provider, const char *const *headers)
{
    return (struct http_order){.method = "GET", .headers = headers, .ca_file = provider->ca_file};
}

static enum trouble_kind kind_of_status(int status)
{
    return status == 429 ? TROUBLE_BUSY : status >= 500 ? TROUBLE_SERVER : TROUBLE_STRANGE;
}

/* What an answer other than the wished one means. */
static enum provider_outcome judge(const struct provider *provider,
                                   const struct http_answer *answer, struct trouble *ret)
{
    char error[256];
    if (answer->end != HTTP_ANSWERED)
        return api_no_answer(answer, ret);
    bool refused = answer->status == 400 || answer->status == 422;
    powerdns_json_error(answer->body, answer->body_size, error, sizeof error);
    switch (answer->status) {
    case 401:
        trouble_set(ret, TROUBLE_SECRET, "PowerDNS does not accept the key in %s: it must be the "
                    "api-key of its pdns.conf", provider->key_file);
        return PROVIDER_REFUSED;
    case 403:
        trouble_set(ret, TROUBLE_LET_IN, "PowerDNS lets nobody in from this address: see "
                    "webserver-allow-from in its pdns.conf");
        return PROVIDER_REFUSED;
    case 404:
        trouble_set(ret, TROUBLE_ZONE, "PowerDNS does not know the zone (404 %s): is zone right, "
                    "and does its pdns.conf say api=yes?", error);
        return PROVIDER_REFUSED;
    default:
        trouble_set(ret, refused ? TROUBLE_REFUSED : kind_of_status(answer->status),
                    "PowerDNS answers %d: %s", answer->status, error);
        return refused ? PROVIDER_REFUSED : PROVIDER_UNKNOWN;
    }
}

/* ---- reading ---- */

static void stop_reading(struct provider *provider)
{
    struct reading *reading = &provider->reading;
    for (size_t i = 0; i < PART_COUNT; i++) {
        http_cancel(reading->parts[i].call);
        reading->parts[i].call = NULL;
    }
    reading->running = false;
}

static void weigh_chain(struct provider *provider)
{
    struct reading *reading = &provider->reading;
    const char *fence = reading->seen.state.fence;
    bool again = strcmp(provider->strange, fence) == 0;
    if (powerdns_json_fits(&reading->seen)) {
        provider->strange[0] = 0;
        return;
    }
    memcpy(provider->strange, fence, sizeof provider->strange);
    reading->outcome = again ? PROVIDER_REFUSED : PROVIDER_UNKNOWN;
    if (again)
        trouble_set(&reading->why, TROUBLE_MIXED,
                    "the fence \"%.100s\" was not written through this interface (dynamic "
                    "update, another tool?): see to it that nothing else writes %.100s, then "
                    "delete the TXT record at _holdfast of it; the holder writes its own", fence,
                    provider->names.name);
    else
        trouble_set(&reading->why, TROUBLE_HIGHER, "the fence changed while it was read");
}

static void weigh_zone(struct provider *provider)
{
    struct reading *reading = &provider->reading;
    const struct powerdns_seen *seen = &reading->seen;
    bool secondary = seen->secondary, alias = seen->alias;
    if (secondary)
        trouble_set(&reading->why, TROUBLE_PRIMARY, "this PowerDNS only copies the zone: set "
                    "endpoint to that of its primary");
    else if (alias)
        trouble_set(&reading->why, TROUBLE_ALIAS, "there is a CNAME at the name or its fence: "
                    "delete it, holdfast needs plain A, AAAA and TXT records there");
    if (secondary || alias) {
        reading->outcome = PROVIDER_REFUSED;
        return;
    }
    weigh_chain(provider);
    if (reading->outcome == PROVIDER_WON && seen->silent)
        trouble_set(&reading->why, TROUBLE_SERIAL,
                    "the zone's serial does not rise, so its secondaries never see a change: "
                    "pdnsutil set-meta ZONE SOA-EDIT-API DEFAULT");
}

static void finish_reading(struct provider *provider)
{
    struct reading *reading = &provider->reading;
    if (reading->outcome == PROVIDER_WON)
        weigh_zone(provider);
    bool good = reading->outcome == PROVIDER_WON;
    if (good)
        provider->chain = reading->seen.chain;
    provider->primary = good && reading->seen.primary;
    struct provider_state state = reading->seen.state;
    struct trouble why = reading->why;
    state.servers = 1;
    state.servers_ok = good;
    stop_reading(provider);
    reading->on_read(reading->owner, reading->outcome, &state, &why);
}

static void on_part(void *owner, const struct http_answer *answer)
{
    struct part *part = owner;
    struct provider *provider = part->provider;
    struct reading *reading = &provider->reading;
    part->call = NULL;
    reading->left--;
    reading->seen.state.server_s = answer->server_s;
    bool good = answer->end == HTTP_ANSWERED && answer->status == 200;
    if (good && powerdns_json_take(answer->body, answer->body_size, &provider->names,
                                   &reading->seen)) {
        if (reading->left == 0)
            finish_reading(provider);
        return;
    }
    reading->outcome = PROVIDER_UNKNOWN;
    if (good)
        trouble_set(&reading->why, TROUBLE_STRANGE,
                    "the answer is no zone of PowerDNS: is endpoint right?");
    else
        reading->outcome = judge(provider, answer, &reading->why);
    finish_reading(provider); /* the others cannot make it better */
}

static void on_later(uv_timer_t *timer)
{
    struct provider *provider = timer->data;
    struct reading *reading = &provider->reading;
    struct provider_caller caller = provider->writing.caller;
    struct provider_state state = {0};
    if (reading->running) {
        reading->running = false;
        reading->on_read(reading->owner, PROVIDER_UNKNOWN, &state, &provider->later_why);
    } else if (provider->writing.running) {
        provider->writing.running = false;
        caller.on_write(caller.owner, PROVIDER_REFUSED, &provider->later_why);
    }
}

static void end_later(struct provider *provider, const char *text)
{
    trouble_set(&provider->later_why, TROUBLE_OTHER, "%s", text);
    uv_timer_start(&provider->later, on_later, 0, 0);
}

static void read_now(struct provider *provider, enum provider_scope scope, span_ms deadline_ms,
                     provider_on_read *on_read, void *owner)
{
    const char *const names[PART_COUNT] = {provider->names.name, provider->names.fence,
                                           provider->names.chain};
    const char *const headers[] = {provider->key_header, NULL};
    struct reading *reading = &provider->reading;
    struct http_order order = order_of(provider, headers);
    struct err err = {0};
    char url[sizeof provider->zone_url + POWERDNS_NAME_SIZE + 16];
    (void)scope; /* the interface knows one server: its own */
    memset(reading, 0, sizeof *reading);
    reading->running = true;
    reading->left = PART_COUNT;
    reading->on_read = on_read;
    reading->owner = owner;
    order.url = url;
    order.on_end = on_part;
    order.deadline_ms = deadline_ms;
    bool ok = true;
    for (size_t i = 0; ok && i < PART_COUNT; i++) {
        struct part *part = &reading->parts[i];
        (void)snprintf(url, sizeof url, "%s?rrset_name=%s", provider->zone_url, names[i]);
        part->provider = provider;
        order.owner = part;
        part->call = http_start(provider->http, &order, &err);
        ok = part->call != NULL;
    }
    if (ok)
        return;
    stop_reading(provider);
    reading->running = true;
    end_later(provider, err.text);
}

/* ---- writing ---- */

static bool may_send(void *owner)
{
    struct writing *writing = &((struct provider *)owner)->writing;
    return writing->caller.still(writing->caller.owner, writing->permit);
}

static void on_notified(void *owner, const struct http_answer *answer)
{
    struct provider *provider = owner;
    (void)answer; /* whoever missed it hears with its next refresh */
    provider->notify = NULL;
}

/* PowerDNS itself would tell its secondaries within a minute. */
static void tell_secondaries(struct provider *provider)
{
    const char *const headers[] = {provider->key_header, NULL};
    struct http_order order = order_of(provider, headers);
    struct err ignored;
    char url[sizeof provider->zone_url + 8];
    (void)snprintf(url, sizeof url, "%s/notify", provider->zone_url);
    http_cancel(provider->notify);
    order.method = "PUT";
    order.body = "";
    order.url = url;
    order.deadline_ms = NOTIFY_MS;
    order.on_end = on_notified;
    order.owner = provider;
    provider->notify = http_start(provider->http, &order, &ignored);
}

static void on_patched(void *owner, const struct http_answer *answer)
{
    struct provider *provider = owner;
    struct writing *writing = &provider->writing;
    struct provider_caller caller = writing->caller;
    struct trouble why = {.kind = TROUBLE_NONE};
    char error[256];
    enum provider_outcome outcome = PROVIDER_WON;
    bool answered = answer->end == HTTP_ANSWERED;
    writing->call = NULL;
    writing->running = false;
    powerdns_json_error(answer->body, answer->body_size, error, sizeof error);
    if (answered && answer->status == 422 &&
        powerdns_json_is_fenced(&provider->names, &writing->change, error)) {
        /* Sent twice, it may be our own first sending that was in the way. */
        outcome = answer->sendings > 1 ? PROVIDER_UNKNOWN : PROVIDER_FENCED;
        trouble_set(&why, TROUBLE_HIGHER, "somebody else replaced the fence meanwhile");
    } else if (!answered || (answer->status != 204 && answer->status != 200)) {
        outcome = judge(provider, answer, &why);
    } else if (provider->primary) {
        tell_secondaries(provider);
    }
    caller.on_write(caller.owner, outcome, &why);
}

static void write_now(const struct permit *permit, struct provider *provider,
                      const struct provider_change *change, span_ms deadline_ms,
                      const struct provider_caller *caller)
{
    const char *const headers[] = {provider->key_header, "Content-Type: application/json", NULL};
    struct writing *writing = &provider->writing;
    struct http_order order = order_of(provider, headers);
    struct err err = {0};
    char *body = powerdns_json_patch(&provider->names, &provider->chain, change);
    *writing = (struct writing){
        .running = true, .permit = permit, .change = *change, .caller = *caller};
    if (body == NULL) {
        end_later(provider, "the update cannot be built");
        return;
    }
    order.method = "PATCH";
    order.url = provider->zone_url;
    order.body = body;
    order.body_size = strlen(body);
    order.deadline_ms = deadline_ms;
    order.may_send = may_send;
    order.on_end = on_patched;
    order.owner = provider;
    writing->call = http_start(provider->http, &order, &err);
    if (writing->call == NULL)
        end_later(provider, err.text);
    free(body);
}

/* ---- life ---- */

static void cancel_all(struct provider *provider)
{
    uv_timer_stop(&provider->later);
    stop_reading(provider);
    http_cancel(provider->writing.call);
    provider->writing.call = NULL;
    provider->writing.running = false;
}

static void on_closed(uv_handle_t *handle)
{
    struct provider *provider = handle->data;
    sodium_free(provider->key_header);
    free(provider);
}

static void close_all(struct provider *provider)
{
    cancel_all(provider);
    http_cancel(provider->notify);
    uv_close((uv_handle_t *)&provider->later, on_closed);
}

/* The zone's id: its name, and "=2F" for what is neither letter, digit, dot nor hyphen. */
static void take_zone(struct provider *provider, const struct record_config *config)
{
    char *url = provider->zone_url;
    size_t size = sizeof provider->zone_url;
    size_t used = (size_t)snprintf(url, size, "%s/api/v1/servers/localhost/zones/",
                                   config->endpoint);
    for (const char *at = config->zone; *at != 0; at++)
        used += (size_t)snprintf(url + used, size - used,
                                 isalnum((unsigned char)*at) || *at == '.' || *at == '-' ? "%c"
                                                                                         : "=%02X",
                                 (unsigned char)*at);
    (void)snprintf(url + used, size - used, ".");
}

static int open_new(struct provider **ret, const struct provider_world *world,
                    const struct record_config *config, struct err *err)
{
    struct provider *provider = calloc(1, sizeof *provider);
    if (provider == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    provider->http = world->http;
    memcpy(provider->ca_file, config->ca_file, sizeof provider->ca_file);
    memcpy(provider->key_file, config->api_key_file, sizeof provider->key_file);
    take_zone(provider, config);
    int code = powerdns_json_names(config->name, &provider->names)
                   ? api_secret_header(&provider->key_header, "X-API-Key: ", "api-key-file",
                                       config->api_key_file, err)
                   : err_set(err, ERR_USAGE, "name: longer than %d characters: the names of the "
                             "tombstones do not fit", POWERDNS_NAME_MAX);
    if (code != 0) {
        sodium_free(provider->key_header);
        free(provider);
        return err_wrap(err, "[record %s]", config->label);
    }
    uv_timer_init(world->loop, &provider->later);
    provider->later.data = provider;
    *ret = provider;
    return 0;
}

const struct provider_operations provider_powerdns = {
    .name = "powerdns",
    .fence = PROVIDER_FENCE_TOMBSTONE,
    .over_http = true,
    .can_read = true,
    .write_ms = 1500,
    .late_ms = 0, /* the tombstone stops it */
    .open = open_new,
    .read = read_now,
    .write = write_now,
    .cancel = cancel_all,
    .close = close_all,
};
