/* question — what is asked on the command line, read and checked.
 *
 * Room: argv in, struct out, or one sentence. Values have the forms of the configuration: lengths
 * with a unit, shares in percent. */
#ifndef HOLDFAST_PLAN_QUESTION_H
#define HOLDFAST_PLAN_QUESTION_H

#include "../peer/config.h"
#include "field.h"

#define QUESTION_YEARS_MAX 100
#define QUESTION_BLOWS_MAX SPREAD_MAX
#define QUESTION_LOSS_MAX 16 /* --loss FROM:TO=SHARE, so often */

/* One direction with a loss of its own; names are compared with the configuration's later. */
struct question_loss {
    char from[NAME_SIZE], to[NAME_SIZE];
    uint16_t loss_ppt;
};

struct question {
    char config[PATH_SIZE];
    uint16_t loss_ppt, witness_loss_ppt; /* each direction; the witness's: to and from it */
    struct question_loss losses[QUESTION_LOSS_MAX];
    size_t loss_count;
    span_ms rtt_ms, witness_rtt_ms, dns_rtt_ms, jitter_ms, disk_ms;
    struct stalls stalls;
    double years;
    uint32_t blows; /* of each kind of failure */
    uint64_t seed;
    uint32_t jobs;
    bool json, quiet;
    bool help, version; /* to be answered, and nothing else */
    char svg[PATH_SIZE]; /* empty = none */
};

/* ERR_USAGE: unknown, doubled, without value, or a value that is no good; err names the option
 * and what was expected. `processors` is the default of --jobs. */
int question_parse(struct question *ret, int argc, char **argv, uint32_t processors,
                   struct err *err);
/* Puts the answers that rest on the configuration's names together: the network between the three.
 * ERR_USAGE: a --loss FROM:TO names nobody. */
int question_conditions(const struct question *question, const struct config *config,
                        struct conditions *ret, struct err *err);
/* What --help says. */
const char *question_help(void);

#endif
