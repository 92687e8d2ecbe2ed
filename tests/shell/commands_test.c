/* commands and operator with a real core, and with fakes for the pump, control and events that
 * they talk to: what is asked, refused, stepped, written and answered. */
#include <sys/stat.h>
#include <unistd.h>

#include "agent/peer/clock.h"
#include "agent/peer/upkeep.h"
#include "tests/lib/check.h"
#include "tests/lib/commands_fake.h"

/* A daemon's surroundings for one test. */
struct rig {
    uv_loop_t loop;
    struct config *config;
    char directory[64];
    struct commands *commands;
    struct control_call call;
};

static void start_core(uint8_t self)
{
    struct core_settings settings = {.self = self,
                                     .interval_ms = 500,
                                     .lease_ms = 5000,
                                     .drift_ppm = 1000,
                                     .demote_lead_ms = 500,
                                     .prefer = PEER_NONE,
                                     .min_hold_ms = 60000,
                                     .boot = 77,
                                     .prng_seed = 5,
                                     .settings_hash = 1,
                                     .members_hash = 2,
                                     .version = "0.1.0"};
    struct stored stored = {.present = true, .holder = PEER_NONE};
    struct outcome outcome;
    memset(&fake, 0, sizeof fake);
    fake.now = 1000000;
    core_init(&fake.core, &settings, &stored, fake.now, &outcome);
}

static void open_commands(struct rig *rig)
{
    struct commands_world world = {.loop = &rig->loop,
                                   .pump = &fake,
                                   .config = rig->config,
                                   .state_dir = rig->directory,
                                   .records = records,
                                   .poke = poke,
                                   .restart = restart};
    struct err err = {0};
    CHECK_EQ(commands_open(&rig->commands, &world, &err), 0);
}

static void setup(struct rig *rig, uint8_t self)
{
    static const char *const names[] = {"server1", "server2", "cloud"};
    memset(rig, 0, sizeof *rig);
    rig->config = calloc(1, sizeof *rig->config);
    rig->config->lease_ms = 5000;
    for (size_t i = 0; i < PEER_COUNT; i++)
        snprintf(rig->config->peers[i].name, NAME_SIZE, "%s", names[i]);
    rig->config->peers[2].witness = true;
    snprintf(rig->directory, sizeof rig->directory, "/tmp/commands_test.XXXXXX");
    CHECK(mkdtemp(rig->directory) != NULL);
    CHECK_EQ(uv_loop_init(&rig->loop), 0);
    start_core(self);
    readable = true;
    refused = NULL;
    restarts = pokes = 0;
    told[0] = 0;
    rig->call.may_change = true;
    open_commands(rig);
}

static void teardown(struct rig *rig)
{
    char path[128];
    commands_close(rig->commands);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    CHECK_EQ(uv_loop_close(&rig->loop), 0);
    json_decref(rig->call.result);
    snprintf(path, sizeof path, "%s/maintenance", rig->directory);
    (void)unlink(path);
    CHECK_EQ(rmdir(rig->directory), 0);
    free(rig->config);
}

/* Sends a request given with ' for " and waits for what the disk has to do. */
static int ask(struct rig *rig, const char *text)
{
    char json[512];
    snprintf(json, sizeof json, "%s", text);
    for (char *at = json; *at != 0; at++)
        if (*at == '\'')
            *at = '"';
    json_t *request = json_loads(json, 0, NULL);
    const char *command = json_string_value(json_object_get(request, "command"));
    rig->call.replies = 0;
    commands_handle(rig->commands, &rig->call, command, request);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    json_decref(request);
    if (rig->call.replies == 0 && fake.core.voter.ledger.writing_ticket != 0)
        disk(true); /* a pause waits for the core's own write */
    CHECK_EQ(rig->call.replies, 1);
    return rig->call.code;
}

static const char *result_text(struct rig *rig, const char *key)
{
    return json_string_value(json_object_get(rig->call.result, key));
}

TEST(questions_need_no_right)
{
    struct rig rig;
    setup(&rig, 0);
    rig.call.may_change = false;
    CHECK_EQ(ask(&rig, "{'command':'status'}"), 0);
    CHECK_STR(result_text(&rig, "self"), "server1");
    CHECK_STR(result_text(&rig, "standing"), "alone");
    CHECK_STR(result_text(&rig, "boot"), "000000000000004d");
    CHECK_EQ(json_array_size(json_object_get(rig.call.result, "records")), 1);
    CHECK_EQ(ask(&rig, "{'command':'status','poke':true}"), 0);
    CHECK_EQ(pokes, 0);
    rig.call.may_change = true;
    CHECK_EQ(ask(&rig, "{'command':'status','poke':true}"), 0);
    CHECK_EQ(pokes, 1);
    CHECK_EQ(ask(&rig, "{'command':'why'}"), 0);
    CHECK(json_array_size(rig.call.result) > 0);
    CHECK_EQ(ask(&rig, "{'command':'is-active'}"), 1);
    CHECK_STR(rig.call.text, "server1 does not hold");
    CHECK_EQ(ask(&rig, "{'command':'ready'}"), 1);
    CHECK_HAS(rig.call.text, "not ready: nobody holds");
    CHECK_EQ(ask(&rig, "{'command':'version'}"), 0);
    CHECK_STR(result_text(&rig, "version"), "0.1.0");
    CHECK_EQ(ask(&rig, "{'command':'proof'}"), 1);
    teardown(&rig);
}

TEST(events_are_handed_on_within_their_bounds)
{
    struct rig rig;
    setup(&rig, 0);
    CHECK_EQ(ask(&rig, "{'command':'events','cursor':5,'max':10,'from_end':true}"), 0);
    CHECK_EQ(json_integer_value(json_object_get(rig.call.result, "next")), 15);
    CHECK(json_is_true(json_object_get(rig.call.result, "from_end")));
    CHECK_EQ(ask(&rig, "{'command':'events'}"), 0);
    CHECK_EQ(ask(&rig, "{'command':'events','cursor':-1}"), 2);
    CHECK_EQ(ask(&rig, "{'command':'events','max':501}"), 2);
    CHECK_EQ(ask(&rig, "{'command':'events','cursor':13}"), 1);
    teardown(&rig);
}

TEST(orders_need_the_right)
{
    static const char *const orders[] = {
        "{'command':'switchover'}", "{'command':'takeover','peer':'server2'}",
        "{'command':'release'}", "{'command':'maintenance','on':true}", "{'command':'pause'}",
        "{'command':'resume'}", "{'command':'recover','peer':'server2'}",
        "{'command':'restart'}"};
    struct rig rig;
    setup(&rig, 0);
    rig.call.may_change = false;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        CHECK_EQ(ask(&rig, orders[i]), 4);
        CHECK_STR(rig.call.text, "it needs root or membership of group holdfast-admin");
    }
    CHECK_EQ(fake.ordered, 0);
    CHECK_EQ(restarts, 0);
    teardown(&rig);
}

TEST(unknown_commands_and_names)
{
    struct rig rig;
    setup(&rig, 0);
    CHECK_EQ(ask(&rig, "{'command':'dance'}"), 2);
    CHECK_EQ(ask(&rig, "{'command':'switchover','to':'server9'}"), 2);
    CHECK_HAS(rig.call.text, "no peer is called 'server9'; the peers are server1, server2 and");
    CHECK_EQ(ask(&rig, "{'command':'switchover','to':'cloud'}"), 2);
    CHECK_EQ(ask(&rig, "{'command':'takeover'}"), 2);
    CHECK_EQ(ask(&rig, "{'command':'takeover','peer':'cloud'}"), 2);
    CHECK_HAS(rig.call.text, "must name the other node, server2");
    CHECK_EQ(ask(&rig, "{'command':'recover','peer':'server1'}"), 2);
    CHECK_EQ(fake.ordered, 0);
    teardown(&rig);
}

TEST(switchover_where_nobody_holds_is_refused)
{
    struct rig rig;
    setup(&rig, 0);
    CHECK_EQ(ask(&rig, "{'command':'switchover'}"), 4);
    CHECK_HAS(rig.call.text, "server1 does not hold, and no holder is known");
    teardown(&rig);
}

/* As if this core's standing were another one. */
static void pretend(enum standing standing, uint8_t holder)
{
    view_make(&fake.core, fake.now, &fake.view);
    fake.pretend = true;
    fake.view.standing = standing;
    fake.view.holder = holder;
    fake.view.contact = CONTACT_HELD;
    fake.view.holds_until = fake.now + 3000;
}

TEST(switchover_is_sent_to_the_holder)
{
    struct rig rig;
    setup(&rig, 0);
    pretend(STANDING_STANDBY, 1);
    CHECK_EQ(ask(&rig, "{'command':'switchover','to':'server1'}"), 4);
    CHECK_STR(rig.call.text, "server1 does not hold, server2 does; run it there: holdfast "
                             "switchover --to server1");
    teardown(&rig);
}

TEST(switchover_asks_the_provider_first)
{
    struct rig rig;
    setup(&rig, 0);
    pretend(STANDING_HOLDER, 0);
    readable = false;
    CHECK_EQ(ask(&rig, "{'command':'switchover'}"), 4);
    CHECK_HAS(rig.call.text, "no record can be read at its DNS provider now");
    /* --anyway gets past that, to what the core has against it. */
    CHECK_EQ(ask(&rig, "{'command':'switchover','anyway':true}"), 4);
    CHECK(strstr(rig.call.text, "DNS provider") == NULL);
    CHECK(rig.call.text[0] != 0);
    /* One of two that can be read is enough. */
    refused = "the server knows no key holdfast.";
    CHECK_EQ(ask(&rig, "{'command':'switchover'}"), 4);
    CHECK(strstr(rig.call.text, "DNS provider") == NULL);
    CHECK_EQ(fake.ordered, 0);
    teardown(&rig);
}

TEST(is_active_only_with_lease_left_and_not_while_giving_up)
{
    struct rig rig;
    setup(&rig, 0);
    pretend(STANDING_HOLDER, 0);
    CHECK_EQ(ask(&rig, "{'command':'is-active'}"), 0);
    fake.view.holds_until = fake.now;
    CHECK_EQ(ask(&rig, "{'command':'is-active'}"), 1);
    fake.view.standing = STANDING_FORCED;
    CHECK_EQ(ask(&rig, "{'command':'is-active'}"), 0);
    fake.view.leaving = true;
    CHECK_EQ(ask(&rig, "{'command':'is-active'}"), 1);
    fake.view.crash_survivable = true;
    CHECK_EQ(ask(&rig, "{'command':'ready'}"), 0);
    CHECK_STR(rig.call.text, "ready: server1 holds, and its crash would be survived now");
    teardown(&rig);
}

TEST(a_witness_takes_nothing_over)
{
    struct rig rig;
    setup(&rig, PEER_WITNESS);
    CHECK_EQ(ask(&rig, "{'command':'takeover','peer':'server2'}"), 4);
    CHECK_EQ(ask(&rig, "{'command':'is-active'}"), 1);
    CHECK_EQ(ask(&rig, "{'command':'maintenance','on':true}"), 4);
    CHECK_EQ(ask(&rig, "{'command':'status'}"), 0);
    CHECK_STR(result_text(&rig, "standing"), "witness");
    teardown(&rig);
}

TEST(maintenance_survives_a_restart_and_ends)
{
    struct rig rig;
    setup(&rig, 0);
    CHECK_EQ(ask(&rig, "{'command':'maintenance','on':true,'for_ms':7200000,'reason':'kernel'}"),
             0);
    CHECK_HAS(rig.call.text, "server1 will not claim");
    CHECK(strstr(rig.call.text, "cannot be written") == NULL);
    CHECK_HAS(told, "ordermaintenance: an operator (uid 7) orders: maintenance until");
    CHECK_EQ(ask(&rig, "{'command':'status'}"), 0);
    CHECK(json_is_true(json_object_get(rig.call.result, "maintenance")));
    CHECK_STR(result_text(&rig, "maintenance_reason"), "kernel");
    commands_close(rig.commands);
    start_core(0);
    open_commands(&rig);
    commands_resume(rig.commands);
    CHECK_EQ(fake.ordered, 1);
    CHECK_EQ(fake.last.order.order, ORDER_MAINTENANCE);
    CHECK(fake.last.order.span_ms > 7190000 && fake.last.order.span_ms <= 7201000);
    CHECK_EQ(ask(&rig, "{'command':'maintenance','on':false}"), 0);
    CHECK_STR(rig.call.text, "maintenance is off");
    commands_close(rig.commands);
    start_core(0);
    open_commands(&rig);
    commands_resume(rig.commands);
    CHECK_EQ(fake.ordered, 0);
    teardown(&rig);
}

TEST(maintenance_that_cannot_be_stored_says_so)
{
    struct rig rig;
    char path[128];
    setup(&rig, 0);
    snprintf(path, sizeof path, "%s/maintenance", rig.directory);
    CHECK_EQ(mkdir(path, 0700), 0); /* no file can take this place */
    CHECK_EQ(ask(&rig, "{'command':'maintenance','on':true}"), 0);
    CHECK_HAS(rig.call.text, "but a restart would forget it");
    CHECK_EQ(rmdir(path), 0);
    teardown(&rig);
}

TEST(maintenance_wants_sensible_words)
{
    struct rig rig;
    setup(&rig, 0);
    CHECK_EQ(ask(&rig, "{'command':'maintenance'}"), 2);
    CHECK_EQ(ask(&rig, "{'command':'maintenance','on':true,'for_ms':-5}"), 2);
    CHECK_EQ(ask(&rig, "{'command':'maintenance','on':true,'for_ms':99999999999}"), 2);
    CHECK_EQ(ask(&rig, "{'command':'maintenance','on':true,'for_ms':'1h'}"), 2);
    CHECK_EQ(fake.ordered, 0);
    teardown(&rig);
}

TEST(a_damaged_maintenance_file_is_told_and_ignored)
{
    struct rig rig;
    char path[128];
    setup(&rig, 0);
    commands_close(rig.commands);
    snprintf(path, sizeof path, "%s/maintenance", rig.directory);
    FILE *file = fopen(path, "w");
    fputs("{\"until_wall_s\": ", file);
    fclose(file);
    open_commands(&rig);
    CHECK_HAS(told, "maintenance-lost");
    CHECK_HAS(told, "is damaged");
    commands_resume(rig.commands);
    CHECK_EQ(fake.ordered, 0);
    teardown(&rig);
}

TEST(a_reason_is_cut_between_characters)
{
    struct rig rig;
    char request[512];
    setup(&rig, 0);
    size_t used = (size_t)snprintf(request, sizeof request,
                                   "{'command':'maintenance','on':true,'reason':'x");
    for (size_t i = 0; i < 150; i++)
        used += (size_t)snprintf(request + used, sizeof request - used, "\u00e4");
    snprintf(request + used, sizeof request - used, "'}");
    CHECK_EQ(ask(&rig, request), 0);
    CHECK_EQ(ask(&rig, "{'command':'status'}"), 0);
    const char *reason = result_text(&rig, "maintenance_reason");
    CHECK_EQ(reason == NULL ? 0 : strlen(reason), 199);
    teardown(&rig);
}

TEST(pause_and_resume)
{
    struct rig rig;
    setup(&rig, 0);
    CHECK_EQ(ask(&rig, "{'command':'pause','for_ms':60000}"), 0);
    CHECK_EQ(fake.last.order.span_ms, 60000);
    CHECK_EQ(ask(&rig, "{'command':'status'}"), 0);
    CHECK(json_is_true(json_object_get(rig.call.result, "paused")));
    CHECK_EQ(ask(&rig, "{'command':'resume'}"), 0);
    CHECK_EQ(fake.last.order.span_ms, 0);
    CHECK_EQ(ask(&rig, "{'command':'pause','for_ms':999999999999}"), 2);
    teardown(&rig);
}

static void start_pause(struct rig *rig)
{
    json_t *request = json_pack("{s:I}", "for_ms", (json_int_t)60000);
    rig->call.replies = 0;
    commands_handle(rig->commands, &rig->call, "pause", request);
    json_decref(request);
}

TEST(pause_is_answered_when_it_is_on_disk)
{
    struct rig rig;
    struct control_call other = {.may_change = true};
    setup(&rig, 0);
    start_pause(&rig);
    CHECK_EQ(rig.call.replies, 0);
    CHECK(pause_is_on(&fake.core.pause, fake.now)); /* it counts already */
    fake.watcher.on_step(fake.watcher.owner, fake.now);
    CHECK_EQ(rig.call.replies, 0);
    commands_handle(rig.commands, &other, "resume", NULL); /* one at a time */
    CHECK_EQ(other.code, 4);
    disk(true);
    CHECK_EQ(rig.call.replies, 1);
    CHECK_STR(rig.call.text, "pause for 60 s");
    start_pause(&rig);
    disk(false);
    CHECK_EQ(rig.call.replies, 1);
    CHECK_HAS(rig.call.text, "pause for 60 s; but a restart of this peer would forget it");
    teardown(&rig);
}

TEST(a_daemon_that_stops_answers_a_waiting_pause)
{
    struct rig rig;
    setup(&rig, 0);
    start_pause(&rig);
    teardown(&rig);
    CHECK_EQ(rig.call.replies, 1);
    CHECK_HAS(rig.call.text, "not on disk here yet");
}

TEST(restart_that_would_fail_or_lose_is_refused)
{
    struct rig rig;
    setup(&rig, 0);
    broken = "conf:3: nonsense";
    CHECK_EQ(ask(&rig, "{'command':'restart'}"), 4);
    CHECK_STR(rig.call.text, "it would not start again: conf:3: nonsense");
    CHECK(strstr(told, "restart") == NULL);
    broken = NULL;
    fake.core.silence.stored_holder = 0; /* held before its last restart, */
    CHECK_EQ(ask(&rig, "{'command':'restart'}"), 4);
    CHECK_HAS(rig.call.text, "does not hold again yet");
    pretend(STANDING_FORCED, 0);
    CHECK_EQ(ask(&rig, "{'command':'restart'}"), 4);
    CHECK_HAS(rig.call.text, "acts by force");
    CHECK_EQ(restarts, 0);
    pretend(STANDING_HOLDER, 0); /* and holds again */
    CHECK_EQ(ask(&rig, "{'command':'restart'}"), 0);
    CHECK_EQ(restarts, 1);
    teardown(&rig);
}

CHECK_MAIN
