/* route53 — what Route 53, a metadata service or a credentials file may say, be it honest, broken
 * or somebody else.
 *
 * Whatever the bytes are: what is taken from a list is text of our own making within its bounds,
 * the batch that is made of it is a document that names the old fence first, a sentence is one
 * printable line, no outcome of a broken document is a success, and keys hold no line end.
 * Input: first byte: 0 a list, 1 an answer (the second byte: its status), 2 a change, 3 a
 * credentials file, 4 an answer about a role (modulo 5); then the bytes. */
#include <libxml/parser.h>

#include "agent/node/dns/route53_file.h"
#include "agent/node/dns/route53_verdict.h"

#define ANSWERS_HEAD 2
#include "answers.h"

static void play_batch(const struct route53_names *names, const struct route53_seen *seen)
{
    struct provider_change change = {.new_fence = "v=1;e=11;h=server2;t=00112233445566ff",
                                     .new_serve = {.a = {"192.0.2.1"}, .a_count = 1},
                                     .ttl_s = 60};
    memcpy(change.old_fence, seen->state.fence, sizeof change.old_fence);
    bool sensible = is_printable(change.old_fence) && strpbrk(change.old_fence, "\"\\<>&") == NULL;
    FUZZ_CHECK(!seen->state.exact || sensible);
    char *batch = route53_xml_batch(names, seen, &change);
    FUZZ_CHECK((batch != NULL) == (sensible && !seen->aaaa.more));
    if (batch == NULL)
        return;
    xmlDocPtr document = xmlReadMemory(batch, (int)strlen(batch), "", NULL, XML_PARSE_NONET);
    FUZZ_CHECK(document != NULL);
    xmlFreeDoc(document);
    const char *first = strstr(batch, "<Name>_holdfast.pbx.example.com.</Name>");
    const char *name = strstr(batch, "<Name>pbx.example.com.</Name>");
    FUZZ_CHECK(first != NULL && name != NULL && first < name);
    FUZZ_CHECK(change.old_fence[0] == 0 || strstr(batch, change.old_fence) > first);
    free(batch);
}

static void play_list(const char *body, size_t size)
{
    struct route53_names names;
    struct route53_seen seen = {.cut = false};
    FUZZ_CHECK(route53_xml_names("pbx.example.com", &names));
    if (!route53_xml_list(body, size, &names, &seen))
        return;
    FUZZ_CHECK(strlen(seen.state.fence) < FENCE_SIZE);
    FUZZ_CHECK(seen.state.serve.a_count == seen.a.count && seen.a.count <= ADDRESS_MAX);
    FUZZ_CHECK(seen.state.serve.aaaa_count == seen.aaaa.count && seen.aaaa.count <= ADDRESS_MAX);
    for (size_t i = 0; i < seen.aaaa.count; i++)
        FUZZ_CHECK(seen.aaaa.values[i][strspn(seen.aaaa.values[i], "0123456789abcdefABCDEF:.")] ==
                   0);
    play_batch(&names, &seen);
}

static void play_answer(int status, const char *body, size_t size)
{
    struct route53_names names;
    struct trouble why;
    bool expired;
    FUZZ_CHECK(route53_xml_names("pbx.example.com", &names));
    struct route53_reply reply = {.status = status, .body = body, .size = size, .sendings = 1,
                                  .names = &names, .zone_id = "Z1", .keys = "the keys in K"};
    enum provider_outcome outcome = route53_verdict(&reply, &why, &expired);
    FUZZ_CHECK((outcome == PROVIDER_WON) == (status == 200));
    FUZZ_CHECK(is_printable(why.text) && (why.text[0] == 0) == (status == 200));
    FUZZ_CHECK((why.kind == TROUBLE_NONE) == (status == 200));
    FUZZ_CHECK(outcome != PROVIDER_FENCED || status == 400);
}

static void play_change(const char *body, size_t size)
{
    char id[ROUTE53_ID_SIZE];
    bool there;
    if (route53_xml_change(body, size, id, &there))
        FUZZ_CHECK(id[0] != 0 && strpbrk(id, "/.?&% ") == NULL && is_printable(id));
}

static void check_secret(const struct route53_secret *secret)
{
    FUZZ_CHECK(secret->key_id[0] != 0 && secret->secret[0] != 0);
    FUZZ_CHECK(is_printable(secret->key_id) && is_printable(secret->secret));
    FUZZ_CHECK(is_printable(secret->token));
    FUZZ_CHECK(secret->token[0] == 0 ||
               strlen(secret->token) > strlen(ROUTE53_TOKEN_HEADER));
}

static void play_keys(const char *text, bool role)
{
    static struct route53_secret secret;
    struct err err = {0};
    int64_t end_s = 0;
    int code = role ? route53_file_role(text, &secret, &end_s, &err)
                    : route53_file_parse(text, "default", &secret, &err);
    if (code == 0)
        check_secret(&secret);
    else
        FUZZ_CHECK(err.text[0] != 0);
    FUZZ_CHECK(code != 0 || !role || end_s > 0);
}

static void play(const uint8_t *head, const char *text, size_t size)
{
    static const int statuses[] = {200, 400, 401, 403, 404, 429, 500, 503};
    switch (head[0] % 5) {
    case 0:
        play_list(text, size);
        break;
    case 1:
        play_answer(statuses[head[1] % 8], text, size);
        break;
    case 2:
        play_change(text, size);
        break;
    case 3:
        play_keys(text, false);
        break;
    default:
        play_keys(text, true);
    }
}
