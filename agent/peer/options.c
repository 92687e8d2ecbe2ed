/* Happy path: known options are taken out of the command line, the rest moves up; later the
 * configuration's [local] section and the defaults fill what was left open.
 *
 * Failure modes: unknown or doubled options, missing or unusable values: ERR_USAGE with the
 * option's name. Nothing is opened here. */
#include "options.h"

#include <string.h>

#include "config_value.h"

#define SOCKET_PATH_MAX 107 /* bytes of a Unix socket's path */

enum kind { KIND_TEXT, KIND_LISTEN, KIND_FLAG };

struct option_spec {
    const char *name;
    enum kind kind;
    size_t offset; /* of the text or flag in struct options */
    size_t max;    /* bytes of the text */
    bool daemon, cli;
    bool first_only; /* CLI: only before the command, whose own option it is otherwise */
};

#define AT(member) offsetof(struct options, member)
static const struct option_spec specs[] = {
    {"--config", KIND_TEXT, AT(config), PATH_SIZE - 1, true, true, false},
    {"--key", KIND_TEXT, AT(key), PATH_SIZE - 1, true, true, false},
    {"--state-dir", KIND_TEXT, AT(state_dir), PATH_SIZE - 1, true, true, false},
    {"--socket", KIND_TEXT, AT(socket), SOCKET_PATH_MAX, true, true, false},
    {"--listen", KIND_LISTEN, 0, 0, true, false, false},
    {"--foreground", KIND_FLAG, AT(foreground), 0, true, false, false},
    {"--json", KIND_FLAG, AT(json), 0, false, true, false},
    {"--version", KIND_FLAG, AT(version), 0, true, true, true},
    {"--help", KIND_FLAG, AT(help), 0, true, true, true},
    {"-h", KIND_FLAG, AT(help), 0, true, true, true},
};

/* Finds "--name" or "--name=value"; *ret_value points behind the '=' or is NULL. */
static const struct option_spec *find(const char *argument, const char **ret_value)
{
    size_t length = strcspn(argument, "=");
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        if (strlen(specs[i].name) != length || memcmp(specs[i].name, argument, length) != 0)
            continue;
        *ret_value = argument[length] == '=' ? argument + length + 1 : NULL;
        return &specs[i];
    }
    return NULL;
}

static int take_text(struct options *options, const struct option_spec *spec, const char *value,
                     struct err *err)
{
    char *text = (char *)options + spec->offset;
    size_t length = strlen(value);
    if (text[0] != 0)
        return err_set(err, ERR_USAGE, "%s: given twice; expected once", spec->name);
    if (length == 0 || length > spec->max)
        return err_set(err, ERR_USAGE, "%s: %s; expected a path of 1 to %zu bytes", spec->name,
                       length == 0 ? "is empty" : "is too long", spec->max);
    memcpy(text, value, length + 1);
    return 0;
}

static int take_listen(struct options *options, const char *value, struct err *err)
{
    struct endpoint endpoint;
    if (config_value_endpoint(value, OPTIONS_PORT, &endpoint, err) != 0)
        return err_wrap(err, "--listen");
    if (!config_value_is_address(endpoint.host))
        return err_set(err, ERR_USAGE, "--listen: \"%.60s\" is a name; expected an address of this "
                                       "machine, like 203.0.113.10:9930 or [::]", value);
    for (size_t i = 0; i < options->listen_count; i++)
        if (strcmp(options->listen[i].host, endpoint.host) == 0 &&
            options->listen[i].port == endpoint.port)
            return err_set(err, ERR_USAGE, "--listen: \"%.60s\" is there twice", value);
    if (options->listen_count == ADDRESS_MAX)
        return err_set(err, ERR_USAGE, "--listen: more than %d addresses", ADDRESS_MAX);
    options->listen[options->listen_count++] = endpoint;
    return 0;
}

/* Takes one option; *next is the argument behind it (NULL at the end), if it needs one. */
static int take(struct options *options, const struct option_spec *spec, const char *value,
                char *const *next, struct err *err)
{
    if (spec->kind == KIND_FLAG) {
        if (value != NULL)
            return err_set(err, ERR_USAGE, "%s: takes no value", spec->name);
        *(bool *)((char *)options + spec->offset) = true;
        return 0;
    }
    if (value == NULL)
        value = *next;
    if (value == NULL)
        return err_set(err, ERR_USAGE, "%s: expected a value after it", spec->name);
    return spec->kind == KIND_TEXT ? take_text(options, spec, value, err)
                                   : take_listen(options, value, err);
}

static int refuse(const char *argument, struct err *err)
{
    return err_set(err, ERR_USAGE, "unknown argument \"%.80s\"; see --help", argument);
}

int options_parse(struct options *ret, enum options_program program, int *argc, char **argv,
                  struct err *err)
{
    memset(ret, 0, sizeof *ret);
    int kept = 1, at = 1;
    bool cli = program == OPTIONS_CLI;
    for (; at < *argc && strcmp(argv[at], "--") != 0; at++) {
        const char *value = NULL;
        const struct option_spec *spec = find(argv[at], &value);
        bool known = spec != NULL && (cli ? spec->cli : spec->daemon) &&
                     !(cli && spec->first_only && kept > 1);
        /* Before the command every option must be known; behind it the rest is the command's. */
        if (!known && (!cli || (kept == 1 && argv[at][0] == '-')))
            return refuse(argv[at], err);
        if (!known) {
            argv[kept++] = argv[at];
            continue;
        }
        bool next = spec->kind != KIND_FLAG && value == NULL;
        if (take(ret, spec, value, argv + at + 1, err) != 0)
            return err->code;
        at += next;
    }
    if (at < *argc && !cli)
        return refuse(argv[at], err);
    for (; at < *argc; at++)
        argv[kept++] = argv[at];
    argv[kept] = NULL;
    *argc = kept;
    ret->config_given = ret->config[0] != 0;
    if (!ret->config_given)
        memcpy(ret->config, OPTIONS_CONFIG, sizeof OPTIONS_CONFIG);
    return 0;
}

const char *options_text(void)
{
    return "OPTIONS\n"
           "  --config FILE     configuration, the same on all three machines\n"
           "                    (default " OPTIONS_CONFIG ")\n"
           "  --key FILE        private key; says which of the three peers this is\n"
           "                    (default " OPTIONS_KEY ")\n"
           "  --state-dir DIR   promises and events; must exist and be writable\n"
           "                    (default " OPTIONS_STATE_DIR ")\n"
           "  --socket FILE     where 'holdfast' asks (default " OPTIONS_SOCKET ")\n"
           "  --listen ADDRESS[:PORT]\n"
           "                    UDP, may repeat (default 0.0.0.0 and [::], port 9930)\n"
           "  --foreground      log to stderr instead of syslog or the journal\n"
           "  --version         print the version\n"
           "  --help            this text\n"
           "The paths and addresses may also stand in the [local] section of the configuration\n"
           "(key, state-dir, socket, listen); an option wins over it. The daemon never forks.\n"
           "\n"
           "SIGNALS\n"
           "  TERM, INT   stop; a holder gives its lease up first: the other takes over at once\n"
           "  HUP         read the configuration again; what needs a restart is said in the log\n"
           "\n"
           "EXIT STATUS\n"
           "  0  stopped\n"
           "  1  the system said no: memory, a process, the event loop\n"
           "  2  wrong options, configuration or key\n"
           "  5  state directory missing or not usable\n"
           "  6  address or socket in use\n";
}

static void fill(char *text, const char *local, const char *fallback)
{
    const char *from = local[0] != 0 ? local : fallback;
    if (text[0] == 0)
        memcpy(text, from, strlen(from) + 1);
}

void options_merge(struct options *options, const struct local_config *local)
{
    static const struct local_config nothing;
    if (local == NULL)
        local = &nothing;
    fill(options->key, local->key, OPTIONS_KEY);
    fill(options->state_dir, local->state_dir, OPTIONS_STATE_DIR);
    fill(options->socket, local->socket, OPTIONS_SOCKET);
    if (options->listen_count == 0 && local->listen_count > 0) {
        memcpy(options->listen, local->listen, sizeof options->listen);
        options->listen_count = local->listen_count;
    }
    if (options->listen_count == 0) {
        options->listen[0] = (struct endpoint){"0.0.0.0", OPTIONS_PORT};
        options->listen[1] = (struct endpoint){"::", OPTIONS_PORT};
        options->listen_count = 2;
    }
}
