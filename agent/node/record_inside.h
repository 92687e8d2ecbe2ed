/* record_inside — the record's own state, shared by its parts: record.c (life, reading,
 * standing by), record_hold.c (what a read means while holding, writing), record_adopt.c (an
 * operator's word on what is there) and record_view.c (what people see).
 *
 * Nobody else includes it. */
#ifndef HOLDFAST_NODE_RECORD_INSIDE_H
#define HOLDFAST_NODE_RECORD_INSIDE_H

#include "record.h"
#include "record_adopt.h"
#include "record_fence.h"
#include "record_plan.h"
#include "record_show.h"
#include "tail.h"

#define BACKOFF_MS_MIN 100
#define BACKOFF_MS_MAX 2000
#define REFUSED_MS_MAX 10000 /* backoff while a configuration is wrong */

enum record_phase {
    PHASE_WATCH,   /* not holding: look, touch nothing */
    PHASE_CLAIM,   /* holding: the fence is to be written */
    PHASE_GUARD,   /* holding: written and read back; check now and then */
    PHASE_STOPPED, /* holding, but what is there forbids to write */
};
/* An operator's word: what they saw may be replaced, for a while. */
struct record_adoption {
    bool ordered;
    struct record_adopt_order order;
    mono_ms until;
};
enum record_running { RUNNING_NOTHING, RUNNING_READ, RUNNING_WRITE };

struct record {
    struct record_config config;
    struct record_world world;
    struct provider *provider;
    const struct provider_operations *operations;
    const struct serve *want;
    uint8_t self;
    char node_names[NODE_COUNT][NAME_SIZE];
    uv_timer_t timer;
    struct tail *tail;
    enum record_phase phase;
    enum record_running running;
    uint64_t epoch, known; /* held now or 0; highest plausible ever seen */
    struct record_tokens tokens;
    uint64_t tokens_epoch; /* under which they were drawn */
    struct record_budget budget;
    struct record_picture picture;
    struct permit permit;
    struct provider_change change;
    char token[TOKEN_SIZE];       /* of the running or last try */
    mono_ms since, try_since;     /* the wish to write; the try */
    mono_ms clear_at;             /* from then on no write of an earlier holder can land */
    mono_ms read_at;              /* last good read */
    mono_ms wrong_since;          /* the state is not RECORD_OK since then */
    span_ms backoff_ms, spread_ms;
    unsigned tries, equal_tries, fenced_in_row;
    bool tried, repairing, alarmed, waits_permit, reads_fail;
    unsigned reads;   /* ended, ever */
    bool looks, wide; /* the next read is to ask all servers; the last one did */
    char read_detail[RECORD_DETAIL_SIZE]; /* why the last read failed, when reads_fail */
    uint8_t holder;                       /* see record_told_holder */
    bool met, unadopted_told; /* a fence was seen here; its want was told */
    struct record_adoption adoption;
    bool failing;       /* holding, and the provider neither reads nor writes ... */
    mono_ms failing_at; /* ... since then */
    bool checking, checked; /* without reading: the write that puts right runs, has succeeded */
    enum provider_outcome last_outcome; /* of the last try, when `tried` */
    enum provider_outcome told_outcome; /* when equal_tries > 0 */
};

/* Acts (reads, then decides) in `ms`; replaces an earlier plan. */
void record_inside_act_in(struct record *record, span_ms ms);
/* The same with a wait that doubles from 100 ms up to `max`. */
void record_inside_back_off(struct record *record, span_ms max);
void record_inside_set(struct record *record, enum record_state state, const char *detail);
/* The same where something is wrong. */
void record_inside_trouble(struct record *record, enum record_state state,
                           enum trouble_kind kind, const char *detail);
/* Tells an event; fields NULL: only the label; else the reference is stolen. The text is the
 * present detail. */
void record_inside_tell(struct record *record, const char *event, enum reason_level level,
                        json_t *fields);
/* An alarm is told once until the record is right again. */
void record_inside_alarm(struct record *record, const char *event);

/* Takes up the wish to write the fence under record->epoch. */
void record_hold_wish(struct record *record);
/* Has the time of the earlier holder's late writes passed? If not, plans to look again. */
bool record_hold_is_clear(struct record *record);
/* Is there a permit? If not, plans to ask again. */
bool record_hold_may(struct record *record);
/* Weighs record->picture.last, then writes, waits, stops or is content. `why`: what the read
 * remarked. */
void record_hold_weigh(struct record *record, const struct trouble *why);
/* What a read means, as record_plan puts the question. Borrowed from the record. */
struct record_question record_hold_question(const struct record *record);
/* While holding, the provider failed; it answered or was written. */
void record_view_failed(struct record *record);
void record_view_answered(struct record *record);

/* Ends the operator's word when it is done, too old, or about something else than was read. */
void record_adopt_settle(struct record *record, enum record_plan plan);
/* Does this plan need the operator's word first? Then it is said, and nothing is written. */
bool record_adopt_waits(struct record *record, enum record_plan plan);
/* Does the operator's word allow to write although this plan forbids it? */
bool record_adopt_allows(const struct record *record, enum record_plan plan);
/* Is the name somebody else's up to now: addresses, no fence, and adopt = manual? */
bool record_adopt_is_unadopted(const struct record *record);

/* Cancels a running request and tells a write as cancelled. */
void record_hold_abandon(struct record *record);

#endif
