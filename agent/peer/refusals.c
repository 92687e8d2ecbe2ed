/* Happy path: the first refusal of a kind is told at once, later ones as a sum a minute later.
 *
 * Failure modes: none; replays are quiet, since every second path of a peer makes one. */
#include "refusals.h"

#include <inttypes.h>
#include <stdio.h>

#include "log.h"
#include "reach.h"

#define TELL_EVERY_MS 60000

void refusals_note(struct refusals *refusals, const struct intake *intake,
                   enum intake_verdict verdict, const struct sockaddr *from, mono_ms now)
{
    char line[400], source[REACH_TEXT_SIZE];
    mono_ms told_at = refusals->told_at[verdict];
    uint64_t count = intake->counts[verdict] - refusals->told[verdict];
    if (verdict == INTAKE_OK || (told_at != 0 && now - told_at < TELL_EVERY_MS))
        return;
    refusals->told_at[verdict] = now > 0 ? now : 1;
    refusals->told[verdict] = intake->counts[verdict];
    reach_text(from, source);
    snprintf(line, sizeof line,
             "event=datagrams-refused reason=%s count=%" PRIu64 " from=%s msg=\"%" PRIu64
             " datagrams refused: %s; the last from %s\"",
             intake_name(verdict), count, source, count, intake_sentence(verdict), source);
    log_line(verdict == INTAKE_REPLAY ? REASON_DEBUG : REASON_WARNING, line);
}

json_t *refusals_json(const struct intake *intake)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < INTAKE_VERDICT_COUNT; i++)
        if (i != INTAKE_OK)
            (void)json_object_set_new(object, intake_name((enum intake_verdict)i),
                                      json_integer((json_int_t)intake->counts[i]));
    return object;
}
