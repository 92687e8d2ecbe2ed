/* record_world — the surroundings of a record for tests: permits on demand, events kept. */
#ifndef HOLDFAST_TESTS_RECORD_WORLD_H
#define HOLDFAST_TESTS_RECORD_WORLD_H

#include <sodium.h>

#include "../../agent/node/record.h"
#include "check.h"
#include "dns_server.h"
#include "spin.h"

struct fake_world {
    uv_loop_t loop;
    struct http *http; /* for providers that need it; NULL else */
    bool permitted;
    unsigned permit_asks;
    void (*on_permit)(struct fake_world *fake); /* may be NULL */
    struct dns_server *server;                  /* for on_permit */
    uint64_t fence_seen;
    unsigned fences, idles;
    json_t *events; /* {event, level, text, epoch, ...fields} */
};

static bool fake_permit(void *owner, span_ms need_ms, struct permit *ret, enum reason *ret_reason)
{
    struct fake_world *fake = owner;
    fake->permit_asks++;
    if (fake->on_permit != NULL)
        fake->on_permit(fake);
    if (!fake->permitted) {
        *ret_reason = REASON_NONE;
        return false;
    }
    *ret = (struct permit){.epoch = 1, .until = clock_now() + need_ms};
    return true;
}

static bool fake_permit_holds(void *owner, const struct permit *permit)
{
    const struct fake_world *fake = owner;
    (void)permit;
    return fake->permitted;
}

static void fake_fence_seen(void *owner, uint64_t epoch)
{
    struct fake_world *fake = owner;
    fake->fences++;
    fake->fence_seen = epoch > fake->fence_seen ? epoch : fake->fence_seen;
}

static void fake_tell(void *owner, const struct happening *happening)
{
    struct fake_world *fake = owner;
    json_t *event = happening->fields != NULL ? happening->fields : json_object();
    json_object_set_new(event, "event", json_string(happening->event));
    json_object_set_new(event, "level", json_integer(happening->level));
    json_object_set_new(event, "epoch", json_integer((json_int_t)happening->epoch));
    json_object_set_new(event, "text",
                        happening->text != NULL ? json_string(happening->text) : json_null());
    json_array_append_new(fake->events, event);
}

static void fake_idle(void *owner)
{
    struct fake_world *fake = owner;
    fake->idles++;
}

__attribute__((unused)) static void fake_world_open(struct fake_world *fake)
{
    memset(fake, 0, sizeof *fake);
    if (sodium_init() < 0)
        abort();
    uv_loop_init(&fake->loop);
    fake->permitted = true;
    fake->events = json_array();
}

/* Everything that used the loop has been closed by now. */
__attribute__((unused)) static void fake_world_close(struct fake_world *fake)
{
    CHECK(spin_finish(&fake->loop));
    json_decref(fake->events);
}

/* How often an event of this name was told. */
__attribute__((unused)) static size_t fake_count(const struct fake_world *fake, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(fake->events); i++) {
        const json_t *event = json_array_get(fake->events, i);
        count += strcmp(json_string_value(json_object_get(event, "event")), name) == 0;
    }
    return count;
}

/* The newest event of this name, or NULL. */
__attribute__((unused)) static const json_t *fake_event(const struct fake_world *fake,
                                                        const char *name)
{
    for (size_t i = json_array_size(fake->events); i-- > 0;) {
        const json_t *event = json_array_get(fake->events, i);
        if (strcmp(json_string_value(json_object_get(event, "event")), name) == 0)
            return event;
    }
    return NULL;
}

__attribute__((unused)) static struct record *fake_record(struct fake_world *fake,
                                                          const struct record_config *config,
                                                          uint8_t self)
{
    struct record_world world = {.loop = &fake->loop, .http = fake->http,
                                 .self = self, .node_names = {"server1", "server2"},
                                 .permit = fake_permit, .permit_holds = fake_permit_holds,
                                 .fence_seen = fake_fence_seen,
                                 .tell = fake_tell,
                                 .idle = fake_idle,
                                 .owner = fake};
    struct record *record = NULL;
    struct err err = {0};
    if (record_open(&record, config, &world, &err) != 0)
        printf("record_open: %s\n", err.text);
    return record;
}

__attribute__((unused)) static void fake_hold(struct record *record, uint64_t epoch)
{
    struct standing_report report = {
        .standing = epoch != 0 ? STANDING_HOLDER : STANDING_STANDBY, .epoch = epoch};
    record_standing(record, &report);
}

/* ---- waiting for what record_json says ---- */

struct fake_wish {
    const struct record *record;
    const char *key, *value;
};

static bool fake_is(void *owner)
{
    const struct fake_wish *wish = owner;
    json_t *json = record_json(wish->record);
    const char *text = json_string_value(json_object_get(json, wish->key));
    bool is = text != NULL && strstr(text, wish->value) != NULL;
    json_decref(json);
    return is;
}

/* Waits until `key` of record_json contains `value`. Prints the whole on failure. */
__attribute__((unused)) static bool fake_until(struct fake_world *fake,
                                               const struct record *record, const char *key,
                                               const char *value)
{
    struct fake_wish wish = {record, key, value};
    if (spin_until(&fake->loop, fake_is, &wish, SPIN_LIMIT_MS))
        return true;
    json_t *json = record_json(record);
    printf("waited for %s \"%s\" in: ", key, value);
    json_dumpf(json, stdout, 0);
    printf("\nevents: ");
    json_dumpf(fake->events, stdout, JSON_INDENT(1));
    printf("\n");
    json_decref(json);
    return false;
}

struct fake_event_wish {
    const struct fake_world *fake;
    const char *name;
    size_t count;
};

static bool fake_has_event(void *owner)
{
    const struct fake_event_wish *wish = owner;
    return fake_count(wish->fake, wish->name) >= wish->count;
}

__attribute__((unused)) static bool fake_until_event(struct fake_world *fake, const char *name,
                                                     size_t count)
{
    struct fake_event_wish wish = {fake, name, count};
    return spin_until(&fake->loop, fake_has_event, &wish, SPIN_LIMIT_MS);
}

/* A text of record_json, copied; "" when null. */
__attribute__((unused)) static const char *fake_text(const struct record *record, const char *key,
                                                     char ret[800])
{
    json_t *json = record_json(record);
    const char *text = json_string_value(json_object_get(json, key));
    snprintf(ret, 800, "%s", text != NULL ? text : "");
    json_decref(json);
    return ret;
}

#endif
