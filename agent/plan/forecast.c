/* Happy path: blows first, then calm years with the settings of the configuration, then the same,
 * in less detail, for the other profiles and for leases in between.
 *
 * Failure modes: memory is short; a run breaks a promise of the product: the rest is left out. */
#include "forecast.h"

#include <stdlib.h>
#include <string.h>

#define BLOW_TASKS 20
#define CALM_TASKS 16
#define PILOT_TASKS 4
#define PILOT_SHARE 64             /* of the steps of the whole, per task */
#define CALM_STEPS_MAX 48000000    /* for the configuration's own settings */
#define AWAY_STEPS_MAX 20000000    /* while the witness is away */
#define TRIAL_STEPS_MAX 16000000   /* per profile or lease tried */
#define FULL_YEARS 5.0             /* asked for fewer, it takes fewer steps, too: */
#define SHARE_MIN (1.0 / 250)      /* at least this share */
#define TRIAL_YEARS_MIN 4.0        /* fewer years without a lapse show nothing about one a year */
#define SPLIT_SHARE 0.7            /* of the time, when close calls are split: they cost, too */
#define SURE 64                    /* close calls are played for so many times the years */
#define MULTIPLE_MAX (1 << 20)
#define LAPSES_A_YEAR 1.0
#define WITHOUT_SHARE 1e-4 /* of the time, that nobody holds; else no lease was there to be lost */

static const struct {
    const char *name;
    span_ms interval_ms, lease_ms;
} profiles[FORECAST_PROFILES] = {
    {"fast", 100, 1000}, {"normal", 500, 5000}, {"patient", 1000, 15000}};

/* Leases that are tried, in ms; the interval is a tenth. */
static const span_ms leases[] = {600,  800,   1000,  1250,  1500,  2000,  2500,  3000,  4000, 5000,
                                 6000, 8000,  10000, 12000, 15000, 20000, 30000, 45000, 60000};
#define LEASE_COUNT (sizeof leases / sizeof leases[0])

struct maker {
    const struct question *question;
    const struct config *config;
    struct conditions conditions;
    struct crew *crew;
    struct forecast *forecast;
    struct calm_bench *benches; /* one per thread */
};

struct core_settings forecast_settings(const struct config *config, span_ms interval_ms,
                                       span_ms lease_ms)
{
    bool own = interval_ms == config->interval_ms && lease_ms == config->lease_ms;
    span_ms lead = lease_ms / 4 < 500 ? lease_ms / 4 : 500;
    return (struct core_settings){.interval_ms = interval_ms,
                                  .lease_ms = lease_ms,
                                  .drift_ppm = config->drift_ppm,
                                  .jitter_ppt = 100,
                                  .demote_lead_ms = own ? config->demote_lead_ms : lead,
                                  .prefer = config->prefer,
                                  .failback_after_ms = config->failback_after_ms,
                                  .min_hold_ms = config->min_hold_ms,
                                  .version = "plan"};
}

static struct setup setup_of(const struct maker *maker, span_ms interval_ms, span_ms lease_ms)
{
    const struct config *config = maker->config;
    return (struct setup){.core = forecast_settings(config, interval_ms, lease_ms),
                          .conditions = maker->conditions,
                          .has_record = config->record_count > 0,
                          .fences = config->record_count == 0 ||
                                    config->records[0].provider == PROVIDER_RFC2136};
}

/* A seed of its own for each purpose and task. */
static uint64_t seed_of(const struct maker *maker, uint64_t purpose, uint64_t task)
{
    struct prng prng;
    prng_init(&prng, maker->question->seed * 1000003 + purpose * 8191 + task);
    return prng_next(&prng);
}

static void keep_violation(struct maker *maker, const char *violation)
{
    char *kept = maker->forecast->violation;
    if (kept[0] == '\0' && violation[0] != '\0')
        memcpy(kept, violation, sizeof maker->forecast->violation);
}

/* ---- blows ---- */

struct blow_work {
    struct maker *maker;
    struct blow_report *reports; /* one per task */
};

static void do_blows(void *owner, uint32_t number, uint32_t worker)
{
    struct blow_work *work = owner;
    const struct maker *maker = work->maker;
    uint32_t all = maker->question->blows;
    struct blow_order order = {
        .setup = maker->forecast->setup,
        .rounds = all * (number + 1) / BLOW_TASKS - all * number / BLOW_TASKS,
        .seed = seed_of(maker, 1, number)};
    struct blow_bench *bench = (struct blow_bench *)&maker->benches[worker];
    blow_play(bench, &order, &work->reports[number]);
}

static int make_blows(struct maker *maker, struct err *err)
{
    struct blow_report *sum = &maker->forecast->blows;
    struct blow_work work = {.maker = maker, .reports = calloc(BLOW_TASKS, sizeof *work.reports)};
    if (work.reports == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    crew_stage(maker->crew, "failures", 200);
    crew_do(maker->crew, do_blows, &work, BLOW_TASKS);
    for (size_t i = 0; i < BLOW_TASKS; i++)
        blow_add(sum, &work.reports[i]);
    free(work.reports);
    for (size_t kind = 0; kind < BLOW_COUNT; kind++) {
        spread_sort(&sum->kinds[kind].holds);
        spread_sort(&sum->kinds[kind].written);
    }
    maker->forecast->steps += sum->steps;
    keep_violation(maker, sum->violation);
    return 0;
}

/* ---- calm years ---- */

struct calm_work {
    struct maker *maker;
    struct calm_order order; /* of every task, but for the seed */
    uint64_t purpose;
    struct calm_sums sums[CALM_TASKS];
};

static void do_calm(void *owner, uint32_t number, uint32_t worker)
{
    struct calm_work *work = owner;
    struct calm_order order = work->order;
    order.seed = seed_of(work->maker, work->purpose, number);
    calm_play(&work->maker->benches[worker], &order, &work->sums[number]);
}

static void run_tasks(struct calm_work *work, uint32_t count, struct calm_sums *ret)
{
    memset(ret, 0, sizeof *ret);
    crew_do(work->maker->crew, do_calm, work, count);
    for (uint32_t i = 0; i < count; i++)
        calm_add(ret, &work->sums[i]);
    work->maker->forecast->steps += ret->steps;
    keep_violation(work->maker, ret->violation);
}

/* What is asked of one set of settings. */
struct calm_ask {
    struct setup setup;
    bool witness_away;
    double years;
    uint64_t step_max, purpose;
};

/* The largest multiple, up to what is wanted, whose splits take no more than half of the steps. */
static uint32_t tune(struct calm_work *work, const struct calm_sums *pilot, double wanted)
{
    uint32_t multiple = wanted > MULTIPLE_MAX ? MULTIPLE_MAX : (uint32_t)wanted + 1;
    for (; multiple > 1; multiple /= 4) {
        struct calm_sums seen;
        calm_tune(pilot, multiple, &work->order.levels);
        run_tasks(work, PILOT_TASKS, &seen);
        if (!seen.overrun && seen.run_steps < seen.steps / 2)
            return multiple;
    }
    return 1;
}

/* A short run shows how fast time passes and how close the calls are; then the real one: all of
 * the years if that is affordable, else as much as is, and close calls so many times more. */
static void make_calm(struct maker *maker, const struct calm_ask *ask, struct calm_sums *ret)
{
    double share = maker->question->years / FULL_YEARS, all = ask->years * YEAR_S;
    share = share > 1 ? 1 : share < SHARE_MIN ? SHARE_MIN : share;
    double steps = (double)ask->step_max * share;
    struct calm_sums pilot;
    struct calm_work work = {.maker = maker,
                             .purpose = ask->purpose * 2,
                             .order = {.setup = ask->setup,
                                       .witness_away = ask->witness_away,
                                       .seconds = all / PILOT_TASKS,
                                       .years = ask->years,
                                       .step_max = (uint64_t)(steps / PILOT_SHARE)}};
    run_tasks(&work, PILOT_TASKS, &pilot);
    double affordable = steps * pilot.seconds / (double)pilot.steps;
    uint32_t multiple = affordable < all ? tune(&work, &pilot, all / affordable * SURE) : 1;
    work.order.step_max = (uint64_t)(steps * 2 / CALM_TASKS);
    work.purpose++;
    do {
        double seconds = all < affordable ? all : affordable;
        calm_tune(&pilot, multiple, &work.order.levels);
        if (calm_multiple(&work.order.levels) > 1)
            seconds *= SPLIT_SHARE;
        work.order.seconds = seconds / CALM_TASKS;
        run_tasks(&work, CALM_TASKS, ret);
        multiple /= 4;
    } while (ret->overrun && maker->forecast->violation[0] == '\0');
}

static void make_own(struct maker *maker)
{
    struct forecast *forecast = maker->forecast;
    struct calm_ask ask = {.setup = forecast->setup,
                           .years = maker->question->years,
                           .step_max = CALM_STEPS_MAX,
                           .purpose = 10};
    crew_stage(maker->crew, "calm years", 450);
    make_calm(maker, &ask, &forecast->calm);
    ask.witness_away = true;
    ask.step_max = AWAY_STEPS_MAX;
    ask.purpose = 20;
    crew_stage(maker->crew, "calm years without the witness", 600);
    make_calm(maker, &ask, &forecast->witness_away);
}

/* ---- other settings ---- */

static void try_candidate(struct maker *maker, struct candidate *candidate, uint64_t purpose)
{
    const struct question *question = maker->question;
    const struct config *config = maker->config;
    struct forecast *forecast = maker->forecast;
    bool own = candidate->interval_ms == config->interval_ms &&
               candidate->lease_ms == config->lease_ms &&
               calm_rate(&forecast->calm, &forecast->calm.lapses).years >= TRIAL_YEARS_MIN;
    struct calm_ask ask = {.setup = setup_of(maker, candidate->interval_ms, candidate->lease_ms),
                           .years = question->years > TRIAL_YEARS_MIN ? question->years
                                                                      : TRIAL_YEARS_MIN,
                           .step_max = TRIAL_STEPS_MAX,
                           .purpose = purpose};
    if (own)
        candidate->calm = forecast->calm;
    else
        make_calm(maker, &ask, &candidate->calm);
    candidate->tried = true;
    const struct calm_sums *calm = &candidate->calm;
    candidate->safe = calm_rate(calm, &calm->lapses).at_most <= LAPSES_A_YEAR &&
                      calm->without_ms / 1000 <= WITHOUT_SHARE * calm->seconds;
}

static void try_profiles(struct maker *maker)
{
    for (size_t i = 0; i < FORECAST_PROFILES && maker->forecast->violation[0] == '\0'; i++) {
        struct candidate *candidate = &maker->forecast->profiles[i];
        memcpy(candidate->name, profiles[i].name, strlen(profiles[i].name) + 1);
        candidate->interval_ms = profiles[i].interval_ms;
        candidate->lease_ms = profiles[i].lease_ms;
        crew_stage(maker->crew, "profiles", 600 + (uint32_t)(i + 1) * 70);
        try_candidate(maker, candidate, 30 + i);
    }
}

/* The shortest safe lease, by halving the table: longer leases are safer. */
static void try_leases(struct maker *maker)
{
    struct forecast *forecast = maker->forecast;
    size_t low = 0, high = LEASE_COUNT; /* the answer is in [low, high) or there is none */
    uint32_t turn = 0;
    while (low < high && forecast->violation[0] == '\0') {
        size_t middle = (low + high) / 2;
        struct candidate candidate = {
            .name = "shortest", .interval_ms = leases[middle] / 10, .lease_ms = leases[middle]};
        crew_stage(maker->crew, "leases in between", 810 + 38 * turn++);
        try_candidate(maker, &candidate, 40 + middle);
        if (candidate.safe) {
            forecast->shortest = candidate;
            high = middle;
        } else {
            low = middle + 1;
        }
    }
}

size_t forecast_shortest(const struct forecast *forecast)
{
    size_t i = 0;
    while (i < FORECAST_PROFILES && !forecast->profiles[i].safe)
        i++;
    return i;
}

int forecast_make(const struct question *question, const struct config *config,
                  struct crew *crew, struct forecast *ret, struct err *err)
{
    static_assert(sizeof(struct blow_bench) <= sizeof(struct calm_bench), "one memory for both");
    void (*const parts[])(struct maker *) = {make_own, try_profiles, try_leases};
    struct maker maker = {.question = question,
                          .config = config,
                          .crew = crew,
                          .forecast = ret,
                          .benches = calloc(crew->jobs, sizeof *maker.benches)};
    memset(ret, 0, sizeof *ret);
    if (maker.benches == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    int code = question_conditions(question, config, &maker.conditions, err);
    ret->setup = setup_of(&maker, config->interval_ms, config->lease_ms);
    if (code == 0)
        code = make_blows(&maker, err);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (code == 0 && ret->violation[0] == '\0')
            parts[i](&maker);
    free(maker.benches);
    return code;
}
