/* forecast — the whole answer: everything simulated that the question needs.
 *
 * Room: configuration and conditions in, figures out. The figures depend on question and seed
 * alone, not on the number of threads. */
#ifndef HOLDFAST_PLAN_FORECAST_H
#define HOLDFAST_PLAN_FORECAST_H

#include "blow.h"
#include "calm.h"
#include "crew.h"
#include "question.h"

#define FORECAST_PROFILES 3

/* Settings that were tried in this network. */
struct candidate {
    char name[16]; /* of the profile; "shortest" */
    span_ms interval_ms, lease_ms;
    struct calm_sums calm;
    bool safe; /* lapses: at most one a year, with 95 % confidence */
    bool tried;
};

struct forecast {
    struct setup setup;
    struct blow_report blows;
    struct calm_sums calm;         /* all three are up */
    struct calm_sums witness_away; /* and for as long as the witness is away */
    struct candidate profiles[FORECAST_PROFILES]; /* fast, normal, patient */
    struct candidate shortest; /* lease that is safe here, at interval = lease / 10; if one is */
    uint64_t steps;
    char violation[300]; /* a promise of the product was broken in a run; empty = none */
};

/* How core settings look when everything but interval and lease is the configuration's. */
struct core_settings forecast_settings(const struct config *config, span_ms interval_ms,
                                       span_ms lease_ms);
/* Simulates it all. ERR_USAGE: the question names a machine that the configuration does not have;
 * ERR_SYSTEM: out of memory. `ret` is large: allocate it. */
int forecast_make(const struct question *question, const struct config *config,
                  struct crew *crew, struct forecast *ret, struct err *err);
/* The shortest profile that is safe, or FORECAST_PROFILES. */
size_t forecast_shortest(const struct forecast *forecast);

#endif
