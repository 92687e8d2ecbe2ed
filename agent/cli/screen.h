/* screen — `holdfast status` as text for a person, from the JSON that scripts get.
 *
 * Room: pure rendering. No socket, no clock, no terminal: the same object and style give the
 * same bytes. Tolerates any object (absent and null are the same); what comes from outside is
 * stripped of control characters. */
#ifndef HOLDFAST_CLI_SCREEN_H
#define HOLDFAST_CLI_SCREEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../proto/words.h"

#define SCREEN_WIDTH 80

struct screen_style {
    size_t width; /* columns, at least 60 */
    bool colour;
};

/* The whole screen of `status`. */
void screen_status(FILE *out, const json_t *status, struct screen_style style);
/* The list of `why`. */
void screen_why(FILE *out, const json_t *list, struct screen_style style);

/* A length for people: "0.3 s", "45 s", "2m 5s", "2h 4m", "3d 4h"; "-" below 0. */
void screen_span(span_ms length, char *ret, size_t size);

#endif
