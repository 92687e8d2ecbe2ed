/* Happy path: the key is looked up in the table of its section, its taker turns the text into the
 * value and checks the range.
 *
 * Failure modes: a key that the section does not have (the complaint lists those it has), one
 * that is there twice and may not, a value of the wrong form or out of range. */
#include <assert.h>
#include <string.h>

#include "config_take.h"
#include "../../proto/limits.h"

#define SOCKET_PATH_MAX 107 /* bytes of a Unix socket's path */
#define HOUR ((int64_t)3600000)

static const char *const choices_profile[] = {"fast", "normal", "patient", NULL};
#define CHOICE(code, name, fence, needs, takes) #name,
static const char *const choices_provider[] = {PROVIDER_TABLE(CHOICE) NULL};
static const char *const choices_plan[] = {"free", "pro", "business", "enterprise", NULL};
static const char *const choices_drift[] = {"repair", "alert", NULL};
static const char *const choices_adopt[] = {"automatic", "manual", NULL};
static const char *const choices_exec[] = {"exec", NULL};
static const char *const choices_weight[] = {"block", "warn", NULL};
static const char *const choices_algorithm[] = {"hmac-sha256", "hmac-sha512", "hmac-sha1",
                                                NULL};

#define AT(type, member) .offset = offsetof(struct type, member)
#define RANGE(low, high) .min = (low), .max = (high)

static const struct field fields_cluster[] = {
    {"name", config_take_domain, AT(config, cluster), .required = true},
    {"profile", config_take_profile, .choices = choices_profile},
    {"interval", config_take_span, AT(config, interval_ms),
     RANGE(INTERVAL_MS_MIN, INTERVAL_MS_MAX)},
    {"lease", config_take_span, AT(config, lease_ms), RANGE(LEASE_MS_MIN, LEASE_MS_MAX)},
    {"drift", config_take_drift, AT(config, drift_ppm), RANGE(DRIFT_PPM_MIN, DRIFT_PPM_MAX)},
    {"prefer", config_take_prefer, .repeats = false},
    {"failback-after", config_take_span, AT(config, failback_after_ms), RANGE(1000, 168 * HOUR)},
    {"min-hold", config_take_span, AT(config, min_hold_ms), RANGE(0, 24 * HOUR)},
    {"demote-lead", config_take_demote_lead, AT(config, demote_lead_ms),
     RANGE(50, LEASE_MS_MAX / 2)},
    {"promote-delay", config_take_span, AT(config, promote_delay_ms), RANGE(0, 60000)},
    {0},
};
static const struct field fields_node[] = {
    {"address", config_take_address, AT(peer_config, addresses), .required = true, .repeats = true},
    {"public-key", config_take_public_key, AT(peer_config, public_key), .required = true},
    {"serve", config_take_serve, AT(peer_config, serve), .repeats = true},
    {0},
};
static const struct field fields_witness[] = {
    {"address", config_take_address, AT(peer_config, addresses), .required = true, .repeats = true},
    {"public-key", config_take_public_key, AT(peer_config, public_key), .required = true},
    {0},
};
static const struct field fields_record[] = {
    {"provider", config_take_choice, AT(record_config, provider), .required = true,
     .choices = choices_provider},
    {"name", config_take_domain, AT(record_config, name)},
    {"zone", config_take_domain, AT(record_config, zone)},
    {"server", config_take_server, AT(record_config, servers), .repeats = true},
    {"ttl", config_take_seconds, AT(record_config, ttl_s), RANGE(1, 86400)},
    {"check-every", config_take_span, AT(record_config, check_every), RANGE(5000, HOUR)},
    {"drift", config_take_choice, AT(record_config, drift), .choices = choices_drift},
    {"adopt", config_take_choice, AT(record_config, adopt), .choices = choices_adopt},
    {"tsig-name", config_take_key_name, AT(record_config, tsig_name)},
    {"tsig-algorithm", config_take_algorithm, AT(record_config, tsig_algorithm),
     .choices = choices_algorithm},
    {"tsig-secret-file", config_take_path, AT(record_config, tsig_secret_file), .max = PATH_SIZE},
    {"zone-id", config_take_zone_id, AT(record_config, zone_id)},
    {"credentials-file", config_take_path, AT(record_config, credentials_file), .max = PATH_SIZE},
    {"credentials-profile", config_take_name, AT(record_config, credentials_profile)},
    {"token-file", config_take_path, AT(record_config, token_file), .max = PATH_SIZE},
    {"plan", config_take_choice, AT(record_config, plan), .choices = choices_plan},
    {"api-key-file", config_take_path, AT(record_config, api_key_file), .max = PATH_SIZE},
    {"endpoint", config_take_endpoint, AT(record_config, endpoint)},
    {"ca-file", config_take_path, AT(record_config, ca_file), .max = PATH_SIZE},
    {"command", config_take_command, AT(record_config, command)},
    {"serve.NODE", config_take_override, .repeats = true},
    {0},
};
static const struct field fields_probe[] = {
    {"type", config_take_only_exec, .required = true, .choices = choices_exec},
    {"command", config_take_command, AT(probe_config, command), .required = true},
    {"interval", config_take_span, AT(probe_config, interval_ms), RANGE(200, HOUR)},
    {"timeout", config_take_span, AT(probe_config, timeout_ms), RANGE(100, 60000)},
    {"fall", config_take_count, AT(probe_config, fall), RANGE(1, 100)},
    {"rise", config_take_count, AT(probe_config, rise), RANGE(1, 100)},
    {"weight", config_take_choice, AT(probe_config, weight), .choices = choices_weight},
    {0},
};
static const struct field fields_notify[] = {
    {"command", config_take_command, AT(config, notify_command), .required = true},
    {0},
};
static const struct field fields_local[] = {
    {"key", config_take_path, AT(config, local.key), .max = PATH_SIZE},
    {"state-dir", config_take_path, AT(config, local.state_dir), .max = PATH_SIZE},
    {"socket", config_take_path, AT(config, local.socket), .max = SOCKET_PATH_MAX},
    {"listen", config_take_listen, AT(config, local.listen), .repeats = true},
    {0},
};
static const struct field *const tables[DRAFT_KIND_COUNT] = {
    [DRAFT_CLUSTER] = fields_cluster, [DRAFT_NODE] = fields_node,
    [DRAFT_WITNESS] = fields_witness, [DRAFT_RECORD] = fields_record,
    [DRAFT_PROBE] = fields_probe,     [DRAFT_NOTIFY] = fields_notify,
    [DRAFT_LOCAL] = fields_local,
};
static_assert(sizeof fields_record / sizeof fields_record[0] <= DRAFT_FIELD_MAX, "all counted");
static_assert(sizeof fields_cluster / sizeof fields_cluster[0] <= DRAFT_FIELD_MAX, "all counted");

/* True when the key is this field's; "serve.NODE" stands for every key with a dot there. */
static bool is_key_of(const struct field *field, const char *key)
{
    if (field->take == config_take_override)
        return strncmp(key, "serve.", 6) == 0;
    return strcmp(field->key, key) == 0;
}

static void refuse_key(struct draft *draft, const char *key)
{
    char list[320] = "";
    size_t used = 0;
    for (const struct field *field = tables[draft->kind]; field->key != NULL; field++) {
        int more = snprintf(list + used, sizeof list - used, "%s%s", used == 0 ? "" : ", ",
                            field->key);
        used += more > 0 && (size_t)more < sizeof list - used ? (size_t)more : 0;
    }
    struct complaint_place place = config_draft_here(draft, key);
    complaint_error(draft->complaints, &place, "unknown key; expected one of %s", list);
}

void config_field_take(struct draft *draft, const char *key, const char *value)
{
    if (draft->kind >= DRAFT_KIND_COUNT)
        return;
    const struct field *table = tables[draft->kind], *found = table;
    while (found->key != NULL && !is_key_of(found, key))
        found++;
    if (found->key == NULL) {
        refuse_key(draft, key);
        return;
    }
    struct field field = *found;
    field.key = key; /* as written, for the complaint */
    unsigned *seen = &draft->field_lines[found - table];
    struct complaint_place place = config_draft_here(draft, key);
    if (*seen != 0 && !field.repeats) {
        complaint_error(draft->complaints, &place,
                        "a second time; expected once (first in line %u)", *seen);
        return;
    }
    *seen = *seen == 0 ? draft->line : *seen;
    if (value[0] == 0)
        complaint_error(draft->complaints, &place, "no value; expected one after the '='");
    else
        field.take(draft, &field, value);
}

unsigned config_field_line(const struct draft *draft, const char *key)
{
    const struct field *table = tables[draft->kind];
    size_t index = 0;
    while (table[index].key != NULL && strcmp(table[index].key, key) != 0)
        index++;
    assert(table[index].key != NULL);
    return draft->field_lines[index];
}

void config_field_require(struct draft *draft)
{
    const struct field *table = tables[draft->kind];
    for (size_t i = 0; table[i].key != NULL; i++) {
        if (!table[i].required || draft->field_lines[i] != 0)
            continue;
        struct complaint_place place = config_draft_here(draft, table[i].key);
        place.line = draft->section_line;
        complaint_error(draft->complaints, &place, "missing; expected this key in the section");
    }
}
