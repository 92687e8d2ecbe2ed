/* Happy path: a record becomes three lines, and one line for each difference.
 *
 * Failure modes: fields that are missing are left out; nothing is assumed. */
#include "dns_screen.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define text_of screen_parts_text
#define number_of screen_parts_number

bool dns_screen_is_command(const json_t *record)
{
    return strcmp(text_of(record, "fence"), "none") == 0;
}

bool dns_screen_is_equal(const json_t *record)
{
    const json_t *differences = json_object_get(record, "differences");
    return dns_screen_is_command(record) ||
           (json_is_array(differences) && json_array_size(differences) == 0);
}

bool dns_screen_is_verified(const json_t *record)
{
    const json_t *read = json_object_get(record, "read");
    return dns_screen_is_equal(record) &&
           (dns_screen_is_command(record) ||
            (json_is_true(json_object_get(read, "ok")) &&
             strcmp(text_of(record, "state"), "ok") == 0));
}

bool dns_screen_is_spreading(const json_t *record)
{
    const json_t *verified = json_object_get(record, "verified");
    json_int_t ok = json_integer_value(json_object_get(verified, "servers_ok"));
    return ok > 0 && ok < json_integer_value(json_object_get(verified, "servers")) &&
           json_array_size(json_object_get(record, "differences")) == 1 &&
           json_is_true(json_object_get(json_object_get(record, "read"), "ok")) &&
           strcmp(text_of(record, "state"), "ok") == 0;
}

/* A growing line that is cut rather than overrun. */
struct phrase {
    char text[SCREEN_TEXT_SIZE];
    size_t used;
};

__attribute__((format(printf, 2, 3)))
static void put(struct phrase *phrase, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(phrase->text + phrase->used, sizeof phrase->text - phrase->used, format,
                         arguments);
    va_end(arguments);
    size_t room = sizeof phrase->text - 1 - phrase->used;
    phrase->used += more < 0 ? 0 : (size_t)more < room ? (size_t)more : room;
}

static void put_set(struct phrase *phrase, const json_t *set, const char *key, const char *type)
{
    const json_t *list = json_object_get(set, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *address = json_string_value(json_array_get(list, i));
        put(phrase, "%s%s %s", phrase->used > 0 ? ", " : "", type, address == NULL ? "?" : address);
    }
}

/* "A 203.0.113.10, AAAA 2001:db8::10; ttl 60" */
static void put_addresses(struct phrase *phrase, const json_t *set)
{
    put_set(phrase, set, "a", "A");
    put_set(phrase, set, "aaaa", "AAAA");
    if (phrase->used == 0)
        put(phrase, "no address");
    else
        put(phrase, "; ttl %" PRId64, number_of(set, "ttl_s", 0));
}

static void put_seen(struct phrase *phrase, const json_t *seen)
{
    int64_t fences = number_of(seen, "fences", 0);
    put_addresses(phrase, seen);
    if (fences == 0)
        put(phrase, "; no fence");
    else if (fences == 1)
        put(phrase, "; fence \"%s\"", text_of(seen, "fence"));
    else
        put(phrase, "; %" PRId64 " TXT at the fence's name, the first is \"%s\"", fences,
            text_of(seen, "fence"));
}

static void title(const struct screen *screen, const json_t *record, const char *head)
{
    const char *label = text_of(record, "label"), *name = text_of(record, "name");
    struct phrase phrase = {.used = 0};
    put(&phrase, "%s", name);
    if (strcmp(label, name) != 0)
        put(&phrase, " (record %s)", label);
    put(&phrase, ", %s: ", text_of(record, "provider"));
    screen_parts_put(screen, SCREEN_PLAIN, phrase.text);
    screen_parts_put(screen, SCREEN_BOLD, head);
    fputc('\n', screen->out);
}

static void seen_line(const struct screen *screen, const json_t *record)
{
    const json_t *seen = json_object_get(record, "seen");
    struct phrase phrase = {.used = 0};
    if (json_is_object(seen))
        put_seen(&phrase, seen);
    else
        put(&phrase, "not known");
    screen_parts_line(screen, "there", "", SCREEN_PLAIN, phrase.text);
}

/* "authoritative 3/3 in 0.9 s, resolvers 2/4, last cache ends 12:04:31 UTC", where it is told. */
static void tail_line(const struct screen *screen, const json_t *record)
{
    const json_t *tail = json_object_get(record, "tail");
    const json_t *servers = json_object_get(tail, "authoritative");
    const json_t *resolvers = json_object_get(tail, "resolvers");
    const char *ends = text_of(tail, "cache_ends_at");
    struct phrase phrase = {.used = 0};
    char took[32];
    if (!json_is_object(tail))
        return;
    put(&phrase, "authoritative %" PRId64 "/%" PRId64, number_of(servers, "ok", 0),
        number_of(servers, "servers", 0));
    screen_span(number_of(servers, "took_ms", -1), took, sizeof took);
    if (took[0] != '-')
        put(&phrase, " in %s", took);
    put(&phrase, ", resolvers %" PRId64 "/%" PRId64, number_of(resolvers, "ok", 0),
        number_of(resolvers, "servers", 0));
    if (strlen(ends) >= 19)
        put(&phrase, ", last cache ends %.8s UTC", ends + 11);
    screen_parts_line(screen, "tail", "", SCREEN_PLAIN, phrase.text);
}

static void read_line(const struct screen *screen, const json_t *record)
{
    const json_t *read = json_object_get(record, "read");
    const json_t *verified = json_object_get(record, "verified");
    int64_t age_ms = number_of(read, "age_ms", -1);
    struct phrase phrase = {.used = 0};
    char age[32];
    screen_span(age_ms, age, sizeof age);
    if (age_ms < 0)
        put(&phrase, "never yet");
    else
        put(&phrase, "%s ago", age);
    if (json_is_object(verified))
        put(&phrase, ", %" PRId64 " of %" PRId64 " servers", number_of(verified, "servers_ok", 0),
            number_of(verified, "servers", 0));
    screen_parts_line(screen, "read", "", SCREEN_PLAIN, phrase.text);
}

void dns_screen_record(FILE *out, const json_t *record, const char *head)
{
    struct screen screen = {.out = out, .style = {.width = SCREEN_WIDTH}};
    const json_t *wanted = json_object_get(record, "wanted");
    const json_t *differences = json_object_get(record, "differences");
    const char *node = text_of(wanted, "node");
    struct phrase phrase = {.used = 0};
    if (dns_screen_is_command(record)) {
        title(&screen, record, "a command changes it, nothing can be read back");
        return;
    }
    title(&screen, record, head);
    seen_line(&screen, record);
    if (node[0] != 0) {
        put_addresses(&phrase, wanted);
        put(&phrase, "; %s holds", node);
    } else {
        put(&phrase, "not known: nobody is known to hold");
    }
    screen_parts_line(&screen, "wanted", "", SCREEN_PLAIN, phrase.text);
    read_line(&screen, record);
    tail_line(&screen, record);
    for (size_t i = 0; i < json_array_size(differences); i++) {
        const char *text = json_string_value(json_array_get(differences, i));
        screen_parts_bullet(&screen, "-", SCREEN_PLAIN, text == NULL ? "?" : text);
    }
    dns_screen_by_hand(&screen, record);
}

void dns_screen_preview(FILE *out, const json_t *preview)
{
    struct screen screen = {.out = out, .style = {.width = SCREEN_WIDTH}};
    const json_t *wanted = json_object_get(preview, "wanted");
    bool possible = screen_parts_true(preview, "possible");
    const char *effect = text_of(preview, "effect"), *remedy = text_of(preview, "remedy");
    struct phrase phrase = {.used = 0};
    bool own = strcmp(text_of(preview, "kind"), "own") == 0;
    title(&screen, preview, possible ? "can be adopted" : own ? "is holdfast's" : "not adopted");
    seen_line(&screen, preview);
    if (possible) {
        put_addresses(&phrase, wanted);
        put(&phrase, "; fence of %s under epoch %" PRId64, text_of(wanted, "node"),
            number_of(preview, "epoch", 0));
        screen_parts_line(&screen, "will be", "", SCREEN_PLAIN, phrase.text);
    }
    screen_parts_bullet(&screen, "-", SCREEN_PLAIN, text_of(preview, "about"));
    if (effect[0] != 0)
        screen_parts_bullet(&screen, "-", SCREEN_PLAIN, effect);
    if (remedy[0] != 0)
        screen_parts_bullet(&screen, "!", SCREEN_WARN, remedy);
}

void dns_screen_by_hand(const struct screen *screen, const json_t *record)
{
    const json_t *lines = json_object_get(record, "by_hand");
    if (json_array_size(lines) == 0)
        return;
    screen_parts_bullet(screen, "!", SCREEN_WARN,
                        "this node holds and cannot write it. If that cannot wait, do it by hand "
                        "at the provider: exactly these lines, and no other A, AAAA or TXT at "
                        "these names. Only while this node holds; after a change of holder look "
                        "again. holdfast goes on by itself once the provider answers:");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const char *text = json_string_value(json_array_get(lines, i));
        fputs("      ", screen->out);
        screen_parts_put(screen, SCREEN_BOLD, text == NULL ? "?" : text);
        fputc('\n', screen->out);
    }
}
