/* Happy path: what was asked, what comes of failures, what happens without any, what would do.
 *
 * Failure modes: none here; the caller looks whether the output could be written. */
#include "answer_text.h"

#include <string.h>

#include "../peer/config_value.h"

#define HOURS_A_YEAR (YEAR_S / 3600)
#define LEAST 0.001 /* smaller figures are all the same to people */

const char *answer_text_length(span_ms length, char ret[LENGTH_SIZE])
{
    if (length == SPREAD_NOTHING)
        snprintf(ret, LENGTH_SIZE, "-");
    else if (length < 0)
        snprintf(ret, LENGTH_SIZE, "never");
    else if (length < 1000)
        snprintf(ret, LENGTH_SIZE, "%d ms", (int)length);
    else if (length < 60000)
        snprintf(ret, LENGTH_SIZE, "%.2f s", (double)length / 1000);
    else
        snprintf(ret, LENGTH_SIZE, "%.1f min", (double)length / 60000);
    return ret;
}

static const char *span(span_ms length, char ret[CONFIG_VALUE_SPAN_SIZE])
{
    config_value_span_text(length, ret);
    return ret;
}

static void print_losses(FILE *out, const struct question *question)
{
    fprintf(out, "loss %.1f %%", question->loss_ppt / 10.0);
    if (question->witness_loss_ppt != question->loss_ppt)
        fprintf(out, " (witness %.1f %%)", question->witness_loss_ppt / 10.0);
    for (size_t i = 0; i < question->loss_count; i++)
        fprintf(out, ", %s to %s %.1f %%", question->losses[i].from, question->losses[i].to,
                question->losses[i].loss_ppt / 10.0);
}

static void print_question(FILE *out, const struct question *question,
                           const struct config *config)
{
    char a[CONFIG_VALUE_SPAN_SIZE], b[CONFIG_VALUE_SPAN_SIZE], c[CONFIG_VALUE_SPAN_SIZE];
    fprintf(out, "%s: profile %s, interval %s, lease %s\n", config->cluster, config->profile,
            span(config->interval_ms, a), span(config->lease_ms, b));
    fprintf(out, "network   ");
    print_losses(out, question);
    fprintf(out, "\n          round trip %s, to the witness %s, to the DNS server %s\n",
            span(question->rtt_ms, a), span(question->witness_rtt_ms, b),
            span(question->dns_rtt_ms, c));
    fprintf(out, "          jitter up to %s each way\n", span(question->jitter_ms, a));
    if (question->stalls.p99_ms > 0)
        fprintf(out, "machines  stand still once in %s, half of the times longer than %s,\n"
                     "          1 %% longer than %s\n", span(question->stalls.every_ms, a),
                span(question->stalls.p50_ms, b), span(question->stalls.p99_ms, c));
    else
        fprintf(out, "machines  never stand still\n");
}

static void print_moves(FILE *out, const struct forecast *forecast)
{
    bool record = forecast->setup.has_record;
    fprintf(out, "\n%-43s %9s %9s %9s %6s\n", record ? "until the record names the other node, when"
                                                     : "until the other node holds, when",
            "median", "p99", "max", "of");
    for (enum blow_kind kind = 0; kind < BLOW_COUNT; kind++) {
        const struct blow_sums *sums = &forecast->blows.kinds[kind];
        const struct spread *spread = record ? &sums->written : &sums->holds;
        char a[LENGTH_SIZE], b[LENGTH_SIZE], c[LENGTH_SIZE];
        if (!blow_moves(kind))
            continue;
        fprintf(out, "  %-41s %9s %9s %9s %6u\n", blow_what(kind),
                answer_text_length(spread_at(spread, 500), a),
                answer_text_length(spread_at(spread, 990), b),
                answer_text_length(spread_at(spread, 1000), c), spread_size(spread));
    }
    fprintf(out, "  * counted from the return of the witness: without it nobody can take over\n");
}

static void print_stays(FILE *out, const struct forecast *forecast)
{
    fprintf(out, "\n%-43s %9s %9s %9s %6s\n", "nothing is to move; nobody holds for", "median",
            "p99", "max", "moved");
    for (enum blow_kind kind = 0; kind < BLOW_COUNT; kind++) {
        const struct blow_sums *sums = &forecast->blows.kinds[kind];
        char a[LENGTH_SIZE], b[LENGTH_SIZE], c[LENGTH_SIZE];
        if (blow_moves(kind))
            continue;
        fprintf(out, "  %-41s %9s %9s %9s %6u\n", blow_what(kind),
                answer_text_length(spread_at(&sums->holds, 500), a),
                answer_text_length(spread_at(&sums->holds, 990), b),
                answer_text_length(spread_at(&sums->holds, 1000), c), sums->moved);
    }
}

/* Two digits of a small number, all of a large one. */
static void put_number(double number, const char *unit, char *ret, size_t size)
{
    if (number > 0 && number < LEAST)
        snprintf(ret, size, "below %g %s", LEAST, unit);
    else
        snprintf(ret, size, number < 10 ? "%.2g %s" : "%.0f %s", number, unit);
}

static void put_frequency(double per_year, char *ret, size_t size)
{
    if (per_year > HOURS_A_YEAR)
        put_number(per_year / HOURS_A_YEAR, "an hour", ret, size);
    else if (per_year > 2 * HOURS_A_YEAR / 24)
        put_number(per_year / HOURS_A_YEAR * 24, "a day", ret, size);
    else
        put_number(per_year, "a year", ret, size);
}

void answer_text_rate(const struct calm_rate *rate, char *ret, size_t size)
{
    if (rate->seen > 0)
        put_frequency(rate->per_year, ret, size);
    else
        snprintf(ret, size, "0 in %.2g years", rate->years);
}

void answer_text_most(const struct calm_rate *rate, char *ret, size_t size)
{
    char text[40];
    put_frequency(rate->at_most, text, sizeof text);
    snprintf(ret, size, "at most %s", text);
}

void answer_text_without(const struct calm_sums *sums, char *ret, size_t size)
{
    double share = sums->seconds > 0 ? sums->without_ms / 1000 / sums->seconds : 0;
    if (share > 0.01)
        snprintf(ret, size, "%.0f %% of the time", share * 100);
    else
        put_number(share * YEAR_S, "s a year", ret, size);
}

static void print_rate(FILE *out, const char *what, const struct calm_rate *rate)
{
    char seen[40], most[60];
    answer_text_rate(rate, seen, sizeof seen);
    answer_text_most(rate, most, sizeof most);
    fprintf(out, "  %-24s %s (%s)\n", what, seen, most);
}

static void print_calm(FILE *out, const char *title, const struct calm_sums *sums)
{
    struct calm_rate moves = calm_rate(sums, &sums->moves);
    struct calm_rate lapses = calm_rate(sums, &sums->lapses);
    char without[40];
    double years = sums->seconds / YEAR_S;
    fprintf(out, "\n%s\n", title);
    print_rate(out, "unwanted moves", &moves);
    print_rate(out, "leases lost", &lapses);
    answer_text_without(sums, without, sizeof without);
    fprintf(out, "  %-24s %s", "nobody holds", without);
    if (sums->longest_ms > 0) {
        char longest[LENGTH_SIZE];
        fprintf(out, ", at most %s at a time", answer_text_length(sums->longest_ms, longest));
    }
    fprintf(out, "\n  %-24s %.2g years", "rests on", years);
    if (sums->multiple > 1)
        fprintf(out, ", %llu close calls", (unsigned long long)sums->runs);
    if (sums->stalls > 0)
        fprintf(out, ", %llu stalls", (unsigned long long)sums->stalls);
    fprintf(out, "\n");
}

static void print_candidate(FILE *out, const struct candidate *candidate)
{
    struct calm_rate lapses = calm_rate(&candidate->calm, &candidate->calm.lapses);
    char interval[CONFIG_VALUE_SPAN_SIZE], lease[CONFIG_VALUE_SPAN_SIZE];
    char seen[40], most[60];
    fprintf(out, "  %-9s %6s / %-6s  %-9s", candidate->name,
            span(candidate->interval_ms, interval), span(candidate->lease_ms, lease),
            candidate->safe ? "safe" : "not safe");
    answer_text_rate(&lapses, seen, sizeof seen);
    answer_text_most(&lapses, most, sizeof most);
    fprintf(out, " %s (%s)\n", seen, most);
}

static void print_advice(FILE *out, const struct forecast *forecast)
{
    size_t shortest = forecast_shortest(forecast);
    fprintf(out, "\nleases lost on this network (safe: at most one a year, 95 %% confidence)\n");
    for (size_t i = 0; i < FORECAST_PROFILES; i++)
        print_candidate(out, &forecast->profiles[i]);
    if (forecast->shortest.tried)
        print_candidate(out, &forecast->shortest);
    if (shortest < FORECAST_PROFILES)
        fprintf(out, "shortest safe profile: %s", forecast->profiles[shortest].name);
    else
        fprintf(out, "no profile is safe");
    if (forecast->shortest.tried) {
        char interval[CONFIG_VALUE_SPAN_SIZE], lease[CONFIG_VALUE_SPAN_SIZE];
        fprintf(out, "; shortest safe lease: %s, interval %s",
                span(forecast->shortest.lease_ms, lease),
                span(forecast->shortest.interval_ms, interval));
    } else {
        fprintf(out, ", nor any lease up to 60 s");
    }
    fprintf(out, "\n");
}

void answer_text_print(FILE *out, const struct question *question, const struct config *config,
                       const struct forecast *forecast)
{
    print_question(out, question, config);
    print_moves(out, forecast);
    print_stays(out, forecast);
    print_calm(out, "without any failure", &forecast->calm);
    print_calm(out, "for as long as the witness is away", &forecast->witness_away);
    print_advice(out, forecast);
    fprintf(out, "seed %llu; %.0f million steps of the core; %.1f days with %u failures\n",
            (unsigned long long)question->seed, (double)forecast->steps / 1e6,
            forecast->blows.seconds / 86400, BLOW_COUNT * forecast->blows.kinds[0].blows);
}
