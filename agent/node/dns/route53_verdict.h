/* route53_verdict — what an answer of Route 53 means, its kind, and the sentence for
 * the operator. Pure. */
#ifndef HOLDFAST_NODE_DNS_ROUTE53_VERDICT_H
#define HOLDFAST_NODE_DNS_ROUTE53_VERDICT_H

#include "../trouble.h"
#include "route53_xml.h"

/* An answer, and who asked; all texts are borrowed. */
struct route53_reply {
    int status; /* 100..599 */
    const char *body;
    size_t size;
    unsigned sendings; /* above 1, a conflict may be with ourselves */
    int64_t ahead_s;   /* so far this machine's clock is ahead of Amazon's; 0 = unknown */
    const struct route53_names *names;
    const char *zone_id;
    const char *keys; /* "the keys in /etc/holdfast/aws" */
    bool role;        /* they are a role's, and will be renewed */
};

/* WON for 200; FENCED only for a refused batch of which the old fence was not there any more.
 * Throttling and "the prior request is not complete" are UNKNOWN: try again. Fills *ret;
 * nothing is wrong when WON. *ret_expired: the keys have ended. */
enum provider_outcome route53_verdict(const struct route53_reply *reply,
                                      struct trouble *ret, bool *ret_expired);

#endif
