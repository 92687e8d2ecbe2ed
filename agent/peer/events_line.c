/* Happy path: the fixed fields come first, in a fixed order, then the event's own.
 *
 * Failure modes: text that is no UTF-8 is shown with '?'; own fields that bear the name of a
 * fixed one are left out; text that is too long for the log is cut at its end. */
#include "events_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log_form.h"

#define TEXT_SIZE 1024

static json_t *text_json(const char *text)
{
    char clean[TEXT_SIZE];
    if (text == NULL)
        return NULL;
    json_t *string = json_string(text);
    if (string != NULL)
        return string;
    snprintf(clean, sizeof clean, "%s", text);
    for (char *spot = clean; *spot != 0; spot++)
        if ((unsigned char)*spot >= 0x80)
            *spot = '?';
    return json_string(clean);
}

static void put(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value == NULL ? json_null() : value);
}

json_t *events_line_json(const struct happening *happening,
                         const struct events_line_place *place)
{
    char when[CLOCK_TEXT_SIZE];
    json_t *object = json_object();
    clock_text(place->wall_ms, when, sizeof when);
    put(object, "time", json_string(when));
    put(object, "boottime_ms", json_integer(place->boottime_ms));
    put(object, "event", text_json(happening->event));
    put(object, "epoch",
        happening->epoch == 0 ? NULL : json_integer((json_int_t)happening->epoch));
    put(object, "node", text_json(place->node));
    if (happening->text != NULL)
        put(object, "text", text_json(happening->text));
    if (happening->level >= REASON_WARNING)
        put(object, "level", json_string(happening->level == REASON_ALARM ? "alarm" : "warning"));
    if (json_is_object(happening->fields)) {
        (void)json_object_del(happening->fields, "seq"); /* the file's own */
        (void)json_object_update_missing(object, happening->fields);
    }
    json_decref(happening->fields);
    return object;
}

struct room {
    char *text;
    size_t size, used;
};

static void add(struct room *room, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct room *room, const char *format, ...)
{
    size_t left = room->size - room->used;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(room->text + room->used, left, format, arguments);
    va_end(arguments);
    if (length > 0)
        room->used += (size_t)length < left ? (size_t)length : left - 1;
}

/* Always with its closing quote. */
static void add_quoted(struct room *room, const char *text)
{
    if (room->size - room->used >= 3)
        room->used += log_form_quote(text, room->text + room->used, room->size - room->used);
}

static void add_text(struct room *room, const char *text)
{
    bool plain = text[0] != 0 && strpbrk(text, " \t\n\r\"=\\") == NULL;
    if (plain) {
        add(room, "%s", text);
        return;
    }
    add_quoted(room, text);
}

static void add_pair(struct room *room, const char *key, const json_t *value)
{
    if (value == NULL || json_is_null(value))
        return;
    add(room, "%s%s=", room->used == 0 ? "" : " ", key);
    if (json_is_string(value)) {
        add_text(room, json_string_value(value));
        return;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    add_text(room, text == NULL ? "?" : text);
    free(text);
}

static bool is_fixed(const char *key)
{
    static const char *const keys[] = {"time", "boottime_ms", "event", "epoch",
                                       "node", "text",        "level"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

void events_line_text(const json_t *event, char *ret, size_t size)
{
    size_t most = LOG_FORM_TEXT_MAX + 1; /* the log would cut what is longer */
    struct room room = {.text = ret, .size = size < most ? size : most};
    ret[0] = 0;
    add_pair(&room, "event", json_object_get(event, "event"));
    add_pair(&room, "epoch", json_object_get(event, "epoch"));
    add_pair(&room, "node", json_object_get(event, "node"));
    /* Iterating asks for a mutable object and changes nothing. */
    json_t *object = (json_t *)(uintptr_t)event;
    for (void *at = json_object_iter(object); at != NULL;
         at = json_object_iter_next(object, at))
        if (!is_fixed(json_object_iter_key(at)))
            add_pair(&room, json_object_iter_key(at), json_object_iter_value(at));
    const char *text = json_string_value(json_object_get(event, "text"));
    if (text == NULL)
        return;
    add(&room, " msg=");
    add_quoted(&room, text);
}
