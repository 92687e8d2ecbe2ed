/* One wrong line each: which complaint comes, with which line; and many at once. */
#include "agent/peer/config.h"

#include "tests/lib/check.h"
#include "tests/lib/config_text.h"

#define AT "/dir/hf.conf:"
#define SMALL_ORDER "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define LONG_60 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"

struct bad {
    unsigned line; /* replaced in the good text */
    const char *text, *expected;
};

struct world {
    struct config config;
    struct complaints complaints;
    struct err err;
};

static void check_bad(const struct bad *bad, bool warning)
{
    struct world *world = calloc(1, sizeof *world);
    struct complaints *complaints = &world->complaints;
    int code = text_parse_with(bad->line, bad->text, &world->config, complaints, &world->err);
    CHECK_EQ(code, warning ? 0 : ERR_USAGE);
    CHECK_EQ(complaints->count, 1);
    CHECK_EQ(complaints->error_count, warning ? 0 : 1);
    if (complaints->count > 0) {
        CHECK_EQ(complaints->list[0].warning, warning);
        CHECK_HAS(complaints->list[0].text, bad->expected);
        CHECK(strncmp(complaints->list[0].text, AT, strlen(AT)) == 0);
        CHECK(warning || strstr(complaints->list[0].text, "; expected ") != NULL ||
              strstr(complaints->list[0].text, "is taken;") != NULL);
    } else {
        printf("no complaint about: %s\n", bad->text);
    }
    if (!warning && complaints->count > 0)
        CHECK_STR(world->err.text, complaints->list[0].text);
    free(world);
}

#define CHECK_ALL(cases, warning)                                                               \
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases)[0]; i++)                               \
        check_bad(&(cases)[i], warning)

TEST(cluster)
{
    static const struct bad cases[] = {
        {2, "name = two words", AT "2: [cluster] name: \"two words\" is no domain name"},
        {2, "name = -x", "2: [cluster] name: \"-x\""},
        {2, "", AT "1: [cluster] name: missing"},
        {2, "name = a\nname = b", AT "3: [cluster] name: a second time; expected once (first in "
                                     "line 2)"},
        {2, "name =", AT "2: [cluster] name: no value"},
        {3, "Lease = 5s", AT "3: [cluster]: no key before the '='"},
        {3, "leese = 5s", AT "3: [cluster] leese: unknown key; expected one of name, profile"},
        {3, "profile = Fast", "\"Fast\" is unknown; expected fast, normal or patient"},
        {3, "lease = 5", "3: [cluster] lease: \"5\" has no unit; expected a whole number with ms"},
        {3, "lease = 5 s", "\"5 s\" is no length of time"},
        {3, "lease = 5S", "\"5S\" is no length"},
        {3, "lease = -5s", "\"-5s\" is no length"},
        {3, "lease = 1.5s", "\"1.5s\" is no length"},
        {3, "lease = 5000000000000s", "is no length"},
        {3, "interval = 100ms\nlease = 599ms", "4: [cluster] lease: 599ms is out of range; "
                                               "expected 600ms to 1m"},
        {3, "lease = 61s", "61s is out of range; expected 600ms to 1m"},
        {3, "interval = 49ms", "49ms is out of range; expected 50ms to 15s"},
        {3, "lease = 60s\ninterval = 16s", "4: [cluster] interval: 16s is out of range"},
        {3, "lease = 1999ms", "3: [cluster] lease: a lease of 1999 ms is too short for an interval "
                              "of 500 ms"},
        {3, "interval = 2s", "3: [cluster] interval: a lease of 5000 ms is too short"},
        {3, "interval = 50ms\nlease = 13s", "4: [cluster] lease: a lease of 13000 ms is too long"},
        {3, "drift = 1", "\"1\" is no share; expected percent or ppm"},
        {3, "drift = 99ppm", "99ppm is out of range; expected 0.01% to 5%"},
        {3, "drift = 5.0001%", "out of range"},
        {3, "drift = 0%", "out of range"},
        {3, "drift = 1.%", "is no share"},
        {3, "drift = 999999999%", "out of range"},
        {3, "prefer = cloud", "3: [cluster] prefer: \"cloud\" is no node of this file"},
        {3, "prefer = Server1", "\"Server1\" is no name"},
        {3, "prefer = server1\nfailback-after = 999ms", "out of range; expected 1s to 168h"},
        {3, "min-hold = 25h", "25h is out of range; expected 0s to 24h"},
        {3, "demote-lead = 49ms", "49ms is out of range"},
        {3, "demote-lead = 2501ms", "3: [cluster] demote-lead: 2501 ms is out of range; expected "
                                    "at most half the lease"},
        {3, "promote-delay = 61s", "61s is out of range"},
    };
    CHECK_ALL(cases, false);
}

TEST(peers)
{
    static const struct bad cases[] = {
        {6, "", AT "5: [node server1] address: missing"},
        {6, "address = 203.0.113.300", "\"203.0.113.300\" is neither an address nor a host name"},
        {6, "address = 1.2.3", "\"1.2.3\" is neither"},
        {6, "address = a..b:1", "neither"},
        {6, "address = 203.0.113.10:", "has no port between 1 and 65535"},
        {6, "address = 203.0.113.10:0", "has no port"},
        {6, "address = 203.0.113.10:65536", "has no port"},
        {6, "address = 203.0.113.10:99x", "has no port"},
        {6, "address = 203.0.113.10, 203.0.113.11", "neither"},
        {6, "address = 2001:db8::1", "an IPv6 address stands in brackets"},
        {6, "address = 2001:db8::1:9930", "an IPv6 address stands in brackets"},
        {6, "address = [2001:db8::1", "has a [ without a ]"},
        {6, "address = [2001:db8::1]9930", "something else than :PORT"},
        {6, "address = [203.0.113.10]:9930", "no IPv6 address in its brackets"},
        {6, "address = []:9930", "no IPv6 address in its brackets"},
        {6, "address = [fe80::1%eth0]:9930", "no IPv6 address in its brackets"},
        {6, "address = 0.0.0.0:9930", "\"0.0.0.0\" means no host"},
        {6, "address = [ff02::1]", "\"ff02::1\" is a multicast"},
        {6, "address = 1.1.1.1\naddress = 1.1.1.1:9930", "7: [node server1] address: the same host "
                                                         "and port twice"},
        {6, "address = " LONG_60 LONG_60 LONG_60 LONG_60 LONG_60, "is too long"},
        {10, "address = 203.0.113.10", AT "9: [node server2] address: 203.0.113.10 port 9930 is an "
                                          "address of server1 too (line 5)"},
        {14, "address = 198.51.100.20", AT "13: [witness cloud] address: 198.51.100.20 port 9930 "
                                           "is an address of server2 too (line 9)"},
        {7, "", AT "5: [node server1] public-key: missing"},
        {7, "public-key = abc", "7: [node server1] public-key: is no key (3 characters)"},
        {7, "public-key = " SMALL_ORDER, "is not the public half of any Ed25519 key"},
        {11, "public-key = " TEXT_KEY_1, AT "9: [node server2] public-key: the same key as "
                                            "server1"},
        {15, "public-key = " TEXT_KEY_2, AT "13: [witness cloud] public-key: the same key as "
                                            "server2"},
        {9, "[node Server2]", AT "9: [node Server2]: \"Server2\" is no name"},
        {9, "[node abcdefghijabcdefghijabcdefghijabc]", "is no name"},
        {13, "[witness server1]", AT "13: [witness server1]: the name \"server1\" is taken"},
        {16, "serve = 192.0.2.1", AT "16: [witness cloud] serve: unknown key; expected one of "
                                     "address, public-key"},
        {16, "[node third]\naddress = nonsense:::", AT "16: [node third]: a third node; expected "
                                                       "exactly two"},
        {16, "[witness other]\nfoo = 1", AT "16: [witness other]: a second witness"},
    };
    CHECK_ALL(cases, false);
}

TEST(serve)
{
    static const struct bad cases[] = {
        {8, "serve = 203.0.113.10, 203.0.113.10", AT "8: [node server1] serve: \"203.0.113.10\" is "
                                                     "there twice"},
        {8, "serve = 2001:db8::1, 2001:DB8:0::1", "\"2001:DB8:0::1\" is there twice"},
        {8, "serve = 203.0.113.10,", "\"\" is empty"},
        {8, "serve = 192.0.2.1\nserve = ,192.0.2.2", "9: [node server1] serve: \"\" is empty"},
        {8, "serve = 203.0.113.10:80", "is no address"},
        {8, "serve = www.example.com", "\"www.example.com\" is no address"},
        {8, "serve = 0.0.0.0, 192.0.2.1", "\"0.0.0.0\" means no host"},
        {8, "serve = 192.0.2.1, ::", "\"::\" means no host"},
        {8, "serve = 192.0.2.1, 224.0.0.1", "is a multicast address"},
        {8, "serve = 192.0.2.1, ff02::1", "is a multicast address"},
        {8, "serve = 192.0.2.1, 255.255.255.255", "reserved or broadcast"},
        {8, "serve = 192.0.2.1, fe80::1", "link-local"},
        {8, "serve = ::ffff:192.0.2.1, 192.0.2.1", "in disguise"},
        {8, "serve = 10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,"
            "10.0.0.9", "\"10.0.0.9\" is one too many; expected at most 8 IPv4"},
        {24, "serve.server3 = 192.0.2.1", AT "24: [record pbx.example.com] serve.server3: "
                                             "\"server3\" is no node"},
        {24, "serve.cloud = 192.0.2.1", "\"cloud\" is no node"},
        {24, "serve. = 192.0.2.1", "\"\" is no name"},
        {24, "serve.server1 = x", "24: [record pbx.example.com] serve.server1: \"x\" is no "
                                  "address"},
    };
    CHECK_ALL(cases, false);
}

/* A whole section of another provider in the place of the first record's. */
#define API_SECTION(lines) "[record api.example.com]\nserve.server1 = 192.0.2.1\n" lines
#define POWERDNS "provider = powerdns\nzone = example.com\napi-key-file = k\n"
#define CLOUDFLARE "provider = cloudflare\nzone-id = 0123abc\ntoken-file = t\n"

TEST(keys_of_other_providers)
{
    static const struct bad cases[] = {
        {24, API_SECTION(POWERDNS), AT "24: [record api.example.com] endpoint: missing; expected "
                                       "for provider = powerdns"},
        {24, API_SECTION(POWERDNS "endpoint = http://192.0.2.1:8081"), "in the clear"},
        {24, API_SECTION(POWERDNS "endpoint = ftp://127.0.0.1"), "is no https address"},
        {24, API_SECTION(POWERDNS "endpoint = https://u:hush@127.0.0.1"), "holds an @"},
        {24, API_SECTION(POWERDNS "endpoint = https://127.0.0.1/?a=b"), "holds a question"},
        {24, API_SECTION(POWERDNS "endpoint = https://127.0.0.1\ntoken-file = t"),
         "30: [record api.example.com] token-file: not for provider = powerdns; expected with "
         "cloudflare only"},
        {24, API_SECTION(POWERDNS "endpoint = https://127.0.0.1\nname = pbx.example.com"),
         "expected either powerdns or rfc2136 for it"},
        {24, API_SECTION(CLOUDFLARE "ttl = 59"), "ttl: 59 s is less than Cloudflare takes; "
                                                 "expected at least 60, or plan = enterprise"},
        {24, API_SECTION(CLOUDFLARE "plan = enterprise\nttl = 29"), "expected at least 30"},
        {24, API_SECTION(CLOUDFLARE "plan = gold"), "\"gold\" is unknown"},
        {24, API_SECTION(CLOUDFLARE "tsig-name = x"), "tsig-name: not for provider = cloudflare; "
                                                      "expected with rfc2136 only"},
        {24, API_SECTION(CLOUDFLARE "zone = example.org"), "not inside the zone example.org"},
        {24, API_SECTION("provider = cloudflare\nzone-id = abc"), "token-file: missing"},
        {24, API_SECTION("provider = route53"), "zone-id: missing"},
        {24, API_SECTION("provider = route53\nzone-id = /hostedzone/Z1"), "is no zone id"},
        {24, API_SECTION("provider = route53\nzone-id = Z1\ncredentials-profile = p"),
         "credentials-profile: without a file"},
        {24, API_SECTION("provider = route53\nzone-id = Z1\ncommand = /x"),
         "not for provider = route53; expected with exec only"},
    };
    CHECK_ALL(cases, false);
}

/* Nobody knows what goes with a provider that does not exist. */
TEST(an_unknown_provider_is_one_complaint)
{
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct err err = {0};
    CHECK(text_parse_with(24, API_SECTION("provider = gandi\ntoken-file = t"), config, complaints,
                          &err) != 0);
    CHECK_EQ(complaints->error_count, 1);
    CHECK_HAS(complaints->list[0].text, "provider: \"gandi\" is unknown; expected rfc2136");
    free(config);
    free(complaints);
}

TEST(records_and_probes)
{
    static const struct bad cases[] = {
        {18, "", AT "17: [record pbx.example.com] provider: missing"},
        {18, "provider = dyndns", "\"dyndns\" is unknown; expected rfc2136, route53, "
                                  "cloudflare, powerdns or exec"},
        {19, "", AT "17: [record pbx.example.com] zone: missing"},
        {20, "", "17: [record pbx.example.com] server: missing; expected for provider = rfc2136"},
        {21, "", "tsig-name: missing"},
        {22, "", "tsig-algorithm: missing"},
        {23, "", "tsig-secret-file: missing"},
        {22, "tsig-algorithm = hmac-md5", "\"hmac-md5\" is unknown; expected hmac-sha256"},
        {19, "zone = example.org", AT "17: [record pbx.example.com] name: pbx.example.com is not "
                                      "inside the zone example.org"},
        {19, "zone = ample.com", "is not inside the zone ample.com"},
        {24, "ttl = 0", "24: [record pbx.example.com] ttl: 0 is out of range; expected 1 to 86400"},
        {24, "ttl = 86401", "86401 is out of range"},
        {24, "ttl = 500ms", "is no number of seconds"},
        {24, "check-every = 4s", "4s is out of range; expected 5s to 1h"},
        {24, "drift = ignore", "\"ignore\" is unknown; expected repair or alert"},
        {24, "adopt = yes", "\"yes\" is unknown; expected automatic or manual"},
        {24, "command = /x", "24: [record pbx.example.com] command: not for provider = rfc2136"},
        {27, "", AT "25: [record voip.example.com] command: missing"},
        {27, "command = /x 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 "
             "28 29 30 31 32", "has too many words; expected at most 32"},
        {27, "command = record", "does not start with an absolute path"},
        {28, "zone = example.com", "28: [record voip.example.com] zone: not for provider = exec"},
        {28, "name = *.example.com", "is no domain name"},
        {25, "[record pbx.example.com]", AT "25: [record pbx.example.com]: a second time"},
        {25, "[record short]", "\"short\" is a label, no full name"},
        {25, "[record _holdfast.pbx.example.com]",
         "_holdfast.pbx.example.com is where a fence is kept"},
        {30, "", AT "29: [probe service] type: missing"},
        {30, "type = http", "\"http\" is unknown; expected exec"},
        {31, "", AT "29: [probe service] command: missing"},
        {32, "interval = 199ms", "199ms is out of range; expected 200ms to 1h"},
        {32, "timeout = 99ms", "99ms is out of range; expected 100ms to 1m"},
        {32, "interval = 1s\ntimeout = 2s", "33: [probe service] timeout: 2000 ms is longer than "
                                            "the interval"},
        {32, "fall = 0", "0 is out of range; expected 1 to 100"},
        {32, "rise = 101", "101 is out of range"},
        {32, "rise = many", "\"many\" is no whole number"},
        {32, "weight = heavy", "\"heavy\" is unknown; expected block or warn"},
        {32, "[probe service]\ntype = exec", AT "32: [probe service]: a second time"},
        {34, "", AT "33: [notify] command: missing"},
        {36, "listen = localhost", "36: [local] listen: is a name; expected an address"},
        {36, "listen = [::]\nlisten = [::0]:9930", "the same host and port twice"},
        {36, "socket = " LONG_60 LONG_60, "is too long; expected at most 107 bytes"},
        {36, "key = " LONG_60 LONG_60 LONG_60 LONG_60 LONG_60, "is too long"},
    };
    CHECK_ALL(cases, false);
}

TEST(lines_and_sections)
{
    static const struct bad cases[] = {
        {3, "just words", AT "3: [cluster]: no '=' here"},
        {3, "= 5", "no key before the '='"},
        {3, "two keys = 5", "no key before the '='"},
        {3, "drift: 1%", "no '=' here"},
        {3, "min-hold = 1s\x01", "3: [cluster]: a control character"},
        {3, "min-hold = 1\xc2\xb5s", "3: [cluster]: a character outside ASCII"},
        {35, "[local", AT "35: the bracket is not closed"},
        {35, "[local] x = 1", "something follows the bracket"},
        {35, "[[local]]", "something follows the bracket"},
        {35, "[lo[cal]", "a second bracket"},
        {35, "[]", AT "35: unknown section"},
        {35, "[locals]\nfoo = 1", AT "35: [locals]: unknown section; expected [cluster]"},
        {35, "[local here]", "[local here]: takes no name; expected [local]"},
        {35, "[probe]\nfoo = 1", "[probe]: has no name; expected one, like [probe service]"},
        {35, "[notify]", AT "35: [notify]: a second time; expected once (first in line 33)"},
        {35, "[cluster]\nname = x", "a second time; expected once (first in line 1)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_bad(&cases[i], false);
}

TEST(who_is_asked)
{
    static const struct bad cases[] = {
        {24, "authoritative = ns.example.com", "24: [record pbx.example.com] authoritative: is a "
                                               "name; expected an address"},
        {24, "authoritative = 192.0.2.1\nauthoritative = 192.0.2.1:53", "the same host and port"},
        {24, "[dns]\nresolver = dns.example.com", AT "25: [dns] resolver: is a name; expected"},
        {24, "[dns]\nresolver = none\nresolver = 9.9.9.9", AT "26: [dns] resolver: none and "
                                                              "something else; expected addresses"},
        {24, "[dns]\nresolver = 9.9.9.9\nresolver = none", AT "26: [dns] resolver: none and"},
        {24, "[dns]\nresolver = 1.1.1.1\nresolver = 1.1.1.2\nresolver = 1.1.1.3\n"
             "resolver = 1.1.1.4\nresolver = 1.1.1.5\nresolver = 1.1.1.6\nresolver = 1.1.1.7\n"
             "resolver = 1.1.1.8\nresolver = 1.1.1.9", "33: [dns] resolver: one too many"},
        {24, "[dns]\ndoh = https://dns.example.com/q", AT "25: [dns] doh: \"https://dns.example.com"
             "/q\" names its host, or is too long; expected https and an address"},
        {24, "[dns]\ndoh = https://localhost/q", "names its host"},
        {24, "[dns]\ndoh = http://127.0.0.1/q", "\"http://127.0.0.1/q\" is not https; expected"},
        {24, "[dns]\ndoh = 9.9.9.9", "\"9.9.9.9\" is no https address; expected"},
        {24, "[dns]\ndoh = https://a:b@9.9.9.9/q", "holds an @"},
        {24, "[dns]\nresolvers = 9.9.9.9", "unknown key; expected one of resolver, doh"},
        {24, "[dns]\n[dns]", AT "25: [dns]: a second time"},
        {24, "[dns here]", "takes no name; expected [dns]"},
    };
    CHECK_ALL(cases, false);
}

TEST(warnings)
{
    static const struct bad cases[] = {
        {3, "lease = 3999ms", AT "3: [cluster] lease: a lease of 3999 ms is only 7 intervals"},
        {3, "interval = 1s", "3: [cluster] interval: a lease of 5000 ms is only 5 intervals"},
        {3, "failback-after = 5m", "3: [cluster] failback-after: does nothing without prefer"},
        {24, "serve.server1 = 127.0.0.1", "127.0.0.1 is a loopback address"},
        {24, "serve.server1 = ::1", "::1 is a loopback address"},
        {24, "serve.server1 = 198.51.100.20", "17: [record pbx.example.com]: both nodes serve the "
                                              "same addresses"},
    };
    CHECK_ALL(cases, true);
}

TEST(no_addresses_to_serve)
{
    struct world *world = calloc(1, sizeof *world);
    CHECK_EQ(text_parse_with(8, "", &world->config, &world->complaints, &world->err), ERR_USAGE);
    CHECK_EQ(world->complaints.error_count, 2);
    CHECK_HAS(world->complaints.list[0].text,
              AT "17: [record pbx.example.com] serve.server1: missing; expected addresses here, or "
                 "serve = in [node server1]");
    CHECK_HAS(world->complaints.list[1].text, AT "25: ");
    free(world);
}

TEST(everything_at_once_in_file_order)
{
    static const char text[] = "key = 1\n[cluster]\nlease = 5\n[node a]\n[node a]\nx = 1\n"
                               "[witnes w]\n[record r.x]\nprovider = exec\nserve.b = 1.1.1.1\n";
    static const char *const expected[] = {
        AT "1: key: before the first [section]",
        AT "2: [cluster] name: missing",
        AT "3: [cluster] lease: \"5\" has no unit",
        AT "4: [node a] address: missing",
        AT "4: [node a] public-key: missing",
        AT "5: [node a]: the name \"a\" is taken",
        AT "7: [witnes w]: unknown section",
        AT "8: [record r.x] command: missing",
        AT "8: [record r.x] serve.a: missing",
        AT "10: [record r.x] serve.b: \"b\" is no node",
        "/dir/hf.conf: 1 [node NAME] section; expected exactly two",
        "/dir/hf.conf: no [witness NAME] section; expected exactly one",
    };
    size_t count = sizeof expected / sizeof expected[0];
    struct world *world = calloc(1, sizeof *world);
    CHECK_EQ(text_parse(text, sizeof text - 1, &world->config, &world->complaints, &world->err),
             ERR_USAGE);
    CHECK_EQ(world->complaints.count, count);
    CHECK_EQ(world->complaints.error_count, count);
    for (size_t i = 0; i < count && i < world->complaints.count; i++)
        CHECK_HAS(world->complaints.list[i].text, expected[i]);
    CHECK_STR(world->err.text, world->complaints.list[0].text);
    free(world);
}

TEST(an_empty_file_says_what_is_missing)
{
    struct world *world = calloc(1, sizeof *world);
    CHECK_EQ(text_parse("", 0, &world->config, &world->complaints, &world->err), ERR_USAGE);
    CHECK_EQ(world->complaints.error_count, 3);
    CHECK_STR(world->err.text, "/dir/hf.conf: no [cluster] section; expected one");
    free(world);
}

CHECK_MAIN
