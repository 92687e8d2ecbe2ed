/* limits — every bound of the protocol, with its unit, in one place. */
#ifndef HOLDFAST_PROTO_LIMITS_H
#define HOLDFAST_PROTO_LIMITS_H

#include <assert.h>

#define DATAGRAM_SIZE_MAX 1200 /* bytes: fits every path without fragments */
#define SIGNED_SIZE_MAX 900    /* bytes of signature + body, direct or relayed */
#define VERSION_SIZE 16        /* bytes, with the final 0, of a software version */

#define LEASE_MS_MIN 600     /* rule V1, timers */
#define LEASE_MS_MAX 60000   /* a promise never lasts longer */
#define INTERVAL_MS_MIN 50
#define INTERVAL_MS_MAX 15000
#define LEASE_INTERVALS_MIN 4   /* lease >= 4 x interval, or no start */
#define LEASE_INTERVALS_MAX 256 /* so that the table of sent statements covers two leases */
#define LEASE_INTERVALS_WARN 8
#define DRIFT_PPM_MIN 100
#define DRIFT_PPM_MAX 50000 /* 5 % */

#define SENT_COUNT_MAX 1024 /* own statements whose sending time is remembered (rule N2) */
#define GREET_COUNT_MAX 8   /* unaccepted boots remembered per sender */
#define ARRIVAL_COUNT_MAX 6 /* arrivals remembered per peer, to see a receiver lag (relay) */
#define PROMPT_GAP_MS 50    /* at most one prompt statement per peer in this time */

#define PERMIT_LEFT_MS_MIN 200    /* no permit with less lease left */
#define PERMIT_NEED_MS_MAX 10000  /* no request may be longer */
#define FORCED_MS_MAX 86400000    /* a forced takeover ends by itself: 24 h (rule N11) */
#define PAUSE_MS_MAX 604800000    /* a pause ends by itself: 7 d at most (rule N12) */
#define BOOT_SWAP_ALARM 3         /* boots that alternate more often: two processes, one key */

#define ACTION_COUNT_MAX 8 /* per step */
#define NOTE_COUNT_MAX 24  /* per step; more are counted, not kept */
#define OBSTACLE_COUNT_MAX 16

#define EPOCH_JUMP_MAX ((uint64_t)1 << 32) /* rule V8 */
#define EPOCH_MAX ((uint64_t)1 << 62) /* nobody leads above it; one's own count goes on */

static_assert(SENT_COUNT_MAX >= 2 * LEASE_INTERVALS_MAX * 5 / 4, "two leases fit with jitter");
static_assert(LEASE_MS_MIN / LEASE_INTERVALS_MIN >= INTERVAL_MS_MIN, "shortest lease possible");

#endif
