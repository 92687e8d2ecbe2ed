/* config — the one file that is the same on all three machines, read and checked.
 *
 * Room: text in, struct out, or every complaint at once. No I/O beyond reading the file; names
 * are resolved by socket, secrets read by who needs them (their modes are checked by keys).
 * Ownership: config_read allocates nothing that outlives it except the struct, which is plain
 * data of fixed size (about 60 KiB: allocate it). */
#ifndef HOLDFAST_PEER_CONFIG_H
#define HOLDFAST_PEER_CONFIG_H

#include <stdint.h>
#include <stdio.h>

#include "../../proto/words.h"
#include "err.h"
#include "providers.h"

#define NAME_SIZE 33     /* [a-z0-9-]{1,32} and the final 0 */
#define HOST_SIZE 256    /* DNS name or address text */
#define PATH_SIZE 256    /* path of a file or a command line */
#define COMMAND_WORD_MAX 32 /* of a command line: program and arguments */
#define ADDRESS_MAX 8    /* addresses per peer, servers per record, serve per family */
#define RECORD_MAX 8
#define PROBE_MAX 16
#define COMPLAINT_MAX 64
#define KEY_SIZE 32
#define ZONE_ID_SIZE 65  /* letters and digits, and the final 0 */

struct endpoint {
    char host[HOST_SIZE]; /* literal address or name, without brackets */
    uint16_t port;
};

/* Addresses that a name is to have: literal texts, already checked by inet_pton. */
struct serve {
    char a[ADDRESS_MAX][16];
    size_t a_count;
    char aaaa[ADDRESS_MAX][46];
    size_t aaaa_count;
};

struct peer_config {
    char name[NAME_SIZE];
    bool witness;
    uint8_t public_key[KEY_SIZE];
    struct endpoint addresses[ADDRESS_MAX];
    size_t address_count;
    struct serve serve; /* nodes only */
    unsigned line;      /* of the section, for messages */
};

/* What to do when the addresses were changed by somebody else. */
enum drift_policy { DRIFT_REPAIR, DRIFT_ALERT };
/* May a holder write its first fence at a name that has addresses of another hand? */
enum adopt_policy { ADOPT_AUTOMATIC, ADOPT_MANUAL };
/* What is paid for the zone at Cloudflare; it decides about the least TTL. */
enum zone_plan { ZONE_PLAN_FREE, ZONE_PLAN_PRO, ZONE_PLAN_BUSINESS, ZONE_PLAN_ENTERPRISE };

struct record_config {
    char label[HOST_SIZE];
    char name[HOST_SIZE]; /* the floating name, lower case, no final dot */
    enum provider_kind provider;
    char zone[HOST_SIZE];
    struct endpoint servers[ADDRESS_MAX]; /* the first answers for the fence (primary) */
    size_t server_count;
    uint32_t ttl_s;       /* 1..86400, default 60 */
    span_ms check_every;  /* 5 s..1 h, default 30 s */
    enum drift_policy drift;
    enum adopt_policy adopt;
    char tsig_name[HOST_SIZE];      /* with final dot, lower case */
    char tsig_algorithm[32];        /* hmac-sha1, hmac-sha256, hmac-sha512 */
    char tsig_secret_file[PATH_SIZE]; /* absolute, resolved against the config's directory */
    char zone_id[ZONE_ID_SIZE];         /* route53, cloudflare */
    char credentials_file[PATH_SIZE];   /* route53; empty = the role of the instance */
    char credentials_profile[NAME_SIZE]; /* section of it; empty = default */
    char token_file[PATH_SIZE];         /* cloudflare */
    enum zone_plan plan;                /* cloudflare */
    char api_key_file[PATH_SIZE];       /* powerdns */
    char endpoint[PATH_SIZE]; /* base of the interface, no final slash; empty = the usual one */
    struct endpoint authoritative[ADDRESS_MAX]; /* who is asked after a write; none: found */
    size_t authoritative_count;
    char ca_file[PATH_SIZE];  /* PEM of who signs its certificate; empty = the system's list */
    char command[PATH_SIZE];  /* provider = exec */
    struct serve serve[NODE_COUNT]; /* node's serve or the override serve.NODE */
    unsigned line;
};

/* Does a bad probe make the node unfit, or is it only shown? */
/* A bad blocking probe makes the node unfit; a warning one is only shown. */
enum probe_weight { PROBE_BLOCK, PROBE_WARN };

struct probe_config {
    char name[NAME_SIZE];
    char command[PATH_SIZE]; /* split at blanks; run without a shell */
    span_ms interval_ms;     /* 200 ms..1 h, default 2 s */
    span_ms timeout_ms;      /* 100 ms..1 min, default 1 s (min with interval) */
    uint32_t fall;           /* failures in a row until bad, 1..100, default 3 */
    uint32_t rise;           /* successes in a row until good, 1..100, default 2 */
    enum probe_weight weight;
    unsigned line;
};

/* [local] section; empty text = not set. Options of the command line win over it. */
struct local_config {
    char key[PATH_SIZE];
    char state_dir[PATH_SIZE];
    char socket[PATH_SIZE];
    struct endpoint listen[ADDRESS_MAX];
    size_t listen_count;
};

/* [dns] section: who is asked, apart from the provider. */
struct dns_config {
    struct endpoint resolvers[ADDRESS_MAX]; /* addresses; none: those of the machine */
    size_t resolver_count;
    bool no_resolver;     /* resolver = none: nobody is asked */
    char doh[PATH_SIZE];  /* https URL by address, for hosts of interfaces; empty = the system's */
};

struct config {
    char path[PATH_SIZE];
    char cluster[HOST_SIZE];
    char profile[16];
    span_ms interval_ms, lease_ms;
    uint32_t drift_ppm;
    span_ms demote_lead_ms, promote_delay_ms;
    uint8_t prefer; /* node index or PEER_NONE */
    span_ms failback_after_ms, min_hold_ms;
    struct peer_config peers[PEER_COUNT]; /* [0] and [1] the nodes in file order, [2] witness */
    struct record_config records[RECORD_MAX];
    size_t record_count;
    struct probe_config probes[PROBE_MAX];
    size_t probe_count;
    struct dns_config dns;
    char notify_command[PATH_SIZE]; /* empty = none */
    struct local_config local;
};

/* One complaint: "FILE:LINE: [section] field: what is wrong; expected ...". */
struct complaint {
    bool warning;  /* does not keep the daemon from starting */
    unsigned line; /* 0 = about the file as a whole */
    char text[ERR_TEXT_SIZE];
};
struct complaints {
    struct complaint list[COMPLAINT_MAX];
    size_t count;       /* kept */
    size_t error_count; /* all errors, also beyond the bound */
};

/* Reads and checks the file at `path`. Collects every complaint, in file order; those about the
 * file as a whole come last.
 * Returns 0 when there is no error (warnings allowed), ERR_USAGE otherwise; err then holds
 * the first error's text, or why the file cannot be read. `ret` is zeroed first; after an error
 * it holds what was understood, which is good for [local] and nothing else. */
int config_read(const char *path, struct config *ret, struct complaints *complaints,
                struct err *err);
/* The same from an open stream; `path` is used for messages and relative files. */
int config_parse(FILE *file, const char *path, struct config *ret,
                 struct complaints *complaints, struct err *err);

/* Hash of everything that should be equal on all three machines ([local] left out). */
uint64_t config_settings_hash(const struct config *config);
/* "rfc2136", "route53", ...: as in the file; and what its fence is worth: PROVIDER_FENCE_... */
const char *config_provider_name(enum provider_kind kind);
const char *config_provider_fence(enum provider_kind kind);
/* Index of the peer of this name, or PEER_NONE. */
uint8_t config_peer(const struct config *config, const char *name);
/* Index of the peer with this public key, or PEER_NONE. */
uint8_t config_peer_of_key(const struct config *config, const uint8_t key[KEY_SIZE]);

#endif
