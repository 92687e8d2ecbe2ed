/* route53 — the provider that talks to Amazon's Route 53.
 *
 * Happy path: a read is one list from the name on, which mostly shows the fence too; a write is
 * one batch, refused as a whole when the old fence is not there to the letter. Its change is
 * followed until all name servers have it, beside everything else.
 * Failure modes: no answer, 5xx, throttled, a body that is none: UNKNOWN. Keys, rights, zone,
 * clock, something odd at the name: REFUSED with the remedy. No keys yet: they are waited for
 * within the deadline. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../peer/clock.h"
#include "api.h"
#include "route53_keys.h"
#include "route53_verdict.h"

#define ENDPOINT "https://route53.amazonaws.com" /* one for the whole world, in us-east-1 */
#define URL_SIZE (PATH_SIZE + 2 * HOST_SIZE)
#define LIST_MAX 10        /* sets asked for at once: those of the name, and the fence after them */
#define FOLLOW_MS 5000     /* between two looks whether a change is everywhere */
#define FOLLOW_FIRST_MS 1000
#define FOLLOW_STEP_MS 4000 /* deadline of one look */
#define FOLLOW_TRIES_MAX 360 /* half an hour */

enum job_kind { JOB_NONE, JOB_READ, JOB_WRITE };

/* The one request that runs. */
struct job {
    enum job_kind kind;
    struct http_call *call; /* NULL = none on its way */
    bool waits;             /* for keys */
    bool second;            /* the fence is asked for alone */
    mono_ms end;
    struct route53_seen seen;
    provider_on_read *on_read;
    void *owner;
    const struct permit *permit;
    struct provider_change change;
    struct provider_caller caller;
    enum provider_outcome outcome; /* for on_later */
    struct trouble why;
};

/* The last change of this process, until it is everywhere. */
struct follow {
    bool tracked, everywhere;
    char id[ROUTE53_ID_SIZE];
    char fence[FENCE_SIZE]; /* that it brought: with another one, somebody else's change counts */
    char why[TROUBLE_TEXT_SIZE]; /* it is not known whether it is everywhere; "" = it is */
    struct http_call *call;
    unsigned tries;
    mono_ms since;
};

struct provider {
    struct http *http;
    struct route53_names names;
    struct route53_keys *keys;
    char base[URL_SIZE];
    char zone_id[ZONE_ID_SIZE], ca_file[PATH_SIZE];
    struct route53_seen known; /* by the last good read: what a batch must delete */
    struct job job;
    struct follow follow;
    uv_timer_t later, tick;
    unsigned open_handles;
};

/* ---- asking ---- */

/* NULL: err. `order` has method, owner, on_end and what belongs to the question. */
static struct http_call *send_order(struct provider *provider, const char *url,
                                    struct http_order *order, struct err *err)
{
    const struct http_sign *sign = route53_keys_sign(provider->keys);
    if (sign == NULL) {
        (void)err_set(err, ERR_USAGE, "%s", route53_keys_why(provider->keys));
        return NULL;
    }
    const char *headers[3] = {NULL};
    size_t count = 0;
    if (order->body != NULL)
        headers[count++] = "Content-Type: text/xml";
    headers[count] = route53_keys_token(provider->keys);
    order->headers = headers;
    order->url = url;
    order->sign = sign;
    order->ca_file = provider->ca_file;
    struct http_call *call = http_start(provider->http, order, err);
    order->headers = NULL; /* they end here */
    return call;
}

/* What an answer means. */
static enum provider_outcome judge(struct provider *provider, const struct http_answer *answer,
                                   struct trouble *ret)
{
    bool expired = false;
    int64_t theirs_s = answer->server_s;
    if (answer->end != HTTP_ANSWERED)
        return api_no_answer(answer, ret);
    struct route53_reply reply = {.status = answer->status,
                                  .body = answer->body,
                                  .size = answer->body_size,
                                  .sendings = answer->sendings,
                                  .ahead_s = theirs_s == 0 ? 0 : clock_wall_s() - theirs_s,
                                  .names = &provider->names,
                                  .zone_id = provider->zone_id,
                                  .keys = route53_keys_words(provider->keys),
                                  .role = route53_keys_of_role(provider->keys)};
    enum provider_outcome outcome = route53_verdict(&reply, ret, &expired);
    if (expired)
        route53_keys_refused(provider->keys);
    return outcome;
}

static span_ms left_of(const struct job *job)
{
    span_ms left = job->end - clock_now();
    return left > 1 ? left : 1;
}

/* ---- the end of a job ---- */

static void stop_job(struct provider *provider)
{
    uv_timer_stop(&provider->later);
    http_cancel(provider->job.call);
    provider->job.call = NULL;
    provider->job.waits = false;
    provider->job.kind = JOB_NONE;
}

/* Does what the job saw come from the change that is followed? */
static bool shows_change(const struct provider *provider)
{
    const struct follow *follow = &provider->follow;
    return follow->tracked && strcmp(provider->job.seen.state.fence, follow->fence) == 0;
}

static void end_job(struct provider *provider, enum provider_outcome outcome,
                    const struct trouble *told)
{
    struct job *job = &provider->job;
    enum job_kind kind = job->kind;
    struct provider_state state = job->seen.state;
    struct provider_caller caller = job->caller;
    struct trouble why = *told;
    /* The interface, and the name servers behind it as one. */
    state.servers = shows_change(provider) ? 2 : 1;
    state.servers_ok = shows_change(provider) && provider->follow.everywhere ? 2 : 1;
    if (outcome != PROVIDER_WON)
        state.servers_ok = 0;
    stop_job(provider);
    if (kind == JOB_READ)
        job->on_read(job->owner, outcome, &state, &why);
    else if (kind == JOB_WRITE)
        caller.on_write(caller.owner, outcome, &why);
}

static void on_later(uv_timer_t *timer)
{
    struct provider *provider = timer->data;
    struct job *job = &provider->job;
    if (job->waits) {
        trouble_set(&job->why, TROUBLE_ROLE, "%s", route53_keys_why(provider->keys));
        job->outcome = PROVIDER_UNKNOWN;
    }
    end_job(provider, job->outcome, &job->why);
}

/* Never from inside read or write. */
static void end_later(struct provider *provider, enum provider_outcome outcome,
                      enum trouble_kind kind, const char *text)
{
    struct job *job = &provider->job;
    job->outcome = outcome;
    job->waits = false;
    trouble_set(&job->why, kind, "%s", text);
    uv_timer_start(&provider->later, on_later, 0, 0);
}

/* Nothing was sent. A file must be mended; a role's keys may come. */
static void not_sent(struct provider *provider, const struct err *err)
{
    bool keys = err->code == ERR_USAGE, role = route53_keys_of_role(provider->keys);
    end_later(provider, keys && !role ? PROVIDER_REFUSED : PROVIDER_UNKNOWN,
              !keys ? TROUBLE_OTHER : role ? TROUBLE_ROLE : TROUBLE_KEYS_FILE, err->text);
}

/* ---- reading ---- */

static void ask_list(struct provider *provider);

static void finish_read(struct provider *provider)
{
    struct job *job = &provider->job;
    const struct follow *follow = &provider->follow;
    struct trouble why = {.kind = TROUBLE_NONE};
    if (job->seen.odd != NULL) {
        trouble_set(&why, TROUBLE_ALIAS, "%s", job->seen.odd);
        end_job(provider, PROVIDER_REFUSED, &why);
        return;
    }
    provider->known = job->seen;
    if (shows_change(provider) && !follow->everywhere)
        trouble_set(&why, TROUBLE_NONE, "Route 53 has taken the change, and brings it to its name "
                    "servers%s%.800s", follow->why[0] != 0 ? "; when it is there is not known: "
                                                           : "", follow->why);
    end_job(provider, PROVIDER_WON, &why);
}

static void on_list(void *owner, const struct http_answer *answer)
{
    struct provider *provider = owner;
    struct job *job = &provider->job;
    struct trouble why;
    job->call = NULL;
    enum provider_outcome outcome = judge(provider, answer, &why);
    job->seen.state.server_s = answer->server_s;
    if (outcome != PROVIDER_WON) {
        end_job(provider, outcome, &why);
    } else if (!route53_xml_list(answer->body, answer->body_size, &provider->names, &job->seen)) {
        trouble_set(&why, TROUBLE_STRANGE, "the answer is no list of Route 53: is endpoint right?");
        end_job(provider, PROVIDER_UNKNOWN, &why);
    } else if (job->seen.cut && job->seen.state.fence_count == 0 && !job->second) {
        job->second = true; /* many names come between the name and its fence */
        ask_list(provider);
    } else {
        finish_read(provider);
    }
}

/* libcurl signs the query as it stands here: sorted, encoded. */
static void ask_list(struct provider *provider)
{
    struct job *job = &provider->job;
    struct http_order order = {.method = "GET", .on_end = on_list, .owner = provider};
    struct err err = {0};
    char url[URL_SIZE + 2 * HOST_SIZE];
    order.deadline_ms = left_of(job);
    (void)snprintf(url, sizeof url, "%s/hostedzone/%s/rrset?maxitems=%d&name=%s%s", provider->base,
                   provider->zone_id, LIST_MAX,
                   job->second ? provider->names.fence : provider->names.name,
                   job->second ? "&type=TXT" : "");
    job->call = send_order(provider, url, &order, &err);
    if (job->call == NULL)
        not_sent(provider, &err);
}

/* ---- is the change everywhere? ---- */

static void on_tick(uv_timer_t *timer);

static void look_in(struct provider *provider, span_ms ms)
{
    uv_timer_start(&provider->tick, on_tick, (uint64_t)ms, 0);
}

static void on_looked(void *owner, const struct http_answer *answer)
{
    struct provider *provider = owner;
    struct follow *follow = &provider->follow;
    struct trouble why;
    char id[ROUTE53_ID_SIZE];
    follow->call = NULL;
    enum provider_outcome outcome = judge(provider, answer, &why);
    bool there = false;
    if (outcome == PROVIDER_WON &&
        !route53_xml_change(answer->body, answer->body_size, id, &there))
        trouble_set(&why, TROUBLE_STRANGE, "the answer is no change of Route 53");
    memcpy(follow->why, why.text, sizeof follow->why);
    follow->everywhere = there;
    if (!there && outcome != PROVIDER_REFUSED && ++follow->tries < FOLLOW_TRIES_MAX)
        look_in(provider, FOLLOW_MS);
}

static void on_tick(uv_timer_t *timer)
{
    struct provider *provider = timer->data;
    struct http_order order = {.method = "GET", .deadline_ms = FOLLOW_STEP_MS,
                               .on_end = on_looked, .owner = provider};
    struct err err = {0};
    char url[URL_SIZE + ROUTE53_ID_SIZE + 16];
    (void)snprintf(url, sizeof url, "%s/change/%s", provider->base, provider->follow.id);
    provider->follow.call = send_order(provider, url, &order, &err);
    if (provider->follow.call == NULL)
        look_in(provider, FOLLOW_MS);
}

static void forget_change(struct provider *provider)
{
    uv_timer_stop(&provider->tick);
    http_cancel(provider->follow.call);
    memset(&provider->follow, 0, sizeof provider->follow);
}

/* ---- writing ---- */

static bool may_send(void *owner)
{
    struct job *job = &((struct provider *)owner)->job;
    return job->caller.still(job->caller.owner, job->permit);
}

static void on_batch(void *owner, const struct http_answer *answer)
{
    struct provider *provider = owner;
    struct follow *follow = &provider->follow;
    struct trouble why;
    provider->job.call = NULL;
    enum provider_outcome outcome = judge(provider, answer, &why);
    if (outcome == PROVIDER_WON) {
        forget_change(provider);
        if (route53_xml_change(answer->body, answer->body_size, follow->id, &follow->everywhere)) {
            follow->tracked = true;
            memcpy(follow->fence, provider->job.change.new_fence, sizeof follow->fence);
            if (!follow->everywhere)
                look_in(provider, FOLLOW_FIRST_MS);
        } else {
            outcome = PROVIDER_UNKNOWN;
            trouble_set(&why, TROUBLE_STRANGE,
                        "the answer is no change of Route 53: is endpoint right?");
        }
    }
    end_job(provider, outcome, &why);
}

static void send_batch(struct provider *provider)
{
    struct job *job = &provider->job;
    struct http_order order = {.method = "POST", .may_send = may_send, .on_end = on_batch,
                               .owner = provider};
    struct err err = {0};
    char url[URL_SIZE + ZONE_ID_SIZE + 32];
    char *body = route53_xml_batch(&provider->names, &provider->known, &job->change);
    if (body == NULL) {
        end_later(provider, PROVIDER_REFUSED, TROUBLE_CROWDED,
                  "the change cannot be built: are there more than 8 addresses at the name of a "
                  "family that this node does not have? Delete them");
        return;
    }
    (void)snprintf(url, sizeof url, "%s/hostedzone/%s/rrset/", provider->base, provider->zone_id);
    order.body = body;
    order.body_size = strlen(body);
    order.deadline_ms = left_of(job);
    job->call = send_order(provider, url, &order, &err);
    if (job->call == NULL)
        not_sent(provider, &err);
    free(body);
}

/* ---- the five ---- */

static void begin(struct provider *provider)
{
    struct job *job = &provider->job;
    if (route53_keys_sign(provider->keys) == NULL && route53_keys_ask(provider->keys)) {
        job->waits = true;
        uv_timer_start(&provider->later, on_later, (uint64_t)left_of(job), 0);
    } else if (job->kind == JOB_READ) {
        ask_list(provider);
    } else {
        send_batch(provider);
    }
}

/* New keys are there, or why not. */
static void on_news(void *owner)
{
    struct provider *provider = owner;
    struct job *job = &provider->job;
    if (!job->waits)
        return;
    job->waits = false;
    uv_timer_stop(&provider->later);
    if (job->kind == JOB_READ)
        ask_list(provider);
    else
        send_batch(provider);
}

static void read_now(struct provider *provider, enum provider_scope scope, span_ms deadline_ms,
                     provider_on_read *on_read, void *owner)
{
    (void)scope; /* the interface knows what all name servers get */
    provider->job = (struct job){.kind = JOB_READ, .end = clock_now() + deadline_ms,
                                 .on_read = on_read, .owner = owner};
    begin(provider);
}

static void write_now(const struct permit *permit, struct provider *provider,
                      const struct provider_change *change, span_ms deadline_ms,
                      const struct provider_caller *caller)
{
    provider->job = (struct job){.kind = JOB_WRITE, .end = clock_now() + deadline_ms,
                                 .permit = permit, .change = *change, .caller = *caller};
    begin(provider);
}

static void on_closed(uv_handle_t *handle)
{
    struct provider *provider = handle->data;
    if (--provider->open_handles == 0)
        free(provider);
}

static void close_all(struct provider *provider)
{
    stop_job(provider);
    forget_change(provider);
    route53_keys_close(provider->keys);
    uv_close((uv_handle_t *)&provider->later, on_closed);
    uv_close((uv_handle_t *)&provider->tick, on_closed);
}

static int open_new(struct provider **ret, const struct provider_world *world,
                    const struct record_config *config, struct err *err)
{
    struct provider *provider = calloc(1, sizeof *provider);
    if (provider == NULL)
        return err_set(err, ERR_SYSTEM, "[record %s] out of memory", config->label);
    int code = route53_xml_names(config->name, &provider->names)
                   ? route53_keys_open(&provider->keys, world, config, err)
                   : err_set(err, ERR_USAGE, "name: too long for a fence beside it");
    if (code != 0) {
        free(provider);
        return err_wrap(err, "[record %s]", config->label);
    }
    provider->http = world->http;
    (void)snprintf(provider->base, sizeof provider->base, "%s/2013-04-01",
                   config->endpoint[0] != 0 ? config->endpoint : ENDPOINT);
    memcpy(provider->zone_id, config->zone_id, sizeof provider->zone_id);
    memcpy(provider->ca_file, config->ca_file, sizeof provider->ca_file);
    route53_keys_listen(provider->keys, on_news, provider);
    uv_timer_init(world->loop, &provider->later);
    uv_timer_init(world->loop, &provider->tick);
    provider->later.data = provider->tick.data = provider;
    provider->open_handles = 2;
    *ret = provider;
    return 0;
}

const struct provider_operations provider_route53 = {
    .name = "route53",
    .fence = PROVIDER_FENCE_CAS,
    .over_http = true,
    .can_read = true,
    .hand_fence = true,
    .write_ms = 1500,
    .late_ms = 0, /* the old fence must be there to the letter */
    .open = open_new,
    .read = read_now,
    .write = write_now,
    .cancel = stop_job,
    .close = close_all,
};
