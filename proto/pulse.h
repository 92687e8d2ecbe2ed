/* pulse — is a peer alive? One failure detector per peer.
 *
 * Room: arrivals in, a state for people and for the moves that need a living partner out. No
 * rule of safety rests on it. */
#ifndef HOLDFAST_PROTO_PULSE_H
#define HOLDFAST_PROTO_PULSE_H

#include "statement.h"
#include "words.h"

enum pulse_state {
    PULSE_FRESH,  /* heard within 2.5 intervals, and it hears me */
    PULSE_LATE,   /* later than that, but still fresh within the lease */
    PULSE_SILENT, /* nothing fresh for a lease, or never */
};

struct pulse {
    mono_ms heard_at;    /* newest accepted statement, direct or relayed */
    mono_ms direct_at;   /* newest accepted direct one */
    struct mark direct;  /* its mark */
    uint64_t arrivals;   /* one bit per statement of the last 64 numbers: arrived directly */
    uint32_t tracked;    /* how many of these bits count, 0..64 */
    span_ms rtt_ms;      /* smoothed over 8; -1 unknown */
    span_ms jitter_8ths; /* how far a round trip is off that, eighths of a ms: pulse_jitter */
    bool told_silent;    /* a note was given; the next fresh one says it is back */
};

/* Never heard. */
void pulse_init(struct pulse *pulse);
/* An accepted statement arrived. rtt_ms: -1 when this one cannot tell. */
void pulse_heard(struct pulse *pulse, const struct mark *mark, mono_ms now, bool direct,
                 span_ms rtt_ms);
/* echo_age: bound of the age of the newest accepted statement. */
enum pulse_state pulse_state(const struct pulse *pulse, mono_ms now, span_ms echo_age,
                             span_ms interval_ms, span_ms lease_ms);
/* Share of the last (at most 64) statements that did not come directly, in parts per thousand. */
uint32_t pulse_loss_ppt(const struct pulse *pulse);

/* How far round trips are off their mean, ms, smoothed over 8; 0 at first. */
span_ms pulse_jitter(const struct pulse *pulse);

#endif
