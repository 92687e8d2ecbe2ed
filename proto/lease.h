/* lease — how long a grant lasts, by the holder's own clock, and every other length that is
 * derived from the lease.
 *
 * Room: pure arithmetic. No state; every time is a parameter.
 * Used by: claim, voter, core (permits). The drift margin exists in exactly this place. */
#ifndef HOLDFAST_PROTO_LEASE_H
#define HOLDFAST_PROTO_LEASE_H

#include "limits.h"
#include "words.h"

struct lease_terms {
    span_ms length_ms;  /* LEASE_MS_MIN..LEASE_MS_MAX */
    uint32_t drift_ppm; /* bound on the clock-rate error, 0..DRIFT_PPM_MAX */
    uint32_t unused;    /* no padding: equal contents are equal bytes */
};

/* Instant until which a grant answering a statement sent at `sent` backs me (rule N3).
 *
 * sent    my clock when the statement left, not when the answer came.
 * Return  sent + length * (1 - drift) / (1 + drift), rounded down, less 1 ms because both
 *         clocks are read in whole milliseconds: never too late.
 * Asserts terms within the bounds above. */
mono_ms lease_backed_until(const struct lease_terms *terms, mono_ms sent);

/* Length of a voter's promise: the longer of both leases, at most LEASE_MS_MAX (rule V1). */
span_ms lease_promise_length(span_ms mine, span_ms claimants);

/* A claim counts only while its echo is younger than this: half the lease (rule V1). */
span_ms lease_window(span_ms lease_ms);

/* A permit needs a grant that answers a statement sent less than this ago: the smaller of
 * max(2 x interval, 1 s) and lease/2 ("Acting under a lease"). */
span_ms lease_proof_age_max(span_ms lease_ms, span_ms interval_ms);

/* True if an effect that may take `need_ms` ends before `until`. Accepts any input. */
bool lease_covers(mono_ms until, mono_ms now, span_ms need_ms);

#endif
