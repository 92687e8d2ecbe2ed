/* Happy path: `show` prints what the daemon read last against what is wanted; `verify` has it read
 * first; `adopt` shows what would change, and with --yes orders it and waits until it was read
 * back.
 *
 * Failure modes: no daemon: 3; refused, or a node that does not hold: 4 with the reason; different,
 * wrong, not seen to be written before a deadline: 1, and where to look. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../peer/clock.h"
#include "args.h"
#include "client.h"
#include "command.h"
#include "dns_screen.h"
#include "follow.h"

#define READ_LIMIT_MS 10000  /* for a reading of every record that was asked for */
#define ADOPT_LIMIT_MS 35000 /* the daemon gives an order up after 30 s */
#define PROGRESS_MS 1000

static const char dns_usage[] =
    "holdfast dns show|verify|adopt [LABEL] [--yes] [--move] [--json]";

/* One command under way. */
struct dns {
    const struct cli_options *options;
    const char *label; /* NULL = all */
    bool json, yes, move;
};

/* ---- asking ---- */

static json_t *dns_request(const struct dns *dns, const char *command)
{
    json_t *request = client_request(command);
    json_t *label = dns->label == NULL ? NULL : json_string(dns->label);
    if (dns->label != NULL) /* no UTF-8: then a label that no record has */
        (void)json_object_set_new(request, "label", label != NULL ? label : json_string("?"));
    return request;
}

static const json_t *find_record(const json_t *status, const char *label)
{
    const json_t *records = json_object_get(status, "records");
    for (size_t i = 0; i < json_array_size(records); i++)
        if (strcmp(follow_text(json_array_get(records, i), "label"), label) == 0)
            return json_array_get(records, i);
    return NULL;
}

/* The records that are meant. New reference. */
static json_t *pick_records(const struct dns *dns, const json_t *status)
{
    const json_t *records = json_object_get(status, "records");
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(records); i++) {
        json_t *record = json_array_get(records, i);
        if (dns->label == NULL || strcmp(follow_text(record, "label"), dns->label) == 0)
            (void)json_array_append(list, record);
    }
    return list;
}

static int no_record(const struct dns *dns, const json_t *status)
{
    const json_t *records = json_object_get(status, "records");
    if (strcmp(follow_text(status, "role"), "witness") == 0) {
        fprintf(stderr, "holdfast: a witness keeps no records: run it on a node\n");
        return COMMAND_REFUSED;
    }
    if (dns->label == NULL) {
        printf("no record is configured\n");
        return COMMAND_YES;
    }
    fprintf(stderr, "holdfast: no record is called '%s'; the records are", dns->label);
    for (size_t i = 0; i < json_array_size(records); i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "",
                follow_text(json_array_get(records, i), "label"));
    fprintf(stderr, "\n");
    return COMMAND_USAGE;
}

/* One line a second for who waits at a terminal. */
static void progress(const char *what, mono_ms since, mono_ms *told, span_ms limit)
{
    mono_ms now = clock_now();
    if (!isatty(STDERR_FILENO) || now - *told < PROGRESS_MS)
        return;
    *told = now;
    fprintf(stderr, "%s (%lld of at most %lld s)\n", what, (long long)(now - since) / 1000,
            (long long)limit / 1000);
}

static void dump(const json_t *object)
{
    (void)json_dumpf(object, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
}

/* ---- show, verify ---- */

typedef bool is_good(const json_t *record);

/* The answer to both: {good: bool, records: [...]}, or a screen. */
static int tell_records(const struct dns *dns, const json_t *status, is_good *good)
{
    bool verifies = good == dns_screen_is_verified, all = true;
    json_t *records = pick_records(dns, status);
    if (json_array_size(records) == 0) {
        json_decref(records);
        return no_record(dns, status);
    }
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        bool is = good(record);
        all = all && is;
        if (dns->json)
            continue;
        const char *other = !verifies                         ? "DIFFERENT"
                            : dns_screen_is_spreading(record) ? "NOT YET EVERYWHERE"
                                                              : "WRONG";
        dns_screen_record(stdout, record, !is ? other : verifies ? "ok" : "equal");
        const char *detail = follow_text(record, "detail");
        if (verifies && !is && detail[0] != 0)
            printf("  - %s: %s\n", follow_text(record, "state"), detail);
    }
    if (dns->json) {
        json_t *answer =
            json_pack("{s:b, s:O}", verifies ? "ok" : "equal", all, "records", records);
        dump(answer);
        json_decref(answer);
    }
    json_decref(records);
    return all ? COMMAND_YES : COMMAND_NO;
}

static int show_records(const struct dns *dns)
{
    struct client_answer answer;
    int code = client_do(dns->options->socket, client_request("status"), &answer);
    if (code != 0)
        return code;
    code = tell_records(dns, answer.result, dns_screen_is_equal);
    client_forget(&answer);
    return code;
}

/* Has each of `list`, [{label, count}], been read so often? */
static bool are_read(const json_t *list, const json_t *status)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *record = find_record(status, follow_text(one, "label"));
        const json_t *count = json_object_get(json_object_get(record, "read"), "count");
        if (json_integer_value(count) < json_integer_value(json_object_get(one, "count")))
            return false;
    }
    return true;
}

/* Polls until all were read anew, or the deadline. *ret: the last status; NULL = none came. New
 * reference. */
static bool await_read(const struct dns *dns, const json_t *list, json_t **ret)
{
    mono_ms since = clock_now(), told = since;
    json_t *status = NULL;
    bool read = false;
    while (!read && clock_now() - since < READ_LIMIT_MS) {
        json_decref(status);
        status = follow_status(dns->options, false);
        read = status != NULL && are_read(list, status);
        if (!read)
            (void)poll(NULL, 0, FOLLOW_POLL_MS);
        progress("reading what is there", since, &told, READ_LIMIT_MS);
    }
    *ret = status;
    return read;
}

static int verify_records(const struct dns *dns)
{
    struct client_answer answer, before;
    int code = client_do(dns->options->socket, client_request("status"), &before);
    if (code != 0)
        return code;
    json_t *records = pick_records(dns, before.result), *status = NULL;
    if (json_array_size(records) == 0)
        code = no_record(dns, before.result);
    bool none = json_array_size(records) == 0;
    json_decref(records);
    client_forget(&before);
    if (none)
        return code;
    code = client_do(dns->options->socket, dns_request(dns, "dns-read"), &answer);
    if (code != 0)
        return code;
    bool read = await_read(dns, answer.result, &status);
    client_forget(&answer);
    code = status == NULL ? COMMAND_UNREACHABLE : tell_records(dns, status,
                                                               dns_screen_is_verified);
    if (!read) {
        fprintf(stderr, "holdfast: not read anew within %d s: what is shown is older; see "
                        "'holdfast status'\n", READ_LIMIT_MS / 1000);
        code = code == COMMAND_YES ? COMMAND_NO : code;
    }
    json_decref(status);
    return code;
}

/* ---- adopt ---- */

/* So that the preview shows what is there now; who may not ask for it sees what was read last. */
static void read_first(const struct dns *dns)
{
    struct client_answer answer;
    struct err err = {0};
    json_t *request = dns_request(dns, "dns-read"), *status = NULL;
    if (client_ask(dns->options->socket, request, CLIENT_LIMIT_MS, &answer, &err) == 0 &&
        answer.code == 0)
        (void)await_read(dns, answer.result, &status);
    client_forget(&answer);
    json_decref(request);
    json_decref(status);
}

/* Polls until the record is written and read back, or the order has ended otherwise. *ret: the
 * record as it was last seen, new reference. */
static bool await_adopted(const struct dns *dns, const char *label, json_t **ret)
{
    mono_ms since = clock_now(), told = since;
    bool adopting = true, done = false;
    *ret = NULL;
    while (adopting && clock_now() - since < ADOPT_LIMIT_MS) {
        json_t *status = follow_status(dns->options, false);
        const json_t *record = status == NULL ? NULL : find_record(status, label);
        if (record != NULL) {
            adopting = json_is_true(json_object_get(record, "adopting"));
            done = !adopting && strcmp(follow_text(record, "state"), "ok") == 0;
            json_decref(*ret);
            *ret = json_deep_copy(record);
        }
        json_decref(status);
        if (adopting)
            (void)poll(NULL, 0, FOLLOW_POLL_MS);
        progress("writing and reading it back", since, &told, ADOPT_LIMIT_MS);
    }
    return done;
}

static int order_adoption(const struct dns *dns, json_t *preview)
{
    const char *label = follow_text(preview, "label");
    struct client_answer answer;
    json_t *request = client_request("dns-adopt"), *record = NULL;
    mono_ms ordered = clock_now();
    (void)json_object_set(request, "label", json_object_get(preview, "label"));
    (void)json_object_set(request, "seen", json_object_get(preview, "seen"));
    (void)json_object_set_new(request, "move", json_boolean(dns->move));
    int code = client_do(dns->options->socket, request, &answer);
    client_forget(&answer);
    if (code != 0)
        return code;
    bool done = await_adopted(dns, label, &record);
    const char *detail = follow_text(record, "detail");
    if (dns->json) {
        (void)json_object_set_new(preview, "adopted", json_boolean(done));
        (void)json_object_set(preview, "record", record);
        dump(preview);
    } else if (done) {
        printf("adopted: record %s is written and read back, %lld ms after the order\n", label,
               (long long)(clock_now() - ordered));
    }
    if (!done)
        fprintf(stderr, "holdfast: record %s is not seen to be adopted: %s%s%s; see 'holdfast "
                        "events' and 'holdfast status'\n", label,
                record == NULL ? "no answer" : follow_text(record, "state"),
                detail[0] == 0 ? "" : ": ", detail);
    json_decref(record);
    return done ? COMMAND_YES : COMMAND_NO;
}

static int adopt_record(const struct dns *dns)
{
    struct client_answer answer;
    read_first(dns);
    int code = client_do(dns->options->socket, dns_request(dns, "dns-adopt"), &answer);
    if (code != 0)
        return code;
    json_t *preview = answer.result;
    bool possible = json_is_true(json_object_get(preview, "possible"));
    bool own = strcmp(follow_text(preview, "kind"), "own") == 0;
    if (!dns->json)
        dns_screen_preview(stdout, preview);
    else if (!possible || !dns->yes)
        dump(preview);
    fflush(stdout);
    if (!possible)
        code = own ? COMMAND_YES : COMMAND_NO;
    else if (dns->yes)
        code = order_adoption(dns, preview);
    else if (!dns->json)
        printf("nothing was done yet. To do it: holdfast dns adopt %s --yes%s\n",
               follow_text(preview, "label"),
               json_is_true(json_object_get(preview, "moves")) ? " --move" : "");
    client_forget(&answer);
    return code;
}

int dns_run(const struct cli_options *options, int argc, char **argv)
{
    const char *words[2] = {"", NULL};
    size_t count = 0;
    struct dns dns = {.options = options, .json = options->json};
    struct args_option table[] = {{.name = "--json", .flag = &dns.json},
                                  {.name = "--yes", .flag = &dns.yes},
                                  {.name = "--move", .flag = &dns.move}};
    struct args args = {.usage = dns_usage,
                        .options = table,
                        .option_count = 3,
                        .words = words,
                        .word_max = 2};
    if (!args_parse(&args, argc, argv, &count))
        return COMMAND_USAGE;
    dns.label = words[1];
    bool adopts = strcmp(words[0], "adopt") == 0;
    if (!adopts && (dns.yes || dns.move))
        return args_wrong(dns_usage, "--yes and --move belong to 'adopt'");
    if (dns.move && !dns.yes)
        return args_wrong(dns_usage, "--move belongs to --yes");
    if (adopts)
        return adopt_record(&dns);
    if (strcmp(words[0], "show") == 0)
        return show_records(&dns);
    if (strcmp(words[0], "verify") == 0)
        return verify_records(&dns);
    return args_wrong(dns_usage, "say show, verify or adopt");
}
