/* child — a test server of its own in a child process: started, asked for its ports, ended.
 *
 * The server prints one line of ports when it listens, and ends when its input ends: also when
 * the test dies. */
#ifndef HOLDFAST_TESTS_CHILD_H
#define HOLDFAST_TESTS_CHILD_H

#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_PORT_MAX 8

struct child {
    char dir[64]; /* of its own; removed by child_stop */
    pid_t pid;
    int input;
    unsigned ports[CHILD_PORT_MAX];
};

static int child_remove(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info, (void)kind, (void)at;
    return remove(path);
}

__attribute__((unused)) static void child_stop(struct child *child)
{
    if (child->pid > 0) {
        close(child->input);
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
    }
    child->pid = 0;
    if (child->dir[0] != 0)
        nftw(child->dir, child_remove, 8, FTW_DEPTH | FTW_PHYS);
    child->dir[0] = 0;
}

/* Reads the line of ports. False: the child ended before. */
static bool child_read_ports(struct child *child, int output)
{
    FILE *file = fdopen(output, "r");
    char line[256] = "", *rest = NULL;
    bool ok = file != NULL && fgets(line, sizeof line, file) != NULL;
    size_t count = 0;
    for (char *word = strtok_r(line, " \n", &rest); word != NULL && count < CHILD_PORT_MAX;
         word = strtok_r(NULL, " \n", &rest))
        child->ports[count++] = (unsigned)strtoul(word, NULL, 10);
    if (file != NULL)
        fclose(file);
    return ok && count > 0;
}

/* Runs python3 SCRIPT DIR. False: a line was printed about why not. */
__attribute__((unused)) static bool child_start(struct child *child, const char *script)
{
    int input[2], output[2];
    posix_spawn_file_actions_t files;
    memset(child, 0, sizeof *child);
    snprintf(child->dir, sizeof child->dir, "/tmp/holdfast-child-XXXXXX");
    if (mkdtemp(child->dir) == NULL || pipe(input) != 0 || pipe(output) != 0)
        return false;
    char *const words[] = {strdup("/usr/bin/python3"), strdup(script), child->dir, NULL};
    char path[] = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
    char prism[256] = "HOLDFAST_PRISM="; /* for the one that wants it */
    char *const environment[] = {path, prism, NULL};
    const char *program = getenv("HOLDFAST_PRISM");
    if (program != NULL)
        snprintf(prism, sizeof prism, "HOLDFAST_PRISM=%.200s", program);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, input[0], 0);
    posix_spawn_file_actions_adddup2(&files, output[1], 1);
    for (int i = 0; i < 2; i++) {
        posix_spawn_file_actions_addclose(&files, input[i]);
        posix_spawn_file_actions_addclose(&files, output[i]);
    }
    bool ok = posix_spawn(&child->pid, words[0], &files, NULL, words, environment) == 0;
    posix_spawn_file_actions_destroy(&files);
    close(input[0]);
    close(output[1]);
    child->input = input[1];
    free(words[0]);
    free(words[1]);
    if (!ok)
        child->pid = 0;
    if (ok && child_read_ports(child, output[0]))
        return true;
    printf("%s does not start\n", script);
    child_stop(child);
    return false;
}

#endif
