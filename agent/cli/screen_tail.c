/* Happy path: one line says how far a write has come: the zone's servers, the resolvers, and when
 * the last cache ends, in local time of day, because somebody sits there and waits for it; with
 * its zone, because everything else on the screen is UTC.
 *
 * Failure modes: who is not there yet gets a line with what it said instead. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "screen_parts.h"

#define text_of screen_parts_text
#define number_of screen_parts_number

#define FAR_MS ((span_ms)12 * 3600 * 1000) /* a time of day alone would not be enough */

/* "12:04:31 CET" of "2026-11-26T11:04:31.250Z"; "" when it is no such text. */
static void local_time(const char *utc, bool far, char *ret, size_t size)
{
    struct tm parts = {0};
    ret[0] = 0;
    if (strptime(utc, "%Y-%m-%dT%H:%M:%S", &parts) == NULL)
        return;
    time_t instant = timegm(&parts);
    if (localtime_r(&instant, &parts) != NULL &&
        strftime(ret, size, far ? "%Y-%m-%d %H:%M %Z" : "%H:%M:%S %Z", &parts) == 0)
        ret[0] = 0;
}

static bool is_whole(const json_t *part)
{
    int64_t servers = number_of(part, "servers", 0);
    return servers > 0 && number_of(part, "ok", 0) == servers;
}

static void laggards(const struct screen *screen, const json_t *part, const char *kind)
{
    const json_t *list = json_object_get(part, "list");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        char text[SCREEN_TEXT_SIZE], left[48] = "", length[32];
        int64_t left_s = number_of(one, "ttl_left_s", -1);
        if (json_is_true(json_object_get(one, "ok")) || text_of(one, "detail")[0] == 0)
            continue;
        screen_span(left_s * 1000, length, sizeof length);
        if (left_s >= 0)
            (void)snprintf(left, sizeof left, ", for %s yet", length);
        (void)snprintf(text, sizeof text, "%s %.200s: %.320s%s", kind, text_of(one, "server"),
                       text_of(one, "detail"), left);
        screen_parts_bullet(screen, "-", SCREEN_PLAIN, text);
    }
}

void screen_tail(const struct screen *screen, const json_t *record)
{
    const json_t *tail = json_object_get(record, "tail");
    const json_t *servers = json_object_get(tail, "authoritative");
    const json_t *resolvers = json_object_get(tail, "resolvers");
    char head[80] = "authoritative unknown", text[SCREEN_TEXT_SIZE], end[64] = "", took[48] = "";
    char rest[160] = "";
    if (!json_is_object(tail))
        return;
    int64_t took_ms = number_of(servers, "took_ms", -1);
    if (took_ms >= 0)
        (void)snprintf(took, sizeof took, " in %" PRId64 ".%" PRId64 " s", took_ms / 1000,
                       took_ms % 1000 / 100);
    if (number_of(servers, "servers", 0) > 0)
        (void)snprintf(head, sizeof head, "authoritative %" PRId64 "/%" PRId64,
                       number_of(servers, "ok", 0), number_of(servers, "servers", 0));
    local_time(text_of(tail, "cache_ends_at"), number_of(tail, "cache_ends_in_ms", 0) > FAR_MS,
               end, sizeof end);
    bool done = is_whole(servers) && is_whole(resolvers);
    if (number_of(resolvers, "servers", 0) > 0)
        (void)snprintf(rest, sizeof rest, " · resolvers %" PRId64 "/%" PRId64 "%s%s",
                       number_of(resolvers, "ok", 0), number_of(resolvers, "servers", 0),
                       done ? " · all have it" : end[0] != 0 ? " · last cache ends " : "",
                       done ? "" : end);
    (void)snprintf(text, sizeof text, "%s%s%s", head, took, rest);
    screen_parts_bullet(screen, "-", done ? SCREEN_GOOD : SCREEN_PLAIN, text);
    laggards(screen, servers, "server");
    laggards(screen, resolvers, "resolver");
}
