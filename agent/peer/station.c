/* Happy path: read options, configuration and key; open state, log, sockets; start the core; run.
 * SIGTERM gives the lease up first, says so a few times, closes everything and ends. `holdfast
 * restart` closes everything without a word and executes the program again: the promise of the
 * others is still in force when it comes back.
 *
 * Failure modes: everything that can be wrong at the start is one line on stderr (the
 * configuration: one for each mistake) and an exit code. After the start nothing ends the daemon
 * but a signal: troubles are states that `status` shows. A stop that does not get through is
 * over after 2 s: the lease then ends by itself. A disk or a resolver that hangs does not hold up
 * the end either: closing has a limit, a short one at a restart, which must fit into a lease. */
#include "station.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basis.h"
#include "clock.h"
#include "commands.h"
#include "control.h"
#include "happen.h"
#include "log.h"
#include "notify.h"
#include "options.h"
#include "process.h"
#include "ready.h"
#include "reload.h"
#include "store.h"

#define STOP_MS 2000
#define STOP_LOOK_MS 10
#define CLOSE_MS 1500
#define CLOSE_MS_RESTART 250
#define REDUNDANCY_LOOK_MS 1000
#define SIGNAL_COUNT 3

struct station {
    const struct station_program *program;
    struct process process;
    struct options given; /* the command line */
    struct basis basis;
    uv_loop_t loop;
    struct store *store;
    struct stored found;
    char state_trouble[512]; /* what was wrong with the state file at the start */
    struct events *events;
    struct notify *notify;
    struct pump *pump;
    struct happen *happen;
    struct commands *commands;
    struct control *control;
    struct ready ready;
    uv_signal_t signals[SIGNAL_COUNT];
    uv_timer_t stop; /* looks whether the lease is given up; or closes in the next turn */
    uv_timer_t limit; /* of the closing */
    mono_ms stop_until;
    mono_ms looked_at; /* redundancy */
    bool stopping, restarting, closed;
    bool set_back;   /* the restart follows a memory that was set back: nothing is taken over */
    bool hangs; /* a thread waits for the disk or the resolver */
};

/* ---- before the loop ---- */

static struct basis_order start_order(const struct station *station)
{
    return (struct basis_order){.given = &station->given,
                                .witness = station->program->witness,
                                .check = station->program->check,
                                .owner = station->program->owner};
}

static int prepare(struct station *station, struct err *err)
{
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct basis_order order = start_order(station);
    if (complaints == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    int code = basis_read(&station->basis, &order, complaints, err);
    for (size_t i = 0; i < complaints->count; i++)
        fprintf(stderr, "%s: %s%s\n", station->program->name,
                complaints->list[i].warning ? "warning: " : "", complaints->list[i].text);
    free(complaints);
    if (code == 0)
        log_name(station->program->name,
                 station->basis.config->peers[station->basis.self].name);
    return code;
}

/* An event of the process itself. */
static void tell(struct station *station, const char *event, const char *text)
{
    json_t *fields = json_pack("{s:s, s:s}", "version", HOLDFAST_VERSION, "cluster",
                               station->basis.config->cluster);
    events_tell(station->events, &(struct happening){.event = event,
                                                     .level = REASON_NOTICE,
                                                     .text = text,
                                                     .fields = fields});
}

/* ---- the end ---- */

static void on_limit(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void close_rooms(struct station *station)
{
    if (station->closed)
        return;
    station->closed = true;
    uv_timer_start(&station->limit, on_limit, station->restarting ? CLOSE_MS_RESTART : CLOSE_MS,
                   0);
    uv_unref((uv_handle_t *)&station->limit);
    process_hold_signals(true);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        uv_close((uv_handle_t *)&station->signals[i], NULL);
    uv_close((uv_handle_t *)&station->stop, NULL);
    if (station->commands != NULL)
        commands_close(station->commands);
    control_close(station->control);
    if (station->program->close != NULL)
        station->program->close(station->program->owner);
    pump_close(station->pump);
    store_close(station->store); /* with the pump: it answers to it */
    happen_close(station->happen);
    notify_close(station->notify);
    ready_close(&station->ready);
    if (station->events != NULL)
        events_close(station->events);
}

/* The last words of a process that comes back at once: nothing is done after them. A lease that
 * ended because the process stood still on its way out has ended when it did. */
static void tell_restart(struct station *station)
{
    struct event event = {.kind = EVENT_WAKE};
    pump_event(station->pump, &event);
    tell(station, "restart", "executes its program again, keeping its standing");
}

static void on_stop_look(uv_timer_t *timer)
{
    struct station *station = timer->data;
    if (station->restarting && !station->closed)
        tell_restart(station);
    if (station->restarting || pump_has_left(station->pump) || clock_now() >= station->stop_until)
        close_rooms(station);
}

static void stop(struct station *station)
{
    struct event event = {.kind = EVENT_ORDER};
    event.order.order = ORDER_STOP;
    event.order.peer = PEER_NONE;
    if (station->stopping) {
        station->stop_until = clock_now(); /* asked twice: at once */
        return;
    }
    station->restarting = false; /* who is to end does not come back */
    station->stopping = true;
    station->stop_until = clock_now() + STOP_MS;
    ready_stopping(&station->ready);
    bool node = station->basis.self < NODE_COUNT;
    tell(station, "stop", node ? "asked to stop: gives up what it holds first" : "asked to stop");
    pump_event(station->pump, &event);
    if (station->program->demoted != NULL)
        station->program->demoted(station->program->owner);
    uv_timer_start(&station->stop, on_stop_look, 0, STOP_LOOK_MS);
}

/* Closes in the next turn of the loop, without a word, to come back at once. */
static void restart(void *owner)
{
    struct station *station = owner;
    struct err err;
    if (station->stopping || station->restarting)
        return;
    if (process_check_again(&station->process, &err) != 0) {
        log_text(REASON_ALARM, "restart-failed", "%s", err.text);
        return;
    }
    station->restarting = true;
    uv_timer_start(&station->stop, on_stop_look, STOP_LOOK_MS, STOP_LOOK_MS);
}

/* An operator's restart: what would not start again goes on running. */
static bool restart_asked(void *owner, char *ret_why, size_t size)
{
    struct station *station = owner;
    struct basis_order order = start_order(station);
    struct err err;
    bool leaves = station->stopping || station->restarting;
    if (leaves)
        snprintf(ret_why, size, "the daemon is just stopping");
    else if (process_check_again(&station->process, &err) != 0)
        snprintf(ret_why, size, "%s", err.text);
    else if (basis_stands(&order, ret_why, size)) {
        restart(station);
        return true;
    }
    return false;
}

/* This machine's memory was set back, and its disk perhaps with it: nothing is taken over. */
static void begin_anew(void *owner)
{
    struct station *station = owner;
    station->set_back = true;
    restart(owner);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct station *station = handle->data;
    if (number != SIGHUP) {
        stop(station);
        return;
    }
    ready_reloading(&station->ready);
    if (reload_config(station->basis.config, station->pump))
        notify_configure(station->notify, station->basis.config->notify_command);
    ready_up(&station->ready);
}

/* ---- what the rooms ask of each other ---- */

static json_t *counters(void *owner)
{
    struct station *station = owner;
    json_t *object = json_object();
    pump_count(station->pump, object);
    (void)json_object_set_new(object, "log_lines_dropped",
                              json_integer((json_int_t)log_dropped()));
    (void)json_object_set_new(object, "events_dropped",
                              json_integer((json_int_t)events_dropped(station->events)));
    return object;
}

static json_t *records(void *owner)
{
    const struct station_program *program = ((struct station *)owner)->program;
    return program->records(program->owner);
}

static json_t *probes(void *owner)
{
    const struct station_program *program = ((struct station *)owner)->program;
    return program->probes(program->owner);
}

static json_t *unfit_reasons(void *owner)
{
    const struct station_program *program = ((struct station *)owner)->program;
    return program->unfit_reasons(program->owner);
}

static void poke(void *owner)
{
    const struct station_program *program = ((struct station *)owner)->program;
    program->poke(program->owner);
}

static bool handle(void *owner, struct control_call *call, const char *command,
                   const json_t *request)
{
    const struct station_program *program = ((struct station *)owner)->program;
    return program->handle != NULL && program->handle(program->owner, call, command, request);
}

static void on_standing(void *owner, const struct standing_report *report)
{
    static const char *const words[] = {[STANDING_ALONE] = "no holder is known",
                                        [STANDING_STANDBY] = "standby",
                                        [STANDING_HOLDER] = "HOLDS",
                                        [STANDING_FORCED] = "acts by force",
                                        [STANDING_WITNESS] = "witness"};
    struct station *station = owner;
    ready_status(&station->ready, words[report->standing]);
}

/* A view is made at most once a second: it costs more than a step. */
static void on_step(void *owner, mono_ms now)
{
    struct station *station = owner;
    struct view view;
    if (now - station->looked_at < REDUNDANCY_LOOK_MS || station->stopping)
        return;
    station->looked_at = now;
    pump_view(station->pump, &view);
    happen_redundancy(station->happen, view.crash_survivable);
}

/* ---- opening ---- */

static int open_pump(struct station *station, struct err *err)
{
    static const struct endpoint everywhere[] = {{"0.0.0.0", OPTIONS_PORT},
                                                 {"::", OPTIONS_PORT}};
    bool by_default = station->basis.options.listen_count == 0;
    struct pump_world world = {
        .loop = &station->loop,
        .config = station->basis.config,
        .self = station->basis.self,
        .secret = station->basis.secret,
        .store = station->store,
        .found = station->found,
        .in_place = station->process.resumed,
        .listen = by_default ? everywhere : station->basis.options.listen,
        .listen_count = by_default ? 2 : station->basis.options.listen_count,
        .listen_is_default = by_default,
        .on_new_boot = begin_anew,
        .owner = station,
    };
    return pump_open(&station->pump, &world, err);
}

static int open_commands(struct station *station, struct err *err)
{
    bool node = !station->program->witness;
    struct commands_world world = {
        .loop = &station->loop,
        .pump = station->pump,
        .events = station->events,
        .config = station->basis.config,
        .certificate = pump_certificate(station->pump),
        .state_dir = station->basis.options.state_dir,
        .state_trouble = station->state_trouble,
        .records = node ? records : NULL,
        .probes = node ? probes : NULL,
        .unfit_reasons = node ? unfit_reasons : NULL,
        .counters = counters,
        .handle = handle,
        .poke = node ? poke : NULL,
        .restart = restart_asked,
        .owner = station,
    };
    int code = commands_open(&station->commands, &world, err);
    if (code != 0)
        return code;
    struct control_world control = {.loop = &station->loop,
                                    .path = station->basis.options.socket,
                                    .handler = commands_handle,
                                    .owner = station->commands};
    return control_open(&station->control, &control, err);
}

static int open_talk(struct station *station, struct err *err)
{
    const struct config *config = station->basis.config;
    int code = events_open(&station->events, &station->loop, station->basis.options.state_dir,
                           config->peers[station->basis.self].name, err);
    struct notify_world notify = {.loop = &station->loop,
                                  .command = config->notify_command,
                                  .cluster = config->cluster,
                                  .events = station->events};
    if (code == 0)
        code = notify_open(&station->notify, &notify, err);
    struct happen_world happen = {.loop = &station->loop,
                                  .events = station->events,
                                  .notify = station->notify,
                                  .names = {config->peers[0].name, config->peers[1].name,
                                            config->peers[2].name},
                                  .self = station->basis.self};
    return code == 0 ? happen_open(&station->happen, &happen, err) : code;
}

static int open_program(struct station *station, struct err *err)
{
    struct station_rooms rooms = {.loop = &station->loop,
                                  .config = station->basis.config,
                                  .state_dir = station->basis.options.state_dir,
                                  .self = station->basis.self,
                                  .pump = station->pump,
                                  .events = station->events,
                                  .resumed_fit = station->process.resumed_fit};
    pump_watch(station->pump, happen_watcher(station->happen));
    pump_watch(station->pump, (struct pump_watcher){.on_standing = on_standing,
                                                    .on_step = on_step,
                                                    .owner = station});
    return station->program->open == NULL
               ? 0
               : station->program->open(station->program->owner, &rooms, err);
}

/* The order is the dependence: each room uses only those before it. */
static int open_rooms(struct station *station, struct err *err)
{
    static const int numbers[SIGNAL_COUNT] = {SIGTERM, SIGINT, SIGHUP};
    ready_open(&station->ready, &station->loop);
    uv_timer_init(&station->loop, &station->stop);
    station->stop.data = station;
    uv_timer_init(&station->loop, &station->limit);
    for (size_t i = 0; i < SIGNAL_COUNT; i++) {
        uv_signal_init(&station->loop, &station->signals[i]);
        station->signals[i].data = station;
        uv_signal_start(&station->signals[i], on_signal, numbers[i]);
    }
    process_hold_signals(false);
    int code = store_open(&station->store, &station->loop, station->basis.options.state_dir,
                          &station->found, err);
    if (code == 0 && !station->found.present)
        snprintf(station->state_trouble, sizeof station->state_trouble, "%s",
                 store_trouble(station->store));
    if (code == 0)
        code = open_talk(station, err);
    if (code == 0)
        code = open_pump(station, err);
    if (code == 0)
        code = open_commands(station, err);
    if (code == 0)
        code = open_program(station, err);
    return code;
}

static void start(struct station *station)
{
    tell(station, "start", "the daemon starts");
    if (!station->found.present)
        log_text(REASON_ALARM, "state-missing", "%s", station->state_trouble);
    pump_start(station->pump);
    commands_resume(station->commands);
    if (station->program->demoted != NULL)
        station->program->demoted(station->program->owner);
    ready_up(&station->ready);
}

static int run(struct station *station, struct err *err)
{
    int status = uv_loop_init(&station->loop);
    if (status != 0)
        return err_set(err, ERR_SYSTEM, "event loop: %s", uv_strerror(status));
    int code = open_rooms(station, err);
    if (code == 0) {
        log_open(&station->loop, station->program->name, station->basis.options.foreground);
        start(station);
    } else
        close_rooms(station);
    uv_run(&station->loop, UV_RUN_DEFAULT); /* until all is closed, or the limit */
    if (code == 0)
        log_close();
    uv_close((uv_handle_t *)&station->limit, NULL);
    uv_run(&station->loop, UV_RUN_NOWAIT);
    station->hangs = uv_loop_close(&station->loop) != 0;
    return code;
}

static int exit_code(const struct station *station, const struct err *err)
{
    static const int codes[] = {[-ERR_USAGE] = 2, [-ERR_STATE] = 5, [-ERR_IN_USE] = 6,
                                [-ERR_SYSTEM] = 1, [-ERR_REMOTE] = 1};
    if (err->code == 0)
        return 0;
    if (err->text[0] != '\0')
        fprintf(stderr, "%s: %s\n", station->program->name, err->text);
    return codes[-err->code];
}

/* Answers --version and --help; true when there was one. */
static bool answered(const struct station *station)
{
    if (station->given.version)
        printf("%s %s\n", station->program->name, HOLDFAST_VERSION);
    else if (station->given.help)
        printf("%s\n%s", station->program->first_line, options_text());
    return station->given.version || station->given.help;
}

int station_run(const struct station_program *program, int argc, char **argv)
{
    struct station *station = calloc(1, sizeof *station);
    struct err err = {.code = 0};
    if (station == NULL)
        return 1;
    station->program = program;
    log_name(program->name, NULL);
    int code = process_prepare(&station->process, argc, argv, &err);
    if (code == 0)
        code = options_parse(&station->given, OPTIONS_DAEMON, &argc, argv, &err);
    if (code == 0 && !answered(station)) {
        code = prepare(station, &err);
        if (code == 0)
            code = run(station, &err);
    }
    bool fit = program->is_fit != NULL && program->is_fit(program->owner);
    const char *resume = station->set_back ? NULL : fit ? PROCESS_FIT : PROCESS_UNFIT;
    basis_close(&station->basis);
    if (code == 0 && station->restarting)
        (void)process_again(&station->process, resume, &err);
    int status = exit_code(station, &err);
    if (station->hangs)
        _exit(status); /* an orderly exit would wait for that thread */
    process_forget(&station->process);
    free(station);
    return status;
}
