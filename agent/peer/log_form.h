/* log_form — one log line as the bytes that its reader wants: syslog, journal or stderr.
 *
 * Room: form only. No socket, no clock, no state. */
#ifndef HOLDFAST_PEER_LOG_FORM_H
#define HOLDFAST_PEER_LOG_FORM_H

#include <stddef.h>
#include <stdint.h>

#include "../../proto/reason.h"

#define LOG_FORM_TEXT_MAX 1000 /* bytes of a line's own text */
#define LOG_FORM_SIZE 4096     /* enough for every form of the longest line */

enum log_form {
    LOG_FORM_SYSLOG,  /* "<PRI>Mmm dd hh:mm:ss identity[pid]: text" */
    LOG_FORM_JOURNAL, /* native protocol of systemd's journal: KEY=value lines */
    LOG_FORM_STDERR,  /* "2026-11-24T03:12:45.123Z warning identity: text\n" */
};

struct log_entry {
    enum reason_level level;
    int64_t wall_ms; /* when it was said, not when it is sent */
    const char *identity;
    int pid;
    const char *text; /* already clean, see log_form_clean */
};

/* Copies at most LOG_FORM_TEXT_MAX bytes of `text`, whole characters, with control characters
 * replaced by '?'. Returns the length; ret has room for LOG_FORM_TEXT_MAX + 1. */
size_t log_form_clean(const char *text, char ret[LOG_FORM_TEXT_MAX + 1]);
/* `text` in quotes, with quotes and backslashes escaped and control characters as '?': a value of
 * logfmt. Cut between characters so that its closing quote fits into `size` (at least 3, with the
 * final 0). Returns the length. */
size_t log_form_quote(const char *text, char *ret, size_t size);
/* The line in that form. Returns its length. Not terminated: it may be a datagram. */
size_t log_form_make(enum log_form form, const struct log_entry *entry,
                     char ret[LOG_FORM_SIZE]);
/* syslog's number of a level: 1 (alarm) to 7 (debug). */
unsigned log_form_priority(enum reason_level level);

#endif
