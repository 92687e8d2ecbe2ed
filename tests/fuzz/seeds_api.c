/* Answers of PowerDNS's HTTP interface, and addresses of interfaces, for api. */
#include "seeds.h"

static void write_text(unsigned kind, const char *text)
{
    struct seed seed = {.size = 0};
    seed_byte(&seed, kind);
    seed_add(&seed, text, strlen(text));
    seed_write("api", &seed);
}

#define ZONE(kind, sets) \
    "{\"kind\":\"" kind "\",\"soa_edit_api\":\"\",\"rrsets\":[" sets "]}"
#define SET(name, type, content)                                                                  \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"ttl\":60,\"records\":[{\"content\":\"" content \
    "\",\"disabled\":false}]}"
#define CONFLICT(name, type)                                                                      \
    "{\"error\":\"RRset " name " IN " type ": Conflicts with pre-existing RRset\"}"
#define FENCE SET("_holdfast.pbx.example.com.", "TXT",                                            \
                  "\\\"v=1;e=10;h=server1;t=00112233445566ff\\\"")

void seeds_api(void)
{
    static const char *const addresses[] = {"https://api.example.com:8443/a?b", "http://[::1]:81",
                                            "http://127.0.0.1", "https://u:p@h", "http://a"};
    static const char *const zones[] = {
        ZONE("Native", SET("pbx.example.com.", "A", "192.0.2.1")),
        ZONE("Master", SET("pbx.example.com.", "AAAA", "2001:db8::1")),
        ZONE("Slave", SET("pbx.example.com.", "CNAME", "a.")),
        ZONE("Native", FENCE),
        ZONE("Native", FENCE "," SET("old._holdfast.pbx.example.com.", "TXT",
                                     "\\\"00112233445566ff 1122334455667788\\\"")),
        ZONE("Native", FENCE "," FENCE),
        "[]", "{", ""};
    static const char *const errors[] = {
        CONFLICT("t00112233445566ff._holdfast.pbx.example.com.", "TXT"),
        "{\"error\":\"database is locked\"}", "Unauthorized"};
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        write_text(0, addresses[i]);
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        write_text(1, zones[i]);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        write_text(2, errors[i]);
}
