/* dns_screen — what `holdfast dns` prints, and the lines to set by hand in `status`: pure, as
 * screen.h says. */
#ifndef HOLDFAST_CLI_DNS_SCREEN_H
#define HOLDFAST_CLI_DNS_SCREEN_H

#include "screen_parts.h"

/* Nothing can be read back of what a command changes. */
bool dns_screen_is_command(const json_t *record);
/* Is there what is wanted? A command's record counts as equal, since nothing is known of it. */
bool dns_screen_is_equal(const json_t *record);
/* The same, and read anew without a fault, and right for the daemon too. */
bool dns_screen_is_verified(const json_t *record);
/* Not verified, and nothing is wrong but that some of its servers do not show it yet. */
bool dns_screen_is_spreading(const json_t *record);

/* One record of `status`: what is there, what is wanted, each difference. `head` is the word for
 * what it comes to ("equal"). */
void dns_screen_record(FILE *out, const json_t *record, const char *head);
/* What adopting would do. */
void dns_screen_preview(FILE *out, const json_t *preview);
/* What a person is to put into the zone when the provider cannot be written; nothing otherwise. */
void dns_screen_by_hand(const struct screen *screen, const json_t *record);

#endif
