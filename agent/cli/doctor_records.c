/* Happy path: each record's provider answers and takes our word, the fence is ours, the addresses
 * are one node's and the same everywhere.
 *
 * Failure modes: what a provider says has a kind (fault) and a remedy; both come with the status.
 * A fault of one part says nothing of the parts behind it: those lines are left out. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../node/tail.h"
#include "doctor.h"
#include "doctor_guard.h"
#include "screen_parts.h"

#define text_of screen_parts_text
#define number_of screen_parts_number

#define REMEDY_SIZE 1024
#define TTL_S_USUAL 60     /* no complaint about that, however short the lease */
#define TTL_IN_LEASES 20   /* longer, and callers wait for the cache, not for us */
#define CLOCK_S_WARN 5

/* Which part of the way a fault is in; what is not listed is in the record. */
static const struct {
    const char *fault;
    enum doctor_area area;
} faults[] = {
    {"lookup", DOCTOR_PROVIDER},      {"connection", DOCTOR_PROVIDER},
    {"silent", DOCTOR_PROVIDER},      {"certificate", DOCTOR_PROVIDER},
    {"ca-file", DOCTOR_PROVIDER},     {"redirect", DOCTOR_PROVIDER},
    {"not-http", DOCTOR_PROVIDER},    {"cut", DOCTOR_PROVIDER},
    {"too-long", DOCTOR_PROVIDER},    {"strange", DOCTOR_PROVIDER},
    {"busy", DOCTOR_PROVIDER},        {"server", DOCTOR_PROVIDER},
    {"let-in", DOCTOR_PROVIDER},      {"secret", DOCTOR_CREDENTIALS},
    {"key", DOCTOR_CREDENTIALS},      {"expired", DOCTOR_CREDENTIALS},
    {"rights", DOCTOR_CREDENTIALS},   {"unsigned", DOCTOR_CREDENTIALS},
    {"keys-file", DOCTOR_CREDENTIALS}, {"role", DOCTOR_CREDENTIALS},
    {"clock", DOCTOR_CLOCK},          {"ttl", DOCTOR_TTL},
    {"lagging", DOCTOR_SERVERS},
};

static enum doctor_area area_of(const char *fault)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        if (strcmp(faults[i].fault, fault) == 0)
            return faults[i].area;
    return DOCTOR_RECORD;
}

static bool is_held_here(const struct doctor *doctor)
{
    const char *standing = text_of(doctor->status, "standing");
    return strcmp(standing, "holder") == 0 || strcmp(standing, "forced") == 0;
}

/* The record's section of the file; NULL when the file is not the daemon's any more. */
static const struct record_config *config_of(const struct doctor *doctor, const json_t *record)
{
    for (size_t i = 0; i < doctor->config.record_count; i++)
        if (strcmp(doctor->config.records[i].label, text_of(record, "label")) == 0)
            return &doctor->config.records[i];
    return NULL;
}

/* ---- what is wrong ---- */

/* What passes by itself is no failure, unless nothing was written yet under this epoch: then the
 * name still leads to somebody else. */
static enum doctor_level level_of(const json_t *record, bool held)
{
    static const char *const passing[] = {"busy", "server", "higher", "ttl", "lagging", "serial"};
    const char *state = text_of(record, "state"), *fault = text_of(record, "fault");
    bool unwritten = held && !json_is_object(json_object_get(record, "verified"));
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (strcmp(fault, passing[i]) == 0)
            return unwritten && strcmp(state, "writing") != 0 ? DOCTOR_FAIL : DOCTOR_WARN;
    if (strcmp(state, "drifted") == 0 || strcmp(state, "writing") == 0)
        return DOCTOR_WARN;
    return fault[0] == 0 && !held ? DOCTOR_WARN : DOCTOR_FAIL;
}

/* The one line that says what is wrong with this record; false: nothing is. */
static bool say_fault(struct doctor *doctor, const json_t *record)
{
    const char *state = text_of(record, "state"), *fault = text_of(record, "fault");
    const char *unreadable = text_of(record, "unreadable"), *detail = text_of(record, "detail");
    bool held = is_held_here(doctor), ok = strcmp(state, "ok") == 0;
    bool command = strcmp(text_of(record, "provider"), "exec") == 0;
    if ((ok || (command && !held)) && fault[0] == 0)
        return false;
    const char *text = ok && unreadable[0] != 0 ? unreadable : detail;
    doctor_list_add(&doctor->list,
                    &(struct doctor_line){area_of(fault), text_of(record, "label"),
                                          level_of(record, held), text_of(record, "remedy")},
                    "%s", text[0] != 0 ? text : state);
    return true;
}

/* What stands there is right by itself, and yet not what the holder or the other records show. */
static bool say_behind(struct doctor *doctor, const json_t *record)
{
    const char *holder = text_of(doctor->status, "holder");
    const char *behind = text_of(json_object_get(record, "behind"), "text");
    char remedy[REMEDY_SIZE];
    if (behind[0] == 0)
        return false;
    (void)snprintf(remedy, sizeof remedy, "on %s: holdfast doctor (it says why it is not written)",
                   holder[0] != 0 ? holder : "the holder");
    DOCTOR_SAY(doctor, DOCTOR_RECORD, text_of(record, "label"), DOCTOR_WARN, remedy,
               "is behind: %s", behind);
    return true;
}

/* ---- what is right ---- */

static void say_proven(struct doctor *doctor, const json_t *record)
{
    const char *label = text_of(record, "label"), *provider = text_of(record, "provider");
    const char *at = text_of(json_object_get(record, "verified"), "at");
    bool held = is_held_here(doctor), dns = strcmp(provider, "rfc2136") == 0;
    if (strcmp(provider, "exec") == 0)
        DOCTOR_SAY(doctor, DOCTOR_CREDENTIALS, label, DOCTOR_OK, NULL,
                   "are the command's own business; holdfast proves nothing of them");
    else if (held)
        DOCTOR_SAY(doctor, DOCTOR_CREDENTIALS, label, DOCTOR_OK, NULL,
                   "proven: the fence of this epoch was written with them and read back%s%.8s",
                   strlen(at) >= 19 ? " at " : "", strlen(at) >= 19 ? at + 11 : "");
    else
        DOCTOR_SAY(doctor, DOCTOR_CREDENTIALS, label, DOCTOR_OK, NULL,
                   dns ? "a signed question found no fault with the key; that it may write, the "
                         "holder's doctor knows"
                       : "proven for reading; that they may write, the holder's doctor knows");
}

static void say_right(struct doctor *doctor, const json_t *record)
{
    const json_t *addresses = json_object_get(record, "addresses");
    char list[512] = "";
    for (size_t i = 0; i < json_array_size(addresses); i++) {
        const char *one = json_string_value(json_array_get(addresses, i));
        size_t used = strlen(list);
        (void)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                       one == NULL ? "?" : one);
    }
    const char *label = text_of(record, "label"), *detail = text_of(record, "detail");
    if (say_behind(doctor, record))
        ; /* instead of where it leads */
    else if (strcmp(text_of(record, "state"), "ok") == 0)
        DOCTOR_SAY(doctor, DOCTOR_RECORD, label, DOCTOR_OK, NULL, "%s -> %s, epoch %" PRId64,
                   text_of(record, "name"), list, number_of(record, "epoch", 0));
    else
        DOCTOR_SAY(doctor, DOCTOR_RECORD, label, DOCTOR_OK, NULL, "%s", detail);
    DOCTOR_SAY(doctor, DOCTOR_PROVIDER, label, DOCTOR_OK, NULL, "%s answers",
               text_of(record, "provider"));
}

/* ---- fence, ttl, clock ---- */

static void look_at_fence(struct doctor *doctor, const json_t *record)
{
    const char *label = text_of(record, "label"), *fence = text_of(record, "fence");
    char remedy[REMEDY_SIZE];
    (void)snprintf(remedy, sizeof remedy, "let the command in [record %s] of %s compare "
                   "HOLDFAST_OLD_FENCE with what is there, and end with 1 when it differs", label,
                   doctor->options->config);
    if (strcmp(fence, PROVIDER_FENCE_NONE) == 0)
        DOCTOR_SAY(doctor, DOCTOR_FENCE, label, DOCTOR_WARN, remedy,
                   "none: a new holder waits 5 s first, and only your command can keep a late "
                   "write of an old holder out");
    else
        DOCTOR_SAY(doctor, DOCTOR_FENCE, label, DOCTOR_OK, NULL,
                   "%s: a late write of an old holder is refused", fence);
}

static void look_at_ttl(struct doctor *doctor, const json_t *record)
{
    const struct record_config *config = config_of(doctor, record);
    const char *label = text_of(record, "label");
    int64_t lease_s = number_of(doctor->status, "lease_ms", 5000) / 1000;
    int64_t seen_s = number_of(json_object_get(record, "seen"), "ttl_s", 0);
    int64_t negative_s = number_of(json_object_get(record, "tail"), "negative_ttl_s", 0);
    int64_t most_s = lease_s * TTL_IN_LEASES > TTL_S_USUAL ? lease_s * TTL_IN_LEASES : TTL_S_USUAL;
    char remedy[REMEDY_SIZE];
    if (config == NULL)
        return;
    int64_t ttl_s = config->ttl_s;
    bool told = strcmp(text_of(record, "fault"), "ttl") == 0;
    (void)snprintf(remedy, sizeof remedy, "set ttl = %d in [record %s] of %s, then: holdfast "
                   "restart", TTL_S_USUAL, label, doctor->options->config);
    if (ttl_s > most_s)
        DOCTOR_SAY(doctor, DOCTOR_TTL, label, DOCTOR_WARN, remedy,
                   "%" PRId64 " s: callers keep the old address that long, though the lease is "
                   "only %" PRId64 " s", ttl_s, lease_s);
    (void)snprintf(remedy, sizeof remedy, "holdfast switchover (the new holder writes it anew); or "
                   "set ttl = %" PRId64 " in [record %s] of %s, then: holdfast restart", seen_s,
                   label, doctor->options->config);
    bool other = seen_s > 0 && seen_s != ttl_s && json_array_size(json_object_get(record,
                                                                                  "addresses")) > 0;
    if (other && !told)
        DOCTOR_SAY(doctor, DOCTOR_TTL, label, DOCTOR_WARN, remedy,
                   "the provider has %" PRId64 " s, the configuration %" PRId64 " s", seen_s,
                   ttl_s);
    (void)snprintf(remedy, sizeof remedy, "set the last number of the zone's SOA to %" PRId64
                   " at the provider%s", ttl_s,
                   config->provider == PROVIDER_CLOUDFLARE
                       ? " (where its plan does not let you: serve A and AAAA, or leave it)" : "");
    if (negative_s > ttl_s)
        DOCTOR_SAY(doctor, DOCTOR_TTL, label, DOCTOR_WARN, remedy,
                   "\"there is no such address\" may be kept for %" PRId64 " s (the zone's SOA), "
                   "longer than the ttl of %" PRId64 " s", negative_s, ttl_s);
    if (ttl_s <= most_s && !other && !told && negative_s <= ttl_s)
        DOCTOR_SAY(doctor, DOCTOR_TTL, label, DOCTOR_OK, NULL,
                   "%" PRId64 " s: callers follow within a lease of %" PRId64 " s and that", ttl_s,
                   lease_s);
}

static void look_at_clock(struct doctor *doctor, const json_t *record)
{
    const json_t *ahead = json_object_get(record, "clock_ahead_s");
    int64_t ahead_s = json_integer_value(ahead);
    const char *label = text_of(record, "label");
    if (!json_is_integer(ahead))
        return;
    if (ahead_s >= CLOCK_S_WARN || ahead_s <= -CLOCK_S_WARN)
        DOCTOR_SAY(doctor, DOCTOR_CLOCK, label, DOCTOR_WARN, "timedatectl set-ntp true",
                   "this machine's clock is %" PRId64 " s %s the provider's",
                   ahead_s < 0 ? -ahead_s : ahead_s, ahead_s < 0 ? "behind" : "ahead of");
    else
        DOCTOR_SAY(doctor, DOCTOR_CLOCK, label, DOCTOR_OK, NULL,
                   "within %d s of the provider's", CLOCK_S_WARN);
}

/* ---- who else has it ---- */

/* Why the servers of the zone are not known; "" = they are, or are still searched for. */
static const char *unknown_servers(const json_t *tail)
{
    const json_t *warnings = json_object_get(tail, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *text = json_string_value(json_array_get(warnings, i));
        if (text != NULL && strncmp(text, TAIL_UNKNOWN, sizeof TAIL_UNKNOWN - 1) == 0)
            return text;
    }
    return "";
}

static void look_at_servers(struct doctor *doctor, const json_t *record)
{
    const json_t *tail = json_object_get(record, "tail"), *verified = json_object_get(record,
                                                                                     "verified");
    const json_t *all = json_object_get(tail, "authoritative");
    const char *label = text_of(record, "label"), *name = text_of(record, "name");
    bool wide = json_is_object(all);
    int64_t ok = wide ? number_of(all, "ok", 0) : number_of(verified, "servers_ok", 0);
    int64_t servers = wide ? number_of(all, "servers", 0) : number_of(verified, "servers", 0);
    char remedy[REMEDY_SIZE];
    bool told = strcmp(text_of(record, "fault"), "lagging") == 0;
    if (strcmp(text_of(record, "provider"), "route53") == 0)
        (void)snprintf(remedy, sizeof remedy, "nothing: Route 53 brings a change to its name "
                       "servers within a minute or two; then again: holdfast doctor");
    else
        (void)snprintf(remedy, sizeof remedy, "dig +norecurse @SERVER %s A; on the one that shows "
                       "the old address: rndc retransfer ZONE", name);
    if (unknown_servers(tail)[0] != 0) {
        (void)snprintf(remedy, sizeof remedy, "set authoritative = ADDRESS in [record %s] of %s, "
                       "one line for each server of the zone, then: holdfast restart", label,
                       doctor->options->config);
        /* With resolver = none they are not asked because somebody wished it so. */
        DOCTOR_SAY(doctor, DOCTOR_SERVERS, label,
                   doctor->config.dns.no_resolver ? DOCTOR_OK : DOCTOR_WARN, remedy, "%s",
                   unknown_servers(tail));
    }
    if (servers == 0 || told)
        return;
    DOCTOR_SAY(doctor, DOCTOR_SERVERS, label, ok < servers ? DOCTOR_WARN : DOCTOR_OK, remedy,
               "%" PRId64 " of %" PRId64 " %s show%s what was written", ok, servers,
               wide ? "authoritative servers" : "servers", ok == 1 ? "s" : "");
}

static void look_at_resolvers(struct doctor *doctor, const json_t *record)
{
    const json_t *resolvers = json_object_get(json_object_get(record, "tail"), "resolvers");
    const json_t *list = json_object_get(resolvers, "list");
    char remedy[REMEDY_SIZE], subject[2 * HOST_SIZE];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *server = text_of(one, "server"), *detail = text_of(one, "detail");
        bool answers = screen_parts_true(one, "ok") ||
                       json_is_integer(json_object_get(one, "ttl_left_s"));
        (void)snprintf(subject, sizeof subject, "%s %s", text_of(record, "label"), server);
        (void)snprintf(remedy, sizeof remedy, "dig @%s %s A must answer; else set resolver in "
                       "[dns] of %s to one that does, then: holdfast restart", server,
                       text_of(record, "name"), doctor->options->config);
        DOCTOR_SAY(doctor, DOCTOR_RESOLVERS, subject, answers ? DOCTOR_OK : DOCTOR_WARN, remedy,
                   "%s", answers ? "answers" : detail[0] != 0 ? detail : "does not answer");
    }
}

static void look_at_record(struct doctor *doctor, const json_t *record)
{
    const struct record_config *config = config_of(doctor, record);
    bool wrong = say_fault(doctor, record), ok = strcmp(text_of(record, "state"), "ok") == 0;
    bool readable = text_of(record, "unreadable")[0] == 0;
    if (!wrong || (ok && readable)) {
        if (!wrong || area_of(text_of(record, "fault")) != DOCTOR_CREDENTIALS)
            say_proven(doctor, record);
        say_right(doctor, record);
    }
    look_at_fence(doctor, record);
    if (ok && readable) {
        look_at_ttl(doctor, record);
        look_at_servers(doctor, record);
        look_at_resolvers(doctor, record);
        look_at_clock(doctor, record);
    }
    if (config != NULL && doctor->self < NODE_COUNT)
        doctor_guard(doctor, record, config);
}

void doctor_records(struct doctor *doctor)
{
    const json_t *records = json_object_get(doctor->status, "records");
    for (size_t i = 0; i < json_array_size(records); i++)
        look_at_record(doctor, json_array_get(records, i));
}
