/* relay — the newest statement of the third peer, verbatim, for whoever does not hear it.
 *
 * Room: keeps signed bytes and decides when a receiver lags ("Statement: Relay"). Trust is in
 * the signature, freshness in the echo: relayed is as good as direct. Nothing in quiet times. */
#ifndef HOLDFAST_PROTO_RELAY_H
#define HOLDFAST_PROTO_RELAY_H

#include "limits.h"
#include "words.h"

/* When a statement came. */
struct arrival {
    uint64_t seq;
    mono_ms at;
};

struct relay_kept {
    uint8_t bytes[SIGNED_SIZE_MAX];
    size_t size; /* 0 = nothing kept */
    struct mark mark;
    mono_ms at;
    struct arrival arrivals[ARRIVAL_COUNT_MAX]; /* newest first */
    size_t arrival_count;
};

struct relay {
    struct relay_kept kept[PEER_COUNT];
    mono_ms until[PEER_COUNT]; /* goes on relaying to this receiver until then */
};

/* Whose statements to whom, and the cluster's timers. */
struct relay_question {
    uint8_t to;
    uint8_t author;
    span_ms interval_ms;
    span_ms lease_ms;
};

/* Nothing kept. */
void relay_init(struct relay *relay);
/* Keeps the bytes of a newly accepted statement. size is at most SIGNED_SIZE_MAX (intake). */
void relay_keep(struct relay *relay, uint8_t author, const struct mark *mark,
                const uint8_t *bytes, size_t size);
/* Notes when it came; call right after relay_keep. Arrivals closer than `apart_ms` (half an
 * interval) to the one before are not noted, so that the table reaches back 1.5 intervals. */
void relay_arrived(struct relay *relay, uint8_t author, span_ms apart_ms, mono_ms now);
/* Should `author`'s newest go to `to` now? heard: what `to` said it accepted of `author`. True
 * while that lags more than 1.5 intervals behind what I had, and for one lease after. */
bool relay_wanted(struct relay *relay, const struct relay_question *question,
                  const struct mark *heard, mono_ms now);

#endif
