/* answer_text — the forecast as a page of text. */
#ifndef HOLDFAST_PLAN_ANSWER_TEXT_H
#define HOLDFAST_PLAN_ANSWER_TEXT_H

#include <stdio.h>

#include "forecast.h"

#define LENGTH_SIZE 16

/* The page, at most 80 columns. */
void answer_text_print(FILE *out, const struct question *question, const struct config *config,
                       const struct forecast *forecast);
/* "83 ms", "4.93 s", "never"; in `ret`, which it returns. */
const char *answer_text_length(span_ms length, char ret[LENGTH_SIZE]);

#endif
