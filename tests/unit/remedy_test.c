#include "agent/node/remedy.h"

#include "tests/lib/check.h"

#define SET(field, text) snprintf(field, sizeof(field), "%s", text)

static struct record_config record_of(enum provider_kind provider)
{
    struct record_config record = {.provider = provider, .label = "pbx",
                                   .name = "pbx.example.com", .zone = "example.com"};
    SET(record.tsig_name, "upd.");
    SET(record.tsig_algorithm, "hmac-sha256");
    SET(record.tsig_secret_file, "/etc/holdfast/tsig.key");
    SET(record.token_file, "/etc/holdfast/token");
    SET(record.api_key_file, "/etc/holdfast/api.key");
    SET(record.credentials_file, "/etc/holdfast/aws");
    SET(record.command, "/usr/local/bin/put");
    SET(record.servers[0].host, "192.0.2.53");
    record.servers[0].port = 53;
    record.server_count = 1;
    return record;
}

static void expect(enum provider_kind provider, enum trouble_kind kind, const char *text)
{
    struct record_config record = record_of(provider);
    struct remedy_case what = {&record, "/etc/holdfast/holdfast.conf", kind};
    char remedy[REMEDY_SIZE];
    remedy_text(&what, remedy);
    CHECK_HAS(remedy, text);
}

TEST(every_kind_has_one_line_for_every_provider)
{
    static const enum provider_kind providers[] = {PROVIDER_RFC2136, PROVIDER_ROUTE53,
                                                   PROVIDER_CLOUDFLARE, PROVIDER_POWERDNS,
                                                   PROVIDER_EXEC};
    char remedy[REMEDY_SIZE];
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        struct record_config record = record_of(providers[i]);
        for (int kind = TROUBLE_NONE; kind < TROUBLE_KIND_COUNT; kind++) {
            struct remedy_case what = {&record, "conf", (enum trouble_kind)kind};
            remedy_text(&what, remedy);
            CHECK_EQ(remedy[0] == 0, kind == TROUBLE_NONE);
            CHECK(strchr(remedy, '\n') == NULL && strstr(remedy, "(null)") == NULL);
            CHECK(strlen(trouble_name((enum trouble_kind)kind)) > 1);
        }
    }
}

TEST(remedies_have_the_record_s_own_names)
{
    expect(PROVIDER_RFC2136, TROUBLE_SECRET, "cat >/etc/holdfast/tsig.key; then: holdfast restart");
    expect(PROVIDER_RFC2136, TROUBLE_RIGHTS, "grant upd. name _holdfast.pbx.example.com. TXT;");
    expect(PROVIDER_RFC2136, TROUBLE_SILENT, "dig +norecurse @192.0.2.53 -p 53 example.com SOA");
    expect(PROVIDER_RFC2136, TROUBLE_FENCES, "key hmac-sha256:upd. %s\\nupdate delete "
           "_holdfast.pbx.example.com TXT");
    expect(PROVIDER_RFC2136, TROUBLE_GARBAGE, "holdfast dns adopt pbx --yes");
    expect(PROVIDER_CLOUDFLARE, TROUBLE_SECRET, "cat >/etc/holdfast/token");
    expect(PROVIDER_CLOUDFLARE, TROUBLE_LOOKUP, "getent hosts api.cloudflare.com;");
    expect(PROVIDER_CLOUDFLARE, TROUBLE_REDIRECT,
           "set endpoint in [record pbx] of /etc/holdfast/holdfast.conf");
    expect(PROVIDER_ROUTE53, TROUBLE_RIGHTS, "\"_holdfast.pbx.example.com\"");
    expect(PROVIDER_ROUTE53, TROUBLE_ZONE, "aws route53 list-hosted-zones");
    expect(PROVIDER_POWERDNS, TROUBLE_MIXED, "pdnsutil delete-rrset example.com _holdfast.pbx TXT");
    expect(PROVIDER_EXEC, TROUBLE_COMMAND, "/usr/local/bin/put");
}

/* What a provider does not have stands in none of its remedies. */
TEST(remedies_speak_of_their_own_provider)
{
    expect(PROVIDER_RFC2136, TROUBLE_DROPPED, "grant upd. name pbx.example.com. A AAAA;");
    expect(PROVIDER_POWERDNS, TROUBLE_DROPPED, "holdfast dns show pbx");
    expect(PROVIDER_CLOUDFLARE, TROUBLE_DROPPED, "set endpoint in [record pbx]");
    expect(PROVIDER_ROUTE53, TROUBLE_DROPPED, "switch off whoever else writes pbx.example.com");
    expect(PROVIDER_CLOUDFLARE, TROUBLE_RIGHTS, "Zone > DNS > Edit");
}

/* Without credentials-file there is no file to type into, and no user to give a policy. */
TEST(remedies_for_the_role_of_an_instance)
{
    static const enum trouble_kind kinds[] = {TROUBLE_SECRET, TROUBLE_KEY, TROUBLE_EXPIRED};
    struct record_config record = record_of(PROVIDER_ROUTE53);
    struct remedy_case what = {&record, "/etc/holdfast/holdfast.conf", TROUBLE_RIGHTS};
    char remedy[REMEDY_SIZE];
    record.credentials_file[0] = 0;
    remedy_text(&what, remedy);
    CHECK_HAS(remedy, "aws iam put-role-policy --role-name ROLE --policy-name holdfast");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        what.kind = kinds[i];
        remedy_text(&what, remedy);
        CHECK(strstr(remedy, "cat >") == NULL);
        CHECK_HAS(remedy, "set credentials-file in [record pbx]");
    }
}

TEST(a_sentence_and_its_kind)
{
    struct trouble trouble;
    trouble_set(&trouble, TROUBLE_BUSY, "wait %d s", 3);
    CHECK_EQ(trouble.kind, TROUBLE_BUSY);
    CHECK_STR(trouble.text, "wait 3 s");
    CHECK_STR(trouble_name(TROUBLE_CA_FILE), "ca-file");
    CHECK_STR(trouble_name(TROUBLE_KIND_COUNT), "other");
}

CHECK_MAIN
