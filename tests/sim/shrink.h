/* shrink — the shortest story of a failure: faults are left out while it still fails. */
#ifndef HOLDFAST_TESTS_SIM_SHRINK_H
#define HOLDFAST_TESTS_SIM_SHRINK_H

#include "cluster.h"

/* Shrinks the script of a failing seed and prints the story: the faults that are left, what each
 * peer decided, the violation, commit, and the command that plays it again. */
void shrink_story(const struct cluster_options *options, uint64_t seed);
/* Drops all faults but those of the list "3,17,40"; an empty list drops all. */
void shrink_keep_only(struct script *script, const char *list);

#endif
