/* Happy path: ask the daemon, render the answer, exit with what the answer means.
 *
 * Failure modes: no daemon: exit 3 with where and what to do (--watch goes on trying and shows
 * that instead of a stale screen); an answer without a result: said so, exit 1. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "args.h"
#include "client.h"
#include "command.h"
#include "screen.h"

#define WATCH_MS 500

static struct screen_style style_of_stdout(void)
{
    struct screen_style style = {.width = SCREEN_WIDTH};
    struct winsize size;
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (!isatty(STDOUT_FILENO))
        return style;
    style.colour = (no_colour == NULL || no_colour[0] == 0) &&
                   (terminal == NULL || strcmp(terminal, "dumb") != 0);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60)
        style.width = size.ws_col;
    return style;
}

static int print_json(const json_t *value, size_t flags)
{
    if (json_dumpf(value, stdout, flags) != 0 || fputc('\n', stdout) == EOF)
        return COMMAND_NO;
    return fflush(stdout) == 0 ? COMMAND_YES : COMMAND_NO;
}

static int no_result(const struct cli_options *options)
{
    fprintf(stderr, "holdfast: the daemon at %s answered without a result\n", options->socket);
    return COMMAND_NO;
}

/* One picture of --watch, built in memory and put over the last one in a single write. */
static void draw(const char *picture, bool terminal)
{
    if (!terminal) {
        fputs(picture, stdout);
        fputc('\n', stdout);
        fflush(stdout);
        return;
    }
    fputs("\033[H", stdout);
    for (const char *line = picture; *line != 0;) {
        size_t length = strcspn(line, "\n");
        fwrite(line, 1, length, stdout);
        fputs("\033[K\n", stdout);
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    fputs("\033[J", stdout);
    fflush(stdout);
}

static int watch_once(const struct cli_options *options, bool json, bool terminal)
{
    struct client_answer answer;
    struct err err = {0};
    json_t *request = client_request("status");
    int failed = client_ask(options->socket, request, CLIENT_LIMIT_MS, &answer, &err);
    json_decref(request);
    if (json) {
        if (failed != 0 || answer.result == NULL)
            fprintf(stderr, "holdfast: %s\n", failed != 0 ? err.text : "no result");
        else
            (void)print_json(answer.result, JSON_COMPACT);
        client_forget(&answer);
        return COMMAND_YES;
    }
    char *picture = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&picture, &size);
    if (memory == NULL) {
        client_forget(&answer);
        return COMMAND_NO;
    }
    if (failed != 0)
        fprintf(memory, "%s\n", err.text);
    else
        screen_status(memory, answer.result, style_of_stdout());
    fclose(memory);
    draw(picture, terminal);
    free(picture);
    client_forget(&answer);
    return COMMAND_YES;
}

/* Until Ctrl-C, or until the reader of a pipe has gone. */
static int watch(const struct cli_options *options, bool json)
{
    bool terminal = isatty(STDOUT_FILENO);
    if (terminal && !json)
        fputs("\033[2J", stdout);
    while (!ferror(stdout)) {
        if (watch_once(options, json, terminal) != COMMAND_YES)
            return COMMAND_NO;
        (void)poll(NULL, 0, WATCH_MS);
    }
    return COMMAND_YES;
}

int status_run(const struct cli_options *options, int argc, char **argv)
{
    bool json = options->json, watching = false;
    struct args_option table[] = {{.name = "--json", .flag = &json},
                                  {.name = "--watch", .flag = &watching}};
    struct args args = {
        .usage = "holdfast status [--json] [--watch]", .options = table, .option_count = 2};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    if (watching)
        return watch(options, json);
    struct client_answer answer;
    int code = client_do(options->socket, client_request("status"), &answer);
    if (code != 0)
        return code;
    if (answer.result == NULL)
        code = no_result(options);
    else if (json)
        code = print_json(answer.result, JSON_INDENT(2));
    else
        screen_status(stdout, answer.result, style_of_stdout());
    client_forget(&answer);
    return code;
}

int why_run(const struct cli_options *options, int argc, char **argv)
{
    bool json = options->json;
    struct args_option table[] = {{.name = "--json", .flag = &json}};
    struct args args = {.usage = "holdfast why [--json]", .options = table, .option_count = 1};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    struct client_answer answer;
    int code = client_do(options->socket, client_request("why"), &answer);
    if (code != 0)
        return code;
    if (answer.result == NULL)
        code = no_result(options);
    else if (json)
        code = print_json(answer.result, JSON_INDENT(2));
    else
        screen_why(stdout, answer.result, style_of_stdout());
    client_forget(&answer);
    return code;
}

/* Silent about yes and no: cron jobs ask it every minute. */
int is_active_run(const struct cli_options *options, int argc, char **argv)
{
    struct args args = {.usage = "holdfast is-active"};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    struct client_answer answer;
    struct err err = {0};
    json_t *request = client_request("is-active");
    int failed = client_ask(options->socket, request, CLIENT_LIMIT_MS_SHORT, &answer, &err);
    json_decref(request);
    if (failed != 0) {
        fprintf(stderr, "holdfast: %s\n", err.text);
        return COMMAND_UNREACHABLE;
    }
    int code = answer.code == 0 ? COMMAND_YES : COMMAND_NO;
    client_forget(&answer);
    return code;
}

int ready_run(const struct cli_options *options, int argc, char **argv)
{
    struct args args = {.usage = "holdfast ready"};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    struct client_answer answer;
    struct err err = {0};
    json_t *request = client_request("ready");
    int failed = client_ask(options->socket, request, CLIENT_LIMIT_MS, &answer, &err);
    json_decref(request);
    if (failed != 0) {
        fprintf(stderr, "holdfast: %s\n", err.text);
        return COMMAND_UNREACHABLE;
    }
    int code = answer.code == 0 ? COMMAND_YES : COMMAND_NO;
    printf("%s\n", answer.text);
    client_forget(&answer);
    return code;
}
