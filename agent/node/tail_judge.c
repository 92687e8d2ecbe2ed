/* Happy path: the addresses are compared as sets, the fence by its token.
 *
 * Failure modes: whatever cannot be compared is a sentence: who refuses, who is not responsible,
 * what is in the way. */
#include "tail_judge.h"

#include <stdio.h>
#include <string.h>

#include "record_serve.h"

#define WATCH_MS_MAX ((span_ms)3600 * 1000)
#define WATCH_MS_MORE 60000
#define PORT_DNS 53

#define TEXT(...) (void)snprintf(ret, TAIL_DETAIL_SIZE, __VA_ARGS__)

/* RFC 2181: with the highest bit set it is 0. */
static uint32_t believed(uint32_t ttl_s)
{
    if (ttl_s > INT32_MAX)
        return 0;
    return ttl_s > TAIL_TTL_S_MAX ? TAIL_TTL_S_MAX : ttl_s;
}

void tail_judge_take(struct tail_answers *answers, enum tail_topic topic,
                     const struct ask_end *end, mono_ms at)
{
    const struct packet_seen *seen = end->seen;
    struct tail_heard *heard = &answers->heard[topic];
    struct serve *serve = &answers->state.serve;
    *heard = (struct tail_heard){.asked = true, .answered = seen != NULL, .at = at};
    if (seen == NULL)
        return;
    heard->rcode = end->answer.rcode;
    heard->authoritative = end->answer.authoritative;
    heard->recursion = end->answer.recursion;
    heard->alias = seen->alias;
    if (seen->found || seen->has_soa)
        heard->ttl_s = believed(seen->found ? seen->ttl_s : seen->negative_s);
    answers->state.more = answers->state.more || seen->state.more;
    if (topic == TAIL_A) {
        memcpy(serve->a, seen->state.serve.a, sizeof serve->a);
        serve->a_count = seen->state.serve.a_count;
    } else if (topic == TAIL_AAAA) {
        memcpy(serve->aaaa, seen->state.serve.aaaa, sizeof serve->aaaa);
        serve->aaaa_count = seen->state.serve.aaaa_count;
    } else if (topic == TAIL_FENCE) {
        memcpy(answers->state.fence, seen->state.fence, sizeof answers->state.fence);
        answers->state.fence_count = seen->state.fence_count;
    }
}

static bool has_silence(const struct tail_answers *answers)
{
    for (size_t i = 0; i < TAIL_TOPIC_COUNT; i++)
        if (i != TAIL_SOA && answers->heard[i].asked && !answers->heard[i].answered)
            return true;
    return !answers->heard[TAIL_A].asked;
}

static const char *rcode_name(int rcode)
{
    static const char *const names[] = {"NOERROR", "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};
    return rcode >= 0 && (size_t)rcode < sizeof names / sizeof names[0] ? names[rcode] : "an error";
}

/* An rcode that is no answer, an alias; else true, and nothing is said. */
static bool is_usable(const struct tail_want *want, const struct tail_answers *answers,
                      char ret[TAIL_DETAIL_SIZE])
{
    for (size_t i = 0; i < TAIL_SOA; i++) {
        const struct tail_heard *heard = &answers->heard[i];
        if (!heard->asked)
            continue;
        if (heard->rcode != LDNS_RCODE_NOERROR && heard->rcode != LDNS_RCODE_NXDOMAIN) {
            TEXT("answers %s", rcode_name(heard->rcode));
            return false;
        }
        if (heard->alias) {
            TEXT("an alias (CNAME or DNAME) is in the way at %s%.200s: delete it",
                 i == TAIL_FENCE ? "_holdfast." : "", want->name);
            return false;
        }
    }
    return true;
}

/* Is this half of the addresses what was written? */
static bool is_half_right(const struct tail_want *want, const struct tail_answers *answers,
                          enum tail_topic topic)
{
    struct serve is = answers->state.serve, wanted = want->serve;
    if (topic == TAIL_A)
        is.aaaa_count = wanted.aaaa_count = 0;
    else
        is.a_count = wanted.a_count = 0;
    return !answers->state.more && record_serve_same(&is, &wanted);
}

static void tell_addresses(const struct tail_answers *answers, enum tail_topic topic,
                           const char *verb, char ret[TAIL_DETAIL_SIZE])
{
    char list[SERVE_TEXT_SIZE];
    if (topic == TAIL_A)
        record_serve_a(&answers->state.serve, list);
    else
        record_serve_aaaa(&answers->state.serve, list);
    if (list[0] == 0)
        TEXT("%s that there is no %s", verb, topic == TAIL_A ? "A" : "AAAA");
    else
        TEXT("%s %s%.120s%s", verb, topic == TAIL_A ? "A " : "AAAA ", list,
             answers->state.more ? " and more" : "");
}

/* The fence of another write, or something else. */
static void tell_fence(const struct tail_answers *answers, char ret[TAIL_DETAIL_SIZE])
{
    struct record_fence fence;
    const struct provider_state *state = &answers->state;
    if (state->fence_count == 0)
        TEXT("shows no fence yet");
    else if (state->fence_count > 1)
        TEXT("shows %zu TXT records as fence", state->fence_count);
    else if (!record_fence_parse(state->fence, &fence))
        TEXT("shows a TXT that is no fence: \"%.100s\"", state->fence);
    else
        TEXT("shows the fence of %s, epoch %llu, token %s", fence.node,
             (unsigned long long)fence.epoch, fence.token);
}

enum tail_verdict tail_judge_server(const struct tail_want *want,
                                    const struct tail_answers *answers,
                                    char ret[TAIL_DETAIL_SIZE])
{
    struct record_fence fence;
    ret[0] = 0;
    if (has_silence(answers))
        return TAIL_SILENT;
    if (!is_usable(want, answers, ret))
        return TAIL_UNUSABLE;
    for (size_t i = 0; i < TAIL_SOA; i++)
        if (answers->heard[i].asked && !answers->heard[i].authoritative) {
            TEXT("is not authoritative for %.200s", want->name);
            return TAIL_UNUSABLE;
        }
    if (want->token[0] != 0 &&
        (answers->state.fence_count != 1 || !record_fence_parse(answers->state.fence, &fence) ||
         strcmp(fence.token, want->token) != 0)) {
        tell_fence(answers, ret);
        return TAIL_STALE;
    }
    for (enum tail_topic topic = TAIL_A; topic <= TAIL_AAAA; topic++)
        if (!is_half_right(want, answers, topic)) {
            tell_addresses(answers, topic, "shows", ret);
            return TAIL_STALE;
        }
    return TAIL_RIGHT;
}

/* A TTL is whole seconds, and the last one that was begun mostly counts to its end (unbound
 * forgets only when the second after 0 is over): on average half a second more is left. */
mono_ms tail_judge_end(mono_ms at, uint32_t ttl_s)
{
    return at + (span_ms)ttl_s * 1000 + 500;
}

enum tail_verdict tail_judge_resolver(const struct tail_want *want,
                                      const struct tail_answers *answers,
                                      char ret[TAIL_DETAIL_SIZE], uint32_t *ret_ttl_s,
                                      mono_ms *ret_ends_at)
{
    enum tail_verdict verdict = TAIL_RIGHT;
    ret[0] = 0;
    if (has_silence(answers))
        return TAIL_SILENT;
    /* An alias is an answer like others here: it may be the old one. */
    for (enum tail_topic topic = TAIL_A; topic <= TAIL_AAAA; topic++) {
        const struct tail_heard *heard = &answers->heard[topic];
        bool error = heard->rcode != LDNS_RCODE_NOERROR && heard->rcode != LDNS_RCODE_NXDOMAIN;
        if (!heard->asked || (!error && heard->recursion))
            continue;
        if (error)
            TEXT("answers %s", rcode_name(heard->rcode));
        else
            TEXT("is no resolver: it does not ask others for this machine");
        return TAIL_UNUSABLE;
    }
    for (enum tail_topic topic = TAIL_A; topic <= TAIL_AAAA; topic++) {
        const struct tail_heard *heard = &answers->heard[topic];
        if (!heard->asked || (!heard->alias && is_half_right(want, answers, topic)))
            continue;
        mono_ms ends_at = tail_judge_end(heard->at, heard->ttl_s);
        if (verdict == TAIL_STALE && ends_at <= *ret_ends_at)
            continue;
        verdict = TAIL_STALE;
        *ret_ends_at = ends_at;
        *ret_ttl_s = heard->ttl_s;
        if (heard->alias)
            TEXT("an alias (CNAME or DNAME) is in the way at %.200s", want->name);
        else
            tell_addresses(answers, topic, "still says", ret);
    }
    return verdict;
}

span_ms tail_judge_patience(uint32_t ttl_s)
{
    span_ms length = (span_ms)believed(ttl_s) * 1000 + WATCH_MS_MORE;
    return length < WATCH_MS_MAX ? length : WATCH_MS_MAX;
}

void tail_judge_server_text(const struct endpoint *endpoint, char *ret, size_t size)
{
    bool v6 = strchr(endpoint->host, ':') != NULL;
    if (endpoint->port == PORT_DNS)
        (void)snprintf(ret, size, "%s", endpoint->host);
    else
        (void)snprintf(ret, size, "%s%s%s:%u", v6 ? "[" : "", endpoint->host, v6 ? "]" : "",
                       (unsigned)endpoint->port);
}
