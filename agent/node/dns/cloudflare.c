/* cloudflare — the provider that talks to Cloudflare's API, version 4.
 *
 * Happy path: a read asks for the fence, then for the name, one after the other: so a write that
 * rests on that fence rests on addresses at least as new. A write is one batch that deletes the
 * fence by its id (cloudflare_json.h says why that is a compare-and-set). How far apart Cloudflare
 * keeps two batches is not documented, so nothing rests on it alone: the record reads after each
 * write, and only a list with one fence, its own, is success; two are shown and stop everybody.
 * Failure modes: no answer, 5xx, what is no JSON of Cloudflare: UNKNOWN. 429: UNKNOWN, and nothing
 * is sent before the time it asks for has passed. Token, zone, an alias, a proxied record, any
 * other refusal: REFUSED with Cloudflare's codes and words, and the remedy. A record that is gone,
 * or there already: FENCED, or UNKNOWN if it may have been our own first sending. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../peer/clock.h"
#include "api.h"
#include "cloudflare_json.h"

#define ENDPOINT "https://api.cloudflare.com/client/v4"
#define QUIET_MS 5000       /* after a 429 that does not say how long */
#define QUIET_MS_MAX 300000 /* longer is never needed, says Cloudflare */

/* What a read asks for next. */
enum step {
    STEP_FENCE,
    STEP_FIRST, /* what stands for no fence; only where there is none */
    STEP_NAME,
    STEP_ZONE, /* is it the right one? Only where nothing of ours is in it */
    STEP_END
};

struct reading {
    struct http_call *call; /* NULL = none */
    bool running;
    enum step step;
    mono_ms until;
    struct cloudflare_seen seen;
    provider_on_read *on_read;
    void *owner;
};

struct writing {
    struct http_call *call; /* NULL = none */
    bool running;
    const struct permit *permit;
    struct provider_caller caller;
};

struct provider {
    struct http *http;
    struct cloudflare_names names;
    char zone[HOST_SIZE];
    char url[PATH_SIZE + ZONE_ID_SIZE + 32];
    char ca_file[PATH_SIZE], token_file[PATH_SIZE], zone_id[ZONE_ID_SIZE];
    uint32_t ttl_s;
    char *token_header;          /* locked memory */
    struct cloudflare_seen seen; /* by the last good read */
    char gone_id[CLOUDFLARE_ID_SIZE]; /* the fence that our last write deleted; "" = none */
    mono_ms quiet_until;
    struct reading reading;
    struct writing writing;
    uv_timer_t later; /* for outcomes that are known before anything was sent */
    enum provider_outcome later_outcome;
    struct trouble later_why;
};

/* ---- what an answer means ---- */

static enum provider_outcome judge_busy(struct provider *provider,
                                        const struct http_answer *answer, const char *why,
                                        struct trouble *ret)
{
    span_ms wait = answer->retry_after_ms < 0 ? QUIET_MS : answer->retry_after_ms;
    wait = wait > QUIET_MS_MAX ? QUIET_MS_MAX : wait;
    provider->quiet_until = clock_now() + wait;
    trouble_set(ret, TROUBLE_BUSY, "Cloudflare wants to be left alone for %lld s (%d, %s): "
                "1200 requests in 5 minutes are free for all programs of this user together",
                (long long)(wait + 999) / 1000, answer->status, why);
    return PROVIDER_UNKNOWN;
}

/* A whole answer that is no success. */
static enum provider_outcome judge_status(struct provider *provider,
                                          const struct http_answer *answer,
                                          const struct cloudflare_fault *fault,
                                          struct trouble *ret)
{
    int status = answer->status;
    if (status == 429)
        return judge_busy(provider, answer, fault->text, ret);
    if (status == 409 || status == 408) {
        trouble_set(ret, TROUBLE_BUSY, "Cloudflare was busy with another change (%d, %s); tries "
                    "again", status, fault->text);
        return PROVIDER_UNKNOWN;
    }
    if (status >= 500) {
        trouble_set(ret, TROUBLE_SERVER, "Cloudflare has trouble of its own (%d, %s); tries again; "
                    "see www.cloudflarestatus.com", status, fault->text);
        return PROVIDER_UNKNOWN;
    }
    if (status < 400) {
        trouble_set(ret, TROUBLE_STRANGE, "the answer (%d) is none of Cloudflare's API: endpoint "
                    "must be that of its version 4, or left out", status);
        return PROVIDER_UNKNOWN;
    }
    if (status == 401 || status == 403 || fault->untrusted)
        trouble_set(ret, TROUBLE_SECRET, "Cloudflare does not accept the token in %.255s (%d, %s): "
                    "it must be valid and have the permission Zone > DNS > Edit for this zone",
                    provider->token_file, status, fault->text);
    else if (fault->unknown || (status == 404 && !fault->changed))
        trouble_set(ret, TROUBLE_ZONE, "Cloudflare does not know the zone-id %s (%d, %s): it "
                    "stands on the overview page of the zone; endpoint must end in /client/v4, "
                    "or be left out", provider->zone_id, status, fault->text);
    else
        trouble_set(ret, TROUBLE_REFUSED, "Cloudflare refuses it (%d, %s)", status, fault->text);
    return PROVIDER_REFUSED;
}

static enum provider_outcome judge(struct provider *provider, const struct http_answer *answer,
                                   struct trouble *ret)
{
    struct cloudflare_fault fault;
    if (answer->end != HTTP_ANSWERED) {
        return api_no_answer(answer, ret);
    }
    cloudflare_json_fault(answer->body, answer->body_size, &fault);
    return judge_status(provider, answer, &fault, ret);
}

/* ---- what is known before anything is sent ---- */

static void on_later(uv_timer_t *timer)
{
    struct provider *provider = timer->data;
    struct reading *reading = &provider->reading;
    struct writing *writing = &provider->writing;
    static const struct provider_state nothing;
    if (reading->running) {
        reading->running = false;
        reading->on_read(reading->owner, provider->later_outcome, &nothing,
                         &provider->later_why);
    } else if (writing->running) {
        writing->running = false;
        writing->caller.on_write(writing->caller.owner, provider->later_outcome,
                                 &provider->later_why);
    }
}

static void end_later(struct provider *provider, enum provider_outcome outcome,
                      enum trouble_kind kind, const char *text)
{
    provider->later_outcome = outcome;
    trouble_set(&provider->later_why, kind, "%s", text);
    uv_timer_start(&provider->later, on_later, 0, 0);
}

static bool is_quiet(struct provider *provider)
{
    span_ms left = provider->quiet_until - clock_now();
    char text[120];
    if (left <= 0)
        return false;
    (void)snprintf(text, sizeof text, "not sent: Cloudflare wants to be left alone for %lld s more "
                   "(429)", (long long)(left + 999) / 1000);
    end_later(provider, PROVIDER_UNKNOWN, TROUBLE_BUSY, text);
    return true;
}

/* ---- reading ---- */

static void end_reading(struct provider *provider, enum provider_outcome outcome,
                        const struct trouble *why)
{
    struct reading *reading = &provider->reading;
    struct provider_state state = reading->seen.state;
    state.servers = 1;
    state.servers_ok = outcome == PROVIDER_WON;
    reading->running = false;
    reading->on_read(reading->owner, outcome, &state, why);
}

/* Is something in the way of any write? */
static bool is_obstructed(const struct cloudflare_seen *seen, struct trouble *ret)
{
    if (seen->alias)
        trouble_set(ret, TROUBLE_ALIAS, "there is a CNAME or NS at the name or its fence: delete "
                    "it, holdfast needs plain A, AAAA and TXT records there");
    else if (seen->proxied)
        trouble_set(ret, TROUBLE_PROXIED, "the record is proxied (the orange cloud), so callers "
                    "get addresses of Cloudflare, which do not speak SIP: set it to DNS only");
    else if (seen->crowded)
        trouble_set(ret, TROUBLE_CROWDED, "there are more than 50 records at the name or its "
                    "fence: delete what is not needed, or take a name of its own");
    return seen->alias || seen->proxied || seen->crowded;
}

static bool is_old_list(const struct provider *provider, const struct cloudflare_seen *seen)
{
    return provider->gone_id[0] != 0 && strcmp(provider->gone_id, seen->fence_id) == 0;
}

static void weigh_reading(struct provider *provider)
{
    const struct cloudflare_seen *seen = &provider->reading.seen;
    struct trouble why = {.kind = TROUBLE_NONE};
    if (is_obstructed(seen, &why)) {
        end_reading(provider, PROVIDER_REFUSED, &why);
        return;
    }
    if (is_old_list(provider, seen)) {
        trouble_set(&why, TROUBLE_HIGHER, "the list still has the fence that was replaced");
        end_reading(provider, PROVIDER_UNKNOWN, &why);
        return;
    }
    provider->seen = *seen;
    if (seen->address_count > 0 && seen->state.ttl_s != provider->ttl_s)
        trouble_set(&why, TROUBLE_TTL, "the TTL is %u s instead of %u s: the next write changes "
                    "that, or do it in the dashboard", seen->state.ttl_s, provider->ttl_s);
    end_reading(provider, PROVIDER_WON, &why);
}

static void ask(struct provider *provider);

static enum step next_step(const struct reading *reading)
{
    const struct cloudflare_seen *seen = &reading->seen;
    bool fenced = seen->state.fence_count > 0;
    switch (reading->step) {
    case STEP_FENCE:
        return fenced ? STEP_NAME : STEP_FIRST;
    case STEP_FIRST:
        return STEP_NAME;
    case STEP_NAME:
        return fenced || seen->first_id[0] != 0 || seen->address_count > 0 ? STEP_END : STEP_ZONE;
    default:
        return STEP_END;
    }
}

/* Cloudflare takes a name that is not in the zone as one below it. */
static bool is_right_zone(struct provider *provider, const struct http_answer *answer)
{
    char other[HOST_SIZE] = "";
    struct trouble why;
    if (cloudflare_json_same_zone(answer->body, answer->body_size, provider->names.name,
                                  provider->zone, other))
        return true;
    trouble_set(&why, TROUBLE_NAME, "%.255s is not in the zone with this zone-id, which has "
                "%.255s: the zone-id stands on the overview page of the zone",
                provider->names.name, other);
    end_reading(provider, PROVIDER_REFUSED, &why);
    return false;
}

/* "" = any. */
static const char *asked_name(const struct provider *provider)
{
    switch (provider->reading.step) {
    case STEP_FENCE:
        return provider->names.fence;
    case STEP_FIRST:
        return provider->names.first;
    case STEP_NAME:
        return provider->names.name;
    default:
        return "";
    }
}

static void on_listed(void *owner, const struct http_answer *answer)
{
    struct provider *provider = owner;
    struct reading *reading = &provider->reading;
    struct trouble why;
    struct cloudflare_seen any = {.crowded = false};
    bool zone = reading->step == STEP_ZONE;
    reading->call = NULL;
    reading->seen.state.server_s = answer->server_s;
    if (answer->end != HTTP_ANSWERED || answer->status != 200 ||
        !cloudflare_json_take(answer->body, answer->body_size, &provider->names,
                              asked_name(provider), zone ? &any : &reading->seen)) {
        enum provider_outcome outcome = judge(provider, answer, &why);
        end_reading(provider, outcome, &why);
        return;
    }
    if (zone && !is_right_zone(provider, answer))
        return;
    reading->step = next_step(reading);
    if (reading->step == STEP_END)
        weigh_reading(provider);
    else
        ask(provider);
}

static void ask(struct provider *provider)
{
    struct reading *reading = &provider->reading;
    const char *const headers[] = {provider->token_header, NULL};
    char url[sizeof provider->url + HOST_SIZE + 32];
    struct err err = {0};
    span_ms left = reading->until - clock_now();
    if (reading->step == STEP_ZONE)
        (void)snprintf(url, sizeof url, "%s?per_page=5", provider->url);
    else
        (void)snprintf(url, sizeof url, "%s?name=%s&per_page=%d", provider->url,
                       asked_name(provider), CLOUDFLARE_RECORD_MAX);
    struct http_order order = {.method = "GET",
                               .url = url,
                               .headers = headers,
                               .ca_file = provider->ca_file,
                               .deadline_ms = left < 1 ? 1 : left,
                               .on_end = on_listed,
                               .owner = provider};
    reading->call = http_start(provider->http, &order, &err);
    if (reading->call == NULL)
        end_later(provider, PROVIDER_UNKNOWN, TROUBLE_OTHER, err.text);
}

static void read_now(struct provider *provider, enum provider_scope scope, span_ms deadline_ms,
                     provider_on_read *on_read, void *owner)
{
    struct reading *reading = &provider->reading;
    (void)scope; /* the API is one */
    memset(reading, 0, sizeof *reading);
    reading->running = true;
    reading->until = clock_now() + deadline_ms;
    reading->on_read = on_read;
    reading->owner = owner;
    if (!is_quiet(provider))
        ask(provider);
}

/* ---- writing ---- */

static bool may_send(void *owner)
{
    struct writing *writing = &((struct provider *)owner)->writing;
    return writing->caller.still(writing->caller.owner, writing->permit);
}

/* A whole answer, 200. */
static enum provider_outcome judge_applied(struct provider *provider,
                                           const struct http_answer *answer,
                                           struct trouble *ret)
{
    char stray[HOST_SIZE];
    if (!cloudflare_json_applied(answer->body, answer->body_size, &provider->names, stray))
        return judge(provider, answer, ret);
    memcpy(provider->gone_id, provider->seen.fence_id, sizeof provider->gone_id);
    if (stray[0] == 0)
        return PROVIDER_WON;
    trouble_set(ret, TROUBLE_NAME, "Cloudflare made %.255s of the name: zone-id is of another "
                "zone; set the right one, and delete the new records in that zone", stray);
    return PROVIDER_REFUSED;
}

static void on_batched(void *owner, const struct http_answer *answer)
{
    struct provider *provider = owner;
    struct writing *writing = &provider->writing;
    struct trouble why = {.kind = TROUBLE_NONE};
    enum provider_outcome outcome;
    struct cloudflare_fault fault;
    writing->call = NULL;
    writing->running = false;
    cloudflare_json_fault(answer->body, answer->body_size, &fault);
    if (answer->end == HTTP_ANSWERED && answer->status == 200) {
        outcome = judge_applied(provider, answer, &why);
    } else if (answer->end == HTTP_ANSWERED && answer->status < 429 && fault.changed) {
        bool twice = answer->sendings > 1;
        outcome = twice ? PROVIDER_UNKNOWN : PROVIDER_FENCED;
        trouble_set(&why, TROUBLE_HIGHER, "%s (%d, %s)",
                    twice ? "sent twice, because a connection ended; the first sending may have "
                            "been done"
                          : "somebody else changed the records meanwhile",
                    answer->status, fault.text);
    } else {
        outcome = judge(provider, answer, &why);
    }
    writing->caller.on_write(writing->caller.owner, outcome, &why);
}

static void send_batch(struct provider *provider, const char *body, span_ms deadline_ms)
{
    const char *const headers[] = {provider->token_header, "Content-Type: application/json", NULL};
    char url[sizeof provider->url + 8];
    struct err err = {0};
    (void)snprintf(url, sizeof url, "%s/batch", provider->url);
    struct http_order order = {.method = "POST",
                               .url = url,
                               .headers = headers,
                               .body = body,
                               .body_size = strlen(body),
                               .ca_file = provider->ca_file,
                               .deadline_ms = deadline_ms,
                               .may_send = may_send,
                               .on_end = on_batched,
                               .owner = provider};
    provider->writing.call = http_start(provider->http, &order, &err);
    if (provider->writing.call == NULL)
        end_later(provider, PROVIDER_REFUSED, TROUBLE_OTHER, err.text);
}

static void write_now(const struct permit *permit, struct provider *provider,
                      const struct provider_change *change, span_ms deadline_ms,
                      const struct provider_caller *caller)
{
    provider->writing = (struct writing){.running = true, .permit = permit, .caller = *caller};
    if (is_quiet(provider))
        return;
    char *body = cloudflare_json_batch(&provider->names, &provider->seen, change);
    if (body == NULL)
        end_later(provider, PROVIDER_UNKNOWN, TROUBLE_HIGHER,
                  "not sent: the fence is not the one that was read");
    else
        send_batch(provider, body, deadline_ms);
    free(body);
}

/* ---- life ---- */

static void cancel_all(struct provider *provider)
{
    uv_timer_stop(&provider->later);
    http_cancel(provider->reading.call);
    http_cancel(provider->writing.call);
    provider->reading.call = provider->writing.call = NULL;
    provider->reading.running = provider->writing.running = false;
}

static void on_closed(uv_handle_t *handle)
{
    struct provider *provider = handle->data;
    sodium_free(provider->token_header);
    free(provider);
}

static void close_all(struct provider *provider)
{
    cancel_all(provider);
    uv_close((uv_handle_t *)&provider->later, on_closed);
}

static void take_config(struct provider *provider, const struct record_config *config)
{
    memcpy(provider->ca_file, config->ca_file, sizeof provider->ca_file);
    memcpy(provider->token_file, config->token_file, sizeof provider->token_file);
    memcpy(provider->zone, config->zone, sizeof provider->zone);
    memcpy(provider->zone_id, config->zone_id, sizeof provider->zone_id);
    provider->ttl_s = config->ttl_s;
    (void)snprintf(provider->url, sizeof provider->url, "%.255s/zones/%.64s/dns_records",
                   config->endpoint[0] != 0 ? config->endpoint : ENDPOINT, config->zone_id);
}

static int open_new(struct provider **ret, const struct provider_world *world,
                    const struct record_config *config, struct err *err)
{
    struct provider *provider = calloc(1, sizeof *provider);
    if (provider == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    provider->http = world->http;
    provider->quiet_until = MONO_LONG_AGO;
    take_config(provider, config);
    int code = cloudflare_json_names(config->name, &provider->names)
                   ? api_secret_header(&provider->token_header, "Authorization: Bearer ",
                                       "token-file", config->token_file, err)
                   : err_set(err, ERR_USAGE, "name: longer than %d characters: first._holdfast. "
                             "does not fit before it", CLOUDFLARE_NAME_MAX);
    if (code != 0) {
        free(provider);
        return err_wrap(err, "[record %s]", config->label);
    }
    uv_timer_init(world->loop, &provider->later);
    provider->later.data = provider;
    *ret = provider;
    return 0;
}

const struct provider_operations provider_cloudflare = {
    .name = "cloudflare",
    .fence = PROVIDER_FENCE_RECORD_ID,
    .over_http = true,
    .can_read = true,
    .hand_fence = true,
    .write_ms = 1500,
    .late_ms = 0, /* the id of the fence it rests on is gone */
    .open = open_new,
    .read = read_now,
    .write = write_now,
    .cancel = cancel_all,
    .close = close_all,
};
