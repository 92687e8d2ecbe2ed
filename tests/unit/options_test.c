#include "agent/peer/options.h"

#include "tests/lib/check.h"

#define ARGUMENT_MAX 16

/* A command line that may be changed, as main gets it. */
struct line {
    int argc;
    char *argv[ARGUMENT_MAX + 2];
    char text[512];
};

/* "a b c" to three arguments behind the program's name. */
static void fill(struct line *line, const char *text)
{
    *line = (struct line){.argc = 1, .argv = {line->text}};
    size_t length = (size_t)snprintf(line->text, sizeof line->text, "program %s", text);
    for (size_t i = 0; i < length && line->argc < ARGUMENT_MAX; i++) {
        if (line->text[i] != ' ')
            continue;
        line->text[i] = 0;
        line->argv[line->argc++] = line->text + i + 1;
    }
    if (text[0] == 0)
        line->argc = 1;
    line->argv[line->argc] = NULL;
}

static int parse(struct options *options, enum options_program program, const char *text,
                 struct err *err)
{
    struct line line;
    fill(&line, text);
    *err = (struct err){0};
    return options_parse(options, program, &line.argc, line.argv, err);
}

TEST(defaults)
{
    struct options options;
    struct err err;
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, "", &err), 0);
    CHECK_STR(options.config, "/etc/holdfast/holdfast.conf");
    CHECK(!options.config_given && !options.foreground && !options.help && !options.version);
    options_merge(&options, NULL);
    CHECK_STR(options.key, "/etc/holdfast/holdfast.key");
    CHECK_STR(options.state_dir, "/var/lib/holdfast");
    CHECK_STR(options.socket, "/run/holdfast/holdfast.sock");
    CHECK_EQ(options.listen_count, 2);
    CHECK_STR(options.listen[0].host, "0.0.0.0");
    CHECK_STR(options.listen[1].host, "::");
    CHECK_EQ(options.listen[0].port, 9930);
    CHECK_EQ(options.listen[1].port, 9930);
}

TEST(text_names_every_option)
{
    static const char *const names[] = {"--config FILE", "--key FILE", "--state-dir DIR",
                                        "--socket FILE", "--listen ", "--foreground", "--version",
                                        "--help", OPTIONS_CONFIG, OPTIONS_SOCKET};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CHECK_HAS(options_text(), names[i]);
}

TEST(everything_of_a_daemon)
{
    struct options options;
    struct err err;
    CHECK_EQ(parse(&options, OPTIONS_DAEMON,
                   "--config=c --key k --state-dir s --socket=x --listen 127.0.0.1 "
                   "--listen=[::1]:99 --foreground", &err), 0);
    CHECK_STR(options.config, "c");
    CHECK(options.config_given && options.foreground);
    CHECK_STR(options.key, "k");
    CHECK_STR(options.state_dir, "s");
    CHECK_STR(options.socket, "x");
    CHECK_EQ(options.listen_count, 2);
    CHECK_STR(options.listen[0].host, "127.0.0.1");
    CHECK_EQ(options.listen[0].port, 9930);
    CHECK_STR(options.listen[1].host, "::1");
    CHECK_EQ(options.listen[1].port, 99);
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, "--version", &err), 0);
    CHECK(options.version);
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, "-h", &err), 0);
    CHECK(options.help);
}

TEST(command_line_wins_over_local_wins_over_default)
{
    struct options options;
    struct err err;
    struct local_config local = {.key = "/l/key", .state_dir = "/l/state", .listen_count = 1};
    local.listen[0] = (struct endpoint){"192.0.2.1", 1};
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, "--key /o/key", &err), 0);
    options_merge(&options, &local);
    CHECK_STR(options.key, "/o/key");
    CHECK_STR(options.state_dir, "/l/state");
    CHECK_STR(options.socket, "/run/holdfast/holdfast.sock");
    CHECK_EQ(options.listen_count, 1);
    CHECK_STR(options.listen[0].host, "192.0.2.1");
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, "--listen 192.0.2.2:7 --listen 192.0.2.3", &err), 0);
    options_merge(&options, &local);
    CHECK_EQ(options.listen_count, 2);
    CHECK_EQ(options.listen[0].port, 7);
}

TEST(wrong_lines_are_refused)
{
    static const struct {
        enum options_program program;
        const char *line, *expected;
    } cases[] = {
        {OPTIONS_DAEMON, "--confg x", "unknown argument \"--confg\""},
        {OPTIONS_DAEMON, "start", "unknown argument \"start\""},
        {OPTIONS_DAEMON, "--json", "unknown argument \"--json\""},
        {OPTIONS_DAEMON, "--", "unknown argument \"--\""},
        {OPTIONS_DAEMON, "--conf x", "unknown argument"}, /* no guessing */
        {OPTIONS_DAEMON, "--key", "--key: expected a value"},
        {OPTIONS_DAEMON, "--key=", "--key: is empty"},
        {OPTIONS_DAEMON, "--key a --key b", "--key: given twice"},
        {OPTIONS_DAEMON, "--foreground=yes", "--foreground: takes no value"},
        {OPTIONS_DAEMON, "--listen localhost", "--listen: \"localhost\" is a name"},
        {OPTIONS_DAEMON, "--listen ::1", "--listen: \"::1\" has more than one colon"},
        {OPTIONS_DAEMON, "--listen 127.0.0.1:0", "no port between"},
        {OPTIONS_DAEMON, "--listen [::]:9 --listen [0::0]:9", "is there twice"},
        {OPTIONS_CLI, "--listen [::]", "unknown argument \"--listen\""},
        {OPTIONS_CLI, "--jsn status", "unknown argument \"--jsn\""},
        {OPTIONS_CLI, "status --socket", "--socket: expected a value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct options options;
        struct err err;
        CHECK_EQ(parse(&options, cases[i].program, cases[i].line, &err), ERR_USAGE);
        CHECK_HAS(err.text, cases[i].expected);
    }
}

TEST(long_paths_are_refused)
{
    struct options options;
    struct err err;
    char line[512], path[PATH_SIZE + 1];
    memset(path, 'a', sizeof path);
    path[PATH_SIZE] = 0;
    snprintf(line, sizeof line, "--key %s", path);
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, line, &err), ERR_USAGE);
    snprintf(line, sizeof line, "--key %s", path + 1);
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, line, &err), 0);
    CHECK_EQ(strlen(options.key), PATH_SIZE - 1);
    snprintf(line, sizeof line, "--socket %s", path + PATH_SIZE - 108);
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, line, &err), ERR_USAGE);
    CHECK_HAS(err.text, "107 bytes");
    snprintf(line, sizeof line, "--socket %s", path + PATH_SIZE - 107);
    CHECK_EQ(parse(&options, OPTIONS_DAEMON, line, &err), 0);
}

TEST(too_many_listens_are_refused)
{
    struct options options;
    struct err err;
    struct line line;
    char text[256] = "";
    size_t used = 0;
    for (int i = 1; i <= ADDRESS_MAX + 1; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s--listen=127.0.0.%d",
                                 i == 1 ? "" : " ", i);
    fill(&line, text);
    CHECK_EQ(options_parse(&options, OPTIONS_DAEMON, &line.argc, line.argv, &err), ERR_USAGE);
    CHECK_HAS(err.text, "more than 8");
}

TEST(the_cli_leaves_the_command_its_own)
{
    struct options options;
    struct err err = {0};
    struct line line;
    fill(&line, "--json switchover --to server2 --socket s --help -- --config c");
    CHECK_EQ(options_parse(&options, OPTIONS_CLI, &line.argc, line.argv, &err), 0);
    CHECK(options.json && !options.help && !options.config_given);
    CHECK_STR(options.socket, "s");
    CHECK_EQ(line.argc, 8);
    CHECK_STR(line.argv[1], "switchover");
    CHECK_STR(line.argv[2], "--to");
    CHECK_STR(line.argv[3], "server2");
    CHECK_STR(line.argv[4], "--help");
    CHECK_STR(line.argv[5], "--");
    CHECK_STR(line.argv[7], "c");
    CHECK(line.argv[8] == NULL);
}

CHECK_MAIN
