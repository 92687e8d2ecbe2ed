/* Happy path: the configuration is read for the three keys, and the first state of a new cluster
 * is written into the state directory: epoch 0, promised to nobody.
 *
 * Failure modes: a configuration that is wrong, a state directory that is missing, cannot be
 * written or already has a state (also a damaged one), a daemon that runs: one line, nothing is
 * changed. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../proto/seal.h"
#include "../peer/store.h"
#include "args.h"
#include "command.h"

/* The fingerprints of the three keys; complaints go to stderr. */
static bool read_members(const char *path, struct members *ret)
{
    struct err err = {0};
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    bool good = config != NULL && complaints != NULL &&
                config_read(path, config, complaints, &err) == 0;
    for (uint8_t peer = 0; good && peer < PEER_COUNT; peer++)
        seal_key_hash(config->peers[peer].public_key, ret->key_hash[peer]);
    if (!good)
        fprintf(stderr, "holdfast: %s; everything that is wrong with it: holdfast check\n",
                err.text[0] != 0 ? err.text : "out of memory");
    free(complaints);
    free(config);
    return good;
}

/* root becomes the owner of the state directory, so that the daemon can read what is written. */
static bool become_owner(const char *state_dir)
{
    struct stat status;
    if (geteuid() != 0 || stat(state_dir, &status) != 0)
        return true; /* store says what is wrong with the directory */
    if (setegid(status.st_gid) == 0 && seteuid(status.st_uid) == 0)
        return true;
    fprintf(stderr, "holdfast: cannot become the owner of %s (user %u): %m\n", state_dir,
            (unsigned)status.st_uid);
    return false;
}

int init_run(const struct cli_options *options, int argc, char **argv)
{
    struct args args = {.usage = "holdfast init"};
    struct members members;
    struct err err = {0};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    if (sodium_init() < 0) {
        fprintf(stderr, "holdfast: libsodium cannot be started\n");
        return COMMAND_NO;
    }
    if (!read_members(options->config, &members))
        return COMMAND_USAGE;
    if (!become_owner(options->state_dir))
        return COMMAND_NO;
    int code = store_write_first(options->state_dir, &members, &err);
    if (code != 0) {
        fprintf(stderr, "holdfast: %s\n", err.text);
        return code == ERR_IN_USE ? COMMAND_REFUSED : COMMAND_NO;
    }
    printf("wrote the first state into %s: this peer knows no epoch and has promised nothing\n"
           "Start the daemon; after one lease of silence it votes.\n",
           options->state_dir);
    return COMMAND_YES;
}
