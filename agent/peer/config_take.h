/* config_take — takers: one way each to turn the text after the '=' into a part of the struct.
 *
 * Room: form and range of a single value; workbench of config_field.c. What values mean to each
 * other is asked in config_section.c and config_check.c. */
#ifndef HOLDFAST_PEER_CONFIG_TAKE_H
#define HOLDFAST_PEER_CONFIG_TAKE_H

#include "config_draft.h"

struct field;
/* Turns `value` into the part of draft->target that `field` names, or complains. */
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
void config_take_span(struct draft *draft, const struct field *field, const char *value);
void config_take_count(struct draft *draft, const struct field *field, const char *value);
void config_take_seconds(struct draft *draft, const struct field *field, const char *value);
void config_take_drift(struct draft *draft, const struct field *field, const char *value);
void config_take_choice(struct draft *draft, const struct field *field, const char *value);
void config_take_algorithm(struct draft *draft, const struct field *field, const char *value);
void config_take_domain(struct draft *draft, const struct field *field, const char *value);
void config_take_key_name(struct draft *draft, const struct field *field, const char *value);
void config_take_public_key(struct draft *draft, const struct field *field, const char *value);
void config_take_path(struct draft *draft, const struct field *field, const char *value);
void config_take_command(struct draft *draft, const struct field *field, const char *value);
void config_take_name(struct draft *draft, const struct field *field, const char *value);
void config_take_zone_id(struct draft *draft, const struct field *field, const char *value);
void config_take_endpoint(struct draft *draft, const struct field *field, const char *value);
void config_take_serve(struct draft *draft, const struct field *field, const char *value);
/* Values with a place or a rule of their own. */
void config_take_only_exec(struct draft *draft, const struct field *field, const char *value);
void config_take_profile(struct draft *draft, const struct field *field, const char *value);
void config_take_prefer(struct draft *draft, const struct field *field, const char *value);
void config_take_demote_lead(struct draft *draft, const struct field *field, const char *value);
void config_take_address(struct draft *draft, const struct field *field, const char *value);
void config_take_server(struct draft *draft, const struct field *field, const char *value);
void config_take_authoritative(struct draft *draft, const struct field *field, const char *value);
void config_take_resolver(struct draft *draft, const struct field *field, const char *value);
void config_take_doh(struct draft *draft, const struct field *field, const char *value);
void config_take_listen(struct draft *draft, const struct field *field, const char *value);
void config_take_override(struct draft *draft, const struct field *field, const char *value);

#endif
