/* route53_xml, route53_verdict, route53_policy — what goes to Route 53, what comes from it, what
 * it means, and the policy that allows it. */
#include <jansson.h>

#include "agent/node/dns/route53_policy.h"
#include "agent/node/dns/route53_verdict.h"
#include "tests/lib/check.h"

#define OLD "v=1;e=10;h=server1;t=00112233445566ff"
#define NEW "v=1;e=11;h=server2;t=ffeeddccbbaa9988"
#define HEAD "<?xml version=\"1.0\"?>\n"
#define SPACE " xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\""

static struct route53_names names;

static void take_names(void)
{
    CHECK(route53_xml_names("pbx.example.com", &names));
}

static bool list(const char *inside, struct route53_seen *seen)
{
    char body[4096];
    snprintf(body, sizeof body, HEAD "<ListResourceRecordSetsResponse" SPACE ">%s"
             "</ListResourceRecordSetsResponse>", inside);
    take_names();
    memset(seen, 0, sizeof *seen);
    return route53_xml_list(body, strlen(body), &names, seen);
}

#define SET(name, type, ttl, values)                                                             \
    "<ResourceRecordSet><Name>" name "</Name><Type>" type "</Type><TTL>" ttl "</TTL>"            \
    "<ResourceRecords>" values "</ResourceRecords></ResourceRecordSet>"
#define VALUE(text) "<ResourceRecord><Value>" text "</Value></ResourceRecord>"
#define SETS(sets)                                                                               \
    "<ResourceRecordSets>" sets "</ResourceRecordSets><IsTruncated>false</IsTruncated>"

TEST(names_have_room_for_the_fence)
{
    char name[300];
    take_names();
    CHECK_STR(names.name, "pbx.example.com.");
    CHECK_STR(names.fence, "_holdfast.pbx.example.com.");
    memset(name, 'a', sizeof name);
    name[243] = 0;
    CHECK(route53_xml_names(name, &names));
    CHECK_EQ(strlen(names.fence), 254);
    name[243] = 'a';
    name[244] = 0;
    CHECK(!route53_xml_names(name, &names));
}

TEST(list_becomes_a_state)
{
    struct route53_seen seen;
    CHECK(list(SETS(SET("PBX.example.com.", "A", "60", VALUE("192.0.2.1") VALUE("192.0.2.2"))
                    SET("pbx.example.com.", "AAAA", "60", VALUE("2001:DB8:0:0::1"))
                    SET("pbx.example.com.", "MX", "60", VALUE("10 mail.example.com."))
                    SET("_holdfast.pbx.example.com.", "TXT", "90", VALUE("\"" OLD "\""))), &seen));
    CHECK_EQ(seen.state.serve.a_count, 2);
    CHECK_STR(seen.state.serve.a[1], "192.0.2.2");
    CHECK_STR(seen.state.serve.aaaa[0], "2001:db8::1");
    CHECK_STR(seen.aaaa.values[0], "2001:DB8:0:0::1");
    CHECK_STR(seen.state.fence, OLD);
    CHECK_EQ(seen.state.fence_count, 1);
    CHECK_EQ(seen.fence_ttl_s, 90);
    CHECK_EQ(seen.state.ttl_s, 60);
    CHECK(seen.odd == NULL && !seen.cut && !seen.state.more);
}

TEST(the_longest_ttl_is_told)
{
    struct route53_seen seen;
    CHECK(list(SETS(SET("pbx.example.com.", "A", "86400", VALUE("192.0.2.1"))
                    SET("pbx.example.com.", "AAAA", "60", VALUE("2001:db8::1"))), &seen));
    CHECK_EQ(seen.state.ttl_s, 86400);
    CHECK_EQ(seen.a.ttl_s, 86400);
    CHECK_EQ(seen.aaaa.ttl_s, 60);
}

/* Cut in the middle of a character it would be no text for JSON, and take all of `status` along. */
TEST(a_fence_of_strange_letters_is_shown_in_plain_ones)
{
    struct route53_seen seen;
    char letters[201] = "", value[400], sets[1024];
    for (size_t i = 0; i < 200; i += 2)
        memcpy(letters + i, "\xc3\xa4", 3);
    snprintf(value, sizeof value, "\"\xc2\x9b[2J%s\"", letters);
    snprintf(sets, sizeof sets, SETS(SET("_holdfast.pbx.example.com.", "TXT", "60", VALUE("%s"))),
             value);
    CHECK(list(sets, &seen));
    CHECK_EQ(seen.state.fence_count, 1);
    CHECK(!seen.state.exact);
    CHECK_EQ(strspn(seen.state.fence, "?[2J"), strlen(seen.state.fence));
    json_t *text = json_string(seen.state.fence);
    CHECK(text != NULL);
    json_decref(text);
}

TEST(more_than_fits_is_told)
{
    struct route53_seen seen;
    struct provider_change change = {.new_fence = NEW, .ttl_s = 60};
    CHECK(list(SETS(SET("pbx.example.com.", "A", "60",
                        VALUE("192.0.2.1") VALUE("192.0.2.2") VALUE("192.0.2.3") VALUE("192.0.2.4")
                        VALUE("192.0.2.5") VALUE("192.0.2.6") VALUE("192.0.2.7") VALUE("192.0.2.8")
                        VALUE("192.0.2.9"))), &seen));
    CHECK(seen.state.more && seen.a.more);
    CHECK_EQ(seen.state.serve.a_count, ADDRESS_MAX);
    CHECK(route53_xml_batch(&names, &seen, &change) == NULL); /* it cannot say what must go */
    change.new_serve = (struct serve){.a = {"192.0.2.1"}, .a_count = 1};
    char *batch = route53_xml_batch(&names, &seen, &change);
    CHECK_HAS(batch, "<Action>UPSERT</Action>");
    free(batch);
    CHECK(list(SETS(SET("pbx.example.com.", "A", "-5", VALUE("no address"))), &seen));
    CHECK(seen.a.more && seen.state.ttl_s == 0);
}

TEST(what_is_no_list)
{
    struct route53_seen seen;
    CHECK(!list("", &seen));
    CHECK(!list("<IsTruncated>false</IsTruncated>", &seen));
    CHECK(!list("<ResourceRecordSets/>", &seen)); /* cut where nobody can tell */
    CHECK(!list("<ResourceRecordSets/><IsTruncated>perhaps</IsTruncated>", &seen));
    CHECK(!list("<ResourceRecordSets>", &seen));
    CHECK(!list("<ResourceRecordSets/><IsTruncated>&x;</IsTruncated>", &seen));
    CHECK(!route53_xml_list("", 0, &names, &seen));
    CHECK(!route53_xml_list("<a\0/>", 5, &names, &seen));
    static const char dtd[] = "<!DOCTYPE a [<!ENTITY b \"c\">]><ListResourceRecordSetsResponse>"
                              "<ResourceRecordSets/><IsTruncated>false</IsTruncated>"
                              "</ListResourceRecordSetsResponse>";
    CHECK(!route53_xml_list(dtd, sizeof dtd - 1, &names, &seen));
    const char *bare = strstr(dtd, "<List"); /* it was the DTD, and nothing else */
    CHECK(route53_xml_list(bare, strlen(bare), &names, &seen));
}

TEST(batch_is_fence_first_and_whole)
{
    struct route53_seen seen;
    struct provider_change change = {.old_fence = OLD, .new_fence = NEW, .ttl_s = 60,
                                     .new_serve = {.a = {"192.0.2.2"}, .a_count = 1}};
    CHECK(list(SETS(SET("pbx.example.com.", "AAAA", "77", VALUE("2001:DB8::1"))
                    SET("_holdfast.pbx.example.com.", "TXT", "90", VALUE("\"" OLD "\""))), &seen));
    char *batch = route53_xml_batch(&names, &seen, &change);
    CHECK_HAS(batch, "<ChangeResourceRecordSetsRequest" SPACE "><ChangeBatch><Changes>"
              "<Change><Action>DELETE</Action>"
              SET("_holdfast.pbx.example.com.", "TXT", "90", VALUE("\"" OLD "\"")) "</Change>"
              "<Change><Action>CREATE</Action>"
              SET("_holdfast.pbx.example.com.", "TXT", "60", VALUE("\"" NEW "\"")) "</Change>"
              "<Change><Action>UPSERT</Action>"
              SET("pbx.example.com.", "A", "60", VALUE("192.0.2.2")) "</Change>"
              "<Change><Action>DELETE</Action>"
              SET("pbx.example.com.", "AAAA", "77", VALUE("2001:DB8::1")) "</Change></Changes>");
    free(batch);
    change.old_fence[0] = 0;
    batch = route53_xml_batch(&names, &seen, &change);
    CHECK_HAS(batch, "<Changes><Change><Action>CREATE</Action>");
    free(batch);
    memcpy(change.old_fence, "v=spf1 a -all", 14);
    batch = route53_xml_batch(&names, &seen, &change);
    CHECK_HAS(batch, "<Action>DELETE</Action>"
              SET("_holdfast.pbx.example.com.", "TXT", "90", VALUE("\"v=spf1 a -all\"")));
    free(batch);
    memcpy(change.old_fence, "<Change>", 9);
    CHECK(route53_xml_batch(&names, &seen, &change) == NULL);
}

TEST(change_and_where_it_stands)
{
    char id[ROUTE53_ID_SIZE];
    bool there = true;
    static const char body[] = HEAD "<GetChangeResponse" SPACE "><ChangeInfo><Id>/change/C2</Id>"
                               "<Status>PENDING</Status></ChangeInfo></GetChangeResponse>";
    static const char done[] = "<x><ChangeInfo><Id>C3</Id><Status>INSYNC</Status></ChangeInfo></x>";
    static const char path[] = "<x><ChangeInfo><Id>/change/../x</Id><Status>INSYNC</Status>"
                               "</ChangeInfo></x>";
    static const char odd[] = "<x><ChangeInfo><Id>C3</Id><Status>LOST</Status></ChangeInfo></x>";
    CHECK(route53_xml_change(body, sizeof body - 1, id, &there));
    CHECK_STR(id, "C2");
    CHECK(!there);
    CHECK(route53_xml_change(done, sizeof done - 1, id, &there));
    CHECK(there);
    CHECK(!route53_xml_change(path, sizeof path - 1, id, &there));
    CHECK(!route53_xml_change(odd, sizeof odd - 1, id, &there));
    CHECK(!route53_xml_change("<x/>", 4, id, &there));
}

/* ---- errors ---- */

#define FENCE_SET "[name='_holdfast.pbx.example.com.', type='TXT'] "
#define ERROR(code, message)                                                                     \
    HEAD "<ErrorResponse" SPACE "><Error><Type>Sender</Type><Code>" code "</Code><Message>"      \
    message "</Message></Error><RequestId>1</RequestId></ErrorResponse>"

struct expectation {
    int status;
    const char *body;
    enum provider_outcome outcome;
    const char *text;
    enum trouble_kind kind;
};

static void expect(const struct expectation *want, unsigned sendings, bool role, bool expired)
{
    struct trouble why;
    bool ended = false;
    take_names();
    struct route53_reply reply = {.status = want->status, .body = want->body,
                                  .size = strlen(want->body), .sendings = sendings,
                                  .ahead_s = 1000, .names = &names, .zone_id = "Z1",
                                  .keys = "the keys in K", .role = role};
    CHECK_EQ(route53_verdict(&reply, &why, &ended), want->outcome);
    CHECK_HAS(why.text, want->text);
    CHECK_EQ(why.kind, want->kind);
    CHECK_EQ(ended, expired);
}

TEST(every_refusal_has_an_outcome_and_a_remedy)
{
    static const struct expectation table[] = {
        {200, "", PROVIDER_WON, "",
         TROUBLE_NONE},
        {400, ERROR("InvalidChangeBatch", "[Tried to delete resource record set " FENCE_SET
                    "but the values provided do not match the current values]"),
         PROVIDER_FENCED, "somebody else replaced the fence",
         TROUBLE_HIGHER},
        {400, ERROR("InvalidChangeBatch", "[Tried to delete resource record set " FENCE_SET
                    "but it was not found]"), PROVIDER_FENCED, "",
         TROUBLE_HIGHER},
        {400, ERROR("InvalidChangeBatch", "[Tried to create resource record set " FENCE_SET
                    "but it already exists]"), PROVIDER_FENCED, "",
         TROUBLE_HIGHER},
        {400, HEAD "<InvalidChangeBatch" SPACE "><Messages><Message>one</Message><Message>Tried to "
              "create resource record set " FENCE_SET "but it already exists</Message></Messages>"
              "</InvalidChangeBatch>", PROVIDER_FENCED, "",
         TROUBLE_HIGHER},
        {400, ERROR("InvalidChangeBatch", "[Tried to delete resource record set [name='pbx.example."
                    "com.', type='AAAA'] but it was not found]"), PROVIDER_UNKNOWN, "since they",
         TROUBLE_HIGHER},
        {400, ERROR("InvalidChangeBatch", "[RRSet of type A with DNS name pbx.example.com. is not "
                    "permitted because a conflicting RRSet of type CNAME exists]"),
         PROVIDER_REFUSED, "does not take the change: [RRSet of type A",
         TROUBLE_REFUSED},
        {400, ERROR("Throttling", "Rate exceeded"), PROVIDER_UNKNOWN, "busy (Throttling",
         TROUBLE_BUSY},
        {400, ERROR("PriorRequestNotComplete", "x"), PROVIDER_UNKNOWN, "tried again later",
         TROUBLE_BUSY},
        {400, ERROR("InvalidInput", "bad"), PROVIDER_REFUSED, "400 (InvalidInput: bad)",
         TROUBLE_REFUSED},
        {400, ERROR("RequestExpired", "x"), PROVIDER_REFUSED, "clock is 1000 s ahead of Amazon's",
         TROUBLE_CLOCK},
        {403, ERROR("SignatureDoesNotMatch", "Signature not yet current: x"), PROVIDER_REFUSED,
         "let chrony",
         TROUBLE_CLOCK},
        {403, ERROR("SignatureDoesNotMatch", "no"), PROVIDER_REFUSED, "the keys in K is wrong",
         TROUBLE_SECRET},
        {403, ERROR("AccessDenied", "User x"), PROVIDER_REFUSED, "allow route53:Change",
         TROUBLE_RIGHTS},
        {403, "", PROVIDER_REFUSED, "does not take the keys in K (403)",
         TROUBLE_SECRET},
        {404, ERROR("NoSuchHostedZone", "x"), PROVIDER_REFUSED, "no zone with the id Z1",
         TROUBLE_ZONE},
        {404, "gone", PROVIDER_REFUSED, "is endpoint right?",
         TROUBLE_STRANGE},
        {429, "", PROVIDER_UNKNOWN, "answers 429",
         TROUBLE_BUSY},
        {500, ERROR("InternalFailure", "x"), PROVIDER_UNKNOWN, "500 (InternalFailure",
         TROUBLE_SERVER},
        {503, "<html>", PROVIDER_UNKNOWN, "not in the words of Route 53",
         TROUBLE_SERVER},
        {204, "", PROVIDER_UNKNOWN, "answers 204",
         TROUBLE_STRANGE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        expect(&table[i], 1, false, false);
    /* Sent twice, it may be our own first sending that was in the way. */
    struct expectation twice = table[1];
    twice.outcome = PROVIDER_UNKNOWN;
    expect(&twice, 2, false, false);
}

TEST(keys_that_ended)
{
    static const struct expectation file = {403, ERROR("ExpiredToken", "x"), PROVIDER_REFUSED,
                                            "put fresh ones there",
         TROUBLE_EXPIRED};
    static const struct expectation role = {403, ERROR("ExpiredToken", "x"), PROVIDER_UNKNOWN,
                                            "new ones are asked for",
         TROUBLE_EXPIRED};
    static const struct expectation stranger = {403, ERROR("InvalidClientTokenId", "x"),
                                                PROVIDER_REFUSED, "does not know the keys in K",
         TROUBLE_KEY};
    expect(&file, 1, false, true);
    expect(&role, 1, true, true);
    expect(&stranger, 1, false, true);
}

TEST(errors_are_printable)
{
    struct route53_error error;
    static const char body[] = ERROR("Bad&#10;&#233;", "<b>x</b>y&lt;&#9;");
    route53_xml_error(body, sizeof body - 1, &error);
    CHECK_STR(error.code, "Bad???");
    CHECK_STR(error.message, "y<?");
    route53_xml_error("<Code>x</Code>", 14, &error);
    CHECK_STR(error.code, "");
}

TEST(policy_allows_the_record_alone)
{
    static struct record_config config;
    char text[ROUTE53_POLICY_SIZE];
    snprintf(config.zone_id, sizeof config.zone_id, "Z1");
    snprintf(config.name, sizeof config.name, "pbx.example.com");
    route53_policy_text(&config, text);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CHECK_EQ(json_array_size(json_object_get(json, "Statement")), 3);
    json_decref(json);
    CHECK_HAS(text, "arn:aws:route53:::hostedzone/Z1");
    CHECK_HAS(text, "[\"pbx.example.com\", \"_holdfast.pbx.example.com\"]");
    /* The manual page shows the same, for people. */
    snprintf(config.zone_id, sizeof config.zone_id, "Z123");
    route53_policy_text(&config, text);
    static char page[65536];
    FILE *file = fopen("deploy/man/holdfast.conf.5", "r");
    CHECK(file != NULL);
    page[file == NULL ? 0 : fread(page, 1, sizeof page - 1, file)] = 0;
    if (file != NULL)
        fclose(file);
    CHECK_HAS(page, text);
    memset(config.name, 'a', sizeof config.name - 1); /* the longest that could be */
    memset(config.zone_id, 'Z', sizeof config.zone_id - 1);
    route53_policy_text(&config, text);
    CHECK_STR(text + strlen(text) - 4, "]\n}\n");
}

CHECK_MAIN
