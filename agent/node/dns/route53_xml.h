/* route53_xml — what goes to Amazon's Route 53, and what comes from it. Pure.
 *
 * A batch of changes is applied whole or not at all, and a DELETE only where it names exactly the
 * values and the TTL that are there, a CREATE only where nothing is. So "delete the old fence,
 * create the new one, put the addresses" in one batch is the compare-and-set.
 * Documents with a DTD are refused before they are parsed: no entities, no files, no network. */
#ifndef HOLDFAST_NODE_DNS_ROUTE53_XML_H
#define HOLDFAST_NODE_DNS_ROUTE53_XML_H

#include "provider.h"

#define ROUTE53_NAME_SIZE (HOST_SIZE + 1)
#define ROUTE53_VALUE_SIZE 64 /* an address as it was written there */
#define ROUTE53_ID_SIZE 64
#define ROUTE53_CODE_SIZE 64
#define ROUTE53_MESSAGE_SIZE 480

/* With final dot. */
struct route53_names {
    char name[ROUTE53_NAME_SIZE];
    char fence[ROUTE53_NAME_SIZE];
};

/* A set of addresses as it stands there: a DELETE must repeat it to the letter. */
struct route53_set {
    char values[ADDRESS_MAX][ROUTE53_VALUE_SIZE];
    size_t count;
    uint32_t ttl_s;
    bool more; /* holds what does not fit: it cannot be deleted as a whole */
};

/* What a read has found so far; zeroed = nothing yet. */
struct route53_seen {
    struct provider_state state;
    struct route53_set a, aaaa;
    uint32_t fence_ttl_s;
    const char *odd; /* a sentence: why the name cannot be kept as it is; NULL = it can */
    bool cut;        /* the zone goes on after the last list */
};

/* What Amazon says when it says no; "" = it says nothing that is an error. */
struct route53_error {
    char code[ROUTE53_CODE_SIZE];       /* "InvalidChangeBatch" */
    char message[ROUTE53_MESSAGE_SIZE]; /* printable, cut */
};

/* False: the name is too long for a fence beside it. */
bool route53_xml_names(const char *name, struct route53_names *ret);
/* Adds what a list of record sets says about the name and its fence. False: it is no such list. */
bool route53_xml_list(const char *body, size_t size, const struct route53_names *names,
                      struct route53_seen *seen);
/* The batch for this change after what was seen, as text: free() it. NULL: no memory, a new
 * fence that is none, an old one that was not seen `exact`, or addresses that must go and cannot
 * be named (the set has `more`). */
char *route53_xml_batch(const struct route53_names *names, const struct route53_seen *seen,
                        const struct provider_change *change);
/* Id ("C123", without path) and state of a change. False: the body is none. */
bool route53_xml_change(const char *body, size_t size, char ret_id[ROUTE53_ID_SIZE],
                        bool *ret_in_sync);
/* Understands both forms: ErrorResponse, and InvalidChangeBatch with its messages. */
void route53_xml_error(const char *body, size_t size, struct route53_error *ret);
/* Does this refusal of a batch say that the old fence is not there any more? */
bool route53_xml_is_fenced(const struct route53_names *names, const struct route53_error *error);

#endif
