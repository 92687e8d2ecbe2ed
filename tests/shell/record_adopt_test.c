/* record_adopt — against a real BIND: a name that was never holdfast's, fences of other hands, and
 * an operator's word on each; and what a person is told to write by hand. */
#include "../../agent/node/record_adopt.h"
#include "../../agent/node/record_view.h"
#include "../lib/freeze.h"
#include "../lib/record_world.h"

#define FENCE "_holdfast.pbx.example.com"

/* A record that holds epoch 100 over a zone with these nsupdate lines. */
struct place {
    struct dns_server server;
    struct fake_world fake;
    struct record_config config;
    struct record *record;
};

static void begin(struct place *place, enum adopt_policy adopt, const char *edit)
{
    CHECK(dns_server_start(&place->server, DNS_SERVER_BIND));
    fake_world_open(&place->fake);
    dns_server_record(&place->server, &place->config);
    place->config.check_every = 100;
    place->config.adopt = adopt;
    CHECK(dns_server_edit(&place->server, edit));
    place->record = fake_record(&place->fake, &place->config, 0);
}

static void finish(struct place *place)
{
    record_close(place->record);
    fake_world_close(&place->fake);
    dns_server_stop(&place->server);
}

#define OWN_ADDRESSES                                                                            \
    "update delete pbx.example.com A\nupdate add pbx.example.com 300 A 192.0.2.1\n"              \
    "update add pbx.example.com 300 AAAA 2001:db8::1"
#define OTHER_ADDRESSES                                                                          \
    "update delete pbx.example.com A\nupdate add pbx.example.com 300 A 192.0.2.2\n"              \
    "update add pbx.example.com 300 AAAA 2001:db8::2"

/* What an operator saw, from record_json's `seen`. */
static struct record_adopt_order order_of(const struct record *record)
{
    struct record_adopt_order order = {.move = false};
    json_t *seen = record_view_seen(record);
    const json_t *a = json_object_get(seen, "a"), *aaaa = json_object_get(seen, "aaaa");
    snprintf(order.fence, sizeof order.fence, "%s",
             json_string_value(json_object_get(seen, "fence")));
    order.fence_count = (size_t)json_integer_value(json_object_get(seen, "fences"));
    for (; order.serve.a_count < json_array_size(a); order.serve.a_count++)
        snprintf(order.serve.a[order.serve.a_count], 16, "%s",
                 json_string_value(json_array_get(a, order.serve.a_count)));
    for (; order.serve.aaaa_count < json_array_size(aaaa); order.serve.aaaa_count++)
        snprintf(order.serve.aaaa[order.serve.aaaa_count], 46, "%s",
                 json_string_value(json_array_get(aaaa, order.serve.aaaa_count)));
    json_decref(seen);
    return order;
}

/* A text of the preview; "" when null. */
static const char *preview(const struct record *record, const char *key)
{
    static char text[2048];
    json_t *json = record_adopt_preview(record);
    const json_t *value = json_object_get(json, key);
    const char *string = json_is_true(value) ? "true" : json_is_false(value) ? "false"
                                                      : json_string_value(value);
    snprintf(text, sizeof text, "%s", string == NULL ? "" : string);
    json_decref(json);
    return text;
}

static bool adopt(struct place *place, bool move, char ret_text[1024])
{
    struct record_adopt_order order = order_of(place->record);
    order.move = move;
    return record_adopt(place->record, &order, ret_text, 1024);
}

TEST(a_name_of_another_hand_waits_for_a_word)
{
    struct place place;
    char text[1024], detail[800];
    begin(&place, ADOPT_MANUAL, OWN_ADDRESSES);
    CHECK(fake_until(&place.fake, place.record, "state", "unadopted")); /* a standby says so too */
    CHECK_STR(preview(place.record, "kind"), "standby");
    CHECK(!adopt(&place, false, text));
    CHECK_HAS(text, "does not hold");
    CHECK_EQ(fake_count(&place.fake, "record-unadopted"), 0);
    fake_hold(place.record, 100);
    CHECK(fake_until_event(&place.fake, "record-unadopted", 1));
    CHECK_HAS(fake_text(place.record, "detail", detail), "was never holdfast's");
    spin_for(&place.fake.loop, 400); /* several looks */
    fake_hold(place.record, 102);    /* under another number it is still so, and told once */
    CHECK(fake_until(&place.fake, place.record, "state", "unadopted"));
    CHECK_EQ(fake_count(&place.fake, "dns-write"), 0);
    CHECK_EQ(fake_count(&place.fake, "record-unadopted"), 1);
    CHECK_STR(preview(place.record, "kind"), "unadopted");
    CHECK_STR(preview(place.record, "moves"), "false");
    CHECK_STR(preview(place.record, "effect"), "the addresses stay as they are");
    CHECK(adopt(&place, false, text));
    CHECK(fake_until(&place.fake, place.record, "state", "ok"));
    CHECK_EQ(fake_count(&place.fake, "dns-write"), 1);
    CHECK_EQ(fake_count(&place.fake, "record-adopt-ended"), 0);
    CHECK_STR(preview(place.record, "kind"), "own");
    CHECK(!adopt(&place, false, text));
    /* From now on a lost fence is drift like any other. */
    CHECK(dns_server_edit(&place.server, "update delete " FENCE " TXT"));
    CHECK(fake_until_event(&place.fake, "record-repaired", 1));
    CHECK(fake_until(&place.fake, place.record, "state", "ok"));
    finish(&place);
}

TEST(callers_are_not_moved_without_a_word)
{
    struct place place;
    char text[1024];
    begin(&place, ADOPT_MANUAL, OTHER_ADDRESSES);
    fake_hold(place.record, 100);
    CHECK(fake_until_event(&place.fake, "record-unadopted", 1));
    CHECK_STR(preview(place.record, "moves"), "true");
    CHECK_HAS(preview(place.record, "effect"),
              "MOVES from server2 (192.0.2.2,2001:db8::2) to server1 (192.0.2.1,2001:db8::1): run "
              "'holdfast switchover --to server2' first");
    CHECK(!adopt(&place, false, text));
    CHECK_HAS(text, "MOVES from server2");
    CHECK_EQ(fake_count(&place.fake, "dns-write"), 0);
    CHECK(adopt(&place, true, text));
    CHECK(fake_until(&place.fake, place.record, "state", "ok"));
    finish(&place);
}

TEST(a_free_name_is_written_at_once)
{
    struct place place;
    begin(&place, ADOPT_MANUAL, "update delete pbx.example.com A");
    fake_hold(place.record, 100);
    CHECK(fake_until(&place.fake, place.record, "state", "ok"));
    CHECK_EQ(fake_count(&place.fake, "record-unadopted"), 0);
    finish(&place);
}

TEST(a_fence_that_is_there_needs_no_word)
{
    struct place place;
    begin(&place, ADOPT_MANUAL,
          "update add " FENCE " 30 TXT \"v=1;e=51;h=server2;t=0123456789abcdef\"");
    fake_hold(place.record, 100);
    CHECK(fake_until(&place.fake, place.record, "state", "ok"));
    finish(&place);
}

TEST(what_changed_meanwhile_is_not_adopted)
{
    struct place place;
    char text[1024];
    begin(&place, ADOPT_MANUAL, OWN_ADDRESSES);
    fake_hold(place.record, 100);
    CHECK(fake_until_event(&place.fake, "record-unadopted", 1));
    struct record_adopt_order old = order_of(place.record);
    snprintf(old.serve.a[0], sizeof old.serve.a[0], "192.0.2.77");
    CHECK(!record_adopt(place.record, &old, text, sizeof text));
    CHECK_HAS(text, "look again");
    place.fake.permitted = false; /* the order cannot be carried out at once ... */
    CHECK(adopt(&place, false, text));
    CHECK(fake_until(&place.fake, place.record, "detail", "waits for a permit"));
    CHECK(dns_server_edit(&place.server, "update add pbx.example.com 300 A 192.0.2.66"));
    place.fake.permitted = true;
    fake_hold(place.record, 100);
    CHECK(fake_until_event(&place.fake, "record-adopt-ended", 1)); /* ... and then it is too late */
    CHECK_HAS(json_string_value(json_object_get(fake_event(&place.fake, "record-adopt-ended"),
                                                "text")), "look again");
    CHECK(fake_until(&place.fake, place.record, "state", "unadopted"));
    CHECK_EQ(fake_count(&place.fake, "dns-write"), 0);
    CHECK_HAS(preview(place.record, "effect"), "CHANGES from 192.0.2.");
    finish(&place);
}

/* Over a fence by another hand: stopped, previewed as `kind`, and written on a word. */
static void expect_adoptable(const char *txt, const char *kind, const char *about)
{
    struct place place;
    char text[1024], edit[300];
    snprintf(edit, sizeof edit, OWN_ADDRESSES "\nupdate add " FENCE " 30 TXT %s", txt);
    begin(&place, ADOPT_AUTOMATIC, edit);
    fake_hold(place.record, 100);
    CHECK(fake_until(&place.fake, place.record, "detail", "holdfast dns adopt pbx"));
    CHECK_STR(preview(place.record, "kind"), kind);
    CHECK_HAS(preview(place.record, "about"), about);
    CHECK_STR(preview(place.record, "possible"), "true");
    CHECK_EQ(fake_count(&place.fake, "dns-write"), 0);
    CHECK(adopt(&place, false, text));
    CHECK(fake_until(&place.fake, place.record, "state", "ok"));
    CHECK_EQ(fake_count(&place.fake, "dns-write"), 1);
    finish(&place);
}

TEST(a_foreign_token_of_the_own_epoch)
{
    expect_adoptable("\"v=1;e=100;h=server1;t=0123456789abcdef\"", "foreign",
                     "an older state file of this node that came back");
}

TEST(a_text_that_holdfast_did_not_write)
{
    expect_adoptable("\"v=spf1 a mx -all\"", "garbage", "\"v=spf1 a mx -all\"");
}

TEST(an_impossible_number)
{
    expect_adoptable("\"v=1;e=18446744073709551615;h=server2;t=0123456789abcdef\"", "poisoned",
                     "too high to be true");
}

/* Over something that no single write can compare with: the hand-work is named. */
static void expect_hand_work(const char *edit, const char *kind)
{
    struct place place;
    char text[1024];
    begin(&place, ADOPT_AUTOMATIC, edit);
    fake_hold(place.record, 100);
    CHECK(fake_until(&place.fake, place.record, "state", "refused"));
    CHECK_STR(preview(place.record, "kind"), kind);
    CHECK_STR(preview(place.record, "possible"), "false");
    CHECK_HAS(preview(place.record, "remedy"), "update delete _holdfast.pbx.example.com. TXT");
    CHECK(!adopt(&place, true, text));
    CHECK_EQ(fake_count(&place.fake, "dns-write"), 0);
    CHECK(dns_server_edit(&place.server, "update delete _holdfast.pbx.example.com. TXT"));
    CHECK(fake_until(&place.fake, place.record, "state", "ok")); /* as the remedy says */
    finish(&place);
}

TEST(several_texts_are_hand_work)
{
    expect_hand_work("update add " FENCE " 30 TXT one\nupdate add " FENCE " 30 TXT two",
                     "several");
}

TEST(a_text_of_several_strings_is_hand_work)
{
    expect_hand_work("update add " FENCE " 30 TXT \"one\" \"two\"", "garbage");
}

TEST(a_higher_epoch_is_never_adopted)
{
    struct place place;
    char text[1024];
    begin(&place, ADOPT_AUTOMATIC,
          "update add " FENCE " 30 TXT \"v=1;e=201;h=server2;t=0123456789abcdef\"");
    fake_hold(place.record, 100);
    CHECK(fake_until(&place.fake, place.record, "state", "fenced"));
    CHECK_STR(preview(place.record, "kind"), "higher");
    CHECK(!adopt(&place, true, text));
    CHECK_HAS(text, "never adopted");
    finish(&place);
}

/* ---- by hand ---- */

struct hand {
    const struct record *record;
    char lines[4][200];
    size_t count;
};

static bool has_lines(void *owner)
{
    struct hand *hand = owner;
    json_t *json = record_json(hand->record);
    const json_t *list = json_object_get(json, "by_hand");
    hand->count = json_array_size(list);
    for (size_t i = 0; i < hand->count && i < 4; i++)
        snprintf(hand->lines[i], sizeof hand->lines[i], "%s",
                 json_string_value(json_array_get(list, i)));
    json_decref(json);
    return hand->count > 0;
}

static bool is_told(void *owner)
{
    return fake_event(owner, "record-written") != NULL;
}

TEST(lines_set_by_hand_are_taken_as_own)
{
    struct place place;
    struct hand hand;
    char edit[800];
    begin(&place, ADOPT_AUTOMATIC, OTHER_ADDRESSES);
    hand.record = place.record;
    CHECK(!has_lines(&hand));
    CHECK(freeze(place.server.pid));
    fake_hold(place.record, 100);
    CHECK(spin_until(&place.fake.loop, has_lines, &hand, 2 * BY_HAND_AFTER_MS + SPIN_LIMIT_MS));
    CHECK_EQ(hand.count, 3);
    CHECK_STR(hand.lines[0], "pbx.example.com. 30 IN A 192.0.2.1");
    CHECK_STR(hand.lines[1], "pbx.example.com. 30 IN AAAA 2001:db8::1");
    CHECK_HAS(hand.lines[2],
              "_holdfast.pbx.example.com. 30 IN TXT \"v=1;e=100;h=server1;t=");
    place.fake.permitted = false; /* so that nothing is written from here meanwhile */
    kill(place.server.pid, SIGCONT);
    snprintf(edit, sizeof edit,
             "update delete pbx.example.com A\nupdate delete pbx.example.com AAAA\n"
             "update add %s\nupdate add %s\nupdate add %s", hand.lines[0], hand.lines[1],
             hand.lines[2]);
    CHECK(dns_server_edit(&place.server, edit));
    place.fake.permitted = true;
    fake_hold(place.record, 100);
    CHECK(spin_until(&place.fake.loop, is_told, &place.fake, SPIN_LIMIT_MS));
    CHECK(fake_until(&place.fake, place.record, "state", "ok"));
    const json_t *written = fake_event(&place.fake, "record-written");
    CHECK_HAS(hand.lines[2], json_string_value(json_object_get(written, "token")));
    CHECK(!has_lines(&hand));
    finish(&place);
}

/* ---- reading when asked ---- */

struct reading {
    const struct record *record;
    json_int_t count;
};

static bool is_read(void *owner)
{
    const struct reading *reading = owner;
    json_t *json = record_json(reading->record);
    const json_t *read = json_object_get(json, "read");
    bool is = json_integer_value(json_object_get(read, "count")) >= reading->count;
    json_decref(json);
    return is;
}

TEST(a_reading_can_be_asked_for)
{
    struct place place;
    begin(&place, ADOPT_AUTOMATIC, OWN_ADDRESSES);
    record_close(place.record);
    place.config.check_every = 3600000;
    place.record = fake_record(&place.fake, &place.config, 0);
    fake_hold(place.record, 100);
    CHECK(fake_until(&place.fake, place.record, "state", "ok"));
    CHECK(dns_server_edit(&place.server, "update add pbx.example.com 30 A 192.0.2.66"));
    struct reading reading = {place.record, record_look(place.record)};
    CHECK_EQ(record_look(place.record), reading.count); /* the same reading */
    CHECK(spin_until(&place.fake.loop, is_read, &reading, SPIN_LIMIT_MS));
    CHECK(fake_until_event(&place.fake, "record-repaired", 1));
    finish(&place);
}

CHECK_MAIN
