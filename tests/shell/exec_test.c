/* exec — commands of the operator: run, bounded, killed; and the record provider made of one. */
#include "../../agent/node/command.h"
#include "../lib/record_world.h"

struct run {
    uv_loop_t loop;
    char dir[64];
    struct command *command;
    bool ended;
    struct command_result result;
    char output[COMMAND_OUTPUT_MAX + 1];
};

static void run_open(struct run *run)
{
    memset(run, 0, sizeof *run);
    uv_loop_init(&run->loop);
    snprintf(run->dir, sizeof run->dir, "/tmp/holdfast-exec-XXXXXX");
    CHECK(mkdtemp(run->dir) != NULL);
}

static void run_close(struct run *run)
{
    CHECK(spin_finish(&run->loop));
    nftw(run->dir, dns_server_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A program NAME in the directory with this body of a shell script. */
static void script(const char *dir, const char *name, const char *body)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    fprintf(file, "#!/bin/sh\n%s\n", body);
    fclose(file);
    chmod(path, 0700);
}

static void on_end(void *owner, const struct command_result *result)
{
    struct run *run = owner;
    run->ended = true;
    run->result = *result;
    snprintf(run->output, sizeof run->output, "%s", result->output);
}

static bool run_ended(void *owner)
{
    return ((struct run *)owner)->ended;
}

static int start(struct run *run, const char *arguments, span_ms limit_ms, struct err *err)
{
    char line[200];
    static const char *const environment[] = {"HOLDFAST_X=some value", NULL};
    struct command_order order = {.line = line,
                                  .environment = environment,
                                  .limit_ms = limit_ms,
                                  .on_end = on_end,
                                  .owner = run};
    snprintf(line, sizeof line, "%s/%s", run->dir, arguments);
    run->ended = false;
    return command_start(&run->command, &run->loop, &order, err);
}

static void run_script(struct run *run, const char *body, const char *arguments,
                       span_ms limit_ms)
{
    struct err err = {0};
    script(run->dir, "it", body);
    CHECK_EQ(start(run, arguments, limit_ms, &err), 0);
    CHECK(!run->ended);
    CHECK(spin_until(&run->loop, run_ended, run, SPIN_LIMIT_MS));
}

TEST(status_and_output)
{
    struct run run;
    run_open(&run);
    run_script(&run, "echo \"$1 $2 $# $HOLDFAST_X $PWD\"; echo second >&2; exit 3",
               "it  one\ttwo ", 5000);
    CHECK_EQ(run.result.exit_status, 3);
    CHECK_STR(run.output, "one two 2 some value /\nsecond\n");
    run_close(&run);
}

TEST(environment_is_small_and_input_empty)
{
    struct run run;
    run_open(&run);
    setenv("HOLDFAST_TEST_SECRET", "x", 1);
    run_script(&run, "cat; env | cut -d= -f1 | sort | tr '\\n' ' '", "it", 5000);
    CHECK_STR(run.output, "HOLDFAST_X HOME LC_ALL PATH PWD ");
    unsetenv("HOLDFAST_TEST_SECRET");
    run_close(&run);
}

TEST(flood_is_bounded_and_made_printable)
{
    struct run run;
    run_open(&run);
    run_script(&run, "head -c 3000000 /dev/zero; exit 0", "it", 20000);
    CHECK_EQ(run.result.exit_status, 0);
    CHECK_EQ(strlen(run.output), COMMAND_OUTPUT_MAX);
    CHECK_EQ(strspn(run.output, "?"), COMMAND_OUTPUT_MAX);
    run_close(&run);
}

/* A process id that a script wrote, or 0. */
static pid_t pid_in(const struct run *run, const char *name)
{
    char path[128];
    int pid = 0;
    snprintf(path, sizeof path, "%s/%s", run->dir, name);
    FILE *file = fopen(path, "r");
    if (file != NULL && fscanf(file, "%d", &pid) != 1)
        pid = 0;
    if (file != NULL)
        fclose(file);
    return pid;
}

static bool child_is_gone(void *owner)
{
    const struct run *run = owner;
    pid_t pid = pid_in(run, "pid");
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file != NULL && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    if (file != NULL)
        fclose(file);
    return state == 'Z';
}

static bool child_has_started(void *owner)
{
    return pid_in(owner, "pid") != 0;
}

TEST(limit_kills_the_whole_group)
{
    struct run run;
    char body[200];
    run_open(&run);
    snprintf(body, sizeof body,
             "trap '' TERM; tail -f /dev/null >/dev/null 2>&1 & echo $! >%s/pid; wait", run.dir);
    run_script(&run, body, "it", 1500); /* time enough to name the child */
    CHECK(run.result.timed_out);
    CHECK(run.result.ran_ms >= 1495 && run.result.ran_ms < 5000);
    CHECK(pid_in(&run, "pid") != 0);
    CHECK(spin_until(&run.loop, child_is_gone, &run, SPIN_LIMIT_MS));
    run_close(&run);
}

TEST(cancel_kills_and_tells_nobody)
{
    struct run run;
    struct err err = {0};
    char body[200];
    run_open(&run);
    snprintf(body, sizeof body, "tail -f /dev/null >/dev/null 2>&1 & echo $! >%s/pid; wait",
             run.dir);
    script(run.dir, "it", body);
    CHECK_EQ(start(&run, "it", 30000, &err), 0);
    CHECK(spin_until(&run.loop, child_has_started, &run, SPIN_LIMIT_MS));
    command_cancel(run.command);
    CHECK(spin_until(&run.loop, child_is_gone, &run, SPIN_LIMIT_MS));
    CHECK(!run.ended);
    run_close(&run);
}

TEST(background_child_with_the_pipe_delays_nothing)
{
    struct run run;
    char body[200];
    run_open(&run);
    snprintf(body, sizeof body, "tail -f /dev/null & echo $! >%s/pid; echo done", run.dir);
    run_script(&run, body, "it", 5000);
    CHECK_EQ(run.result.exit_status, 0);
    CHECK_HAS(run.output, "done");
    CHECK(run.result.ran_ms < 3000);
    if (pid_in(&run, "pid") > 0)
        kill(pid_in(&run, "pid"), SIGKILL);
    run_close(&run);
}

TEST(what_cannot_be_started_says_why)
{
    struct run run;
    struct err err = {0};
    char line[200] = "it";
    run_open(&run);
    CHECK_EQ(start(&run, "missing", 1000, &err), 0);
    CHECK(!run.ended);
    CHECK(spin_until(&run.loop, run_ended, &run, SPIN_LIMIT_MS));
    CHECK_EQ(run.result.exit_status, -1);
    CHECK_HAS(run.output, "/missing: no such file");
    run.ended = false;
    for (int i = 0; i < COMMAND_WORD_MAX; i++)
        strncat(line, " x", sizeof line - strlen(line) - 1);
    CHECK_EQ(start(&run, line, 1000, &err), ERR_SYSTEM);
    CHECK_HAS(err.text, "words");
    spin_for(&run.loop, 20);
    CHECK(!run.ended);
    run_close(&run);
}

/* ---- the provider ---- */

struct stage {
    struct fake_world fake;
    struct run run;
    struct record_config config;
    struct record *record;
};

static void stage_open(struct stage *stage, const char *body)
{
    struct dns_server nowhere = {0};
    run_open(&stage->run);
    script(stage->run.dir, "it", body);
    fake_world_open(&stage->fake);
    dns_server_record(&nowhere, &stage->config);
    stage->config.provider = PROVIDER_EXEC;
    stage->config.check_every = 50;
    snprintf(stage->config.command, sizeof stage->config.command, "%s/it %s/out",
             stage->run.dir, stage->run.dir);
    stage->record = fake_record(&stage->fake, &stage->config, 0);
}

static void stage_close(struct stage *stage)
{
    record_close(stage->record);
    fake_world_close(&stage->fake);
    run_close(&stage->run);
}

/* Is this line in what the command wrote under that number? */
static bool written(const struct stage *stage, unsigned epoch, const char *wanted)
{
    char path[128], line[600];
    bool found = false;
    snprintf(path, sizeof path, "%s/out.%u", stage->run.dir, epoch);
    FILE *file = fopen(path, "r");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        found = strncmp(line, wanted, strlen(wanted)) == 0;
    if (file != NULL)
        fclose(file);
    if (!found)
        printf("%s is missing\n", wanted);
    return found;
}

TEST(provider_gives_old_and_new)
{
    struct stage stage;
    /* A check runs it again: the file of each number is that of its first run, and whole. */
    stage_open(&stage, "test -e $1.$HOLDFAST_EPOCH && exit 0; env | grep HOLDFAST_ >$1.new; "
                       "mv $1.new $1.$HOLDFAST_EPOCH");
    fake_hold(stage.record, 100);
    CHECK(fake_until_event(&stage.fake, "record-written", 1));
    CHECK(written(&stage, 100, "HOLDFAST_RECORD=pbx\n"));
    CHECK(written(&stage, 100, "HOLDFAST_NAME=pbx.example.com\n"));
    CHECK(written(&stage, 100, "HOLDFAST_OLD_FENCE=\n"));
    CHECK(written(&stage, 100, "HOLDFAST_NEW_FENCE=v=1;e=100;h=server1;t="));
    CHECK(written(&stage, 100, "HOLDFAST_NEW_A=192.0.2.1\n"));
    CHECK(written(&stage, 100, "HOLDFAST_NEW_AAAA=2001:db8::1\n"));
    CHECK(written(&stage, 100, "HOLDFAST_EPOCH=100\n"));
    CHECK(written(&stage, 100, "HOLDFAST_NODE=server1\n"));
    CHECK(written(&stage, 100, "HOLDFAST_TTL=30\n"));
    CHECK(written(&stage, 100, "HOLDFAST_BOOTTIME_MS="));
    spin_for(&stage.fake.loop, 200); /* run again, which is no news */
    CHECK_EQ(fake_count(&stage.fake, "dns-write"), 1);
    json_t *json = record_json(stage.record);
    CHECK_STR(json_string_value(json_object_get(json, "state")), "ok");
    CHECK_STR(json_string_value(json_object_get(json, "fence")), "none");
    CHECK(json_is_null(json_object_get(json, "verified")));
    json_decref(json);
    fake_hold(stage.record, 102);
    CHECK(fake_until_event(&stage.fake, "record-written", 2));
    CHECK(written(&stage, 102, "HOLDFAST_OLD_FENCE=v=1;e=100;h=server1;t="));
    CHECK(written(&stage, 102, "HOLDFAST_OLD_A=192.0.2.1\n"));
    stage_close(&stage);
}

/* Nothing fences a command: an earlier holder's may be at work for 5 s more. */
TEST(new_holder_waits_out_what_may_still_be_on_its_way)
{
    struct stage stage;
    stage_open(&stage, "exit 0");
    mono_ms since = clock_now();
    fake_hold(stage.record, 100);
    json_t *json = record_json(stage.record);
    CHECK_STR(json_string_value(json_object_get(json, "state")), "writing");
    CHECK_HAS(json_string_value(json_object_get(json, "detail")), "waits 5 s: provider exec");
    json_decref(json);
    fake_hold(stage.record, 102); /* the same node, another number: no new wait */
    CHECK(fake_until_event(&stage.fake, "record-written", 1));
    CHECK(clock_now() - since >= 5000);
    since = clock_now();
    fake_hold(stage.record, 104); /* and nobody can have come between: at once */
    CHECK(fake_until_event(&stage.fake, "record-written", 2));
    CHECK(clock_now() - since < 4000);
    fake_hold(stage.record, 0);
    since = clock_now();
    fake_hold(stage.record, 106);
    CHECK(fake_until_event(&stage.fake, "record-written", 3));
    CHECK(clock_now() - since >= 5000);
    stage_close(&stage);
}

static void expect_outcome(const char *body, const char *outcome, const char *state)
{
    struct stage stage;
    stage_open(&stage, body);
    fake_hold(stage.record, 100);
    CHECK(fake_until_event(&stage.fake, "dns-write", 2)); /* goes on trying */
    const json_t *event = fake_event(&stage.fake, "dns-write");
    CHECK_STR(json_string_value(json_object_get(event, "outcome")), outcome);
    CHECK(fake_until(&stage.fake, stage.record, "state", state));
    CHECK_EQ(fake_count(&stage.fake, "record-written"), 0);
    stage_close(&stage);
}

TEST(exit_statuses)
{
    expect_outcome("exit 1", "fenced", "fenced");
    expect_outcome("echo no key; exit 2", "refused", "refused");
    expect_outcome("exit 7", "unknown", "unknown");
    expect_outcome("kill -9 $$", "unknown", "unknown");
}

TEST(lost_lease_kills_the_command)
{
    struct stage stage;
    stage_open(&stage, "echo $$ >${1%out}pid; exec tail -f /dev/null");
    fake_hold(stage.record, 100);
    CHECK(spin_until(&stage.fake.loop, child_has_started, &stage.run, SPIN_LIMIT_MS));
    CHECK(record_busy(stage.record));
    fake_hold(stage.record, 0);
    CHECK(!record_busy(stage.record));
    CHECK_EQ(stage.fake.idles, 1);
    CHECK(spin_until(&stage.fake.loop, child_is_gone, &stage.run, SPIN_LIMIT_MS));
    stage_close(&stage);
}

/* ---- checks: nobody can look, so what was written is written once more ---- */

struct checked {
    struct stage *stage;
    struct record *record;
    char label[16];
};

/* One more record of that stage, with a command and a file of its own. */
static void add(struct checked *ret, struct stage *stage, const char *label, const char *body,
                enum drift_policy drift)
{
    struct record_config config = stage->config;
    script(stage->run.dir, label, body);
    snprintf(config.label, sizeof config.label, "%s", label);
    snprintf(config.command, sizeof config.command, "%s/%s %s/%s.out", stage->run.dir, label,
             stage->run.dir, label);
    config.drift = drift;
    ret->stage = stage;
    ret->record = fake_record(&stage->fake, &config, 0);
    snprintf(ret->label, sizeof ret->label, "%s", label);
    fake_hold(ret->record, 100);
}

static size_t told(const struct checked *checked, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(checked->stage->fake.events); i++) {
        const json_t *event = json_array_get(checked->stage->fake.events, i);
        const char *label = json_string_value(json_object_get(event, "record"));
        count += strcmp(json_string_value(json_object_get(event, "event")), name) == 0 &&
                 label != NULL && strcmp(label, checked->label) == 0;
    }
    return count;
}

/* How often it ran; 0 when the lines of its file from the second on are not all the same. */
static unsigned runs(const struct checked *checked)
{
    char path[128], second[200] = "", line[200];
    unsigned count = 0;
    bool same = true;
    snprintf(path, sizeof path, "%s/%s.out", checked->stage->run.dir, checked->label);
    FILE *file = fopen(path, "r");
    for (; file != NULL && fgets(line, sizeof line, file) != NULL; count++) {
        if (count == 1)
            memcpy(second, line, sizeof second);
        same = same && (count == 0 || strcmp(line, second) == 0);
    }
    if (file != NULL)
        fclose(file);
    return same ? count : 0;
}

static bool has_run_again(void *owner)
{
    return runs(owner) > 4;
}

TEST(a_check_writes_once_more)
{
    struct stage stage;
    struct checked quiet, robbed, failing, alerting;
    stage_open(&stage, "exit 0");
    add(&quiet, &stage, "quiet", "echo $HOLDFAST_OLD_FENCE $HOLDFAST_NEW_FENCE $HOLDFAST_NEW_A "
                                 "$HOLDFAST_OLD_A >>$1", DRIFT_REPAIR);
    add(&robbed, &stage, "robbed", "test -e $1 && { echo $(cat $1) was there; exit 3; }; "
                                   "echo it >$1", DRIFT_REPAIR);
    add(&failing, &stage, "failing", "test -e $1 || { echo it >$1; exit 0; }; echo again >>$1; "
                                     "test $(wc -l <$1) -gt 3 || exit 2", DRIFT_REPAIR);
    add(&alerting, &stage, "alerting", "echo it >>$1", DRIFT_ALERT);
    /* One that fails is shown, and tried again. */
    CHECK(fake_until(&stage.fake, failing.record, "state", "refused"));
    CHECK(fake_until(&stage.fake, failing.record, "state", "ok"));
    /* The same fence each time, which is no news. */
    CHECK(spin_until(&stage.fake.loop, has_run_again, &quiet, SPIN_LIMIT_MS));
    CHECK_EQ(told(&quiet, "dns-write"), 1);
    CHECK_EQ(told(&quiet, "record-drifted"), 0);
    /* What had to be put right is told; the fourth time in 10 min somebody else is at it. */
    CHECK(fake_until(&stage.fake, robbed.record, "state", "contested"));
    CHECK(fake_until(&stage.fake, robbed.record, "detail",
                     "pbx.example.com was changed by another hand, and the command set it right: "
                     "it was there"));
    spin_for(&stage.fake.loop, 200); /* then one try per 10 min */
    CHECK_EQ(told(&robbed, "record-drifted"), 3);
    CHECK_EQ(told(&robbed, "record-contested"), 1);
    CHECK_EQ(told(&robbed, "record-repaired"), 4);
    /* With drift = alert nothing runs again. */
    CHECK_EQ(runs(&alerting), 1);
    record_close(quiet.record);
    record_close(robbed.record);
    record_close(failing.record);
    record_close(alerting.record);
    stage_close(&stage);
}

/* Once this node holds no more it cannot know what the next holder's command did. */
TEST(a_standby_does_not_say_what_it_cannot_know)
{
    struct stage stage;
    stage_open(&stage, "exit 0");
    CHECK(fake_until(&stage.fake, stage.record, "state", "unknown"));
    fake_hold(stage.record, 100);
    CHECK(fake_until(&stage.fake, stage.record, "state", "ok"));
    json_t *json = record_json(stage.record);
    CHECK(json_array_size(json_object_get(json, "addresses")) > 0);
    CHECK(json_is_null(json_object_get(json, "verified")));
    json_decref(json);
    fake_hold(stage.record, 0);
    json = record_json(stage.record);
    CHECK_STR(json_string_value(json_object_get(json, "state")), "unknown");
    CHECK_EQ(json_array_size(json_object_get(json, "addresses")), 0);
    CHECK(json_is_null(json_object_get(json, "verified")));
    json_decref(json);
    stage_close(&stage);
}

CHECK_MAIN
