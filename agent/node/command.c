/* command — see command.h.
 *
 * Happy path: started, its output read, its exit status told.
 * Failure modes: no descriptors: an error at once. A program that cannot be run: told as its end,
 * because nobody waits for a disk. Runs too long: SIGKILL to the group, told
 * at once; a child that does not even die (a dead disk) is left to be collected later, it
 * keeps nothing waiting. Floods its output: read and dropped beyond the bound. Leaves a
 * background child with the pipe: the exit of the program itself is what counts. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../peer/child.h"
#include "../peer/clock.h"

#define LINE_SIZE 1024
#define READ_SIZE 4096

struct command {
    struct child child;
    uv_timer_t timer;
    uv_pipe_t pipe;
    unsigned handles;
    bool told, pipe_open;
    char program[PATH_SIZE]; /* for texts */
    mono_ms started;
    void (*on_end)(void *owner, const struct command_result *result);
    void *owner;
    char output[COMMAND_OUTPUT_MAX + 1];
    size_t output_len;
    char scratch[READ_SIZE];
};

static const char *const fixed_environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
    "HOME=/", NULL};

static void on_closed(uv_handle_t *handle)
{
    struct command *command = handle->data;
    if (--command->handles == 0)
        free(command);
}

/* Everything but the child's handle, which must live until it was collected. */
static void close_waiting(struct command *command)
{
    if (command->told)
        return;
    command->told = true;
    uv_close((uv_handle_t *)&command->timer, on_closed);
    if (command->pipe_open)
        uv_close((uv_handle_t *)&command->pipe, on_closed);
}

/* It may not even die, on a dead disk: then it does not keep the loop. */
static void kill_group(struct command *command)
{
    if (command->child.pid == 0)
        return;
    child_kill(&command->child);
    uv_unref((uv_handle_t *)&command->child.handle);
}

static void keep(struct command *command, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count && command->output_len < COMMAND_OUTPUT_MAX; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        bool shown = byte == '\n' || (byte >= ' ' && byte < 127);
        command->output[command->output_len++] = shown ? (char)byte : '?';
    }
}

/* What stands in the pipe when the program has ended. Bounded: a background child of it may
 * write for ever. */
static void drain(struct command *command)
{
    uv_os_fd_t fd;
    if (!command->pipe_open || uv_fileno((uv_handle_t *)&command->pipe, &fd) != 0)
        return;
    for (unsigned i = 0; i < 4 && command->output_len < COMMAND_OUTPUT_MAX; i++) {
        ssize_t count = read(fd, command->scratch, sizeof command->scratch);
        if (count <= 0)
            return;
        keep(command, command->scratch, (size_t)count);
    }
}

static void tell(struct command *command, struct command_result result)
{
    if (command->told)
        return;
    void (*on_end)(void *, const struct command_result *) = command->on_end;
    drain(command);
    command->output[command->output_len] = 0;
    result.output = command->output;
    result.ran_ms = clock_now() - command->started;
    close_waiting(command);
    on_end(command->owner, &result);
}

static void on_end_of_child(struct child *child, const struct child_end *end)
{
    struct command *command = child->handle.data;
    struct command_result result = {
        .exit_status = end->exit_status, .signal = end->signal, .error = end->error};
    if (end->error != 0) { /* it wrote nothing itself */
        result.exit_status = -1;
        command->output_len = (size_t)snprintf(command->output, sizeof command->output,
                                               "cannot run %s: %s", command->program,
                                               uv_strerror(uv_translate_sys_error(end->error)));
    }
    uv_close((uv_handle_t *)&child->handle, on_closed);
    tell(command, result);
}

static void on_limit(uv_timer_t *timer)
{
    struct command *command = timer->data;
    kill_group(command);
    tell(command, (struct command_result){.exit_status = -1, .timed_out = true});
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct command *command = handle->data;
    (void)size;
    *buf = uv_buf_init(command->scratch, sizeof command->scratch);
}

static void on_output(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct command *command = stream->data;
    if (count > 0)
        keep(command, buf->base, (size_t)count);
    else if (count < 0)
        uv_read_stop(stream);
}

/* Cuts `line` (a copy) into words. Returns how many; more than fit count, too. */
static size_t split(char *line, char *words[COMMAND_WORD_MAX + 1])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t", &rest); word != NULL;
         word = strtok_r(NULL, " \t", &rest)) {
        if (count < COMMAND_WORD_MAX)
            words[count] = word;
        count++;
    }
    words[count < COMMAND_WORD_MAX ? count : COMMAND_WORD_MAX] = NULL;
    return count;
}

/* libuv's options take char **, and only read it. */
static char *as_mutable(const char *text)
{
    union {
        const char *in;
        char *out;
    } text_of;
    text_of.in = text;
    return text_of.out;
}

static void gather(char *ret[], const char *const *own)
{
    size_t count = 0;
    for (size_t i = 0; fixed_environment[i] != NULL; i++)
        ret[count++] = as_mutable(fixed_environment[i]);
    for (size_t i = 0; own != NULL && own[i] != NULL && i < COMMAND_SET_MAX; i++)
        ret[count++] = as_mutable(own[i]);
    ret[count] = NULL;
}

/* One pipe for both streams: read end non-blocking and ours. */
static int open_pipe(struct command *command, uv_loop_t *loop, int *ret_write_end)
{
    uv_file ends[2];
    int status = uv_pipe(ends, UV_NONBLOCK_PIPE, 0);
    if (status != 0)
        return status;
    uv_pipe_init(loop, &command->pipe, 0);
    command->pipe.data = command;
    command->pipe_open = true;
    command->handles++;
    status = uv_pipe_open(&command->pipe, ends[0]);
    if (status != 0) {
        close(ends[0]);
        close(ends[1]);
        return status;
    }
    *ret_write_end = ends[1];
    return 0;
}

static int spawn(struct command *command, uv_loop_t *loop, char **words,
                 const char *const *environment)
{
    char *set[COMMAND_SET_MAX + sizeof fixed_environment / sizeof fixed_environment[0]];
    int write_end = -1;
    int status = open_pipe(command, loop, &write_end);
    if (status != 0)
        return status;
    gather(set, environment);
    struct child_order order = {.loop = loop,
                                .words = words,
                                .environment = set,
                                .output = write_end,
                                .on_end = on_end_of_child};
    status = child_start(&command->child, &order);
    close(write_end);
    if (command->child.open) {
        command->child.handle.data = command;
        command->handles++;
    }
    if (status != 0 && command->child.open)
        uv_close((uv_handle_t *)&command->child.handle, on_closed);
    return status != 0 ? status
                       : uv_read_start((uv_stream_t *)&command->pipe, on_alloc, on_output);
}

int command_start(struct command **ret, uv_loop_t *loop, const struct command_order *order,
                  struct err *err)
{
    char line[LINE_SIZE];
    char *words[COMMAND_WORD_MAX + 1];
    int len = snprintf(line, sizeof line, "%s", order->line);
    size_t count = split(line, words);
    if (len < 0 || (size_t)len >= sizeof line || count == 0 || count > COMMAND_WORD_MAX)
        return err_set(err, ERR_SYSTEM, "command: expected 1 to %d words", COMMAND_WORD_MAX);
    unsigned alive = child_count(loop);
    if (alive >= COMMAND_ALIVE_MAX)
        return err_set(err, ERR_SYSTEM, "cannot run %s: %u programs before it have not ended, "
                       "killed or not; does the disk answer that they use?", words[0], alive);
    struct command *command = calloc(1, sizeof *command);
    if (command == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    command->on_end = order->on_end;
    command->owner = order->owner;
    command->started = clock_now();
    (void)snprintf(command->program, sizeof command->program, "%s", words[0]);
    uv_timer_init(loop, &command->timer);
    command->timer.data = command;
    command->handles = 1;
    int status = spawn(command, loop, words, order->environment);
    if (status != 0) {
        kill_group(command);
        close_waiting(command); /* frees it in the close callbacks */
        return err_set(err, ERR_SYSTEM, "cannot run %s: %s", words[0], uv_strerror(status));
    }
    uv_timer_start(&command->timer, on_limit, (uint64_t)order->limit_ms, 0);
    *ret = command;
    return 0;
}

void command_cancel(struct command *command)
{
    kill_group(command);
    close_waiting(command);
}
