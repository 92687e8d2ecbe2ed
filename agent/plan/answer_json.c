/* Happy path: the object is put together and dumped at once.
 *
 * Failure modes: memory is short. Whether the output could be written the caller looks at. */
#include "answer_json.h"

#include <jansson.h>

#define PRECISION 6 /* digits of a number that is not whole */

static json_t *span_or_null(span_ms length)
{
    return length < 0 ? json_null() : json_integer(length);
}

static json_t *spread(const struct spread *spread)
{
    return json_pack("{s:o, s:o, s:o, s:i, s:i}", "median", span_or_null(spread_at(spread, 500)),
                     "p99", span_or_null(spread_at(spread, 990)), "max",
                     span_or_null(spread_at(spread, 1000)), "of", (int)spread_size(spread),
                     "never", (int)spread->never);
}

static json_t *network(const struct question *question)
{
    json_t *losses = json_array(), *stall = json_null();
    for (size_t i = 0; i < question->loss_count; i++)
        json_array_append_new(
            losses, json_pack("{s:s, s:s, s:f}", "from", question->losses[i].from, "to",
                              question->losses[i].to, "percent",
                              question->losses[i].loss_ppt / 10.0));
    if (question->stalls.p99_ms > 0)
        stall = json_pack("{s:I, s:I, s:I}", "p50_ms", (json_int_t)question->stalls.p50_ms,
                          "p99_ms", (json_int_t)question->stalls.p99_ms, "every_ms",
                          (json_int_t)question->stalls.every_ms);
    return json_pack("{s:f, s:f, s:o, s:I, s:I, s:I, s:I, s:I, s:o}", "loss_percent",
                     question->loss_ppt / 10.0, "witness_loss_percent",
                     question->witness_loss_ppt / 10.0, "losses", losses, "rtt_ms",
                     (json_int_t)question->rtt_ms, "witness_rtt_ms",
                     (json_int_t)question->witness_rtt_ms, "dns_rtt_ms",
                     (json_int_t)question->dns_rtt_ms, "jitter_ms",
                     (json_int_t)question->jitter_ms, "disk_ms", (json_int_t)question->disk_ms,
                     "stall", stall);
}

static json_t *kind(const struct forecast *forecast, enum blow_kind kind)
{
    const struct blow_sums *sums = &forecast->blows.kinds[kind];
    json_t *object = json_pack("{s:s, s:s, s:b, s:i, s:i}", "kind", blow_name(kind), "what",
                               blow_what(kind), "moves", blow_moves(kind), "failures",
                               (int)sums->blows, "moved", (int)sums->moved);
    if (!blow_moves(kind)) {
        json_object_set_new(object, "without_holder_ms", spread(&sums->holds));
        return object;
    }
    json_object_set_new(object, "holds_ms", spread(&sums->holds));
    json_object_set_new(object, "record_ms", forecast->setup.has_record ? spread(&sums->written)
                                                                        : json_null());
    return object;
}

static json_t *rate(const struct calm_rate *rate)
{
    return json_pack("{s:f, s:f, s:f}", "seen", rate->seen, "per_year", rate->per_year,
                     "at_most_per_year", rate->at_most);
}

static json_t *calm(const struct calm_sums *sums)
{
    struct calm_rate moves = calm_rate(sums, &sums->moves);
    struct calm_rate lapses = calm_rate(sums, &sums->lapses);
    double years = sums->seconds / YEAR_S;
    return json_pack("{s:f, s:f, s:I, s:I, s:o, s:o, s:f, s:f, s:I}", "simulated_years", years,
                     "stands_for_years", lapses.years, "close_call_runs", (json_int_t)sums->runs,
                     "stall_runs", (json_int_t)sums->stalls, "unwanted_moves", rate(&moves),
                     "leases_lost", rate(&lapses), "handovers_per_year", sums->handovers / years,
                     "without_holder_s_per_year", sums->without_ms / 1000 / years,
                     "longest_without_holder_ms", (json_int_t)sums->longest_ms);
}

static json_t *candidate(const struct candidate *candidate)
{
    struct calm_rate lapses = calm_rate(&candidate->calm, &candidate->calm.lapses);
    if (!candidate->tried)
        return json_null();
    return json_pack("{s:s, s:I, s:I, s:b, s:f, s:f, s:o}", "name", candidate->name,
                     "interval_ms", (json_int_t)candidate->interval_ms, "lease_ms",
                     (json_int_t)candidate->lease_ms, "safe", candidate->safe,
                     "simulated_years", candidate->calm.seconds / YEAR_S, "stands_for_years",
                     lapses.years, "leases_lost", rate(&lapses));
}

static json_t *whole(const struct question *question, const struct config *config,
                     const struct forecast *forecast)
{
    json_t *kinds = json_array(), *profiles = json_array();
    size_t shortest = forecast_shortest(forecast);
    for (enum blow_kind i = 0; i < BLOW_COUNT; i++)
        json_array_append_new(kinds, kind(forecast, i));
    for (size_t i = 0; i < FORECAST_PROFILES; i++)
        json_array_append_new(profiles, candidate(&forecast->profiles[i]));
    return json_pack(
        "{s:i, s:s, s:s, s:s, s:I, s:I, s:o, s:f, s:I, s:o, s:{s:o, s:o}, s:o, s:o, s:o, s:I}",
        "schema", 1, "version", HOLDFAST_VERSION, "cluster", config->cluster, "profile",
        config->profile, "interval_ms", (json_int_t)config->interval_ms, "lease_ms",
        (json_int_t)config->lease_ms, "network", network(question), "years", question->years,
        "seed", (json_int_t)question->seed, "kinds", kinds, "calm", "all_up",
        calm(&forecast->calm), "witness_away", calm(&forecast->witness_away), "profiles", profiles,
        "shortest_safe_profile",
        shortest < FORECAST_PROFILES ? json_string(forecast->profiles[shortest].name)
                                     : json_null(),
        "shortest_safe_lease", candidate(&forecast->shortest), "steps",
        (json_int_t)forecast->steps);
}

int answer_json_print(FILE *out, const struct question *question, const struct config *config,
                      const struct forecast *forecast, struct err *err)
{
    json_t *object = whole(question, config, forecast);
    if (object == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(PRECISION));
    fputc('\n', out);
    json_decref(object);
    return 0;
}
