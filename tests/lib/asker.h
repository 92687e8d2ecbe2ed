/* asker — whoever asks the http room in a test: a loop, one request at a time, the longest stall,
 * and the server that misbehaves (tests/servers/faulty.py). */
#ifndef HOLDFAST_TESTS_ASKER_H
#define HOLDFAST_TESTS_ASKER_H

#include <signal.h>

#include "../../agent/node/http/http.h"
#include "check.h"
#include "child.h"
#include "spin.h"

enum { PORT_PLAIN, PORT_GOOD, PORT_MISNAMED, PORT_STRANGE, PORT_EXPIRED };

static struct child server;

struct asker {
    uv_loop_t loop;
    struct http *http;
    uv_timer_t tick;
    mono_ms ticked;
    span_ms stall_ms; /* the longest */
    unsigned ended, may_asked;
    bool may;
    struct http_answer answer;
    char body[HTTP_BODY_MAX + 1], detail[TROUBLE_TEXT_SIZE], mark[32];
    char url[256], ca[128];
};

static void on_tick(uv_timer_t *timer)
{
    struct asker *asker = timer->data;
    mono_ms now = clock_now();
    if (asker->ticked != 0 && now - asker->ticked > asker->stall_ms)
        asker->stall_ms = now - asker->ticked;
    asker->ticked = now;
}

static void open_asker_with(struct asker *asker, const char *state_dir, const char *doh_url)
{
    struct err err = {0};
    memset(asker, 0, sizeof *asker);
    (void)signal(SIGPIPE, SIG_IGN); /* as the daemons do */
    uv_loop_init(&asker->loop);
    CHECK_EQ(http_open(&asker->http, &asker->loop, state_dir, doh_url, &err), 0);
    uv_timer_init(&asker->loop, &asker->tick);
    asker->tick.data = asker;
    uv_timer_start(&asker->tick, on_tick, 5, 5);
    asker->may = true;
    snprintf(asker->ca, sizeof asker->ca, "%s/ca.pem", server.dir);
}

__attribute__((unused)) static void open_asker_at(struct asker *asker, const char *state_dir)
{
    open_asker_with(asker, state_dir, NULL);
}

__attribute__((unused)) static void open_asker(struct asker *asker)
{
    open_asker_with(asker, NULL, NULL);
}

static void close_asker(struct asker *asker)
{
    http_close(asker->http);
    uv_close((uv_handle_t *)&asker->tick, NULL);
    CHECK(spin_finish(&asker->loop));
}

static bool may_send(void *owner)
{
    struct asker *asker = owner;
    asker->may_asked++;
    return asker->may;
}

static void on_end(void *owner, const struct http_answer *answer)
{
    struct asker *asker = owner;
    asker->ended++;
    asker->answer = *answer;
    memcpy(asker->body, answer->body, answer->body_size + 1);
    snprintf(asker->detail, sizeof asker->detail, "%s", answer->why->text);
    http_header(answer, "x-mark", asker->mark, sizeof asker->mark);
}

static bool has_ended(void *owner)
{
    return ((struct asker *)owner)->ended > 0;
}

/* An order for the path at a port, under a host's name. */
static struct http_order order_of(struct asker *asker, const char *host, int port,
                                  const char *path)
{
    snprintf(asker->url, sizeof asker->url, "http%s://%s:%u%s", port == PORT_PLAIN ? "" : "s",
             host, server.ports[port], path);
    return (struct http_order){.method = "GET", .url = asker->url, .ca_file = asker->ca,
                               .deadline_ms = 5000, .may_send = may_send, .on_end = on_end,
                               .owner = asker};
}

/* Asks and waits. */
static void run_order(struct asker *asker, const struct http_order *order)
{
    struct err err = {0};
    asker->ended = 0;
    struct http_call *call = http_start(asker->http, order, &err);
    CHECK(call != NULL);
    CHECK_EQ(asker->ended, 0);
    if (call == NULL || !spin_until(&asker->loop, has_ended, asker, SPIN_LIMIT_MS))
        printf("%s: no end: %s\n", order->url, err.text);
    CHECK_EQ(asker->ended, 1);
}

static void get(struct asker *asker, int port, const char *path)
{
    struct http_order order = order_of(asker, "localhost", port, path);
    run_order(asker, &order);
}

__attribute__((unused)) static void get_once(struct asker *asker, int port, const char *path)
{
    open_asker(asker);
    get(asker, port, path);
    close_asker(asker);
}

/* Starts the server, runs the tests, ends it. */
static int asker_main(int argc, char **argv)
{
    if (!child_start(&server, "tests/servers/faulty.py"))
        return 1;
    int failed = check_run(argc, argv);
    child_stop(&server);
    return failed;
}

#endif
