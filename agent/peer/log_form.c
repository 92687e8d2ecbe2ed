/* Happy path: clean text goes in, the bytes for one reader come out.
 *
 * Failure modes: text of any length and content is cut and cleaned, never refused. Values that
 * the journal is to index are looked for at the start of the line only: what a sentence says
 * cannot pass for a field. RFC 5424 is not offered: neither journald nor rsyslog's default
 * parser reads it from the local socket. */
#include "log_form.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

#define FACILITY_DAEMON 3u

struct room {
    char *bytes;
    size_t used;
};

static void add(struct room *room, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct room *room, const char *format, ...)
{
    size_t left = LOG_FORM_SIZE - room->used;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(room->bytes + room->used, left, format, arguments);
    va_end(arguments);
    if (length > 0)
        room->used += (size_t)length < left ? (size_t)length : left - 1;
}

size_t log_form_clean(const char *text, char ret[LOG_FORM_TEXT_MAX + 1])
{
    size_t length = strnlen(text, LOG_FORM_TEXT_MAX + 1);
    if (length > LOG_FORM_TEXT_MAX) {
        length = LOG_FORM_TEXT_MAX;
        /* Not in the middle of a character of several bytes. */
        while (length > LOG_FORM_TEXT_MAX - 4 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        ret[i] = byte < ' ' || byte == 127 ? '?' : (char)byte;
    }
    ret[length] = 0;
    return length;
}

size_t log_form_quote(const char *text, char *ret, size_t size)
{
    size_t used = 0;
    ret[used++] = '"';
    for (; *text != 0; text++) {
        unsigned char byte = (unsigned char)*text;
        bool escape = byte == '"' || byte == '\\';
        size_t rest = 1; /* bytes of this character: the first says how many */
        if (byte >= 0xc0)
            rest = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
        if (used + escape + rest + 2 > size)
            break;
        if (escape)
            ret[used++] = '\\';
        ret[used++] = byte < ' ' || byte == 127 ? '?' : (char)byte;
    }
    ret[used++] = '"';
    ret[used] = 0;
    return used;
}

unsigned log_form_priority(enum reason_level level)
{
    switch (level) {
    case REASON_ALARM:
        return 1;
    case REASON_WARNING:
        return 4;
    case REASON_NOTICE:
        return 5;
    case REASON_INFO:
        return 6;
    case REASON_DEBUG:
        break;
    }
    return 7;
}

static const char *word(enum reason_level level)
{
    static const char *const words[] = {"debug", "info", "notice", "warning", "ALARM"};
    return (unsigned)level < sizeof words / sizeof words[0] ? words[level] : "?";
}

/* Value of `key` among the pairs that the line begins with. NULL: not there. Stops at the first
 * quoted value or word without '='. */
static const char *find_pair(const char *text, const char *key, size_t *ret_length)
{
    size_t key_length = strlen(key);
    for (;;) {
        size_t length = strcspn(text, " ");
        const char *equals = memchr(text, '=', length);
        if (equals == NULL || memchr(text, '"', length) != NULL)
            return NULL;
        if ((size_t)(equals - text) == key_length && memcmp(text, key, key_length) == 0) {
            *ret_length = length - key_length - 1;
            return equals + 1;
        }
        if (text[length] == 0)
            return NULL;
        text += length + 1;
    }
}

static void add_pair(struct room *room, const char *text, const char *key, const char *field)
{
    size_t length;
    const char *value = find_pair(text, key, &length);
    if (value != NULL && length > 0)
        add(room, "%s=%.*s\n", field, (int)length, value);
}

static void make_journal(struct room *room, const struct log_entry *entry)
{
    char when[16];
    clock_syslog_text(entry->wall_ms, when, sizeof when);
    add(room, "MESSAGE=%s\nPRIORITY=%u\nSYSLOG_FACILITY=%u\nSYSLOG_IDENTIFIER=%s\n",
        entry->text, log_form_priority(entry->level), FACILITY_DAEMON, entry->identity);
    add(room, "SYSLOG_PID=%d\nSYSLOG_TIMESTAMP=%s\n", entry->pid, when);
    add_pair(room, entry->text, "event", "HOLDFAST_EVENT");
    add_pair(room, entry->text, "epoch", "HOLDFAST_EPOCH");
    add_pair(room, entry->text, "node", "HOLDFAST_NODE");
}

size_t log_form_make(enum log_form form, const struct log_entry *entry,
                     char ret[LOG_FORM_SIZE])
{
    struct room room = {.bytes = ret};
    char when[CLOCK_TEXT_SIZE];
    if (form == LOG_FORM_JOURNAL) {
        make_journal(&room, entry);
    } else if (form == LOG_FORM_SYSLOG) {
        clock_syslog_text(entry->wall_ms, when, sizeof when);
        add(&room, "<%u>%s %s[%d]: %s", FACILITY_DAEMON * 8 + log_form_priority(entry->level),
            when, entry->identity, entry->pid, entry->text);
    } else {
        clock_text(entry->wall_ms, when, sizeof when);
        add(&room, "%s %s %s: %s\n", when, word(entry->level), entry->identity, entry->text);
    }
    return room.used;
}
