#include <inttypes.h>

#include "agent/peer/status.h"
#include "agent/peer/why.h"
#include "tests/lib/check.h"

static void setup(struct view *view, struct config *config, struct status_extra *extra)
{
    static const char *const names[] = {"server1", "server2", "cloud"};
    memset(view, 0, sizeof *view);
    memset(config, 0, sizeof *config);
    memset(extra, 0, sizeof *extra);
    snprintf(config->cluster, sizeof config->cluster, "pbx.example.com");
    snprintf(config->profile, sizeof config->profile, "normal");
    config->interval_ms = 500;
    config->lease_ms = 5000;
    for (size_t i = 0; i < PEER_COUNT; i++)
        snprintf(config->peers[i].name, NAME_SIZE, "%s", names[i]);
    config->peers[PEER_WITNESS].witness = true;
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        view->peers[i] = (struct peer_view){.peer = i,
                                            .state = PULSE_FRESH,
                                            .ever_heard = true,
                                            .age_ms = 120,
                                            .rtt_ms = 3,
                                            .promised_to = 0,
                                            .flags = STATEMENT_FIT,
                                            .lease_ms = 5000,
                                            .version = "0.1.0"};
    view->self = 0;
    view->now = 1000000;
    view->standing = STANDING_HOLDER;
    view->contact = CONTACT_HELD;
    view->epoch = 1732;
    view->since = 940000;
    view->holds_until = 1004500;
    view->lease_left_ms = 4500;
    view->quorum = 3;
    view->fit = true;
    view->maintenance_until = view->paused_until = MONO_LONG_AGO;
    view->crash_survivable = true;
    extra->settings_hash = 0xabcULL;
    extra->wall_ms = 1796000000000;
}

static struct view view;
static struct config config;
static struct status_extra extra;

static json_t *at(json_t *list, size_t index, const char *key)
{
    return json_object_get(json_array_get(list, index), key);
}

static const char *text_at(json_t *list, size_t index, const char *key)
{
    return json_string_value(at(list, index, key));
}

TEST(every_documented_field_is_there)
{
    static const char *const fields[] = {
        "schema", "cluster", "self", "role", "standing", "holder", "contact", "epoch",
        "boottime_ms", "holds_until_ms", "lease_ms_left", "quorum", "fit", "unfit_reasons",
        "maintenance", "paused", "forced", "version", "settings_hash", "members_hash", "peers",
        "records", "probes", "counters"};
    static const char *const peer_fields[] = {"name", "role", "state", "rtt_ms", "age_ms", "via",
                                              "epoch", "fit", "version"};
    setup(&view, &config, &extra);
    json_t *status = status_json(&view, &config, &extra);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        CHECK(json_object_get(status, fields[i]) != NULL);
        if (json_object_get(status, fields[i]) == NULL)
            printf("  missing: %s\n", fields[i]);
    }
    json_t *peer = json_array_get(json_object_get(status, "peers"), 0);
    for (size_t i = 0; i < sizeof peer_fields / sizeof peer_fields[0]; i++)
        CHECK(json_object_get(peer, peer_fields[i]) != NULL);
    json_decref(status);
}

TEST(a_holder_is_shown_with_its_lease)
{
    setup(&view, &config, &extra);
    json_t *status = status_json(&view, &config, &extra);
    CHECK_STR(json_string_value(json_object_get(status, "holder")), "server1");
    CHECK_STR(json_string_value(json_object_get(status, "standing")), "holder");
    CHECK_EQ(json_integer_value(json_object_get(status, "holds_until_ms")), 1004500);
    CHECK_EQ(json_integer_value(json_object_get(status, "lease_ms_left")), 4500);
    CHECK_STR(json_string_value(json_object_get(status, "settings_hash")), "0000000000000abc");
    CHECK_STR(json_string_value(json_object_get(status, "since")), "2026-11-30T00:52:20.000Z");
    CHECK(json_is_true(json_object_get(status, "ready")));
    json_decref(status);
}

TEST(absent_is_null)
{
    setup(&view, &config, &extra);
    view.standing = STANDING_ALONE;
    view.contact = CONTACT_NONE;
    view.holder = PEER_NONE;
    view.epoch = 0;
    view.holds_until = MONO_LONG_AGO;
    view.since = MONO_LONG_AGO;
    view.lease_left_ms = -1;
    view.peers[1].ever_heard = false;
    view.peers[1].rtt_ms = view.peers[1].age_ms = -1;
    json_t *status = status_json(&view, &config, &extra);
    static const char *const nulls[] = {"holder", "epoch", "holds_until_ms", "lease_ms_left",
                                        "since", "since_ms", "maintenance_ms_left"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        CHECK(json_is_null(json_object_get(status, nulls[i])));
    json_t *peers = json_object_get(status, "peers");
    CHECK(json_is_null(at(peers, 0, "rtt_ms")));
    CHECK(json_is_null(at(peers, 0, "via")));
    CHECK(json_is_null(at(peers, 0, "fit")));
    CHECK_STR(text_at(peers, 0, "state"), "silent");
    json_decref(status);
}

TEST(a_relayed_peer_names_the_relay)
{
    setup(&view, &config, &extra);
    view.peers[1].relayed = true;
    json_t *status = status_json(&view, &config, &extra);
    json_t *peers = json_object_get(status, "peers");
    CHECK_STR(text_at(peers, 0, "via"), "cloud");
    CHECK_STR(text_at(peers, 1, "via"), "direct");
    json_decref(status);
}

TEST(other_keys_are_misconfigured)
{
    setup(&view, &config, &extra);
    view.peers[1].members_differ = true;
    view.peers[2].state = PULSE_LATE;
    json_t *status = status_json(&view, &config, &extra);
    json_t *peers = json_object_get(status, "peers");
    CHECK_STR(text_at(peers, 0, "state"), "misconfigured");
    CHECK_HAS(text_at(peers, 0, "note"), "other keys");
    CHECK_STR(text_at(peers, 1, "state"), "late");
    CHECK(json_is_null(at(peers, 1, "fit")));
    json_decref(status);
}

static void expect_agree(const char *records, const char *expected)
{
    setup(&view, &config, &extra);
    json_t *list = json_loads(records, 0, NULL);
    extra.records = list;
    json_t *status = status_json(&view, &config, &extra);
    char *dump = json_dumps(json_object_get(status, "records_agree"), JSON_ENCODE_ANY);
    CHECK_STR(dump, expected);
    free(dump);
    json_decref(list);
    json_decref(status);
}

TEST(records_agree_only_when_every_one_is_known_to)
{
    expect_agree("[]", "null");
    expect_agree("[{}]", "null");
    expect_agree("[{\"agrees\":true}]", "true");
    expect_agree("[{\"agrees\":true},{\"agrees\":null}]", "null");
    expect_agree("[{\"agrees\":true},{\"agrees\":null},{\"agrees\":false}]", "false");
}

TEST(borrowed_lists_are_copied)
{
    setup(&view, &config, &extra);
    json_t *records = json_pack("[{s:s, s:s}]", "label", "pbx", "state", "ok");
    extra.records = records;
    json_t *status = status_json(&view, &config, &extra);
    json_array_clear(records);
    CHECK_EQ(json_array_size(json_object_get(status, "records")), 1);
    json_decref(records);
    json_decref(status);
}

TEST(all_well_needs_no_why)
{
    setup(&view, &config, &extra);
    json_t *list = why_json(&view, &config, &extra);
    CHECK_EQ(json_array_size(list), 0);
    json_decref(list);
}

TEST(no_holder_names_each_condition_and_when)
{
    setup(&view, &config, &extra);
    view.standing = STANDING_ALONE;
    view.contact = CONTACT_ELECTING;
    view.holder = PEER_NONE;
    view.claim_obstacles[0] = (struct obstacle){REASON_IS_SILENT, PEER_NONE, 0, 1002500};
    view.claim_obstacles[1] = (struct obstacle){REASON_NO_BACKER, 2, 0, MONO_NEVER};
    view.claim_obstacle_count = 2;
    json_t *list = why_json(&view, &config, &extra);
    CHECK_EQ(json_array_size(list), 1);
    CHECK_HAS(text_at(list, 0, "what"), "this node (server1) does not claim");
    json_t *conditions = at(list, 0, "conditions");
    CHECK_EQ(json_array_size(conditions), 2);
    CHECK_EQ(json_integer_value(at(conditions, 0, "until_ms_from_now")), 2500);
    CHECK_STR(text_at(conditions, 0, "reason"), "is-silent");
    CHECK_HAS(text_at(conditions, 0, "condition"), "moves nothing");
    CHECK(json_is_null(at(conditions, 1, "until_ms_from_now")));
    CHECK_STR(text_at(conditions, 1, "peer"), "cloud");
    CHECK_HAS(text_at(conditions, 1, "condition"), "cloud could not back it");
    json_decref(list);
}

TEST(a_witness_says_what_the_nodes_lack)
{
    setup(&view, &config, &extra);
    view.self = PEER_WITNESS;
    view.standing = STANDING_WITNESS;
    view.contact = CONTACT_NONE;
    view.holder = PEER_NONE;
    view.peers[0].flags = STATEMENT_FIT | STATEMENT_MAINTENANCE;
    view.peers[1].flags = 0;
    json_t *list = why_json(&view, &config, &extra);
    json_t *conditions = at(list, 0, "conditions");
    CHECK_STR(text_at(conditions, 0, "condition"), "server1 is in maintenance");
    CHECK_STR(text_at(conditions, 1, "condition"), "server2 is not fit");
    json_decref(list);
}

TEST(a_crash_that_is_not_survived_and_a_bad_record)
{
    setup(&view, &config, &extra);
    view.crash_survivable = false;
    view.survive_obstacles[0] = (struct obstacle){REASON_TARGET_UNFIT, 1, 0, MONO_NEVER};
    view.survive_obstacle_count = 1;
    json_t *records = json_pack("[{s:s, s:s, s:s}]", "label", "pbx", "state", "refused", "detail",
                                "the server said BADKEY");
    extra.records = records;
    extra.permit_asked = true;
    extra.permit_reason = REASON_PROOF_OLD;
    json_t *list = why_json(&view, &config, &extra);
    CHECK_EQ(json_array_size(list), 3);
    CHECK_HAS(text_at(list, 0, "what"), "crash of the holder (server1)");
    CHECK_STR(text_at(at(list, 0, "conditions"), 0, "condition"), "server2 is not fit");
    CHECK_HAS(text_at(list, 1, "what"), "no outside effect");
    CHECK_HAS(text_at(list, 2, "what"), "record pbx");
    CHECK_STR(text_at(at(list, 2, "conditions"), 0, "condition"), "the server said BADKEY");
    json_decref(list);
    json_decref(records);
}

TEST(a_holder_in_maintenance_says_why_it_goes_on)
{
    setup(&view, &config, &extra);
    view.maintenance_until = view.now + 60000;
    view.crash_survivable = false;
    view.survive_obstacles[0] = (struct obstacle){REASON_TARGET_UNFIT, 1, 0, MONO_NEVER};
    view.survive_obstacle_count = 1;
    json_t *list = why_json(&view, &config, &extra);
    CHECK_STR(text_at(list, 0, "what"), "this node (server1) is in maintenance and holds all the "
                                        "same");
    CHECK_STR(text_at(at(list, 0, "conditions"), 0, "condition"), "server2 is not fit");
    json_decref(list);
}

TEST(a_paused_holder_says_for_how_long_nothing_is_written)
{
    setup(&view, &config, &extra);
    view.paused_until = view.now + 60000;
    extra.permit_asked = true;
    extra.permit_reason = REASON_IS_PAUSED;
    json_t *list = why_json(&view, &config, &extra);
    CHECK_EQ(json_array_size(list), 2);
    CHECK_STR(text_at(at(list, 1, "conditions"), 0, "condition"),
              "an operator paused the cluster, for 60.0 s yet");
    CHECK_EQ(json_integer_value(at(at(list, 1, "conditions"), 0, "until_ms_from_now")), 60000);
    json_decref(list);
}

/* Only the holder knows what its command did: nothing is missing on the others. */
TEST(a_command_of_the_holder_is_no_trouble_of_a_standby)
{
    setup(&view, &config, &extra);
    json_t *records = json_pack("[{s:s, s:s, s:s, s:s}]", "label", "pbx", "state", "unknown",
                                "fence", "none", "detail", "a command changes it");
    extra.records = records;
    json_t *list = why_json(&view, &config, &extra);
    CHECK_EQ(json_array_size(list), 1); /* on the holder it is */
    json_decref(list);
    view.standing = STANDING_STANDBY;
    view.contact = CONTACT_NONE;
    list = why_json(&view, &config, &extra);
    for (size_t i = 0; i < json_array_size(list); i++)
        CHECK(strstr(text_at(list, i, "what"), "record") == NULL);
    json_decref(list);
    json_decref(records);
}

TEST(a_silent_peer_and_a_pause_are_explained)
{
    setup(&view, &config, &extra);
    view.peers[1].state = PULSE_SILENT;
    view.peers[1].age_ms = 72300;
    view.peers[2].ever_heard = false;
    view.paused_until = view.now + 60000;
    json_t *list = why_json(&view, &config, &extra);
    CHECK_EQ(json_array_size(list), 3);
    CHECK_EQ(json_integer_value(at(at(list, 0, "conditions"), 0, "until_ms_from_now")), 60000);
    CHECK_HAS(text_at(at(list, 1, "conditions"), 0, "condition"), "72.3 s");
    CHECK_HAS(text_at(at(list, 2, "conditions"), 0, "condition"), "never heard");
    json_decref(list);
}

TEST(a_lost_state_file_is_named)
{
    setup(&view, &config, &extra);
    view.silent = true;
    extra.state_trouble = "/state/promise is empty";
    json_t *list = why_json(&view, &config, &extra);
    CHECK_STR(text_at(list, 0, "what"), "this peer backs nobody");
    CHECK_HAS(text_at(at(list, 0, "conditions"), 0, "condition"),
              "missing or damaged at its start (/state/promise is empty)");
    CHECK_STR(text_at(at(list, 0, "conditions"), 0, "reason"), "state-missing");
    json_decref(list);
    view.silent = false; /* it has learned: no word more about it */
    list = why_json(&view, &config, &extra);
    CHECK_EQ(json_array_size(list), 0);
    json_decref(list);
}

CHECK_MAIN
