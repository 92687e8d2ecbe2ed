/* powerdns_json — what an answer of PowerDNS's interface says, where no real server says it. */
#include "agent/node/dns/powerdns_json.h"

#include "tests/lib/check.h"

#define SET(type, ttl, address)                                                                   \
    "{\"name\":\"pbx.example.com.\",\"type\":\"" type "\",\"ttl\":" ttl ",\"records\":["           \
    "{\"content\":\"" address "\",\"disabled\":false}]}"

static const char zone[] = "{\"kind\":\"Native\",\"rrsets\":[" SET("A", "86400", "192.0.2.1")
                           "," SET("AAAA", "60", "2001:db8::1") "]}";

TEST(the_longest_ttl_is_told)
{
    struct powerdns_names names;
    struct powerdns_seen seen = {.primary = false};
    CHECK(powerdns_json_names("pbx.example.com", &names));
    CHECK(powerdns_json_take(zone, strlen(zone), &names, &seen));
    CHECK_EQ(seen.state.serve.a_count, 1);
    CHECK_EQ(seen.state.serve.aaaa_count, 1);
    CHECK_EQ(seen.state.ttl_s, 86400);
}

CHECK_MAIN
