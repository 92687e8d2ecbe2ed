/* blow — one thing fails in a cluster that has a holder, and it is measured what comes of it.
 *
 * Room: the kinds of failure, how each is dealt, and how long it takes until the other node holds
 * and the record says so; or, for those that nothing should come of, whether something moved. */
#ifndef HOLDFAST_PLAN_BLOW_H
#define HOLDFAST_PLAN_BLOW_H

#include "field.h"
#include "spread.h"

/* X(code, name for scripts, what it is for people, moves: another node is to hold afterwards) */
#define BLOW_TABLE(X)                                                                           \
    X(CRASH, "crash", "the holder crashes (SIGKILL)", true)                                     \
    X(POWER, "power-loss", "it loses power, the witness's way 30 %", true)                      \
    X(ISOLATION, "isolation", "it is cut off from both others", true)                           \
    X(DEAF, "deaf", "it hears nobody, but is heard", true)                                      \
    X(MUTE, "mute", "it hears, but is not heard", true)                                         \
    X(FROZEN, "frozen", "it stands still for 3 leases (SIGSTOP)", true)                         \
    X(SWITCHOVER, "switchover", "planned switchover", true)                                     \
    X(UNFIT, "unfit", "its probes say that it is unfit", true)                                  \
    X(NO_WITNESS, "crash-without-witness", "it crashes while the witness is away *", true)      \
    X(RESTART, "restart", "holdfast restart on the holder", false)                              \
    X(RESPAWN, "crash-and-back", "its daemon crashes, back in 0.25 s", false)                   \
    X(LINK, "link-cut", "the link between the nodes is cut", false)                             \
    X(WITNESS_LOST, "witness-lost", "the witness is lost", false)                               \
    X(STANDBY_LOST, "standby-lost", "the standby is lost", false)

/* Each row of the table. */
enum blow_kind {
#define X(code, name, what, moves) BLOW_##code,
    BLOW_TABLE(X)
#undef X
        BLOW_COUNT
};

/* What came of all blows of one kind. Lengths in ms, from the blow on. */
struct blow_sums {
    struct spread holds;   /* until the other node held (moves), or nobody held in all (not) */
    struct spread written; /* until the record said so as well; moves only */
    uint32_t blows;
    uint32_t moved; /* the other node held in the end */
};

struct blow_order {
    struct setup setup;
    uint32_t rounds; /* blows of each kind */
    uint64_t seed;
};

/* The memory for one thread's blows. */
struct blow_bench {
    struct field calm, struck;
};

struct blow_report {
    struct blow_sums kinds[BLOW_COUNT];
    char violation[300]; /* a broken promise; empty = none */
    uint64_t steps;
    double seconds; /* simulated */
};

/* For scripts; never changes. */
const char *blow_name(enum blow_kind kind);
/* For people. */
const char *blow_what(enum blow_kind kind);
/* Is another node to hold afterwards? */
bool blow_moves(enum blow_kind kind);
/* Deals `rounds` blows of each kind, each to a cluster at another moment; *ret is set anew. */
void blow_play(struct blow_bench *bench, const struct blow_order *order, struct blow_report *ret);
void blow_add(struct blow_report *sum, const struct blow_report *other);

#endif
