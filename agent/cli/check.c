/* Happy path: read, look at the files that are named, print every complaint, then who is who and
 * what to expect of a failover.
 *
 * Failure modes: a file that cannot be read is one error among others; exit 2 with any error.
 * Nothing is asked of the network or the daemon. */
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../peer/complaint.h"
#include "../peer/config_value.h"
#include "../peer/keys.h"
#include "args.h"
#include "check_files.h"
#include "command.h"

#define SWITCHOVER_MS 300 /* median of planned hand-overs, DNS write included */

struct check {
    struct config config;
    struct complaints complaints;
    uint8_t self;
};

/* How long until the other node holds; the DNS write comes on top. */
struct expectation {
    span_ms crash_min, crash_max; /* also power and network loss */
    span_ms deaf_max;             /* the holder sends, but hears nothing */
};

static struct expectation expect(const struct config *config)
{
    return (struct expectation){.crash_min = config->lease_ms - config->interval_ms / 2,
                                .crash_max = config->lease_ms + config->interval_ms,
                                .deaf_max = config->lease_ms * 17 / 10};
}

static double seconds(span_ms span)
{
    return (double)span / 1000;
}

static void print_expectation(const struct config *config)
{
    struct expectation expectation = expect(config);
    uint32_t ttl = 0;
    for (size_t i = 0; i < config->record_count; i++)
        ttl = config->records[i].ttl_s > ttl ? config->records[i].ttl_s : ttl;
    printf("\nexpect, until the other node holds (then the record is written, mostly within "
           "0.1 s):\n"
           "  holder crashes or is cut off   %.2f to %.2f s\n"
           "  holder hears nothing any more  at most %.2f s\n"
           "  holder's daemon stops, or switchover   about %.1f s\n",
           seconds(expectation.crash_min), seconds(expectation.crash_max),
           seconds(expectation.deaf_max), seconds(SWITCHOVER_MS));
    if (config->record_count > 0)
        printf("  who asked the DNS before keeps the old address for up to %u s more (ttl)\n", ttl);
}

static void print_serve(const struct serve *serve)
{
    for (size_t i = 0; i < serve->a_count; i++)
        printf(" %s", serve->a[i]);
    for (size_t i = 0; i < serve->aaaa_count; i++)
        printf(" %s", serve->aaaa[i]);
}

static void print_peer(const struct check *check, uint8_t index)
{
    const struct peer_config *peer = &check->config.peers[index];
    char key[KEY_TEXT_SIZE];
    keys_text(peer->public_key, key);
    printf("  %-8s%-14s %s%s\n", peer->witness ? "witness" : "node", peer->name, key,
           index == check->self ? "  (this machine)" : "");
    for (size_t i = 0; i < peer->address_count; i++) {
        bool v6 = strchr(peer->addresses[i].host, ':') != NULL;
        printf("%24s%s%s%s:%u\n", "", v6 ? "[" : "", peer->addresses[i].host, v6 ? "]" : "",
               peer->addresses[i].port);
    }
}

static void print_cluster(const struct check *check)
{
    const struct config *config = &check->config;
    char interval[CONFIG_VALUE_SPAN_SIZE], lease[CONFIG_VALUE_SPAN_SIZE];
    config_value_span_text(config->interval_ms, interval);
    config_value_span_text(config->lease_ms, lease);
    printf("\ncluster %s: profile %s, interval %s, lease %s, settings %016" PRIx64 "\n",
           config->cluster, config->profile, interval, lease, config_settings_hash(config));
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        print_peer(check, i);
    for (size_t i = 0; i < config->record_count; i++) {
        const struct record_config *record = &config->records[i];
        bool exec = record->provider == PROVIDER_EXEC;
        printf("  record  %s, ttl %u s, %s\n", record->name, record->ttl_s,
               exec ? "exec (the command must fence by itself)" : "rfc2136");
        for (size_t node = 0; node < NODE_COUNT; node++) {
            printf("%24swhen %s holds:", "", config->peers[node].name);
            print_serve(&record->serve[node]);
            printf("\n");
        }
    }
    print_expectation(config);
}

static size_t count_warnings(const struct complaints *complaints)
{
    size_t count = 0;
    for (size_t i = 0; i < complaints->count; i++)
        count += complaints->list[i].warning;
    return count;
}

static void print_text(const struct check *check)
{
    const struct complaints *complaints = &check->complaints;
    size_t warnings = count_warnings(complaints), errors = complaints->error_count;
    for (size_t i = 0; i < complaints->count; i++)
        printf("%s%s\n", complaints->list[i].warning ? "warning: " : "error: ",
               complaints->list[i].text);
    if (errors + warnings > complaints->count)
        printf("(the first %zu are shown)\n", complaints->count);
    printf("%s: %zu error%s, %zu warning%s\n", check->config.path, errors, errors == 1 ? "" : "s",
           warnings, warnings == 1 ? "" : "s");
    if (errors == 0)
        print_cluster(check);
}

static json_t *list_of(const struct complaints *complaints, bool warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < complaints->count; i++)
        if (complaints->list[i].warning == warnings)
            json_array_append_new(list, json_string(complaints->list[i].text));
    return list;
}

static void print_json(const struct check *check)
{
    const struct config *config = &check->config;
    bool ok = check->complaints.error_count == 0;
    struct expectation expectation = expect(config);
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, config_settings_hash(config));
    json_t *report = json_pack(
        "{s:i, s:b, s:o, s:o, s:I}", "schema", 1, "ok", ok, "errors",
        list_of(&check->complaints, false), "warnings", list_of(&check->complaints, true),
        "error_count", (json_int_t)check->complaints.error_count);
    if (ok) {
        json_object_set_new(report, "cluster", json_string(config->cluster));
        json_object_set_new(report, "settings_hash", json_string(hash));
        json_object_set_new(report, "self", check->self == PEER_NONE
                                                ? json_null()
                                                : json_string(config->peers[check->self].name));
        json_object_set_new(
            report, "expect",
            json_pack("{s:I, s:I, s:I, s:I}", "crash_ms_min", (json_int_t)expectation.crash_min,
                      "crash_ms_max", (json_int_t)expectation.crash_max, "deaf_ms_max",
                      (json_int_t)expectation.deaf_max, "switchover_ms",
                      (json_int_t)SWITCHOVER_MS));
    }
    char *text = json_dumps(report, JSON_INDENT(2));
    printf("%s\n", text == NULL ? "{}" : text);
    free(text);
    json_decref(report);
}

/* Without all three keys nobody can say who this machine is, and the missing one was told. */
static bool knows_keys(const struct config *config)
{
    for (size_t i = 0; i < PEER_COUNT; i++)
        if (sodium_is_zero(config->peers[i].public_key, KEY_SIZE))
            return false;
    return true;
}

/* Reads and looks; everything that is wrong ends in check->complaints. named: the file is an
 * argument, so a key that its own [local] names counts. */
static void examine(struct check *check, const char *path, const char *key, bool named)
{
    struct err err = {0};
    struct config *config = &check->config;
    if (config_read(path, config, &check->complaints, &err) != 0 &&
        check->complaints.error_count == 0) {
        struct complaint_place place = {"holdfast", 0, "", ""};
        complaint_error(&check->complaints, &place, "%s", err.text);
        (void)snprintf(config->path, sizeof config->path, "%s", path);
        return;
    }
    if (named && config->local.key[0] != 0)
        key = config->local.key;
    if (knows_keys(config))
        check->self = check_files_self(config, key, &check->complaints);
    check_files_named(config, check->self, &check->complaints);
    complaint_sort(&check->complaints);
}

int check_run(const struct cli_options *options, int argc, char **argv)
{
    const char *words[1] = {options->config};
    size_t count = 0;
    struct args args = {.usage = "holdfast check [FILE] [--json]", .words = words, .word_max = 1};
    if (!args_parse(&args, argc, argv, &count))
        return COMMAND_USAGE;
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL) {
        fprintf(stderr, "holdfast: out of memory\n");
        return COMMAND_NO;
    }
    check->self = PEER_NONE;
    examine(check, words[0], options->key, count > 0 && !options->key_given);
    if (options->json)
        print_json(check);
    else
        print_text(check);
    int code = check->complaints.error_count == 0 ? COMMAND_YES : COMMAND_USAGE;
    free(check);
    return code;
}
