/* drill — in quiet times one thing goes wrong, and what must come of it is known to the moment.
 *
 * The swarm's liveness says that somebody holds again in the end. A drill says who, and when. */
#ifndef HOLDFAST_TESTS_SIM_DRILL_H
#define HOLDFAST_TESTS_SIM_DRILL_H

#include "cluster.h"

/* Plays one, drawn by `draw`, in a whole and quiet cluster that has a holder; leaves it whole.
 * False on a violation. */
bool drill_play(struct cluster *cluster, uint64_t draw);

#endif
