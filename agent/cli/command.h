/* command — what every subcommand of `holdfast` gets, and their list.
 *
 * A command is `int <name>_run(options, argc, argv)`: argv[0] is the command's name, what follows
 * are its own arguments; it prints its answer to stdout, complaints to stderr (opened with
 * "holdfast: "), and returns the exit code of the program. */
#ifndef HOLDFAST_CLI_COMMAND_H
#define HOLDFAST_CLI_COMMAND_H

#include <stdbool.h>

#include "../peer/config.h"

/* Exit codes of `holdfast`; the same in every command. */
enum command_exit {
    COMMAND_YES = 0,         /* yes, done */
    COMMAND_NO = 1,          /* no; or it did not work out */
    COMMAND_USAGE = 2,       /* command line, configuration or key */
    COMMAND_UNREACHABLE = 3, /* no answer from the daemon */
    COMMAND_REFUSED = 4,     /* the daemon refuses, and says why */
};

/* The global options, after the configuration's [local] section was merged in: command line,
 * else [local], else the default. All paths are filled in; none is checked for existence. */
struct cli_options {
    char config[PATH_SIZE];
    char key[PATH_SIZE];
    char state_dir[PATH_SIZE];
    char socket[PATH_SIZE];
    bool json;
    bool key_given; /* --key was on the command line */
};

/* Ask the daemon (show.c, events.c): what is true. */
int status_run(const struct cli_options *options, int argc, char **argv);
int why_run(const struct cli_options *options, int argc, char **argv);
int events_run(const struct cli_options *options, int argc, char **argv);
int is_active_run(const struct cli_options *options, int argc, char **argv);
int ready_run(const struct cli_options *options, int argc, char **argv);

/* What the provider has, against what is wanted; and taking a name over (dns.c). */
int dns_run(const struct cli_options *options, int argc, char **argv);

/* Order something (switch.c). */
int switchover_run(const struct cli_options *options, int argc, char **argv);
int takeover_run(const struct cli_options *options, int argc, char **argv);
int release_run(const struct cli_options *options, int argc, char **argv);
int maintenance_run(const struct cli_options *options, int argc, char **argv);
int pause_run(const struct cli_options *options, int argc, char **argv);
int resume_run(const struct cli_options *options, int argc, char **argv);
int restart_run(const struct cli_options *options, int argc, char **argv);
int recover_run(const struct cli_options *options, int argc, char **argv);

/* Without the daemon: the first state (state.c), the takeover certificate (proof.c), keys
 * (key.c), the configuration (check.c). */
int init_run(const struct cli_options *options, int argc, char **argv);
int proof_run(const struct cli_options *options, int argc, char **argv);
int keygen_run(const struct cli_options *options, int argc, char **argv);
int pubkey_run(const struct cli_options *options, int argc, char **argv);
int check_run(const struct cli_options *options, int argc, char **argv);

/* Both: everything that is wrong, and what to do about it (doctor.c). */
int doctor_run(const struct cli_options *options, int argc, char **argv);

/* In main.c. */
int version_run(const struct cli_options *options, int argc, char **argv);
int help_run(const struct cli_options *options, int argc, char **argv);

#endif
