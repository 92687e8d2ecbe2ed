/* Happy path: take the global options out, fill the rest from the configuration's [local]
 * section, look the command up, run it, return its exit code.
 *
 * Failure modes: an unknown option or command, a --config that cannot be read: exit 2. A
 * configuration that is wrong elsewhere does not keep anybody from asking the daemon. Output that
 * cannot be written turns a yes into a no. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../peer/options.h"
#include "args.h"
#include "command.h"
#include "manual.h"

struct command {
    const char *name;
    int (*run)(const struct cli_options *options, int argc, char **argv);
};

static const struct command commands[] = {
    {"status", status_run},
    {"why", why_run},
    {"events", events_run},
    {"is-active", is_active_run},
    {"ready", ready_run},
    {"proof", proof_run},
    {"dns", dns_run},
    {"switchover", switchover_run},
    {"takeover", takeover_run},
    {"release", release_run},
    {"maintenance", maintenance_run},
    {"pause", pause_run},
    {"resume", resume_run},
    {"restart", restart_run},
    {"recover", recover_run},
    {"init", init_run},
    {"keygen", keygen_run},
    {"pubkey", pubkey_run},
    {"check", check_run},
    {"doctor", doctor_run},
    {"version", version_run},
    {"help", help_run},
};

int version_run(const struct cli_options *options, int argc, char **argv)
{
    struct args args = {.usage = "holdfast version [--json]"};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    if (options->json)
        printf("{\"version\": \"%s\"}\n", HOLDFAST_VERSION);
    else
        printf("holdfast %s\n", HOLDFAST_VERSION);
    return COMMAND_YES;
}

int help_run(const struct cli_options *options, int argc, char **argv)
{
    const char *words[1] = {NULL};
    size_t count = 0;
    struct args args = {.usage = "holdfast help [COMMAND]", .words = words, .word_max = 1};
    (void)options;
    if (!args_parse(&args, argc, argv, &count))
        return COMMAND_USAGE;
    const char *text = manual_text(count == 0 ? NULL : words[0]);
    if (text == NULL)
        return args_wrong(args.usage, "there is no command \"%.40s\"", words[0]);
    fputs(text, stdout);
    return COMMAND_YES;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* Takes [local] from the configuration, if there is one. False: --config was given, and there is
 * nothing to read. */
static bool merge(struct options *options, struct err *err)
{
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    bool ok = config != NULL && complaints != NULL;
    if (!ok)
        err_set(err, ERR_SYSTEM, "out of memory");
    else if (config_read(options->config, config, complaints, err) != 0 &&
             complaints->error_count == 0)
        ok = !options->config_given || access(options->config, R_OK) == 0;
    options_merge(options, ok ? &config->local : NULL);
    free(complaints);
    free(config);
    return ok;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Commands that say themselves what is wrong with the configuration, or need none. */
static bool needs_no_config(const struct command *command)
{
    return command->run == check_run || command->run == doctor_run ||
           command->run == help_run || command->run == version_run ||
           command->run == keygen_run || command->run == pubkey_run;
}

static int run(const struct command *command, struct options *options, int argc, char **argv)
{
    struct err err = {0};
    struct cli_options cli = {.json = options->json, .key_given = options->key[0] != 0};
    if (asks_for_help(argc, argv)) {
        fputs(manual_text(command->name), stdout);
        return COMMAND_YES;
    }
    if (!merge(options, &err) && !needs_no_config(command)) {
        fprintf(stderr, "holdfast: %s\n", err.text);
        return COMMAND_USAGE;
    }
    memcpy(cli.config, options->config, sizeof cli.config);
    memcpy(cli.key, options->key, sizeof cli.key);
    memcpy(cli.state_dir, options->state_dir, sizeof cli.state_dir);
    memcpy(cli.socket, options->socket, sizeof cli.socket);
    return command->run(&cli, argc, argv);
}

/* The whole program but for the flushing. */
static int holdfast(int argc, char **argv)
{
    struct options options;
    struct err err = {0};
    if (options_parse(&options, OPTIONS_CLI, &argc, argv, &err) != 0) {
        fprintf(stderr, "holdfast: %s\n", err.text);
        return COMMAND_USAGE;
    }
    if (options.version || (options.help && argc < 2)) {
        if (options.version)
            printf("holdfast %s\n", HOLDFAST_VERSION);
        else
            fputs(manual_text(NULL), stdout);
        return COMMAND_YES;
    }
    if (argc < 2) {
        fprintf(stderr, "holdfast: say a command; 'holdfast --help' lists them\n");
        return COMMAND_USAGE;
    }
    const struct command *command = find(argv[1]);
    if (command == NULL) {
        fprintf(stderr, "holdfast: unknown command \"%.60s\"; 'holdfast --help' lists them\n",
                argv[1]);
        return COMMAND_USAGE;
    }
    if (options.help) {
        fputs(manual_text(command->name), stdout);
        return COMMAND_YES;
    }
    return run(command, &options, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    int code = holdfast(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == COMMAND_YES) {
        perror("holdfast: the answer could not be written");
        code = COMMAND_NO;
    }
    return code;
}
