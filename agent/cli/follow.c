/* Happy path: the daemon is asked every 30 ms until what was ordered can be seen, and each thing
 * that happened is printed with its time since the order.
 *
 * Failure modes: ordered, but not seen before the deadline: exit 1, what was seen instead, and
 * where to look. A status that cannot be had in between is asked again. */
#include "follow.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "../peer/clock.h"
#include "../peer/config.h"
#include "client.h"

#define RECORD_MS_MAX 5000   /* for the record to be read back after a switchover */
#define RESTART_MS_MAX 15000 /* for a new daemon to answer */

const char *follow_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

json_t *follow_status(const struct cli_options *options, bool poke)
{
    struct client_answer answer;
    struct err err;
    json_t *request = client_request("status"), *result = NULL;
    if (poke)
        json_object_set_new(request, "poke", json_true());
    if (client_ask(options->socket, request, CLIENT_LIMIT_MS, &answer, &err) == 0)
        result = json_incref(answer.result);
    client_forget(&answer);
    json_decref(request);
    return result;
}

static bool acts(const char *standing)
{
    return strcmp(standing, "holder") == 0 || strcmp(standing, "forced") == 0;
}

/* What the timeline of a switchover has shown so far. */
struct timeline {
    const struct cli_options *options;
    mono_ms ordered; /* by the daemon's answer; the same machine's clock as ours */
    bool gave_up, moved;
    json_int_t epoch; /* of the new holder, once moved */
    bool shown[RECORD_MAX]; /* this record is written, and that was printed */
};

static void look(struct timeline *timeline, const json_t *status)
{
    const char *holder = follow_text(status, "holder"), *self = follow_text(status, "self");
    const json_t *since = json_object_get(status, "since_ms");
    if (!acts(follow_text(status, "standing")) && !timeline->gave_up) {
        timeline->gave_up = true;
        mono_ms at = json_is_integer(since) ? json_integer_value(since) : clock_now();
        if (at < timeline->ordered) /* an earlier standing: not what we wait for */
            at = clock_now();
        printf("%6" PRId64 " ms  %s gave up the lease\n", at - timeline->ordered, self);
    }
    if (timeline->gave_up && holder[0] != 0 && strcmp(holder, self) != 0) {
        timeline->moved = true;
        timeline->epoch = json_integer_value(json_object_get(status, "epoch"));
        printf("%6" PRId64 " ms  %s holds, epoch %" JSON_INTEGER_FORMAT "\n",
               clock_now() - timeline->ordered, holder, timeline->epoch);
    }
    fflush(stdout);
}

/* A command's work cannot be read from here. */
static bool is_command(const json_t *record)
{
    return strcmp(follow_text(record, "fence"), "none") == 0;
}

/* Read back: the fence of the new holder, under its epoch, with that node's own addresses. */
static bool is_written(const struct timeline *timeline, const json_t *record)
{
    return strcmp(follow_text(record, "state"), "ok") == 0 &&
           json_is_object(json_object_get(record, "verified")) &&
           json_integer_value(json_object_get(record, "epoch")) >= timeline->epoch;
}

/* Prints each record that was read back since the last look: a slow one hides no quick one. */
static void print_written(struct timeline *timeline, const json_t *status)
{
    const json_t *records = json_object_get(status, "records");
    for (size_t i = 0; i < json_array_size(records) && i < RECORD_MAX; i++) {
        const json_t *record = json_array_get(records, i);
        if (timeline->shown[i] || is_command(record) || !is_written(timeline, record))
            continue;
        timeline->shown[i] = true;
        printf("%6" PRId64 " ms  record %s is written, and read back by this node\n",
               clock_now() - timeline->ordered, follow_text(record, "label"));
        fflush(stdout);
    }
}

static size_t print_unwritten(const struct timeline *timeline, const json_t *status)
{
    const json_t *records = json_object_get(status, "records");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        const char *detail = follow_text(record, "detail");
        if (is_command(record) || is_written(timeline, record))
            continue;
        count++;
        fprintf(stderr, "holdfast: record %s is not seen to be written: %s, epoch %"
                        JSON_INTEGER_FORMAT "%s%s; look on the new holder: holdfast status\n",
                follow_text(record, "label"), follow_text(record, "state"),
                json_integer_value(json_object_get(record, "epoch")),
                detail[0] == 0 ? "" : ": ", detail);
    }
    return count;
}

static void print_commands(const json_t *status)
{
    const json_t *records = json_object_get(status, "records");
    for (size_t i = 0; i < json_array_size(records); i++)
        if (is_command(json_array_get(records, i)))
            printf("           record %s is changed by a command of the new holder, and cannot be "
                   "read back from here\n",
                   follow_text(json_array_get(records, i), "label"));
}

static bool all_written(const struct timeline *timeline, const json_t *status)
{
    const json_t *records = json_object_get(status, "records");
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        if (!is_command(record) && !is_written(timeline, record))
            return false;
    }
    return status != NULL;
}

/* Waits a little for the new holder's writes, as this node reads them from the DNS. */
static int follow_records(struct timeline *timeline)
{
    json_t *status = NULL;
    bool written = false;
    mono_ms deadline = clock_now() + RECORD_MS_MAX;
    while (!written && clock_now() < deadline) {
        json_decref(status);
        status = follow_status(timeline->options, true);
        written = all_written(timeline, status);
        print_written(timeline, status);
        if (!written)
            (void)poll(NULL, 0, 2 * FOLLOW_POLL_MS);
    }
    print_commands(status);
    if (!written && print_unwritten(timeline, status) == 0)
        fprintf(stderr, "holdfast: the daemon did not say whether the records are written; look "
                        "on the new holder: holdfast status\n");
    json_decref(status);
    return written ? COMMAND_YES : COMMAND_NO;
}

int follow_switchover(const struct cli_options *options, mono_ms ordered, span_ms lease_ms)
{
    struct timeline timeline = {.options = options, .ordered = ordered};
    mono_ms deadline = ordered + 3 * lease_ms;
    printf("%6d ms  ordered\n", 0);
    while (clock_now() < deadline) {
        json_t *status = follow_status(options, false);
        if (status != NULL)
            look(&timeline, status);
        json_decref(status);
        if (timeline.moved)
            return follow_records(&timeline);
        (void)poll(NULL, 0, FOLLOW_POLL_MS);
    }
    fprintf(stderr, "holdfast: %s within three leases; see 'holdfast why' and 'holdfast events'\n",
            timeline.gave_up ? "given up, but the other node was not seen to hold"
                             : "the lease was not given up");
    return COMMAND_NO;
}

/* ---- restart ---- */

/* The first status of another start of the daemon; NULL when none came. New reference. */
static json_t *await_start(const struct cli_options *options, const json_t *before,
                           mono_ms ordered)
{
    while (clock_now() < ordered + RESTART_MS_MAX) {
        json_t *status = follow_status(options, false);
        const char *boot = follow_text(status, "boot");
        if (boot[0] != 0 && strcmp(boot, follow_text(before, "boot")) != 0)
            return status;
        json_decref(status);
        (void)poll(NULL, 0, FOLLOW_POLL_MS);
    }
    return NULL;
}

/* Does this start stand where the one before stood? The same role, and somebody holds again when
 * somebody did. */
static bool stands_again(const json_t *before, const json_t *status)
{
    const char *held = follow_text(before, "holder"), *holds = follow_text(status, "holder");
    bool same = strcmp(follow_text(before, "standing"), follow_text(status, "standing")) == 0;
    return same && (held[0] == 0 || holds[0] != 0);
}

/* The holder's restart must not move anything. */
static bool has_moved(const json_t *before, const json_t *status)
{
    const char *holds = follow_text(status, "holder");
    return strcmp(follow_text(before, "standing"), "holder") == 0 && holds[0] != 0 &&
           strcmp(holds, follow_text(before, "self")) != 0;
}

/* The verdict on the last status that was seen. */
static int tell_standing(const json_t *before, const json_t *status, mono_ms ordered)
{
    const char *was = follow_text(before, "standing"), *is = follow_text(status, "standing");
    const char *holder = follow_text(status, "holder");
    if (stands_again(before, status)) {
        const char *self = follow_text(status, "self");
        printf("%6" PRId64 " ms  ", clock_now() - ordered);
        if (strcmp(holder, self) == 0)
            printf("%s holds again\n", self);
        else
            printf("%s is %s again, %s holds\n", self, is, holder[0] == 0 ? "nobody" : holder);
        return COMMAND_YES;
    }
    fprintf(stderr,
            "holdfast: it was %s before the restart and is %s now, %s holds; see 'holdfast why' "
            "and 'holdfast events'\n",
            was, is[0] == 0 ? "not answering" : is, holder[0] == 0 ? "nobody" : holder);
    return COMMAND_NO;
}

int follow_restart(const struct cli_options *options, const json_t *before, mono_ms ordered)
{
    json_t *status = await_start(options, before, ordered);
    if (status == NULL) {
        fprintf(stderr, "holdfast: the restarted daemon did not answer within %d s; look at its "
                        "log: journalctl -u %s\n",
                RESTART_MS_MAX / 1000,
                strcmp(follow_text(before, "role"), "witness") == 0 ? "holdfast-witness"
                                                                    : "holdfastd");
        return COMMAND_NO;
    }
    printf("%6" PRId64 " ms  restarted: holdfast %s\n", clock_now() - ordered,
           follow_text(status, "version"));
    fflush(stdout);
    mono_ms deadline =
        clock_now() + 2 * json_integer_value(json_object_get(status, "lease_ms")) + 2000;
    while (!stands_again(before, status) && !has_moved(before, status) &&
           clock_now() < deadline) {
        (void)poll(NULL, 0, FOLLOW_POLL_MS);
        json_decref(status);
        status = follow_status(options, false);
    }
    int code = tell_standing(before, status, ordered);
    json_decref(status);
    return code;
}
