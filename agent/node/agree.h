/* agree — do the records show the same holder, and which one is behind?
 *
 * Room: compares what each record saw; pure. On the holder a record agrees once it was written and
 * read back; on any other node once it shows the highest epoch that any of them showed, of the node
 * that is known to hold, and was looked at since. What cannot be known is called unknown. */
#ifndef HOLDFAST_NODE_AGREE_H
#define HOLDFAST_NODE_AGREE_H

#include <jansson.h>

#include "../../proto/words.h"
#include "../peer/config.h"

/* One record as far as it is known. */
struct record_glance {
    const char *node;     /* in the fence; "" = none. Borrowed from the record */
    const struct serve *serve; /* addresses last read; borrowed */
    uint64_t epoch;       /* of the fence last read; 0 = none was there, or it is not understood */
    mono_ms read_at;      /* last good read; MONO_LONG_AGO = never */
    mono_ms wrong_since;  /* when it stopped being right; counts while it is not */
    bool can_read;        /* its provider can be read at all */
    bool readable;        /* and could be lately */
    bool holding;         /* this node holds, as far as this record knows */
    bool guarded;         /* holding: was written and read back once under this epoch */
    bool right;           /* fence and addresses are one node's, and as they should be */
};

/* NO: it is behind, or shows something else. */
enum agree_verdict { AGREE_UNKNOWN, AGREE_YES, AGREE_NO };

/* The highest epoch that was seen in any fence, and who holds, by the peers' own word; and since
 * when. Zeroed at first. */
struct agree {
    uint64_t top;
    mono_ms top_at;
    char holder[NAME_SIZE]; /* "" = nobody is known to hold */
    mono_ms holder_at;
};

/* A fence was read. True: it is higher than all before. */
bool agree_saw(struct agree *agree, uint64_t epoch, mono_ms now);
/* This node holds; "" = nobody is known to. */
void agree_heard(struct agree *agree, const char *holder, mono_ms now);
/* What is to be said of one record; ret_since: when it fell behind, for AGREE_NO. */
enum agree_verdict agree_judge(const struct agree *agree, const struct record_glance *glance,
                               mono_ms *ret_since);
/* Adds "readable", "agrees" and "behind" to what record_json made. wall_ms: the wall clock at
 * `now`. */
void agree_put(const struct agree *agree, const struct record_glance *glance, mono_ms now,
               int64_t wall_ms, json_t *record);

#endif
