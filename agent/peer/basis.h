/* basis — what a start rests on: options, configuration, key, and which of the three this is.
 *
 * Used by: station, at the start, and before `holdfast restart` ends the daemon that runs: what
 * would not start must not be started. Blocking; small files only. */
#ifndef HOLDFAST_PEER_BASIS_H
#define HOLDFAST_PEER_BASIS_H

#include "options.h"

/* How a start is asked for; borrowed. */
struct basis_order {
    const struct options *given; /* the command line alone */
    bool witness;                /* the role that a key must have for this program */
    /* The program's own part (secrets of records); may be NULL. Sets err when it fails. */
    int (*check)(void *owner, const struct config *config, struct err *err);
    void *owner;
};

struct basis {
    struct options options; /* merged with [local] */
    struct config *config;  /* allocated */
    uint8_t *secret;        /* locked memory */
    uint8_t self;
};

/* Reads configuration and key. ERR_USAGE: `complaints` or err say what is wrong; when it is in
 * complaints (error_count > 0), err->text is "". basis_close is due in any case. */
int basis_read(struct basis *ret, const struct basis_order *order, struct complaints *complaints,
               struct err *err);
void basis_close(struct basis *basis);
/* Would a start succeed now, as far as files tell? If not, *ret_why has every complaint. */
bool basis_stands(const struct basis_order *order, char *ret_why, size_t size);

#endif
