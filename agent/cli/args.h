/* args — the arguments of one subcommand: long options and a few words.
 *
 * Room: argv in, variables out, or one complaint on stderr. "--name value" and "--name=value"
 * are the same; "--" ends the options. */
#ifndef HOLDFAST_CLI_ARGS_H
#define HOLDFAST_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "../../proto/words.h"

/* One option: exactly one of flag, text, span_ms is not NULL. */
struct args_option {
    const char *name;   /* with the dashes: "--to" */
    bool *flag;         /* takes no value */
    const char **text;  /* takes any value, points into argv afterwards */
    span_ms *span_ms;   /* takes a length: 500ms, 45s, 30m, 2h */
};

struct args {
    const char *usage; /* "holdfast switchover [--to NODE] [--anyway]" */
    const struct args_option *options;
    size_t option_count;
    const char **words; /* gets the arguments that are no options; may be NULL when max is 0 */
    size_t word_max;
};

/* Parses argv[1..]. Returns true, or false after it said on stderr what is wrong and how the
 * command is used (exit 2). *ret_word_count may be NULL when no words are taken. */
bool args_parse(const struct args *args, int argc, char **argv, size_t *ret_word_count);

/* Complains in the form of args_parse; returns exit code 2. */
int args_wrong(const char *usage, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
