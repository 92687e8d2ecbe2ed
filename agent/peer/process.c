/* Happy path: limits are set at the start; `holdfast restart` ends in an execv of the file that
 * lies at the program's path by then, so a package upgrade is taken up.
 *
 * Failure modes: the file is gone or cannot be executed: asked before anything is closed. Every
 * descriptor is close-on-exec; the one thing handed over is whether the node was fit. */
#include "process.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESUME_NAME "HOLDFAST_RESUME"
#define REAP_TRIES 20
#define REAP_WAIT_MS 5

static int copy_arguments(struct process *process, int argc, char **argv, struct err *err)
{
    process->arguments = calloc((size_t)argc + 1, sizeof *process->arguments);
    bool good = process->arguments != NULL;
    for (int i = 0; good && i < argc; i++) {
        process->arguments[i] = strdup(argv[i]);
        good = process->arguments[i] != NULL;
    }
    return good ? 0 : err_set(err, ERR_SYSTEM, "out of memory");
}

static void resolve_program(struct process *process)
{
    ssize_t size = readlink("/proc/self/exe", process->program, sizeof process->program - 1);
    if (size < 0)
        size = 0;
    process->program[size] = 0;
}

static void take_resume(struct process *process)
{
    const char *value = getenv(RESUME_NAME);
    process->resumed = value != NULL;
    process->resumed_fit = value != NULL && strcmp(value, PROCESS_FIT) == 0;
    unsetenv(RESUME_NAME);
}

/* One arena and two helper threads: one for a resolver that hangs, one for the disk. */
static void stay_small(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_TRIM_THRESHOLD, 64 * 1024);
    (void)mallopt(M_TOP_PAD, 16 * 1024);
    (void)setenv("UV_THREADPOOL_SIZE", "2", 1);
}

void process_hold_signals(bool hold)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

int process_prepare(struct process *process, int argc, char **argv, struct err *err)
{
    struct rlimit none = {0, 0};
    memset(process, 0, sizeof *process);
    process_hold_signals(true);
    stay_small();
    resolve_program(process);
    take_resume(process);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(0077);
    if (sodium_init() < 0)
        return err_set(err, ERR_SYSTEM, "libsodium does not start: no randomness?");
    return copy_arguments(process, argc, argv, err);
}

void process_forget(struct process *process)
{
    for (size_t i = 0; process->arguments != NULL && process->arguments[i] != NULL; i++)
        free(process->arguments[i]);
    free(process->arguments);
    process->arguments = NULL;
}

int process_check_again(const struct process *process, struct err *err)
{
    if (process->program[0] != '/')
        return err_set(err, ERR_SYSTEM, "the path of the running program is not known");
    if (access(process->program, X_OK) != 0)
        return err_set(err, ERR_SYSTEM, "%s: %s", process->program, strerror(errno));
    return 0;
}

static void reap_children(void)
{
    for (int i = 0; i < REAP_TRIES; i++) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0)
            return;
        if (pid == 0)
            (void)poll(NULL, 0, REAP_WAIT_MS);
    }
}

int process_again(const struct process *process, const char *resume, struct err *err)
{
    reap_children();
    if (resume != NULL)
        (void)setenv(RESUME_NAME, resume, 1);
    (void)execv(process->program, process->arguments);
    return err_set(err, ERR_SYSTEM, "%s: %s", process->program, strerror(errno));
}
