#include "roster.h"

#include <string.h>

void roster_init(struct roster *roster, const struct members *members, uint64_t members_hash,
                 const struct stored *found)
{
    memset(roster, 0, sizeof *roster);
    roster->members = *members;
    roster->members_hash = members_hash;
    for (size_t i = 0; i < PEER_COUNT; i++) {
        roster->is_new[i] =
            !found->present ||
            memcmp(found->members.key_hash[i], members->key_hash[i], KEY_HASH_SIZE) != 0;
        roster->pending = roster->pending || roster->is_new[i];
    }
}

bool roster_accept(struct roster *roster)
{
    bool was = roster->pending;
    roster->pending = false;
    memset(roster->is_new, 0, sizeof roster->is_new);
    return was;
}

bool roster_heard(struct roster *roster, const struct statement *statement,
                  struct outcome *outcome)
{
    if (!roster->pending || statement->from >= NODE_COUNT ||
        statement->members_hash != roster->members_hash)
        return false;
    outcome_note(outcome, REASON_MEMBERS_CONFIRMED, statement->from, 0, 0);
    return roster_accept(roster);
}

bool roster_counts(const struct roster *roster, uint8_t peer)
{
    return !roster->is_new[peer];
}
