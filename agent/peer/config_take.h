/* config_take — takers: one way each to turn the text after the '=' into a part of the struct.
 *
 * Room: form and range of a single value; workbench of config_field.c. What values mean to each
 * other is asked in config_section.c and config_check.c. */
#ifndef HOLDFAST_PEER_CONFIG_TAKE_H
#define HOLDFAST_PEER_CONFIG_TAKE_H

#include "config_draft.h"

struct field;
typedef void field_taker(struct draft *draft, const struct field *field, const char *value);

/* One key of a kind of section. */
struct field {
    const char *key;
    field_taker *take;
    size_t offset;    /* in the section's struct */
    int64_t min, max; /* ms, plain numbers, or bytes of a path */
    bool required, repeats;
    const char *const *choices; /* by the value of the enum; NULL ends */
};

/* Values of the usual kinds; into the struct at field->offset. */
field_taker config_take_span;
field_taker config_take_count;
field_taker config_take_seconds;
field_taker config_take_drift;
field_taker config_take_choice;
field_taker config_take_algorithm;
field_taker config_take_domain;
field_taker config_take_key_name;
field_taker config_take_public_key;
field_taker config_take_path;
field_taker config_take_command;
field_taker config_take_serve;
/* Values with a place or a rule of their own. */
field_taker config_take_only_exec;
field_taker config_take_profile;
field_taker config_take_prefer;
field_taker config_take_demote_lead;
field_taker config_take_address;
field_taker config_take_server;
field_taker config_take_listen;
field_taker config_take_override;

#endif
