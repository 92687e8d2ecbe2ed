/* Happy path: a sentence is built once, where the failure is known, and each caller adds in
 * front what it was about to do.
 *
 * Failure modes: text that does not fit is cut at the end, never written beyond the size. */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
    /* Built aside: an argument may be err->text itself. */
    char text[ERR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(err->text, text, sizeof text);
    err->code = code;
    return code;
}

int err_wrap(struct err *err, const char *format, ...)
{
    char text[ERR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = length < 0 ? 0 : (size_t)length;
    if (used < sizeof text - 2) {
        size_t rest = strnlen(err->text, sizeof text - used - 3);
        memcpy(text + used, ": ", 2);
        memcpy(text + used + 2, err->text, rest);
        text[used + 2 + rest] = 0;
    }
    memcpy(err->text, text, sizeof text);
    return err->code;
}
