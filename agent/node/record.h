/* record — the floating name: compare-and-set on the fence, read back, repair.
 *
 * One object per [record]. It acts only while told to hold, each request under a permit; it
 * reports what it did as events and what is true as a record_view. Everything around it comes
 * in through `struct record_world`, so tests drive it without a cluster. */
#ifndef HOLDFAST_NODE_RECORD_H
#define HOLDFAST_NODE_RECORD_H

#include <jansson.h>
#include <uv.h>

#include "../../proto/outcome.h"
#include "../../proto/permit.h"
#include "../peer/config.h"
#include "../peer/err.h"
#include "../peer/events.h"
#include "agree.h"
#include "http/http.h"

struct record;

struct record_world {
    uv_loop_t *loop;
    struct http *http; /* NULL when no provider of this node asks over HTTP */
    const struct dns_config *dns; /* whom to ask when the world has it; borrowed; NULL = nobody */
    uint8_t self;                             /* own node's index */
    const char *node_names[NODE_COUNT];       /* for texts and fences; copied */
    const char *config_path; /* of the configuration, for remedies; borrowed; NULL = unnamed */
    bool (*permit)(void *owner, span_ms need_ms, struct permit *ret, enum reason *ret_reason);
    bool (*permit_holds)(void *owner, const struct permit *permit);
    void (*fence_seen)(void *owner, uint64_t epoch); /* any fence read; rule N6 */
    void (*tell)(void *owner, const struct happening *happening);
    void (*idle)(void *owner); /* no request of this record runs any more */
    void *owner;
};

enum record_state {
    RECORD_UNKNOWN,  /* not verified (yet) */
    RECORD_OK,       /* read back: fence mine (or the holder's) and the addresses right */
    RECORD_WRITING,
    RECORD_FENCED,   /* somebody with a higher epoch, or a foreign token, is in the fence */
    RECORD_REFUSED,  /* the provider refuses: configuration */
    RECORD_DRIFTED,  /* fence right, addresses not (drift = alert, or repair under way) */
    RECORD_CONTESTED, /* repaired 3 times in 10 min and changed again */
    RECORD_UNADOPTED  /* the name has addresses and never had a fence; adopt = manual: waits */
};

/* Could record_open do it? Opens its provider on `loop` and closes it again. */
int record_check(const struct record_config *config, uv_loop_t *loop, struct err *err);
/* Does its provider ask over HTTP? */
bool record_needs_http(const struct record_config *config);
/* config and world are copied. Reads the TSIG secret. ERR_USAGE: secret or server is no good. */
int record_open(struct record **ret, const struct record_config *config,
                const struct record_world *world, struct err *err);
/* Cancels what runs and frees; the loop must run until its handles are closed. */
void record_close(struct record *record);

/* The standing changed or was renewed. Holding (or forced): write the fence for a new epoch at
 * once, then verify and check every check_every. Not holding or leaving: cancel at once; a
 * standby still reads the record every check_every so that `status` can say what is there. */
void record_standing(struct record *record, const struct standing_report *report);
/* True while a request is on its way that may still have an effect. */
bool record_busy(const struct record *record);
/* Reads the provider now (for switchover's "can the provider be read?", and for doctor), whatever
 * wait was planned; the answer shows in record_json. */
void record_poke(struct record *record);
/* Reads the provider as soon as it can, all servers of it unless the fence is yet to be written.
 * Returns what `read.count` of record_json will be at least once that read has ended. */
unsigned record_look(struct record *record);
/* Who holds, as far as the core knows: whose addresses are wanted. PEER_NONE = nobody. */
void record_told_holder(struct record *record, uint8_t holder);
/* Its configuration; lives as long as the record. */
const struct record_config *record_config_of(const struct record *record);
/* What agree compares; its pointers are good until the record is told or reads something. */
void record_glance(const struct record *record, struct record_glance *ret);
/* {label, name, provider, fence, state, epoch, addresses[], verified {token, at, servers_ok,
 * servers} or null, detail (sentence or null), fault (trouble_name) and remedy (a line) or null,
 * unreadable (why the last read failed) or null, reads {begun, ended}, clock_ahead_s or null, tail
 * (see tail_json); and what record_view.h names}. New reference. */
json_t *record_json(const struct record *record);

#endif
