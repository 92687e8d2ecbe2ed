/* packet_collect — the records of a reply: see packet.h.
 *
 * Happy path: the answer's records of the type that was asked for become text; of the others only
 * their lengths of life are taken, and that there was an alias.
 * Failure modes: bytes that are no message: false. Too many records: the rest is counted, or only
 * said to be there. A name that no server has is passed over. */
#include <arpa/inet.h>
#include <ldns/dname.h>
#include <ldns/rbtree.h> /* host2wire.h forgets it */
#include <ldns/host2wire.h>
#include <ldns/wire2host.h>
#include <string.h>

#include "packet.h"
#include "packet_walk.h"

#define SOA_MINIMUM 6 /* its place among the fields of an SOA */

/* Printable copy; anything else becomes '?'. More than one string never equals a fence: it stays
 * visible as a '?' between them. Returns whether the copy is the text to the letter. */
static bool copy_text(const ldns_rr *rr, char ret[FENCE_SIZE])
{
    size_t len = 0;
    bool exact = ldns_rr_rd_count(rr) == 1;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *data = ldns_rr_rdf(rr, i);
        const uint8_t *bytes = ldns_rdf_data(data);
        if (i > 0 && len < FENCE_SIZE - 1)
            ret[len++] = '?';
        for (size_t k = 1; k < ldns_rdf_size(data) && len < FENCE_SIZE - 1; k++) {
            bool plain = bytes[k] >= ' ' && bytes[k] < 127 && bytes[k] != '"';
            ret[len++] = plain ? (char)bytes[k] : '?';
            exact = exact && plain;
        }
    }
    if (len == 0 || len == FENCE_SIZE - 1) {
        ret[0] = '?'; /* empty or cut: surely not ours */
        exact = false;
    }
    ret[len == 0 ? 1 : len] = 0;
    return exact;
}

static void add_record(const ldns_rr *rr, struct provider_state *state)
{
    const ldns_rdf *data = ldns_rr_rd_count(rr) > 0 ? ldns_rr_rdf(rr, 0) : NULL;
    struct serve *serve = &state->serve;
    if (data == NULL)
        return;
    ldns_rr_type type = ldns_rr_get_type(rr);
    if (type == LDNS_RR_TYPE_TXT) {
        if (state->fence_count++ == 0)
            state->exact = copy_text(rr, state->fence);
    } else if (type == LDNS_RR_TYPE_A && ldns_rdf_size(data) == 4) {
        if (serve->a_count == ADDRESS_MAX)
            state->more = true;
        else
            inet_ntop(AF_INET, ldns_rdf_data(data), serve->a[serve->a_count++],
                      sizeof serve->a[0]);
    } else if (type == LDNS_RR_TYPE_AAAA && ldns_rdf_size(data) == 16) {
        if (serve->aaaa_count == ADDRESS_MAX)
            state->more = true;
        else
            inet_ntop(AF_INET6, ldns_rdf_data(data), serve->aaaa[serve->aaaa_count++],
                      sizeof serve->aaaa[0]);
    }
}

/* NULL: not a message that ldns may be given, or none that it takes. */
static ldns_pkt *parse(const uint8_t *bytes, size_t size)
{
    struct packet_walk walk;
    ldns_pkt *pkt = NULL;
    if (!packet_walk(bytes, size, &walk) || ldns_wire2pkt(&pkt, bytes, size) != LDNS_STATUS_OK)
        return NULL;
    return pkt;
}

bool packet_collect(const struct packet *request, const uint8_t *bytes, size_t size,
                    struct provider_state *state)
{
    ldns_pkt *pkt = parse(bytes, size);
    if (pkt == NULL)
        return false;
    bool ok = true;
    const ldns_rr_list *list = ldns_pkt_answer(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(list, i);
        ldns_rr_type type = ldns_rr_get_type(rr);
        if (type == LDNS_RR_TYPE_CNAME || type == LDNS_RR_TYPE_DNAME)
            ok = false;
        if (type != request->type || ldns_dname_compare(ldns_rr_owner(rr), request->owner) != 0)
            continue;
        add_record(rr, state);
        if (type != LDNS_RR_TYPE_TXT && ldns_rr_ttl(rr) > state->ttl_s)
            state->ttl_s = ldns_rr_ttl(rr);
    }
    ldns_pkt_free(pkt);
    return ok;
}

/* ---- with lengths of life ---- */

static bool is_plain(uint8_t byte)
{
    return byte == '-' || byte == '_' || (byte >= '0' && byte <= '9') ||
           ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* Without the final dot. "" = the root, or a name of other than letters, digits, - and _: no
 * server has one that we would want to ask for. */
static void copy_name(const ldns_rdf *data, char ret[HOST_SIZE])
{
    const uint8_t *bytes = ldns_rdf_data(data);
    size_t size = ldns_rdf_get_type(data) == LDNS_RDF_TYPE_DNAME ? ldns_rdf_size(data) : 0;
    size_t used = 0;
    bool plain = true;
    for (size_t at = 0, label = 0; plain && at < size && bytes[at] != 0; at += label + 1) {
        label = bytes[at];
        plain = label < size - at && used + label + 1 < HOST_SIZE;
        if (used > 0 && plain)
            ret[used++] = '.';
        for (size_t i = 1; plain && i <= label; i++) {
            plain = is_plain(bytes[at + i]);
            ret[used++] = (char)bytes[at + i];
        }
    }
    ret[plain ? used : 0] = 0;
}

static void see_soa(const ldns_rr *rr, struct packet_seen *ret)
{
    const ldns_rdf *minimum =
        ldns_rr_rd_count(rr) > SOA_MINIMUM ? ldns_rr_rdf(rr, SOA_MINIMUM) : NULL;
    if (minimum == NULL || ldns_rdf_size(minimum) != 4)
        return;
    ret->has_soa = true;
    ret->soa_minimum_s = ldns_rdf2native_int32(minimum);
    ret->negative_s = ldns_rr_ttl(rr) < ret->soa_minimum_s ? ldns_rr_ttl(rr) : ret->soa_minimum_s;
    copy_name(ldns_rr_owner(rr), ret->zone);
}

static void see_answer(const struct packet *request, const ldns_rr *rr, struct packet_seen *ret)
{
    ldns_rr_type type = ldns_rr_get_type(rr);
    bool alias = type == LDNS_RR_TYPE_CNAME || type == LDNS_RR_TYPE_DNAME;
    bool asked = type == request->type &&
                 ldns_dname_compare(ldns_rr_owner(rr), request->owner) == 0;
    if (alias || asked) {
        uint32_t ttl_s = ldns_rr_ttl(rr);
        ret->ttl_s = !ret->found || ttl_s < ret->ttl_s ? ttl_s : ret->ttl_s;
        ret->found = true;
    }
    ret->alias = ret->alias || alias;
    if (!asked)
        return;
    add_record(rr, &ret->state);
    if (type == LDNS_RR_TYPE_SOA)
        see_soa(rr, ret);
    if (type == LDNS_RR_TYPE_NS && ret->name_count < PACKET_NAME_MAX && ldns_rr_rd_count(rr) > 0) {
        copy_name(ldns_rr_rdf(rr, 0), ret->names[ret->name_count]);
        ret->name_count += ret->names[ret->name_count][0] != 0;
    }
}

bool packet_see(const struct packet *request, const uint8_t *bytes, size_t size,
                struct packet_seen *ret)
{
    ldns_pkt *pkt = parse(bytes, size);
    memset(ret, 0, sizeof *ret);
    if (pkt == NULL)
        return false;
    const ldns_rr_list *list = ldns_pkt_answer(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++)
        see_answer(request, ldns_rr_list_rr(list, i), ret);
    list = ldns_pkt_authority(pkt);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list) && !ret->has_soa; i++)
        if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == LDNS_RR_TYPE_SOA)
            see_soa(ldns_rr_list_rr(list, i), ret);
    ldns_pkt_free(pkt);
    return true;
}
