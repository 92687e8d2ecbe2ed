/* Happy path: one order; what it brings about is followed until it can be seen.
 *
 * Failure modes: refused: exit 4 with every reason; no daemon: 3; ordered, but not seen before a
 * deadline: 1, and where to look. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../peer/clock.h"
#include "args.h"
#include "client.h"
#include "command.h"
#include "follow.h"

/* Text that is no UTF-8 cannot be said in JSON: then a name that no peer has. */
static void put_text(json_t *request, const char *key, const char *text)
{
    json_t *value = json_string(text);
    (void)json_object_set_new(request, key, value != NULL ? value : json_string("?"));
}

/* Follows from the instant that the daemon's answer names. */
static int follow_answer(const struct cli_options *options, const struct client_answer *answer)
{
    const json_t *lease = json_object_get(answer->result, "lease_ms");
    const json_t *at = json_object_get(answer->result, "boottime_ms");
    mono_ms ordered = clock_now();
    if (json_is_integer(at) && json_integer_value(at) <= ordered)
        ordered = json_integer_value(at);
    return follow_switchover(options, ordered,
                             json_is_integer(lease) ? json_integer_value(lease) : 5000);
}

static void print_warnings(const struct client_answer *answer)
{
    const json_t *list = json_object_get(answer->result, "warnings");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        fprintf(stderr, "holdfast: warning: %s\n", text == NULL ? "?" : text);
    }
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
    print_warnings(&answer);
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
    struct client_answer answer;
    int code = client_do(options->socket, request, &answer);
    if (code != 0)
        return code;
    printf("%s\n", answer.text);
    if (json_is_true(json_object_get(answer.result, "leaving")))
        code = follow_answer(options, &answer);
    client_forget(&answer);
    return code;
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

int restart_run(const struct cli_options *options, int argc, char **argv)
{
    struct args args = {.usage = "holdfast restart"};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    struct client_answer before, answer;
    int code = client_do(options->socket, client_request("status"), &before);
    if (code != 0)
        return code;
    mono_ms ordered = clock_now();
    struct err err = {0};
    json_t *request = client_request("restart");
    /* An answer that got lost in the restart is no failure: the new start will tell. */
    if (client_ask(options->socket, request, CLIENT_LIMIT_MS, &answer, &err) == 0)
        code = answer.code;
    json_decref(request);
    if (code != 0)
        fprintf(stderr, "holdfast: refused: %s\n", answer.text);
    else
        code = follow_restart(options, before.result, ordered);
    client_forget(&answer);
    client_forget(&before);
    return code;
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
