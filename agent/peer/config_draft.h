/* config_draft — a configuration while it is being read: the workbench of config.c,
 * config_section.c, config_field.c, config_provider.c and config_check.c, and of nobody else. */
#ifndef HOLDFAST_PEER_CONFIG_DRAFT_H
#define HOLDFAST_PEER_CONFIG_DRAFT_H

#include "complaint.h"
#include "config.h"

#define DRAFT_FIELD_MAX 24    /* keys of one kind of section */
#define DRAFT_OVERRIDE_MAX 32 /* serve.NODE lines' targets in all records */
#define DRAFT_TITLE_SIZE 300

enum draft_kind {
    DRAFT_CLUSTER,
    DRAFT_NODE,
    DRAFT_WITNESS,
    DRAFT_RECORD,
    DRAFT_PROBE,
    DRAFT_DNS,
    DRAFT_NOTIFY,
    DRAFT_LOCAL,
    DRAFT_KIND_COUNT,
    DRAFT_NONE,  /* before the first section */
    DRAFT_SKIP,  /* a section that was refused: its keys are passed over in silence */
};

/* serve.NODE of a record; the node's section may come later in the file. */
struct draft_override {
    size_t record;
    char node[NAME_SIZE];
    unsigned line;
    struct serve serve;
};

struct draft {
    struct config *config;
    struct complaints *complaints;
    unsigned line; /* the one being read; 0 = the file as a whole */

    enum draft_kind kind; /* of the section being read */
    char title[DRAFT_TITLE_SIZE];
    unsigned section_line;
    void *target;                          /* the struct that its keys fill */
    unsigned field_lines[DRAFT_FIELD_MAX]; /* where each key stood; 0 = not there */
    bool provider_refused;                 /* of the [record] being read: a word that is none */

    /* Where those sections began; 0 = never. */
    unsigned cluster_line, dns_line, notify_line, local_line;
    size_t node_count;
    bool serve_given[NODE_COUNT]; /* the key was there, right or wrong */
    char prefer[NAME_SIZE];
    unsigned prefer_line;
    span_ms demote_lead_ms; /* as written; -1 = not there */
    struct draft_override overrides[DRAFT_OVERRIDE_MAX];
    size_t override_count;
};

/* Complaints about the present line, the present section, or the file as a whole. */
struct complaint_place config_draft_here(const struct draft *draft, const char *key);

/* Ends the present section and begins the one of this title; NULL: unreadable, skip its keys.
 * In config_section.c. */
void config_section_open(struct draft *draft, const char *title);
/* Ends the present section: what is missing in it, and what does not go together. */
void config_section_close(struct draft *draft);

/* Takes one key of the present section. In config_field.c. */
void config_field_take(struct draft *draft, const char *key, const char *value);
/* Line where a key of the present section stood, or 0. Asserts that the section has it. */
unsigned config_field_line(const struct draft *draft, const char *key);
/* Complains about each required key of the present section that never came. */
void config_field_require(struct draft *draft);

/* Do the keys of the [record] being closed go with its provider? In config_provider.c. */
void config_provider_check(struct draft *draft);

/* Would these two records fight over one fence? NULL: no; else what is expected instead, for a
 * complaint. In config_clash.c. */
const char *config_clash(const struct record_config *a, const struct record_config *b);

/* What only the whole file shows: missing sections, doubles, references. In config_check.c. */
void config_check_whole(struct draft *draft);

#endif
