/* Happy path: nobody complains.
 *
 * Failure modes: more complaints than the list holds: the first are kept, all errors counted. A
 * sentence that is too long is cut. Bytes of a file name that are not plain text become '?', so
 * that the sentence can go anywhere. */
#include "complaint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t put_place(char *text, size_t size, const struct complaint_place *place)
{
    char line[16] = "";
    if (place->line != 0)
        (void)snprintf(line, sizeof line, "%u:", place->line);
    bool section = place->section[0] != 0, key = place->key[0] != 0;
    int length = snprintf(text, size, "%.120s:%s %s%.80s%s%.48s%s", place->path, line,
                          section ? "[" : "", place->section,
                          section ? (key ? "] " : "]: ") : "", place->key, key ? ": " : "");
    return length < 0 ? 0 : (size_t)length >= size ? size - 1 : (size_t)length;
}

static void put(struct complaints *complaints, const struct complaint_place *place, bool warning,
                const char *sentence)
{
    if (!warning)
        complaints->error_count++;
    if (complaints->count == COMPLAINT_MAX)
        return;
    struct complaint *complaint = &complaints->list[complaints->count++];
    complaint->warning = warning;
    complaint->line = place->line;
    size_t used = put_place(complaint->text, sizeof complaint->text, place);
    (void)snprintf(complaint->text + used, sizeof complaint->text - used, "%s", sentence);
    for (char *at = complaint->text; *at != 0; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = '?';
}

void complaint_error(struct complaints *complaints, const struct complaint_place *place,
                     const char *format, ...)
{
    char sentence[ERR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    put(complaints, place, false, sentence);
}

void complaint_warning(struct complaints *complaints, const struct complaint_place *place,
                       const char *format, ...)
{
    char sentence[ERR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    put(complaints, place, true, sentence);
}

static bool comes_later(const struct complaint *a, const struct complaint *b)
{
    return (a->line == 0 && b->line != 0) || (b->line != 0 && a->line > b->line);
}

/* Insertion: the list is short, nearly in order, and equal lines must keep their order. */
void complaint_sort(struct complaints *complaints)
{
    for (size_t i = 1; i < complaints->count; i++) {
        struct complaint taken = complaints->list[i];
        size_t at = i;
        for (; at > 0 && comes_later(&complaints->list[at - 1], &taken); at--)
            complaints->list[at] = complaints->list[at - 1];
        complaints->list[at] = taken;
    }
}
