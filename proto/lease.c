#include "lease.h"

#include <assert.h>

#define PPM 1000000

mono_ms lease_backed_until(const struct lease_terms *terms, mono_ms sent)
{
    assert(terms->length_ms > 0 && terms->length_ms <= LEASE_MS_MAX);
    assert(terms->drift_ppm <= DRIFT_PPM_MAX);
    int64_t drift = terms->drift_ppm;
    return sent + terms->length_ms * (PPM - drift) / (PPM + drift) - 1;
}

span_ms lease_promise_length(span_ms mine, span_ms claimants)
{
    span_ms longer = mine > claimants ? mine : claimants;
    return longer > LEASE_MS_MAX ? LEASE_MS_MAX : longer;
}

span_ms lease_window(span_ms lease_ms)
{
    return lease_ms / 2;
}

span_ms lease_proof_age_max(span_ms lease_ms, span_ms interval_ms)
{
    span_ms age = 2 * interval_ms > 1000 ? 2 * interval_ms : 1000;
    return age < lease_ms / 2 ? age : lease_ms / 2;
}

bool lease_covers(mono_ms until, mono_ms now, span_ms need_ms)
{
    if (need_ms < 0 || now >= until)
        return false;
    if (now < 0 && until > INT64_MAX + now)
        return true;
    return until - now > need_ms;
}
