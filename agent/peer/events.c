/* Happy path: an event becomes an object; the log gets it as a line at once, the listener as it
 * is, and the file through the thread pool: one job at a time, either a batch of queued lines or
 * a page for a reader, in turns.
 *
 * Failure modes: the disk is full or broken: the lines stay queued and go again every second;
 * an alarm in the log once a minute; when the queue is full new events are dropped and counted,
 * and the file says so once it can be written. A disk that hangs holds one thread of the pool
 * and the queue, nothing else. No event is kept in memory once it is on disk. */
#include "events.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "events_file.h"
#include "events_line.h"
#include "log.h"

#define QUEUE_COUNT_MAX 1024
#define QUEUE_BYTES_MAX ((size_t)1024 * 1024)
#define READ_COUNT_MAX 4
#define PAGE_LINES_MAX 500
#define SEQ_SIZE 32 /* ,"seq":18446744073709551615} and the end of the line */
#define RETRY_MS 1000
#define CLOSE_MS 1000
#define ALARM_EVERY_MS 60000

struct queued {
    struct queued *next;
    size_t size;
    char text[]; /* an object without its closing brace */
};

struct reading {
    bool taken;
    uint64_t cursor;
    unsigned max;
    bool from_end;
    void (*on_page)(void *owner, json_t *page);
    void *owner;
};

enum job { JOB_NONE, JOB_WRITE, JOB_READ };

struct events {
    uv_loop_t *loop;
    uv_timer_t timer; /* the next try; when closing, the end of patience */
    uv_work_t work;
    char self[NAME_SIZE];
    void (*on_event)(void *owner, const json_t *event);
    void *owner;
    bool closing, impatient;

    struct queued *first, **last;
    size_t queue_count, queue_bytes;
    uint64_t dropped, dropped_told;
    bool failing, write_failed;
    mono_ms complained;

    /* The job that runs; what stands below is the thread's while `job` is set. */
    enum job job, job_before;
    int status;
    struct events_file file;
    char *batch;
    size_t batch_size;
    uint64_t lines_written;
    struct reading readings[READ_COUNT_MAX], reading;
    struct events_slice *slice;
    uint64_t page_next;
    bool page_lost;
};

static void next_job(struct events *events);

int events_open(struct events **ret, uv_loop_t *loop, const char *state_dir, const char *self,
                struct err *err)
{
    struct events *events = calloc(1, sizeof *events);
    if (events == NULL)
        return err_set(err, ERR_SYSTEM, "events: out of memory");
    if (events_file_open(&events->file, state_dir, err) != 0) {
        free(events);
        return err->code;
    }
    events->loop = loop;
    events->last = &events->first;
    events->complained = MONO_LONG_AGO;
    snprintf(events->self, sizeof events->self, "%s", self);
    (void)uv_timer_init(loop, &events->timer);
    uv_unref((uv_handle_t *)&events->timer);
    events->timer.data = events;
    events->work.data = events;
    *ret = events;
    return 0;
}

uint64_t events_dropped(const struct events *events)
{
    return events->dropped;
}

const char *events_self(const struct events *events)
{
    return events->self;
}

void events_listen(struct events *events, void (*on_event)(void *owner, const json_t *event),
                   void *owner)
{
    events->on_event = on_event;
    events->owner = owner;
}

/* To the log only, at most once a minute: an event about it could not be kept either. */
static void complain(struct events *events, const char *what)
{
    mono_ms now = clock_now();
    if (now - events->complained < ALARM_EVERY_MS)
        return;
    events->complained = now;
    log_text(REASON_ALARM, "events-unwritable",
             "%s: %s; %zu events wait in memory, %" PRIu64 " were dropped",
             events->file.now.path, what, events->queue_count, events->dropped);
}

static void enqueue(struct events *events, const char *text, size_t size)
{
    struct queued *queued = malloc(sizeof *queued + size);
    if (queued == NULL || events->queue_count >= QUEUE_COUNT_MAX ||
        events->queue_bytes + size > QUEUE_BYTES_MAX) {
        free(queued);
        events->dropped++;
        complain(events, "the disk does not keep up");
        return;
    }
    *queued = (struct queued){.size = size};
    memcpy(queued->text, text, size);
    *events->last = queued;
    events->last = &queued->next;
    events->queue_count++;
    events->queue_bytes += size;
}

static void queue_object(struct events *events, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    if (text != NULL && strlen(text) + SEQ_SIZE > EVENTS_LINE_SIZE) {
        /* Nothing here makes such events; a line must stay a line all the same. */
        free(text);
        json_t *small = json_pack("{s:O?, s:O?, s:O?, s:O?, s:O?, s:b}", "time",
                                  json_object_get(object, "time"), "boottime_ms",
                                  json_object_get(object, "boottime_ms"), "event",
                                  json_object_get(object, "event"), "epoch",
                                  json_object_get(object, "epoch"), "node",
                                  json_object_get(object, "node"), "cut", 1);
        text = small == NULL ? NULL : json_dumps(small, JSON_COMPACT);
        json_decref(small);
    }
    if (text == NULL || strlen(text) + SEQ_SIZE > EVENTS_LINE_SIZE)
        events->dropped++;
    else
        enqueue(events, text, strlen(text) - 1); /* the closing brace comes with the number */
    free(text);
}

void events_tell(struct events *events, const struct happening *happening)
{
    char line[1200];
    struct events_line_place place = {
        .wall_ms = clock_wall_ms(), .boottime_ms = clock_now(), .node = events->self};
    json_t *object = events_line_json(happening, &place);
    if (object == NULL) {
        events->dropped++;
        return;
    }
    events_line_text(object, line, sizeof line);
    log_line(happening->level, line);
    if (happening->level != REASON_DEBUG) {
        queue_object(events, object);
        if (events->on_event != NULL)
            events->on_event(events->owner, object);
        next_job(events);
    }
    json_decref(object);
}

/* ---- writing ---- */

/* As many queued lines as fit into one batch, with their numbers. */
static bool make_batch(struct events *events)
{
    size_t size = 0;
    uint64_t number = events_file_next(&events->file);
    for (struct queued *one = events->first; one != NULL; one = one->next) {
        if (size + one->size + SEQ_SIZE > EVENTS_BATCH_BYTES)
            break;
        size += one->size + SEQ_SIZE;
    }
    assert(size > 0); /* a batch is wider than any line */
    events->batch = malloc(size);
    events->batch_size = 0;
    if (events->batch == NULL)
        return false;
    for (struct queued *one = events->first; one != NULL; one = one->next) {
        char *end = events->batch + events->batch_size;
        if (size < events->batch_size + one->size + SEQ_SIZE)
            break;
        memcpy(end, one->text, one->size);
        int length = snprintf(end + one->size, SEQ_SIZE, ",\"seq\":%" PRIu64 "}\n", number++);
        events->batch_size += one->size + (size_t)length;
    }
    return true;
}

static void forget_first(struct events *events)
{
    struct queued *first = events->first;
    events->first = first->next;
    if (events->first == NULL)
        events->last = &events->first;
    events->queue_count--;
    events->queue_bytes -= first->size;
    free(first);
}

static void on_retry(uv_timer_t *timer)
{
    next_job(timer->data);
}

static void tell_recovered(struct events *events)
{
    uint64_t missing = events->dropped - events->dropped_told;
    events->dropped_told = events->dropped;
    struct happening happening = {
        .event = "events-written-again",
        .level = missing > 0 ? REASON_WARNING : REASON_NOTICE,
        .text = events->failing ? "the events file can be written again"
                                : "too many events at once: some are in the log only",
        .fields = json_pack("{s:I}", "dropped", (json_int_t)missing)};
    events->failing = false;
    events_tell(events, &happening);
}

static void after_write(struct events *events)
{
    free(events->batch);
    events->batch = NULL;
    for (; events->lines_written > 0 && events->first != NULL; events->lines_written--)
        forget_first(events);
    events->write_failed = events->status != 0;
    if (events->write_failed) {
        events->failing = true;
        complain(events, strerror(-events->status));
        if (!events->closing)
            (void)uv_timer_start(&events->timer, on_retry, RETRY_MS, 0);
    } else if ((events->failing || events->dropped > events->dropped_told) && !events->closing) {
        tell_recovered(events);
    }
}

/* ---- reading ---- */

/* On the thread. Finds where the page begins and fills the slice. */
static void read_page(struct events *events)
{
    const struct reading *reading = &events->reading;
    uint64_t oldest = events_file_oldest(&events->file), next = events_file_next(&events->file);
    uint64_t from = reading->cursor + 1;
    events->page_lost = false;
    if (reading->from_end) {
        from = next - oldest > reading->cursor ? next - reading->cursor : oldest;
    } else if (from < oldest || from > next) {
        events->page_lost = reading->cursor != 0;
        from = oldest;
    }
    do { /* a line that is no page of its own is passed over */
        events->status = events_file_read(&events->file, from, reading->max, events->slice);
    } while (events->status == 0 && events->slice->lines == 0 && from++ < next);
    if (events->slice->lines > 0) {
        events->page_lost = events->page_lost ||
                            (reading->cursor != 0 && !reading->from_end &&
                             events->slice->first > reading->cursor + 1);
        events->page_next = events->slice->first + events->slice->lines - 1;
    } else {
        events->page_next = next - 1;
    }
}

static json_t *make_page(const struct events *events, bool lost)
{
    json_t *list = json_array();
    const char *line = events->slice->bytes, *end = line + events->slice->size;
    while (line < end) {
        size_t length = (size_t)((const char *)memchr(line, '\n', (size_t)(end - line)) - line);
        json_t *event = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
        if (json_is_object(event)) {
            (void)json_object_del(event, "seq");
            (void)json_array_append(list, event);
        } else {
            lost = true; /* damaged on disk */
        }
        json_decref(event);
        line += length + 1;
    }
    return json_pack("{s:o, s:I, s:b}", "events", list, "next",
                     (json_int_t)events->page_next, "lost", (int)lost);
}

static void after_read(struct events *events)
{
    json_t *page = events->status == 0 ? make_page(events, events->page_lost) : NULL;
    struct reading reading = events->reading;
    free(events->slice);
    events->slice = NULL;
    reading.on_page(reading.owner, page);
}

void events_read(struct events *events, const struct events_range *range,
                 void (*on_page)(void *owner, json_t *page), void *owner)
{
    size_t i = 0;
    while (i < READ_COUNT_MAX && events->readings[i].taken)
        i++;
    if (i == READ_COUNT_MAX || events->closing) {
        on_page(owner, NULL);
        return;
    }
    events->readings[i] =
        (struct reading){.taken = true,
                         .cursor = range->cursor < UINT64_MAX ? range->cursor : UINT64_MAX - 1,
                         .max = range->max < PAGE_LINES_MAX ? range->max : PAGE_LINES_MAX,
                         .from_end = range->from_end,
                         .on_page = on_page,
                         .owner = owner};
    next_job(events);
}

/* ---- one job at a time ---- */

static void on_work(uv_work_t *work)
{
    struct events *events = work->data;
    if (events->job == JOB_READ)
        read_page(events);
    else
        events->status = events_file_append(&events->file, events->batch, events->batch_size,
                                            &events->lines_written);
}

static void on_worked(uv_work_t *work, int status)
{
    struct events *events = work->data;
    (void)status; /* nothing cancels it */
    enum job job = events->job;
    events->job = JOB_NONE;
    events->job_before = job;
    if (job == JOB_READ)
        after_read(events);
    else
        after_write(events);
    next_job(events);
}

static bool start_write(struct events *events)
{
    bool waits = uv_is_active((const uv_handle_t *)&events->timer) && !events->closing;
    bool done_with = events->closing && (events->impatient || events->write_failed);
    if (events->first == NULL || waits || done_with || !make_batch(events))
        return false;
    events->job = JOB_WRITE;
    events->lines_written = 0;
    return true;
}

static bool start_read(struct events *events)
{
    if (!events->readings[0].taken)
        return false;
    events->slice = malloc(sizeof *events->slice);
    events->reading = events->readings[0];
    memmove(&events->readings[0], &events->readings[1],
            sizeof events->readings - sizeof events->readings[0]);
    events->readings[READ_COUNT_MAX - 1].taken = false;
    if (events->slice == NULL) {
        events->reading.on_page(events->reading.owner, NULL);
        return false;
    }
    events->job = JOB_READ;
    return true;
}

static void on_closed(uv_handle_t *handle)
{
    struct events *events = handle->data;
    while (events->first != NULL)
        forget_first(events);
    free(events);
}

static void next_job(struct events *events)
{
    if (events->job != JOB_NONE)
        return;
    bool started = events->job_before != JOB_WRITE && start_write(events);
    if (!started) /* taking turns */
        started = start_read(events) || start_write(events);
    if (started) /* it fails for a missing callback only */
        (void)uv_queue_work(events->loop, &events->work, on_work, on_worked);
    uv_handle_t *timer = (uv_handle_t *)&events->timer;
    if (!started && events->closing && !uv_is_closing(timer))
        uv_close(timer, on_closed);
}

static void on_patience_end(uv_timer_t *timer)
{
    struct events *events = timer->data;
    events->impatient = true;
    next_job(events);
}

void events_close(struct events *events)
{
    if (events == NULL)
        return;
    events->closing = true;
    events->on_event = NULL;
    for (size_t i = 0; i < READ_COUNT_MAX; i++) {
        struct reading reading = events->readings[i];
        events->readings[i].taken = false;
        if (reading.taken)
            reading.on_page(reading.owner, NULL);
    }
    events->write_failed = false; /* one try more, whatever the last one said */
    uv_update_time(events->loop);
    (void)uv_timer_start(&events->timer, on_patience_end, CLOSE_MS, 0);
    next_job(events);
}
