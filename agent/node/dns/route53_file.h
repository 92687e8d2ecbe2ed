/* route53_file — a shared credentials file as the AWS tools have it, and Amazon's answer about a
 * role: texts to keys. Pure. */
#ifndef HOLDFAST_NODE_DNS_ROUTE53_FILE_H
#define HOLDFAST_NODE_DNS_ROUTE53_FILE_H

#include <stdint.h>

#include "../../peer/err.h"

#define ROUTE53_KEY_SIZE 132
#define ROUTE53_TOKEN_HEADER "X-Amz-Security-Token: "
#define ROUTE53_TOKEN_SIZE 8192 /* of the header line */

/* Secrets: belongs into locked memory. Empty texts = not there. */
struct route53_secret {
    char key_id[ROUTE53_KEY_SIZE];
    char secret[ROUTE53_KEY_SIZE];
    char token[ROUTE53_TOKEN_SIZE]; /* a whole header line */
};

/* The keys of one [profile]; lines before the first section belong to "default". ERR_USAGE says
 * what is missing or wrong, without repeating a value. */
int route53_file_parse(const char *text, const char *profile, struct route53_secret *ret,
                       struct err *err);
/* The same from the instance's answer about its role; *ret_end_s: wall clock of Amazon at which
 * they end. ERR_REMOTE says what is wrong. */
int route53_file_role(const char *body, struct route53_secret *ret, int64_t *ret_end_s,
                      struct err *err);
/* "Thu, 26 Nov 2026 18:00:00 GMT", as in a Date header, or 0. */
int64_t route53_file_date(const char *text);

#endif
