/* Faults of the DNS provider. */
#include "cluster.h"

bool fault_dns(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct zone *zone = &cluster->world.zone;
    true_us now = cluster->world.now;
    uint32_t amount = end ? 0 : (uint32_t)fault->amount;
    switch (fault->kind) {
    case FAULT_DNS_SLOW:
        zone->delay_max = end ? 20 : fault->amount;
        break;
    case FAULT_DNS_FROZEN:
        zone->frozen_until = end ? now : now + fault->length;
        break;
    case FAULT_DNS_LOSS:
        zone->request_loss_ppt = amount;
        break;
    case FAULT_DNS_ANSWER:
        zone->answer_loss_ppt = amount;
        break;
    case FAULT_DNS_REFUSE:
        zone->refuses = !end;
        break;
    default:
        if (end)
            break;
        zone->serves = PEER_NONE;
        zone->drifted_at = now;
        break;
    }
    return true;
}
