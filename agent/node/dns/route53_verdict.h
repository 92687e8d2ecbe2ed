/* route53_verdict — what an answer of Route 53 means, and the sentence for the operator. Pure. */
#ifndef HOLDFAST_NODE_DNS_ROUTE53_VERDICT_H
#define HOLDFAST_NODE_DNS_ROUTE53_VERDICT_H

#include "route53_xml.h"

#define ROUTE53_TEXT_SIZE 1024

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
 * Throttling and "the prior request is not complete" are UNKNOWN: try again. Fills ret_text with
 * one sentence, "" when WON. *ret_expired: the keys have ended. */
enum provider_outcome route53_verdict(const struct route53_reply *reply,
                                      char ret_text[ROUTE53_TEXT_SIZE], bool *ret_expired);

#endif
