/* process — what this process is to the system: its limits, its program file, its next life.
 *
 * Used by: station. Everything here happens before the loop runs or after it ended. */
#ifndef HOLDFAST_PEER_PROCESS_H
#define HOLDFAST_PEER_PROCESS_H

#include <stdbool.h>

#include "config.h"
#include "err.h"

struct process {
    char program[PATH_SIZE]; /* the file that runs, as a path: a newer one may lie there later */
    char **arguments;        /* own copy; NULL at the end */
    bool resumed;            /* this life follows `holdfast restart` */
    bool resumed_fit;        /* and the node was fit before it */
};

/* Before anything else: no core dumps, no reading by other processes, files for the owner only,
 * a small memory, SIGPIPE ignored, libsodium ready; takes up what the last life handed over. */
int process_prepare(struct process *process, int argc, char **argv, struct err *err);
/* SIGTERM, SIGINT and SIGHUP wait while nobody is there to take them: from process_prepare until
 * the loop has its handlers, and again from when it has given them up, through process_again into
 * the next life. Then none is lost, and none ends the process half-way. */
void process_hold_signals(bool hold);
void process_forget(struct process *process);
/* Could the program be executed again? ERR_SYSTEM says why not. */
int process_check_again(const struct process *process, struct err *err);
/* Executes the program file again, same pid, same arguments; returns only when that fails.
 * Children that were just killed are reaped first (at most 100 ms). */
int process_again(const struct process *process, const char *resume, struct err *err);
#define PROCESS_FIT "fit"     /* resume: the same machine and disk, and it was fit; */
#define PROCESS_UNFIT "unfit" /* or was not; NULL: a start like any other (memory set back) */

#endif
