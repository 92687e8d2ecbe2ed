/* dns — replies of a DNS server, or of somebody who plays one.
 *
 * Whatever the bytes are: nobody without the key is believed to have signed, an unsigned or wrongly
 * signed answer never is an outcome that a record acts on, and what is collected is text of our
 * own making within its bounds.
 * Input: first byte: which request (bits 0-1), what the fuzzer mends in the reply: the id and the
 * kind (bit 2), the question (bit 3), a true signature (bit 4); bit 5: another request, for NS or
 * SOA; then the reply. */
#include <arpa/inet.h>
#include <ldns/rbtree.h>
#include <ldns/host2wire.h>
#include <ldns/tsig.h>
#include <ldns/wire2host.h>
#include <sodium.h>

#include "agent/node/dns/packet_walk.h"
#include "agent/node/dns/verdict.h"
#include "agent/node/tail_judge.h"
#include "fuzz.h"

#define ROOM_SIZE 4096
#define HEADER_SIZE 12
#define REQUEST_COUNT 6
#define ID 0x1234

static char secret[] = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=";
static const struct packet_key key = {
    .name = "upd.", .algorithm = "hmac-sha256.", .secret = secret};
static struct packet requests[REQUEST_COUNT]; /* TXT, A, AAAA, the signed UPDATE, NS, SOA */
static uint8_t question[REQUEST_COUNT][64];   /* as it stands in the request */
static size_t question_size[REQUEST_COUNT];

static void take_question(size_t at)
{
    struct packet *request = &requests[at];
    size_t end = HEADER_SIZE;
    while (request->bytes[end] != 0)
        end += (size_t)request->bytes[end] + 1;
    question_size[at] = end + 5 - HEADER_SIZE;
    FUZZ_CHECK(question_size[at] <= sizeof question[at]);
    memcpy(question[at], request->bytes + HEADER_SIZE, question_size[at]);
    request->id = ID; /* drawn at random, which would make runs differ */
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct packet_names names = {"example.com", "pbx.example.com",
                                              "_holdfast.pbx.example.com"};
    struct provider_change change = {.old_fence = "v=1;e=10;h=server1;t=aa",
                                     .new_fence = "v=1;e=11;h=server2;t=bb",
                                     .new_serve = {.a = {"192.0.2.1"}, .a_count = 1},
                                     .ttl_s = 60};
    (void)argc, (void)argv;
    FUZZ_CHECK(sodium_init() >= 0);
    FUZZ_CHECK(packet_query(&requests[0], names.fence, LDNS_RR_TYPE_TXT));
    FUZZ_CHECK(packet_query(&requests[1], names.name, LDNS_RR_TYPE_A));
    FUZZ_CHECK(packet_query(&requests[2], names.name, LDNS_RR_TYPE_AAAA));
    FUZZ_CHECK(packet_update(&requests[3], &names, &key, &change));
    FUZZ_CHECK(packet_query_recursive(&requests[4], names.zone, LDNS_RR_TYPE_NS));
    FUZZ_CHECK(packet_query(&requests[5], names.name, LDNS_RR_TYPE_SOA));
    for (size_t i = 0; i < REQUEST_COUNT; i++)
        take_question(i);
    return 0;
}

static void check_state(const struct provider_state *state)
{
    uint8_t binary[16];
    const struct serve *serve = &state->serve;
    FUZZ_CHECK(memchr(state->fence, 0, sizeof state->fence) != NULL);
    FUZZ_CHECK((state->fence_count == 0) == (state->fence[0] == 0));
    for (const char *at = state->fence; *at != 0; at++)
        FUZZ_CHECK(*at >= ' ' && *at < 127 && *at != '"');
    FUZZ_CHECK(serve->a_count <= ADDRESS_MAX && serve->aaaa_count <= ADDRESS_MAX);
    for (size_t i = 0; i < serve->a_count; i++)
        FUZZ_CHECK(inet_pton(AF_INET, serve->a[i], binary) == 1);
    for (size_t i = 0; i < serve->aaaa_count; i++)
        FUZZ_CHECK(inet_pton(AF_INET6, serve->aaaa[i], binary) == 1);
}

static void check_verdicts(const struct packet_answer *answer, bool signs)
{
    struct trouble why;
    struct verdict_context context = {.server = "192.0.2.53 port 53",
                                      .zone = "example.com",
                                      .name = "pbx.example.com",
                                      .key = signs ? "upd." : "",
                                      .secret_file = "/etc/holdfast/tsig.key",
                                      .wall_s = 1700000000};
    memset(&why, 'x', sizeof why);
    enum provider_outcome outcome = verdict_of_write(&context, answer, &why);
    FUZZ_CHECK(memchr(why.text, 0, sizeof why.text) != NULL);
    FUZZ_CHECK((outcome == PROVIDER_WON) == (why.text[0] == 0));
    FUZZ_CHECK((outcome == PROVIDER_WON) == (why.kind == TROUBLE_NONE));
    if (signs && !answer->verified)
        FUZZ_CHECK(outcome != PROVIDER_WON && outcome != PROVIDER_FENCED);
    memset(&why, 'x', sizeof why);
    outcome = verdict_of_read(&context, answer, &why);
    FUZZ_CHECK(memchr(why.text, 0, sizeof why.text) != NULL);
    FUZZ_CHECK((outcome == PROVIDER_WON) == (why.text[0] == 0));
    FUZZ_CHECK((outcome == PROVIDER_WON) == (why.kind == TROUBLE_NONE));
    FUZZ_CHECK(outcome != PROVIDER_WON || answer->authoritative);
}

/* The same, with lengths of life; and what the tail makes of it. */
static void check_seen(const struct packet *request, const uint8_t *bytes, size_t size, bool sound)
{
    static const struct tail_want want = {
        .name = "pbx.example.com", .token = "0123456789abcdef",
        .serve = {.a = {"192.0.2.1"}, .a_count = 1}};
    static struct packet_seen seen;
    struct tail_answers answers = {0};
    struct ask_end end = {.seen = &seen, .answer = {.authoritative = true, .recursion = true}};
    char text[TAIL_DETAIL_SIZE];
    uint32_t ttl_s = 0;
    mono_ms ends_at = 0;
    if (!packet_see(request, bytes, size, &seen))
        return;
    FUZZ_CHECK(sound && seen.name_count <= PACKET_NAME_MAX && strlen(seen.zone) < HOST_SIZE);
    check_state(&seen.state);
    for (size_t i = 0; i < seen.name_count; i++)
        FUZZ_CHECK(seen.names[i][0] != 0 && strlen(seen.names[i]) < HOST_SIZE);
    for (enum tail_topic topic = TAIL_A; topic < TAIL_TOPIC_COUNT; topic++)
        tail_judge_take(&answers, topic, &end, 1000);
    enum tail_verdict verdict = tail_judge_server(&want, &answers, text);
    FUZZ_CHECK((verdict == TAIL_RIGHT) == (text[0] == 0));
    verdict = tail_judge_resolver(&want, &answers, text, &ttl_s, &ends_at);
    FUZZ_CHECK((verdict == TAIL_RIGHT) == (text[0] == 0));
    FUZZ_CHECK((verdict == TAIL_STALE) == (ends_at >= 1500));
    FUZZ_CHECK(ttl_s <= TAIL_TTL_S_MAX);
}

static void judge(size_t at, const uint8_t *bytes, size_t size, bool truly_signed)
{
    const struct packet *request = &requests[at];
    bool update = request->mac != NULL;
    struct packet_answer answer;
    struct packet_walk walk;
    struct provider_state state = {0};
    enum packet_verdict verdict =
        packet_reply(request, update ? &key : NULL, bytes, size, &answer);
    bool sound = packet_walk(bytes, size, &walk);
    if (verdict != PACKET_IGNORED)
        FUZZ_CHECK(sound && walk.is_reply && walk.id == ID);
    FUZZ_CHECK(!answer.verified || truly_signed);
    if (verdict == PACKET_ANSWER) {
        FUZZ_CHECK(!answer.has_tsig || answer.verified || answer.rcode == LDNS_RCODE_NOTAUTH);
        check_verdicts(&answer, update);
    }
    bool usable = packet_collect(request, bytes, size, &state);
    FUZZ_CHECK(sound || !usable);
    check_state(&state);
    check_seen(request, bytes, size, sound);
}

/* The reply signed as its server would, if ldns can read it at all. */
static bool judge_signed(size_t at, const uint8_t *bytes, size_t size)
{
    static uint8_t room[2 * ROOM_SIZE];
    struct packet_walk walk;
    ldns_pkt *pkt = NULL;
    uint8_t *wire = NULL;
    size_t wire_size = 0;
    if (requests[at].mac == NULL || !packet_walk(bytes, size, &walk) || walk.tsig != 0 ||
        ldns_wire2pkt(&pkt, bytes, size) != LDNS_STATUS_OK)
        return false;
    bool done = ldns_pkt_tsig_sign(pkt, key.name, secret, 300, key.algorithm,
                                   requests[at].mac) == LDNS_STATUS_OK &&
                ldns_pkt2wire(&wire, pkt, &wire_size) == LDNS_STATUS_OK &&
                wire_size <= sizeof room;
    if (done)
        judge(at, fuzz_at_end(room, sizeof room, wire, wire_size), wire_size, true);
    free(wire);
    ldns_pkt_free(pkt);
    return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t mended[ROOM_SIZE], room[ROOM_SIZE];
    struct feed feed = {data, size};
    uint8_t kind = feed_byte(&feed);
    size_t at = (kind & 32) != 0 ? 4 + kind % 2 : kind % 4, used = feed.left;
    if (used > ROOM_SIZE - sizeof question[0])
        used = ROOM_SIZE - sizeof question[0];
    if (used > 0)
        memcpy(mended, feed.at, used);
    if ((kind & 4) != 0 && used >= HEADER_SIZE) {
        mended[0] = ID >> 8;
        mended[1] = ID & 0xff;
        mended[2] = (uint8_t)((mended[2] & 0x07) | 0x80 | (requests[at].mac != NULL ? 0x28 : 0));
    }
    if ((kind & 8) != 0 && used >= HEADER_SIZE) {
        size_t extra = question_size[at];
        memmove(mended + HEADER_SIZE + extra, mended + HEADER_SIZE, used - HEADER_SIZE);
        memcpy(mended + HEADER_SIZE, question[at], extra);
        memcpy(mended + 4, "\0\1", 2);
        used += extra;
    }
    const uint8_t *bytes = fuzz_at_end(room, sizeof room, mended, used);
    if ((kind & 16) == 0 || !judge_signed(at, bytes, used))
        judge(at, bytes, used, false);
    return 0;
}
