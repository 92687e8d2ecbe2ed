#include "relay.h"

#include <assert.h>
#include <string.h>

void relay_init(struct relay *relay)
{
    memset(relay, 0, sizeof *relay);
    for (size_t i = 0; i < PEER_COUNT; i++) {
        relay->kept[i].at = MONO_LONG_AGO;
        relay->until[i] = MONO_LONG_AGO;
    }
}

void relay_keep(struct relay *relay, uint8_t author, const struct mark *mark,
                const uint8_t *bytes, size_t size)
{
    struct relay_kept *kept = &relay->kept[author];
    assert(size <= SIGNED_SIZE_MAX);
    if (kept->mark.boot != mark->boot)
        kept->arrival_count = 0;
    memcpy(kept->bytes, bytes, size);
    kept->size = size;
    kept->mark = *mark;
}

void relay_arrived(struct relay *relay, uint8_t author, span_ms apart_ms, mono_ms now)
{
    struct relay_kept *kept = &relay->kept[author];
    kept->at = now;
    if (kept->arrival_count > 0 && now - kept->arrivals[0].at < apart_ms)
        return;
    if (kept->arrival_count < ARRIVAL_COUNT_MAX)
        kept->arrival_count++;
    for (size_t i = kept->arrival_count - 1; i > 0; i--)
        kept->arrivals[i] = kept->arrivals[i - 1];
    kept->arrivals[0] = (struct arrival){kept->mark.seq, now};
}

static bool lags(const struct relay_kept *kept, const struct mark *heard, mono_ms before)
{
    for (size_t i = 0; i < kept->arrival_count; i++) {
        const struct arrival *arrival = &kept->arrivals[i];
        if (arrival->at < before &&
            (heard->boot != kept->mark.boot || heard->seq < arrival->seq))
            return true;
    }
    return false;
}

bool relay_wanted(struct relay *relay, const struct relay_question *question,
                  const struct mark *heard, mono_ms now)
{
    const struct relay_kept *kept = &relay->kept[question->author];
    if (kept->size == 0 || now - kept->at >= question->lease_ms)
        return false;
    if (lags(kept, heard, now - question->interval_ms * 3 / 2))
        relay->until[question->to] = now + question->lease_ms;
    return now < relay->until[question->to];
}
