/* providers — who can keep a name: one line for each, and nothing else to register.
 *
 * The line makes its word in the configuration, the keys that it needs and takes, what its fence
 * is worth, and the place of its `const struct provider_operations provider_NAME`
 * (agent/node/dns/NAME.c, see "Adding a DNS provider" in ARCHITECTURE.md). */
#ifndef HOLDFAST_PEER_PROVIDERS_H
#define HOLDFAST_PEER_PROVIDERS_H

/* What keeps a late write of an earlier holder out, in the words of `status` and `check`. */
#define PROVIDER_FENCE_CAS "cas"                              /* compare and set, in one step */
#define PROVIDER_FENCE_RECORD_ID "cas by record id, re-listed" /* the same, proved by a list */
#define PROVIDER_FENCE_TOMBSTONE "tombstone" /* what an old write rests on cannot come back */
#define PROVIDER_FENCE_NONE "none"           /* nothing: a new holder waits first */

/* X(CODE, key): the keys of a [record] that only some providers have. */
#define PROVIDER_KEY_TABLE(X)                                                                     \
    X(ZONE, "zone")                                                                               \
    X(SERVER, "server")                                                                           \
    X(TSIG_NAME, "tsig-name")                                                                     \
    X(TSIG_ALGORITHM, "tsig-algorithm")                                                           \
    X(TSIG_SECRET_FILE, "tsig-secret-file")                                                       \
    X(ZONE_ID, "zone-id")                                                                         \
    X(CREDENTIALS_FILE, "credentials-file")                                                       \
    X(CREDENTIALS_PROFILE, "credentials-profile")                                                 \
    X(TOKEN_FILE, "token-file")                                                                   \
    X(PLAN, "plan")                                                                               \
    X(API_KEY_FILE, "api-key-file")                                                               \
    X(ENDPOINT, "endpoint")                                                                       \
    X(CA_FILE, "ca-file")                                                                         \
    X(COMMAND, "command")

#define PROVIDER_KEY_INDEX(code, key) PROVIDER_KEY_##code,
/* The same, as numbers. */
enum provider_key { PROVIDER_KEY_TABLE(PROVIDER_KEY_INDEX) PROVIDER_KEY_COUNT };
#define KEY(code) (1U << PROVIDER_KEY_##code)
#define KEYS_TSIG (KEY(TSIG_NAME) | KEY(TSIG_ALGORITHM) | KEY(TSIG_SECRET_FILE))
#define KEYS_HTTP (KEY(ENDPOINT) | KEY(CA_FILE))

/* X(CODE, name, fence, keys that it needs, keys that it takes besides). */
#define PROVIDER_TABLE(X)                                                                         \
    X(RFC2136, rfc2136, PROVIDER_FENCE_CAS, KEY(ZONE) | KEY(SERVER) | KEYS_TSIG, 0)               \
    X(ROUTE53, route53, PROVIDER_FENCE_CAS, KEY(ZONE_ID),                                         \
      KEY(ZONE) | KEY(CREDENTIALS_FILE) | KEY(CREDENTIALS_PROFILE) | KEYS_HTTP)                   \
    X(CLOUDFLARE, cloudflare, PROVIDER_FENCE_RECORD_ID, KEY(ZONE_ID) | KEY(TOKEN_FILE),           \
      KEY(ZONE) | KEY(PLAN) | KEYS_HTTP)                                                          \
    X(POWERDNS, powerdns, PROVIDER_FENCE_TOMBSTONE, KEY(ZONE) | KEY(API_KEY_FILE) | KEY(ENDPOINT), \
      KEY(CA_FILE))                                                                               \
    X(EXEC, exec, PROVIDER_FENCE_NONE, KEY(COMMAND), 0)

#define PROVIDER_KIND(code, name, fence, needs, takes) PROVIDER_##code,
/* Who keeps the name. */
enum provider_kind { PROVIDER_TABLE(PROVIDER_KIND) PROVIDER_KIND_COUNT };

#endif
