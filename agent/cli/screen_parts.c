/* Happy path: the callers compose plain sentences, these functions break them at blanks.
 *
 * Failure modes: a word longer than the line is printed as it is; bytes below blank and DEL
 * become '?', so nothing that came over the network can move the cursor. */
#include "screen_parts.h"

#include <string.h>

#define LABEL_WIDTH 12

const char *screen_parts_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

int64_t screen_parts_number(const json_t *object, const char *key, int64_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_real(value)) {
        double number = json_real_value(value);
        return number > -1e15 && number < 1e15 ? (int64_t)(number + 0.5) : otherwise;
    }
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool screen_parts_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static const char *escape_of(enum screen_colour colour)
{
    switch (colour) {
    case SCREEN_GOOD:
        return "\033[1;32m";
    case SCREEN_WARN:
        return "\033[1;33m";
    case SCREEN_BAD:
        return "\033[1;31m";
    case SCREEN_BOLD:
        return "\033[1m";
    case SCREEN_PLAIN:
        break;
    }
    return "";
}

static void put_bytes(const struct screen *screen, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        fputc(byte < ' ' || byte == 127 ? '?' : byte, screen->out);
    }
}

static void start_colour(const struct screen *screen, enum screen_colour colour)
{
    if (screen->style.colour)
        fputs(escape_of(colour), screen->out);
}

static void end_colour(const struct screen *screen, enum screen_colour colour)
{
    if (screen->style.colour && colour != SCREEN_PLAIN)
        fputs("\033[0m", screen->out);
}

void screen_parts_put(const struct screen *screen, enum screen_colour colour, const char *text)
{
    start_colour(screen, colour);
    put_bytes(screen, text, strlen(text));
    end_colour(screen, colour);
}

void screen_parts_cell(const struct screen *screen, enum screen_colour colour, const char *text,
                       size_t width)
{
    screen_parts_put(screen, colour, text);
    for (size_t used = strlen(text); used < width; used++)
        fputc(' ', screen->out);
}

/* Prints text word by word from `column`; new lines begin at `indent`. */
static void wrap(const struct screen *screen, const char *text, size_t column, size_t indent)
{
    while (*text != 0) {
        size_t blanks = strspn(text, " "), word = strcspn(text + blanks, " ");
        if (column + blanks + word > screen->style.width && column > indent) {
            fprintf(screen->out, "\n%*s", (int)indent, "");
            column = indent;
            text += blanks;
            blanks = 0;
        }
        put_bytes(screen, text, blanks + word);
        column += blanks + word;
        text += blanks + word;
    }
    fputc('\n', screen->out);
}

void screen_parts_line(const struct screen *screen, const char *label, const char *head,
                       enum screen_colour colour, const char *rest)
{
    fprintf(screen->out, "%-*s", LABEL_WIDTH, label);
    screen_parts_put(screen, colour, head);
    size_t label_width = strlen(label) > LABEL_WIDTH ? strlen(label) : LABEL_WIDTH;
    wrap(screen, rest, label_width + strlen(head), LABEL_WIDTH);
}

void screen_parts_bullet(const struct screen *screen, const char *mark, enum screen_colour colour,
                         const char *text)
{
    fputs("  ", screen->out);
    screen_parts_put(screen, colour, mark);
    fputc(' ', screen->out);
    size_t indent = 3 + strlen(mark);
    wrap(screen, text, indent, indent);
}
