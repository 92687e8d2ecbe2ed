/* swarm — thousands of lives of a cluster under random faults, judged by all checkers.
 *
 *   swarm [--first N] [--count N] [--minutes M] [--jobs N] [--level quiet|drills|light|rough|hell]
 *         [--world hostile|blind-dns|batch-clock|clock-stops] [--bytes|--trusted] [--stop]
 *         [--trace] [--results FILE] [--seconds N] [--drill NAME] [--without CHECKER,...]
 *   swarm --replay SEED [--minutes M] [--keep LIST] [...]
 *
 * Prints progress, the first failures each with the shortest story found, and sums. --stop ends at
 * the first violation; --trace prints a hash of each run; --seconds ends early. Exit 0: none,
 * 1: a violation, 2: usage. The last line is "N passed, N failed". */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/peer/clock.h"
#include "drill.h"
#include "shrink.h"
#include "swarm_sums.h"

#define JOBS_MAX 16
#define TOLD_MAX 3 /* failures that are told in full, per job */

struct arguments {
    uint64_t first, count;
    uint32_t jobs;
    int64_t seconds;
    bool stop, trace, replay;
    const char *keep, *results;
    struct cluster_options options;
};

/* One job's share, and what it hands back through its pipe. */
struct report {
    struct cluster_sums sums;
    uint64_t passed, failed, seed_failed;
    double cpu_s, bytes_s;
};

static volatile sig_atomic_t seed_now;

/* Of all jobs together: the next seed belongs to who is free. (Runs through real bytes cost fifty
 * others; dealt out in turn, they would all go to one job.) */
static _Atomic uint64_t *seeds_begun;

/* An assert of the product speaks for itself; which seed it was is ours to say. */
static void on_abort(int number)
{
    char text[80];
    /* An assert called it, no snprintf. NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c) */
    int size = snprintf(text, sizeof text, "violation: seed %ld checker assert: see above\n",
                        (long)seed_now);
    (void)number;
    if (write(STDOUT_FILENO, text, (size_t)size) < 0)
        _exit(3);
    _exit(1);
}

static void tell_failure(struct cluster *cluster, uint64_t seed, bool in_full)
{
    printf("violation: seed %llu checker %s: %s\n", (unsigned long long)seed,
           cluster->world.check.checker, cluster->world.check.text);
    fflush(stdout);
    if (in_full)
        shrink_story(&cluster->options, seed);
}

static void run_share(const struct arguments *arguments, int out)
{
    struct report report = {0};
    struct cluster *cluster = cluster_open(&arguments->options);
    mono_ms until = arguments->seconds > 0 ? clock_now() + arguments->seconds * 1000 : MONO_NEVER;
    if (cluster == NULL)
        _exit(3);
    signal(SIGABRT, on_abort);
    while (clock_now() < until) {
        uint64_t i = atomic_fetch_add(seeds_begun, 1);
        if (i >= arguments->count)
            break;
        uint64_t seed = arguments->first + i;
        seed_now = (sig_atomic_t)seed;
        clock_t begun = clock();
        cluster_draw(cluster, seed);
        bool fine = cluster_run(cluster);
        if (cluster->world.door != NULL)
            report.bytes_s += (double)(clock() - begun) / CLOCKS_PER_SEC;
        if (arguments->trace)
            printf("trace %llu %016llx\n", (unsigned long long)seed,
                   (unsigned long long)cluster->world.trace);
        report.passed += fine;
        report.failed += !fine;
        if (!fine) {
            report.seed_failed = seed;
            tell_failure(cluster, seed, report.failed <= TOLD_MAX && !arguments->stop);
        }
        if (!fine && arguments->stop)
            atomic_store(seeds_begun, arguments->count);
        if (i % 400 == 399)
            fprintf(stderr, "[%llu/%llu] seeds\n", (unsigned long long)i + 1,
                    (unsigned long long)arguments->count);
    }
    report.sums = cluster->sums;
    report.cpu_s = (double)clock() / CLOCKS_PER_SEC;
    cluster_close(cluster);
    fflush(stdout);
    if (write(out, &report, sizeof report) != (ssize_t)sizeof report)
        _exit(3);
}

static bool take_report(int in, struct report *sum)
{
    struct report one = {0};
    size_t got = 0;
    while (got < sizeof one) {
        ssize_t size = read(in, (char *)&one + got, sizeof one - got);
        if (size <= 0)
            return false;
        got += (size_t)size;
    }
    swarm_sums_add(&sum->sums, &one.sums);
    sum->passed += one.passed;
    sum->failed += one.failed;
    sum->cpu_s += one.cpu_s;
    sum->bytes_s += one.bytes_s;
    return true;
}

static bool run_jobs(const struct arguments *arguments, struct report *ret)
{
    int pipes[JOBS_MAX][2];
    pid_t pids[JOBS_MAX];
    bool fine = true;
    seeds_begun = mmap(NULL, sizeof *seeds_begun, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seeds_begun == MAP_FAILED)
        return false;
    atomic_store(seeds_begun, 0);
    fflush(stdout);
    for (uint32_t job = 0; job < arguments->jobs; job++) {
        if (pipe(pipes[job]) != 0)
            return false;
        pids[job] = fork();
        if (pids[job] == 0) {
            close(pipes[job][0]);
            run_share(arguments, pipes[job][1]);
            _exit(0);
        }
        close(pipes[job][1]);
    }
    for (uint32_t job = 0; job < arguments->jobs; job++) {
        int status = 0;
        bool took = take_report(pipes[job][0], ret);
        close(pipes[job][0]);
        waitpid(pids[job], &status, 0);
        if (!took) { /* an assert: it said which */
            ret->failed++;
            fine = WIFEXITED(status) && WEXITSTATUS(status) == 1 && fine;
        }
    }
    return fine;
}

static int replay(const struct arguments *arguments)
{
    struct cluster *cluster = cluster_open(&arguments->options);
    if (cluster == NULL)
        return 2;
    cluster->options.loud = true;
    signal(SIGABRT, on_abort);
    seed_now = (sig_atomic_t)arguments->first;
    cluster_draw(cluster, arguments->first);
    if (arguments->keep != NULL)
        shrink_keep_only(&cluster->script, arguments->keep);
    bool fine = cluster_run(cluster);
    if (!fine)
        tell_failure(cluster, arguments->first, false);
    printf("%d passed, %d failed\n", fine, !fine);
    cluster_close(cluster);
    return fine ? 0 : 1;
}

static bool parse_level(const char *text, struct cluster_options *options)
{
    for (enum level level = 0; level < LEVEL_COUNT; level++) {
        if (strcmp(text, cluster_level_name(level)) != 0)
            continue;
        options->level = level;
        options->level_given = true;
        return true;
    }
    return false;
}

static bool parse_drill(const char *name, struct cluster_options *options)
{
    options->drill = name;
    options->level = LEVEL_DRILLS;
    options->level_given = true;
    return drill_named(name) < DRILL_COUNT;
}

static bool parse_world(const char *text, struct cluster_options *options)
{
    options->blind_writes = strcmp(text, "blind-dns") == 0;
    options->batch_clock = strcmp(text, "batch-clock") == 0;
    options->monotonic_clock = strcmp(text, "clock-stops") == 0;
    options->hostile = strcmp(text, "hostile") == 0;
    return options->hostile || options->blind_writes || options->batch_clock ||
           options->monotonic_clock;
}

static bool parse_flag(const char *name, struct arguments *ret)
{
    if (strcmp(name, "--stop") == 0)
        ret->stop = true;
    else if (strcmp(name, "--trace") == 0)
        ret->trace = true;
    else if (strcmp(name, "--bytes") == 0)
        ret->options.bytes = true;
    else if (strcmp(name, "--trusted") == 0)
        ret->options.no_bytes = true;
    else
        return false;
    return true;
}

static bool parse_value(const char *name, const char *value, struct arguments *ret)
{
    uint64_t number = strtoull(value, NULL, 10);
    if (strcmp(name, "--first") == 0)
        ret->first = number;
    else if (strcmp(name, "--count") == 0)
        ret->count = number;
    else if (strcmp(name, "--minutes") == 0)
        ret->options.minutes = (uint32_t)number;
    else if (strcmp(name, "--jobs") == 0)
        ret->jobs = (uint32_t)number;
    else if (strcmp(name, "--seconds") == 0)
        ret->seconds = (int64_t)number;
    else if (strcmp(name, "--without") == 0)
        ret->options.muted = value;
    else if (strcmp(name, "--drill") == 0)
        return parse_drill(value, &ret->options);
    else if (strcmp(name, "--keep") == 0)
        ret->keep = value;
    else if (strcmp(name, "--results") == 0)
        ret->results = value;
    else if (strcmp(name, "--replay") == 0) {
        ret->replay = true;
        ret->first = number;
    } else if (strcmp(name, "--level") == 0)
        return parse_level(value, &ret->options);
    else if (strcmp(name, "--world") == 0)
        return parse_world(value, &ret->options);
    else
        return false;
    return true;
}

static bool parse(int argc, char **argv, struct arguments *ret)
{
    *ret = (struct arguments){.first = 1, .count = 100, .jobs = 1};
    for (int i = 1; i < argc; i++) {
        if (parse_flag(argv[i], ret))
            continue;
        if (i + 1 >= argc || !parse_value(argv[i], argv[i + 1], ret))
            return false;
        i++;
    }
    return ret->jobs >= 1 && ret->jobs <= JOBS_MAX && ret->count > 0 && ret->first > 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct report report = {0};
    if (!parse(argc, argv, &arguments)) {
        fprintf(stderr, "usage: see the head of tests/sim/swarm.c\n");
        return 2;
    }
    if (arguments.replay)
        return replay(&arguments);
    mono_ms begin = clock_now();
    bool fine = run_jobs(&arguments, &report);
    struct swarm_times times = {.wall_s = (double)(clock_now() - begin) / 1000,
                                .cpu_s = report.cpu_s,
                                .bytes_s = report.bytes_s};
    if (report.passed + report.failed == 0)
        fine = false;
    swarm_sums_print(&report.sums, &times);
    if (arguments.results != NULL &&
        !swarm_sums_record(&report.sums, &times, arguments.results, report.failed))
        fine = false;
    printf("%llu passed, %llu failed\n", (unsigned long long)report.passed,
           (unsigned long long)report.failed);
    return fine && report.failed == 0 ? 0 : 1;
}
