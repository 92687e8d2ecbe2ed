/* The program `holdfast` itself, as far as it needs no daemon: options, help, keys, check. */
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/check.h"
#include "tests/lib/config_text.h"

#define OUTPUT_SIZE 16384

/* A directory with a configuration that is right; its secret is there, a key is not. */
struct place {
    char folder[64], program[512];
    char output[OUTPUT_SIZE];
};

static void put(const struct place *place, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%.60s/%s", place->folder, name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, 0600) == 0);
}

/* build/tests/this to build/bin/holdfast; HOLDFAST_PROGRAM names another one. */
static void find_program(char *ret, size_t size)
{
    char self[400] = "";
    const char *other = getenv("HOLDFAST_PROGRAM");
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        self[0] = 0;
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = 0;
    if (other != NULL)
        snprintf(ret, size, "%s", other);
    else
        snprintf(ret, size, "%s/../bin/holdfast", self);
}

/* The good text with one line (from 1; 0 = none) replaced. */
static void put_config(const struct place *place, unsigned line, const char *replacement)
{
    char text[8192];
    size_t used = 0;
    for (unsigned i = 0; i < TEXT_LINE_COUNT; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\n",
                                 i + 1 == line ? replacement : text_lines[i]);
    put(place, "hf.conf", text);
}

static struct place *open_place(void)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/holdfast-offline-XXXXXX");
    CHECK(mkdtemp(place->folder) != NULL);
    find_program(place->program, sizeof place->program);
    put_config(place, 0, "");
    put(place, "tsig.key", "c2VjcmV0\n");
    return place;
}

/* Runs the program in the directory. Returns its exit code; both outputs are in place->output. */
static int run(struct place *place, const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "cd %s && '%s' 2>&1 %s", place->folder, place->program,
             arguments);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL)
        return -1;
    size_t used = fread(place->output, 1, sizeof place->output - 1, pipe);
    place->output[used] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void close_place(struct place *place)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%.60s'", place->folder);
    CHECK_EQ(system(command), 0);
    free(place);
}

TEST(usage)
{
    static const struct {
        const char *arguments;
        int code;
        const char *expected;
    } cases[] = {
        {"", 2, "holdfast: say a command"},
        {"--help", 0, "EXIT STATUS"},
        {"-h", 0, "SET UP"},
        {"help", 0, "USAGE"},
        {"help events", 0, "usage: holdfast events"},
        {"events --help", 0, "usage: holdfast events"},
        {"--help events", 0, "usage: holdfast events"},
        {"help nothing", 2, "there is no command \"nothing\""},
        {"--version", 0, "holdfast " HOLDFAST_VERSION},
        {"version", 0, "holdfast " HOLDFAST_VERSION},
        {"version --json", 0, "{\"version\": \"" HOLDFAST_VERSION "\"}"},
        {"stauts", 2, "holdfast: unknown command \"stauts\""},
        {"--colour status", 2, "holdfast: unknown argument \"--colour\""},
        {"check --colour", 2, "usage: holdfast check"},
        {"check a b", 2, "usage: holdfast check"},
        {"--config nowhere status", 2, "holdfast: nowhere: No such file"},
        {"--config hf.conf --socket ./none status", 3, "daemon not reachable at ./none"},
    };
    struct place *place = open_place();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_EQ(run(place, cases[i].arguments), cases[i].code);
        CHECK_HAS(place->output, cases[i].expected);
    }
    close_place(place);
}

TEST(every_command_has_a_manual)
{
    static const char *const commands[] = {
        "status",  "why",  "events",  "is-active", "ready", "proof",  "switchover",
        "takeover", "release", "maintenance", "pause", "resume", "restart", "recover",
        "init", "keygen", "pubkey", "check", "version", "help"};
    char line[64], usage[64];
    struct place *place = open_place();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        snprintf(line, sizeof line, "%s --help", commands[i]);
        snprintf(usage, sizeof usage, "usage: holdfast %s", commands[i]);
        CHECK_EQ(run(place, line), 0);
        CHECK_HAS(place->output, usage);
    }
    close_place(place);
}

TEST(local_section_leads_to_the_daemon)
{
    struct place *place = open_place();
    put_config(place, 36, "socket = here.sock");
    CHECK_EQ(run(place, "--config=hf.conf status"), 3);
    CHECK_HAS(place->output, "not reachable at here.sock");
    CHECK_EQ(run(place, "--config $PWD/hf.conf status"), 3);
    CHECK_HAS(place->output, place->folder); /* relative to the file, not to the caller */
    put_config(place, 36, "socket = here.sock\nleese = 5s"); /* still good for asking */
    CHECK_EQ(run(place, "--config hf.conf status"), 3);
    CHECK_HAS(place->output, "not reachable at here.sock");
    close_place(place);
}

TEST(keys_are_made_once_and_shown_in_public)
{
    struct place *place = open_place();
    char made[64] = "";
    CHECK_EQ(run(place, "keygen --output a.key 2>/dev/null"), 0);
    CHECK_EQ(strlen(place->output), 45);
    snprintf(made, sizeof made, "%.45s", place->output);
    CHECK_EQ(run(place, "pubkey a.key"), 0);
    CHECK_STR(place->output, made);
    CHECK_EQ(run(place, "pubkey --key a.key"), 0);
    CHECK_STR(place->output, made);
    CHECK_EQ(run(place, "keygen --output a.key"), 2);
    CHECK_HAS(place->output, "a.key: already exists");
    CHECK_EQ(run(place, "pubkey hf.conf"), 2);
    CHECK_EQ(run(place, "keygen --output none/a.key"), 2);
    CHECK_HAS(place->output, "No such file or directory");
    close_place(place);
}

TEST(check_says_what_to_expect)
{
    struct place *place = open_place();
    CHECK_EQ(run(place, "check hf.conf --key none"), 0);
    CHECK_HAS(place->output, "warning: none: No such file");
    CHECK_HAS(place->output, "hf.conf: 0 errors, ");
    CHECK_HAS(place->output, "4.75 to 5.50 s");
    CHECK_HAS(place->output, "at most 8.50 s");
    CHECK_HAS(place->output, "when server2 holds: 198.51.100.20");
    CHECK_EQ(run(place, "--config hf.conf --key none check --json"), 0);
    CHECK_HAS(place->output, "\"ok\": true");
    CHECK_HAS(place->output, "\"crash_ms_min\": 4750");
    CHECK_HAS(place->output, "\"self\": null");
    close_place(place);
}

TEST(check_says_everything_at_once)
{
    struct place *place = open_place();
    put_config(place, 3, "lease = 5\ndrift = 9%\nfoo = 1");
    CHECK_EQ(run(place, "check hf.conf"), 2);
    CHECK_HAS(place->output, "error: hf.conf:3: [cluster] lease: \"5\" has no unit");
    CHECK_HAS(place->output, "error: hf.conf:4: [cluster] drift: 9% is out of range");
    CHECK_HAS(place->output, "error: hf.conf:5: [cluster] foo: unknown key");
    CHECK_HAS(place->output, "hf.conf: 3 errors, ");
    CHECK_EQ(run(place, "check nowhere.conf"), 2);
    CHECK_HAS(place->output, "nowhere.conf: No such file");
    CHECK_EQ(run(place, "check --json nowhere.conf"), 2);
    CHECK_HAS(place->output, "\"ok\": false");
    close_place(place);
}

TEST(check_looks_at_the_files)
{
    struct place *place = open_place();
    char key[64], path[128];
    CHECK_EQ(run(place, "keygen --output a.key 2>/dev/null"), 0);
    snprintf(key, sizeof key, "public-key = %.44s", place->output);
    put_config(place, 7, key);
    CHECK_EQ(run(place, "check hf.conf --key a.key"), 0);
    CHECK_HAS(place->output, "(this machine)");
    snprintf(path, sizeof path, "%.60s/tsig.key", place->folder);
    CHECK_EQ(chmod(path, 0644), 0);
    CHECK_EQ(run(place, "check hf.conf --key a.key"), 2);
    CHECK_HAS(place->output, "error: hf.conf:17: [record pbx.example.com] tsig-secret-file: "
                             "tsig.key: mode 0644 lets others in");
    put(place, "tsig.key", "not base64!\n");
    CHECK_EQ(run(place, "check hf.conf --key a.key"), 2);
    CHECK_HAS(place->output, "holds no base64");
    CHECK_EQ(unlink(path), 0);
    CHECK_EQ(run(place, "check hf.conf --key a.key"), 2);
    CHECK_HAS(place->output, "tsig.key: No such file");
    put_config(place, 15, key); /* the witness needs no secret */
    CHECK_EQ(run(place, "check hf.conf --key a.key"), 0);
    put_config(place, 0, "");
    CHECK_EQ(run(place, "check hf.conf --key a.key"), 2);
    CHECK_HAS(place->output, "is none of the three in hf.conf");
    close_place(place);
}

#define ROUTE53                                                                                   \
    "[record api.example.com]\nprovider = route53\nzone-id = Z1\ncredentials-file = aws\n"        \
    "credentials-profile = pbx"
#define KEYS "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n"

/* What the daemon would refuse is an error here, and what it would take is none. */
TEST(check_reads_credentials_as_the_daemon_does)
{
    struct place *place = open_place();
    char text[8192] = "[default]\n" KEYS;
    size_t used = strlen(text);
    put_config(place, 24, ROUTE53 "\n");
    put(place, "aws", text);
    CHECK_EQ(run(place, "check hf.conf --key none"), 0);
    CHECK_HAS(place->output, "warning: hf.conf:24: [record api.example.com] credentials-file: aws: "
                             "has no section [pbx]");
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "# many other profiles stand in "
                                 "a file that is shared with other tools\n");
    snprintf(text + used, sizeof text - used, "[pbx]\n" KEYS);
    CHECK(strlen(text) > 4096);
    put(place, "aws", text);
    CHECK_EQ(run(place, "check hf.conf --key none"), 0);
    CHECK(strstr(place->output, "credentials-file") == NULL);
    close_place(place);
}

#define POWERDNS                                                                                  \
    "[record api.example.com]\nprovider = powerdns\nzone = example.com\n"                         \
    "endpoint = https://192.0.2.53:8081\napi-key-file = api.key\nca-file = ca.pem"

/* A few certificates are fine; the list of a whole system is not. */
TEST(check_wants_few_certificates)
{
    struct place *place = open_place();
    char *text = calloc(1, 220001);
    put_config(place, 24, POWERDNS "\n");
    put(place, "api.key", "key\n");
    CHECK_EQ(run(place, "check hf.conf --key none"), 0);
    CHECK_HAS(place->output, "[record api.example.com] ca-file: ca.pem: No such file");
    put(place, "ca.pem", "few\n");
    CHECK_EQ(run(place, "check hf.conf --key none"), 0);
    CHECK(strstr(place->output, "ca-file") == NULL);
    memset(text, 'x', 220000);
    put(place, "ca.pem", text);
    CHECK_EQ(run(place, "check hf.conf --key none"), 0);
    CHECK_HAS(place->output, "ca-file: ca.pem: holds 214 KiB of certificates");
    free(text);
    close_place(place);
}

/* Root may read it by its group, the daemon's user may not. */
TEST(doctor_has_no_more_rights_than_the_daemon)
{
    char path[128];
    struct place *place = open_place();
    const gid_t root = 0; /* as a login has it */
    if (geteuid() != 0 || setgroups(1, &root) != 0) {
        close_place(place);
        return;
    }
    snprintf(path, sizeof path, "%.60s/state", place->folder);
    CHECK_EQ(mkdir(path, 0700), 0);
    CHECK_EQ(chown(path, 65534, 65534), 0);
    CHECK_EQ(chmod(place->folder, 0711), 0);
    snprintf(path, sizeof path, "%.60s/hf.conf", place->folder);
    CHECK_EQ(chmod(path, 0640), 0);
    CHECK_EQ(run(place, "doctor --config $PWD/hf.conf --state-dir $PWD/state --socket ./none"), 1);
    CHECK_HAS(place->output, "hf.conf: Permission denied");
    close_place(place);
}

CHECK_MAIN
