/* Happy path: every setting that should be equal on the three machines, as one canonical text,
 * goes into one hash. Comments, order of keys and the [local] section do not.
 *
 * Failure modes: none; the result is a warning's matter only, never one of safety. */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

static void add(crypto_generichash_state *hash, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(crypto_generichash_state *hash, const char *format, ...)
{
    char text[2 * HOST_SIZE + 256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)crypto_generichash_update(hash, (const uint8_t *)text, strlen(text));
}

/* A path below the configuration's directory counts from there: the directory may differ. */
static const char *relative(const struct config *config, const char *path)
{
    const char *slash = strrchr(config->path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - config->path) + 1;
    return strncmp(path, config->path, folder) == 0 ? path + folder : path;
}

static void add_endpoints(crypto_generichash_state *hash, const struct endpoint *list,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(hash, "[%s]:%u\n", list[i].host, list[i].port);
}

static void add_serve(crypto_generichash_state *hash, const struct serve *serve)
{
    for (size_t i = 0; i < serve->a_count; i++)
        add(hash, "a %s\n", serve->a[i]);
    for (size_t i = 0; i < serve->aaaa_count; i++)
        add(hash, "aaaa %s\n", serve->aaaa[i]);
}

static void add_peer(crypto_generichash_state *hash, const struct peer_config *peer)
{
    add(hash, "peer %s %d ", peer->name, peer->witness);
    (void)crypto_generichash_update(hash, peer->public_key, sizeof peer->public_key);
    add(hash, "\n");
    add_endpoints(hash, peer->addresses, peer->address_count);
    add_serve(hash, &peer->serve);
}

static void add_record(crypto_generichash_state *hash, const struct config *config,
                       const struct record_config *record)
{
    add(hash, "record %s\nname %s\nzone %s\n", record->label, record->name, record->zone);
    add(hash, "provider %d ttl %u check %lld drift %d adopt %d\n", (int)record->provider,
        record->ttl_s, (long long)record->check_every, (int)record->drift, (int)record->adopt);
    add_endpoints(hash, record->servers, record->server_count);
    add(hash, "tsig %s %s\nfile %s\ncommand %s\n", record->tsig_name, record->tsig_algorithm,
        relative(config, record->tsig_secret_file), record->command);
    add(hash, "id %s plan %d endpoint %s\n", record->zone_id, (int)record->plan, record->endpoint);
    add(hash, "credentials %s %s\n", relative(config, record->credentials_file),
        record->credentials_profile);
    add(hash, "token %s\n", relative(config, record->token_file));
    add(hash, "api-key %s\n", relative(config, record->api_key_file));
    add(hash, "ca %s\n", relative(config, record->ca_file));
    for (size_t node = 0; node < NODE_COUNT; node++) {
        add(hash, "serve %zu\n", node);
        add_serve(hash, &record->serve[node]);
    }
}

uint64_t config_settings_hash(const struct config *config)
{
    crypto_generichash_state hash;
    uint8_t bytes[crypto_generichash_BYTES_MIN];
    uint64_t ret = 0;
    (void)crypto_generichash_init(&hash, NULL, 0, sizeof bytes);
    add(&hash, "cluster %s\n", config->cluster);
    add(&hash, "times %lld %lld %lld %lld %lld %lld\n", (long long)config->interval_ms,
        (long long)config->lease_ms, (long long)config->demote_lead_ms,
        (long long)config->promote_delay_ms, (long long)config->failback_after_ms,
        (long long)config->min_hold_ms);
    add(&hash, "drift %u prefer %u\n", config->drift_ppm, config->prefer);
    for (size_t i = 0; i < PEER_COUNT; i++)
        add_peer(&hash, &config->peers[i]);
    for (size_t i = 0; i < config->record_count; i++)
        add_record(&hash, config, &config->records[i]);
    for (size_t i = 0; i < config->probe_count; i++) {
        const struct probe_config *probe = &config->probes[i];
        add(&hash, "probe %s %lld %lld %u %u %d %s\n", probe->name, (long long)probe->interval_ms,
            (long long)probe->timeout_ms, probe->fall, probe->rise, (int)probe->weight,
            probe->command);
    }
    add(&hash, "notify %s\n", config->notify_command);
    (void)crypto_generichash_final(&hash, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof ret; i++)
        ret = ret << 8 | bytes[i];
    return ret;
}
