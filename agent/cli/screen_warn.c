/* Happy path: nothing to warn of, nothing printed, not even a heading.
 *
 * Failure modes: none of its own; each warning names what is wrong and the command or step that
 * mends it. */
#include <inttypes.h>
#include <string.h>

#include "screen_parts.h"

#define text_of screen_parts_text
#define number_of screen_parts_number
#define is_true screen_parts_true

#define SKEW_S_WARN 5        /* wall clocks this far apart confuse readers of logs */
#define LOSS_PERCENT_WARN 20 /* loss that a default lease still rides out, but not for fun */

static void warn(const struct screen *screen, bool *begun, const char *text)
{
    if (!*begun)
        fputc('\n', screen->out);
    *begun = true;
    screen_parts_bullet(screen, "!", SCREEN_WARN, text);
}

static void warn_orders(const struct screen *screen, bool *begun)
{
    const json_t *status = screen->status;
    char text[SCREEN_TEXT_SIZE], left[32];
    if (is_true(status, "paused")) {
        screen_span(number_of(status, "paused_ms_left", -1), left, sizeof left);
        snprintf(text, sizeof text,
                 "the cluster is paused for %s yet: no takeover, no record is written. "
                 "End it: holdfast resume",
                 left);
        warn(screen, begun, text);
    }
    if (is_true(status, "maintenance")) {
        const char *reason = text_of(status, "maintenance_reason");
        screen_span(number_of(status, "maintenance_ms_left", -1), left, sizeof left);
        bool holds = strcmp(text_of(status, "standing"), "holder") == 0;
        snprintf(text, sizeof text,
                 "this node is in maintenance for %s yet%s%.200s%s: %s. End it: "
                 "holdfast maintenance off",
                 left, reason[0] != 0 ? " (" : "", reason, reason[0] != 0 ? ")" : "",
                 holds ? "it holds until somebody can take over" : "it does not claim");
        warn(screen, begun, text);
    }
    if (is_true(status, "forced"))
        warn(screen, begun,
             "a forced takeover is on: the node acts without two of three. It ends when the "
             "others back it, after 24 h, or with: holdfast release");
}

static void warn_state(const struct screen *screen, bool *begun)
{
    const json_t *status = screen->status;
    if (is_true(status, "frozen"))
        warn(screen, begun,
             "two statements signed with one key contradict each other (a cloned machine or a "
             "stolen key): automatic moves are stopped. Find out which: holdfast events; then "
             "give that machine a new key");
    if (is_true(status, "store_failing"))
        warn(screen, begun,
             "the state directory cannot be written: this peer makes no new promise. Free the "
             "disk or mend it; it recovers by itself");
    if (is_true(status, "members_pending"))
        warn(screen, begun,
             "the set of keys changed and is not confirmed: put the same file on the other "
             "node; if that machine is gone for good: holdfast recover --peer-is-down NODE");
    if (is_true(status, "silent"))
        warn(screen, begun,
             "this peer is silent after its start: it backs nobody new yet. What it waits for: "
             "holdfast why");
    int64_t stalls = number_of(status, "stalls", 0);
    if (stalls > 0) {
        char text[SCREEN_TEXT_SIZE], longest[32];
        screen_span(number_of(status, "stall_ms_max", 0), longest, sizeof longest);
        snprintf(text, sizeof text,
                 "this process stood still %" PRId64 " time%s (at most %s): the machine is "
                 "overloaded or was suspended. When: holdfast events",
                 stalls, stalls == 1 ? "" : "s", longest);
        warn(screen, begun, text);
    }
}

static void warn_peer(const struct screen *screen, bool *begun, const json_t *peer)
{
    const char *name = text_of(peer, "name"), *note = text_of(peer, "note");
    const char *version = text_of(peer, "version"), *own = text_of(screen->status, "version");
    char text[SCREEN_TEXT_SIZE];
    if (strcmp(text_of(peer, "state"), "silent") == 0) {
        snprintf(text, sizeof text,
                 "%s is not heard: is it running, is UDP open both ways, is its key the one in "
                 "this file? Details: holdfast why",
                 name);
        warn(screen, begun, text);
    }
    if (note[0] != 0) {
        snprintf(text, sizeof text,
                 "%s: %.200s. Put the same file on all three machines: holdfast check, then "
                 "holdfast restart",
                 name, note);
        warn(screen, begun, text);
    }
    int64_t skew = number_of(peer, "wall_skew_s", 0), loss = number_of(peer, "loss_percent", 0);
    if (skew >= SKEW_S_WARN || skew <= -SKEW_S_WARN) {
        snprintf(text, sizeof text,
                 "the wall clock of %s is %" PRId64 " s %s this one: times in logs will not "
                 "match (nothing else rests on it). Look there: chronyc tracking",
                 name, skew < 0 ? -skew : skew, skew < 0 ? "behind" : "ahead of");
        warn(screen, begun, text);
    }
    if (loss >= LOSS_PERCENT_WARN) {
        snprintf(text, sizeof text,
                 "%" PRId64 " %% of what %s sends does not arrive: look at the path between",
                 loss, name);
        warn(screen, begun, text);
    }
    if (version[0] != 0 && strcmp(version, own) != 0) {
        snprintf(text, sizeof text, "%s runs holdfast %s, this one %s", name, version, own);
        warn(screen, begun, text);
    }
}

static const char *record_remedy(const char *state)
{
    if (strcmp(state, "refused") == 0)
        return "the DNS server refuses the change: compare key, algorithm and policy there";
    if (strcmp(state, "fenced") == 0)
        return "somebody with a higher epoch, or a foreign hand, wrote the fence: holdfast events";
    if (strcmp(state, "drifted") == 0)
        return "its addresses were changed by another hand: find out who else writes it";
    if (strcmp(state, "unadopted") == 0)
        return "holdfast leaves it alone, and a failover would not move it, until it is adopted: "
               "holdfast dns adopt, on the holder";
    if (strcmp(state, "contested") == 0)
        return "somebody else keeps changing it: switch that off; one try per 10 min until then";
    return NULL;
}

/* The others may be right: who asks there is sent to another node. */
static void warn_behind(const struct screen *screen, bool *begun, const json_t *record)
{
    const json_t *behind = json_object_get(record, "behind");
    const char *since = text_of(behind, "since"); /* 2026-11-24T03:12:45.123Z */
    int64_t for_ms = number_of(behind, "for_ms", -1);
    char text[SCREEN_TEXT_SIZE], length[32];
    if (!json_is_object(behind))
        return;
    screen_span(for_ms, length, sizeof length);
    snprintf(text, sizeof text,
             "record %.80s is behind since %.8s UTC (%s): %.80s at %.20s, %.240s. Whoever asks "
             "there may be sent to another node",
             text_of(record, "label"), strlen(since) >= 19 ? since + 11 : "?", length,
             text_of(record, "name"), text_of(record, "provider"), text_of(behind, "text"));
    warn(screen, begun, text);
}

static void warn_record(const struct screen *screen, bool *begun, const json_t *record)
{
    /* A daemon that names a remedy has it in the record's own lines. */
    bool named = text_of(record, "remedy")[0] != 0;
    const char *remedy = named ? NULL : record_remedy(text_of(record, "state"));
    char text[SCREEN_TEXT_SIZE];
    warn_behind(screen, begun, record);
    if (remedy != NULL) {
        snprintf(text, sizeof text, "record %s: %s", text_of(record, "label"), remedy);
        warn(screen, begun, text);
    }
    const json_t *tail = json_object_get(json_object_get(record, "tail"), "warnings");
    for (size_t i = 0; i < json_array_size(tail); i++) {
        const char *sentence = json_string_value(json_array_get(tail, i));
        snprintf(text, sizeof text, "record %.100s: %.500s", text_of(record, "label"),
                 sentence == NULL ? "?" : sentence);
        warn(screen, begun, text);
    }
    if (strcmp(text_of(record, "fence"), "none") == 0) {
        snprintf(text, sizeof text,
                 "record %s: provider %s cannot fence by itself: a new holder waits 5 s first, and "
                 "a later write of an old holder is kept out only if your command compares the "
                 "old fence",
                 text_of(record, "label"), text_of(record, "provider"));
        warn(screen, begun, text);
    }
}

void screen_warn_all(const struct screen *screen)
{
    const json_t *peers = json_object_get(screen->status, "peers");
    const json_t *records = json_object_get(screen->status, "records");
    bool begun = false;
    warn_orders(screen, &begun);
    warn_state(screen, &begun);
    for (size_t i = 0; i < json_array_size(peers); i++)
        warn_peer(screen, &begun, json_array_get(peers, i));
    for (size_t i = 0; i < json_array_size(records); i++)
        warn_record(screen, &begun, json_array_get(records, i));
}
