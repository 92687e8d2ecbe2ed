/* Three real programs on one machine, from the first start to the last signal: no root, no network
 * but loopback. The laboratory does the same with faults. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/peer/clock.h"
#include "tests/lib/check.h"
#include "tests/lib/port.h"

#define LIMIT_MS 60000
#define NAP_MS 20
#define OUTPUT_SIZE 16384

enum { CLOUD = 2, PEERS = 3 };
static const char *const names[PEERS] = {"server1", "server2", "cloud"};

struct place {
    char folder[64], programs[400];
    char output[OUTPUT_SIZE]; /* of the last command */
    unsigned ports[PEERS];
    pid_t pids[PEERS];
};

/* build/tests/this to build/bin. */
static void find_programs(char *ret, size_t size)
{
    char self[300] = "";
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        self[0] = 0;
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = 0;
    snprintf(ret, size, "%s/../bin", self);
}

/* Runs a shell command in the directory with the programs in its path. */
static int run(struct place *place, const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "cd %s && PATH='%s':$PATH && { %s; } 2>&1", place->folder,
             place->programs, command);
    FILE *pipe = popen(line, "r");
    if (pipe == NULL)
        return -1;
    size_t used = fread(place->output, 1, sizeof place->output - 1, pipe);
    place->output[used] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int ask(struct place *place, int peer, const char *command)
{
    char line[256];
    snprintf(line, sizeof line, "holdfast --config hf.conf --socket %s/sock %s", names[peer],
             command);
    return run(place, line);
}

/* Asks until the exit code is `code` and the answer has `part`; fails when that takes too long. */
static void await(struct place *place, int peer, const char *command, int code, const char *part)
{
    mono_ms end = clock_now() + LIMIT_MS;
    while ((ask(place, peer, command) != code || strstr(place->output, part) == NULL) &&
           clock_now() < end)
        poll(NULL, 0, NAP_MS);
    CHECK_HAS(place->output, part);
}

static void await_log(struct place *place, int peer, const char *part)
{
    char command[64];
    mono_ms end = clock_now() + LIMIT_MS;
    snprintf(command, sizeof command, "cat %s.log", names[peer]);
    while (run(place, command) == 0 && strstr(place->output, part) == NULL && clock_now() < end)
        poll(NULL, 0, NAP_MS);
    CHECK_HAS(place->output, part);
}

/* The one of the nodes that holds; fails when none does within the limit. */
static int await_holder(struct place *place)
{
    mono_ms end = clock_now() + LIMIT_MS;
    while (clock_now() < end) {
        for (int node = 0; node < CLOUD; node++)
            if (place->pids[node] > 0 && ask(place, node, "is-active") == 0)
                return node;
        poll(NULL, 0, NAP_MS);
    }
    CHECK(false);
    return 0;
}

static void write_config(struct place *place, const char *more)
{
    char path[128], key[128];
    snprintf(path, sizeof path, "%s/hf.conf", place->folder);
    FILE *file = fopen(path, "w");
    fprintf(file, "[cluster]\nname = pbx.example.com\ninterval = 250ms\nlease = 3s\n");
    for (int peer = 0; peer < PEERS; peer++) {
        snprintf(key, sizeof key, "holdfast pubkey %s/key", names[peer]);
        CHECK_EQ(run(place, key), 0);
        fprintf(file, "[%s %s]\naddress = 127.0.0.1:%u\npublic-key = %s",
                peer == CLOUD ? "witness" : "node", names[peer], place->ports[peer],
                place->output);
        if (peer != CLOUD)
            fprintf(file, "serve = 192.0.2.%d\n", peer + 1);
    }
    fprintf(file, "[record pbx.example.com]\nprovider = exec\ncommand = /bin/true\n%s", more);
    CHECK_EQ(fclose(file), 0);
}

static void start(struct place *place, int peer)
{
    char program[500], key[64], state[128], socket_path[64], listen[64], log[128];
    snprintf(program, sizeof program, "%s/%s", place->programs,
             peer == CLOUD ? "holdfast-witness" : "holdfastd");
    snprintf(key, sizeof key, "%s/key", names[peer]);
    snprintf(state, sizeof state, "%s/%s", place->folder, names[peer]);
    snprintf(socket_path, sizeof socket_path, "%s/sock", names[peer]);
    snprintf(listen, sizeof listen, "127.0.0.1:%u", place->ports[peer]);
    snprintf(log, sizeof log, "%s/%s.log", place->folder, names[peer]);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (output < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || chdir(place->folder) != 0)
            _exit(126);
        execl(program, program, "--foreground", "--config", "hf.conf", "--key", key, "--state-dir",
              state, "--socket", socket_path, "--listen", listen, (char *)NULL);
        _exit(127);
    }
    place->pids[peer] = pid;
}

/* Sends SIGTERM; the exit code. */
static int stop(struct place *place, int peer)
{
    int status = -1;
    kill(place->pids[peer], SIGTERM);
    CHECK_EQ(waitpid(place->pids[peer], &status, 0), place->pids[peer]);
    place->pids[peer] = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static struct place *open_place(void)
{
    struct place *place = calloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/holdfast-station-XXXXXX");
    CHECK(mkdtemp(place->folder) != NULL);
    find_programs(place->programs, sizeof place->programs);
    CHECK_EQ(run(place, "for peer in server1 server2 cloud; do"
                        " mkdir -m 700 $peer && holdfast keygen --output $peer/key; done"),
             0);
    for (int peer = 0; peer < PEERS; peer++)
        place->ports[peer] = port_free();
    write_config(place, "");
    return place;
}

static void close_place(struct place *place)
{
    for (int peer = 0; peer < PEERS; peer++)
        if (place->pids[peer] > 0)
            CHECK_EQ(stop(place, peer), 0);
    char command[128];
    snprintf(command, sizeof command, "rm -r '%.60s'", place->folder);
    CHECK_EQ(system(command), 0);
    free(place);
}

TEST(a_cluster_elects_hands_over_restarts_and_ends)
{
    struct place *place = open_place();
    for (int peer = 0; peer < PEERS; peer++)
        start(place, peer);
    int holder = await_holder(place);
    await(place, CLOUD, "ready", 0, "");
    CHECK_EQ(ask(place, holder, "switchover"), 0);
    CHECK_HAS(place->output, "holds");
    holder = 1 - holder;
    await(place, holder, "is-active", 0, "");
    pid_t before = place->pids[holder];
    await(place, CLOUD, "ready", 0, "");
    CHECK_EQ(ask(place, holder, "restart"), 0); /* the same process, another program */
    CHECK_EQ(kill(before, 0), 0);
    await(place, holder, "is-active", 0, "");
    await(place, CLOUD, "ready", 0, "");
    CHECK_EQ(stop(place, holder), 0); /* a stop gives the lease up */
    CHECK_EQ(await_holder(place), 1 - holder);
    CHECK_EQ(ask(place, CLOUD, "events --json"), 0);
    CHECK_HAS(place->output, "promise-freed");
    CHECK_EQ(ask(place, CLOUD, "is-active"), 1);
    close_place(place);
}

/* SIGHUP takes up what may change, and says what may not. */
TEST(a_changed_file_is_read_again_or_refused_as_a_whole)
{
    struct place *place = open_place();
    start(place, CLOUD);
    await(place, CLOUD, "status", 0, "cloud");
    static const struct {
        const char *more, *expected;
    } rows[] = {{"[notify]\ncommand = /bin/true\n", "took up the peers' addresses"},
                {"[nonsense]\n", "the old settings stay"},
                {"[notify]\ncommand = /bin/false\n[probe a]\ntype = exec\ncommand = /bin/true\n",
                 "took up the peers' addresses"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_config(place, rows[i].more);
        CHECK_EQ(run(place, ": >cloud.log"), 0);
        kill(place->pids[CLOUD], SIGHUP);
        await_log(place, CLOUD, rows[i].expected);
    }
    CHECK_EQ(run(place, "rm cloud/key && holdfast keygen --output server1/other >/dev/null &&"
                        " mv server1/other cloud/key"),
             0);
    write_config(place, "");
    kill(place->pids[CLOUD], SIGHUP);
    await_log(place, CLOUD, "keys changed: nothing was taken up");
    close_place(place);
}

TEST(a_start_that_cannot_be_says_why_in_one_line)
{
    struct place *place = open_place();
    char line[256];
    CHECK_EQ(run(place, "holdfastd --foreground --config none.conf"), 2);
    CHECK_HAS(place->output, "none.conf");
    CHECK(run(place, "holdfastd --foreground --config hf.conf --key none") != 0);
    CHECK_HAS(place->output, "none");
    snprintf(line, sizeof line, "holdfast-witness --foreground --config hf.conf --key server1/key"
                                " --state-dir %s/server1 --socket server1/sock",
             place->folder);
    CHECK(run(place, line) != 0);
    CHECK_HAS(place->output, "server1");
    CHECK_EQ(run(place, "holdfastd --version"), 0);
    CHECK_HAS(place->output, HOLDFAST_VERSION);
    CHECK_EQ(run(place, "holdfast-witness --nonsense"), 2);
    close_place(place);
}

CHECK_MAIN
