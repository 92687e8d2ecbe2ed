/* tail_judge — what one answer means for a write: there, not yet and until when, or no answer. */
#include "agent/node/tail_judge.h"

#include "agent/node/resolvers.h"
#include "tests/lib/check.h"

#define TOKEN "0123456789abcdef"
#define FENCE "v=1;e=101;h=server2;t=" TOKEN

static const struct tail_want want = {
    .name = "pbx.example.com",
    .token = TOKEN,
    .serve = {
        .a = {"192.0.2.2"}, .aaaa = {"2001:db8::2"}, .a_count = 1, .aaaa_count = 1}};

/* An answer as packet_see makes it. */
static void take(struct tail_answers *answers, enum tail_topic topic, const char *value,
                 uint32_t ttl_s, mono_ms at)
{
    struct packet_seen *seen = calloc(1, sizeof *seen);
    struct ask_end end = {.seen = seen, .answer = {.authoritative = true, .recursion = true}};
    seen->found = value != NULL;
    seen->has_soa = value == NULL;
    seen->ttl_s = seen->negative_s = ttl_s;
    struct provider_state *state = &seen->state;
    if (value != NULL && topic == TAIL_FENCE) {
        (void)snprintf(state->fence, sizeof state->fence, "%s", value);
        state->fence_count = 1;
    } else if (value != NULL && topic == TAIL_A) {
        (void)snprintf(state->serve.a[0], sizeof state->serve.a[0], "%s", value);
        state->serve.a_count = 1;
    } else if (value != NULL) {
        (void)snprintf(state->serve.aaaa[0], sizeof state->serve.aaaa[0], "%s", value);
        state->serve.aaaa_count = 1;
    }
    tail_judge_take(answers, topic, &end, at);
    free(seen);
}

static struct tail_answers right_server(void)
{
    struct tail_answers answers = {0};
    take(&answers, TAIL_FENCE, FENCE, 60, 0);
    take(&answers, TAIL_A, "192.0.2.2", 60, 0);
    take(&answers, TAIL_AAAA, "2001:DB8:0::2", 60, 0);
    return answers;
}

/* Judges a server and holds the sentence against `words`. */
static enum tail_verdict judge(const struct tail_answers *answers, const char *words)
{
    char text[TAIL_DETAIL_SIZE];
    enum tail_verdict verdict = tail_judge_server(&want, answers, text);
    CHECK_HAS(text, words);
    CHECK((text[0] == 0) == (verdict == TAIL_RIGHT || verdict == TAIL_SILENT));
    return verdict;
}

TEST(a_server_shows_it)
{
    struct tail_answers answers = right_server();
    CHECK_EQ(judge(&answers, ""), TAIL_RIGHT);
}

TEST(a_server_shows_something_else)
{
    struct tail_answers answers = right_server();
    take(&answers, TAIL_FENCE, "v=1;e=100;h=server1;t=aaaaaaaaaaaaaaaa", 60, 0);
    CHECK_EQ(judge(&answers, "the fence of server1, epoch 100, token aaaaaaaaaaaaaaaa"),
             TAIL_STALE);
    take(&answers, TAIL_FENCE, NULL, 60, 0);
    CHECK_EQ(judge(&answers, "shows no fence yet"), TAIL_STALE);
    take(&answers, TAIL_FENCE, "hello", 60, 0);
    CHECK_EQ(judge(&answers, "a TXT that is no fence: \"hello\""), TAIL_STALE);
    answers.state.fence_count = 2;
    CHECK_EQ(judge(&answers, "shows 2 TXT records as fence"), TAIL_STALE);
    answers = right_server();
    take(&answers, TAIL_A, "192.0.2.1", 60, 0);
    CHECK_EQ(judge(&answers, "shows A 192.0.2.1"), TAIL_STALE);
    take(&answers, TAIL_A, NULL, 60, 0);
    CHECK_EQ(judge(&answers, "shows that there is no A"), TAIL_STALE);
    answers = right_server();
    take(&answers, TAIL_AAAA, NULL, 60, 0);
    CHECK_EQ(judge(&answers, "shows that there is no AAAA"), TAIL_STALE);
    answers = right_server();
    answers.state.more = true;
    CHECK_EQ(judge(&answers, "shows A 192.0.2.2 and more"), TAIL_STALE);
}

TEST(a_server_that_answers_no_question)
{
    struct tail_answers answers = right_server();
    answers.heard[TAIL_AAAA].rcode = LDNS_RCODE_REFUSED;
    CHECK_EQ(judge(&answers, "answers REFUSED"), TAIL_UNUSABLE);
    answers.heard[TAIL_AAAA].rcode = 23;
    CHECK_EQ(judge(&answers, "answers an error"), TAIL_UNUSABLE);
    answers = right_server();
    answers.heard[TAIL_A].authoritative = false;
    CHECK_EQ(judge(&answers, "is not authoritative for pbx.example.com"), TAIL_UNUSABLE);
    answers = right_server();
    answers.heard[TAIL_A].alias = true;
    CHECK_EQ(judge(&answers, "an alias (CNAME or DNAME) is in the way at pbx.example.com"),
             TAIL_UNUSABLE);
    answers = right_server();
    answers.heard[TAIL_FENCE].alias = true;
    CHECK_EQ(judge(&answers, "in the way at _holdfast.pbx.example.com"), TAIL_UNUSABLE);
}

TEST(silence_is_silence)
{
    struct tail_answers answers = {0};
    CHECK_EQ(judge(&answers, ""), TAIL_SILENT);
    answers = right_server();
    tail_judge_take(&answers, TAIL_A, &(struct ask_end){.detail = "no answer"}, 0);
    CHECK_EQ(judge(&answers, ""), TAIL_SILENT);
    answers = right_server(); /* the SOA is asked beside it, and waits for nobody */
    tail_judge_take(&answers, TAIL_SOA, &(struct ask_end){.detail = "no answer"}, 0);
    CHECK_EQ(judge(&answers, ""), TAIL_RIGHT);
}

TEST(without_a_fence_the_addresses_count)
{
    struct tail_want other = want;
    struct tail_answers answers = {0};
    char text[TAIL_DETAIL_SIZE];
    other.token[0] = 0;
    other.serve.aaaa_count = 0;
    take(&answers, TAIL_A, "192.0.2.2", 60, 0);
    take(&answers, TAIL_AAAA, NULL, 60, 0);
    CHECK_EQ(tail_judge_server(&other, &answers, text), TAIL_RIGHT);
}

/* ---- resolvers ---- */

struct old {
    uint32_t ttl_s;
    mono_ms ends_at;
};

static enum tail_verdict judge_resolver(const struct tail_answers *answers, const char *words,
                                        struct old *ret)
{
    char text[TAIL_DETAIL_SIZE];
    *ret = (struct old){77, 77};
    enum tail_verdict verdict =
        tail_judge_resolver(&want, answers, text, &ret->ttl_s, &ret->ends_at);
    CHECK_HAS(text, words);
    CHECK_EQ(verdict != TAIL_STALE, ret->ends_at == 77);
    return verdict;
}

TEST(a_resolver_has_it)
{
    struct tail_answers answers = right_server();
    struct old old;
    CHECK_EQ(judge_resolver(&answers, "", &old), TAIL_RIGHT);
}

TEST(an_old_answer_says_until_when)
{
    struct tail_answers answers = {0};
    struct old old;
    take(&answers, TAIL_A, "192.0.2.1", 8, 100000);
    take(&answers, TAIL_AAAA, "2001:db8::2", 60, 100010);
    CHECK_EQ(judge_resolver(&answers, "still says A 192.0.2.1", &old), TAIL_STALE);
    CHECK_EQ(old.ttl_s, 8);
    CHECK_EQ(old.ends_at, 108500); /* a TTL is whole seconds, rounded down */
    take(&answers, TAIL_AAAA, "2001:db8::1", 20, 100010);
    CHECK_EQ(judge_resolver(&answers, "still says AAAA 2001:db8::1", &old), TAIL_STALE);
    CHECK_EQ(old.ends_at, 120510); /* the later of the two */
    take(&answers, TAIL_A, "192.0.2.1", 30, 100000);
    CHECK_EQ(judge_resolver(&answers, "still says A 192.0.2.1", &old), TAIL_STALE);
    CHECK_EQ(old.ends_at, 130500);
}

TEST(there_was_none_says_until_when_too)
{
    struct tail_answers answers = {0};
    struct old old;
    take(&answers, TAIL_A, "192.0.2.2", 60, 0);
    take(&answers, TAIL_AAAA, NULL, 5, 1000);
    CHECK_EQ(judge_resolver(&answers, "still says that there is no AAAA", &old), TAIL_STALE);
    CHECK_EQ(old.ends_at, 6500);
    answers.heard[TAIL_AAAA].rcode = LDNS_RCODE_NXDOMAIN;
    CHECK_EQ(judge_resolver(&answers, "there is no AAAA", &old), TAIL_STALE);
}

TEST(an_alias_at_a_resolver_is_old_too)
{
    struct tail_answers answers = right_server();
    struct old old;
    answers.heard[TAIL_A].alias = true;
    CHECK_EQ(judge_resolver(&answers, "an alias (CNAME or DNAME) is in the way", &old),
             TAIL_STALE);
    CHECK_EQ(old.ttl_s, 60);
}

TEST(who_is_no_resolver)
{
    struct tail_answers answers = {0};
    struct old old;
    CHECK_EQ(judge_resolver(&answers, "", &old), TAIL_SILENT);
    take(&answers, TAIL_A, "192.0.2.1", 8, 0);
    answers.heard[TAIL_A].rcode = LDNS_RCODE_SERVFAIL;
    CHECK_EQ(judge_resolver(&answers, "answers SERVFAIL", &old), TAIL_UNUSABLE);
    answers.heard[TAIL_A].rcode = 0;
    answers.heard[TAIL_A].recursion = false;
    CHECK_EQ(judge_resolver(&answers, "is no resolver", &old), TAIL_UNUSABLE);
}

TEST(impossible_lengths_of_life)
{
    struct tail_answers answers = {0};
    take(&answers, TAIL_A, "192.0.2.1", UINT32_MAX, 0);
    CHECK_EQ(answers.heard[TAIL_A].ttl_s, 0);
    take(&answers, TAIL_A, "192.0.2.1", INT32_MAX, 0);
    CHECK_EQ(answers.heard[TAIL_A].ttl_s, TAIL_TTL_S_MAX);
    CHECK_EQ(tail_judge_patience(8), 68000);
    CHECK_EQ(tail_judge_patience(UINT32_MAX), 60000);
    CHECK_EQ(tail_judge_patience(86400), 3600000);
}

TEST(how_servers_are_named)
{
    char text[80];
    tail_judge_server_text(&(struct endpoint){"192.0.2.1", 53}, text, sizeof text);
    CHECK_STR(text, "192.0.2.1");
    tail_judge_server_text(&(struct endpoint){"192.0.2.1", 5353}, text, sizeof text);
    CHECK_STR(text, "192.0.2.1:5353");
    tail_judge_server_text(&(struct endpoint){"::1", 53}, text, sizeof text);
    CHECK_STR(text, "::1");
    tail_judge_server_text(&(struct endpoint){"::1", 1}, text, sizeof text);
    CHECK_STR(text, "[::1]:1");
}

TEST(a_resolv_conf)
{
    struct resolvers found;
    resolvers_parse("# nameserver 1.1.1.1\nsearch x\n  nameserver\t9.9.9.9 # first\r\n"
                    "nameserver 9.9.9.9\nnameserver 2620:fe::fe\nnameserver fe80::1%lo\n"
                    "nameserver dns.example.com\nnameservers 8.8.8.8\nnameserver",
                    &found);
    CHECK_EQ(found.count, 3);
    CHECK_STR(found.list[0].host, "9.9.9.9");
    CHECK_EQ(found.list[0].port, 53);
    CHECK_STR(found.list[1].host, "2620:fe::fe");
    CHECK_STR(found.list[2].host, "fe80::1%lo");
    resolvers_parse("", &found);
    CHECK_EQ(found.count, 0);
    char many[20 * 24] = "";
    for (int i = 1; i <= 20; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "nameserver 10.0.0.%d\n",
                       i);
    resolvers_parse(many, &found);
    CHECK_EQ(found.count, ADDRESS_MAX);
}

CHECK_MAIN
