/* doctor_guard — what others demand of a record: FS PBX's guard, and Amazon's permission. */
#ifndef HOLDFAST_CLI_DOCTOR_GUARD_H
#define HOLDFAST_CLI_DOCTOR_GUARD_H

#include <jansson.h>

#include "doctor.h"

/* FS PBX lets scheduled tasks run only on the node that the name points at: whole A and AAAA
 * sets, of one node only, equal at all authoritative servers, at least one address public. Adds a
 * line about that, where the record is right; and for Route 53 one with the minimal policy. */
void doctor_guard(struct doctor *doctor, const json_t *record,
                  const struct record_config *config);
/* Can the whole world reach this literal address? */
bool doctor_guard_is_public(const char *address);

#endif
