/* movable — see movable.h.
 *
 * Happy path: every provider answers and refuses nothing: no word.
 * Failure modes: one of several that is dead or refuses keeps the others from nothing: it is
 * named. Fields that are missing say nothing. */
#include "movable.h"

#include <stdio.h>
#include <string.h>

#define SENTENCE_SIZE 640

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text == NULL ? "" : text;
}

bool movable_any(const json_t *records)
{
    bool unreadable = false;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *readable = json_object_get(json_array_get(records, i), "readable");
        if (json_is_true(readable))
            return true;
        unreadable = unreadable || json_is_false(readable);
    }
    return !unreadable;
}

json_t *movable_warnings(const json_t *records)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        const char *detail = text_of(record, "detail");
        char text[SENTENCE_SIZE];
        bool dead = json_is_false(json_object_get(record, "readable"));
        if (!dead && strcmp(text_of(record, "state"), "refused") != 0)
            continue;
        snprintf(text, sizeof text, "record %.255s %s, and may stay behind%s%.300s",
                 text_of(record, "label"),
                 dead ? "cannot be read at its DNS provider now"
                      : "was refused by its DNS provider",
                 detail[0] == 0 ? "" : ": ", detail);
        (void)json_array_append_new(list, json_string(text));
    }
    return list;
}
