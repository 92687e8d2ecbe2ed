/* Happy path: one raw line is read, its comment and blanks go, its form is checked; a section is
 * told at once, a key goes through inih.
 *
 * Failure modes: NUL bytes, control characters, other characters than ASCII outside comments,
 * lines and files that are too long, brackets that do not match, lines without '=': each is told
 * with its line number, and reading goes on behind it. A read error is told and ends the file. */
#include "config_line.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum line_fault { LINE_OK, LINE_NUL, LINE_LONG, LINE_FILE_LONG };

struct reader {
    FILE *file;
    const struct config_line_listener *listener;
    unsigned line;
    size_t total; /* bytes read so far */
    char text[CONFIG_LINE_SIZE_MAX + 1];
    const char *value; /* of the line that inih is splitting; points into text */
};

static void fault(const struct reader *reader, const char *text)
{
    reader->listener->on_fault(reader->listener->owner, reader->line, text);
}

/* Reads up to the newline. False at the end of the file. */
static bool read_raw(struct reader *reader, enum line_fault *ret_fault)
{
    size_t length = 0;
    int c = EOF;
    *ret_fault = LINE_OK;
    while (reader->total <= CONFIG_LINE_FILE_MAX && (c = getc(reader->file)) != EOF) {
        reader->total++;
        if (c == '\n')
            break;
        if (c == 0 && *ret_fault == LINE_OK)
            *ret_fault = LINE_NUL;
        if (length < CONFIG_LINE_SIZE_MAX)
            reader->text[length++] = (char)c;
        else if (*ret_fault == LINE_OK)
            *ret_fault = LINE_LONG;
    }
    reader->text[length] = 0;
    if (reader->total > CONFIG_LINE_FILE_MAX)
        *ret_fault = LINE_FILE_LONG;
    reader->line++;
    return c != EOF || length > 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    text[length] = 0;
    return text;
}

/* Ends the text where a comment begins: '#' or ';' first on the line, or '#' after a blank. */
static void cut_comment(char *text)
{
    char *start = text;
    while (is_blank(*start))
        start++;
    if (*start == ';')
        *start = 0;
    for (char *at = start; *at != 0; at++)
        if (*at == '#' && (at == start || is_blank(at[-1])))
            *at = 0;
}

static const char *odd_character(const char *text)
{
    for (; *text != 0; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x80)
            return "a character outside ASCII; expected plain letters (comments may have others)";
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return "a control character; expected plain text";
    }
    return NULL;
}

/* `close` is the bracket that ends it, or NULL. */
static const char *judge_section(const char *text, const char *close)
{
    if (close == NULL)
        return "the bracket is not closed; expected [SECTION] or [SECTION NAME]";
    if (close[1] != 0)
        return "something follows the bracket; expected [SECTION] alone on its line (a comment "
               "starts with #)";
    return strchr(text + 1, '[') == NULL ? NULL
                                         : "a second bracket; expected [SECTION] or [SECTION NAME]";
}

static void take_section(struct reader *reader, char *text)
{
    const struct config_line_listener *listener = reader->listener;
    char *close = strchr(text, ']');
    const char *wrong = judge_section(text, close);
    if (close != NULL)
        *close = 0;
    listener->on_section(listener->owner, reader->line, wrong == NULL ? trim(text + 1) : NULL);
    if (wrong != NULL)
        fault(reader, wrong);
}

/* Checks KEY = VALUE and remembers the value. */
static bool take_pair(struct reader *reader, char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        fault(reader, "no '=' here; expected KEY = VALUE, a [section] or a # comment");
        return false;
    }
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.");
    const char *rest = text + length + strspn(text + length, " \t");
    if (length == 0 || rest != equals) {
        fault(reader, "no key before the '='; expected one word of a-z, 0-9, - and .");
        return false;
    }
    reader->value = trim(equals + 1);
    return true;
}

static bool take_line(struct reader *reader, enum line_fault line_fault)
{
    char *text = reader->text;
    if (line_fault == LINE_NUL) {
        fault(reader, "a NUL byte; expected plain text");
        return false;
    }
    if (line_fault == LINE_LONG) {
        fault(reader, "longer than 4096 bytes; expected a shorter line (keys may repeat)");
        return false;
    }
    if (reader->line == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    cut_comment(text);
    text = trim(text);
    const char *odd = odd_character(text);
    if (odd != NULL) {
        fault(reader, odd);
        return false;
    }
    if (text[0] == '[') {
        take_section(reader, text);
        return false;
    }
    if (text[0] == 0 || !take_pair(reader, text))
        return false;
    memmove(reader->text, text, (size_t)(reader->value - text));
    return true;
}

/* inih's line source. Lines that are settled already reach it as empty ones. The key always fits
 * (a longer one is unknown anyway); of the value it sees as much as its buffer holds. */
static char *next_line(char *buffer, int size, void *stream)
{
    struct reader *reader = stream;
    enum line_fault line_fault = LINE_OK;
    if (size < 2 || !read_raw(reader, &line_fault))
        return NULL;
    if (line_fault == LINE_FILE_LONG) {
        fault(reader, "the file is longer than 1 MiB; is this the configuration?");
        return NULL;
    }
    buffer[0] = 0;
    if (take_line(reader, line_fault)) {
        size_t length = strcspn(reader->text, "=") + 1;
        if (length > (size_t)size - 1) {
            fault(reader, "the key is too long");
            return buffer;
        }
        memcpy(buffer, reader->text, length);
        buffer[length] = 0;
    }
    return buffer;
}

static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reader *reader = user;
    (void)section; /* cut by the library; the listener knows it whole */
    (void)value;   /* likewise */
    reader->listener->on_value(reader->listener->owner, reader->line, name, reader->value);
    return 1;
}

/* inih passes one pointer to the reader and one to the handler: here the same. */
void config_line_read(FILE *file, const struct config_line_listener *listener)
{
    struct reader reader = {.file = file, .listener = listener};
    (void)ini_parse_stream(next_line, &reader, on_pair, &reader);
    if (ferror(file)) {
        reader.line = 0;
        fault(&reader, strerror(errno));
    }
}
