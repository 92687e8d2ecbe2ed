/* roster — are the three keys still the same three? Rule N10.
 *
 * Room: after a change of keys a node claims, and counts the new member's grant, only once an
 * accepted fresh statement of the other node shows the same new set. */
#ifndef HOLDFAST_PROTO_ROSTER_H
#define HOLDFAST_PROTO_ROSTER_H

#include "outcome.h"
#include "statement.h"

struct roster {
    struct members members;
    uint64_t members_hash;
    bool pending;                /* changed and not confirmed yet */
    bool is_new[PEER_COUNT];     /* which keys differ from those on disk */
};

/* Compares with what is on disk. Without a file nothing is known of the set that this node voted
 * under before: pending, too. (`holdfast init` writes the set of a new cluster.) */
void roster_init(struct roster *roster, const struct members *members, uint64_t members_hash,
                 const struct stored *found);
/* A fresh statement of the other node was accepted. True when this confirmed a pending set: the
 * caller has it written. */
bool roster_heard(struct roster *roster, const struct statement *statement,
                  struct outcome *outcome);
/* `holdfast recover`: the operator vouches for the set. True when it was pending. */
bool roster_accept(struct roster *roster);
/* May this peer's grant be counted? */
bool roster_counts(const struct roster *roster, uint8_t peer);

#endif
