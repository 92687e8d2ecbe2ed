/* Happy path: each key of a [record] is one that its provider needs or takes.
 *
 * Failure modes: one complaint for each key that is missing or does nothing here (it names the
 * providers that have it), and for values that this provider cannot serve. */
#include <stdio.h>
#include <string.h>

#include "config_draft.h"

#define CLOUDFLARE_TTL_S 60        /* the least that it takes ... */
#define CLOUDFLARE_ENTERPRISE_TTL_S 30

#define BIT(kind) (1U << (kind))
#define API (BIT(PROVIDER_ROUTE53) | BIT(PROVIDER_CLOUDFLARE) | BIT(PROVIDER_POWERDNS))

static const char *const names[] = {[PROVIDER_RFC2136] = "rfc2136",
                                    [PROVIDER_ROUTE53] = "route53",
                                    [PROVIDER_CLOUDFLARE] = "cloudflare",
                                    [PROVIDER_POWERDNS] = "powerdns",
                                    [PROVIDER_EXEC] = "exec"};

static const char *const fences[] = {[PROVIDER_RFC2136] = PROVIDER_FENCE_CAS,
                                     [PROVIDER_ROUTE53] = PROVIDER_FENCE_CAS,
                                     [PROVIDER_CLOUDFLARE] = PROVIDER_FENCE_RECORD_ID,
                                     [PROVIDER_POWERDNS] = PROVIDER_FENCE_TOMBSTONE,
                                     [PROVIDER_EXEC] = PROVIDER_FENCE_NONE};

struct rule {
    const char *key;
    unsigned needs; /* one bit for each kind of provider */
    unsigned takes; /* besides those that need it */
};

static const struct rule rules[] = {
    {"zone", BIT(PROVIDER_RFC2136) | BIT(PROVIDER_POWERDNS),
     BIT(PROVIDER_ROUTE53) | BIT(PROVIDER_CLOUDFLARE)},
    {"server", BIT(PROVIDER_RFC2136), 0},
    {"tsig-name", BIT(PROVIDER_RFC2136), 0},
    {"tsig-algorithm", BIT(PROVIDER_RFC2136), 0},
    {"tsig-secret-file", BIT(PROVIDER_RFC2136), 0},
    {"zone-id", BIT(PROVIDER_ROUTE53) | BIT(PROVIDER_CLOUDFLARE), 0},
    {"credentials-file", 0, BIT(PROVIDER_ROUTE53)},
    {"credentials-profile", 0, BIT(PROVIDER_ROUTE53)},
    {"token-file", BIT(PROVIDER_CLOUDFLARE), 0},
    {"plan", 0, BIT(PROVIDER_CLOUDFLARE)},
    {"api-key-file", BIT(PROVIDER_POWERDNS), 0},
    {"endpoint", BIT(PROVIDER_POWERDNS), API},
    {"ca-file", 0, API},
    {"command", BIT(PROVIDER_EXEC), 0},
};

const char *config_provider_name(enum provider_kind kind)
{
    return names[kind];
}

const char *config_provider_fence(enum provider_kind kind)
{
    return fences[kind];
}

/* At the key, or at the section if it is not there. */
static struct complaint_place place_of(const struct draft *draft, const char *key)
{
    struct complaint_place place = config_draft_here(draft, key);
    place.line = config_field_line(draft, key);
    place.line = place.line == 0 ? draft->section_line : place.line;
    return place;
}

static void check_rule(struct draft *draft, const struct rule *rule, enum provider_kind kind)
{
    bool there = config_field_line(draft, rule->key) != 0;
    unsigned all = rule->needs | rule->takes;
    struct complaint_place place = place_of(draft, rule->key);
    char list[80] = "";
    if (!there && (rule->needs & BIT(kind)) != 0)
        complaint_error(draft->complaints, &place, "missing; expected for provider = %s",
                        names[kind]);
    if (!there || (all & BIT(kind)) != 0)
        return;
    for (size_t i = 0, used = 0; i < sizeof names / sizeof names[0]; i++)
        if ((all & BIT(i)) != 0)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
                                     used > 0 ? ", " : "", names[i]);
    complaint_error(draft->complaints, &place, "not for provider = %s; expected with %s only",
                    names[kind], list);
}

static void check_cloudflare(struct draft *draft, const struct record_config *record)
{
    bool enterprise = record->plan == ZONE_PLAN_ENTERPRISE;
    uint32_t least = enterprise ? CLOUDFLARE_ENTERPRISE_TTL_S : CLOUDFLARE_TTL_S;
    struct complaint_place place = place_of(draft, "ttl");
    if (record->ttl_s < least)
        complaint_error(draft->complaints, &place,
                        "%u s is less than Cloudflare takes; expected at least %u%s", record->ttl_s,
                        least, enterprise ? "" : ", or plan = enterprise and at least 30");
}

void config_provider_check(struct draft *draft)
{
    const struct record_config *record = draft->target;
    if (config_field_line(draft, "provider") == 0)
        return; /* said already; the rest depends on it */
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        check_rule(draft, &rules[i], record->provider);
    if (record->provider == PROVIDER_CLOUDFLARE)
        check_cloudflare(draft, record);
    struct complaint_place place = place_of(draft, "credentials-profile");
    if (config_field_line(draft, "credentials-profile") != 0 &&
        config_field_line(draft, "credentials-file") == 0)
        complaint_error(draft->complaints, &place, "without a file; expected credentials-file too");
}
