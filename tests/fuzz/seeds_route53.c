/* Answers of Route 53 and of an instance's metadata service, and credentials files, for route53. */
#include "seeds.h"

static void write_text(unsigned kind, unsigned status, const char *text)
{
    struct seed seed = {.size = 0};
    seed_byte(&seed, kind);
    seed_byte(&seed, status);
    seed_add(&seed, text, strlen(text));
    seed_write("route53", &seed);
}

#define HEAD "<?xml version=\"1.0\"?>"
#define LIST(sets, cut)                                                                           \
    HEAD "<ListResourceRecordSetsResponse><ResourceRecordSets>" sets                              \
         "</ResourceRecordSets><IsTruncated>" cut "</IsTruncated></ListResourceRecordSetsResponse>"
#define SET(name, type, values)                                                                   \
    "<ResourceRecordSet><Name>" name "</Name><Type>" type "</Type><TTL>60</TTL><ResourceRecords>"  \
    values "</ResourceRecords></ResourceRecordSet>"
#define VALUE(text) "<ResourceRecord><Value>" text "</Value></ResourceRecord>"
#define NAME "pbx.example.com."
#define FENCE SET("_holdfast." NAME, "TXT",                                                       \
                  VALUE("\"v=1;e=10;h=server1;t=00112233445566ff\""))
#define ERROR(code, message)                                                                      \
    HEAD "<ErrorResponse><Error><Code>" code "</Code><Message>" message                           \
         "</Message></Error></ErrorResponse>"
#define LOST                                                                                      \
    "[Tried to delete resource record set [name='_holdfast." NAME "', type='TXT'] but it was not " \
    "found]"
#define CHANGE(id, status)                                                                        \
    "<x><ChangeInfo><Id>" id "</Id><Status>" status "</Status></ChangeInfo></x>"
#define PAIR "aws_access_key_id = A\naws_secret_access_key = b\n"
#define ROLE(code, end)                                                                           \
    "{\"Code\":\"" code "\",\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"b\",\"Token\":\"t\","      \
    "\"Expiration\":\"" end "\"}"

static void write_lists(void)
{
    static const char *const lists[] = {
        LIST(SET(NAME, "A", VALUE("192.0.2.1") VALUE("192.0.2.2")) FENCE, "false"),
        LIST(SET(NAME, "AAAA", VALUE("2001:DB8::1")), "true"), LIST(FENCE FENCE, "false"),
        LIST(SET(NAME, "CNAME", VALUE("x.")), "false"),
        LIST(SET(NAME, "A", VALUE("&lt;x&gt;")), "false"),
        LIST("<ResourceRecordSet><Name>" NAME "</Name><Type>A</Type><AliasTarget/>"
             "</ResourceRecordSet>", "false"),
        LIST("<ResourceRecordSet><Name>" NAME "</Name><Type>A</Type><SetIdentifier/>"
             "</ResourceRecordSet>", "false"),
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a><![CDATA[b]]></a>", ""};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        write_text(0, 0, lists[i]);
}

void seeds_route53(void)
{
    static const char *const answers[] = {
        ERROR("InvalidChangeBatch", LOST), ERROR("Throttling", "Rate exceeded"),
        ERROR("SignatureDoesNotMatch", "Signature expired: x"), ERROR("ExpiredToken", "&#10;"),
        ERROR("AccessDenied", "a"), ERROR("NoSuchHostedZone", "a"), ERROR("Other", ""),
        "<InvalidChangeBatch><Messages><Message>a</Message><Message>" LOST "</Message></Messages>"
        "</InvalidChangeBatch>", "<html>"};
    static const char *const changes[] = {CHANGE("/change/C2", "PENDING"), CHANGE("C2", "INSYNC"),
                                          CHANGE("/change/../", "INSYNC")};
    static const char *const files[] = {
        "[default]\n" PAIR, PAIR "aws_session_token = t\n", "# a\n[profile default]\r\n" PAIR,
        "[a]\n" PAIR "[default]\naws_access_key_id =\n"};
    static const char *const roles[] = {ROLE("Success", "2026-11-26T18:00:00Z"),
                                        ROLE("Failed", "2026-11-26T18:00:00Z"),
                                        ROLE("Success", "soon"), "[]"};
    write_lists();
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++)
        for (unsigned status = 0; status < (i == 0 ? 8 : 4); status++)
            write_text(1, status, answers[i]);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        write_text(2, 0, changes[i]);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        write_text(3, 0, files[i]);
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        write_text(4, 0, roles[i]);
}
