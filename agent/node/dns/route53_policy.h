/* route53_policy — what Amazon's access management must allow for one record, and no more. Pure. */
#ifndef HOLDFAST_NODE_DNS_ROUTE53_POLICY_H
#define HOLDFAST_NODE_DNS_ROUTE53_POLICY_H

#include "../../peer/config.h"

#define ROUTE53_POLICY_SIZE 2048

/* The policy as JSON, with line ends: to be attached to the user or role whose keys are used. */
void route53_policy_text(const struct record_config *config, char ret[ROUTE53_POLICY_SIZE]);

#endif
