/* fault — everything that goes wrong in the simulated world: a table of kinds, each with a
 * beginning and an end. */
#ifndef HOLDFAST_TESTS_SIM_FAULT_H
#define HOLDFAST_TESTS_SIM_FAULT_H

#include <stdio.h>

#include "event.h"

#define SCRIPT_MAX 2048
#define LATE_LEASES_MAX 30 /* of the longest kind of "late" */

/* X(code, name, weight, what): how often it is drawn beside the others, and what it does. */
#define FAULT_TABLE(X)                                                                          \
    X(CUT_ONE, "cut-one-way", 6, "peer is not heard by other")                                  \
    X(CUT_LINK, "cut-link", 5, "nothing passes between peer and other")                         \
    X(RELAY_ONLY, "relay-only", 4, "the two nodes reach each other through the witness alone")  \
    X(ISOLATE, "isolate", 6, "peer reaches nobody and nobody reaches it")                       \
    X(DEAF, "deaf", 3, "peer hears nobody")                                                     \
    X(MUTE, "mute", 3, "nobody hears peer")                                                     \
    X(FLAP, "flap", 1, "a link comes and goes")                                                 \
    X(LOSS, "loss", 5, "datagrams are lost everywhere")                                         \
    X(LINK_LOSS, "link-loss", 4, "datagrams are lost from peer to other")                       \
    X(DELAY, "delay", 3, "datagrams are slow and overtake each other")                          \
    X(DOUBLE, "double", 2, "datagrams come twice")                                              \
    X(LATE, "late", 3, "some datagrams come very late, up to 30 leases")                        \
    X(GARBLE, "garble", 2, "bits of datagrams are turned")                                      \
    X(REPLAY, "replay", 3, "recorded datagrams come again")                                     \
    X(DISK_SLOW, "disk-slow", 4, "writes of the state file take up to two leases")              \
    X(DISK_FAIL, "disk-fail", 3, "writes of the state file fail")                               \
    X(DISK_LOST, "disk-lost", 4, "crash; the state file is gone")                               \
    X(DISK_TORN, "disk-torn", 2, "crash in a write; the state file is damaged")                 \
    X(DISK_BACK, "disk-rolled-back", 4, "crash; the state file is an older one")                \
    X(RATE, "clock-rate", 3, "the clock runs at another rate within the drift")                 \
    X(WALL, "wall-step", 2, "the wall clock jumps")                                             \
    X(SUSPEND, "suspend", 8, "the process stands still, its clock runs on")                     \
    X(GUEST, "guest-frozen", 2, "the guest stands still together with its clock")               \
    X(STALL, "stall", 4, "a short stand-still")                                                 \
    X(CRASH, "crash", 12, "kill -9, started again later")                                       \
    X(RESTART, "restart", 4, "kill -9, started again at once")                                  \
    X(SETTINGS, "other-lease", 3, "restarted with another lease")                               \
    X(VERSION, "other-version", 1, "restarted as another version of the program")               \
    X(SNAPSHOT, "snapshot", 1, "memory, disk and clock are set back to an earlier moment")      \
    X(UNFIT, "unfit", 4, "the node is not fit to serve")                                        \
    X(SWITCHOVER, "switchover", 5, "an operator hands over")                                    \
    X(MAINTENANCE, "maintenance", 3, "an operator takes a node out")                            \
    X(PAUSE, "pause", 2, "an operator stops all moves")                                         \
    X(STOP, "stop", 4, "SIGTERM, started again later")                                          \
    X(FORCE, "forced", 2, "the other machine is off, and this node is made holder by force")    \
    X(WITNESS, "witness-replaced", 1, "a new witness with a new key; the old one runs on")      \
    X(DNS_SLOW, "dns-slow", 3, "the DNS server takes its time")                                 \
    X(DNS_FROZEN, "dns-frozen", 3, "it stands still and applies everything afterwards")         \
    X(DNS_LOSS, "dns-loss", 2, "requests are lost")                                             \
    X(DNS_ANSWER, "dns-answer-lost", 3, "writes are applied, the answers are lost")             \
    X(DNS_REFUSE, "dns-refuse", 1, "it refuses")                                                \
    X(DNS_DRIFT, "dns-drift", 1, "a hand changes the address")                                  \
    X(BELIEVE, "believe", 2, "status says that a crash of the holder is survived: it crashes") \
    X(LIE, "lie", 0, "somebody speaks with a stolen key")

enum fault_kind {
#define X(code, name, weight, what) FAULT_##code,
    FAULT_TABLE(X)
#undef X
        FAULT_KIND_COUNT
};

struct fault {
    true_us at, length;
    enum fault_kind kind;
    uint8_t peer, other;
    int32_t amount;
    bool dropped; /* left out, by shrinking */
};

struct script {
    struct fault faults[SCRIPT_MAX];
    size_t count;
};

struct cluster;

const char *fault_name(enum fault_kind kind);
uint32_t fault_weight(enum fault_kind kind);
/* Begins fault `index` of the script; its end is planned. A fault that makes no sense now (a crash
 * of what is down, a second lost disk) is skipped and counted as such. */
void fault_begin(struct cluster *cluster, uint32_t index);
/* Ends it; harmless when it is not active. */
void fault_end(struct cluster *cluster, uint32_t index);
/* Ends all that are active. */
void fault_stop(struct cluster *cluster);
/* And what they leave behind: everybody up, fit and free again. */
void fault_heal(struct cluster *cluster);
/* One line about it. */
void fault_print(FILE *out, const struct fault *fault);

/* The groups: true when applied. end: undoes it. */
bool fault_net(struct cluster *cluster, const struct fault *fault, bool end);
bool fault_peer(struct cluster *cluster, const struct fault *fault, bool end);
bool fault_operator(struct cluster *cluster, const struct fault *fault, bool end);
bool fault_dns(struct cluster *cluster, const struct fault *fault, bool end);

/* At most one peer at a time is without memory: two at once are an operator's case (V5). True when
 * all but `slot` know what they promised. */
bool fault_others_remember(const struct cluster *cluster, uint8_t slot);
/* Draws the script for `length` of time from `seed`. */
void script_draw(struct cluster *cluster, uint64_t seed, true_us length);

#endif
