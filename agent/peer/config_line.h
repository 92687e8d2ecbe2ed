/* config_line — lines of the file to sections and keys.
 *
 * Room: comments, blanks, line ends, lengths and brackets; nothing of what a key means. The
 * line's form is judged here and split by inih, which is fed through a reader of our own: the
 * packaged library cuts lines at 200 bytes, sections at 50, and counts no lines for its caller. */
#ifndef HOLDFAST_PEER_CONFIG_LINE_H
#define HOLDFAST_PEER_CONFIG_LINE_H

#include <stdio.h>

#define CONFIG_LINE_SIZE_MAX 4096         /* bytes of one line */
#define CONFIG_LINE_FILE_MAX ((size_t)1024 * 1024) /* bytes of the file */

/* Who is told, in the order of the file. Texts live as long as the call. */
struct config_line_listener {
    /* "node server1"; NULL when the header could not be read: what follows belongs nowhere. */
    void (*on_section)(void *owner, unsigned line, const char *title);
    void (*on_value)(void *owner, unsigned line, const char *key, const char *value);
    void (*on_fault)(void *owner, unsigned line, const char *text);
    void *owner;
};

/* Reads the stream to its end (or to the bound, which is a fault). */
void config_line_read(FILE *file, const struct config_line_listener *listener);

#endif
