/* follow — watches in the daemon's status what an order brought about.
 *
 * Room: asks again and again before a deadline, prints each thing that happened with its time
 * since the order; orders nothing itself. */
#ifndef HOLDFAST_CLI_FOLLOW_H
#define HOLDFAST_CLI_FOLLOW_H

#include <jansson.h>

#include "../../proto/words.h"
#include "command.h"

#define FOLLOW_POLL_MS 30

/* The status now; `poke` has the records read anew. NULL when there is no answer in time. New
 * reference. */
json_t *follow_status(const struct cli_options *options, bool poke);
/* A text of a status, "" when it is not there. Lives as long as the object. */
const char *follow_text(const json_t *object, const char *key);

/* Prints until the other node holds (at most three leases after `ordered`, CLOCK_BOOTTIME) and
 * its records were read back from here. Returns the command's exit code: COMMAND_NO when one of
 * the two was not seen, with where to look on stderr. */
int follow_switchover(const struct cli_options *options, mono_ms ordered, span_ms lease_ms);
/* Prints until a start of the daemon other than that of `before` (a status) answers and stands
 * where that one stood: 15 s for the first, then two leases and 2 s. Exit code as above. */
int follow_restart(const struct cli_options *options, const json_t *before, mono_ms ordered);

#endif
