/* packet — see packet.h.
 *
 * Happy path: names and a change become one signed UPDATE (prerequisite, then delete and add
 * per type); a reply is walked, parsed, verified and reduced to a few numbers.
 * Failure modes: no memory or unusable text: false, nothing kept. Bytes that are not a reply to
 * exactly this request: PACKET_IGNORED, and the caller waits on. */
#include "packet.h"

#include <assert.h>
#include <ldns/dname.h>
#include <ldns/rbtree.h> /* host2wire.h forgets it */
#include <ldns/host2wire.h>
#include <ldns/tsig.h>
#include <ldns/update.h>
#include <ldns/wire2host.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "packet_walk.h"

static_assert((bool)2 == 1, "bool is the language's, not the signed char of ldns");

#define FUDGE_S 300 /* seconds of clock difference that a server grants */

/* Takes over `data`. NULL `data` = no rdata (the RFC 2136 forms with class ANY and NONE). */
static bool push(ldns_rr_list *list, const ldns_rdf *owner, ldns_rr head, ldns_rdf *data)
{
    ldns_rr *rr = ldns_rr_new();
    ldns_rdf *name = ldns_rdf_clone(owner);
    if (rr == NULL || name == NULL)
        goto fail;
    ldns_rr_set_owner(rr, name);
    ldns_rr_set_type(rr, head._rr_type);
    ldns_rr_set_class(rr, head._rr_class);
    ldns_rr_set_ttl(rr, head._ttl);
    ldns_rr_set_question(rr, false);
    if (data != NULL && !ldns_rr_push_rdf(rr, data)) {
        name = NULL; /* belongs to rr now */
        goto fail;
    }
    if (ldns_rr_list_push_rr(list, rr))
        return true;
    ldns_rr_free(rr); /* with name and data */
    return false;
fail:
    if (rr != NULL)
        ldns_rr_free(rr);
    if (name != NULL)
        ldns_rdf_deep_free(name);
    if (data != NULL)
        ldns_rdf_deep_free(data);
    return false;
}

/* One TXT string. Built from bytes, so that nothing in the text is an escape. */
static ldns_rdf *text_data(const char *text)
{
    uint8_t data[FENCE_SIZE + 1];
    size_t len = strnlen(text, FENCE_SIZE - 1);
    data[0] = (uint8_t)len;
    memcpy(data + 1, text, len);
    return ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, len + 1, data);
}

static bool push_delete(ldns_rr_list *list, const ldns_rdf *owner, ldns_rr_type type)
{
    return push(list, owner, (ldns_rr){._rr_type = type, ._rr_class = LDNS_RR_CLASS_ANY}, NULL);
}

static bool push_text(ldns_rr_list *list, const ldns_rdf *owner, uint32_t ttl_s, const char *text)
{
    ldns_rdf *data = text_data(text);
    ldns_rr head = {
        ._rr_type = LDNS_RR_TYPE_TXT, ._rr_class = LDNS_RR_CLASS_IN, ._ttl = ttl_s};
    return data != NULL && push(list, owner, head, data);
}

static bool push_addresses(ldns_rr_list *list, const ldns_rdf *owner,
                           const struct provider_change *change)
{
    ldns_rr head = {
        ._rr_type = LDNS_RR_TYPE_A, ._rr_class = LDNS_RR_CLASS_IN, ._ttl = change->ttl_s};
    for (size_t i = 0; i < change->new_serve.a_count; i++) {
        ldns_rdf *data = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_A, change->new_serve.a[i]);
        if (data == NULL || !push(list, owner, head, data))
            return false;
    }
    head._rr_type = LDNS_RR_TYPE_AAAA;
    for (size_t i = 0; i < change->new_serve.aaaa_count; i++) {
        ldns_rdf *data = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_AAAA, change->new_serve.aaaa[i]);
        if (data == NULL || !push(list, owner, head, data))
            return false;
    }
    return true;
}

/* The condition: this very fence and no other, or none at all. */
static bool push_condition(ldns_rr_list *list, const ldns_rdf *fence, const char *old)
{
    if (old[0] != 0)
        return push_text(list, fence, 0, old);
    ldns_rr head = {._rr_type = LDNS_RR_TYPE_TXT, ._rr_class = LDNS_RR_CLASS_NONE};
    return push(list, fence, head, NULL);
}

struct update_lists {
    ldns_rr_list *before, *update, *additional;
};

static bool fill(struct update_lists *lists, const struct packet_names *names,
                 const struct provider_change *change)
{
    bool ok = false;
    ldns_rdf *name = ldns_dname_new_frm_str(names->name);
    ldns_rdf *fence = ldns_dname_new_frm_str(names->fence);
    if (name == NULL || fence == NULL)
        goto out;
    ok = push_condition(lists->before, fence, change->old_fence) &&
         push_delete(lists->update, fence, LDNS_RR_TYPE_TXT) &&
         push_text(lists->update, fence, change->ttl_s, change->new_fence) &&
         push_delete(lists->update, name, LDNS_RR_TYPE_A) &&
         push_delete(lists->update, name, LDNS_RR_TYPE_AAAA) &&
         push_addresses(lists->update, name, change);
out:
    if (name != NULL)
        ldns_rdf_deep_free(name);
    if (fence != NULL)
        ldns_rdf_deep_free(fence);
    return ok;
}

static ldns_pkt *update_new(const struct packet_names *names,
                            const struct provider_change *change)
{
    struct update_lists lists = {
        ldns_rr_list_new(), ldns_rr_list_new(), ldns_rr_list_new()};
    ldns_pkt *pkt = NULL;
    if (lists.before != NULL && lists.update != NULL && lists.additional != NULL &&
        fill(&lists, names, change)) {
        ldns_rdf *zone = ldns_dname_new_frm_str(names->zone);
        if (zone != NULL)
            pkt = ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, lists.before, lists.update,
                                      lists.additional);
        if (zone != NULL && pkt == NULL)
            ldns_rdf_deep_free(zone);
    }
    ldns_rr_list_deep_free(lists.before);
    ldns_rr_list_deep_free(lists.update);
    ldns_rr_list_deep_free(lists.additional);
    return pkt;
}

/* Turns `pkt` into bytes and frees it. */
static bool finish(struct packet *ret, ldns_pkt *pkt)
{
    ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
    ldns_rr *tsig = ldns_pkt_tsig(pkt);
    ret->id = ldns_pkt_id(pkt);
    ret->update = ldns_pkt_get_opcode(pkt) == LDNS_PACKET_UPDATE;
    ret->type = ldns_rr_get_type(question);
    ret->owner = ldns_rdf_clone(ldns_rr_owner(question));
    if (tsig != NULL)
        ret->mac = ldns_rdf_clone(ldns_rr_rdf(tsig, 3));
    bool ok = ret->owner != NULL && (tsig == NULL || ret->mac != NULL) &&
              ldns_pkt2wire(&ret->bytes, pkt, &ret->size) == LDNS_STATUS_OK;
    ldns_pkt_free(pkt);
    if (!ok)
        packet_free(ret);
    return ok;
}

static bool sign(ldns_pkt *pkt, const struct packet_key *key)
{
    return packet_algorithm_works(key->algorithm) &&
           ldns_pkt_tsig_sign(pkt, key->name, key->secret, FUDGE_S, key->algorithm, NULL) ==
               LDNS_STATUS_OK;
}

static bool query(struct packet *ret, const char *name, ldns_rr_type type, uint16_t flags,
                  const struct packet_key *key)
{
    memset(ret, 0, sizeof *ret);
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    if (owner == NULL)
        return false;
    ldns_pkt *pkt = ldns_pkt_query_new(owner, type, LDNS_RR_CLASS_IN, flags);
    if (pkt == NULL) {
        ldns_rdf_deep_free(owner);
        return false;
    }
    ldns_pkt_set_id(pkt, (uint16_t)randombytes_uniform(65536)); /* before signing */
    if (key != NULL && !sign(pkt, key)) {
        ldns_pkt_free(pkt);
        return false;
    }
    return finish(ret, pkt);
}

bool packet_query(struct packet *ret, const char *name, ldns_rr_type type)
{
    return query(ret, name, type, 0, NULL);
}

bool packet_query_signed(struct packet *ret, const char *name, ldns_rr_type type,
                         const struct packet_key *key)
{
    return query(ret, name, type, 0, key);
}

bool packet_query_recursive(struct packet *ret, const char *name, ldns_rr_type type)
{
    return query(ret, name, type, LDNS_RD, NULL);
}

bool packet_algorithm_works(const char *algorithm)
{
    static const char *const works[] = {"hmac-sha1.", "hmac-sha256.", "hmac-sha512."};
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
        if (strcmp(algorithm, works[i]) == 0)
            return true;
    }
    return false;
}

bool packet_update(struct packet *ret, const struct packet_names *names,
                   const struct packet_key *key, const struct provider_change *change)
{
    memset(ret, 0, sizeof *ret);
    ldns_pkt *pkt = update_new(names, change);
    if (pkt == NULL)
        return false;
    ldns_pkt_set_rd(pkt, false);
    ldns_pkt_set_id(pkt, (uint16_t)randombytes_uniform(65536)); /* before signing */
    if (key != NULL && !sign(pkt, key)) {
        ldns_pkt_free(pkt);
        return false;
    }
    return finish(ret, pkt);
}

void packet_free(struct packet *packet)
{
    free(packet->bytes);
    if (packet->mac != NULL)
        ldns_rdf_deep_free(packet->mac);
    if (packet->owner != NULL)
        ldns_rdf_deep_free(packet->owner);
    memset(packet, 0, sizeof *packet);
}

/* Same question as asked? A refusal may come without one. */
static bool same_question(const struct packet *request, const ldns_pkt *pkt)
{
    const ldns_rr_list *list = ldns_pkt_question(pkt);
    if (ldns_rr_list_rr_count(list) == 0)
        return ldns_pkt_get_rcode(pkt) != LDNS_RCODE_NOERROR ||
               ldns_pkt_get_opcode(pkt) == LDNS_PACKET_UPDATE;
    const ldns_rr *question = ldns_rr_list_rr(list, 0);
    return ldns_rr_get_type(question) == request->type &&
           ldns_dname_compare(ldns_rr_owner(question), request->owner) == 0;
}

/* Fills has_tsig, tsig_error and verified. The walk has proved one whole TSIG, in last place. */
static void judge_tsig(const struct packet *request, const struct packet_key *key,
                       const struct packet_walk *walk, ldns_pkt *pkt, struct packet_answer *ret)
{
    if (walk->tsig == 0)
        return;
    ret->has_tsig = true;
    ret->tsig_error = walk->tsig_error;
    ret->server_time = walk->tsig_error == PACKET_TSIG_BADTIME ? walk->tsig_server_time : 0;
    if (key == NULL || request->mac == NULL || walk->mac_size == 0)
        return;
    /* The reply's own words choose the digest: hold it to ours, in full length. */
    if (ldns_rdf_size(request->mac) != walk->mac_size + 2)
        return;
    ldns_rdf *algorithm = ldns_dname_new_frm_str(key->algorithm);
    if (algorithm == NULL)
        return;
    if (ldns_dname_compare(algorithm, ldns_rr_rdf(ldns_pkt_tsig(pkt), 0)) == 0)
        ret->verified = ldns_pkt_tsig_verify(pkt, walk->bytes, walk->size, key->name,
                                             key->secret, request->mac);
    ldns_rdf_deep_free(algorithm);
}

/* A server that does not share the key, or not the time, cannot sign what it says. */
static bool is_unsignable(const struct packet_answer *answer)
{
    return answer->has_tsig && answer->rcode == LDNS_RCODE_NOTAUTH &&
           (answer->tsig_error == PACKET_TSIG_BADSIG || answer->tsig_error == PACKET_TSIG_BADKEY ||
            answer->tsig_error == PACKET_TSIG_BADTIME);
}

enum packet_verdict packet_reply(const struct packet *request, const struct packet_key *key,
                                 const uint8_t *bytes, size_t size, struct packet_answer *ret)
{
    struct packet_walk walk;
    ldns_pkt *pkt = NULL;
    memset(ret, 0, sizeof *ret);
    if (!packet_walk(bytes, size, &walk) || walk.id != request->id || !walk.is_reply)
        return PACKET_IGNORED;
    if (ldns_wire2pkt(&pkt, bytes, size) != LDNS_STATUS_OK)
        return PACKET_IGNORED;
    enum packet_verdict verdict = PACKET_IGNORED;
    if ((ldns_pkt_get_opcode(pkt) == LDNS_PACKET_UPDATE) != request->update ||
        !same_question(request, pkt))
        goto out;
    ret->rcode = (int)ldns_pkt_get_rcode(pkt);
    ret->authoritative = ldns_pkt_aa(pkt);
    ret->recursion = ldns_pkt_ra(pkt);
    if (ldns_pkt_tc(pkt)) { /* believed without a signature: all it costs is a connection */
        verdict = PACKET_TRUNCATED;
        goto out;
    }
    judge_tsig(request, key, &walk, pkt, ret);
    if (ret->has_tsig && !ret->verified && !is_unsignable(ret))
        goto out;
    verdict = PACKET_ANSWER;
out:
    ldns_pkt_free(pkt);
    return verdict;
}
