/* route53_keys — the keys that requests to Route 53 are signed with: from a file, or the keys of
 * the role that Amazon gave this instance, renewed before they end.
 *
 * Secrets stay in locked memory and appear in no text. Used by: route53 alone. */
#ifndef HOLDFAST_NODE_DNS_ROUTE53_KEYS_H
#define HOLDFAST_NODE_DNS_ROUTE53_KEYS_H

#include "provider.h"

struct route53_keys;

/* Told on the loop whenever asking for the role's keys has ended, well or not. */
typedef void route53_keys_on_news(void *owner);

/* With credentials-file: reads it (ERR_USAGE: the file, the profile or what is missing in it).
 * Without: begins to ask the instance for its role's keys, unless world->http is NULL. `world`
 * and `config` are only read during the call, world's loop and http borrowed until close. */
int route53_keys_open(struct route53_keys **ret, const struct provider_world *world,
                      const struct record_config *config, struct err *err);
/* Whom to tell; once, before the loop runs. */
void route53_keys_listen(struct route53_keys *keys, route53_keys_on_news *on_news, void *owner);
/* What to sign the next request with; NULL: nothing now (route53_keys_why). Has the file looked at,
 * beside the loop: one that was replaced serves the next request, or the one after. Valid until the
 * next call, or until the loop runs. */
const struct http_sign *route53_keys_sign(struct route53_keys *keys);
/* The header line that goes with it, or NULL. Valid as long. */
const char *route53_keys_token(const struct route53_keys *keys);
/* True: from the instance's role, so that news may come; they are asked for now. */
bool route53_keys_ask(struct route53_keys *keys);
/* Amazon does not take these keys any more: a role's are asked for anew. */
void route53_keys_refused(struct route53_keys *keys);
/* "the keys in FILE", "the role NAME of this instance". */
const char *route53_keys_words(const struct route53_keys *keys);
/* Why there are none, with the remedy. */
const char *route53_keys_why(const struct route53_keys *keys);
/* True when keys are the role's. */
bool route53_keys_of_role(const struct route53_keys *keys);
/* Wipes them. The loop must run until its handles are closed. */
void route53_keys_close(struct route53_keys *keys);

#endif
