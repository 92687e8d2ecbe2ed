/* screen_parts — the small pieces that the screens are put together from: safe access to JSON,
 * wrapped lines, colour. Private to screen*.c. */
#ifndef HOLDFAST_CLI_SCREEN_PARTS_H
#define HOLDFAST_CLI_SCREEN_PARTS_H

#include "screen.h"

#define SCREEN_TEXT_SIZE 640

/* What a colour says; which one it is, is decided in one place. */
enum screen_colour { SCREEN_PLAIN, SCREEN_GOOD, SCREEN_WARN, SCREEN_BAD, SCREEN_BOLD };

/* One rendering under way. */
struct screen {
    FILE *out;
    const json_t *status;
    struct screen_style style;
};

/* Text of a member; "" when absent, null or no text. Borrowed. */
const char *screen_parts_text(const json_t *object, const char *key);
/* Whole number of a member; `otherwise` when absent, null or no number. */
int64_t screen_parts_number(const json_t *object, const char *key, int64_t otherwise);
/* True only for true. */
bool screen_parts_true(const json_t *object, const char *key);

/* Prints text in a colour, control characters replaced. */
void screen_parts_put(const struct screen *screen, enum screen_colour colour, const char *text);
/* The same, padded with blanks to `width` characters. */
void screen_parts_cell(const struct screen *screen, enum screen_colour colour, const char *text,
                       size_t width);
/* "label     head rest", wrapped at the width, continued below `head`. Only `head` is
 * coloured; both may be "". */
void screen_parts_line(const struct screen *screen, const char *label, const char *head,
                       enum screen_colour colour, const char *rest);
/* "  - text", wrapped. */
void screen_parts_bullet(const struct screen *screen, const char *mark, enum screen_colour colour,
                         const char *text);

/* How far the record's last write has come; nothing when there is none (screen_tail.c). */
void screen_tail(const struct screen *screen, const json_t *record);

/* Warnings, each with its remedy: the end of the screen of `status` (screen_warn.c). */
void screen_warn_all(const struct screen *screen);

#endif
