/* Happy path: read the kept events page by page; --follow goes on asking for what came since.
 *
 * Failure modes: no daemon: exit 3 (--follow waits for it to come back, says so once); events
 * that were dropped from the file while following: said on stderr; a page that is no page ends
 * the command with 1. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "client.h"
#include "command.h"

#define PAGE_MAX 500
#define FOLLOW_MS 300
#define LAST_MAX 10000 /* more are never kept */

struct reader {
    const struct cli_options *options;
    bool json;
    bool follow;
    uint64_t cursor;
    bool from_end;
    bool complained;
};

/* Text with control characters replaced: it may have come over the network. */
static void put_clean(const char *text)
{
    for (; *text != 0; text++)
        putchar((unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
}

static bool usual(const char *key)
{
    static const char *const keys[] = {"time", "boottime_ms", "event", "epoch", "node", "text"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static void print_field(const char *key, const json_t *value)
{
    if (json_is_null(value))
        return;
    putchar(' ');
    put_clean(key);
    putchar('=');
    if (json_is_string(value)) {
        put_clean(json_string_value(value));
        return;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    put_clean(text == NULL ? "?" : text);
    free(text);
}

/* "2026-11-24 03:12:45.123  standing           1732  server1 holds ... key=value" */
static void print_event(json_t *event)
{
    const char *time_text = json_string_value(json_object_get(event, "time"));
    const char *name = json_string_value(json_object_get(event, "event"));
    const char *text = json_string_value(json_object_get(event, "text"));
    const json_t *epoch = json_object_get(event, "epoch");
    char epoch_text[24] = "-";
    if (json_is_integer(epoch))
        snprintf(epoch_text, sizeof epoch_text, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(epoch));
    if (time_text != NULL && strlen(time_text) >= 23)
        printf("%.10s %.12s", time_text, time_text + 11);
    printf("  %-16s %-11s ", name == NULL ? "?" : name, epoch_text);
    if (text != NULL)
        put_clean(text);
    void *iterator = json_object_iter(event);
    while (iterator != NULL) {
        const char *key = json_object_iter_key(iterator);
        if (!usual(key))
            print_field(key, json_object_iter_value(iterator));
        iterator = json_object_iter_next(event, iterator);
    }
    putchar('\n');
}

/* Prints a page and moves the cursor. Returns how many events it had, or -1: no page. */
static int take_page(struct reader *reader, const json_t *page)
{
    const json_t *events = json_object_get(page, "events"), *next = json_object_get(page, "next");
    if (!json_is_array(events) || !json_is_integer(next))
        return -1;
    if (json_is_true(json_object_get(page, "lost")))
        fputs("holdfast: some events are no longer kept; the list has a gap here\n", stderr);
    for (size_t i = 0; i < json_array_size(events); i++) {
        json_t *event = json_array_get(events, i);
        if (reader->json) {
            (void)json_dumpf(event, stdout, JSON_COMPACT);
            putchar('\n');
        } else {
            print_event(event);
        }
    }
    reader->cursor = (uint64_t)json_integer_value(next);
    reader->from_end = false;
    return (int)json_array_size(events);
}

static json_t *page_request(const struct reader *reader)
{
    json_t *request = client_request("events");
    json_object_set_new(request, "cursor", json_integer((json_int_t)reader->cursor));
    json_object_set_new(request, "max", json_integer(PAGE_MAX));
    json_object_set_new(request, "from_end", json_boolean(reader->from_end));
    return request;
}

/* One page. Returns the exit code; *ret_count is what it brought. */
static int ask_page(struct reader *reader, int *ret_count)
{
    struct client_answer answer;
    struct err err = {0};
    json_t *request = page_request(reader);
    int failed = client_ask(reader->options->socket, request, CLIENT_LIMIT_MS, &answer, &err);
    json_decref(request);
    *ret_count = 0;
    if (failed != 0) {
        if (!reader->complained)
            fprintf(stderr, "holdfast: %s\n", err.text);
        reader->complained = true;
        return COMMAND_UNREACHABLE;
    }
    reader->complained = false;
    int code = answer.code;
    *ret_count = code == 0 ? take_page(reader, answer.result) : 0;
    if (code != 0 || *ret_count < 0) {
        fprintf(stderr, "holdfast: %s\n", code != 0 ? answer.text : "the answer has no events");
        code = code != 0 ? code : COMMAND_NO;
    }
    client_forget(&answer);
    return code;
}

static int read_all(struct reader *reader)
{
    int count = 0;
    for (;;) {
        int code = ask_page(reader, &count);
        bool patient = reader->follow && code == COMMAND_UNREACHABLE;
        if (code != COMMAND_YES && !patient)
            return code;
        if (count > 0)
            continue;
        if (fflush(stdout) != 0 || !reader->follow)
            return COMMAND_YES;
        (void)poll(NULL, 0, FOLLOW_MS);
    }
}

int events_run(const struct cli_options *options, int argc, char **argv)
{
    struct reader reader = {.options = options, .json = options->json};
    const char *last = NULL;
    struct args_option table[] = {{.name = "--json", .flag = &reader.json},
                                  {.name = "--follow", .flag = &reader.follow},
                                  {.name = "--last", .text = &last}};
    struct args args = {.usage = "holdfast events [--json] [--follow] [--last N]",
                        .options = table,
                        .option_count = 3};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    if (last != NULL) {
        char *end = NULL;
        long number = strtol(last, &end, 10);
        if (last[0] < '0' || last[0] > '9' || *end != 0 || number > LAST_MAX)
            return args_wrong(args.usage, "--last %s: expected a number up to %d", last, LAST_MAX);
        reader.cursor = (uint64_t)number;
        reader.from_end = true;
    }
    return read_all(&reader);
}
