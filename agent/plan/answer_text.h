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
/* "0.4 a year", "3 an hour", or "0 in 5 years" when nothing was seen. */
void answer_text_rate(const struct calm_rate *rate, char *ret, size_t size);
/* "at most 0.6 a year". */
void answer_text_most(const struct calm_rate *rate, char *ret, size_t size);
/* How long nobody holds: "0.2 s a year" or "3 % of the time". */
void answer_text_without(const struct calm_sums *sums, char *ret, size_t size);

#endif
