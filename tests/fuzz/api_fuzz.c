/* api — what the HTTP interface of a provider may answer, be it honest, broken or somebody else.
 *
 * Whatever the bytes are: what is taken from a zone of PowerDNS is text of our own making within
 * its bounds, an error is one printable line, and the change that is made of it can be read as
 * JSON again and carries the tokens that were read.
 * Input: first byte: 0 an address, 1 a zone, 2 an error (modulo 3); then the bytes. */
#include "agent/node/dns/powerdns_json.h"
#include "agent/peer/config_url.h"

#define ANSWERS_HEAD 1
#include "answers.h"

static void play_address(const char *text)
{
    struct config_url url;
    struct err err;
    if (config_url_parse(text, &url, &err) != 0)
        return;
    FUZZ_CHECK(url.rest <= strlen(text) && url.host.port != 0 && url.host.host[0] != 0);
    FUZZ_CHECK(url.tls == (strncmp(text, "https://", 8) == 0) && is_printable(text));
    FUZZ_CHECK(url.tls || url.literal);
    FUZZ_CHECK(memchr(text, '@', url.rest) == NULL);
}

static void play_change(const struct powerdns_names *names, const struct powerdns_seen *seen)
{
    struct provider_change change = {.new_fence = "v=1;e=11;h=server2;t=00112233445566ff",
                                     .new_serve = {.a = {"192.0.2.1"}, .a_count = 1},
                                     .ttl_s = 60};
    struct record_fence old;
    memcpy(change.old_fence, seen->state.fence, sizeof change.old_fence);
    bool sensible = seen->state.fence_count == 0 || record_fence_parse(change.old_fence, &old);
    char *patch = powerdns_json_patch(names, &seen->chain, &change);
    FUZZ_CHECK((patch != NULL) == (sensible || change.old_fence[0] == 0));
    if (patch == NULL)
        return;
    json_t *json = json_loads(patch, JSON_REJECT_DUPLICATES, NULL);
    FUZZ_CHECK(json_array_size(json_object_get(json, "rrsets")) >= 6);
    json_decref(json);
    for (size_t i = 0; i < seen->chain.count && i < POWERDNS_CHAIN_MAX - 1; i++)
        FUZZ_CHECK(strstr(patch, seen->chain.tokens[i]) != NULL);
    free(patch);
}

static void play_zone(const char *body, size_t size)
{
    struct powerdns_names names;
    struct powerdns_seen seen = {.alias = false};
    FUZZ_CHECK(powerdns_json_names("pbx.example.com", &names));
    if (!powerdns_json_take(body, size, &names, &seen))
        return;
    FUZZ_CHECK(strlen(seen.state.fence) < FENCE_SIZE);
    FUZZ_CHECK(seen.state.serve.a_count <= ADDRESS_MAX);
    FUZZ_CHECK(seen.state.serve.aaaa_count <= ADDRESS_MAX);
    FUZZ_CHECK(seen.chain.count <= POWERDNS_CHAIN_MAX);
    for (size_t i = 0; i < seen.chain.count; i++)
        FUZZ_CHECK(strspn(seen.chain.tokens[i], "0123456789abcdef") == TOKEN_SIZE - 1);
    (void)powerdns_json_fits(&seen);
    play_change(&names, &seen);
}

static void play_error(const char *body, size_t size)
{
    struct powerdns_names names;
    struct provider_change change = {.old_fence = "v=1;e=10;h=server1;t=00112233445566ff"};
    char error[200];
    FUZZ_CHECK(powerdns_json_names("pbx.example.com", &names));
    powerdns_json_error(body, size, error, sizeof error);
    FUZZ_CHECK(is_printable(error));
    if (powerdns_json_is_fenced(&names, &change, error))
        FUZZ_CHECK(strstr(error, "t00112233445566ff") != NULL);
}

static void play(const uint8_t *head, const char *text, size_t size)
{
    switch (head[0] % 3) {
    case 0:
        play_address(text);
        break;
    case 1:
        play_zone(text, size);
        break;
    default:
        play_error(text, size);
    }
}
