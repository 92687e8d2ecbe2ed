/* tail_target — one server or resolver: asked everything at once, judged when all has ended.
 *
 * Happy path: right at once, and never asked again for this write.
 * Failure modes: stale, silent or unusable: a sentence, and another round after a wait; a silent
 * one is tried under its other address. What a resolver keeps until then is waited for. */
#include <stdio.h>
#include <string.h>

#include "../peer/clock.h"
#include "tail_inside.h"

#define AFTER_END_MS 700    /* behind a predicted end, so that one question is enough */
#define AGAIN_MS_MIN 1000   /* a resolver that keeps what has no life left */

bool tail_target_set(struct tail_target *target, struct tail *tail,
                     const struct endpoint *endpoint)
{
    memset(target, 0, sizeof *target);
    target->tail = tail;
    target->ends_at = MONO_LONG_AGO;
    tail_judge_server_text(endpoint, target->text, sizeof target->text);
    struct sockaddr_storage *at = &target->addresses[0];
    target->address_count =
        uv_ip4_addr(endpoint->host, endpoint->port, (struct sockaddr_in *)at) == 0 ||
        uv_ip6_addr(endpoint->host, endpoint->port, (struct sockaddr_in6 *)at) == 0;
    return target->address_count > 0;
}

void tail_target_cancel(struct tail_target *target)
{
    for (size_t i = 0; i < TAIL_TOPIC_COUNT; i++)
        ask_cancel(&target->asks[i]);
    target->running = 0;
}

/* ---- what came of a round ---- */

static void take_silence(struct tail_target *target, mono_ms now)
{
    if (!target->silent)
        target->since = now;
    target->silent = true;
    target->address_at = (target->address_at + 1) % target->address_count;
}

static void conclude(struct tail_target *target)
{
    struct tail *tail = target->tail;
    char text[TAIL_DETAIL_SIZE];
    uint32_t ttl_s = 0;
    mono_ms now = clock_now(), ends_at = MONO_LONG_AGO;
    enum tail_verdict verdict =
        target->resolver
            ? tail_judge_resolver(&tail->want, &target->answers, text, &ttl_s, &ends_at)
            : tail_judge_server(&tail->want, &target->answers, text);
    target->right = verdict == TAIL_RIGHT;
    target->ends_at = verdict == TAIL_STALE ? ends_at : MONO_LONG_AGO;
    if (verdict == TAIL_SILENT)
        take_silence(target, now); /* and the first failure's sentence stays */
    else
        memcpy(target->detail, text, sizeof target->detail);
    target->silent = target->silent && verdict == TAIL_SILENT;
    target->gap_ms = tail_inside_gap(tail, target->gap_ms);
    target->next_at = now + target->gap_ms;
    if (target->resolver && verdict == TAIL_STALE) {
        mono_ms after = ends_at + AFTER_END_MS, least = now + AGAIN_MS_MIN;
        target->next_at = after > least ? after : least;
        target->gap_ms = 0;
        tail->ttl_s_max = ttl_s > tail->ttl_s_max ? ttl_s : tail->ttl_s_max;
    }
    tail_inside_turn(tail);
}

static void take_minimum(struct tail *tail, const struct packet_seen *seen)
{
    if (seen == NULL || !seen->has_soa)
        return;
    tail->has_minimum = true;
    tail->soa_minimum_s = seen->soa_minimum_s;
    tail->negative_s = seen->negative_s;
    tail_show_minimum(tail);
}

static void on_end(void *owner, const struct ask *ask, const struct ask_end *end)
{
    struct tail_target *target = owner;
    enum tail_topic topic = (enum tail_topic)(ask - target->asks);
    if (end->seen == NULL && topic != TAIL_SOA)
        (void)snprintf(target->detail, sizeof target->detail, "%s", end->detail);
    tail_judge_take(&target->answers, topic, end, clock_now());
    if (topic == TAIL_SOA)
        take_minimum(target->tail, end->seen);
    if (--target->running == 0)
        conclude(target);
}

/* ---- asking ---- */

static bool is_asked(const struct tail_target *target, enum tail_topic topic)
{
    const struct tail *tail = target->tail;
    switch (topic) {
    case TAIL_A:
        return true;
    case TAIL_AAAA:
        return !target->resolver || tail->aaaa;
    case TAIL_FENCE:
        return !target->resolver && tail->want.token[0] != 0;
    default:
        return !target->resolver && !tail->has_minimum;
    }
}

static void ask_all(struct tail_target *target)
{
    static const ldns_rr_type types[TAIL_TOPIC_COUNT] = {
        [TAIL_A] = LDNS_RR_TYPE_A, [TAIL_AAAA] = LDNS_RR_TYPE_AAAA,
        [TAIL_FENCE] = LDNS_RR_TYPE_TXT, [TAIL_SOA] = LDNS_RR_TYPE_SOA};
    char fence[HOST_SIZE + 16];
    const char *name = target->tail->want.name;
    (void)snprintf(fence, sizeof fence, "_holdfast.%s", name);
    memset(&target->answers, 0, sizeof target->answers);
    for (enum tail_topic topic = TAIL_A; topic < TAIL_TOPIC_COUNT; topic++) {
        if (!is_asked(target, topic))
            continue;
        struct ask_order order = {
            .server = &target->addresses[target->address_at],
            .name = topic == TAIL_FENCE ? fence : name,
            .type = types[topic],
            .recursive = target->resolver,
            .deadline_ms = target->resolver ? TAIL_ASK_RESOLVER_MS : TAIL_ASK_MS,
            .on_end = on_end,
            .owner = target};
        if (ask_start(&target->asks[topic], target->tail->world.loop, &order))
            target->running++;
        else
            target->answers.heard[topic].asked = topic != TAIL_SOA; /* no memory: like silence */
    }
}

mono_ms tail_target_turn(struct tail_target *target, mono_ms now)
{
    if (target->right || target->running > 0 || target->address_count == 0)
        return MONO_NEVER;
    if (now < target->next_at)
        return target->next_at;
    ask_all(target);
    if (target->running > 0)
        return MONO_NEVER;
    target->gap_ms = tail_inside_gap(target->tail, target->gap_ms);
    target->next_at = now + target->gap_ms;
    return target->next_at;
}
