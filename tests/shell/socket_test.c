/* Datagrams on the loopback: both families, every path, the last source, and names. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "agent/peer/reach.h"
#include "agent/peer/socket.h"
#include "tests/lib/check.h"
#include "tests/lib/loop.h"
#include "tests/lib/port.h"

#define LIMIT_MS 5000

struct heard {
    unsigned count, wanted;
    size_t size;
    uint8_t first;
    struct socket *socket;
    int learns; /* peer that the source is learned for, -1 = none */
};

static void on_datagram(void *owner, const struct socket_datagram *datagram)
{
    struct heard *heard = owner;
    heard->count++;
    heard->size = datagram->size;
    heard->first = datagram->size > 0 ? datagram->bytes[0] : 0;
    if (heard->learns >= 0)
        socket_verified(heard->socket, (uint8_t)heard->learns, datagram);
}

static bool is_heard(void *context)
{
    const struct heard *heard = context;
    return heard->count >= heard->wanted;
}

static struct endpoint endpoint(const char *host, uint16_t port)
{
    struct endpoint made = {.port = port};
    snprintf(made.host, sizeof made.host, "%s", host);
    return made;
}

struct bench {
    uv_loop_t loop;
    struct config *config;
    struct socket *sockets[2];
    struct heard heard[2];
};

static int open_one(struct bench *bench, size_t index, const struct endpoint *listen,
                    size_t count, struct err *err)
{
    struct heard *heard = &bench->heard[index];
    *heard = (struct heard){.learns = -1};
    struct socket_order order = {.loop = &bench->loop,
                                 .config = bench->config,
                                 .self = (uint8_t)index,
                                 .listen = listen,
                                 .listen_count = count,
                                 .on_datagram = on_datagram,
                                 .owner = heard};
    int code = socket_open(&bench->sockets[index], &order, err);
    heard->socket = bench->sockets[index];
    return code;
}

static void set_up(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    uv_loop_init(&bench->loop);
    bench->config = calloc(1, sizeof *bench->config);
}

static void tear_down(struct bench *bench)
{
    socket_close(bench->sockets[0]);
    socket_close(bench->sockets[1]);
    CHECK(loop_end(&bench->loop));
    free(bench->config);
}

/* Opens 1 on a free port of `host`, and 0, which knows 1 by `name`. */
static void connect_two(struct bench *bench, const char *host, const char *name)
{
    struct err err = {0};
    struct endpoint listen = endpoint(host, 0);
    struct peer_config *peer = &bench->config->peers[1];
    CHECK_EQ(open_one(bench, 1, &listen, 1, &err), 0);
    peer->addresses[0] = endpoint(name, socket_port(bench->sockets[1]));
    peer->address_count = 1;
    CHECK_EQ(open_one(bench, 0, &listen, 1, &err), 0);
}

static bool hears(struct bench *bench, size_t who, unsigned count)
{
    bench->heard[who].wanted = count;
    return loop_until(&bench->loop, is_heard, &bench->heard[who], LIMIT_MS);
}

static void send_and_hear(const char *host)
{
    struct bench bench;
    static const uint8_t bytes[1200] = {7};
    set_up(&bench);
    connect_two(&bench, host, host);
    socket_send(bench.sockets[0], 1, bytes, sizeof bytes);
    CHECK(hears(&bench, 1, 1));
    CHECK_EQ(bench.heard[1].size, sizeof bytes);
    CHECK_EQ(bench.heard[1].first, 7);
    CHECK_EQ(socket_counted(bench.sockets[0]).sent, 1);
    CHECK_EQ(socket_counted(bench.sockets[1]).received, 1);
    tear_down(&bench);
}

TEST(sends_and_hears_ipv4) { send_and_hear("127.0.0.1"); }
TEST(sends_and_hears_ipv6) { send_and_hear("::1"); }

TEST(every_path_gets_every_datagram)
{
    struct bench bench;
    struct err err = {0};
    uint16_t port = port_free(); /* the kernel gives it to nobody else */
    struct endpoint listen[2] = {endpoint("127.0.0.1", port), endpoint("::1", port)};
    set_up(&bench);
    CHECK_EQ(open_one(&bench, 1, listen, 2, &err), 0);
    struct peer_config *peer = &bench.config->peers[1];
    peer->addresses[peer->address_count++] = listen[0];
    peer->addresses[peer->address_count++] = listen[1];
    peer->addresses[peer->address_count++] = listen[0]; /* twice the same: sent once */
    struct endpoint any[2] = {endpoint("127.0.0.1", 0), endpoint("::1", 0)};
    CHECK_EQ(open_one(&bench, 0, any, 2, &err), 0);
    socket_send(bench.sockets[0], 1, (const uint8_t *)"x", 1);
    CHECK(hears(&bench, 1, 2));
    CHECK_EQ(socket_counted(bench.sockets[0]).sent, 2);
    tear_down(&bench);
}

TEST(the_last_verified_source_is_a_path_too)
{
    struct bench bench;
    set_up(&bench);
    connect_two(&bench, "127.0.0.1", "127.0.0.1"); /* 1 knows no address of 0 */
    socket_send(bench.sockets[1], 0, (const uint8_t *)"x", 1);
    CHECK_EQ(socket_counted(bench.sockets[1]).sent, 0);
    socket_send(bench.sockets[0], 1, (const uint8_t *)"x", 1);
    CHECK(hears(&bench, 1, 1));
    socket_send(bench.sockets[1], 0, (const uint8_t *)"x", 1);
    CHECK_EQ(socket_counted(bench.sockets[1]).sent, 0); /* heard, but nobody verified it */
    bench.heard[1].learns = 0;
    socket_send(bench.sockets[0], 1, (const uint8_t *)"x", 1);
    CHECK(hears(&bench, 1, 2));
    socket_send(bench.sockets[1], 0, (const uint8_t *)"x", 1);
    CHECK(hears(&bench, 0, 1));
    struct err err;
    CHECK_EQ(socket_configure(bench.sockets[1], bench.config, &err), 0); /* SIGHUP keeps it */
    socket_send(bench.sockets[1], 0, (const uint8_t *)"x", 1);
    CHECK(hears(&bench, 0, 2));
    tear_down(&bench);
}

TEST(a_source_that_is_configured_is_not_sent_to_twice)
{
    struct bench bench;
    set_up(&bench);
    connect_two(&bench, "127.0.0.1", "127.0.0.1");
    bench.heard[0].learns = 1;
    bench.heard[1].learns = 0;
    socket_send(bench.sockets[0], 1, (const uint8_t *)"x", 1);
    CHECK(hears(&bench, 1, 1));
    socket_send(bench.sockets[1], 0, (const uint8_t *)"x", 1);
    CHECK(hears(&bench, 0, 1));
    socket_send(bench.sockets[0], 1, (const uint8_t *)"x", 1);
    CHECK_EQ(socket_counted(bench.sockets[0]).sent, 2);
    tear_down(&bench);
}

/* A stranger's datagram, longer than any that a peer may send. */
TEST(an_oversized_datagram_shows_as_too_long)
{
    struct bench bench;
    static const uint8_t bytes[9000];
    set_up(&bench);
    connect_two(&bench, "127.0.0.1", "127.0.0.1");
    socket_send(bench.sockets[0], 1, bytes, sizeof bytes);
    CHECK(hears(&bench, 1, 1));
    CHECK(bench.heard[1].size > 1200);
    socket_send(bench.sockets[0], 1, bytes, 0); /* an empty one is heard, too */
    CHECK(hears(&bench, 1, 2));
    CHECK_EQ(bench.heard[1].size, 0);
    tear_down(&bench);
}


static bool is_sent(void *context)
{
    struct bench *bench = context;
    socket_send(bench->sockets[0], 1, (const uint8_t *)"x", 1);
    return socket_counted(bench->sockets[0]).sent > 0;
}

TEST(a_name_is_resolved)
{
    struct bench bench;
    set_up(&bench);
    connect_two(&bench, "127.0.0.1", "localhost");
    CHECK(loop_until(&bench.loop, is_sent, &bench, LIMIT_MS));
    CHECK(hears(&bench, 1, 1));
    tear_down(&bench);
}

TEST(closing_while_a_name_is_asked_for_is_safe)
{
    struct bench bench;
    set_up(&bench);
    connect_two(&bench, "127.0.0.1", "nobody.invalid");
    uv_run(&bench.loop, UV_RUN_NOWAIT); /* the question is asked */
    tear_down(&bench);
    set_up(&bench);
    connect_two(&bench, "127.0.0.1", "nobody.invalid");
    tear_down(&bench); /* not asked yet */
}

TEST(an_address_in_use_is_explained)
{
    struct bench bench;
    struct err err = {0};
    set_up(&bench);
    connect_two(&bench, "127.0.0.1", "127.0.0.1");
    socket_close(bench.sockets[0]);
    struct endpoint taken = endpoint("127.0.0.1", socket_port(bench.sockets[1]));
    bench.sockets[0] = NULL;
    CHECK_EQ(open_one(&bench, 0, &taken, 1, &err), ERR_IN_USE);
    CHECK_HAS(err.text, "in use");
    taken = endpoint("192.0.2.1", 9930);
    CHECK_EQ(open_one(&bench, 0, &taken, 1, &err), ERR_IN_USE);
    CHECK_HAS(err.text, "192.0.2.1:9930");
    tear_down(&bench);
}

TEST(sending_into_the_void_is_only_counted)
{
    struct bench bench;
    set_up(&bench);
    connect_two(&bench, "127.0.0.1", "127.0.0.1");
    bench.config->peers[1].addresses[0] = endpoint("2001:db8::1", 9930); /* no such family */
    struct err err;
    CHECK_EQ(socket_configure(bench.sockets[0], bench.config, &err), 0);
    for (unsigned i = 0; i < 10; i++)
        socket_send(bench.sockets[0], 1, (const uint8_t *)"x", 1);
    CHECK_EQ(socket_counted(bench.sockets[0]).send_errors, 10);
    tear_down(&bench);
}

TEST(addresses_have_one_text)
{
    struct reach_address address;
    struct endpoint made = endpoint("2001:db8::1", 9930);
    char text[REACH_TEXT_SIZE];
    CHECK(reach_parse(&made, &address));
    reach_text(&address.any, text);
    CHECK_STR(text, "[2001:db8::1]:9930");
    made = endpoint("203.0.113.10", 65535);
    CHECK(reach_parse(&made, &address));
    reach_text(&address.any, text);
    CHECK_STR(text, "203.0.113.10:65535");
    made = endpoint("pbx.example.com", 1);
    CHECK(!reach_parse(&made, &address));
    struct sockaddr other = {.sa_family = AF_UNIX};
    reach_text(&other, text);
    CHECK_STR(text, "?:0");
}

CHECK_MAIN
