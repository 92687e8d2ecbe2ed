/* Happy path: an event that a person wants to know becomes a message of its kind; the message
 * whose turn it is becomes a child process with a small environment, and its end frees the way
 * for the next.
 *
 * Failure modes: the command is missing, fails or runs too long: an event says so, at most once
 * in ten minutes; too long: it is killed with its whole process group. A storm of events: one
 * message per kind waits, the texts are joined as far as they fit. The command's output goes
 * nowhere, its input is empty. The loop waits for nothing. */
#include "notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "clock.h"
#include "config.h"

#define KIND_COUNT 6
#define KIND_CONTESTED 3
#define KIND_ALARM 5
#define TEXT_SIZE 1024
#define HOLDER_SIZE 64
#define ENVIRONMENT_COUNT 8
#define RUN_MS 10000
#define EVERY_MS 10000
#define FAILURE_EVERY_MS 600000

static const char *const kinds[KIND_COUNT] = {"holder",    "redundancy-lost", "recovered",
                                              "contested", "stall",           "alarm"};

struct message {
    bool waits;
    uint64_t order; /* of its first event among all */
    uint64_t epoch;
    char holder[HOLDER_SIZE];
    char *text; /* only while it waits */
    char *told; /* what was told last, at `last` */
    mono_ms last;
};

struct notify {
    uv_loop_t *loop;
    struct events *events;
    char command[PATH_SIZE];
    char cluster[HOST_SIZE];
    span_ms run_ms, every_ms;
    struct message messages[KIND_COUNT];
    uint64_t order;
    mono_ms failure_told;
    uv_timer_t timer; /* while a command runs: its limit; else: when the next message is due */
    struct child child;
    bool running, closing;
    unsigned handles; /* open ones */
};

static void next_message(struct notify *notify);

/* ---- what is told ---- */

static const char *text_of(const json_t *event, const char *key)
{
    const char *text = json_string_value(json_object_get(event, key));
    return text == NULL ? "" : text;
}

/* What other rooms than happen tell and a person wants to know: a record that is fought over,
 * and every alarm. */
const char *notify_kind(const json_t *event)
{
    if (strstr(text_of(event, "event"), "contested") != NULL)
        return kinds[KIND_CONTESTED];
    return strcmp(text_of(event, "level"), "alarm") == 0 ? kinds[KIND_ALARM] : NULL;
}

static void on_event(void *owner, const json_t *event)
{
    const char *kind = notify_kind(event), *text = text_of(event, "text");
    json_int_t epoch = json_integer_value(json_object_get(event, "epoch"));
    if (kind != NULL)
        notify_tell(owner, kind, (uint64_t)epoch, "",
                    text[0] != 0 ? text : text_of(event, "event"));
}

/* "older; newer", as much of both as fits; the newer one wins. */
static char *join(char *older, const char *newer)
{
    char text[TEXT_SIZE];
    size_t size = older == NULL ? 0 : strlen(older), end = strlen(newer);
    if (older != NULL && size >= end && strcmp(older + size - end, newer) == 0)
        return older; /* the same again */
    int length = snprintf(text, sizeof text, "%s; %s", older == NULL ? "" : older, newer);
    if (older == NULL || length < 0 || (size_t)length >= sizeof text)
        length = snprintf(text, sizeof text, "%s", newer);
    free(older);
    return length < 0 ? NULL : strdup(text);
}

/* Told a moment ago: an alarm may come as an event and from the room that knows it best. */
static bool was_told(const struct notify *notify, const struct message *message,
                     const char *text)
{
    return !message->waits && message->told != NULL &&
           clock_now() - message->last < notify->every_ms && strcmp(message->told, text) == 0;
}

void notify_tell(struct notify *notify, const char *kind, uint64_t epoch, const char *holder,
                 const char *text)
{
    size_t i = 0;
    while (i < KIND_COUNT && strcmp(kinds[i], kind) != 0)
        i++;
    if (i == KIND_COUNT || notify->command[0] == 0 || notify->closing)
        return;
    struct message *message = &notify->messages[i];
    if (was_told(notify, message, text))
        return;
    if (!message->waits)
        message->order = ++notify->order;
    message->waits = true;
    message->epoch = epoch;
    message->text = join(message->text, text);
    (void)snprintf(message->holder, sizeof message->holder, "%s", holder == NULL ? "" : holder);
    next_message(notify);
}

/* ---- running the command ---- */

static void tell_failure(struct notify *notify, const char *what)
{
    char text[PATH_SIZE + 128];
    mono_ms now = clock_now();
    if (now - notify->failure_told < FAILURE_EVERY_MS)
        return;
    notify->failure_told = now;
    (void)snprintf(text, sizeof text, "the notify command %s: %s", notify->command, what);
    struct happening happening = {
        .event = "notify-failed", .level = REASON_WARNING, .text = text};
    events_tell(notify->events, &happening);
}

static void on_closed(uv_handle_t *handle)
{
    struct notify *notify = handle->data;
    if (--notify->handles == 0 && notify->closing) {
        for (size_t i = 0; i < KIND_COUNT; i++) {
            free(notify->messages[i].text);
            free(notify->messages[i].told);
        }
        free(notify);
    }
}

static void on_child_closed(uv_handle_t *handle)
{
    struct notify *notify = handle->data;
    notify->running = false;
    if (!notify->closing) {
        (void)uv_timer_stop(&notify->timer);
        next_message(notify);
    }
    on_closed(handle);
}

static void on_end_of_child(struct child *child, const struct child_end *end)
{
    struct notify *notify = child->handle.data;
    char what[128];
    if (end->error != 0)
        (void)snprintf(what, sizeof what, "%s",
                       uv_strerror(uv_translate_sys_error(end->error)));
    else if (end->signal != 0)
        (void)snprintf(what, sizeof what, "was ended by signal %d", end->signal);
    else
        (void)snprintf(what, sizeof what, "ended with exit code %d", end->exit_status);
    if (end->exit_status != 0 && !notify->closing)
        tell_failure(notify, what);
    uv_close((uv_handle_t *)&child->handle, on_child_closed);
}

static void on_limit(uv_timer_t *timer)
{
    struct notify *notify = timer->data;
    if (notify->child.pid == 0)
        return;
    tell_failure(notify, "ran too long and was killed");
    child_kill(&notify->child);
}

/* libuv's options take char **, and only read it. */
static size_t split(char *line, char *words[COMMAND_WORD_MAX + 1])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(line, " \t", &rest); word != NULL && count < COMMAND_WORD_MAX;
         word = strtok_r(NULL, " \t", &rest))
        words[count++] = word;
    words[count] = NULL;
    return count;
}

struct environment {
    char texts[ENVIRONMENT_COUNT][TEXT_SIZE + 32];
    char *list[ENVIRONMENT_COUNT + 1];
    size_t count;
};

static void set(struct environment *environment, const char *key, const char *value)
{
    char *text = environment->texts[environment->count];
    (void)snprintf(text, sizeof environment->texts[0], "%s=%s", key, value);
    environment->list[environment->count++] = text;
}

static void fill(struct environment *environment, const struct notify *notify, size_t kind)
{
    const struct message *message = &notify->messages[kind];
    char epoch[24] = "";
    *environment = (struct environment){0};
    if (message->epoch != 0)
        (void)snprintf(epoch, sizeof epoch, "%" PRIu64, message->epoch);
    set(environment, "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    set(environment, "HOLDFAST_EVENT", kinds[kind]);
    set(environment, "HOLDFAST_EPOCH", epoch);
    set(environment, "HOLDFAST_NODE", events_self(notify->events));
    set(environment, "HOLDFAST_HOLDER", message->holder);
    set(environment, "HOLDFAST_CLUSTER", notify->cluster);
    set(environment, "HOLDFAST_TEXT", message->text == NULL ? "" : message->text);
}

static int spawn(struct notify *notify, size_t kind)
{
    char line[PATH_SIZE], *words[COMMAND_WORD_MAX + 1];
    struct environment *environment = malloc(sizeof *environment);
    memcpy(line, notify->command, sizeof line);
    if (environment == NULL || split(line, words) == 0) {
        free(environment);
        return UV_ENOMEM;
    }
    fill(environment, notify, kind);
    struct child_order order = {.loop = notify->loop,
                                .words = words,
                                .environment = environment->list,
                                .output = -1,
                                .on_end = on_end_of_child};
    int status = child_start(&notify->child, &order);
    free(environment);
    return status;
}

static void run(struct notify *notify, size_t kind)
{
    struct message *message = &notify->messages[kind];
    message->waits = false;
    message->last = clock_now();
    notify->running = true;
    notify->child = (struct child){.pid = 0};
    int status = spawn(notify, kind);
    notify->child.handle.data = notify;
    notify->handles += notify->child.open;
    free(message->told);
    message->told = message->text;
    message->text = NULL;
    if (status == 0) {
        (void)uv_timer_start(&notify->timer, on_limit, (uint64_t)notify->run_ms, 0);
        return;
    }
    tell_failure(notify, uv_strerror(status));
    if (notify->child.open)
        uv_close((uv_handle_t *)&notify->child.handle, on_child_closed);
    else
        notify->running = false;
}

static void on_due(uv_timer_t *timer)
{
    next_message(timer->data);
}

static void next_message(struct notify *notify)
{
    size_t best = KIND_COUNT;
    mono_ms now = clock_now(), due = MONO_NEVER;
    if (notify->running || notify->closing)
        return;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct message *message = &notify->messages[i];
        mono_ms at = message->last + notify->every_ms;
        if (!message->waits)
            continue;
        if (at > now)
            due = at < due ? at : due;
        else if (best == KIND_COUNT || message->order < notify->messages[best].order)
            best = i;
    }
    if (best < KIND_COUNT)
        run(notify, best);
    else if (due < MONO_NEVER)
        (void)uv_timer_start(&notify->timer, on_due, (uint64_t)(due - now), 0);
}

/* ---- */

int notify_open(struct notify **ret, const struct notify_world *world, struct err *err)
{
    struct notify *notify = calloc(1, sizeof *notify);
    if (notify == NULL)
        return err_set(err, ERR_SYSTEM, "notify: out of memory");
    notify->loop = world->loop;
    notify->events = world->events;
    notify->failure_told = MONO_LONG_AGO;
    (void)snprintf(notify->command, sizeof notify->command, "%s", world->command);
    (void)snprintf(notify->cluster, sizeof notify->cluster, "%s", world->cluster);
    for (size_t i = 0; i < KIND_COUNT; i++)
        notify->messages[i].last = MONO_LONG_AGO;
    notify_limit(notify, RUN_MS, EVERY_MS);
    (void)uv_timer_init(world->loop, &notify->timer);
    uv_unref((uv_handle_t *)&notify->timer);
    notify->timer.data = notify;
    notify->handles = 1;
    events_listen(world->events, on_event, notify);
    *ret = notify;
    return 0;
}

void notify_configure(struct notify *notify, const char *command)
{
    (void)snprintf(notify->command, sizeof notify->command, "%s", command);
}

void notify_limit(struct notify *notify, span_ms run_ms, span_ms every_ms)
{
    notify->run_ms = run_ms;
    notify->every_ms = every_ms;
}

void notify_close(struct notify *notify)
{
    if (notify == NULL || notify->closing)
        return;
    notify->closing = true;
    events_listen(notify->events, NULL, NULL);
    uv_close((uv_handle_t *)&notify->timer, on_closed);
    child_kill(&notify->child); /* its end closes the handle */
}
