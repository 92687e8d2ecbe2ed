/* Happy path: a key is made and its public half printed alone on stdout, ready for a script; what
 * to do with it goes to stderr.
 *
 * Failure modes: a file that exists, a directory that does not, a key file with the wrong mode or
 * owner: exit 2 with the path. The private half is never printed. */
#include <stdio.h>

#include "../peer/keys.h"
#include "args.h"
#include "command.h"

static int fail(const struct err *err)
{
    fprintf(stderr, "holdfast: %s\n", err->text);
    return COMMAND_USAGE;
}

static void print_key(const struct cli_options *options, const uint8_t key[KEY_SIZE])
{
    char text[KEY_TEXT_SIZE];
    keys_text(key, text);
    if (options->json)
        printf("{\"public_key\": \"%s\"}\n", text);
    else
        printf("%s\n", text);
}

int keygen_run(const struct cli_options *options, int argc, char **argv)
{
    struct err err = {0};
    uint8_t key[KEY_SIZE];
    const char *path = options->key;
    struct args_option table[] = {{.name = "--output", .text = &path}};
    struct args args = {
        .usage = "holdfast keygen [--output FILE]", .options = table, .option_count = 1};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    if (keys_make(path, key, &err) != 0) {
        err_wrap(&err, "keygen");
        return fail(&err);
    }
    print_key(options, key);
    fprintf(stderr, "private key: %s (keep it here, and only here)\n"
                    "public half: the line above; as public-key = into this machine's section of "
                    "the configuration\n", path);
    return COMMAND_YES;
}

int pubkey_run(const struct cli_options *options, int argc, char **argv)
{
    struct err err = {0};
    uint8_t key[KEY_SIZE], *secret = NULL;
    const char *words[1] = {options->key};
    struct args args = {.usage = "holdfast pubkey [FILE]", .words = words, .word_max = 1};
    size_t count = 0;
    if (!args_parse(&args, argc, argv, &count))
        return COMMAND_USAGE;
    if (keys_read(words[0], &secret, key, &err) != 0)
        return fail(&err);
    keys_close(secret);
    print_key(options, key);
    return COMMAND_YES;
}
