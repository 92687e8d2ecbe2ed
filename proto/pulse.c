#include "pulse.h"

#include <string.h>

#define WINDOW 64

void pulse_init(struct pulse *pulse)
{
    memset(pulse, 0, sizeof *pulse);
    pulse->heard_at = MONO_LONG_AGO;
    pulse->direct_at = MONO_LONG_AGO;
    pulse->rtt_ms = -1;
}

static void track(struct pulse *pulse, const struct mark *mark)
{
    uint64_t step = mark->seq - pulse->direct.seq;
    if (mark->boot != pulse->direct.boot || mark->seq <= pulse->direct.seq) {
        pulse->arrivals = 1;
        pulse->tracked = 1;
    } else {
        pulse->arrivals = step >= WINDOW ? 1 : (pulse->arrivals << step) | 1;
        uint64_t tracked = pulse->tracked + step;
        pulse->tracked = tracked > WINDOW ? WINDOW : (uint32_t)tracked;
    }
    pulse->direct = *mark;
}

void pulse_heard(struct pulse *pulse, const struct mark *mark, mono_ms now, bool direct,
                 span_ms rtt_ms)
{
    pulse->heard_at = now;
    if (!direct)
        return;
    pulse->direct_at = now;
    track(pulse, mark);
    if (rtt_ms < 0)
        return;
    if (pulse->rtt_ms < 0) {
        pulse->rtt_ms = rtt_ms;
        return;
    }
    span_ms off_ms = rtt_ms > pulse->rtt_ms ? rtt_ms - pulse->rtt_ms : pulse->rtt_ms - rtt_ms;
    pulse->jitter_8ths += off_ms - pulse_jitter(pulse); /* whole ms would never come down to 0 */
    pulse->rtt_ms = (pulse->rtt_ms * 7 + rtt_ms + 4) / 8;
}

span_ms pulse_jitter(const struct pulse *pulse)
{
    return (pulse->jitter_8ths + 4) / 8;
}

enum pulse_state pulse_state(const struct pulse *pulse, mono_ms now, span_ms echo_age,
                             span_ms interval_ms, span_ms lease_ms)
{
    if (echo_age >= lease_ms)
        return PULSE_SILENT;
    if (now - pulse->heard_at <= interval_ms * 5 / 2)
        return PULSE_FRESH;
    return PULSE_LATE;
}

uint32_t pulse_loss_ppt(const struct pulse *pulse)
{
    uint32_t arrived = 0;
    for (uint32_t i = 0; i < pulse->tracked; i++)
        arrived += (uint32_t)(pulse->arrivals >> i & 1);
    return pulse->tracked == 0 ? 0 : (pulse->tracked - arrived) * 1000 / pulse->tracked;
}
