#include "proto/echo.h"

#include "tests/lib/check.h"

#define LEASE 5000

/* A statement of node 1 in one of its lives. */
static struct statement says(uint64_t boot, uint64_t seq)
{
    return (struct statement){.from = 1, .mark = {boot, seq}};
}

static enum echo_verdict hear(struct echo *echo, const struct statement *statement, mono_ms now)
{
    return echo_heard(echo, statement, now, LEASE);
}

/* Node 1, life 50, was accepted at 100 on an echo of my statement 1, sent at 0. */
static void meet(struct echo *echo)
{
    echo_init(echo, 0, 9);
    echo_sent(echo, 0);
    struct statement statement = says(50, 1);
    statement.heard[0] = (struct mark){9, 1};
    CHECK_EQ(hear(echo, &statement, 100), ECHO_ACCEPTED_BOOT);
}

TEST(an_unknown_life_without_an_echo_is_only_greeted)
{
    struct echo echo;
    echo_init(&echo, 0, 9);
    echo_sent(&echo, 0);
    struct statement statement = says(50, 1);
    CHECK_EQ(hear(&echo, &statement, 10), ECHO_GREETED_BOOT);
    statement.mark.seq = 2;
    CHECK_EQ(hear(&echo, &statement, 20), ECHO_GREETED);
    CHECK_EQ(echo.peers[1].accepted.boot, 0);
    CHECK_EQ(echo.peers[1].greets[echo.peers[1].greet_newest].seq, 2);
}

/* Without greet three restarted peers never meet (broken variant: no `greet`). */
TEST(first_contact_works_through_greet_alone)
{
    struct echo echo;
    echo_init(&echo, 0, 9);
    echo_sent(&echo, 0);
    struct statement statement = says(50, 1);
    statement.greet[0] = (struct mark){9, 1};
    CHECK_EQ(hear(&echo, &statement, 10), ECHO_ACCEPTED_BOOT);
    CHECK_EQ(echo_age(&echo, 1, 10), 10);
}

TEST(an_echo_older_than_a_lease_meets_nobody)
{
    struct echo echo;
    echo_init(&echo, 0, 9);
    echo_sent(&echo, 0);
    struct statement statement = says(50, 1);
    statement.heard[0] = (struct mark){9, 1};
    CHECK_EQ(hear(&echo, &statement, LEASE), ECHO_GREETED_BOOT);
}

TEST(an_echo_of_another_life_of_mine_or_of_the_future_proves_nothing)
{
    struct echo echo;
    echo_init(&echo, 0, 9);
    echo_sent(&echo, 0);
    struct statement statement = says(50, 1);
    statement.heard[0] = (struct mark){8, 1};
    CHECK_EQ(hear(&echo, &statement, 10), ECHO_GREETED_BOOT);
    statement = says(50, 2);
    statement.heard[0] = (struct mark){9, 2};
    CHECK_EQ(hear(&echo, &statement, 10), ECHO_GREETED);
}

/* Broken variant: order not enforced. */
TEST(an_overtaken_or_repeated_statement_is_worthless)
{
    struct echo echo;
    meet(&echo);
    struct statement late = says(50, 3);
    CHECK_EQ(hear(&echo, &late, 200), ECHO_ACCEPTED);
    CHECK_EQ(hear(&echo, &late, 200), ECHO_OLD);
    late = says(50, 2);
    late.heard[0] = (struct mark){9, 1};
    CHECK_EQ(hear(&echo, &late, 200), ECHO_OLD);
    CHECK_EQ(echo.peers[1].accepted.seq, 3);
}

/* Broken variant: new boot accepted on an old echo. */
TEST(a_new_life_needs_a_strictly_newer_echo_than_the_old_one_ever_gave)
{
    struct echo echo;
    meet(&echo);
    echo_sent(&echo, 150);
    struct statement other = says(60, 1);
    other.heard[0] = (struct mark){9, 1}; /* fresh, but not newer than what life 50 echoed */
    CHECK_EQ(hear(&echo, &other, 200), ECHO_GREETED_BOOT);
    other = says(60, 2);
    other.heard[0] = (struct mark){9, 2};
    CHECK_EQ(hear(&echo, &other, 200), ECHO_ACCEPTED_BOOT);
}

/* Broken variant: boot banned for good. */
TEST(a_replaced_life_may_come_back_on_a_newer_echo)
{
    struct echo echo;
    meet(&echo);
    for (uint64_t turn = 2; turn <= 9; turn++) {
        echo_sent(&echo, (mono_ms)turn * 100);
        struct statement statement = says(turn % 2 == 0 ? 60 : 50, turn);
        statement.heard[0] = (struct mark){9, turn};
        CHECK_EQ(hear(&echo, &statement, (mono_ms)turn * 100 + 10), ECHO_ACCEPTED_BOOT);
    }
    CHECK(echo.peers[1].swaps > BOOT_SWAP_ALARM);
}

/* Broken variant: `heard` of unaccepted statements (an outsider replays old lives). */
TEST(replays_of_old_lives_never_touch_what_i_said_i_accepted)
{
    struct echo echo;
    meet(&echo);
    for (uint64_t boot = 100; boot < 130; boot++) {
        struct statement statement = says(boot, 1000);
        CHECK_EQ(hear(&echo, &statement, 300), ECHO_GREETED_BOOT);
    }
    CHECK_EQ(echo.peers[1].accepted.boot, 50);
    CHECK_EQ(echo.peers[1].accepted.seq, 1);
    CHECK_EQ(echo.peers[1].accepted_at, 100);
}

TEST(a_recorded_greeting_is_known_and_need_not_be_verified_again)
{
    struct echo echo;
    meet(&echo);
    struct statement statement = says(60, 5);
    CHECK(!echo_knows(&echo, 1, &statement.mark));
    hear(&echo, &statement, 200);
    CHECK(echo_knows(&echo, 1, &statement.mark));
    CHECK(!echo_knows(&echo, 1, &(struct mark){60, 6}));
    CHECK(echo_knows(&echo, 1, &(struct mark){50, 1}));
    CHECK(!echo_knows(&echo, 1, &(struct mark){50, 2}));
}

TEST(age_counts_from_when_i_sent_what_is_echoed)
{
    struct echo echo;
    meet(&echo);
    CHECK_EQ(echo_age(&echo, 1, 100), 100);
    CHECK(echo_is_fresh(&echo, 1, LEASE - 1, LEASE));
    CHECK(!echo_is_fresh(&echo, 1, LEASE, LEASE));
    struct statement statement = says(50, 2); /* accepted by order, echoes nothing newer */
    CHECK_EQ(hear(&echo, &statement, 4000), ECHO_ACCEPTED);
    CHECK_EQ(echo_age(&echo, 1, 4000), 4000);
    CHECK_EQ(echo_age(&echo, 2, 4000), MONO_NEVER);
}

TEST(the_table_forgets_the_oldest_and_never_invents)
{
    struct echo echo;
    mono_ms sent = -1;
    echo_init(&echo, 0, 9);
    for (mono_ms i = 1; i <= SENT_COUNT_MAX + 1; i++)
        CHECK_EQ(echo_sent(&echo, i * 10).seq, i);
    CHECK(!echo_sent_at(&echo, 0, &sent));
    CHECK(!echo_sent_at(&echo, 1, &sent));
    CHECK(!echo_sent_at(&echo, SENT_COUNT_MAX + 2, &sent));
    CHECK(!echo_sent_at(&echo, UINT64_MAX, &sent));
    CHECK_EQ(sent, -1);
    CHECK(echo_sent_at(&echo, 2, &sent));
    CHECK_EQ(sent, 20);
}

TEST(only_both_other_peers_together_prove_that_i_was_rolled_back)
{
    struct echo echo;
    meet(&echo);
    struct statement statement = says(50, 2);
    statement.heard[0] = (struct mark){9, 77}; /* never sent */
    CHECK_EQ(hear(&echo, &statement, 200), ECHO_ACCEPTED);
    CHECK(!echo_rolled_back(&echo)); /* one peer alone could lie */
    statement.from = PEER_WITNESS;
    statement.mark = (struct mark){70, 1};
    statement.heard[0] = (struct mark){9, 1};
    CHECK_EQ(hear(&echo, &statement, 200), ECHO_ACCEPTED_BOOT);
    CHECK(!echo_rolled_back(&echo));
    statement.mark.seq = 2;
    statement.heard[0].seq = 78;
    CHECK_EQ(hear(&echo, &statement, 200), ECHO_ACCEPTED);
    CHECK(echo_rolled_back(&echo));
    CHECK_EQ(echo_age(&echo, PEER_WITNESS, 300), 300); /* the future makes nothing fresh */
}

/* The marks of eight unaccepted lives are kept, the oldest goes first. */
TEST(the_newest_of_each_unaccepted_life_is_kept_and_the_growing_one_greeted)
{
    struct echo echo;
    struct echo_peer *peer = &echo.peers[1];
    echo_init(&echo, 0, 9);
    for (uint64_t boot = 60; boot < 60 + GREET_COUNT_MAX; boot++) {
        struct statement statement = says(boot, 5);
        CHECK_EQ(hear(&echo, &statement, 10), ECHO_GREETED_BOOT);
        CHECK_EQ(peer->greets[peer->greet_newest].boot, boot);
    }
    for (uint64_t boot = 60; boot < 60 + GREET_COUNT_MAX; boot++) {
        CHECK(echo_knows(&echo, 1, &(struct mark){boot, 5}));
        CHECK(!echo_knows(&echo, 1, &(struct mark){boot, 6}));
    }
    struct statement grows = says(63, 6);
    CHECK_EQ(hear(&echo, &grows, 20), ECHO_GREETED);
    CHECK_EQ(peer->greets[peer->greet_newest].boot, 63);
    CHECK_EQ(peer->greets[peer->greet_newest].seq, 6);
    grows = says(65, 4); /* an older one of another: known, and not the living one */
    CHECK_EQ(hear(&echo, &grows, 20), ECHO_GREETED);
    CHECK_EQ(peer->greets[peer->greet_newest].boot, 63);
    CHECK(echo_knows(&echo, 1, &(struct mark){65, 5}));
    grows = says(99, 1);
    CHECK_EQ(hear(&echo, &grows, 30), ECHO_GREETED_BOOT);
    CHECK_EQ(peer->greets[peer->greet_newest].boot, 99);
    CHECK(echo_knows(&echo, 1, &(struct mark){63, 6})); /* not the one that grew before it */
}

TEST(an_accepted_life_is_greeted_no_more)
{
    struct echo echo;
    meet(&echo);
    struct statement other = says(40, 1), next = says(51, 1);
    CHECK_EQ(hear(&echo, &other, 150), ECHO_GREETED_BOOT);
    CHECK_EQ(hear(&echo, &next, 200), ECHO_GREETED_BOOT);
    echo_sent(&echo, 300);
    next = says(51, 2);
    next.heard[0] = (struct mark){9, 2};
    CHECK_EQ(hear(&echo, &next, 350), ECHO_ACCEPTED_BOOT);
    CHECK_EQ(echo.peers[1].swaps, 0);
    for (size_t i = 0; i < GREET_COUNT_MAX; i++)
        CHECK(echo.peers[1].greets[i].boot != 51);
    CHECK(echo_knows(&echo, 1, &(struct mark){40, 1})); /* the other one stays known */
    size_t named = 0;
    for (size_t i = 0; i < GREET_COUNT_MAX; i++)
        named += echo.peers[1].greets[i].boot != 0 || echo.peers[1].greets[i].seq != 0;
    CHECK_EQ(named, 1);
}

/* The first statement of a life may have any number. */
TEST(a_new_life_may_begin_with_its_first_number)
{
    struct echo echo;
    meet(&echo);
    CHECK_EQ(echo.peers[1].accepted.seq, 1);
    CHECK_EQ(echo.peers[1].accepted_at, 100);
    CHECK_EQ(echo.peers[2].accepted_at, MONO_LONG_AGO);
    CHECK_EQ(echo.peers[0].fresh_sent, MONO_LONG_AGO);
    mono_ms sent;
    CHECK(!echo_sent_at(&echo, 0, &sent));
    CHECK(!echo_sent_at(&echo, 2, &sent));
}

TEST(a_greeting_of_another_life_of_mine_is_no_echo)
{
    struct echo echo;
    meet(&echo);
    echo_sent(&echo, 300);
    struct statement statement = says(50, 2);
    statement.greet[0] = (struct mark){8, 2};
    CHECK_EQ(hear(&echo, &statement, 400), ECHO_ACCEPTED);
    CHECK_EQ(echo_age(&echo, 1, 400), 400);
    CHECK(!echo.peers[1].beyond);
}

TEST(of_heard_and_greet_the_newer_one_counts)
{
    struct echo echo;
    echo_init(&echo, 0, 9);
    for (mono_ms now = 0; now < 4000; now += 1000)
        echo_sent(&echo, now);
    struct statement statement = says(50, 1);
    statement.heard[0] = (struct mark){9, 3};
    statement.greet[0] = (struct mark){9, 2};
    CHECK_EQ(hear(&echo, &statement, 4000), ECHO_ACCEPTED_BOOT);
    CHECK_EQ(echo_age(&echo, 1, 4000), 2000);
    statement.mark.seq = 2;
    statement.heard[0] = (struct mark){9, 3};
    statement.greet[0] = (struct mark){9, 4};
    CHECK_EQ(hear(&echo, &statement, 4000), ECHO_ACCEPTED);
    CHECK_EQ(echo_age(&echo, 1, 4000), 1000);
    CHECK(!echo_is_fresh(&echo, 1, 8000, LEASE));
    CHECK(echo_is_fresh(&echo, 1, 7999, LEASE));
}

TEST(as_many_greetings_are_remembered_as_there_is_room_for)
{
    struct echo echo;
    meet(&echo);
    for (uint64_t boot = 100; boot < 100 + GREET_COUNT_MAX; boot++) {
        struct statement statement = says(boot, 5);
        CHECK_EQ(hear(&echo, &statement, 200), ECHO_GREETED_BOOT);
    }
    for (uint64_t boot = 100; boot < 100 + GREET_COUNT_MAX; boot++) {
        struct statement statement = says(boot, 6);
        CHECK_EQ(hear(&echo, &statement, 210), ECHO_GREETED);
        CHECK(echo_knows(&echo, 1, &statement.mark));
        CHECK_EQ(echo.peers[1].greets[echo.peers[1].greet_newest].boot, boot);
    }
    struct statement one_more = says(99, 1);
    CHECK_EQ(hear(&echo, &one_more, 220), ECHO_GREETED_BOOT);
    echo_sent(&echo, 300);
    for (uint64_t boot = 101; boot < 100 + GREET_COUNT_MAX; boot++) {
        echo_sent(&echo, 300 + (mono_ms)boot);
        struct statement statement = says(boot, 7);
        statement.heard[0] = echo.self;
        CHECK_EQ(hear(&echo, &statement, 500), ECHO_ACCEPTED_BOOT);
        for (size_t i = 0; i < GREET_COUNT_MAX; i++)
            CHECK(echo.peers[1].greets[i].boot != boot);
    }
}

/* Else an outsider's replay would choose whom I greet. */
TEST(a_repeated_greeting_is_not_the_newest)
{
    struct echo echo;
    meet(&echo);
    struct statement first = says(60, 5), second = says(70, 5);
    hear(&echo, &first, 200);
    hear(&echo, &second, 210);
    CHECK_EQ(hear(&echo, &first, 220), ECHO_GREETED);
    CHECK_EQ(echo.peers[1].greets[echo.peers[1].greet_newest].boot, 70);
    first.mark.seq = 4;
    hear(&echo, &first, 230);
    CHECK_EQ(echo.peers[1].greets[echo.peers[1].greet_newest].boot, 70);
    first.mark.seq = 6;
    hear(&echo, &first, 240);
    CHECK_EQ(echo.peers[1].greets[echo.peers[1].greet_newest].boot, 60);
}

TEST(one_peer_alone_cannot_say_that_memory_was_rolled_back)
{
    for (uint8_t liar = 0; liar < PEER_COUNT; liar++) {
        for (uint8_t self = 0; self < PEER_COUNT; self++) {
            struct echo echo;
            echo_init(&echo, self, 9);
            echo.peers[liar].beyond = true;
            CHECK(!echo_rolled_back(&echo));
            for (uint8_t peer = 0; peer < PEER_COUNT; peer++)
                echo.peers[peer].beyond = peer != self;
            CHECK(echo_rolled_back(&echo));
        }
    }
}

CHECK_MAIN
