#include "zone.h"

#include <stdio.h>
#include <string.h>

void zone_init(struct zone *zone)
{
    memset(zone, 0, sizeof *zone);
    zone->owner = zone->serves = PEER_NONE;
    zone->drifted_at = -INT64_MAX / 2;
    zone->delay_min = 2;
    zone->delay_max = 20;
}

void zone_take(struct zone *zone, struct zone_request *request)
{
    request->answered_ok = !zone->refuses;
    if (zone->refuses)
        return;
    if (!request->write) {
        snprintf(request->new_fence, sizeof request->new_fence, "%s", zone->fence);
        request->node = zone->serves;
        return;
    }
    bool matches = strcmp(zone->fence, request->old_fence) == 0;
    request->answered_ok = matches || zone->no_cas || zone->blind;
    if (!request->answered_ok)
        return;
    memcpy(zone->fence, request->new_fence, sizeof zone->fence);
    zone->epoch = request->epoch;
    zone->owner = zone->serves = request->node;
    zone->writes_taken++;
}
