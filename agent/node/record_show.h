/* record_show — a record in words: for `status` and for the event log. No decisions. */
#ifndef HOLDFAST_NODE_RECORD_SHOW_H
#define HOLDFAST_NODE_RECORD_SHOW_H

#include "dns/provider.h"
#include "record.h"
#include "record_fence.h"
#include "trouble.h"

#define RECORD_DETAIL_SIZE 960 /* two names of 255, a fence and a sentence */

/* What is true as far as it is known; kept by record. */
struct record_picture {
    const struct record_config *config;
    const char *config_path; /* of the file; borrowed */
    const struct provider_operations *operations;
    enum record_state state;
    enum trouble_kind fault; /* of `detail` */
    char detail[RECORD_DETAIL_SIZE];
    struct trouble reading; /* why the last read failed; nothing = it did not */
    unsigned reads_begun, reads_ended; /* a count; cancelled ones have ended too */
    bool seen; /* `last` holds something */
    struct provider_state last;
    int64_t clock_ahead_s;  /* so far this machine's clock was ahead of the provider's */
    bool clock_known;
    struct record_fence fence; /* of `last`; epoch 0 = none */
    bool verified;
    int64_t verified_wall_ms;
    char verified_token[TOKEN_SIZE];
    unsigned servers_ok, servers;
};

/* As record_json says. New reference. */
json_t *record_show_json(const struct record_picture *picture);
/* "won", "fenced", "refused", "unknown". */
const char *record_show_outcome(enum provider_outcome outcome);

/* One write as it is told. */
struct record_try {
    unsigned number;
    enum provider_outcome outcome;
    bool cancelled;
    span_ms ms;
    const char *detail;
    char token[TOKEN_SIZE];
};
/* Fields of the events "dns-write" and "record-written". New references. */
json_t *record_show_try(const struct record_picture *picture, const struct record_try *try);
json_t *record_show_written(const struct record_picture *picture, const struct record_try *try);

/* What kind of fence that is which is not understood. */
enum trouble_kind record_show_kind(const struct record_picture *picture);
/* Who may have written a token that is not one's own under one's own epoch. */
#define RECORD_FOREIGN_CAUSES                                                                     \
    "another process with this node's key, an older state file of this node that came back, or " \
    "a hand; find out which, or it will happen again"

/* The sentence for a name that was never holdfast's. */
void record_show_unadopted(const struct record_picture *picture, char ret[RECORD_DETAIL_SIZE]);
/* The sentence for a fence that is not understood, naming what to delete. */
void record_show_garbage(const struct record_picture *picture, char ret[RECORD_DETAIL_SIZE]);

#endif
