/* Happy path: numeric addresses are parsed once; each name has a timer of its own that asks the
 * resolver on a thread of the pool, now and every minute.
 *
 * Failure modes: a name that does not resolve: the addresses known so far stay, the question is
 * repeated after 1 s, 2 s ... 60 s, and the first failure and the recovery are logged. A resolver
 * that hangs: nothing else waits for it (the pool keeps a thread free for the disk). A source
 * address can be forged only by whoever forwards a genuine statement first; every configured
 * address is sent to all the same. */
#include "reach.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define RESOLVE_MS 60000
#define RETRY_MS_MIN 1000
#define RESOLVED_MAX 2 /* addresses taken of one name */

static_assert(RESOLVED_MAX * ADDRESS_MAX + 1 == REACH_TARGET_MAX, "every place has room");

struct place {
    struct reach *reach;
    struct endpoint endpoint;
    struct reach_address found[RESOLVED_MAX];
    size_t found_count;
    bool is_name, asking;
    uint64_t retry_ms; /* 0 = the last question was answered */
    uv_timer_t timer;  /* names only, as the request */
    uv_getaddrinfo_t request;
};

struct reach {
    uv_loop_t *loop;
    struct place *places[PEER_COUNT][ADDRESS_MAX];
    struct reach_target seen[PEER_COUNT]; /* family 0 = none yet */
    size_t names;                         /* places not freed yet that the loop knows */
    bool closing;
};

static size_t address_size(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return sizeof(struct sockaddr_in);
    return address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : 0;
}

static bool same(const struct reach_address *a, const struct reach_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_port == b->v4.sin_port &&
               a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->v6.sin6_port == b->v6.sin6_port &&
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0 &&
           a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

bool reach_parse(const struct endpoint *endpoint, struct reach_address *ret)
{
    memset(ret, 0, sizeof *ret);
    return uv_ip4_addr(endpoint->host, endpoint->port, &ret->v4) == 0 ||
           uv_ip6_addr(endpoint->host, endpoint->port, &ret->v6) == 0;
}

void reach_text(const struct sockaddr *address, char ret[REACH_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "?";
    struct reach_address copy = {0};
    memcpy(&copy, address, address_size(address));
    bool v6 = copy.any.sa_family == AF_INET6;
    if (v6)
        (void)inet_ntop(AF_INET6, &copy.v6.sin6_addr, host, sizeof host);
    else if (copy.any.sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &copy.v4.sin_addr, host, sizeof host);
    snprintf(ret, REACH_TEXT_SIZE, v6 ? "[%s]:%u" : "%s:%u", host,
             (unsigned)ntohs(v6 ? copy.v6.sin6_port : copy.v4.sin_port));
}

/* ---- where to send ---- */

static size_t add(struct reach_target *list, size_t count, const struct reach_target *target)
{
    for (size_t i = 0; i < count; i++)
        if (same(&list[i].address, &target->address))
            return count;
    if (count < REACH_TARGET_MAX)
        list[count++] = *target;
    return count;
}

size_t reach_targets(const struct reach *reach, uint8_t peer,
                     struct reach_target ret[REACH_TARGET_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < ADDRESS_MAX; i++) {
        const struct place *place = reach->places[peer][i];
        for (size_t j = 0; place != NULL && j < place->found_count; j++)
            count = add(ret, count, &(struct reach_target){place->found[j], -1});
    }
    if (reach->seen[peer].address.any.sa_family != 0)
        count = add(ret, count, &reach->seen[peer]);
    return count;
}

void reach_seen(struct reach *reach, uint8_t peer, const struct sockaddr *from, int door)
{
    struct reach_target *seen = &reach->seen[peer];
    size_t size = address_size(from);
    if (size == 0)
        return;
    memset(seen, 0, sizeof *seen);
    memcpy(&seen->address, from, size);
    seen->door = door;
}

void reach_inherit(struct reach *reach, const struct reach *old)
{
    memcpy(reach->seen, old->seen, sizeof reach->seen);
}

/* ---- names ---- */

static void free_place(struct place *place)
{
    struct reach *reach = place->reach;
    free(place);
    if (--reach->names == 0 && reach->closing)
        free(reach);
}

static void on_timer(uv_timer_t *timer);

static void take_answer(struct place *place, const struct addrinfo *answer)
{
    size_t count = 0;
    for (; answer != NULL && count < RESOLVED_MAX; answer = answer->ai_next) {
        struct reach_address *found = &place->found[count];
        size_t size = address_size(answer->ai_addr);
        if (size == 0)
            continue;
        memset(found, 0, sizeof *found);
        memcpy(found, answer->ai_addr, size);
        if (found->any.sa_family == AF_INET)
            found->v4.sin_port = htons(place->endpoint.port);
        else
            found->v6.sin6_port = htons(place->endpoint.port);
        count++;
    }
    if (count > 0)
        place->found_count = count;
}

static void failed(struct place *place, int status)
{
    uint64_t next = place->retry_ms * 2;
    if (place->retry_ms == 0)
        log_text(REASON_WARNING, "name-unresolved",
                 "the name %.200s cannot be resolved: %s; %s, and it is tried again",
                 place->endpoint.host, uv_strerror(status),
                 place->found_count > 0 ? "its old addresses are used"
                                        : "nothing is sent there yet");
    if (next < RETRY_MS_MIN)
        next = RETRY_MS_MIN;
    place->retry_ms = next < RESOLVE_MS ? next : RESOLVE_MS;
    uv_timer_start(&place->timer, on_timer, place->retry_ms, 0);
}

static void on_closed(uv_handle_t *handle)
{
    struct place *place = handle->data;
    if (!place->asking)
        free_place(place);
    else
        place->is_name = false; /* on_resolved frees it */
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *answer)
{
    struct place *place = request->data;
    place->asking = false;
    if (place->reach->closing) {
        if (!place->is_name)
            free_place(place);
    } else if (status != 0 || answer == NULL) {
        failed(place, status != 0 ? status : UV_EAI_NONAME);
    } else {
        if (place->retry_ms > 0)
            log_text(REASON_NOTICE, "name-resolved", "the name %.200s is resolved again",
                     place->endpoint.host);
        place->retry_ms = 0;
        take_answer(place, answer);
        uv_timer_start(&place->timer, on_timer, RESOLVE_MS, 0);
    }
    uv_freeaddrinfo(answer);
}

static void on_timer(uv_timer_t *timer)
{
    struct place *place = timer->data;
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    int status = uv_getaddrinfo(place->reach->loop, &place->request, on_resolved,
                                place->endpoint.host, NULL, &hints);
    place->asking = status == 0;
    if (status != 0)
        failed(place, status);
}

/* ---- life ---- */

static struct place *make_place(struct reach *reach, const struct endpoint *endpoint)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return NULL;
    place->reach = reach;
    place->endpoint = *endpoint;
    if (reach_parse(endpoint, &place->found[0])) {
        place->found_count = 1;
        return place;
    }
    place->is_name = true;
    place->request.data = place;
    place->timer.data = place;
    uv_timer_init(reach->loop, &place->timer);
    uv_timer_start(&place->timer, on_timer, 0, 0);
    reach->names++;
    return place;
}

static void close_place(struct place *place)
{
    if (place == NULL)
        return;
    if (!place->is_name) {
        free(place);
        return;
    }
    if (place->asking)
        (void)uv_cancel((uv_req_t *)&place->request);
    uv_close((uv_handle_t *)&place->timer, on_closed);
}

void reach_close(struct reach *reach)
{
    if (reach == NULL)
        return;
    reach->closing = true;
    reach->names++; /* keeps it until the loop below is through */
    for (size_t i = 0; i < PEER_COUNT; i++)
        for (size_t j = 0; j < ADDRESS_MAX; j++)
            close_place(reach->places[i][j]);
    if (--reach->names == 0)
        free(reach);
}

int reach_open(struct reach **ret, uv_loop_t *loop, const struct config *config, uint8_t self,
               struct err *err)
{
    struct reach *reach = calloc(1, sizeof *reach);
    bool good = reach != NULL;
    if (good)
        reach->loop = loop;
    for (uint8_t i = 0; good && i < PEER_COUNT; i++) {
        const struct peer_config *peer = &config->peers[i];
        for (size_t j = 0; i != self && j < peer->address_count && good; j++) {
            reach->places[i][j] = make_place(reach, &peer->addresses[j]);
            good = reach->places[i][j] != NULL;
        }
    }
    if (!good) {
        reach_close(reach);
        return err_set(err, ERR_SYSTEM, "addresses of the peers: out of memory");
    }
    *ret = reach;
    return 0;
}
