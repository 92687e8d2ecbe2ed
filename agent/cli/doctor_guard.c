/* Happy path: the name has one node's addresses, the same everywhere, and one of them is public.
 *
 * Failure modes: an address that only a private network knows: FS PBX then counts no node as the
 * active one, and its scheduled tasks run nowhere. */
#include "doctor_guard.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../node/dns/route53_policy.h"
#include "screen_parts.h"

#define text_of screen_parts_text
#define number_of screen_parts_number

struct range {
    uint32_t start;
    unsigned bits;
};

static bool is_public_v4(uint32_t address)
{
    static const struct range others[] = {
        {0x00000000, 8},  /* this network */
        {0x0a000000, 8},  /* private, as 172.16 and 192.168 */
        {0x64400000, 10}, /* behind a carrier's NAT */
        {0x7f000000, 8},  /* loopback */
        {0xa9fe0000, 16}, /* link */
        {0xac100000, 12}, {0xc0a80000, 16},
        {0xe0000000, 3},  /* multicast, reserved */
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if ((address ^ others[i].start) >> (32 - others[i].bits) == 0)
            return false;
    return true;
}

bool doctor_guard_is_public(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return is_public_v4(ntohl(v4.s_addr));
    /* 2000::/3 is all that was ever given out. */
    return inet_pton(AF_INET6, address, &v6) == 1 && (v6.s6_addr[0] & 0xe0) == 0x20;
}

/* The first public address of a node; NULL = none. */
static const char *public_of(const struct serve *serve)
{
    for (size_t i = 0; i < serve->a_count; i++)
        if (doctor_guard_is_public(serve->a[i]))
            return serve->a[i];
    for (size_t i = 0; i < serve->aaaa_count; i++)
        if (doctor_guard_is_public(serve->aaaa[i]))
            return serve->aaaa[i];
    return NULL;
}

static void look_at_guard(struct doctor *doctor, const json_t *record,
                          const struct record_config *config)
{
    const char *node = doctor->config.peers[doctor->self].name, *label = config->label;
    const char *address = public_of(&config->serve[doctor->self]);
    const json_t *all = json_object_get(json_object_get(record, "tail"), "authoritative");
    bool asked = !json_is_object(all) || number_of(all, "servers", 0) > 0;
    if (!json_is_object(all))
        all = json_object_get(record, "verified");
    int64_t servers = number_of(all, "servers", 0);
    int64_t same = number_of(all, json_is_integer(json_object_get(all, "ok")) ? "ok"
                                                                              : "servers_ok", 0);
    char remedy[1024];
    (void)snprintf(remedy, sizeof remedy, "set serve.%s = ADDRESS, one that callers outside reach, "
                   "in [record %s] of %s, then: holdfast restart", node, label,
                   doctor->options->config);
    if (address == NULL)
        DOCTOR_SAY(doctor, DOCTOR_GUARD, label, DOCTOR_WARN, remedy,
                   "no address of %s is public: FS PBX would never count it as the active node",
                   node);
    else if (strcmp(text_of(record, "state"), "ok") != 0 || !asked ||
             json_is_object(json_object_get(record, "behind")))
        return; /* not known, or told already */
    else if (same == servers)
        DOCTOR_SAY(doctor, DOCTOR_GUARD, label, DOCTOR_OK, NULL,
                   "FS PBX would be content: whole A and AAAA sets of one node, the same at all "
                   "servers that were asked, %s of %s is public", address, node);
    else
        DOCTOR_SAY(doctor, DOCTOR_GUARD, label, DOCTOR_WARN, "see the line about the servers",
                   "the servers differ, so FS PBX counts no node as the active one");
}

/* The policy on one line. */
static void show_policy(struct doctor *doctor, const struct record_config *config)
{
    char policy[ROUTE53_POLICY_SIZE];
    route53_policy_text(config, policy);
    json_t *json = json_loads(policy, 0, NULL);
    char *line = json_dumps(json, JSON_COMPACT);
    DOCTOR_SAY(doctor, DOCTOR_IAM, config->label, DOCTOR_OK, NULL, "minimal policy: %s",
               line == NULL ? "" : line);
    free(line);
    json_decref(json);
}

void doctor_guard(struct doctor *doctor, const json_t *record, const struct record_config *config)
{
    if (config->provider == PROVIDER_ROUTE53)
        show_policy(doctor, config);
    if (config->provider != PROVIDER_EXEC)
        look_at_guard(doctor, record, config);
}
