/* dns_answers — who may ask and order what, and what is refused; duty and control are played. */
#include "../../agent/node/dns_answers.h"
#include "../../agent/node/record_view.h"
#include "../lib/record_world.h"

/* What control makes of a connection. */
struct control_call {
    bool may_change;
    int code;
    char text[2048];
    json_t *result;
};

struct duty {
    struct record *records[2];
    size_t count;
    struct view view;
    struct fake_world *fake;
};

bool control_may_change(const struct control_call *call)
{
    return call->may_change;
}
unsigned control_uid(const struct control_call *call)
{
    (void)call;
    return 7;
}
void control_reply(struct control_call *call, int code, const char *text, json_t *result)
{
    call->code = code;
    snprintf(call->text, sizeof call->text, "%s", text);
    call->result = result;
}
size_t duty_record_count(const struct duty *duty)
{
    return duty->count;
}
struct record *duty_record(const struct duty *duty, size_t index)
{
    return duty->records[index];
}
void duty_tell(struct duty *duty, const struct happening *happening)
{
    fake_tell(duty->fake, happening);
}
void duty_view(const struct duty *duty, struct view *ret)
{
    *ret = duty->view;
}
const char *duty_peer_name(const struct duty *duty, uint8_t peer)
{
    static const char *const names[] = {"server1", "server2", "cloud"};
    (void)duty;
    return peer < PEER_COUNT ? names[peer] : "nobody";
}

/* A node with the record "pbx" at a real BIND that has a foreign TXT at the fence's name. */
struct place {
    struct dns_server server;
    struct fake_world fake;
    struct duty duty;
    struct control_call call;
};

static void begin(struct place *place)
{
    struct record_config config;
    memset(place, 0, sizeof *place);
    CHECK(dns_server_start(&place->server, DNS_SERVER_BIND));
    fake_world_open(&place->fake);
    dns_server_record(&place->server, &config);
    CHECK(dns_server_edit(&place->server, "update add _holdfast.pbx.example.com 30 TXT hello"));
    place->duty.records[0] = fake_record(&place->fake, &config, 0);
    place->duty.count = 1;
    place->duty.fake = &place->fake;
    place->duty.view = (struct view){.now = 1000,
                                     .standing = STANDING_HOLDER,
                                     .epoch = 100,
                                     .paused_until = MONO_LONG_AGO};
    place->call.may_change = true;
    fake_hold(place->duty.records[0], 100);
    CHECK(fake_until(&place->fake, place->duty.records[0], "state", "refused"));
}

static void finish(struct place *place)
{
    for (size_t i = 0; i < place->duty.count; i++)
        record_close(place->duty.records[i]);
    json_decref(place->call.result);
    fake_world_close(&place->fake);
    dns_server_stop(&place->server);
}

/* Asks with this request (' stands for "); the code. `request` is stolen. */
static int ask_with(struct place *place, const char *command, json_t *request)
{
    json_decref(place->call.result);
    place->call.result = NULL;
    place->call.code = -1;
    CHECK(dns_answer(&place->duty, &place->call, command, request));
    json_decref(request);
    return place->call.code;
}

static int ask(struct place *place, const char *command, const char *text)
{
    char *copy = strdup(text);
    for (char *at = copy; *at != 0; at++)
        *at = *at == '\'' ? '"' : *at;
    json_t *request = json_loads(copy, 0, NULL);
    CHECK(request != NULL);
    free(copy);
    return ask_with(place, command, request);
}

static int order(struct place *place, bool move)
{
    return ask_with(place, "dns-adopt",
                    json_pack("{s:o, s:b}", "seen", record_view_seen(place->duty.records[0]),
                              "move", move));
}

TEST(other_commands_are_not_touched)
{
    struct duty duty = {.count = 0};
    struct control_call call = {.code = 77};
    CHECK(!dns_answer(&duty, &call, "status", NULL));
    CHECK_EQ(call.code, 77);
}

TEST(a_reading_is_ordered_by_label)
{
    struct place place;
    begin(&place);
    CHECK_EQ(ask(&place, "dns-read", "{'label':'sip'}"), 2);
    CHECK_STR(place.call.text, "no record is called 'sip'; the records are pbx");
    CHECK_EQ(ask(&place, "dns-read", "{'label':'pbx'}"), 0);
    CHECK_EQ(ask(&place, "dns-read", "{}"), 0);
    const json_t *one = json_array_get(place.call.result, 0);
    CHECK_STR(json_string_value(json_object_get(one, "label")), "pbx");
    CHECK(json_integer_value(json_object_get(one, "count")) >= 1);
    place.call.may_change = false;
    CHECK_EQ(ask(&place, "dns-read", "{}"), 4);
    CHECK_HAS(place.call.text, "holdfast dns show");
    finish(&place);
}

TEST(only_the_holder_adopts)
{
    struct place place;
    begin(&place);
    place.call.may_change = false;
    CHECK_EQ(ask(&place, "dns-adopt", "{}"), 0); /* a look is everybody's */
    CHECK_STR(json_string_value(json_object_get(place.call.result, "kind")), "garbage");
    place.duty.view.standing = STANDING_STANDBY;
    place.duty.view.holder = 1;
    CHECK_EQ(ask(&place, "dns-adopt", "{}"), 4);
    CHECK_STR(place.call.text, "server1 does not hold, server2 does; run it there: holdfast dns "
                               "adopt pbx");
    place.duty.view.standing = STANDING_ALONE;
    place.duty.view.holder = PEER_NONE;
    CHECK_EQ(ask(&place, "dns-adopt", "{}"), 4);
    CHECK_HAS(place.call.text, "holdfast why");
    finish(&place);
}

TEST(an_order_needs_a_right_and_no_pause)
{
    struct place place;
    begin(&place);
    place.call.may_change = false;
    CHECK_EQ(order(&place, true), 4);
    CHECK_HAS(place.call.text, "holdfast-admin");
    place.call.may_change = true;
    place.duty.view.paused_until = 2000;
    CHECK_EQ(order(&place, true), 4);
    CHECK_HAS(place.call.text, "holdfast resume");
    place.duty.view.paused_until = MONO_LONG_AGO;
    CHECK_EQ(order(&place, false), 4); /* the zone has 192.0.2.99 */
    CHECK_HAS(place.call.text, "CHANGES from 192.0.2.99");
    CHECK_EQ(fake_count(&place.fake, "order"), 0);
    CHECK_EQ(order(&place, true), 0);
    CHECK_STR(json_string_value(json_object_get(fake_event(&place.fake, "order"), "text")),
              "an operator (uid 7) orders: dns adopt pbx");
    CHECK(fake_until(&place.fake, place.duty.records[0], "state", "ok"));
    finish(&place);
}

TEST(malformed_orders_are_refused)
{
    static const char *const bad[] = {
        "{'seen':1}",
        "{'seen':{'fence':'hello','fences':2,'a':['192.0.2.99'],'aaaa':[]}}",
        "{'seen':{'fence':'hello','fences':-1,'a':['192.0.2.99'],'aaaa':[]}}",
        "{'seen':{'fences':1,'a':['192.0.2.99'],'aaaa':[]}}",
        "{'seen':{'fence':'hello','fences':1,'aaaa':[]}}",
        "{'seen':{'fence':'hello','fences':1,'a':[7],'aaaa':[]}}",
        "{'seen':{'fence':'hello','fences':1,'a':['192.0.2.99192.0.2.99'],'aaaa':[]}}",
        "{'seen':{'fence':'h','fences':1,'a':['1','2','3','4','5','6','7','8','9'],'aaaa':[]}}"};
    struct place place;
    char longest[400];
    begin(&place);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_EQ(ask(&place, "dns-adopt", bad[i]), 2);
    snprintf(longest, sizeof longest, "{'seen':{'fence':'%0200d','fences':1,'a':[],'aaaa':[]}}", 1);
    CHECK_EQ(ask(&place, "dns-adopt", longest), 2);
    CHECK_EQ(ask(&place, "dns-adopt", "{'label':'sip'}"), 2);
    CHECK_EQ(ask(&place, "dns-adopt",
                 "{'seen':{'fence':'hallo','fences':1,'a':['192.0.2.99'],'aaaa':[]},'move':true}"),
             4);
    CHECK_HAS(place.call.text, "look again");
    CHECK_EQ(fake_count(&place.fake, "dns-write"), 0);
    finish(&place);
}

TEST(without_a_label_there_must_be_one_record)
{
    struct place place;
    struct record_config config;
    begin(&place);
    dns_server_record(&place.server, &config);
    snprintf(config.label, sizeof config.label, "sip");
    place.duty.records[1] = fake_record(&place.fake, &config, 0);
    place.duty.count = 2;
    CHECK_EQ(ask(&place, "dns-adopt", "{}"), 2);
    CHECK_STR(place.call.text, "say which record; the records are pbx, sip");
    CHECK_EQ(ask(&place, "dns-adopt", "{'label':'pbx'}"), 0);
    finish(&place);
}

CHECK_MAIN
