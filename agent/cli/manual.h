/* manual — what --help says, per command. */
#ifndef HOLDFAST_CLI_MANUAL_H
#define HOLDFAST_CLI_MANUAL_H

/* The manual of a command, or of the program when `command` is NULL. NULL: no such command. */
const char *manual_text(const char *command);

#endif
