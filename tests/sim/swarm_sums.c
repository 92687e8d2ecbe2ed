#include "swarm_sums.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define HOURS_PER_YEAR 8766.0

static double hours(const struct cluster_sums *sums)
{
    return (double)sums->simulated_ms / 3600000.0;
}

void swarm_sums_add(struct cluster_sums *sum, const struct cluster_sums *one)
{
    uint64_t heal = sum->heal_permille_max, record = sum->record_permille_max;
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)one;
    for (size_t i = 0; i < sizeof *sum / sizeof *to; i++)
        to[i] += from[i];
    sum->heal_permille_max =
        heal > one->heal_permille_max ? heal : one->heal_permille_max;
    sum->record_permille_max =
        record > one->record_permille_max ? record : one->record_permille_max;
}

static unsigned long long show(uint64_t number)
{
    return (unsigned long long)number;
}

/* Millions a second. */
static double rate(uint64_t steps, double seconds)
{
    return seconds > 0 ? (double)steps / seconds / 1e6 : 0;
}

static void print_faults(const struct cluster_sums *sums)
{
    printf("faults by kind:");
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++)
        printf("%s %s %llu", kind == 0 ? "" : ",", fault_name(kind),
               show(sums->faults_by_kind[kind]));
    printf("\ndatagrams: %llu sent, %llu lost, %llu doubled, %llu very late, %llu garbled, "
           "%llu replayed\n", show(sums->sent), show(sums->lost), show(sums->doubled),
           show(sums->late), show(sums->garbled), show(sums->replayed));
}

void swarm_sums_print(const struct cluster_sums *sums, const struct swarm_times *times)
{
    const struct check_sums *check = &sums->check;
    printf("%llu seeds (%llu through real bytes), %.0f simulated hours (%.3f cluster-years)\n",
           show(sums->seeds), show(sums->byte_runs), hours(sums), hours(sums) / HOURS_PER_YEAR);
    printf("%llu elections, %llu moves, %llu lapses, %llu new numbers while holding\n",
           show(check->elections), show(check->moves), show(check->lapses),
           show(check->renumbered));
    printf("%llu faults injected, %llu more made no sense when their time came\n",
           show(sums->faults), show(sums->skipped));
    print_faults(sums);
    printf("%llu drills; healed %llu times: a holder after %.2f s on average, %.2f leases at "
           "most; the record right after %.2f leases at most\n",
           show(sums->drills), show(sums->heals),
           sums->heals == 0 ? 0 : (double)sums->heal_ms_sum / 1000.0 / (double)sums->heals,
           (double)sums->heal_permille_max / 1000.0, (double)sums->record_permille_max / 1000.0);
    printf("looked at: %llu promises, %llu writes sent, %llu views; %llu late writes refused by "
           "the fence, %llu applied where there is none\n", show(check->promises),
           show(check->effects), show(check->views), show(check->late_writes),
           show(check->blind_writes));
    printf("status said \"a crash is survived\" %llu times, and it was %llu times; overlaps "
           "outside the guarantee: %llu\n", show(sums->believed), show(sums->survived),
           show(check->apart_overlaps));
    printf("%llu core steps in %.1f s of CPU: %.2f million steps a second and core; trusted "
           "statements %.2f million, real bytes %.3f million; %.1f s in all\n",
           show(sums->steps), times->cpu_s, rate(sums->steps, times->cpu_s),
           rate(sums->steps - sums->byte_steps, times->cpu_s - times->bytes_s),
           rate(sums->byte_steps, times->bytes_s), times->wall_s);
}

static json_t *faults_json(const struct cluster_sums *sums)
{
    json_t *faults = json_object();
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++)
        (void)json_object_set_new(faults, fault_name(kind),
                                  json_integer((json_int_t)sums->faults_by_kind[kind]));
    return faults;
}

bool swarm_sums_record(const struct cluster_sums *sums, const struct swarm_times *times,
                       const char *path, uint64_t failed)
{
    char commit[80] = "unknown";
    FILE *pipe = popen("git -c safe.directory='*' describe --always --dirty --abbrev=12", "r");
    if (pipe != NULL && fgets(commit, sizeof commit, pipe) != NULL)
        commit[strcspn(commit, "\n")] = '\0';
    if (pipe != NULL)
        pclose(pipe);
    json_t *line = json_pack(
        "{s:s, s:s, s:I, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:I, s:I, s:s, s:o}", "scenario",
        "swarm", "commit", commit, "seeds", (json_int_t)sums->seeds, "simulated_hours",
        hours(sums), "elections", (json_int_t)sums->check.elections, "faults",
        (json_int_t)sums->faults, "steps", (json_int_t)sums->steps, "moves",
        (json_int_t)sums->check.moves, "cpu_s", times->cpu_s, "wall_s", times->wall_s,
        "trusted_steps_per_s",
        1e6 * rate(sums->steps - sums->byte_steps, times->cpu_s - times->bytes_s),
        "heal_permille_of_lease_max", (json_int_t)sums->heal_permille_max, "byte_runs",
        (json_int_t)sums->byte_runs, "verdict", failed == 0 ? "passed" : "failed",
        "faults_by_kind", faults_json(sums));
    FILE *file = fopen(path, "a");
    char *text = line == NULL ? NULL : json_dumps(line, JSON_COMPACT);
    bool fine = file != NULL && text != NULL && fprintf(file, "%s\n", text) > 0;
    if (file != NULL && fclose(file) != 0)
        fine = false;
    free(text);
    json_decref(line);
    return fine;
}
