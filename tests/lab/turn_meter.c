/* turn_meter — how long a daemon's loop stands: preloaded into it by the laboratory.
 *
 * A turn is what lies between two waits of the main thread: from the end of one epoll_wait to the
 * beginning of the next. The time in which the thread could have run, but the machine ran
 * something else, is taken off: that is the machine's, not the program's. The longest turn is kept
 * in the file that HOLDFAST_TURNS names, anew whenever a longer one came: its length in ms, and how
 * much of it the thread computed. */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

typedef int wait_function(int, struct epoll_event *, int, int, const sigset_t *);
typedef int plain_function(int, struct epoll_event *, int, int);

static int64_t woke_ns, waited_ns, computed_ns, longest_ns; /* of the main thread alone */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How long this thread has waited for a processor in its life; ret_ran: and had one. */
static int64_t queued_ns(int64_t *ret_ran)
{
    static int file = -1;
    char text[96] = "", *end;
    if (file < 0)
        file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    if (file < 0 || pread(file, text, sizeof text - 1, 0) <= 0)
        return *ret_ran = 0;
    *ret_ran = strtoll(text, &end, 10);
    return strtoll(end, NULL, 10);
}

static void keep(int64_t ns, int64_t cpu_ns)
{
    char text[32];
    const char *path = getenv("HOLDFAST_TURNS");
    int size = snprintf(text, sizeof text, "%9.3f %9.3f\n", (double)ns / 1e6,
                        (double)cpu_ns / 1e6);
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    if (write(file, text, (size_t)size) == size)
        longest_ns = ns;
    close(file);
}

static void turn_ends(void)
{
    if (getpid() != gettid() || woke_ns == 0)
        return;
    int64_t ran_ns, now = now_ns();
    int64_t turn_ns = now - woke_ns - (queued_ns(&ran_ns) - waited_ns);
    if (turn_ns > longest_ns)
        keep(turn_ns, ran_ns - computed_ns);
}

static void turn_begins(void)
{
    if (getpid() != gettid())
        return;
    waited_ns = queued_ns(&computed_ns);
    woke_ns = now_ns();
}

int epoll_pwait(int epoll, struct epoll_event *events, int size, int timeout, const sigset_t *set)
{
    static wait_function *real;
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "epoll_pwait");
        memcpy(&real, &found, sizeof real);
    }
    turn_ends();
    int count = real(epoll, events, size, timeout, set);
    turn_begins();
    return count;
}

int epoll_wait(int epoll, struct epoll_event *events, int size, int timeout)
{
    static plain_function *real;
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "epoll_wait");
        memcpy(&real, &found, sizeof real);
    }
    turn_ends();
    int count = real(epoll, events, size, timeout);
    turn_begins();
    return count;
}
