/* cloudflare_json — lists of records, the batch that is made of them, errors. */
#include "../../agent/node/dns/cloudflare_json.h"
#include "../lib/check.h"

#define RECORD(id, type, name, content, more)                                                    \
    "{\"id\":\"" id "\",\"type\":\"" type "\",\"name\":\"" name "\",\"content\":\"" content        \
    "\",\"ttl\":60" more "}"
#define LIST(records) "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":[" records "]}"
#define NAME "pbx.example.com"
#define OLD "v=1;e=10;h=server1;t=00112233445566ff"
#define NEW "v=1;e=11;h=server2;t=aabbccddeeff0011"
#define FENCE(id) RECORD(id, "TXT", "_holdfast." NAME, "\\\"" OLD "\\\"", "")

static struct cloudflare_names names;
static struct cloudflare_seen seen;

/* The same list as the answer to each of the three questions. */
static bool take(const char *body)
{
    CHECK(cloudflare_json_names(NAME, &names));
    memset(&seen, 0, sizeof seen);
    return cloudflare_json_take(body, strlen(body), &names, names.fence, &seen) &&
           cloudflare_json_take(body, strlen(body), &names, names.first, &seen) &&
           cloudflare_json_take(body, strlen(body), &names, names.name, &seen);
}

/* The batch for one change of what was taken last; "" = there is none. */
static void expect_batch(const char *old_fence, const struct serve *serve, const char *wanted)
{
    struct provider_change change = {.new_fence = NEW, .new_serve = *serve, .ttl_s = 60};
    snprintf(change.old_fence, sizeof change.old_fence, "%s", old_fence);
    char *batch = cloudflare_json_batch(&names, &seen, &change);
    CHECK_STR(batch == NULL ? "" : batch, wanted);
    free(batch);
}

#define COMMENT "\"comment\":\"holdfast writes this; see holdfast.conf(5)\"}"
#define TXT(name, content, ttl)                                                                  \
    "{\"type\":\"TXT\",\"name\":\"" name "\",\"content\":\"\\\"" content "\\\"\",\"ttl\":" ttl     \
    "," COMMENT
#define NEW_FENCE TXT("_holdfast." NAME, NEW, "60")
#define FIRST TXT("first._holdfast." NAME, "holdfast: a fence stood here", "3600")
#define ADDRESS(type, text, more)                                                                \
    "{\"type\":\"" type "\",\"name\":\"" NAME "\",\"content\":\"" text                             \
    "\",\"ttl\":60,\"proxied\":false" more "}"
#define BATCH(deletes, patches, posts)                                                           \
    "{\"deletes\":[" deletes "],\"patches\":[" patches "],\"posts\":[" posts "]}"

static const struct serve v4 = {.a = {"192.0.2.2"}, .a_count = 1};
static const struct serve both = {.a = {"192.0.2.2", "192.0.2.3"}, .a_count = 2,
                                  .aaaa = {"2001:DB8::2"}, .aaaa_count = 1};

TEST(first_fence_rests_on_what_stands_for_none)
{
    CHECK(take(LIST("")));
    expect_batch("", &v4, BATCH("", "", ADDRESS("A", "192.0.2.2", "") "," NEW_FENCE "," FIRST));
    CHECK(take(LIST(RECORD("f1", "TXT", "first._holdfast." NAME, "x", ""))));
    expect_batch("", &v4, BATCH("{\"id\":\"f1\"}", "",
                                ADDRESS("A", "192.0.2.2", "") "," NEW_FENCE "," FIRST));
}

TEST(next_fence_rests_on_the_id_of_the_last)
{
    CHECK(take(LIST(FENCE("f1") "," RECORD("a1", "A", NAME, "192.0.2.1", ""))));
    CHECK_STR(seen.state.fence, OLD);
    expect_batch(OLD, &v4, BATCH("{\"id\":\"f1\"}", ADDRESS("A", "192.0.2.2", ",\"id\":\"a1\""),
                                 NEW_FENCE));
}

TEST(other_fence_than_seen_makes_no_batch)
{
    CHECK(take(LIST(FENCE("f1"))));
    expect_batch("", &v4, "");
    expect_batch(NEW, &v4, "");
    CHECK(take(LIST("")));
    expect_batch(OLD, &v4, "");
    CHECK(take(LIST(FENCE("f1") "," FENCE("f2"))));
    CHECK_EQ(seen.state.fence_count, 2);
    expect_batch(OLD, &v4, "");
    CHECK(take(LIST(RECORD("f1", "TXT", "_holdfast." NAME, "", "")))); /* empty, but there */
    expect_batch("", &v4, "");
    CHECK(take(LIST(FENCE("f1") "," FENCE("f2"))));
    expect_batch(OLD, &v4, "");
}

/* Kept where it is right, whatever its spelling; changed where one can be; else added, deleted. */
TEST(addresses_change_as_little_as_can_be)
{
    CHECK(take(LIST(FENCE("f1") "," RECORD("a3", "A", NAME, "192.0.2.3", "")
                    "," RECORD("q1", "AAAA", NAME, "2001:db8::1", "")
                    "," RECORD("q2", "AAAA", NAME, "2001:db8:0::2", ""))));
    expect_batch(OLD, &both, BATCH("{\"id\":\"f1\"},{\"id\":\"q1\"}", "",
                                   ADDRESS("A", "192.0.2.2", "") "," NEW_FENCE));
    CHECK(take(LIST(FENCE("f1") ",{\"id\":\"a2\",\"type\":\"A\",\"name\":\"" NAME
                    "\",\"content\":\"192.0.2.2\",\"ttl\":1}")));
    CHECK_EQ(seen.state.ttl_s, 300);
    expect_batch(OLD, &v4, BATCH("{\"id\":\"f1\"}", ADDRESS("A", "192.0.2.2", ",\"id\":\"a2\""),
                                 NEW_FENCE));
}

TEST(more_addresses_than_can_be_kept_all_go)
{
    char body[8192] = "{\"success\":true,\"result\":[" FENCE("f1");
    for (unsigned i = 0; i < 20; i++) {
        size_t used = strlen(body);
        snprintf(body + used, sizeof body - used,
                 ",{\"id\":\"a%u\",\"type\":\"A\",\"name\":\"" NAME
                 "\",\"content\":\"198.51.100.%u\",\"ttl\":60}", i, i);
    }
    strncat(body, "]}", sizeof body - strlen(body) - 1);
    CHECK(take(body));
    CHECK(seen.state.more);
    CHECK_EQ(seen.address_count, 20);
    struct provider_change change = {.old_fence = OLD, .new_fence = NEW, .new_serve = v4};
    char *batch = cloudflare_json_batch(&names, &seen, &change);
    json_t *json = json_loads(batch, 0, NULL);
    CHECK_EQ(json_array_size(json_object_get(json, "deletes")), 20); /* the fence, all but one */
    CHECK_EQ(json_array_size(json_object_get(json, "patches")), 1);
    json_decref(json);
    free(batch);
}

TEST(what_is_no_list_is_told)
{
    static const char *const bodies[] = {
        "", "{", "[]", "{}", "null", "{\"success\":true}", "{\"success\":true,\"result\":{}}",
        "{\"success\":false,\"result\":[]}", "{\"success\":true,\"result\":null}",
        "{\"success\":\"true\",\"result\":[]}", LIST("7"), LIST("{\"name\":\"" NAME "\"}"),
        LIST(RECORD("", "A", NAME, "192.0.2.1", "")),
        LIST(RECORD("0123456789abcdef0123456789abcdef0", "A", NAME, "192.0.2.1", ""))};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        CHECK(!take(bodies[i]));
}

TEST(what_is_in_the_way_is_seen)
{
    CHECK(take(LIST(RECORD("1", "CNAME", NAME, "a.example.com", ",\"proxied\":true"))));
    CHECK(seen.alias && seen.proxied);
    CHECK(take(LIST(RECORD("1", "NS", "_holdfast." NAME, "a.example.com", ""))));
    CHECK(seen.alias && !seen.proxied);
    CHECK(take(LIST(RECORD("1", "CNAME", "www.example.com", "a", ",\"proxied\":true"))));
    CHECK(!seen.alias && !seen.proxied);
    CHECK(take(LIST(RECORD("1", "A", NAME, "192.0.2.1", ",\"proxied\":true"))));
    CHECK(seen.proxied && !seen.crowded);
    CHECK(take("{\"success\":true,\"result\":[],\"result_info\":{\"total_count\":51}}"));
    CHECK(seen.crowded);
    CHECK(take(LIST(RECORD("1", "A", NAME, "no address", ""))));
    CHECK(seen.state.more);
}

static bool same_zone(const char *other, const char *name, const char *zone)
{
    char body[256], found[HOST_SIZE] = "";
    snprintf(body, sizeof body, "{\"success\":true,\"result\":[{\"name\":\"%s\"}]}", other);
    bool same = cloudflare_json_same_zone(body, strlen(body), name, zone, found);
    CHECK_STR(found, other);
    return same;
}

TEST(zone_is_told_by_its_names)
{
    CHECK(same_zone("example.com", NAME, ""));
    CHECK(same_zone("www.EXAMPLE.com", NAME, ""));
    CHECK(same_zone(NAME, NAME, "example.com"));
    CHECK(!same_zone("www.example.net", NAME, ""));
    CHECK(!same_zone("notexample.com", NAME, ""));
    CHECK(!same_zone("com", NAME, ""));
    CHECK(same_zone("www.b.co.uk", "pbx.a.co.uk", "")); /* nobody can know ... */
    CHECK(!same_zone("www.b.co.uk", "pbx.a.co.uk", "a.co.uk")); /* ... without the zone */
    char found[HOST_SIZE] = "";
    CHECK(cloudflare_json_same_zone(LIST(""), strlen(LIST("")), NAME, "", found));
}

TEST(names_that_nobody_wished_for_are_told)
{
    char stray[HOST_SIZE];
#define MADE(name) "{\"success\":true,\"result\":{\"posts\":[{\"name\":\"" name "\"}]}}"
    CHECK(take(LIST("")));
    CHECK(cloudflare_json_applied(MADE(NAME), strlen(MADE(NAME)), &names, stray));
    CHECK_STR(stray, "");
    CHECK(cloudflare_json_applied(MADE("a.net"), strlen(MADE("a.net")), &names, stray));
    CHECK_STR(stray, "a.net");
    CHECK(!cloudflare_json_applied(LIST(""), strlen(LIST("")), &names, stray));
    CHECK(!cloudflare_json_applied("{", 1, &names, stray));
}

static struct cloudflare_fault fault_of(const char *body)
{
    struct cloudflare_fault fault;
    cloudflare_json_fault(body, strlen(body), &fault);
    return fault;
}

TEST(codes_and_words_are_kept)
{
    struct cloudflare_fault fault = fault_of(
        "{\"errors\":[{\"code\":1004,\"message\":\"DNS\\u00e9\\n\",\"error_chain\":[{\"code\":9021,"
        "\"message\":\"TTL\"}]},{\"code\":81044,\"message\":\"gone\"}]}");
    CHECK_EQ(fault.code, 1004);
    CHECK_STR(fault.text, "code 1004: DNS???; code 9021: TTL; code 81044: gone");
    CHECK(fault.changed && !fault.unknown && !fault.untrusted);
    CHECK(fault_of("{\"errors\":[{\"code\":7003}]}").unknown);
    CHECK(fault_of("{\"errors\":[{\"code\":10000}]}").untrusted);
    CHECK_STR(fault_of("<html>").text, "no reason told");
    CHECK_STR(fault_of("{\"errors\":[{\"code\":-5}]}").text, "code 0: ");
}

TEST(long_names_do_not_fit)
{
    char name[HOST_SIZE];
    memset(name, 'a', sizeof name);
    name[237] = 0;
    CHECK(cloudflare_json_names(name, &names));
    CHECK_EQ(strlen(names.first), 253);
    name[237] = 'a';
    name[238] = 0;
    CHECK(!cloudflare_json_names(name, &names));
}

CHECK_MAIN
