/* Happy path: `show` asks the daemon for the newest takeover certificate and prints it; `verify`
 * reads one from a file and needs nothing but the configuration.
 *
 * Failure modes: no daemon, nothing to prove yet, a file that is none, a certificate that does
 * not hold: one line that says which, and the exit code (3, 1, 2, 1). */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../peer/certificate.h"
#include "args.h"
#include "client.h"
#include "command.h"

#define FILE_SIZE_MAX 65536

static int show(const struct cli_options *options)
{
    struct client_answer answer;
    int code = client_do(options->socket, client_request("proof"), &answer);
    if (code != 0)
        return code;
    (void)json_dumpf(answer.result, stdout, JSON_INDENT(2));
    putchar('\n');
    client_forget(&answer);
    return fflush(stdout) == 0 ? COMMAND_YES : COMMAND_NO;
}

static json_t *parse(FILE *file)
{
    static const size_t size = FILE_SIZE_MAX;
    char *bytes = malloc(size);
    size_t used = bytes == NULL ? 0 : fread(bytes, 1, size, file);
    json_t *object = used == 0 || used == size ? NULL : json_loadb(bytes, used, 0, NULL);
    free(bytes);
    return object;
}

/* Parses the file ("-" is stdin). NULL after it said on stderr what is wrong. */
static json_t *load(const char *path)
{
    json_t *object;
    if (strcmp(path, "-") == 0) {
        object = parse(stdin);
    } else {
        FILE *file = fopen(path, "re");
        if (file == NULL) {
            fprintf(stderr, "holdfast: %s: %m\n", path);
            return NULL;
        }
        object = parse(file);
        (void)fclose(file); /* it was only read */
    }
    if (object == NULL)
        fprintf(stderr, "holdfast: %s: no takeover certificate (expected one JSON object, as "
                        "'holdfast proof show' prints it)\n",
                path);
    return object;
}

/* The configuration is too big for the stack; freed by the caller. */
static struct config *read_config(const char *path)
{
    struct err err = {0};
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    if (config != NULL && complaints != NULL && config_read(path, config, complaints, &err) == 0) {
        free(complaints);
        return config;
    }
    fprintf(stderr, "holdfast: %s; everything that is wrong with it: holdfast check\n", err.text);
    free(complaints);
    free(config);
    return NULL;
}

/* Says on stdout what is proved; false: nothing, and err has why. */
static bool judge(const json_t *object, const struct config *config, struct err *err)
{
    struct certificate_facts facts;
    uint8_t peer;
    bool accuses = json_object_get(object, "peer") != NULL;
    if (accuses && certificate_contradicts(object, config, &peer, err) == 0) {
        printf("it holds: the key of %s signed two statements that cannot both be true\n",
               config->peers[peer].name);
        return true;
    }
    if (accuses || certificate_verify(object, config, &facts, err) != 0)
        return false;
    printf("it holds: %s was made holder under epoch %" PRIu64 ", backed by %s\n",
           config->peers[facts.holder].name, facts.epoch, config->peers[facts.backer].name);
    return true;
}

static int verify(const struct cli_options *options, const char *path)
{
    struct err err = {0};
    int code = COMMAND_USAGE;
    if (sodium_init() < 0) {
        fprintf(stderr, "holdfast: libsodium cannot be started\n");
        return COMMAND_NO;
    }
    json_t *object = load(path);
    struct config *config = object == NULL ? NULL : read_config(options->config);
    if (config != NULL && judge(object, config, &err)) {
        code = COMMAND_YES;
    } else if (config != NULL) {
        code = COMMAND_NO;
        fprintf(stderr, "holdfast: %s does not hold: %s\n", path, err.text);
    }
    json_decref(object);
    free(config);
    return code;
}

int proof_run(const struct cli_options *options, int argc, char **argv)
{
    const char *words[2];
    size_t count = 0;
    struct args args = {
        .usage = "holdfast proof show | verify FILE", .words = words, .word_max = 2};
    if (!args_parse(&args, argc, argv, &count))
        return COMMAND_USAGE;
    if (count == 1 && strcmp(words[0], "show") == 0)
        return show(options);
    if (count == 2 && strcmp(words[0], "verify") == 0)
        return verify(options, words[1]);
    return args_wrong(args.usage, "say show, or verify and a file");
}
