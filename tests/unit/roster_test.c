#include "proto/roster.h"

#include "tests/lib/check.h"

struct ring {
    struct roster roster;
    struct outcome outcome;
};

/* Everything as on disk, but for the key of `changed` (PEER_NONE: none). */
static void begin(struct ring *ring, uint8_t changed)
{
    struct stored found = {.present = true};
    struct members now;
    memset(ring, 0, sizeof *ring);
    memset(&now, 5, sizeof now);
    found.members = now;
    if (changed != PEER_NONE)
        now.key_hash[changed][0] = 6;
    roster_init(&ring->roster, &now, 77, &found);
}

static bool heard(struct ring *ring, uint8_t from, uint64_t hash)
{
    struct statement statement = {.from = from, .members_hash = hash};
    return roster_heard(&ring->roster, &statement, &ring->outcome);
}

TEST(the_same_keys_need_no_confirmation)
{
    struct ring ring;
    begin(&ring, PEER_NONE);
    CHECK(!ring.roster.pending);
    CHECK(roster_counts(&ring.roster, 2));
    CHECK(!heard(&ring, 1, 77));
}

/* Broken variant: members changed at once. */
TEST(a_new_witness_does_not_count_before_the_other_node_shows_the_same_set)
{
    struct ring ring;
    begin(&ring, PEER_WITNESS);
    CHECK(ring.roster.pending);
    CHECK(!roster_counts(&ring.roster, PEER_WITNESS));
    CHECK(roster_counts(&ring.roster, 1));
    CHECK(!heard(&ring, 1, 78));          /* the other node has the old set yet */
    CHECK(!heard(&ring, PEER_WITNESS, 77)); /* the new one cannot vouch for itself */
    CHECK(ring.roster.pending);
    CHECK(heard(&ring, 1, 77));
    CHECK(!ring.roster.pending);
    CHECK(roster_counts(&ring.roster, PEER_WITNESS));
    CHECK_EQ(ring.outcome.notes[0].reason, REASON_MEMBERS_CONFIRMED);
    CHECK(!heard(&ring, 1, 77)); /* once */
}

TEST(a_rotated_own_key_waits_as_well)
{
    struct ring ring;
    begin(&ring, 0);
    CHECK(ring.roster.pending);
}

/* What this node voted under before is not known: it must not join an old and a new majority. */
TEST(without_a_file_the_set_waits_to_be_confirmed)
{
    struct roster roster;
    struct members members;
    struct stored nothing = {.present = false};
    memset(&members, 5, sizeof members);
    roster_init(&roster, &members, 77, &nothing);
    CHECK(roster.pending);
    CHECK(!roster_counts(&roster, PEER_WITNESS));
}

TEST(the_operator_may_vouch)
{
    struct ring ring;
    begin(&ring, PEER_WITNESS);
    CHECK(roster_accept(&ring.roster));
    CHECK(roster_counts(&ring.roster, PEER_WITNESS));
    CHECK(!roster_accept(&ring.roster));
}

CHECK_MAIN
