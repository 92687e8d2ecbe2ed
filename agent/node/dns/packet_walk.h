/* packet_walk — is this a well-formed DNS message, and what do its header and TSIG say?
 *
 * Pure. Looks at every length and every name before a library does. */
#ifndef HOLDFAST_NODE_DNS_PACKET_WALK_H
#define HOLDFAST_NODE_DNS_PACKET_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_walk {
    const uint8_t *bytes;
    size_t size;
    uint16_t id;
    bool is_reply;
    size_t tsig;              /* offset of the TSIG's rdata, 0 = none */
    size_t mac_size;          /* bytes */
    int tsig_error;
    int64_t tsig_server_time; /* from a TSIG's 6 bytes of other data, else 0 */
};

/* False: cut short, trailing bytes, a name that loops or runs out, more than one question, an
 * OPT (nobody asked for one), a TSIG that is not whole, not alone or not last. */
bool packet_walk(const uint8_t *bytes, size_t size, struct packet_walk *ret);

#endif
