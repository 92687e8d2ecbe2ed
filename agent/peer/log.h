/* log — one line to syslog (or stderr), never waiting for anybody.
 *
 * Own non-blocking datagram socket to /dev/log in the local form "<PRI>Mmm dd hh:mm:ss
 * holdfastd[pid]: event=... epoch=... node=...", or the journal's native protocol when its
 * socket is there; a bounded ring while the reader is slow, a counter for what was dropped,
 * reconnect with backoff. File-scope state: there is one log per process, used by the thread
 * of the loop only. */
#ifndef HOLDFAST_PEER_LOG_H
#define HOLDFAST_PEER_LOG_H

#include <stdint.h>
#include <uv.h>

#include "../../proto/reason.h"

/* Before log_open, and after log_close, lines go to stderr. foreground: stderr only, with time.
 * identity is "holdfastd" or "holdfast-witness". The environment variable HOLDFAST_SYSLOG names
 * another datagram socket than /dev/log (for machines with several daemons, and tests).
 * Lines of REASON_DEBUG are kept only when the variable HOLDFAST_DEBUG is set. */
void log_open(uv_loop_t *loop, const char *identity, bool foreground);
/* Sends what the ring holds as far as that takes no waiting; the rest counts as dropped. The
 * loop must run once after it, and before another log_open. */
void log_close(void);
/* One line. `pairs` is logfmt text ("event=... epoch=...") and may be followed by a free
 * sentence as msg="...". Cut at 1000 bytes. Control characters are replaced. */
void log_line(enum reason_level level, const char *pairs);
/* A line that is no event of the events file: event=EVENT node=NODE msg="..." (the name as told by
 * log_name), with the sentence put together as printf does, and quoted. */
void log_text(enum reason_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Who speaks, as early as it is known, also before log_open: the program, and this peer's name
 * (NULL: not known yet). Copied. */
void log_name(const char *identity, const char *node);
/* Lines that never reached the reader. */
uint64_t log_dropped(void);

#endif
