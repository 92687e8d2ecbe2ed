/* verdict — what a DNS server's answer means for us, its kind, and the sentence for the
 * operator. Pure. */
#ifndef HOLDFAST_NODE_DNS_VERDICT_H
#define HOLDFAST_NODE_DNS_VERDICT_H

#include "../trouble.h"
#include "packet.h"

/* Who was asked about what; all texts are borrowed. */
struct verdict_context {
    const char *server; /* "192.0.2.53 port 53" */
    const char *zone, *name;
    const char *key; /* name of the TSIG key, "" = none */
    const char *secret_file;
    int64_t wall_s;
};

/* The outcome of an UPDATE. Fills `ret`; nothing is wrong when WON. An answer without
 * a valid signature to a signed request never is WON or FENCED. */
enum provider_outcome verdict_of_write(const struct verdict_context *context,
                                       const struct packet_answer *answer,
                                       struct trouble *ret);
/* What the answer to a signed question says of the key; nothing is wrong where it says nothing:
 * whom a server lets ask is its own business. */
void verdict_of_proof(const struct verdict_context *context, const struct packet_answer *answer,
                      struct trouble *ret);
/* The outcome of a question: WON, REFUSED or UNKNOWN. */
enum provider_outcome verdict_of_read(const struct verdict_context *context,
                                      const struct packet_answer *answer,
                                      struct trouble *ret);

#endif
