/* swarm_sums — what a swarm saw, added up: printed, and kept as a line of JSON. */
#ifndef HOLDFAST_TESTS_SIM_SWARM_SUMS_H
#define HOLDFAST_TESTS_SIM_SWARM_SUMS_H

#include "cluster.h"

struct swarm_times {
    double wall_s, cpu_s, bytes_s; /* bytes_s: CPU of the runs through real bytes */
};

void swarm_sums_add(struct cluster_sums *sum, const struct cluster_sums *one);
void swarm_sums_print(const struct cluster_sums *sums, const struct swarm_times *times);
/* Appends one line of JSON to `path`. False when it cannot be written. */
bool swarm_sums_record(const struct cluster_sums *sums, const struct swarm_times *times,
                       const char *path, uint64_t failed);

#endif
