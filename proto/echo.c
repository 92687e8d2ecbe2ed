#include "echo.h"

#include <assert.h>
#include <string.h>

void echo_init(struct echo *echo, uint8_t self, uint64_t boot)
{
    assert(boot != 0);
    memset(echo, 0, sizeof *echo);
    echo->index = self;
    echo->self.boot = boot;
    for (size_t i = 0; i < SENT_COUNT_MAX; i++)
        echo->sent[i] = MONO_LONG_AGO;
    for (size_t i = 0; i < PEER_COUNT; i++) {
        echo->peers[i].accepted_at = MONO_LONG_AGO;
        echo->peers[i].fresh_sent = MONO_LONG_AGO;
    }
}

struct mark echo_sent(struct echo *echo, mono_ms now)
{
    echo->self.seq++;
    echo->sent[echo->self.seq % SENT_COUNT_MAX] = now;
    return echo->self;
}

bool echo_sent_at(const struct echo *echo, uint64_t seq, mono_ms *ret_sent)
{
    if (seq == 0 || seq > echo->self.seq || echo->self.seq - seq >= SENT_COUNT_MAX)
        return false;
    *ret_sent = echo->sent[seq % SENT_COUNT_MAX];
    return true;
}

/* Highest own seq of this boot that the statement names, accepted or greeted; 0 = none. */
static uint64_t echoed_seq(const struct echo *echo, const struct statement *statement)
{
    const struct mark *accepted = &statement->heard[echo->index];
    const struct mark *greeted = &statement->greet[echo->index];
    uint64_t seq = accepted->boot == echo->self.boot ? accepted->seq : 0;
    if (greeted->boot == echo->self.boot && greeted->seq > seq)
        seq = greeted->seq;
    return seq;
}

/* Keeps the newest mark of each unaccepted boot, so that a recorded datagram is verified at
 * most once, and greets the boot whose seq grows. True when the boot was not known. */
static bool greet(struct echo_peer *peer, const struct mark *mark)
{
    for (uint8_t i = 0; i < GREET_COUNT_MAX; i++) {
        if (peer->greets[i].boot != mark->boot)
            continue;
        if (mark->seq > peer->greets[i].seq) {
            peer->greets[i].seq = mark->seq;
            peer->greet_newest = i;
        }
        return false;
    }
    uint8_t slot = (uint8_t)((peer->greet_newest + 1) % GREET_COUNT_MAX);
    peer->greets[slot] = *mark;
    peer->greet_newest = slot;
    return true;
}

static void forget_greeting(struct echo_peer *peer, uint64_t boot)
{
    for (size_t i = 0; i < GREET_COUNT_MAX; i++)
        if (peer->greets[i].boot == boot)
            peer->greets[i] = (struct mark){0, 0};
}

static void replace_boot(struct echo_peer *peer, uint64_t boot)
{
    if (peer->accepted.boot != 0 && boot == peer->boot_before)
        peer->swaps++;
    peer->boot_before = peer->accepted.boot;
    peer->accepted = (struct mark){boot, 0};
    peer->echo_high = 0;
    forget_greeting(peer, boot);
}

enum echo_verdict echo_heard(struct echo *echo, const struct statement *statement, mono_ms now,
                             span_ms lease_ms)
{
    struct echo_peer *peer = &echo->peers[statement->from];
    uint64_t seq = echoed_seq(echo, statement);
    mono_ms sent = MONO_LONG_AGO;
    bool echoes = echo_sent_at(echo, seq, &sent);
    bool fresh = echoes && now - sent < lease_ms;
    enum echo_verdict verdict = ECHO_ACCEPTED;
    if (statement->mark.boot == peer->accepted.boot) {
        if (statement->mark.seq <= peer->accepted.seq)
            return ECHO_OLD;
    } else if (fresh && (peer->accepted.boot == 0 || seq > peer->echo_high)) {
        replace_boot(peer, statement->mark.boot);
        verdict = ECHO_ACCEPTED_BOOT;
    } else {
        return greet(peer, &statement->mark) ? ECHO_GREETED_BOOT : ECHO_GREETED;
    }
    peer->accepted.seq = statement->mark.seq;
    peer->accepted_at = now;
    peer->beyond = seq > echo->self.seq;
    if (echoes && seq > peer->echo_high) {
        peer->echo_high = seq;
        peer->fresh_sent = sent;
    }
    return verdict;
}

bool echo_knows(const struct echo *echo, uint8_t from, const struct mark *mark)
{
    const struct echo_peer *peer = &echo->peers[from];
    if (mark->boot == peer->accepted.boot)
        return mark->seq <= peer->accepted.seq;
    for (size_t i = 0; i < GREET_COUNT_MAX; i++)
        if (peer->greets[i].boot == mark->boot)
            return mark->seq <= peer->greets[i].seq;
    return false;
}

span_ms echo_age(const struct echo *echo, uint8_t peer, mono_ms now)
{
    mono_ms sent = echo->peers[peer].fresh_sent;
    return sent == MONO_LONG_AGO ? MONO_NEVER : now - sent;
}

bool echo_is_fresh(const struct echo *echo, uint8_t peer, mono_ms now, span_ms lease_ms)
{
    return echo_age(echo, peer, now) < lease_ms;
}

bool echo_rolled_back(const struct echo *echo)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (i != echo->index && !echo->peers[i].beyond)
            return false;
    return true;
}
