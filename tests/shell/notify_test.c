/* notify_test — the operator's command: environment, limits, storms, failures. */
#include "agent/peer/notify.h"

#include <signal.h>
#include <sys/stat.h>

#include "agent/peer/log.h"
#include "tests/lib/await.h"

struct rig {
    uv_loop_t loop;
    struct events *events;
    struct notify *notify;
    char folder[32], script[64], output[64];
    int failures;
    char text[8192];
};

static void rig_open(struct rig *rig, const char *script)
{
    struct err err = {0};
    char command[160];
    *rig = (struct rig){0};
    uv_loop_init(&rig->loop);
    setenv("HOLDFAST_SYSLOG", "/nonexistent/log", 1);
    log_open(&rig->loop, "notify_test", false);
    await_folder(rig->folder);
    snprintf(rig->script, sizeof rig->script, "%s/tell", rig->folder);
    snprintf(rig->output, sizeof rig->output, "%s/output", rig->folder);
    FILE *file = fopen(rig->script, "w");
    fprintf(file, "#!/bin/sh\n%s\n", script);
    fclose(file);
    chmod(rig->script, 0700);
    snprintf(command, sizeof command, " %s\t%s  two ", rig->script, rig->output);
    CHECK_EQ(events_open(&rig->events, &rig->loop, rig->folder, "server1", &err), 0);
    struct notify_world world = {&rig->loop, command, "pbx.example.com", rig->events};
    CHECK_EQ(notify_open(&rig->notify, &world, &err), 0);
}

static void rig_close(struct rig *rig)
{
    char command[64];
    notify_close(rig->notify);
    events_close(rig->events);
    log_close();
    await_end(&rig->loop);
    snprintf(command, sizeof command, "rm -r %s", rig->folder);
    CHECK_EQ(system(command), 0);
}

/* What the script wrote so far. */
static const char *output(struct rig *rig)
{
    FILE *file = fopen(rig->output, "r");
    size_t size = file == NULL ? 0 : fread(rig->text, 1, sizeof rig->text - 1, file);
    rig->text[size] = 0;
    if (file != NULL)
        fclose(file);
    return rig->text;
}

static int count(const char *text, const char *part)
{
    int found = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        found++;
    return found;
}

/* How often this event stands in the events file. */
static int events_of(struct rig *rig, const char *name)
{
    char path[64], key[64];
    snprintf(path, sizeof path, "%s/events.jsonl", rig->folder);
    snprintf(key, sizeof key, "\"event\":\"%s\"", name);
    FILE *file = fopen(path, "r");
    size_t size = file == NULL ? 0 : fread(rig->text, 1, sizeof rig->text - 1, file);
    rig->text[size] = 0;
    if (file != NULL)
        fclose(file);
    return count(rig->text, key);
}

TEST(environment_and_words)
{
    struct rig rig;
    setenv("SECRET_OF_THE_DAEMON", "x", 1);
    rig_open(&rig, "echo \"[$#] [$2]\" > $1.new; env >> $1.new; mv $1.new $1");
    notify_tell(rig.notify, "holder", 42, "server1", "server1 holds; \"$(id)\" is text");
    AWAIT(&rig.loop, count(output(&rig), "HOLDFAST_TEXT") == 1, 5000);
    CHECK_HAS(output(&rig), "[2] [two]\n");
    CHECK_HAS(output(&rig), "HOLDFAST_EVENT=holder\n");
    CHECK_HAS(output(&rig), "HOLDFAST_EPOCH=42\n");
    CHECK_HAS(output(&rig), "HOLDFAST_NODE=server1\n");
    CHECK_HAS(output(&rig), "HOLDFAST_HOLDER=server1\n");
    CHECK_HAS(output(&rig), "HOLDFAST_CLUSTER=pbx.example.com\n");
    CHECK_HAS(output(&rig), "HOLDFAST_TEXT=server1 holds; \"$(id)\" is text\n");
    CHECK_HAS(output(&rig), "PATH=/usr/local/sbin:");
    CHECK(strstr(output(&rig), "SECRET") == NULL);
    rig_close(&rig);
}

TEST(which_events_are_told)
{
    static const struct {
        const char *json, *kind;
    } table[] = {
        {"{\"event\":\"record-contested\",\"level\":\"alarm\"}", "contested"},
        {"{\"event\":\"stall\",\"level\":\"warning\"}", NULL}, /* happen tells it */
        {"{\"event\":\"state-missing\",\"level\":\"alarm\"}", "alarm"},
        {"{\"event\":\"peer-silent\",\"level\":\"warning\"}", NULL},
        {"{\"event\":7,\"level\":[]}", NULL},
        {"{}", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        json_t *event = json_loads(table[i].json, 0, NULL);
        const char *kind = notify_kind(event);
        CHECK_STR(kind == NULL ? "-" : kind, table[i].kind == NULL ? "-" : table[i].kind);
        json_decref(event);
    }
}

TEST(events_reach_the_command)
{
    struct rig rig;
    rig_open(&rig, "echo $HOLDFAST_EVENT $HOLDFAST_EPOCH $HOLDFAST_HOLDER: $HOLDFAST_TEXT >> $1");
    struct happening quiet = {.event = "fit", .level = REASON_NOTICE, .text = "quiet"};
    events_tell(rig.events, &quiet);
    struct happening alarm = {
        .event = "record-refused", .level = REASON_ALARM, .epoch = 8, .text = "not allowed"};
    events_tell(rig.events, &alarm);
    notify_tell(rig.notify, "alarm", 8, NULL, "not allowed"); /* the same, once more */
    struct happening contested = {.event = "record-contested", .level = REASON_ALARM};
    events_tell(rig.events, &contested);
    AWAIT(&rig.loop, count(output(&rig), "\n") == 2, 5000);
    CHECK_STR(output(&rig), "alarm 8 : not allowed\ncontested : record-contested\n");
    notify_configure(rig.notify, "");
    notify_tell(rig.notify, "stall", 0, NULL, "nobody hears");
    rig_close(&rig);
}

TEST(storm_becomes_two_messages)
{
    struct rig rig;
    rig_open(&rig, "echo \"$HOLDFAST_EPOCH $HOLDFAST_TEXT\" >> $1");
    notify_limit(rig.notify, 5000, 1500); /* longer than the command takes */
    double start = await_ms();
    for (int i = 1; i <= 500; i++) {
        char text[32];
        snprintf(text, sizeof text, "alarm %d", i);
        notify_tell(rig.notify, "alarm", (uint64_t)i, "", text);
    }
    AWAIT(&rig.loop, count(output(&rig), "\n") == 1, 5000);
    CHECK_STR(output(&rig), "1 alarm 1\n");
    AWAIT(&rig.loop, count(output(&rig), "\n") == 2, 5000);
    CHECK(await_ms() - start >= 1490);
    CHECK_HAS(output(&rig), "\n500 alarm ");
    CHECK_HAS(output(&rig), "; alarm 500\n");
    CHECK(strlen(output(&rig)) < 1100);
    notify_tell(rig.notify, "alarm", 501, "", "waits");
    notify_tell(rig.notify, "stall", 0, NULL, "other kinds do not wait");
    AWAIT(&rig.loop, count(output(&rig), "other kinds") == 1, 5000);
    CHECK_EQ(count(output(&rig), "501"), 0); /* and so come before one that does */
    notify_tell(rig.notify, "no-such-kind", 0, NULL, "nothing");
    rig_close(&rig);
}

static bool gone(const char *number)
{
    return kill((pid_t)atoi(number), 0) != 0;
}

TEST(hung_command_is_killed_with_its_children)
{
    struct rig rig;
    rig_open(&rig, "sleep 100 & echo $$ $! > $1.new; mv $1.new $1; trap '' TERM; wait");
    notify_limit(rig.notify, 1500, 0); /* time enough to say who it is */
    notify_tell(rig.notify, "stall", 0, "", "one");
    notify_tell(rig.notify, "alarm", 0, "", "waits its turn");
    AWAIT(&rig.loop, count(output(&rig), "\n") == 1, 5000);
    char first[16] = "0", second[16] = "0";
    CHECK_EQ(sscanf(output(&rig), "%15s %15s", first, second), 2);
    double worst = 0, limit = await_ms() + 5000;
    while ((!gone(first) || !gone(second)) && await_ms() < limit) {
        double took = await_turn(&rig.loop);
        worst = took > worst ? took : worst;
    }
    CHECK(gone(first) && gone(second));
    AWAIT(&rig.loop, events_of(&rig, "notify-failed") == 1, 5000);
    AWAIT(&rig.loop, strncmp(output(&rig), first, strlen(first)) != 0, 5000); /* the next */
    CHECK_EQ(events_of(&rig, "notify-failed"), 1);
    rig_close(&rig);
}

TEST(closing_kills_what_runs)
{
    struct rig rig;
    rig_open(&rig, "echo $$ > $1.new; mv $1.new $1; sleep 100");
    notify_tell(rig.notify, "stall", 0, "", "one");
    notify_tell(rig.notify, "alarm", 0, "", "never told");
    AWAIT(&rig.loop, count(output(&rig), "\n") == 1, 5000);
    char number[16];
    snprintf(number, sizeof number, "%.15s", output(&rig));
    double start = await_ms();
    rig_close(&rig);
    CHECK(await_ms() - start < 2000);
    CHECK(gone(number));
}

TEST(command_that_is_missing_or_fails)
{
    struct rig rig;
    rig_open(&rig, "exit 3");
    notify_limit(rig.notify, 5000, 0);
    unlink(rig.script);
    notify_tell(rig.notify, "stall", 0, "", "one");
    AWAIT(&rig.loop, events_of(&rig, "notify-failed") == 1, 5000);
    CHECK_HAS(rig.text, "no such file");
    for (int i = 0; i < 3; i++) /* and it goes on trying, without more words */
        notify_tell(rig.notify, "alarm", 0, "", "two");
    rig_close(&rig);
    rig_open(&rig, "exit 3");
    notify_tell(rig.notify, "stall", 0, "", "one");
    AWAIT(&rig.loop, events_of(&rig, "notify-failed") == 1, 5000);
    CHECK_HAS(rig.text, "exit code 3");
    rig_close(&rig);
}

TEST(no_command)
{
    struct rig rig;
    struct err err = {0};
    rig_open(&rig, "true");
    notify_close(rig.notify);
    struct notify_world world = {&rig.loop, "", "c", rig.events};
    CHECK_EQ(notify_open(&rig.notify, &world, &err), 0);
    notify_tell(rig.notify, "alarm", 1, "", "nobody hears");
    rig_close(&rig);
    notify_close(NULL);
}

CHECK_MAIN
