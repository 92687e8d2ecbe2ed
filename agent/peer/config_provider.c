/* Happy path: each key of a [record] is one that its provider needs or takes.
 *
 * Failure modes: one complaint for each key that is missing or does nothing here (it names the
 * providers that have it), and for values that this provider cannot serve. */
#include <stdio.h>
#include <string.h>

#include "config_draft.h"

#define CLOUDFLARE_TTL_S 60        /* the least that it takes ... */
#define CLOUDFLARE_ENTERPRISE_TTL_S 30

struct keys {
    unsigned needs, takes; /* a bit for each key */
};

#define NAME_OF(code, name, fence, needs, takes) #name,
#define FENCE_OF(code, name, fence, needs, takes) fence,
#define KEYS_OF(code, name, fence, needs, takes) {(needs), (takes)},
#define KEY_TEXT(code, key) key,
static const char *const names[] = {PROVIDER_TABLE(NAME_OF)};
static const char *const fences[] = {PROVIDER_TABLE(FENCE_OF)};
static const struct keys keys_of[] = {PROVIDER_TABLE(KEYS_OF)};
static const char *const keys[] = {PROVIDER_KEY_TABLE(KEY_TEXT)};

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

static bool has(enum provider_kind kind, enum provider_key key)
{
    return ((keys_of[kind].needs | keys_of[kind].takes) & (1U << key)) != 0;
}

static void check_key(struct draft *draft, enum provider_key key, enum provider_kind kind)
{
    bool there = config_field_line(draft, keys[key]) != 0;
    struct complaint_place place = place_of(draft, keys[key]);
    char list[80] = "";
    if (!there && (keys_of[kind].needs & (1U << key)) != 0)
        complaint_error(draft->complaints, &place, "missing; expected for provider = %s",
                        names[kind]);
    if (!there || has(kind, key))
        return;
    for (size_t i = 0, used = 0; i < PROVIDER_KIND_COUNT && used < sizeof list; i++)
        if (has((enum provider_kind)i, key))
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
    if (config_field_line(draft, "provider") == 0 || draft->provider_refused)
        return; /* said already; the rest depends on it */
    for (size_t key = 0; key < PROVIDER_KEY_COUNT; key++)
        check_key(draft, (enum provider_key)key, record->provider);
    if (record->provider == PROVIDER_CLOUDFLARE)
        check_cloudflare(draft, record);
    struct complaint_place place = place_of(draft, "credentials-profile");
    if (config_field_line(draft, "credentials-profile") != 0 &&
        config_field_line(draft, "credentials-file") == 0)
        complaint_error(draft->complaints, &place, "without a file; expected credentials-file too");
}
