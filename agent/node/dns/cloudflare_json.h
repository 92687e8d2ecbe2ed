/* cloudflare_json — what goes to Cloudflare's API, and what comes from it. Pure.
 *
 * A batch is one transaction, and deleting a record by an id that is gone fails it as a whole;
 * ids are never used twice. So a write deletes the fence that was read by its id and adds the new
 * one: of all who rest on one fence exactly one gets through, however late the others come.
 * "No fence" has no id. There first._holdfast.<name> stands for it, a TXT that always is the same:
 * whoever finds it deletes it by id and adds it again, whoever does not only adds it, and
 * Cloudflare refuses a record that is there already. It is looked at only where no fence is. */
#ifndef HOLDFAST_NODE_DNS_CLOUDFLARE_JSON_H
#define HOLDFAST_NODE_DNS_CLOUDFLARE_JSON_H

#include <jansson.h>

#include "provider.h"

#define CLOUDFLARE_ID_SIZE 33
#define CLOUDFLARE_RECORD_MAX 50 /* at one name; what is asked for at once */
#define CLOUDFLARE_NAME_MAX 237  /* of the floating name, so that first._holdfast. fits before */
#define CLOUDFLARE_TEXT_SIZE 320 /* of cloudflare_fault */

/* Without final dot, as the API has them. */
struct cloudflare_names {
    char name[HOST_SIZE], fence[HOST_SIZE], first[HOST_SIZE];
};

/* An A or AAAA record at the name. */
struct cloudflare_address {
    char id[CLOUDFLARE_ID_SIZE];
    char text[46];
    bool v6;
    uint32_t ttl_s; /* 1 = automatic */
};

/* What a read has found so far; zeroed = nothing yet. */
struct cloudflare_seen {
    struct provider_state state;
    struct cloudflare_address addresses[CLOUDFLARE_RECORD_MAX];
    size_t address_count;
    char fence_id[CLOUDFLARE_ID_SIZE]; /* of the first fence; "" = none */
    char first_id[CLOUDFLARE_ID_SIZE]; /* of what stands for no fence; "" = not there */
    bool alias;   /* a CNAME or NS at the name or its fence */
    bool proxied; /* Cloudflare answers with its own addresses instead of these */
    bool crowded; /* more records than were asked for */
};

/* Why something was not done. */
struct cloudflare_fault {
    int code; /* the first one, 0 = none was told */
    bool changed; /* what the change rests on is not there any more, or there already */
    bool unknown; /* the zone, the way to it */
    bool untrusted; /* the token */
    char text[CLOUDFLARE_TEXT_SIZE]; /* "code 81044: Record does not exist."; printable */
};

/* False: the name is too long. */
bool cloudflare_json_names(const char *name, struct cloudflare_names *ret);
/* Adds what a list of the records at `asked`, one of the names, says; passes over what else is in
 * it. False: it is no such list. */
bool cloudflare_json_take(const char *body, size_t size, const struct cloudflare_names *names,
                          const char *asked, struct cloudflare_seen *seen);
/* A list of any records of the zone: could `name` be in it too? `zone` = its name, "" = not known;
 * then two labels in common must do. False: ret_other (HOST_SIZE) is a name that says no. */
bool cloudflare_json_same_zone(const char *body, size_t size, const char *name, const char *zone,
                               char *ret_other);
/* The batch for this change, as text: free() it. NULL: no memory, or the fence on which the
 * change rests is not the one that was seen. */
char *cloudflare_json_batch(const struct cloudflare_names *names,
                            const struct cloudflare_seen *seen,
                            const struct provider_change *change);
/* The answer to a batch that was applied. False: it is none. ret_stray (HOST_SIZE) gets a name that
 * was made and that nobody wished for, "" = none: the zone is another one. */
bool cloudflare_json_applied(const char *body, size_t size, const struct cloudflare_names *names,
                             char *ret_stray);
/* What an answer tells about a failure; takes any bytes. */
void cloudflare_json_fault(const char *body, size_t size, struct cloudflare_fault *ret);

#endif
