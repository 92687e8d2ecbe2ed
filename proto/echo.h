/* echo — is this statement new, and how old can it be at most?
 *
 * Room: the order of statements, first contact, and freshness without synchronised clocks
 * ("Statement: Order, First contact", "Freshness"). A statement that names a seq of mine was
 * signed after I sent that seq: its age is bounded by my clock alone. */
#ifndef HOLDFAST_PROTO_ECHO_H
#define HOLDFAST_PROTO_ECHO_H

#include "limits.h"
#include "statement.h"
#include "words.h"

struct echo_peer {
    struct mark accepted;                 /* newest accepted; boot 0 = none yet */
    mono_ms accepted_at;                  /* when; MONO_LONG_AGO = never */
    struct mark greets[GREET_COUNT_MAX];  /* verified, not accepted; newest of each boot */
    uint8_t greet_newest;                 /* the one that I tell of */
    uint64_t echo_high;                   /* highest own seq that an accepted one echoed */
    mono_ms fresh_sent;                   /* when I sent that seq; MONO_LONG_AGO = never */
    uint64_t boot_before;                 /* the boot that the present one replaced */
    uint32_t swaps;                       /* times a replaced boot came back */
    bool beyond;                          /* echoes a seq of my boot that I never sent */
};

struct echo {
    uint8_t index;    /* which peer I am */
    struct mark self; /* own boot, and the seq of the newest own statement */
    mono_ms sent[SENT_COUNT_MAX];
    struct echo_peer peers[PEER_COUNT];
};

enum echo_verdict {
    ECHO_ACCEPTED,
    ECHO_ACCEPTED_BOOT, /* accepted, and it is a new life of that peer */
    ECHO_OLD,           /* not above the last accepted seq of that boot */
    ECHO_GREETED,       /* another boot without a newer echo of me: noted for the greeting */
    ECHO_GREETED_BOOT,  /* the same, and that boot was not known before */
};

/* self: own index. boot: fresh random; asserted not 0. */
void echo_init(struct echo *echo, uint8_t self, uint64_t boot);
/* Counts a new own statement, notes that it leaves at `now`, and returns its mark. */
struct mark echo_sent(struct echo *echo, mono_ms now);
/* When own seq `seq` of the present boot was sent; false when unknown, forgotten or never. */
bool echo_sent_at(const struct echo *echo, uint64_t seq, mono_ms *ret_sent);
/* Judges a verified, plausible statement of another peer and takes it up when it is new. */
enum echo_verdict echo_heard(struct echo *echo, const struct statement *statement, mono_ms now,
                             span_ms lease_ms);
/* Would echo_heard find nothing new in this (boot, seq)? Asked before the signature check. */
bool echo_knows(const struct echo *echo, uint8_t from, const struct mark *mark);
/* Length since I sent what the newest accepted statement of `peer` echoes: an upper bound of its
 * age. MONO_NEVER when it echoes nothing of this boot. */
span_ms echo_age(const struct echo *echo, uint8_t peer, mono_ms now);
/* True while the newest accepted statement of `peer` is younger than `lease_ms`. */
bool echo_is_fresh(const struct echo *echo, uint8_t peer, mono_ms now, span_ms lease_ms);
/* True when both other peers echo statements that this boot never sent: memory rolled back. */
bool echo_rolled_back(const struct echo *echo);

#endif
