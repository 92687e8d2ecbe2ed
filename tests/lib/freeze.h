/* freeze — stops a process for tests, and knows when it has stopped. */
#ifndef HOLDFAST_TESTS_FREEZE_H
#define HOLDFAST_TESTS_FREEZE_H

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* Does any of its threads still run? */
static bool freeze_runs(pid_t pid)
{
    char path[300];
    bool runs = false;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    const struct dirent *entry;
    while (tasks != NULL && !runs && (entry = readdir(tasks)) != NULL) {
        char state = 'T';
        snprintf(path, sizeof path, "/proc/%d/task/%s/stat", (int)pid, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (file != NULL && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = 'T';
        if (file != NULL)
            fclose(file);
        runs = state != 'T';
    }
    if (tasks != NULL)
        closedir(tasks);
    return runs;
}

/* SIGSTOP takes a moment on another processor, in which an answer may yet go out. False: it still
 * runs after 10 s. */
__attribute__((unused)) static bool freeze(pid_t pid)
{
    if (pid <= 0 || kill(pid, SIGSTOP) != 0) /* 0: a server that did not start */
        return false;
    for (unsigned i = 0; i < 10000 && freeze_runs(pid); i++)
        (void)poll(NULL, 0, 1);
    return !freeze_runs(pid);
}

#endif
