/* answer_svg — the forecast as a picture: one histogram per kind of failure. */
#ifndef HOLDFAST_PLAN_ANSWER_SVG_H
#define HOLDFAST_PLAN_ANSWER_SVG_H

#include "forecast.h"

/* Writes the file `path` (replaced if it is there). One SVG without scripts or anything from
 * elsewhere, for light and dark backgrounds. ERR_SYSTEM: cannot be written. */
int answer_svg_write(const char *path, const struct question *question,
                     const struct config *config, const struct forecast *forecast,
                     struct err *err);

#endif
