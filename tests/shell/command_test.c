/* command — programs are started although the process is short of descriptors, or they are not;
 * nobody else ever dies of it. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/node/command.h"
#include "../lib/check.h"
#include "../lib/spin.h"

static void on_end(void *owner, const struct command_result *result)
{
    *(int *)owner = result->exit_status;
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
    _exit(uv_loop_close(&loop) == 0 ? status : 4);
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

CHECK_MAIN
