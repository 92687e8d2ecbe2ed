/* What a daemon does to itself before it reads a secret. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/peer/process.h"
#include "tests/lib/check.h"

static char *words[] = {"holdfastd", "--config", "holdfast.conf", NULL};

TEST(secrets_stay_in_the_process)
{
    struct process process;
    struct err err = {0};
    struct rlimit core;
    CHECK_EQ(process_prepare(&process, 3, words, &err), 0);
    CHECK_EQ(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
    CHECK_EQ(getrlimit(RLIMIT_CORE, &core), 0);
    CHECK_EQ(core.rlim_cur + core.rlim_max, 0);
    CHECK_EQ(umask(0077), 0077);
    process_forget(&process);
}

/* Nobody takes them before the loop runs, nor after it has ended. */
TEST(signals_to_end_and_to_reload_wait)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    struct process process;
    struct err err = {0};
    struct timespec now = {0};
    sigset_t set;
    CHECK_EQ(process_prepare(&process, 3, words, &err), 0);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        CHECK_EQ(raise(numbers[i]), 0); /* and is still here */
        sigemptyset(&set);
        sigaddset(&set, numbers[i]);
        CHECK_EQ(sigtimedwait(&set, NULL, &now), numbers[i]);
    }
    process_hold_signals(false);
    CHECK_EQ(sigprocmask(SIG_SETMASK, NULL, &set), 0);
    CHECK(sigismember(&set, SIGTERM) == 0 && sigismember(&set, SIGHUP) == 0);
    process_forget(&process);
}

/* Another user's process cannot look inside: what ptrace asks, /proc asks too. */
TEST(another_user_cannot_read_the_memory)
{
    struct process process;
    struct err err = {0};
    char path[64];
    int status = -1;
    if (geteuid() != 0)
        return; /* needs another user */
    pid_t daemon = fork();
    if (daemon == 0) { /* as the daemon runs: a user of its own */
        if (setuid(65533) != 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0 || /* as after exec */
            process_prepare(&process, 3, words, &err) != 0)
            _exit(1);
        (void)kill(getpid(), SIGSTOP);
        _exit(0);
    }
    CHECK_EQ(waitpid(daemon, &status, WUNTRACED), daemon);
    CHECK(WIFSTOPPED(status));
    snprintf(path, sizeof path, "/proc/%d/mem", (int)daemon);
    pid_t reader = fork();
    if (reader == 0) { /* even the same user may not */
        if (setuid(65533) != 0)
            _exit(1);
        _exit(access(path, R_OK) == 0 ? 2 : 0);
    }
    CHECK_EQ(waitpid(reader, &status, 0), reader);
    CHECK_EQ(status, 0);
    kill(daemon, SIGKILL);
    CHECK_EQ(waitpid(daemon, &status, 0), daemon);
}

TEST(arguments_are_kept_for_the_next_life)
{
    struct process process;
    struct err err = {0};
    CHECK_EQ(process_prepare(&process, 3, words, &err), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_STR(process.arguments[i], words[i]);
        CHECK(process.arguments[i] != words[i]);
    }
    CHECK(process.arguments[3] == NULL);
    process_forget(&process);
    CHECK(process.arguments == NULL);
}

CHECK_MAIN
