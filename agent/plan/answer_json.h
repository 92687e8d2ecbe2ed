/* answer_json — the forecast for programs: schema 1, holdfast-plan(1) explains each field. */
#ifndef HOLDFAST_PLAN_ANSWER_JSON_H
#define HOLDFAST_PLAN_ANSWER_JSON_H

#include <stdio.h>

#include "forecast.h"

/* One object, indented. ERR_SYSTEM: out of memory. */
int answer_json_print(FILE *out, const struct question *question, const struct config *config,
                      const struct forecast *forecast, struct err *err);

#endif
