/* command — what becomes of a program that cannot be started: nobody else dies of it, and nobody
 * waits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/node/command.h"
#include "../../agent/peer/clock.h"
#include "../lib/check.h"
#include "../lib/spin.h"

static void on_end(void *owner, const struct command_result *result)
{
    *(int *)owner = result->error != 0 ? 0 : result->exit_status; /* /dev/null is one more */
}

/* In a process group of its own, with `spare` descriptors left. Exits 0 when all is well. */
static void start_with(rlim_t spare)
{
    uv_loop_t loop;
    struct command *command = NULL;
    struct err err = {0};
    int status = -1, next = dup(0);
    struct command_order order = {
        .line = "/bin/true", .limit_ms = 10000, .on_end = on_end, .owner = &status};
    (void)setpgid(0, 0);
    uv_loop_init(&loop);
    int first = dup(0);
    struct rlimit limit = {.rlim_cur = (rlim_t)first + spare, .rlim_max = (rlim_t)first + spare};
    (void)close(first);
    if (next < 0 || first < 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        _exit(3);
    if (command_start(&command, &loop, &order, &err) != 0)
        status = strstr(err.text, "cannot run /bin/true") != NULL ? 0 : 2;
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(spin_finish(&loop) ? status : 4);
}

TEST(short_of_descriptors_it_is_an_error_and_nothing_else)
{
    for (rlim_t spare = 0; spare < 8; spare++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0)
            start_with(spare);
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK(WIFEXITED(status)); /* SIGKILL went to its own group once */
        CHECK_EQ(WEXITSTATUS(status), 0);
    }
}

/* Whoever opens the file waits for this process, as for a disk that hangs. False: the file system
 * has no leases. */
static bool hang_file(const char *path, pid_t *ret_pid)
{
    int ready[2];
    char word = 0;
    CHECK_EQ(pipe(ready), 0);
    *ret_pid = fork();
    if (*ret_pid == 0) {
        int file = open(path, O_RDWR);
        (void)signal(SIGIO, SIG_IGN);
        word = file >= 0 && fcntl(file, F_SETLEASE, F_WRLCK) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &word, 1);
        (void)pause();
        _exit(0);
    }
    CHECK_EQ(read(ready[0], &word, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return word == 'y';
}

static void on_timed_out(void *owner, const struct command_result *result)
{
    *(bool *)owner = result->timed_out;
}

TEST(a_file_that_hangs_does_not_keep_the_loop)
{
    uv_loop_t loop;
    struct command *command = NULL;
    struct err err = {0};
    bool timed_out = false;
    pid_t keeper;
    char path[] = "/tmp/holdfast-command-XXXXXX";
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, "#!/bin/true\n", 12) == 12);
    CHECK(fchmod(file, 0700) == 0 && close(file) == 0);
    if (!hang_file(path, &keeper))
        printf("no leases here: nothing was proved\n");
    struct command_order order = {
        .line = path, .limit_ms = 300, .on_end = on_timed_out, .owner = &timed_out};
    uv_loop_init(&loop);
    mono_ms before = clock_now();
    CHECK_EQ(command_start(&command, &loop, &order, &err), 0);
    CHECK(clock_now() - before < 2000); /* uv_spawn waited until the file was there: 45 s */
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(timed_out);
    CHECK_EQ(kill(keeper, SIGKILL), 0);
    CHECK_EQ(waitpid(keeper, NULL, 0), keeper);
    CHECK(spin_finish(&loop));
    CHECK_EQ(unlink(path), 0);
}

static void on_reason(void *owner, const struct command_result *result)
{
    CHECK_EQ(result->exit_status, -1);
    CHECK_EQ(result->error, ENOENT);
    snprintf(owner, 200, "%s", result->output);
}

TEST(what_cannot_be_run_ends_with_the_reason)
{
    uv_loop_t loop;
    struct command *command = NULL;
    struct err err = {0};
    char reason[200] = "";
    struct command_order order = {
        .line = "/nonexistent x", .limit_ms = 10000, .on_end = on_reason, .owner = reason};
    uv_loop_init(&loop);
    CHECK_EQ(command_start(&command, &loop, &order, &err), 0);
    CHECK_STR(reason, ""); /* never from inside */
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK_STR(reason, "cannot run /nonexistent: no such file or directory");
    CHECK_EQ(uv_loop_close(&loop), 0);
}

static void on_never(void *owner, const struct command_result *result)
{
    (void)owner, (void)result;
    CHECK(false);
}

struct room {
    uv_loop_t *loop;
    struct command *command; /* NULL = there was none yet */
};

static bool is_room(void *owner)
{
    struct room *room = owner;
    struct err err = {0};
    struct command_order order = {.line = "/bin/sleep 600", .limit_ms = 10000, .on_end = on_never};
    return room->command != NULL ||
           command_start(&room->command, room->loop, &order, &err) == 0;
}

TEST(those_that_do_not_end_are_bounded)
{
    uv_loop_t loop;
    struct command *commands[COMMAND_ALIVE_MAX] = {NULL}, *more = NULL;
    struct err err = {0};
    struct command_order order = {
        .line = "/bin/sleep 600", .limit_ms = 60000, .on_end = on_never};
    uv_loop_init(&loop);
    for (unsigned i = 0; i < COMMAND_ALIVE_MAX; i++)
        CHECK_EQ(command_start(&commands[i], &loop, &order, &err), 0);
    CHECK_EQ(command_start(&more, &loop, &order, &err), ERR_SYSTEM);
    CHECK_HAS(err.text, "cannot run /bin/sleep: 64 programs before it have not ended");
    command_cancel(commands[0]);
    struct room room = {.loop = &loop};
    CHECK(spin_until(&loop, is_room, &room, SPIN_LIMIT_MS)); /* as soon as it is collected */
    if (room.command != NULL)
        command_cancel(room.command);
    for (unsigned i = 1; i < COMMAND_ALIVE_MAX; i++)
        command_cancel(commands[i]);
    CHECK(spin_finish(&loop));
}

CHECK_MAIN
