/* rfc2136 — the provider that sends signed DNS UPDATEs to the zone's primary.
 *
 * Happy path: a read asks TXT, A and AAAA of the servers at the same time (unsigned, RD = 0); a
 * write is one UPDATE to the first server, its answer verified. A read of all servers also asks
 * the first one a signed question, so that a key that it would refuse is known before the day on
 * which something must be written; what is read is worth the same without.
 * Failure modes: no answer: UNKNOWN at the deadline. An answer that is not one: ignored,
 * counted. No permit for a (re)send: nothing more is sent, UNKNOWN. An error rcode: REFUSED or
 * UNKNOWN with the server's reason put into a sentence. A secondary that fails costs only its
 * place in servers_ok. */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../peer/clock.h"
#include "../../peer/keys.h"
#include "../record_serve.h"
#include "exchange.h"
#include "packet.h"
#include "provider.h"
#include "verdict.h"

#define QUESTION_COUNT 3

struct server {
    struct sockaddr_storage address;
    char text[HOST_SIZE + 16];
};

/* One question to one server. */
struct question {
    struct provider *provider;
    size_t server;
    struct packet packet;
    struct exchange *exchange; /* NULL = not running */
    enum provider_outcome outcome;
    struct trouble why;
};

struct reading {
    bool running;
    size_t servers; /* how many are asked */
    size_t left;    /* questions without an end */
    struct question questions[ADDRESS_MAX][QUESTION_COUNT];
    struct question proof; /* the signed one; its `why` says what is wrong with the key */
    struct provider_state seen[ADDRESS_MAX];
    provider_on_read *on_read;
    void *owner;
};

struct writing {
    bool running;
    const struct permit *permit;
    struct packet packet;
    struct exchange *exchange;
    struct packet_answer answer;
    struct provider_caller caller;
};

struct provider {
    uv_loop_t *loop;
    struct packet_names names;
    struct server servers[ADDRESS_MAX];
    size_t server_count;
    struct packet_key key;
    char secret_file[PATH_SIZE];
    struct reading reading;
    struct writing writing;
    uv_timer_t later; /* for outcomes that are known before anything was sent */
    struct trouble later_why;
};

static struct verdict_context context_of(const struct provider *provider, size_t server)
{
    return (struct verdict_context){.server = provider->servers[server].text,
                                    .zone = provider->names.zone,
                                    .name = provider->names.name,
                                    .key = provider->key.name,
                                    .secret_file = provider->secret_file,
                                    .wall_s = clock_wall_s()};
}

/* ---- reading ---- */

static void stop_question(struct question *question)
{
    if (question->exchange != NULL)
        exchange_cancel(question->exchange);
    question->exchange = NULL;
    packet_free(&question->packet);
}

static void stop_reading(struct provider *provider)
{
    struct reading *reading = &provider->reading;
    for (size_t s = 0; s < reading->servers; s++)
        for (size_t q = 0; q < QUESTION_COUNT; q++)
            stop_question(&reading->questions[s][q]);
    stop_question(&reading->proof);
    reading->running = false;
    reading->servers = 0;
}

/* The first question to this server that failed, or NULL. */
static const struct question *fault_of(const struct reading *reading, size_t server)
{
    for (size_t q = 0; q < QUESTION_COUNT; q++) {
        if (reading->questions[server][q].outcome != PROVIDER_WON)
            return &reading->questions[server][q];
    }
    return NULL;
}

static bool shows_the_same(const struct provider_state *a, const struct provider_state *b)
{
    return a->fence_count == b->fence_count && strcmp(a->fence, b->fence) == 0 &&
           a->more == b->more && record_serve_same(&a->serve, &b->serve);
}

static void finish_reading(struct provider *provider)
{
    struct reading *reading = &provider->reading;
    struct provider_state state = reading->seen[0];
    enum provider_outcome outcome = PROVIDER_WON;
    struct trouble why = {.kind = TROUBLE_NONE};
    const struct question *fault = fault_of(reading, 0);
    if (fault != NULL) {
        outcome = fault->outcome;
        why = fault->why;
    }
    state.servers = (unsigned)provider->server_count;
    state.servers_ok = fault == NULL;
    for (size_t s = 1; s < reading->servers; s++) {
        fault = fault_of(reading, s);
        if (fault == NULL && shows_the_same(&reading->seen[s], &reading->seen[0]))
            state.servers_ok++;
        else if (why.text[0] == 0 && fault != NULL)
            trouble_set(&why, TROUBLE_LAGGING, "%s", fault->why.text);
        else if (why.text[0] == 0)
            trouble_set(&why, TROUBLE_LAGGING, "%s does not show yet what the primary shows",
                        provider->servers[s].text);
    }
    if (outcome == PROVIDER_WON && reading->proof.why.text[0] != 0)
        why = reading->proof.why;
    provider_on_read *on_read = reading->on_read;
    void *owner = reading->owner;
    stop_reading(provider);
    on_read(owner, outcome, &state, &why);
}

static enum exchange_heard on_read_reply(void *owner, const uint8_t *bytes, size_t size)
{
    struct question *question = owner;
    struct provider *provider = question->provider;
    struct packet_answer answer;
    switch (packet_reply(&question->packet, NULL, bytes, size, &answer)) {
    case PACKET_IGNORED:
        return EXCHANGE_WAIT_ON;
    case PACKET_TRUNCATED:
        return EXCHANGE_CUT;
    case PACKET_ANSWER:
        break;
    }
    struct verdict_context context = context_of(provider, question->server);
    question->outcome = verdict_of_read(&context, &answer, &question->why);
    if (question->outcome == PROVIDER_WON &&
        !packet_collect(&question->packet, bytes, size,
                        &provider->reading.seen[question->server])) {
        question->outcome = PROVIDER_REFUSED;
        trouble_set(&question->why, TROUBLE_ALIAS, "%s has an alias (CNAME or DNAME) at %s or its "
                    "fence: delete it, holdfast needs plain A, AAAA and TXT records there",
                    context.server, context.name);
    }
    return EXCHANGE_ANSWERED;
}

/* The last of a reading's questions tells. */
static void end_question(struct question *question)
{
    question->exchange = NULL;
    if (--question->provider->reading.left == 0)
        finish_reading(question->provider);
}

static void on_read_end(void *owner, bool answered, const char *detail)
{
    struct question *question = owner;
    if (!answered) {
        question->outcome = PROVIDER_UNKNOWN;
        trouble_set(&question->why, TROUBLE_SILENT, "%s: %s",
                    question->provider->servers[question->server].text, detail);
    }
    end_question(question);
}

static enum exchange_heard on_proof_reply(void *owner, const uint8_t *bytes, size_t size)
{
    struct question *question = owner;
    const struct provider *provider = question->provider;
    struct verdict_context context = context_of(provider, 0);
    struct packet_answer answer;
    switch (packet_reply(&question->packet, &provider->key, bytes, size, &answer)) {
    case PACKET_IGNORED:
        return EXCHANGE_WAIT_ON;
    case PACKET_TRUNCATED:
        return EXCHANGE_CUT;
    case PACKET_ANSWER:
        break;
    }
    verdict_of_proof(&context, &answer, &question->why);
    return EXCHANGE_ANSWERED;
}

static void on_proof_end(void *owner, bool answered, const char *detail)
{
    (void)answered, (void)detail; /* silence is told by the other questions */
    end_question(owner);
}

/* Its packet is there. False: no memory. */
static bool send_question(struct question *question, struct exchange_order order)
{
    const struct provider *provider = question->provider;
    order.server = &provider->servers[question->server].address;
    order.bytes = question->packet.bytes;
    order.size = question->packet.size;
    order.owner = question;
    question->exchange = exchange_start(provider->loop, &order);
    return question->exchange != NULL;
}

static void ask_signed(struct provider *provider, span_ms deadline_ms)
{
    struct question *proof = &provider->reading.proof;
    const struct exchange_order order = {.deadline_ms = deadline_ms,
                                         .on_reply = on_proof_reply,
                                         .on_end = on_proof_end};
    proof->provider = provider;
    if (packet_query_signed(&proof->packet, provider->names.zone, LDNS_RR_TYPE_SOA,
                            &provider->key) &&
        send_question(proof, order))
        provider->reading.left++;
}

static bool ask(struct question *question, ldns_rr_type type, span_ms deadline_ms)
{
    struct provider *provider = question->provider;
    const char *name =
        type == LDNS_RR_TYPE_TXT ? provider->names.fence : provider->names.name;
    const struct exchange_order order = {
        .deadline_ms = deadline_ms, .on_reply = on_read_reply, .on_end = on_read_end};
    return packet_query(&question->packet, name, type) && send_question(question, order);
}

static void on_read_failed(uv_timer_t *timer)
{
    struct provider *provider = timer->data;
    struct provider_state state = {0};
    struct reading *reading = &provider->reading;
    if (reading->running) {
        reading->running = false;
        reading->on_read(reading->owner, PROVIDER_UNKNOWN, &state, &provider->later_why);
    }
}

static void read_now(struct provider *provider, enum provider_scope scope, span_ms deadline_ms,
                     provider_on_read *on_read, void *owner)
{
    static const ldns_rr_type types[QUESTION_COUNT] = {LDNS_RR_TYPE_TXT, LDNS_RR_TYPE_A,
                                                       LDNS_RR_TYPE_AAAA};
    struct reading *reading = &provider->reading;
    memset(reading, 0, sizeof *reading);
    reading->running = true;
    reading->on_read = on_read;
    reading->owner = owner;
    reading->servers = scope == PROVIDER_PRIMARY ? 1 : provider->server_count;
    reading->left = reading->servers * QUESTION_COUNT;
    bool ok = true;
    for (size_t s = 0; s < reading->servers; s++) {
        for (size_t q = 0; ok && q < QUESTION_COUNT; q++) {
            reading->questions[s][q].provider = provider;
            reading->questions[s][q].server = s;
            ok = ask(&reading->questions[s][q], types[q], deadline_ms);
        }
    }
    if (ok && scope == PROVIDER_EVERYWHERE && provider->key.name[0] != 0)
        ask_signed(provider, deadline_ms);
    if (ok)
        return;
    stop_reading(provider);
    reading->running = true;
    trouble_set(&provider->later_why, TROUBLE_OTHER, "out of memory");
    uv_timer_start(&provider->later, on_read_failed, 0, 0);
}

/* ---- writing ---- */

static void stop_writing(struct provider *provider)
{
    struct writing *writing = &provider->writing;
    if (writing->exchange != NULL)
        exchange_cancel(writing->exchange);
    writing->exchange = NULL;
    packet_free(&writing->packet);
    writing->running = false;
}

static bool may_write(void *owner)
{
    struct provider *provider = owner;
    struct writing *writing = &provider->writing;
    return writing->caller.still(writing->caller.owner, writing->permit);
}

static enum exchange_heard on_write_reply(void *owner, const uint8_t *bytes, size_t size)
{
    struct provider *provider = owner;
    const struct packet_key *key = provider->key.name[0] != 0 ? &provider->key : NULL;
    struct packet_answer answer;
    switch (packet_reply(&provider->writing.packet, key, bytes, size, &answer)) {
    case PACKET_IGNORED:
        return EXCHANGE_WAIT_ON;
    case PACKET_TRUNCATED:
        return EXCHANGE_CUT;
    case PACKET_ANSWER:
        break;
    }
    /* Anybody can send an unsigned success; the server itself always signs its own. */
    if (key != NULL && !answer.verified && answer.rcode == LDNS_RCODE_NOERROR)
        return EXCHANGE_WAIT_ON;
    provider->writing.answer = answer;
    return EXCHANGE_ANSWERED;
}

static void on_write_end(void *owner, bool answered, const char *detail)
{
    struct provider *provider = owner;
    struct writing *writing = &provider->writing;
    struct provider_caller caller = writing->caller;
    struct verdict_context context = context_of(provider, 0);
    struct trouble why;
    enum provider_outcome outcome = PROVIDER_UNKNOWN;
    if (answered)
        outcome = verdict_of_write(&context, &writing->answer, &why);
    else
        trouble_set(&why, TROUBLE_SILENT, "%s: %s", context.server, detail);
    writing->exchange = NULL;
    stop_writing(provider);
    caller.on_write(caller.owner, outcome, &why);
}

static void on_write_failed(uv_timer_t *timer)
{
    struct provider *provider = timer->data;
    struct provider_caller caller = provider->writing.caller;
    if (provider->writing.running) {
        stop_writing(provider);
        caller.on_write(caller.owner, PROVIDER_REFUSED, &provider->later_why);
    }
}

static void write_now(const struct permit *permit, struct provider *provider,
                      const struct provider_change *change, span_ms deadline_ms,
                      const struct provider_caller *caller)
{
    struct writing *writing = &provider->writing;
    const struct packet_key *key = provider->key.name[0] != 0 ? &provider->key : NULL;
    memset(writing, 0, sizeof *writing);
    writing->running = true;
    writing->permit = permit;
    writing->caller = *caller;
    if (packet_update(&writing->packet, &provider->names, key, change)) {
        struct exchange_order order = {.server = &provider->servers[0].address,
                                       .bytes = writing->packet.bytes,
                                       .size = writing->packet.size,
                                       .deadline_ms = deadline_ms,
                                       .may_send = may_write,
                                       .on_reply = on_write_reply,
                                       .on_end = on_write_end,
                                       .owner = provider};
        writing->exchange = exchange_start(provider->loop, &order);
    }
    if (writing->exchange != NULL)
        return;
    trouble_set(&provider->later_why, TROUBLE_OTHER,
                "the update cannot be built: check tsig-algorithm, the secret in %s, the names and "
                "the addresses", provider->secret_file);
    uv_timer_start(&provider->later, on_write_failed, 0, 0);
}

/* ---- life ---- */

static void cancel_all(struct provider *provider)
{
    uv_timer_stop(&provider->later);
    stop_reading(provider);
    stop_writing(provider);
}

static void on_closed(uv_handle_t *handle)
{
    struct provider *provider = handle->data;
    if (provider->key.secret != NULL)
        sodium_free(provider->key.secret);
    free(provider);
}

static void close_all(struct provider *provider)
{
    cancel_all(provider);
    uv_close((uv_handle_t *)&provider->later, on_closed);
}

/* A literal address: what keeps names may be down when it is needed. */
static int take_server(struct server *server, const struct endpoint *endpoint, struct err *err)
{
    const char *host = endpoint->host;
    if (uv_ip4_addr(host, endpoint->port, (struct sockaddr_in *)&server->address) != 0 &&
        uv_ip6_addr(host, endpoint->port, (struct sockaddr_in6 *)&server->address) != 0)
        return err_set(err, ERR_USAGE, "server %s: expected an IPv4 or IPv6 address", host);
    snprintf(server->text, sizeof server->text, "%s port %u", host, (unsigned)endpoint->port);
    return 0;
}

static int take_key(struct provider *provider, const struct record_config *config,
                    struct err *err)
{
    struct packet_key *key = &provider->key;
    uint8_t raw[PACKET_KEY_TEXT];
    size_t raw_size = 0;
    if (config->tsig_name[0] == 0)
        return 0;
    key->secret = sodium_init() < 0 ? NULL : sodium_malloc(PACKET_KEY_TEXT);
    if (key->secret == NULL)
        return err_set(err, ERR_SYSTEM, "no locked memory for the secret");
    if (keys_secret(config->tsig_secret_file, key->secret, PACKET_KEY_TEXT, err) != 0)
        return err_wrap(err, "tsig-secret-file");
    int bad = sodium_base642bin(raw, sizeof raw, key->secret, strlen(key->secret), NULL,
                                &raw_size, NULL, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(raw, sizeof raw);
    if (bad != 0 || raw_size == 0)
        return err_set(err, ERR_USAGE, "tsig-secret-file %s: expected one line of base64",
                       config->tsig_secret_file);
    const char *dot = config->tsig_name[strlen(config->tsig_name) - 1] == '.' ? "" : ".";
    snprintf(key->name, sizeof key->name, "%s%s", config->tsig_name, dot);
    snprintf(key->algorithm, sizeof key->algorithm, "%s.", config->tsig_algorithm);
    if (!packet_algorithm_works(key->algorithm))
        return err_set(err, ERR_USAGE, "tsig-algorithm %s: expected hmac-sha256, hmac-sha512 or "
                       "hmac-sha1", config->tsig_algorithm);
    snprintf(provider->secret_file, sizeof provider->secret_file, "%s",
             config->tsig_secret_file);
    return 0;
}

static int open_new(struct provider **ret, const struct provider_world *world,
                    const struct record_config *config, struct err *err)
{
    struct provider *provider = calloc(1, sizeof *provider);
    if (provider == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    provider->loop = world->loop;
    struct packet_names *names = &provider->names;
    snprintf(names->zone, sizeof names->zone, "%s", config->zone);
    snprintf(names->name, sizeof names->name, "%s", config->name);
    snprintf(names->fence, sizeof names->fence, "_holdfast.%s", config->name);
    int code = config->server_count > 0 && config->server_count <= ADDRESS_MAX
                   ? 0
                   : err_set(err, ERR_USAGE, "server: expected 1 to %d of them", ADDRESS_MAX);
    for (size_t i = 0; code == 0 && i < config->server_count; i++)
        code = take_server(&provider->servers[i], &config->servers[i], err);
    provider->server_count = config->server_count;
    if (code == 0)
        code = take_key(provider, config, err);
    if (code != 0) {
        if (provider->key.secret != NULL)
            sodium_free(provider->key.secret);
        free(provider);
        return err_wrap(err, "[record %s]", config->label);
    }
    uv_timer_init(world->loop, &provider->later);
    provider->later.data = provider;
    *ret = provider;
    return 0;
}

const struct provider_operations provider_rfc2136 = {
    .name = "rfc2136",
    .fence = PROVIDER_FENCE_CAS,
    .can_read = true,
    .hand_fence = true,
    .write_ms = 1500, /* Knot takes up to 1 s now and then */
    .open = open_new,
    .read = read_now,
    .write = write_now,
    .cancel = cancel_all,
    .close = close_all,
};
