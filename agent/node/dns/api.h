/* api — what the providers that ask over HTTP with JSON have in common. Pure but for the secret.
 *
 * Used by: powerdns, cloudflare, route53. */
#ifndef HOLDFAST_NODE_DNS_API_H
#define HOLDFAST_NODE_DNS_API_H

#include <jansson.h>

#include "provider.h"

/* A text of an object; "" when it is not there or no text. Borrowed. */
const char *api_text(const json_t *object, const char *key);
/* The content of a TXT record: "\"a\"" becomes "a"; what is not one plain string stays as it
 * stands, so that it is no fence. Cut at `size`. */
void api_unquote(const char *content, char *ret, size_t size);
/* An address in the spelling of inet_ntop. False: it is none. */
bool api_address(bool v6, const char *content, char ret[46]);
/* Adds an address to what was read; sets more when it is none, or one too many. */
void api_take_address(struct provider_state *state, bool v6, const char *content);
/* No answer: what that means for a provider; fills *ret. */
enum provider_outcome api_no_answer(const struct http_answer *answer, struct trouble *ret);
/* What is not printable ASCII becomes '?'. */
void api_printable(char *text);

/* A header line that ends in the secret of a file, in locked memory: sodium_free. On failure
 * NULL is left there. `key` names the file's key in the configuration. */
int api_secret_header(char **ret, const char *start, const char *key, const char *file,
                      struct err *err);

#endif
