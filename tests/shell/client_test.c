/* The client against servers that do everything wrong: each must end in time, with a sentence.
 * client.c belongs to the program `holdfast`, which is no library, so it is compiled in here. */
#include "agent/cli/client.c"

#include <pthread.h>
#include <sys/stat.h>

#include "tests/lib/await.h"

#define LIMIT_MS 300      /* where no answer comes */
#define PATIENT_MS 10000  /* where one does: the server is a thread on a busy machine */

/* A server for one connection: reads the request line, sends `reply`, then closes or hangs. */
struct server {
    char directory[32], path[64];
    int listener;
    const char *reply;
    size_t flood; /* bytes of 'x' to send after the reply */
    bool hang;    /* do not close before the client has gone */
    char request[512];
    pthread_t thread;
};

static void send_flood(int fd, size_t count)
{
    char block[4096];
    memset(block, 'x', sizeof block);
    while (count > 0) {
        size_t size = count < sizeof block ? count : sizeof block;
        ssize_t sent = send(fd, block, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        count -= (size_t)sent;
    }
}

static void *serve(void *argument)
{
    struct server *server = argument;
    int fd = accept(server->listener, NULL, NULL);
    if (fd < 0)
        return NULL;
    size_t used = 0;
    while (used + 1 < sizeof server->request && memchr(server->request, '\n', used) == NULL) {
        ssize_t got = recv(fd, server->request + used, sizeof server->request - 1 - used, 0);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    if (server->reply != NULL)
        (void)send(fd, server->reply, strlen(server->reply), MSG_NOSIGNAL);
    send_flood(fd, server->flood);
    char byte;
    if (server->hang)
        (void)recv(fd, &byte, 1, 0); /* returns when the client closes */
    close(fd);
    return NULL;
}

static void start(struct server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(server->directory, sizeof server->directory, "/tmp/client_test.XXXXXX");
    CHECK(mkdtemp(server->directory) != NULL);
    snprintf(server->path, sizeof server->path, "%s/socket", server->directory);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", server->path);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(listen(server->listener, 4), 0);
    CHECK_EQ(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    unlink(server->path);
    rmdir(server->directory);
}

/* Asks the server; returns what client_ask returned, checks that it kept to its limit (but for the
 * time in which the machine ran something else). */
static int ask(struct server *server, span_ms limit_ms, struct client_answer *answer,
               struct err *err)
{
    json_t *request = client_request("status");
    double before = await_own_ms();
    int code = client_ask(server->path, request, limit_ms, answer, err);
    CHECK(await_own_ms() - before < (double)limit_ms + 200);
    json_decref(request);
    return code;
}

TEST(a_good_answer_is_handed_over)
{
    struct server server = {
        .reply = "{\"v\":1,\"code\":4,\"text\":\"no\",\"result\":{\"a\":1}}\n", .hang = true};
    struct client_answer answer;
    struct err err = {0};
    start(&server);
    CHECK_EQ(ask(&server, PATIENT_MS, &answer, &err), 0);
    CHECK_EQ(answer.code, 4);
    CHECK_STR(answer.text, "no");
    CHECK_EQ(json_integer_value(json_object_get(answer.result, "a")), 1);
    client_forget(&answer);
    stop(&server);
    CHECK_STR(server.request, "{\"v\":1,\"command\":\"status\"}\n");
}

/* One misbehaviour: the call fails and the error contains `part`. */
static void expect_trouble(struct server *server, const char *part)
{
    span_ms limit_ms = server->hang ? LIMIT_MS : PATIENT_MS; /* this one waits for its end */
    struct client_answer answer;
    struct err err = {0};
    start(server);
    CHECK_EQ(ask(server, limit_ms, &answer, &err), ERR_REMOTE);
    CHECK_HAS(err.text, part);
    CHECK_HAS(err.text, server->path);
    client_forget(&answer);
    stop(server);
}

TEST(a_hung_daemon_costs_no_more_than_the_limit)
{
    struct server server = {.hang = true};
    expect_trouble(&server, "no answer in time");
}

TEST(half_a_line_and_silence)
{
    struct server server = {.reply = "{\"v\":1,\"co", .hang = true};
    expect_trouble(&server, "no answer in time");
}

TEST(half_a_line_and_the_end)
{
    struct server server = {.reply = "{\"v\":1,\"co"};
    expect_trouble(&server, "no reply of holdfastd");
}

TEST(nothing_at_all)
{
    struct server server = {0};
    expect_trouble(&server, "without an answer");
}

TEST(rubbish)
{
    static const char *const rubbish[] = {"SSH-2.0-OpenSSH_9.2\n", "[]\n", "{}\n", "\n",
                                          "{\"v\":1,\"code\":\"4\"}\n", "{\"v\":\"1\"}\n"};
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++) {
        struct server server = {.reply = rubbish[i]};
        expect_trouble(&server, "no reply of holdfastd");
    }
}

TEST(another_version)
{
    struct server server = {.reply = "{\"v\":2,\"code\":0}\n"};
    expect_trouble(&server, "another version");
}

TEST(busy_is_neither_yes_nor_no)
{
    struct server server = {.reply = "{\"v\":1,\"code\":3,\"text\":\"busy: try again\"}\n"};
    expect_trouble(&server, "busy: try again");
}

TEST(a_huge_reply)
{
    struct server server = {.flood = 3 * CLIENT_REPLY_SIZE_MAX};
    expect_trouble(&server, "longer than");
}

TEST(nobody_there)
{
    struct client_answer answer;
    struct err err = {0};
    json_t *request = client_request("status");
    CHECK_EQ(client_ask("/nonexistent/holdfast.sock", request, LIMIT_MS, &answer, &err),
             ERR_REMOTE);
    CHECK_STR(err.text, "daemon not reachable at /nonexistent/holdfast.sock: no such socket; is "
                        "holdfastd running?");
    char path[150];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = 0;
    CHECK_EQ(client_ask(path, request, LIMIT_MS, &answer, &err), ERR_REMOTE);
    CHECK_HAS(err.text, "longer than a socket's");
    json_decref(request);
}

TEST(a_stale_socket_file)
{
    struct server server = {0};
    struct client_answer answer;
    struct err err = {0};
    start(&server);
    (void)shutdown(server.listener, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.listener);
    CHECK_EQ(ask(&server, LIMIT_MS, &answer, &err), ERR_REMOTE);
    CHECK_HAS(err.text, "nobody listens there; is holdfastd running?");
    unlink(server.path);
    rmdir(server.directory);
}

TEST(a_full_backlog_is_waited_for_but_not_for_ever)
{
    struct server server = {0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct client_answer answer;
    struct err err = {0};
    int busy[8];
    snprintf(server.directory, sizeof server.directory, "/tmp/client_test.XXXXXX");
    CHECK(mkdtemp(server.directory) != NULL);
    snprintf(server.path, sizeof server.path, "%s/socket", server.directory);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", server.path);
    server.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(server.listener, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(listen(server.listener, 1), 0);
    for (size_t i = 0; i < 8; i++) {
        busy[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(busy[i], (struct sockaddr *)&address, sizeof address);
    }
    CHECK_EQ(ask(&server, LIMIT_MS, &answer, &err), ERR_REMOTE);
    CHECK_HAS(err.text, "does not take calls");
    for (size_t i = 0; i < 8; i++)
        close(busy[i]);
    close(server.listener);
    unlink(server.path);
    rmdir(server.directory);
}

CHECK_MAIN
