/* door — the real way in: every statement as signed and sealed bytes through `intake`.
 *
 * Used in a share of the runs; in the others statements are trusted. A garbled datagram has some
 * of its bits turned. Keys come from the seed, so that runs repeat byte for byte. */
#ifndef HOLDFAST_TESTS_SIM_DOOR_H
#define HOLDFAST_TESTS_SIM_DOOR_H

#include "world.h"

/* NULL when memory or keys are short. The caller closes it. */
struct door *door_open(uint64_t seed);
void door_close(struct door *door);
/* A new run: nothing on the way. Counters go on. */
void door_reset(struct door *door, uint64_t seed);
/* A new life of that process: what its intake remembered is gone. */
void door_started(struct door *door, uint8_t slot);
/* Signs what this slot says next. */
void door_sign(struct door *door, uint8_t slot, const struct statement *statement);
/* Puts the datagram for a planned delivery beside its slot of the queue. */
void door_seal(struct door *door, struct world *world, const struct world_event *event);
void door_moved(struct door *door, size_t from_slot, size_t to_slot);
/* The bytes that this peer keeps of an author, to another one. */
void door_relay(struct door *door, struct world *world, uint8_t slot,
                const struct action *action);
/* Through intake into the core. */
void door_deliver(struct door *door, struct world *world, const struct world_event *event);
/* Datagrams that intake refused, and took. */
uint64_t door_refused(const struct door *door);
uint64_t door_taken(const struct door *door);

#endif
