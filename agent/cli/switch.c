/* Happy path: one order, then the daemon is asked every 30 ms until what was ordered can be seen,
 * and each thing that happened is printed with its time since the order.
 *
 * Failure modes: refused: exit 4 with every reason; no daemon: 3; ordered, but not seen within
 * three leases: 1, and where to look. A status that cannot be had in between is asked again. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../peer/clock.h"
#include "args.h"
#include "client.h"
#include "command.h"
#include "screen.h"

#define POLL_MS 30
#define RECORD_MS_MAX 1500   /* for the record to be seen written after a switchover */
#define RESTART_MS_MAX 15000 /* for a new daemon to answer */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* Text that is no UTF-8 cannot be said in JSON: then a name that no peer has. */
static void put_text(json_t *request, const char *key, const char *text)
{
    json_t *value = json_string(text);
    (void)json_object_set_new(request, key, value != NULL ? value : json_string("?"));
}

/* Asks for the status, and with `poke` has the records read anew. NULL when there is no answer
 * now. New reference. */
static json_t *fetch_status(const struct cli_options *options, bool poke)
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

/* What the timeline of a switchover has shown so far. */
struct timeline {
    const struct cli_options *options;
    mono_ms ordered; /* by the daemon's answer; the same machine's clock as ours */
    bool gave_up, moved;
    json_int_t epoch; /* of the new holder, once moved */
};

static void look(struct timeline *timeline, const json_t *status)
{
    const char *standing = text_of(status, "standing"), *holder = text_of(status, "holder");
    const json_t *since = json_object_get(status, "since_ms");
    bool holds = strcmp(standing, "holder") == 0 || strcmp(standing, "forced") == 0;
    if (!holds && !timeline->gave_up) {
        timeline->gave_up = true;
        mono_ms at = json_is_integer(since) ? json_integer_value(since) : clock_now();
        if (at < timeline->ordered) /* an earlier standing: not what we wait for */
            at = clock_now();
        printf("%6" PRId64 " ms  %s gave up the lease\n", at - timeline->ordered,
               text_of(status, "self"));
    }
    if (timeline->gave_up && holder[0] != 0 && strcmp(holder, text_of(status, "self")) != 0) {
        timeline->moved = true;
        timeline->epoch = json_integer_value(json_object_get(status, "epoch"));
        printf("%6" PRId64 " ms  %s holds, epoch %" JSON_INTEGER_FORMAT "\n",
               clock_now() - timeline->ordered, holder, timeline->epoch);
    }
    fflush(stdout);
}

/* True when every record's fence shows the new epoch (or there is no record to show it). */
static bool records_written(const struct timeline *timeline, const json_t *status)
{
    const json_t *records = json_object_get(status, "records");
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        if (strcmp(text_of(record, "fence"), "none") == 0)
            continue; /* a command: what it did cannot be read from here */
        if (json_integer_value(json_object_get(record, "epoch")) < timeline->epoch)
            return false;
    }
    return status != NULL;
}

/* Waits a little for the new holder's writes, as this node reads them from the DNS. */
static void follow_records(const struct timeline *timeline)
{
    bool written = false;
    size_t count = 0;
    mono_ms deadline = clock_now() + RECORD_MS_MAX;
    while (!written && clock_now() < deadline) {
        json_t *status = fetch_status(timeline->options, true);
        count = json_array_size(json_object_get(status, "records"));
        written = records_written(timeline, status);
        json_decref(status);
        if (!written)
            (void)poll(NULL, 0, 2 * POLL_MS);
    }
    if (count > 0 && written)
        printf("%6" PRId64 " ms  the record%s written and read back by this node\n",
               clock_now() - timeline->ordered, count == 1 ? " is" : "s are");
    else if (!written)
        printf("           the record is not seen to be written yet; look on the new holder: "
               "holdfast status\n");
}

/* Prints what happens until the other node holds, at most three leases long. */
static int follow_switchover(struct timeline *timeline, span_ms lease_ms)
{
    mono_ms deadline = timeline->ordered + 3 * lease_ms;
    printf("%6d ms  ordered\n", 0);
    while (clock_now() < deadline) {
        json_t *status = fetch_status(timeline->options, false);
        if (status != NULL)
            look(timeline, status);
        json_decref(status);
        if (timeline->moved) {
            follow_records(timeline);
            return COMMAND_YES;
        }
        (void)poll(NULL, 0, POLL_MS);
    }
    fprintf(stderr, "holdfast: %s within three leases; see 'holdfast why' and 'holdfast events'\n",
            timeline->gave_up ? "given up, but the other node was not seen to hold"
                              : "the lease was not given up");
    return COMMAND_NO;
}

/* The daemon's answer to an order, as a timeline to follow. */
static int follow_answer(const struct cli_options *options, const struct client_answer *answer)
{
    const json_t *lease = json_object_get(answer->result, "lease_ms");
    const json_t *at = json_object_get(answer->result, "boottime_ms");
    struct timeline timeline = {.options = options, .ordered = clock_now()};
    if (json_is_integer(at) && json_integer_value(at) <= timeline.ordered)
        timeline.ordered = json_integer_value(at);
    return follow_switchover(&timeline, json_is_integer(lease) ? json_integer_value(lease) : 5000);
}

int switchover_run(const struct cli_options *options, int argc, char **argv)
{
    const char *to = NULL;
    bool anyway = false;
    struct args_option table[] = {{.name = "--to", .text = &to},
                                  {.name = "--anyway", .flag = &anyway}};
    struct args args = {.usage = "holdfast switchover [--to NODE] [--anyway]",
                        .options = table,
                        .option_count = 2};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    json_t *request = client_request("switchover");
    if (to != NULL)
        put_text(request, "to", to);
    json_object_set_new(request, "anyway", json_boolean(anyway));
    struct client_answer answer;
    int code = client_do(options->socket, request, &answer);
    if (code != 0)
        return code;
    code = follow_answer(options, &answer);
    client_forget(&answer);
    return code;
}

/* Sends an order that is done when the daemon says so, and prints what it says. */
static int order(const struct cli_options *options, json_t *request)
{
    struct client_answer answer;
    int code = client_do(options->socket, request, &answer);
    if (code == 0 && answer.text[0] != 0)
        printf("%s\n", answer.text);
    client_forget(&answer);
    return code;
}

int takeover_run(const struct cli_options *options, int argc, char **argv)
{
    const char *peer = NULL;
    bool force = false;
    struct args_option table[] = {{.name = "--force", .flag = &force},
                                  {.name = "--peer-is-down", .text = &peer}};
    struct args args = {.usage = "holdfast takeover --force --peer-is-down NODE",
                        .options = table,
                        .option_count = 2};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    if (!force || peer == NULL)
        return args_wrong(args.usage,
                          "a takeover without two of three needs both --force and --peer-is-down "
                          "NODE: only if you have made sure that NODE is off or cut off");
    json_t *request = client_request("takeover");
    put_text(request, "peer", peer);
    int code = order(options, request);
    if (code == COMMAND_YES)
        printf("watch it: holdfast status --watch; end it when %s is back: holdfast release\n",
               peer);
    return code;
}

int release_run(const struct cli_options *options, int argc, char **argv)
{
    struct args args = {.usage = "holdfast release"};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    return order(options, client_request("release"));
}

/* After maintenance was switched on: was this the holder, and has it handed over? */
static int settle_maintenance(const struct cli_options *options, mono_ms asked)
{
    json_t *status = fetch_status(options, false);
    bool leaving = json_is_true(json_object_get(status, "leaving")) ||
                   strcmp(text_of(status, "standing"), "holder") == 0;
    const json_t *lease = json_object_get(status, "lease_ms");
    span_ms lease_ms = json_is_integer(lease) ? json_integer_value(lease) : 5000;
    json_decref(status);
    struct timeline timeline = {.options = options, .ordered = asked};
    return leaving ? follow_switchover(&timeline, lease_ms) : COMMAND_YES;
}

int maintenance_run(const struct cli_options *options, int argc, char **argv)
{
    const char *words[1], *reason = NULL;
    bool anyway = false;
    span_ms length = 0;
    size_t count = 0;
    struct args_option table[] = {{.name = "--for", .span_ms = &length},
                                  {.name = "--reason", .text = &reason},
                                  {.name = "--anyway", .flag = &anyway}};
    struct args args = {
        .usage = "holdfast maintenance on|off [--for 2h] [--reason TEXT] [--anyway]",
        .options = table,
        .option_count = 3,
        .words = words,
        .word_max = 1};
    if (!args_parse(&args, argc, argv, &count))
        return COMMAND_USAGE;
    bool on = count == 1 && strcmp(words[0], "on") == 0;
    if (!on && (count != 1 || strcmp(words[0], "off") != 0))
        return args_wrong(args.usage, "say on or off");
    if (!on && (length != 0 || reason != NULL))
        return args_wrong(args.usage, "--for and --reason belong to 'on'");
    json_t *request = client_request("maintenance");
    json_object_set_new(request, "on", json_boolean(on));
    if (length != 0)
        json_object_set_new(request, "for_ms", json_integer(length));
    if (reason != NULL)
        put_text(request, "reason", reason);
    json_object_set_new(request, "anyway", json_boolean(anyway));
    mono_ms asked = clock_now();
    int code = order(options, request);
    return code == COMMAND_YES && on ? settle_maintenance(options, asked) : code;
}

int pause_run(const struct cli_options *options, int argc, char **argv)
{
    span_ms length = 0;
    struct args_option table[] = {{.name = "--for", .span_ms = &length}};
    struct args args = {
        .usage = "holdfast pause [--for 2h]", .options = table, .option_count = 1};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    json_t *request = client_request("pause");
    if (length != 0)
        json_object_set_new(request, "for_ms", json_integer(length));
    int code = order(options, request);
    if (code == COMMAND_YES)
        printf("nothing moves and no record is written until then, or until: holdfast resume\n");
    return code;
}

int resume_run(const struct cli_options *options, int argc, char **argv)
{
    struct args args = {.usage = "holdfast resume"};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    return order(options, client_request("resume"));
}

/* True once another start of the daemon answers; prints what it is. */
static bool answers_anew(const struct cli_options *options, const char *old_boot, mono_ms asked)
{
    json_t *status = fetch_status(options, false);
    const char *boot = text_of(status, "boot");
    bool anew = boot[0] != 0 && strcmp(boot, old_boot) != 0;
    if (anew)
        printf("restarted in %" PRId64 " ms: holdfast %s, %s\n", clock_now() - asked,
               text_of(status, "version"), text_of(status, "standing"));
    json_decref(status);
    return anew;
}

int restart_run(const struct cli_options *options, int argc, char **argv)
{
    struct args args = {.usage = "holdfast restart"};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    struct client_answer answer;
    char boot[32];
    int code = client_do(options->socket, client_request("status"), &answer);
    if (code != 0)
        return code;
    snprintf(boot, sizeof boot, "%s", text_of(answer.result, "boot"));
    client_forget(&answer);
    mono_ms asked = clock_now();
    struct err err = {0};
    json_t *request = client_request("restart");
    /* An answer that got lost in the restart is no failure: the new start will tell. */
    bool answered = client_ask(options->socket, request, CLIENT_LIMIT_MS, &answer, &err) == 0;
    json_decref(request);
    code = answered ? answer.code : 0;
    if (code != 0)
        fprintf(stderr, "holdfast: refused: %s\n", answer.text);
    client_forget(&answer);
    if (code != 0)
        return code;
    while (clock_now() < asked + RESTART_MS_MAX) {
        if (answers_anew(options, boot, asked))
            return COMMAND_YES;
        (void)poll(NULL, 0, POLL_MS);
    }
    fprintf(stderr, "holdfast: the restarted daemon did not answer within %d s; look at its log: "
                    "journalctl -u holdfastd\n",
            RESTART_MS_MAX / 1000);
    return COMMAND_NO;
}

/* On a terminal a person must type yes; elsewhere only --yes counts. */
static bool confirmed(const char *peer)
{
    char line[16] = "";
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "holdfast: nobody to ask here; when you have made sure that %s is off, "
                        "say --yes\n",
                peer);
        return false;
    }
    printf("This goes on without %s. If that machine still runs, two nodes may hold at once.\n"
           "Is %s switched off for good, or its disk erased? Type yes: ",
           peer, peer);
    fflush(stdout);
    return fgets(line, sizeof line, stdin) != NULL && strcmp(line, "yes\n") == 0;
}

int recover_run(const struct cli_options *options, int argc, char **argv)
{
    const char *peer = NULL;
    bool yes = false;
    struct args_option table[] = {{.name = "--peer-is-down", .text = &peer},
                                  {.name = "--yes", .flag = &yes}};
    struct args args = {.usage = "holdfast recover --peer-is-down NODE [--yes]",
                        .options = table,
                        .option_count = 2};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    if (peer == NULL)
        return args_wrong(args.usage, "say which machine is gone: --peer-is-down NODE");
    if (!yes && !confirmed(peer)) {
        fprintf(stderr, "holdfast: nothing was changed\n");
        return COMMAND_REFUSED;
    }
    json_t *request = client_request("recover");
    put_text(request, "peer", peer);
    return order(options, request);
}
