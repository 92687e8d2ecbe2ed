/* The program `holdfast-plan`: what it prints, that it is the same every time, that a worse network
 * never looks better, and that the figures agree with what tests/bench measures of real daemons. */
#include <jansson.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/check.h"

#define OUTPUT_SIZE 65536
#define QUICK "--years 0.02 --failures 20 --quiet "

/* The example configuration under a profile. */
struct place {
    char folder[64], program[512];
    char output[OUTPUT_SIZE];
};

/* build/tests/this to build/bin/holdfast-plan. */
static void find_program(char *ret, size_t size)
{
    char self[400] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        self[0] = 0;
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = 0;
    snprintf(ret, size, "%s/../bin/holdfast-plan", self);
}

static void put_config(const struct place *place, const char *profile)
{
    char path[128], line[512];
    snprintf(path, sizeof path, "%s/%s.conf", place->folder, profile);
    FILE *in = fopen("deploy/holdfast.conf.example", "r"), *out = fopen(path, "w");
    if (in == NULL || out == NULL) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof line, in) != NULL)
        if (strncmp(line, "profile =", 9) == 0)
            fprintf(out, "profile = %s\n", profile);
        else
            fputs(line, out);
    CHECK(fclose(in) == 0 && fclose(out) == 0);
}

static struct place *open_place(void)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/holdfast-plan-XXXXXX");
    CHECK(mkdtemp(place->folder) != NULL);
    find_program(place->program, sizeof place->program);
    put_config(place, "fast");
    put_config(place, "normal");
    return place;
}

static void close_place(struct place *place)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", place->folder);
    CHECK(system(command) == 0);
    free(place);
}

/* Runs it in the directory. Returns its exit code; both outputs are in place->output. */
static int run(struct place *place, const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "cd %s && '%s' 2>&1 %s", place->folder, place->program,
             arguments);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL)
        return -1;
    size_t used = fread(place->output, 1, sizeof place->output - 1, pipe);
    place->output[used] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The JSON answer, or NULL. */
static json_t *ask(struct place *place, const char *arguments)
{
    char all[512];
    json_error_t error;
    snprintf(all, sizeof all, QUICK "--json %s", arguments);
    CHECK_EQ(run(place, all), 0);
    json_t *answer = json_loads(place->output, JSON_REJECT_DUPLICATES, &error);
    if (answer == NULL)
        printf("%s: %s\n", error.text, place->output);
    CHECK(answer != NULL);
    return answer;
}

static const json_t *kind(const json_t *answer, const char *name)
{
    const json_t *kinds = json_object_get(answer, "kinds");
    for (size_t i = 0; i < json_array_size(kinds); i++) {
        const json_t *one = json_array_get(kinds, i);
        if (strcmp(json_string_value(json_object_get(one, "kind")), name) == 0)
            return one;
    }
    CHECK_STR(NULL, name);
    return NULL;
}

/* ms of "median", "p99" or "max"; a day when it never came. */
static long long length(const json_t *answer, const char *name, const char *what, const char *rank)
{
    const json_t *value = json_object_get(json_object_get(kind(answer, name), what), rank);
    CHECK(value != NULL);
    return json_is_null(value) ? 86400000 : (long long)json_integer_value(value);
}

static double rate(const json_t *answer, const char *when, const char *what, const char *field)
{
    const json_t *calm = json_object_get(json_object_get(answer, "calm"), when);
    const json_t *value = json_object_get(json_object_get(calm, what), field);
    CHECK(json_is_real(value));
    return json_real_value(value);
}

/* 0 fast, 1 normal, 2 patient, 3 none. */
static int shortest(const json_t *answer)
{
    static const char *const names[] = {"fast", "normal", "patient"};
    const json_t *name = json_object_get(answer, "shortest_safe_profile");
    for (int i = 0; i < 3; i++)
        if (json_is_string(name) && strcmp(json_string_value(name), names[i]) == 0)
            return i;
    CHECK(json_is_null(name));
    return 3;
}

TEST(the_json_has_the_fields_of_schema_1)
{
    static const struct {
        const char *name;
        json_type type;
    } fields[] = {
        {"schema", JSON_INTEGER},      {"version", JSON_STRING},      {"cluster", JSON_STRING},
        {"profile", JSON_STRING},      {"interval_ms", JSON_INTEGER}, {"lease_ms", JSON_INTEGER},
        {"network", JSON_OBJECT},      {"years", JSON_REAL},          {"seed", JSON_INTEGER},
        {"kinds", JSON_ARRAY},         {"calm", JSON_OBJECT},         {"profiles", JSON_ARRAY},
        {"shortest_safe_profile", JSON_STRING}, {"shortest_safe_lease", JSON_OBJECT},
        {"steps", JSON_INTEGER}};
    struct place *place = open_place();
    json_t *answer = ask(place, "--config normal.conf --loss 0% --rtt 1ms --seed 7");
    CHECK_EQ(json_object_size(answer), sizeof fields / sizeof fields[0]);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        CHECK_EQ(json_typeof(json_object_get(answer, fields[i].name)), fields[i].type);
    CHECK_EQ(json_integer_value(json_object_get(answer, "schema")), 1);
    CHECK_EQ(json_integer_value(json_object_get(answer, "seed")), 7);
    CHECK_EQ(json_array_size(json_object_get(answer, "kinds")), 14);
    CHECK_EQ(json_array_size(json_object_get(answer, "profiles")), 3);
    for (size_t i = 0; i < 14; i++) {
        const json_t *one = json_array_get(json_object_get(answer, "kinds"), i);
        bool moves = json_is_true(json_object_get(one, "moves"));
        CHECK_EQ(json_integer_value(json_object_get(one, "failures")), 20);
        CHECK_EQ(json_integer_value(json_object_get(one, "moved")), moves ? 20 : 0);
        const json_t *lengths = json_object_get(one, moves ? "record_ms" : "without_holder_ms");
        CHECK_EQ(json_integer_value(json_object_get(lengths, "of")), 20);
        CHECK_EQ(json_integer_value(json_object_get(lengths, "never")), 0);
    }
    json_decref(answer);
    close_place(place);
}

TEST(the_same_question_has_the_same_answer_with_any_number_of_threads)
{
    struct place *place = open_place();
    char first[OUTPUT_SIZE];
    const char *question = QUICK "--config normal.conf --loss 10% --stall p99=300ms --rtt 40ms ";
    char with[300];
    snprintf(with, sizeof with, "%s --jobs 1", question);
    CHECK_EQ(run(place, with), 0);
    memcpy(first, place->output, sizeof first);
    snprintf(with, sizeof with, "%s --jobs 3", question);
    CHECK_EQ(run(place, with), 0);
    CHECK_STR(place->output, first);
    snprintf(with, sizeof with, "%s --seed 2", question);
    CHECK_EQ(run(place, with), 0);
    CHECK(strcmp(place->output, first) != 0);
    close_place(place);
}

/* Medians that tests/bench measured of real daemons and a real BIND on one machine, in ms. */
struct measured {
    long long crash, isolation, deaf, planned;
};

static bool near(long long figure, long long measured, long long off)
{
    if (figure < measured - off || figure > measured + off)
        printf("%lld, but the bench measured %lld\n", figure, measured);
    return figure >= measured - off && figure <= measured + off;
}

static void check_measured(const json_t *answer, const struct measured *bench, long long lease)
{
    long long off = lease / 20 > 100 ? lease / 20 : 100;
    CHECK(near(length(answer, "crash", "record_ms", "median"), bench->crash, off));
    CHECK(near(length(answer, "isolation", "record_ms", "median"), bench->isolation, off));
    CHECK(near(length(answer, "deaf", "record_ms", "median"), bench->deaf, off));
    CHECK(near(length(answer, "switchover", "record_ms", "median"), bench->planned, 60));
}

/* What tests/bench demands of real daemons on a quick network, and what it finds there. */
static void check_quick(struct place *place, const char *profile, long long lease,
                        const struct measured *bench)
{
    char arguments[200];
    snprintf(arguments, sizeof arguments, "--config %s.conf --loss 0%% --rtt 1ms", profile);
    json_t *answer = ask(place, arguments);
    static const char *const blows[] = {"crash", "isolation", "mute", "frozen"};
    for (size_t i = 0; i < sizeof blows / sizeof blows[0]; i++) {
        long long median = length(answer, blows[i], "record_ms", "median");
        CHECK(median >= lease * 7 / 10 && median <= lease + 300);
        CHECK(length(answer, blows[i], "record_ms", "max") <= lease + 600);
    }
    CHECK(length(answer, "deaf", "record_ms", "max") <= lease * 17 / 10);
    check_measured(answer, bench, lease);
    CHECK(length(answer, "restart", "without_holder_ms", "max") < lease);
    CHECK(length(answer, "link-cut", "without_holder_ms", "max") == 0);
    CHECK(rate(answer, "all_up", "unwanted_moves", "seen") <= 0);
    CHECK(rate(answer, "all_up", "leases_lost", "seen") <= 0);
    CHECK_EQ(shortest(answer), 0);
    json_decref(answer);
}

TEST(a_quick_network_moves_nothing_and_fails_over_as_the_bench_measures)
{
    struct place *place = open_place();
    check_quick(place, "normal", 5000, &(struct measured){4967, 4901, 4721, 63});
    check_quick(place, "fast", 1000, &(struct measured){1031, 1020, 1052, 79});
    close_place(place);
}

TEST(a_worse_network_never_gives_better_figures)
{
    static const char *const networks[] = {
        "--loss 0% --rtt 1ms", "--loss 10% --rtt 60ms --stall p99=300ms",
        "--loss 35% --rtt 200ms --stall p99=2s"};
    static const char *const blows[] = {"crash", "power-loss", "isolation", "switchover", "unfit"};
    struct place *place = open_place();
    json_t *better = NULL;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        char arguments[200];
        snprintf(arguments, sizeof arguments, "--config normal.conf %s", networks[i]);
        json_t *answer = ask(place, arguments);
        for (size_t k = 0; better != NULL && k < sizeof blows / sizeof blows[0]; k++) {
            CHECK(length(answer, blows[k], "record_ms", "median") >=
                  length(better, blows[k], "record_ms", "median"));
            CHECK(length(answer, blows[k], "record_ms", "p99") >=
                  length(better, blows[k], "record_ms", "p99"));
        }
        CHECK(better == NULL || rate(answer, "all_up", "leases_lost", "per_year") >=
                                    rate(better, "all_up", "leases_lost", "per_year"));
        CHECK(better == NULL || shortest(answer) >= shortest(better));
        json_decref(better);
        better = answer;
    }
    json_decref(better);
    close_place(place);
}

TEST(a_bad_network_asks_for_more_patience)
{
    struct place *place = open_place();
    json_t *answer = ask(place, "--config fast.conf --loss 60% --rtt 80ms");
    CHECK(shortest(answer) >= 2);
    CHECK(rate(answer, "all_up", "leases_lost", "per_year") > 1000);
    json_decref(answer);
    answer = ask(place, "--config fast.conf --stall p99=800ms --rtt 20ms");
    CHECK(shortest(answer) >= 1);
    json_decref(answer);
    answer = ask(place, "--config normal.conf --loss 90% --rtt 2s");
    CHECK_EQ(shortest(answer), 3);
    json_decref(answer);
    close_place(place);
}

/* ---- the picture ---- */

static char *read_file(const struct place *place, const char *name)
{
    char path[160];
    char *text = calloc(1, 500000);
    snprintf(path, sizeof path, "%s/%s", place->folder, name);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    if (file != NULL && (fread(text, 1, 499999, file) == 0 || fclose(file) != 0))
        text[0] = 0;
    return text;
}

/* Every element is closed, in order; no bare & or <. (No processing instructions or comments.) */
static bool is_well_formed(const char *text)
{
    char open[32][32] = {""};
    int depth = 0, roots = 0;
    for (const char *at = strpbrk(text, "<&"); at != NULL; at = strpbrk(at + 1, "<&")) {
        char name[32] = "";
        if (*at == '&' && strncmp(at, "&lt;", 4) != 0 && strncmp(at, "&gt;", 4) != 0 &&
            strncmp(at, "&amp;", 5) != 0)
            return false;
        const char *end = strchr(at, '>');
        if (*at == '&')
            continue;
        bool closes = at[1] == '/';
        if (end == NULL || sscanf(at + 1 + closes, "%31[a-zA-Z]", name) != 1)
            return false;
        if (closes && (depth == 0 || strcmp(open[--depth], name) != 0))
            return false;
        if (!closes && end[-1] != '/') {
            roots += depth == 0;
            if (depth == 32)
                return false;
            snprintf(open[depth++], sizeof open[0], "%s", name);
        }
    }
    return depth == 0 && roots == 1;
}

TEST(the_picture_is_well_formed_and_harmless)
{
    struct place *place = open_place();
    CHECK_EQ(run(place, QUICK "--config normal.conf --loss 5% --svg plan.svg"), 0);
    char *text = read_file(place, "plan.svg");
    CHECK(is_well_formed(text));
    CHECK(strncmp(text, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39) == 0);
    CHECK_HAS(text, "prefers-color-scheme: dark");
    CHECK_HAS(text, "planned switchover");
    CHECK_HAS(text, "logarithmic");
    CHECK(strstr(text, "<script") == NULL && strstr(text, "href") == NULL);
    CHECK(strstr(text, "nan") == NULL && strstr(text, "inf\"") == NULL);
    free(text);
    CHECK_EQ(run(place, QUICK "--config normal.conf --svg /nowhere/plan.svg"), 1);
    CHECK_HAS(place->output, "/nowhere/plan.svg: No such file");
    close_place(place);
}

/* ---- the text, and mistakes ---- */

TEST(the_page_has_its_parts_and_fits)
{
    struct place *place = open_place();
    CHECK_EQ(run(place, QUICK "--config normal.conf --loss server1:cloud=30% --stall p99=300ms"),
             0);
    CHECK_HAS(place->output, "server1 to cloud 30.0 %");
    CHECK_HAS(place->output, "until the record names the other node, when");
    CHECK_HAS(place->output, "without any failure");
    CHECK_HAS(place->output, "shortest safe profile: ");
    for (char *line = strtok(place->output, "\n"); line != NULL; line = strtok(NULL, "\n"))
        CHECK(strlen(line) <= 80);
    close_place(place);
}

TEST(mistakes_are_told_and_exit_with_2)
{
    struct place *place = open_place();
    CHECK_EQ(run(place, "--config nowhere.conf"), 2);
    CHECK_HAS(place->output, "nowhere.conf");
    CHECK_EQ(run(place, "--config normal.conf --loss 100%"), 2);
    CHECK_HAS(place->output, "holdfast-plan: --loss: \"100%\" is out of range");
    CHECK_EQ(run(place, "--config normal.conf --loss server1:server3=1%"), 2);
    CHECK_HAS(place->output, "expected two of server1, server2 and cloud");
    CHECK_EQ(run(place, "--config normal.conf extra"), 2);
    put_config(place, "slow");
    CHECK_EQ(run(place, "--config slow.conf"), 2);
    CHECK_HAS(place->output, "slow.conf:9: [cluster] profile: ");
    CHECK_EQ(run(place, "--help"), 0);
    CHECK_HAS(place->output, "usage: holdfast-plan");
    CHECK_EQ(run(place, "--version"), 0);
    CHECK_HAS(place->output, "holdfast-plan ");
    CHECK_EQ(run(place, QUICK "--config normal.conf >/dev/full"), 1);
    close_place(place);
}

CHECK_MAIN
