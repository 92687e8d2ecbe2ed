/* clock — the only room that reads a clock. */
#ifndef HOLDFAST_PEER_CLOCK_H
#define HOLDFAST_PEER_CLOCK_H

#include "../../proto/words.h"

#define CLOCK_TEXT_SIZE 25 /* of clock_text */

mono_ms clock_now(void);    /* CLOCK_BOOTTIME in ms, rounded down; never fails on Linux */
int64_t clock_wall_s(void); /* CLOCK_REALTIME in s */
int64_t clock_wall_ms(void); /* CLOCK_REALTIME in ms */
/* "2026-11-24T03:12:45.123Z" of a wall clock reading; size >= 25. */
void clock_text(int64_t wall_ms, char *ret, size_t size);
/* "Nov 24 03:12:45", local time, as syslog wants it; size >= 16. */
void clock_syslog_text(int64_t wall_ms, char *ret, size_t size);
/* CLOCK_MONOTONIC in us: only for what systemd wants to know when reloading begins. */
uint64_t clock_monotonic_us(void);

#endif
