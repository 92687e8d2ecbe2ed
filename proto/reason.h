/* reason — every decision the core reports, as a code, an event name and a sentence.
 *
 * Room: one table. The core stays free of text: it returns codes (`struct note`,
 * `struct obstacle`), and whoever shows them renders the sentence from here, so syslog,
 * `status`, `why` and the stories print the same words.
 * Placeholders in sentences: {peer} name of note.peer, {epoch} note.epoch,
 * {number} note.number as it is, {ms} note.number as a length. */
#ifndef HOLDFAST_PROTO_REASON_H
#define HOLDFAST_PROTO_REASON_H

#include "words.h"

/* How loud: ALARM wants a person, DEBUG goes nowhere by default. */
enum reason_level { REASON_DEBUG, REASON_INFO, REASON_NOTICE, REASON_WARNING, REASON_ALARM };

/* X(code, level, event name, sentence) */
#include "reason_table.h"

/* REASON_<code> of each row. */
enum reason {
#define X(code, level, name, sentence) REASON_##code,
    REASON_TABLE(X)
#undef X
        REASON_COUNT
};

/* Something that was decided or noticed in a step. Facts only; no ownership. */
struct note {
    enum reason reason;
    uint8_t peer; /* whom it is about, or PEER_NONE */
    uint64_t epoch;
    int64_t number; /* meaning depends on the reason: a length, an instant, a count */
};

/* One condition that keeps a thing from happening, and when it could next change. */
struct obstacle {
    enum reason reason;
    uint8_t peer;
    uint64_t epoch;
    mono_ms until; /* MONO_NEVER when no time alone ends it */
};

/* Event name in the form "promise-ended"; never NULL. Asserts a valid code. */
const char *reason_name(enum reason reason);
/* Sentence with placeholders; never NULL. Asserts a valid code. */
const char *reason_sentence(enum reason reason);
enum reason_level reason_level(enum reason reason);

#endif
