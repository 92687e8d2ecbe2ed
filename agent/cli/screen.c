/* Happy path: the first line says who holds; then this node, its lease, what a crash would do;
 * then the peers, the records, the fitness; warnings with their remedy come last, where the eye
 * of somebody who typed `status` rests.
 *
 * Failure modes: fields that are missing become "-" or are left out; nothing is assumed. */
#include "screen.h"

#include <inttypes.h>
#include <string.h>

#include "dns_screen.h"
#include "screen_parts.h"

#define text_of screen_parts_text
#define number_of screen_parts_number
#define is_true screen_parts_true

#define NAME_WIDTH_MAX 14 /* longer names get a line of their own */

void screen_span(span_ms length, char *ret, size_t size)
{
    int64_t s = length / 1000;
    if (length < 0)
        snprintf(ret, size, "-");
    else if (length < 10000 && (s == 0 || length % 1000 >= 100))
        snprintf(ret, size, "%" PRId64 ".%" PRId64 " s", s, length % 1000 / 100);
    else if (s < 120)
        snprintf(ret, size, "%" PRId64 " s", s);
    else if (s < 3600)
        snprintf(ret, size, "%" PRId64 "m %" PRId64 "s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(ret, size, "%" PRId64 "h %" PRId64 "m", s / 3600, s % 3600 / 60);
    else
        snprintf(ret, size, "%" PRId64 "d %" PRId64 "h", s / 86400, s % 86400 / 3600);
}

/* " since 03:12:45 UTC (2h 4m)"; with the date when it is longer ago than a day. */
static void since_text(const json_t *status, char *ret, size_t size)
{
    const char *since = text_of(status, "since"); /* 2026-11-24T03:12:45.123Z */
    int64_t at = number_of(status, "since_ms", -1), now = number_of(status, "boottime_ms", -1);
    ret[0] = 0;
    if (at < 0 || now < at)
        return;
    char length[32];
    screen_span(now - at, length, sizeof length);
    if (strlen(since) < 19)
        snprintf(ret, size, " for %s", length);
    else if (now - at < 86400000)
        snprintf(ret, size, " since %.8s UTC (%s)", since + 11, length);
    else
        snprintf(ret, size, " since %.10s %.5s UTC (%s)", since, since + 11, length);
}

static bool peer_is_forced(const json_t *status, const char *name)
{
    const json_t *list = json_object_get(status, "peers");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *peer = json_array_get(list, i);
        if (strcmp(text_of(peer, "name"), name) == 0)
            return strcmp(text_of(peer, "standing"), "forced") == 0;
    }
    return false;
}

static void headline_held(const struct screen *screen, const char *holder)
{
    const json_t *status = screen->status;
    const char *standing = text_of(status, "standing");
    bool mine = strcmp(holder, text_of(status, "self")) == 0;
    bool forced = mine ? strcmp(standing, "forced") == 0 : peer_is_forced(status, holder);
    char since[80] = "", epoch[40] = "";
    if (mine)
        since_text(status, since, sizeof since);
    int64_t number = number_of(status, "epoch", 0);
    if (number > 0)
        snprintf(epoch, sizeof epoch, ", epoch %" PRId64, number);
    screen_parts_put(screen, SCREEN_BOLD, holder);
    fputc(' ', screen->out);
    screen_parts_put(screen, forced ? SCREEN_BAD : SCREEN_GOOD,
                     forced ? "HOLDS BY FORCE" : "HOLDS");
    screen_parts_put(screen, SCREEN_PLAIN, since);
    screen_parts_put(screen, SCREEN_PLAIN, epoch);
    if (is_true(status, "leaving"))
        screen_parts_put(screen, SCREEN_WARN, ", giving up now");
    fputc('\n', screen->out);
}

static void reasons(const struct screen *screen, const json_t *list, enum screen_colour colour)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        screen_parts_bullet(screen, "-", colour, text_of(one, "condition"));
    }
}

static void headline(const struct screen *screen)
{
    const json_t *status = screen->status;
    const char *holder = text_of(status, "holder");
    screen_parts_put(screen, SCREEN_PLAIN, text_of(status, "cluster"));
    fputs(": ", screen->out);
    if (holder[0] != 0) {
        headline_held(screen, holder);
        return;
    }
    screen_parts_put(screen, SCREEN_BAD, "NOBODY HOLDS");
    bool electing = strcmp(text_of(status, "contact"), "electing") == 0;
    fputs(electing ? ", an election is under way\n" : "\n", screen->out);
    /* On a witness this list only says that it never holds. */
    if (strcmp(text_of(status, "role"), "node") == 0)
        reasons(screen, json_object_get(status, "not_claiming_because"), SCREEN_PLAIN);
}

static void own_line(const struct screen *screen)
{
    const json_t *status = screen->status;
    const char *standing = text_of(status, "standing");
    char since[80], line[256];
    since_text(status, since, sizeof since);
    snprintf(line, sizeof line, ", %s%s; holdfast %s",
             strcmp(standing, "alone") == 0 ? "node without a holder" : standing, since,
             text_of(status, "version"));
    screen_parts_line(screen, "this is", text_of(status, "self"), SCREEN_BOLD, line);
}

static void lease_line(const struct screen *screen)
{
    const json_t *status = screen->status;
    const char *standing = text_of(status, "standing");
    int64_t left = number_of(status, "lease_ms_left", -1);
    int64_t quorum = number_of(status, "quorum", 0);
    char left_text[32], length_text[32], line[256];
    screen_span(left, left_text, sizeof left_text);
    screen_span(number_of(status, "lease_ms", -1), length_text, sizeof length_text);
    const char *votes = quorum >= 3 ? "all 3 peers" : quorum == 2 ? "2 of 3 peers" : "1 of 3 peers";
    if (strcmp(standing, "forced") == 0)
        snprintf(line, sizeof line, "none needed by a forced holder; backed by %s", votes);
    else if (left < 0)
        snprintf(line, sizeof line, "none; %s could back a holder", votes);
    else if (strcmp(standing, "holder") == 0)
        snprintf(line, sizeof line, "%s left of %s, backed by %s", left_text, length_text, votes);
    else
        snprintf(line, sizeof line, "promised to %s for %s yet, which is backed by %s",
                 text_of(status, "holder")[0] != 0 ? text_of(status, "holder") : "the other node",
                 left_text, votes);
    screen_parts_line(screen, "lease", "", SCREEN_PLAIN, line);
}

static const char *other_node(const json_t *status, const char *holder)
{
    const json_t *list = json_object_get(status, "peers");
    if (strcmp(text_of(status, "role"), "node") == 0 &&
        strcmp(text_of(status, "self"), holder) != 0)
        return text_of(status, "self");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *peer = json_array_get(list, i);
        bool node = strcmp(text_of(peer, "role"), "node") == 0;
        if (node && strcmp(text_of(peer, "name"), holder) != 0)
            return text_of(peer, "name");
    }
    return "the other node";
}

/* What would happen if the holder died at this moment. */
static void crash_line(const struct screen *screen)
{
    const json_t *status = screen->status;
    const char *holder = text_of(status, "holder");
    if (holder[0] == 0)
        return;
    char line[256], lease[32];
    screen_span(number_of(status, "lease_ms", 0), lease, sizeof lease);
    if (is_true(status, "ready")) {
        snprintf(line, sizeof line, ": %s would take over within about %s of a crash of %s",
                 other_node(status, holder), lease, holder);
        screen_parts_line(screen, "crash now", "survived", SCREEN_GOOD, line);
        return;
    }
    snprintf(line, sizeof line, ": if %s died now, nobody would take over:", holder);
    screen_parts_line(screen, "crash now", "NOT SURVIVED", SCREEN_BAD, line);
    reasons(screen, json_object_get(status, "not_ready_because"), SCREEN_PLAIN);
}

/* "standby, fit", "witness, backs server1", ... */
static void peer_is(const json_t *peer, char *ret, size_t size)
{
    const char *standing = text_of(peer, "standing"), *backs = text_of(peer, "promised_to");
    if (standing[0] == 0) {
        snprintf(ret, size, "%s, unknown", text_of(peer, "role"));
        return;
    }
    const char *more = "";
    if (is_true(peer, "silent"))
        more = ", restarted";
    else if (is_true(peer, "maintenance"))
        more = ", maintenance";
    else if (json_is_false(json_object_get(peer, "fit")))
        more = ", NOT FIT";
    else if (json_is_true(json_object_get(peer, "fit")))
        more = ", fit";
    if (strcmp(standing, "witness") == 0 && more[0] == 0 && backs[0] != 0)
        snprintf(ret, size, "witness, backs %s", backs);
    else
        snprintf(ret, size, "%s%s", standing, more);
}

static enum screen_colour state_colour(const char *state)
{
    if (strcmp(state, "fresh") == 0 || strcmp(state, "ok") == 0 || strcmp(state, "good") == 0)
        return SCREEN_GOOD;
    if (strcmp(state, "late") == 0 || strcmp(state, "writing") == 0 ||
        strcmp(state, "unknown") == 0 || strcmp(state, "unadopted") == 0)
        return SCREEN_WARN;
    return SCREEN_BAD;
}

static void peer_row(const struct screen *screen, const json_t *peer, size_t name_width)
{
    char is[80], rtt[32] = "-", loss[32] = "-", heard[96] = "never";
    const char *name = text_of(peer, "name"), *state = text_of(peer, "state");
    const char *via = text_of(peer, "via");
    peer_is(peer, is, sizeof is);
    int64_t rtt_ms = number_of(peer, "rtt_ms", -1), age_ms = number_of(peer, "age_ms", -1);
    int64_t loss_percent = number_of(peer, "loss_percent", -1);
    if (rtt_ms >= 0)
        snprintf(rtt, sizeof rtt, rtt_ms == 0 ? "<1 ms" : "%" PRId64 " ms", rtt_ms);
    if (loss_percent >= 0)
        snprintf(loss, sizeof loss, "%" PRId64 " %%", loss_percent);
    if (age_ms >= 0) {
        char age[32];
        screen_span(age_ms, age, sizeof age);
        bool relayed = via[0] != 0 && strcmp(via, "direct") != 0;
        snprintf(heard, sizeof heard, "%s%s%.33s", age, relayed ? " via " : "",
                 relayed ? via : "");
    }
    fputs("  ", screen->out);
    screen_parts_cell(screen, SCREEN_PLAIN, name, name_width);
    if (strlen(name) >= name_width)
        fprintf(screen->out, "\n  %*s", (int)name_width, "");
    screen_parts_cell(screen, state_colour(state), state, strlen(state) > 7 ? 15 : 8);
    screen_parts_cell(screen, SCREEN_PLAIN, is, 25);
    screen_parts_cell(screen, SCREEN_PLAIN, rtt, 8);
    screen_parts_cell(screen, SCREEN_PLAIN, loss, 6);
    screen_parts_put(screen, SCREEN_PLAIN, heard);
    fputc('\n', screen->out);
}

static void peers(const struct screen *screen)
{
    const json_t *list = json_object_get(screen->status, "peers");
    size_t width = 6;
    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t length = strlen(text_of(json_array_get(list, i), "name"));
        width = length + 2 > width ? length + 2 : width;
    }
    width = width > NAME_WIDTH_MAX ? NAME_WIDTH_MAX : width;
    fputs("\n  ", screen->out);
    screen_parts_cell(screen, SCREEN_PLAIN, "peer", width);
    fputs("state   is                       rtt     loss  heard\n", screen->out);
    for (size_t i = 0; i < json_array_size(list); i++)
        peer_row(screen, json_array_get(list, i), width);
}

static void join_addresses(const json_t *record, char *ret, size_t size)
{
    const json_t *list = json_object_get(record, "addresses");
    size_t used = 0;
    ret[0] = 0;
    for (size_t i = 0; i < json_array_size(list) && used < size; i++) {
        const char *address = json_string_value(json_array_get(list, i));
        int more = snprintf(ret + used, size - used, "%s%s", i == 0 ? "" : ", ",
                            address == NULL ? "?" : address);
        used += more > 0 ? (size_t)more : 0;
    }
}

/* "LABEL: " where another record has the same name; else "". */
static void label_of_double(const struct screen *screen, const json_t *record, char ret[280])
{
    const json_t *list = json_object_get(screen->status, "records");
    ret[0] = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *other = json_array_get(list, i);
        if (other != record && strcmp(text_of(other, "name"), text_of(record, "name")) == 0)
            snprintf(ret, 280, "%.255s: ", text_of(record, "label"));
    }
}

static void record_line(const struct screen *screen, const json_t *record)
{
    const json_t *verified = json_object_get(record, "verified");
    const char *state = text_of(record, "state"), *at = text_of(verified, "at");
    char addresses[256], line[SCREEN_TEXT_SIZE], label[280], check[160] = "";
    label_of_double(screen, record, label);
    join_addresses(record, addresses, sizeof addresses);
    if (json_is_object(verified))
        snprintf(check, sizeof check, "; read back from %" PRId64 " of %" PRId64 " servers%s%.8s%s",
                 number_of(verified, "servers_ok", 0), number_of(verified, "servers", 0),
                 strlen(at) >= 19 ? " at " : "", strlen(at) >= 19 ? at + 11 : "",
                 strlen(at) >= 19 ? " UTC" : "");
    int64_t number = number_of(record, "epoch", 0);
    const char *fence = text_of(record, "fence");
    bool command = strcmp(fence, "none") == 0;
    char epoch[40] = "";
    if (number == 0 && !command)
        snprintf(epoch, sizeof epoch, ", no fence seen");
    if (number > 0)
        snprintf(epoch, sizeof epoch, ", epoch %" PRId64, number);
    snprintf(line, sizeof line, "  %s%s -> %s (%s%s%s)%s%s", label, text_of(record, "name"),
             addresses[0] != 0 ? addresses : "nothing known", text_of(record, "provider"),
             fence[0] != 0 ? ", fence: " : "", fence, epoch, check);
    screen_parts_line(screen, "record", state, state_colour(state), line);
    const char *detail = text_of(record, "detail");
    if (detail[0] != 0)
        screen_parts_bullet(screen, "-", SCREEN_PLAIN, detail);
    const char *remedy = text_of(record, "remedy");
    if (remedy[0] != 0)
        screen_parts_bullet(screen, "->", SCREEN_PLAIN, remedy);
    dns_screen_by_hand(screen, record);
    screen_tail(screen, record);
}

static void fitness(const struct screen *screen)
{
    const json_t *status = screen->status;
    const json_t *why = json_object_get(status, "unfit_reasons");
    const json_t *probes = json_object_get(status, "probes");
    if (strcmp(text_of(status, "role"), "node") != 0)
        return;
    bool fit = is_true(status, "fit");
    char line[64] = "";
    if (json_array_size(probes) == 0)
        snprintf(line, sizeof line, " (no probe is configured)");
    screen_parts_line(screen, "fitness", fit ? "fit" : "NOT FIT", fit ? SCREEN_GOOD : SCREEN_BAD,
                      line);
    for (size_t i = 0; i < json_array_size(why); i++) {
        const char *text = json_string_value(json_array_get(why, i));
        screen_parts_bullet(screen, "-", SCREEN_PLAIN, text == NULL ? "?" : text);
    }
    for (size_t i = 0; i < json_array_size(probes); i++) {
        const json_t *probe = json_array_get(probes, i);
        const char *verdict = text_of(probe, "verdict"), *reason = text_of(probe, "reason");
        char text[SCREEN_TEXT_SIZE], ms[32] = "";
        int64_t took = number_of(probe, "ms", -1);
        if (took >= 0)
            snprintf(ms, sizeof ms, " (%" PRId64 " ms)", took);
        snprintf(text, sizeof text, "  %s%s%s%s", text_of(probe, "name"), ms,
                 reason[0] != 0 ? ": " : "", reason);
        screen_parts_line(screen, "probe", verdict, state_colour(verdict), text);
    }
}

void screen_status(FILE *out, const json_t *status, struct screen_style style)
{
    struct screen screen = {.out = out, .status = status, .style = style};
    const json_t *records = json_object_get(status, "records");
    headline(&screen);
    own_line(&screen);
    lease_line(&screen);
    crash_line(&screen);
    peers(&screen);
    if (strcmp(text_of(status, "role"), "node") == 0)
        fputc('\n', out);
    for (size_t i = 0; i < json_array_size(records); i++)
        record_line(&screen, json_array_get(records, i));
    fitness(&screen);
    screen_warn_all(&screen);
}

void screen_why(FILE *out, const json_t *list, struct screen_style style)
{
    struct screen screen = {.out = out, .style = style};
    if (json_array_size(list) == 0) {
        screen_parts_put(&screen, SCREEN_GOOD, "all is well");
        fputs(": somebody holds, and a crash of the holder would be survived\n", out);
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const json_t *conditions = json_object_get(entry, "conditions");
        screen_parts_put(&screen, SCREEN_BOLD, text_of(entry, "what"));
        fputs(", because\n", out);
        for (size_t k = 0; k < json_array_size(conditions); k++) {
            const json_t *one = json_array_get(conditions, k);
            char text[SCREEN_TEXT_SIZE], left[32];
            int64_t ms = number_of(one, "until_ms_from_now", -1);
            screen_span(ms, left, sizeof left);
            snprintf(text, sizeof text, "%.500s%s%s", text_of(one, "condition"),
                     ms >= 0 ? "; could change in " : "", ms >= 0 ? left : "");
            screen_parts_bullet(&screen, "-", SCREEN_PLAIN, text);
        }
    }
}
