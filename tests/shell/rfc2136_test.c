/* rfc2136 — the provider alone: bytes that come late, and a server that lies. */
#include "../../agent/node/dns/packet.h"
#include "../../agent/node/dns/packet_walk.h"
#include "../../agent/node/dns/verdict.h"
#include "../../agent/node/record_serve.h"
#include "../lib/fake_dns.h"
#include "../lib/spin.h"

#define TRY_MS 6000 /* on a loaded machine a disk may take its time */

/* One provider and what it answered last. */
struct client {
    struct provider *provider;
    struct permit permit;
    bool may, ended;
    unsigned asked, outcomes;
    enum provider_outcome outcome;
    struct provider_state state;
    char detail[TROUBLE_TEXT_SIZE];
};

static bool still(void *owner, const struct permit *permit)
{
    struct client *client = owner;
    (void)permit;
    client->asked++;
    return client->may;
}

static void on_write(void *owner, enum provider_outcome outcome, const struct trouble *why)
{
    struct client *client = owner;
    client->ended = true;
    client->outcomes++;
    client->outcome = outcome;
    snprintf(client->detail, sizeof client->detail, "%s", why->text);
}

static void on_read(void *owner, enum provider_outcome outcome,
                    const struct provider_state *state, const struct trouble *why)
{
    struct client *client = owner;
    client->state = *state;
    on_write(owner, outcome, why);
}

static bool has_ended(void *owner)
{
    return ((struct client *)owner)->ended;
}

static void client_open(struct client *client, uv_loop_t *loop,
                        const struct record_config *config)
{
    struct err err = {0};
    struct provider_world world = {.loop = loop};
    memset(client, 0, sizeof *client);
    client->may = true;
    if (provider_rfc2136.open(&client->provider, &world, config, &err) != 0)
        printf("%s\n", err.text);
    CHECK(client->provider != NULL);
}

static void start_write(struct client *client, const struct provider_change *change,
                        span_ms limit_ms)
{
    struct provider_caller caller = {still, on_write, client};
    client->ended = false;
    provider_rfc2136.write(&client->permit, client->provider, change, limit_ms, &caller);
}

static void read_all(struct client *client, uv_loop_t *loop)
{
    client->ended = false;
    provider_rfc2136.read(client->provider, PROVIDER_PRIMARY, TRY_MS, on_read, client);
    CHECK(spin_until(loop, has_ended, client, SPIN_LIMIT_MS));
}

static void change_of(struct provider_change *ret, const char *old, unsigned round, unsigned who)
{
    memset(ret, 0, sizeof *ret);
    snprintf(ret->old_fence, sizeof ret->old_fence, "%s", old);
    snprintf(ret->new_fence, sizeof ret->new_fence, "v=1;e=%u;h=server%u;t=%016x", round + 1,
             who + 1, 2 * round + who);
    snprintf(ret->new_serve.a[0], sizeof ret->new_serve.a[0], "192.0.%u.%u", who + 1,
             round % 250 + 1);
    snprintf(ret->new_serve.aaaa[0], sizeof ret->new_serve.aaaa[0], "2001:db8:%u::%u", who + 1,
             round % 250 + 1);
    ret->new_serve.a_count = ret->new_serve.aaaa_count = 1;
    ret->ttl_s = 30;
}

/* Bytes of an old holder that were on their way when the newer one wrote. */
TEST(late_bytes_are_fenced_out)
{
    struct dns_server server;
    struct record_config config;
    struct client client;
    struct provider_change old, newer;
    struct packet_key key = {.name = "upd.", .algorithm = "hmac-sha256."};
    struct packet_names names = {"example.com", "pbx.example.com", "_holdfast.pbx.example.com"};
    struct packet late;
    struct packet_answer answer;
    uint8_t reply[512];
    uv_loop_t loop;
    char secret[] = DNS_SERVER_SECRET;
    key.secret = secret;
    CHECK(dns_server_start(&server, DNS_SERVER_BIND));
    uv_loop_init(&loop);
    dns_server_record(&server, &config);
    client_open(&client, &loop, &config);
    change_of(&old, "", 1, 0);
    change_of(&newer, "", 2, 1);
    CHECK(packet_update(&late, &names, &key, &old));
    start_write(&client, &newer, TRY_MS);
    CHECK(spin_until(&loop, has_ended, &client, SPIN_LIMIT_MS));
    CHECK_EQ(client.outcome, PROVIDER_WON);

    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = port_socket(SOCK_DGRAM, 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    CHECK(send(fd, late.bytes, late.size, 0) > 0);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&wait, 1, 3000), 1);
    ssize_t size = recv(fd, reply, sizeof reply, 0);
    CHECK(size > 12);
    CHECK_EQ(packet_reply(&late, &key, reply, (size_t)size, &answer), PACKET_ANSWER);
    CHECK(answer.verified);
    CHECK_EQ(answer.rcode, 7); /* YXRRSET: a fence exists */
    close(fd);
    read_all(&client, &loop);
    CHECK_STR(client.state.fence, newer.new_fence);
    CHECK(record_serve_same(&client.state.serve, &newer.new_serve));
    packet_free(&late);
    provider_rfc2136.close(client.provider);
    CHECK(spin_finish(&loop));
    dns_server_stop(&server);
}

/* More addresses than a UDP answer holds: asked again over TCP. */
TEST(truncated_answer_is_read_over_tcp)
{
    struct dns_server server;
    struct record_config config;
    struct client client;
    uv_loop_t loop;
    char lines[4096] = "";
    size_t len = 0;
    CHECK(dns_server_start(&server, DNS_SERVER_BIND));
    for (unsigned i = 1; i <= 60; i++)
        len += (size_t)snprintf(lines + len, sizeof lines - len,
                                "update add pbx.example.com 30 A 198.51.100.%u\n", i);
    CHECK(dns_server_edit(&server, lines));
    uv_loop_init(&loop);
    dns_server_record(&server, &config);
    client_open(&client, &loop, &config);
    read_all(&client, &loop);
    CHECK_EQ(client.outcome, PROVIDER_WON);
    CHECK_EQ(client.state.serve.a_count, ADDRESS_MAX);
    CHECK(client.state.more);
    provider_rfc2136.close(client.provider);
    CHECK(spin_finish(&loop));
    dns_server_stop(&server);
}

/* ---- a key that the server does not take, seen before anything must be written ---- */

static void expect_key(struct dns_server *server, const char *name, const char *secret,
                       const char *detail)
{
    struct record_config config;
    struct client client;
    uv_loop_t loop;
    uv_loop_init(&loop);
    dns_server_record(server, &config);
    snprintf(config.tsig_name, sizeof config.tsig_name, "%s", name);
    if (secret != NULL) {
        snprintf(config.tsig_secret_file, sizeof config.tsig_secret_file, "%s/other.key",
                 server->dir);
        FILE *file = fopen(config.tsig_secret_file, "we");
        CHECK(file != NULL && fprintf(file, "%s\n", secret) > 0 && fclose(file) == 0);
        CHECK_EQ(chmod(config.tsig_secret_file, 0600), 0);
    }
    client_open(&client, &loop, &config);
    provider_rfc2136.read(client.provider, PROVIDER_EVERYWHERE, TRY_MS, on_read, &client);
    CHECK(spin_until(&loop, has_ended, &client, SPIN_LIMIT_MS));
    CHECK_EQ(client.outcome, PROVIDER_WON); /* who may only not write still sees the fence */
    CHECK_HAS(client.detail, detail);
    CHECK_EQ(client.detail[0] == 0, detail[0] == 0);
    read_all(&client, &loop); /* before a write nobody waits for that */
    CHECK_STR(client.detail, "");
    provider_rfc2136.close(client.provider);
    CHECK(spin_finish(&loop));
}

TEST(a_read_of_all_servers_tries_the_key)
{
    static const enum dns_server_kind kinds[] = {DNS_SERVER_BIND, DNS_SERVER_KNOT};
    static const char other[] = "b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVyb3Q=";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct dns_server server;
        CHECK(dns_server_start(&server, kinds[i]));
        expect_key(&server, "upd.", NULL, "");
        expect_key(&server, "upd.", other, "the signature is wrong");
        expect_key(&server, "nobody.", NULL, "does not know the key nobody.");
        dns_server_stop(&server);
    }
}

/* As PowerDNS says it; and what a server answers for reasons of its own is no fault of the key. */
TEST(a_signed_question_that_is_not_taken)
{
    struct verdict_context context = {.server = "192.0.2.53 port 53", .key = "upd.",
                                      .secret_file = "/etc/key"};
    struct packet_answer answer = {.rcode = LDNS_RCODE_NOTAUTH};
    struct trouble why;
    verdict_of_proof(&context, &answer, &why);
    CHECK_EQ(why.kind, TROUBLE_SECRET);
    CHECK_HAS(why.text, "NOTAUTH to a question signed with key upd.");
    CHECK_HAS(why.text, "the secret in /etc/key is not the server's, or the clocks differ");
    answer.rcode = LDNS_RCODE_REFUSED;
    verdict_of_proof(&context, &answer, &why);
    CHECK_EQ(why.kind, TROUBLE_NONE);
}

/* ---- a server that lies ---- */

struct lie {
    uv_loop_t loop;
    struct fake_dns fake;
    struct dns_server files; /* only for the key file */
    struct client client;
};

static void lie_open(struct lie *lie, enum fake_manner manner, ldns_pkt_rcode rcode)
{
    struct record_config config;
    CHECK(sodium_init() >= 0);
    uv_loop_init(&lie->loop);
    dns_server_prepare(&lie->files, DNS_SERVER_BIND);
    fake_dns_open(&lie->fake, &lie->loop, manner);
    lie->fake.rcode = rcode;
    lie->files.port = lie->fake.port;
    dns_server_record(&lie->files, &config);
    client_open(&lie->client, &lie->loop, &config);
}

static void lie_close(struct lie *lie)
{
    provider_rfc2136.close(lie->client.provider);
    fake_dns_close(&lie->fake);
    CHECK(spin_finish(&lie->loop));
    dns_server_stop(&lie->files);
}

static void lie_write(struct lie *lie, span_ms limit_ms)
{
    struct provider_change change;
    change_of(&change, "", 1, 0);
    start_write(&lie->client, &change, limit_ms);
    CHECK(spin_until(&lie->loop, has_ended, &lie->client, SPIN_LIMIT_MS));
}

static void expect_lie(enum fake_manner manner, ldns_pkt_rcode rcode,
                       enum provider_outcome outcome, const char *detail)
{
    struct lie lie;
    lie_open(&lie, manner, rcode);
    lie_write(&lie, outcome == PROVIDER_UNKNOWN ? 700 : TRY_MS);
    if (lie.client.outcome != outcome)
        printf("manner %d: %s\n", (int)manner, lie.client.detail);
    CHECK_EQ(lie.client.outcome, outcome);
    CHECK_HAS(lie.client.detail, detail);
    lie_close(&lie);
}

TEST(honest_answers)
{
    expect_lie(FAKE_HONEST, LDNS_RCODE_NOERROR, PROVIDER_WON, "");
    expect_lie(FAKE_HONEST, LDNS_RCODE_NXRRSET, PROVIDER_FENCED, "NXRRSET");
    expect_lie(FAKE_HONEST, LDNS_RCODE_YXRRSET, PROVIDER_FENCED, "YXRRSET");
    expect_lie(FAKE_HONEST, LDNS_RCODE_SERVFAIL, PROVIDER_UNKNOWN, "SERVFAIL");
    expect_lie(FAKE_HONEST, LDNS_RCODE_REFUSED, PROVIDER_REFUSED, "must allow key upd.");
    expect_lie(FAKE_HONEST, LDNS_RCODE_NOTAUTH, PROVIDER_REFUSED, "NOTAUTH:");
    expect_lie(FAKE_HONEST, LDNS_RCODE_NOTZONE, PROVIDER_REFUSED, "not inside zone example.com");
    expect_lie(FAKE_HONEST, LDNS_RCODE_NOTIMPL, PROVIDER_REFUSED, "dynamic updates");
}

TEST(unsigned_answers_never_win_and_never_fence)
{
    expect_lie(FAKE_UNSIGNED, LDNS_RCODE_NOERROR, PROVIDER_UNKNOWN, "unusable replies");
    expect_lie(FAKE_UNSIGNED, LDNS_RCODE_NXRRSET, PROVIDER_UNKNOWN, "unsigned");
    expect_lie(FAKE_UNSIGNED, LDNS_RCODE_REFUSED, PROVIDER_REFUSED, "(unsigned; ");
    expect_lie(FAKE_UNSIGNED, LDNS_RCODE_SERVFAIL, PROVIDER_UNKNOWN, "SERVFAIL");
}

TEST(lies_are_ignored_until_the_deadline)
{
    static const enum fake_manner manners[] = {FAKE_WRONG_ID,   FAKE_NO_QR,    FAKE_BAD_MAC,
                                               FAKE_OTHER_HASH, FAKE_CUT_TSIG, FAKE_TWO_TSIGS};
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++)
        expect_lie(manners[i], LDNS_RCODE_NOERROR, PROVIDER_UNKNOWN, "unusable replies");
    expect_lie(FAKE_BAD_MAC, LDNS_RCODE_NXRRSET, PROVIDER_UNKNOWN, "unusable replies");
    expect_lie(FAKE_SILENT, LDNS_RCODE_NOERROR, PROVIDER_UNKNOWN, "no answer in 700 ms");
}

TEST(clock_skew_has_its_own_sentence)
{
    expect_lie(FAKE_BADTIME, LDNS_RCODE_NOTAUTH, PROVIDER_REFUSED, "clock skew");
}

TEST(an_honest_answer_after_a_lie_counts)
{
    struct lie lie;
    lie_open(&lie, FAKE_UNSIGNED, LDNS_RCODE_NOERROR);
    lie.fake.honest_after = true;
    lie_write(&lie, TRY_MS);
    CHECK_EQ(lie.client.outcome, PROVIDER_WON);
    lie_close(&lie);
}

TEST(cut_answer_is_asked_for_over_tcp)
{
    struct lie lie;
    lie_open(&lie, FAKE_CUT, LDNS_RCODE_NOERROR);
    lie_write(&lie, TRY_MS);
    CHECK_EQ(lie.client.outcome, PROVIDER_WON);
    CHECK_EQ(lie.fake.heard_tcp, 1);
    CHECK(lie.client.asked >= 3); /* before the datagram, the connection, the bytes on it */
    lie_close(&lie);
}

TEST(noise_does_no_harm)
{
    struct lie lie;
    lie_open(&lie, FAKE_NOISE, LDNS_RCODE_NOERROR);
    lie.fake.honest_after = true;
    for (int i = 0; i < 200; i++) {
        lie_write(&lie, TRY_MS);
        CHECK(lie.client.outcome == PROVIDER_WON || lie.client.outcome == PROVIDER_UNKNOWN);
    }
    lie_close(&lie);
}

TEST(a_turned_bit_never_wins)
{
    struct lie lie;
    lie_open(&lie, FAKE_FLIPPED, LDNS_RCODE_NXRRSET);
    for (int i = 0; i < 150; i++) {
        lie_write(&lie, 30);
        CHECK(lie.client.outcome != PROVIDER_WON);
    }
    lie_close(&lie);
}

TEST(no_permit_nothing_is_sent)
{
    struct lie lie;
    lie_open(&lie, FAKE_SILENT, LDNS_RCODE_NOERROR);
    lie.client.may = false;
    lie_write(&lie, TRY_MS);
    CHECK_EQ(lie.client.outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(lie.client.detail, "permit");
    CHECK_EQ(lie.fake.heard, 0);
    lie_close(&lie);
}

TEST(permit_lost_between_sendings)
{
    struct lie lie;
    struct provider_change change;
    lie_open(&lie, FAKE_SILENT, LDNS_RCODE_NOERROR);
    change_of(&change, "", 1, 0);
    start_write(&lie.client, &change, TRY_MS);
    lie.client.may = false;
    CHECK(spin_until(&lie.loop, has_ended, &lie.client, SPIN_LIMIT_MS));
    CHECK_HAS(lie.client.detail, "stopped after 1 sendings");
    CHECK_EQ(lie.fake.heard, 1);
    lie_close(&lie);
}

TEST(cancelled_calls_nobody)
{
    struct lie lie;
    struct provider_change change;
    lie_open(&lie, FAKE_SILENT, LDNS_RCODE_NOERROR);
    change_of(&change, "", 1, 0);
    start_write(&lie.client, &change, 100);
    provider_rfc2136.cancel(lie.client.provider);
    provider_rfc2136.read(lie.client.provider, PROVIDER_PRIMARY, 100, on_read, &lie.client);
    provider_rfc2136.cancel(lie.client.provider);
    spin_for(&lie.loop, 250);
    CHECK_EQ(lie.client.outcomes, 0);
    lie_close(&lie);
}

/* ---- bytes ---- */

TEST(walk_survives_every_cut_and_every_byte)
{
    struct provider_change change;
    struct packet_names names = {"example.com", "pbx.example.com", "_holdfast.pbx.example.com"};
    struct packet_key key = {.name = "upd.", .algorithm = "hmac-sha256."};
    char secret[] = DNS_SERVER_SECRET;
    struct packet packet;
    struct packet_walk walk;
    struct packet_answer answer;
    key.secret = secret;
    change_of(&change, "v=1;e=1;h=server1;t=0123456789abcdef", 1, 0);
    CHECK(packet_update(&packet, &names, &key, &change));
    CHECK(packet_walk(packet.bytes, packet.size, &walk));
    CHECK_EQ(walk.mac_size, 32);
    for (size_t cut = 0; cut < packet.size; cut++) {
        uint8_t *copy = malloc(cut + 1); /* exact size: a read beyond it is seen */
        memcpy(copy, packet.bytes, cut);
        CHECK(!packet_walk(copy, cut, &walk));
        free(copy);
    }
    for (size_t i = 0; i < packet.size * 8; i++) {
        packet.bytes[2] |= 0x80;
        packet.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        packet_reply(&packet, &key, packet.bytes, packet.size, &answer);
        CHECK(!answer.verified);
        packet.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    packet_free(&packet);
}

TEST(all_algorithms_work)
{
    static const char *const algorithms[] = {"hmac-sha1.", "hmac-sha256.", "hmac-sha512."};
    struct packet_names names = {"example.com", "pbx.example.com", "_holdfast.pbx.example.com"};
    struct provider_change change;
    struct packet packet;
    char secret[] = DNS_SERVER_SECRET;
    change_of(&change, "", 1, 0);
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        struct packet_key key = {.name = "upd.", .secret = secret};
        snprintf(key.algorithm, sizeof key.algorithm, "%s", algorithms[i]);
        bool ok = packet_update(&packet, &names, &key, &change);
        if (!ok)
            printf("%s does not work\n", algorithms[i]);
        CHECK(ok);
        packet_free(&packet);
    }
    struct packet_key key = {.name = "upd.", .algorithm = "hmac-nonsense.", .secret = secret};
    CHECK(!packet_update(&packet, &names, &key, &change));
    CHECK(packet.bytes == NULL);
}

TEST(unusable_configuration_is_named)
{
    struct dns_server files;
    struct record_config config;
    struct provider *provider = NULL;
    struct err err = {0};
    uv_loop_t loop;
    struct provider_world world = {.loop = &loop};
    uv_loop_init(&loop);
    dns_server_prepare(&files, DNS_SERVER_BIND);
    dns_server_record(&files, &config);
    snprintf(config.servers[0].host, sizeof config.servers[0].host, "ns.example.com");
    CHECK_EQ(provider_rfc2136.open(&provider, &world, &config, &err), ERR_USAGE);
    CHECK_HAS(err.text, "[record pbx]: server ns.example.com: expected an IPv4 or IPv6 address");
    dns_server_record(&files, &config);
    snprintf(config.tsig_algorithm, sizeof config.tsig_algorithm, "hmac-sha384");
    CHECK_EQ(provider_rfc2136.open(&provider, &world, &config, &err), ERR_USAGE);
    CHECK_HAS(err.text, "tsig-algorithm hmac-sha384");
    dns_server_record(&files, &config);
    dns_server_file(&files, "tsig.key", "not base64!\n");
    CHECK_EQ(provider_rfc2136.open(&provider, &world, &config, &err), ERR_USAGE);
    CHECK_HAS(err.text, "base64");
    CHECK(provider == NULL);
    CHECK(spin_finish(&loop));
    dns_server_stop(&files);
}

CHECK_MAIN
