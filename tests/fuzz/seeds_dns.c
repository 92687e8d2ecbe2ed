/* Replies of BIND and Knot to the product's own requests, and those of a fake. */
#include "agent/node/dns/packet.h"
#include "seeds.h"
#include "tests/lib/fake_answer.h"

#define REQUEST_COUNT 6
enum { MEND_ID = 4, MEND_QUESTION = 8, SIGN = 16, OTHERS = 32 };

static char secret[] = DNS_SERVER_SECRET;
static const struct packet_key key = {
    .name = "upd.", .algorithm = "hmac-sha256.", .secret = secret};
static const struct packet_names names = {"example.com", "pbx.example.com",
                                          "_holdfast.pbx.example.com"};

/* TXT, A, AAAA, the UPDATE, NS, SOA: the order of dns_fuzz.c. */
static void make_requests(struct packet requests[REQUEST_COUNT], const char *old_fence)
{
    struct provider_change change = {
        .new_fence = "v=1;e=11;h=server2;t=bb",
        .new_serve = {
            .a = {"192.0.2.1"}, .aaaa = {"2001:db8::1"}, .a_count = 1, .aaaa_count = 1},
        .ttl_s = 60};
    (void)snprintf(change.old_fence, sizeof change.old_fence, "%s", old_fence);
    FUZZ_CHECK(packet_query(&requests[0], names.fence, LDNS_RR_TYPE_TXT));
    FUZZ_CHECK(packet_query(&requests[1], names.name, LDNS_RR_TYPE_A));
    FUZZ_CHECK(packet_query(&requests[2], names.name, LDNS_RR_TYPE_AAAA));
    FUZZ_CHECK(packet_update(&requests[3], &names, &key, &change));
    FUZZ_CHECK(packet_query_recursive(&requests[4], names.zone, LDNS_RR_TYPE_NS));
    FUZZ_CHECK(packet_query(&requests[5], names.name, LDNS_RR_TYPE_SOA));
}

/* As it came, as if it were the answer to the fuzzer's request, and signed for it. */
static void write_reply(unsigned request, const uint8_t *reply, size_t size)
{
    struct seed seed = {.size = 0};
    for (unsigned kind = 0; kind < 3; kind++) {
        seed_byte(&seed, (request < 4 ? request : OTHERS + request % 2) |
                             (kind > 0 ? MEND_ID : 0) | (kind > 1 ? SIGN : 0));
        seed_add(&seed, reply, size);
        seed_write("dns", &seed);
    }
}

static size_t ask(const struct dns_server *server, const struct packet *request, uint8_t *reply,
                  size_t room)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    int file = port_socket(SOCK_DGRAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    FUZZ_CHECK(connect(file, (struct sockaddr *)&to, sizeof to) == 0);
    FUZZ_CHECK(send(file, request->bytes, request->size, 0) > 0);
    struct pollfd wait = {.fd = file, .events = POLLIN};
    ssize_t size = poll(&wait, 1, 3000) == 1 ? recv(file, reply, room, 0) : 0;
    close(file);
    return size < 0 ? 0 : (size_t)size;
}

/* Everything is asked, written, asked again, and the old fence is refused afterwards. */
static void write_real(enum dns_server_kind kind)
{
    struct dns_server server;
    if (!dns_server_start(&server, kind))
        return;
    for (int round = 0; round < 3; round++) {
        struct packet requests[REQUEST_COUNT] = {{0}};
        make_requests(requests, round == 0 ? "" : "v=1;e=10;h=server1;t=aa");
        for (unsigned i = 0; i < REQUEST_COUNT; i++) {
            uint8_t reply[4096];
            size_t size = ask(&server, &requests[i], reply, sizeof reply);
            if (size > 0)
                write_reply(i, reply, size);
            packet_free(&requests[i]);
        }
    }
    dns_server_stop(&server);
}

static void write_fake(void)
{
    struct packet requests[REQUEST_COUNT] = {{0}};
    make_requests(requests, "v=1;e=10;h=server1;t=aa");
    for (unsigned i = 0; i < REQUEST_COUNT; i++) {
        for (unsigned manner = FAKE_HONEST; manner <= FAKE_BADTIME; manner++) {
            uint8_t reply[4096];
            if (manner == FAKE_NOISE || manner == FAKE_SILENT)
                continue;
            size_t size = fake_dns_answer(
                requests[i].bytes, requests[i].size, (enum fake_manner)manner,
                manner == FAKE_BADTIME ? LDNS_RCODE_NOTAUTH : LDNS_RCODE_NOERROR, reply);
            write_reply(i, reply, size);
        }
        packet_free(&requests[i]);
    }
}

void seeds_dns(void)
{
    write_real(DNS_SERVER_BIND);
    write_real(DNS_SERVER_KNOT);
    write_fake();
}
