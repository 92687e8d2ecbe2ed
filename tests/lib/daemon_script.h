/* daemon_script — a daemon that answers from a script, and commands of `holdfast` run against it
 * with what they print caught in `output`. Included after the commands' own sources. */
#ifndef HOLDFAST_TESTS_DAEMON_SCRIPT_H
#define HOLDFAST_TESTS_DAEMON_SCRIPT_H

#include <fcntl.h>
#include <pthread.h>

#include "check.h"

#define OUTPUT_SIZE 8192

/* One request that is expected, and what is answered; ' stands for " in both. The last line of a
 * script is answered again and again. */
struct line {
    const char *request; /* must be in it */
    const char *reply;
};

struct daemon_script {
    const struct line *lines;
    size_t count, used;
    int listener;
    char directory[32];
    pthread_t thread;
    struct cli_options options;
    char surprises[256]; /* a request that was not the expected one */
};

static void quote(const char *text, char ret[4096])
{
    snprintf(ret, 4096, "%s", text);
    for (char *at = ret; *at != 0; at++)
        if (*at == '\'')
            *at = '"';
}

static void answer(struct daemon_script *script, int fd)
{
    char request[2048] = "", expected[4096], reply[4096];
    size_t used = 0;
    while (used + 1 < sizeof request && memchr(request, '\n', used) == NULL) {
        ssize_t got = recv(fd, request + used, sizeof request - 1 - used, 0);
        if (got <= 0)
            return;
        used += (size_t)got;
    }
    const struct line *line = &script->lines[script->used];
    if (script->used + 1 < script->count)
        script->used++;
    quote(line->request, expected);
    if (strstr(request, expected) == NULL)
        snprintf(script->surprises, sizeof script->surprises, "%.100s, expected %.100s", request,
                 expected);
    quote(line->reply, reply);
    (void)send(fd, reply, strlen(reply), MSG_NOSIGNAL);
    (void)send(fd, "\n", 1, MSG_NOSIGNAL);
}

static void *serve(void *argument)
{
    struct daemon_script *script = argument;
    for (;;) {
        int fd = accept(script->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        answer(script, fd);
        close(fd);
    }
}

static void start(struct daemon_script *script)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(script->directory, sizeof script->directory, "/tmp/cli_test.XXXXXX");
    CHECK(mkdtemp(script->directory) != NULL);
    snprintf(script->options.socket, sizeof script->options.socket, "%s/socket",
             script->directory);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", script->directory);
    script->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(script->listener, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(listen(script->listener, 16), 0);
    CHECK_EQ(pthread_create(&script->thread, NULL, serve, script), 0);
}

static void stop(struct daemon_script *script)
{
    (void)shutdown(script->listener, SHUT_RDWR);
    pthread_join(script->thread, NULL);
    close(script->listener);
    unlink(script->options.socket);
    rmdir(script->directory);
    CHECK_STR(script->surprises, "");
}

typedef int command_run(const struct cli_options *options, int argc, char **argv);

/* Runs the command with what it prints (both streams) caught in `output`. */
static int run(struct daemon_script *script, command_run *command, const char *arguments,
               char output[OUTPUT_SIZE])
{
    char words[256], *argv[16] = {NULL}, *rest = NULL;
    int argc = 0;
    snprintf(words, sizeof words, "%s", arguments);
    for (char *word = strtok_r(words, " ", &rest); word != NULL && argc < 15;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    FILE *file = tmpfile();
    fflush(stdout);
    int old_out = dup(STDOUT_FILENO), old_err = dup(STDERR_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    int code = command(&script->options, argc, argv);
    fflush(stdout);
    dup2(old_out, STDOUT_FILENO);
    dup2(old_err, STDERR_FILENO);
    close(old_out);
    close(old_err);
    rewind(file);
    size_t size = fread(output, 1, OUTPUT_SIZE - 1, file);
    output[size] = 0;
    fclose(file);
    return code;
}

static char output[OUTPUT_SIZE];

/* Plays a script with one command; returns its exit code. */
static int play(const struct line *lines, size_t count, command_run *command,
                const char *arguments)
{
    struct daemon_script script = {.lines = lines, .count = count};
    start(&script);
    int code = run(&script, command, arguments, output);
    stop(&script);
    return code;
}

#define PLAY(lines, command, arguments)                                                         \
    play(lines, sizeof(lines) / sizeof((lines)[0]), command, arguments)

#endif
