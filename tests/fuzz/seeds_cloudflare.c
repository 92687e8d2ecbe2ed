/* Answers of Cloudflare's API, for cloudflare. */
#include "seeds.h"

static void write_text(unsigned kind, const char *text)
{
    struct seed seed = {.size = 0};
    seed_byte(&seed, kind);
    seed_add(&seed, text, strlen(text));
    seed_write("cloudflare", &seed);
}

#define LIST(records) "{\"success\":true,\"result\":[" records "]}"
#define RECORD(id, type, name, content)                                                          \
    "{\"id\":\"" id "\",\"type\":\"" type "\",\"name\":\"" name "\",\"content\":\"" content        \
    "\",\"ttl\":60}"
#define NAME "pbx.example.com"
#define FENCE(id)                                                                                \
    RECORD(id, "TXT", "_holdfast." NAME, "\\\"v=1;e=10;h=server1;t=00112233445566ff\\\"")
#define ERROR(code) "{\"success\":false,\"errors\":[{\"code\":" code ",\"message\":\"m\"}]}"

void seeds_cloudflare(void)
{
    static const char *const lists[] = {
        LIST(""),
        LIST(FENCE("1")),
        LIST(FENCE("1") "," FENCE("2")),
        LIST(RECORD("3", "TXT", "first._holdfast." NAME, "x")),
        LIST(FENCE("1") "," RECORD("4", "A", NAME, "192.0.2.1") ","
             RECORD("5", "A", NAME, "192.0.2.9") "," RECORD("6", "A", NAME, "192.0.2.8")),
        LIST(RECORD("7", "AAAA", NAME, "2001:db8::1") "," RECORD("8", "AAAA", NAME, "2001:db8::2")),
        LIST(RECORD("9", "CNAME", NAME, "a.example.com")),
        LIST("{\"id\":\"4\",\"type\":\"A\",\"name\":\"" NAME
             "\",\"content\":\"192.0.2.1\",\"ttl\":1,\"proxied\":true}"),
        "{\"success\":true,\"result\":[],\"result_info\":{\"total_count\":51}}",
        "{\"success\":true,\"result\":{\"posts\":[{\"name\":\"" NAME ".example.net\"}]}}",
        "{\"success\":false,\"result\":null}", "[]", "{"};
    static const char *const errors[] = {
        ERROR("81044"), ERROR("81058"), ERROR("7003"), ERROR("10000"),
        "{\"errors\":[{\"code\":1004,\"message\":\"m\",\"error_chain\":[{\"code\":9021}]}]}",
        "<html>"};
    static const char *const zones[] = {
        LIST(RECORD("1", "A", "example.com", "192.0.2.1")),
        LIST(RECORD("1", "A", "www.example.net", "192.0.2.1")), LIST("{\"name\":7}"), ""};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        write_text(0, lists[i]);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        write_text(1, errors[i]);
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        write_text(2, zones[i]);
}
