/* silence — what a peer must not say yet after its start (rule V5).
 *
 * Room: knows why this peer is silent and what must happen first. A restarted peer renews only
 * the stored epoch of the stored holder; one that lost its file backs nobody until a lease has
 * passed and both others were heard freshly; a new cluster waits one lease. */
#ifndef HOLDFAST_PROTO_SILENCE_H
#define HOLDFAST_PROTO_SILENCE_H

#include "outcome.h"
#include "statement.h"

enum silence_kind {
    SILENCE_NONE,
    SILENCE_RESTART,
    SILENCE_GENESIS,
    SILENCE_AMNESIA,
    SILENCE_WRITING, /* learned; (floor, nobody) is on its way to the disk */
};

struct silence {
    enum silence_kind kind;
    uint8_t self;
    mono_ms started;
    span_ms lease_max_ms;    /* longest of own, stored and (amnesia) heard leases */
    bool heard[PEER_COUNT];  /* a fresh statement of that peer was accepted */
    bool excused[PEER_COUNT]; /* the operator says that this peer is gone */
    uint64_t stored_epoch;
    uint8_t stored_holder;
    uint64_t ticket; /* SILENCE_WRITING */
};

/* found: what the state file held. */
void silence_init(struct silence *silence, uint8_t self, const struct stored *found,
                  span_ms lease_ms, mono_ms now);
/* Says once, at the start, why this peer is silent. */
void silence_told(const struct silence *silence, struct outcome *outcome);
/* A fresh statement of another peer was accepted. */
void silence_heard(struct silence *silence, const struct statement *statement,
                   struct outcome *outcome);
/* The operator says that `peer` is gone (`holdfast recover`). */
void silence_excuse(struct silence *silence, uint8_t peer);
/* True once, in the step in which an amnesia has lasted long enough and learned enough: the
 * caller makes what it knows its floor, has it written and calls silence_writing. Ends the
 * other silences by itself. */
bool silence_settle(struct silence *silence, mono_ms now, struct outcome *outcome);
void silence_writing(struct silence *silence, uint64_t ticket);
/* What was learned is on disk. */
void silence_written(struct silence *silence, uint64_t floor, struct outcome *outcome);
/* True while this peer moves nothing. */
bool silence_holds(const struct silence *silence);
/* Rule V5: may this claim be renewed in spite of the silence? Only the stored one, and only when it
 * is held: of a claim that waits, a disk that came back older than it was cannot tell whether this
 * peer has meanwhile promised itself to the other node. */
bool silence_renews(const struct silence *silence, const struct statement *claim);
/* Earliest instant at which time alone could end it; MONO_NEVER when somebody must be heard. */
mono_ms silence_until(const struct silence *silence);
/* First peer still to be heard, or PEER_NONE. */
uint8_t silence_misses(const struct silence *silence);

#endif
