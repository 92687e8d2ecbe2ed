/* Happy path: a fork, and a pipe that closes by itself when the program was loaded; SIGCHLD, and
 * the exit status is there.
 *
 * Failure modes: no descriptors, no processes: an error at once. A program that cannot be run: the
 * child writes why into the pipe and ends. */
#include "child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static_assert(offsetof(struct child, handle) == 0, "a handle is its child");

/* ---- in the child: nothing but system calls ---- */

static void forget_signals(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL); /* some cannot be */
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool set_streams(int output)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int out = output >= 0 ? output : null;
    return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
           dup2(out, STDERR_FILENO) >= 0;
}

static _Noreturn void become(const struct child_order *order, int fault)
{
    forget_signals();
    (void)setsid();
    if (set_streams(order->output) && chdir("/") == 0)
        (void)execvpe(order->words[0], order->words, order->environment);
    int error = errno;
    (void)!write(fault, &error, sizeof error);
    _exit(127);
}

/* ---- in the parent ---- */

static void on_sigchld(uv_signal_t *handle, int number)
{
    struct child *child = (struct child *)handle;
    struct child_end end = {.exit_status = -1};
    int status = 0;
    (void)number;
    pid_t pid = waitpid(child->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return; /* another one's end */
    if (pid > 0 && WIFEXITED(status))
        end.exit_status = WEXITSTATUS(status);
    else if (pid > 0)
        end.signal = WTERMSIG(status);
    if (read(child->fault, &end.error, sizeof end.error) != (ssize_t)sizeof end.error)
        end.error = 0;
    (void)close(child->fault);
    (void)uv_signal_stop(handle);
    child->pid = 0;
    child->on_end(child, &end);
}

/* Signals wait meanwhile: none of ours must run in the child. */
static pid_t fork_quietly(const struct child_order *order, int fault)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become(order, fault);
    int error = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

int child_start(struct child *child, const struct child_order *order)
{
    int fault[2];
    if (pipe2(fault, O_CLOEXEC | O_NONBLOCK) != 0)
        return uv_translate_sys_error(errno);
    int status = uv_signal_init(order->loop, &child->handle);
    child->open = status == 0;
    if (status == 0)
        status = uv_signal_start(&child->handle, on_sigchld, SIGCHLD);
    if (status == 0) {
        child->fault = fault[0];
        child->on_end = order->on_end;
        child->pid = fork_quietly(order, fault[1]);
        status = child->pid < 0 ? uv_translate_sys_error(errno) : 0;
    }
    (void)close(fault[1]);
    if (status != 0) {
        (void)close(fault[0]);
        child->pid = 0;
    }
    return status;
}

static void count_one(uv_handle_t *handle, void *sum)
{
    const struct child *child = (const struct child *)handle;
    if (handle->type == UV_SIGNAL && child->handle.signal_cb == on_sigchld)
        *(unsigned *)sum += child->pid > 0;
}

unsigned child_count(uv_loop_t *loop)
{
    unsigned sum = 0;
    uv_walk(loop, count_one, &sum);
    return sum;
}

void child_kill(struct child *child)
{
    if (child->pid == 0) /* there is none, or the number may be somebody else's by now */
        return;
    if (kill(-child->pid, SIGKILL) != 0)
        (void)kill(child->pid, SIGKILL);
}
