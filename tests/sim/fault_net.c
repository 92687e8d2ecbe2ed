/* Faults of the network. Cuts are counted, so that overlapping ones end one by one. */
#include "cluster.h"

static void cut(struct world_net *net, uint8_t from, uint8_t to, bool end)
{
    if (from == to)
        return;
    net->cut[from][to] = (uint8_t)(net->cut[from][to] + (end ? -1 : 1));
}

static void cut_all(struct world_net *net, uint8_t peer, bool out, bool end)
{
    for (uint8_t i = 0; i < SLOT_COUNT; i++) {
        if (out)
            cut(net, peer, i, end);
        else
            cut(net, i, peer, end);
    }
}

/* Quantities: the last to end sets the quiet value again. */
static void set_quality(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world_net *net = &cluster->world.net;
    uint32_t amount = end ? 0 : (uint32_t)fault->amount;
    switch (fault->kind) {
    case FAULT_LOSS:
        net->loss_ppt = amount;
        break;
    case FAULT_LINK_LOSS:
        net->link_loss_ppt[fault->peer][fault->other] = (uint16_t)amount;
        break;
    case FAULT_DELAY:
        net->delay_max = end ? 20 : (span_ms)amount;
        break;
    case FAULT_DOUBLE:
        net->double_ppt = amount;
        break;
    case FAULT_LATE:
        net->late_ppt = amount;
        net->late_max = cluster->world.settings.lease_ms * (fault->peer == 0 ? LATE_LEASES_MAX : 3);
        break;
    default:
        net->garble_ppt = amount;
        break;
    }
}

bool fault_net(struct cluster *cluster, const struct fault *fault, bool end)
{
    struct world_net *net = &cluster->world.net;
    switch (fault->kind) {
    case FAULT_CUT_ONE:
        cut(net, fault->peer, fault->other, end);
        break;
    case FAULT_CUT_LINK:
    case FAULT_FLAP:
        cut(net, fault->peer, fault->other, end);
        cut(net, fault->other, fault->peer, end);
        break;
    case FAULT_RELAY_ONLY:
        cut(net, 0, 1, end);
        cut(net, 1, 0, end);
        break;
    case FAULT_ISOLATE:
        cut_all(net, fault->peer, true, end);
        cut_all(net, fault->peer, false, end);
        break;
    case FAULT_DEAF:
        cut_all(net, fault->peer, false, end);
        break;
    case FAULT_MUTE:
        cut_all(net, fault->peer, true, end);
        break;
    case FAULT_REPLAY:
        if (!end)
            net_replay(&cluster->world, (uint32_t)fault->amount);
        break;
    default:
        set_quality(cluster, fault, end);
        break;
    }
    return true;
}
