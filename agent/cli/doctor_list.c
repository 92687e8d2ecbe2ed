/* Happy path: lines are added by whoever looks, and shown in the order of their areas.
 *
 * Failure modes: no memory: a line is missing, and so are its sums. Bytes that are not printable
 * become '?', so that nothing from outside moves the cursor. */
#include "doctor_list.h"

#include <stdarg.h>
#include <string.h>

static const char *const areas[DOCTOR_AREA_COUNT] = {
    [DOCTOR_CONFIG] = "config",       [DOCTOR_FILES] = "files",
    [DOCTOR_KEYS] = "keys",           [DOCTOR_STATE] = "state",
    [DOCTOR_DAEMON] = "daemon",       [DOCTOR_MACHINE] = "machine",
    [DOCTOR_CLUSTER] = "cluster",     [DOCTOR_PEER] = "peer",
    [DOCTOR_NETWORK] = "network",     [DOCTOR_CLOCK] = "clock",
    [DOCTOR_PROVIDER] = "provider",   [DOCTOR_CREDENTIALS] = "credentials",
    [DOCTOR_FENCE] = "fence",         [DOCTOR_RECORD] = "record",
    [DOCTOR_TTL] = "ttl",             [DOCTOR_SERVERS] = "servers",
    [DOCTOR_RESOLVERS] = "resolvers", [DOCTOR_GUARD] = "guard",
    [DOCTOR_IAM] = "iam",
};
static const char *const levels[] = {"ok", "warn", "fail"};

bool doctor_list_open(struct doctor_list *list)
{
    bool ok = true;
    memset(list, 0, sizeof *list);
    for (size_t i = 0; i < DOCTOR_AREA_COUNT; i++) {
        list->areas[i] = json_array();
        ok = ok && list->areas[i] != NULL;
    }
    return ok;
}

void doctor_list_close(struct doctor_list *list)
{
    for (size_t i = 0; i < DOCTOR_AREA_COUNT; i++)
        json_decref(list->areas[i]);
}

static void replace(char *text, bool ascii)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text == 127 ||
            (ascii && (unsigned char)*text > 127))
            *text = '?';
}

/* A path may hold bytes that are no text for JSON: a line must not be lost for them. */
static json_t *printable(char *text)
{
    replace(text, false);
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    replace(text, true);
    return json_string(text);
}

void doctor_list_add(struct doctor_list *list, const struct doctor_line *line, const char *format,
                     ...)
{
    char text[DOCTOR_TEXT_SIZE], remedy[DOCTOR_REMEDY_SIZE] = "";
    bool due = line->level != DOCTOR_OK, given = line->remedy != NULL && line->remedy[0] != 0;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (due)
        (void)snprintf(remedy, sizeof remedy, "%s",
                       given ? line->remedy : "holdfast why; holdfast events --last 20");
    json_t *check = json_pack("{s:s, s:s, s:s, s:o, s:o}", "area", areas[line->area], "subject",
                              line->subject, "level", levels[line->level], "text",
                              printable(text), "remedy", due ? printable(remedy) : json_null());
    if (check != NULL && json_array_append_new(list->areas[line->area], check) == 0)
        list->counts[line->level]++;
}

static const char *text_of(const json_t *check, const char *key)
{
    const char *text = json_string_value(json_object_get(check, key));
    return text == NULL ? "" : text;
}

static void print_check(const json_t *check, FILE *out, bool colour)
{
    const char *level = text_of(check, "level"), *remedy = text_of(check, "remedy");
    const char *start = strcmp(level, "ok") == 0     ? "\033[1;32m"
                        : strcmp(level, "warn") == 0 ? "\033[1;33m"
                                                     : "\033[1;31m";
    fprintf(out, "%s%-4s%s  %s %s: %s\n", colour ? start : "", level, colour ? "\033[0m" : "",
            text_of(check, "area"), text_of(check, "subject"), text_of(check, "text"));
    if (remedy[0] != 0)
        fprintf(out, "      -> %s\n", remedy);
}

void doctor_list_print(const struct doctor_list *list, FILE *out, bool colour)
{
    for (size_t i = 0; i < DOCTOR_AREA_COUNT; i++)
        for (size_t k = 0; k < json_array_size(list->areas[i]); k++)
            print_check(json_array_get(list->areas[i], k), out, colour);
    fprintf(out, "%u ok, %u warn, %u fail\n", list->counts[DOCTOR_OK], list->counts[DOCTOR_WARN],
            list->counts[DOCTOR_FAIL]);
}

json_t *doctor_list_json(const struct doctor_list *list)
{
    json_t *checks = json_array();
    for (size_t i = 0; i < DOCTOR_AREA_COUNT; i++)
        (void)json_array_extend(checks, list->areas[i]);
    return json_pack("{s:i, s:o, s:i, s:i, s:i}", "v", 1, "checks", checks, "ok",
                     (int)list->counts[DOCTOR_OK], "warn", (int)list->counts[DOCTOR_WARN], "fail",
                     (int)list->counts[DOCTOR_FAIL]);
}
