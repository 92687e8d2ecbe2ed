/* lie — somebody speaks with the stolen key of one peer.
 *
 * Every lie is validly signed and fresh; the peer itself runs on and speaks, too. Three voters
 * cannot prevent a liar from making two holders. What is judged in such a world is what the rules
 * promise all the same: numbers are never used up and never change their owner, no honest voter
 * breaks its word or goes below its floor, a proven lie is noticed and then nothing moves by
 * itself, and when the key is gone the cluster is whole again. */
#ifndef HOLDFAST_TESTS_SIM_LIE_H
#define HOLDFAST_TESTS_SIM_LIE_H

struct cluster;
struct fault;

/* Tells one, chosen by the fault's amount. False when nobody can hear it. */
bool lie_tell(struct cluster *cluster, const struct fault *fault);
/* Checkers whose promise does not hold against a liar: "name,name". */
const char *lie_excuses(void);

#endif
