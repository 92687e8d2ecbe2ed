#include "wake.h"

static void sooner(mono_ms *at, mono_ms candidate, mono_ms now)
{
    if (candidate > now && candidate < *at)
        *at = candidate;
}

mono_ms wake_plan(const struct core *core, mono_ms now)
{
    mono_ms at = core->next_tick;
    sooner(&at, core->prompt_at, now);
    sooner(&at, core->voter.promise.until, now);
    sooner(&at, core->voter.ledger.retry_at, now);
    sooner(&at, core->claim.backed_until, now);
    sooner(&at, core->claim.abstain_until, now);
    sooner(&at, silence_until(&core->silence), now);
    sooner(&at, core->pause.until, now);
    sooner(&at, core->merit.maintenance_until, now);
    sooner(&at, core->force.until, now);
    return at > now ? at : now;
}
