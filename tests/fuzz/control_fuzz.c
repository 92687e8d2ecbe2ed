/* control — requests of local clients, through the real control into the real commands.
 *
 * Around them stand fakes: a loop without a kernel (control_loop.c), a pump with a core in one of
 * several states, events, and the file of a maintenance order. Every connection gets exactly one
 * line of JSON with a known code, then its end; a question, a refusal or a caller without the
 * right changes nothing.
 * Input: which core (bits 0-2), has the caller the right (bit 3), does the request come in two
 * pieces (bit 4), does the client say that it is done (bit 5), does the disk take what must be
 * stored, and in time (bits 6-7); what another peer says last, with its length in front; then the
 * request. */
#include <jansson.h>
#include <sodium.h>
#include <unistd.h>

#include "agent/peer/clock.h"
#include "agent/peer/commands.h"
#include "agent/peer/control_peer.h"
#include "agent/peer/notify.h"
#include "agent/peer/upkeep.h"
#include "control_loop.h"
#include "core_rules.h"
#include "hostile.h"
#include "tests/lib/elected.h"

#define SNAPSHOT_COUNT 8
#define TURN_MAX 5 /* turns of the loop until everything is over */

/* ---- fakes of the rooms around ---- */

struct pump {
    struct core core;
    mono_ms now;
    unsigned orders;
};

enum disk { DISK_GOOD, DISK_BAD, DISK_BUSY, DISK_LATE };

static struct pump pump;
static struct pump_watcher watcher;
static struct core snapshots[SNAPSHOT_COUNT];
static bool may_change;
static enum disk disk;
static unsigned sets, restarts;
static struct upkeep_order upkeep_now;
static upkeep_on_done *upkeep_waits;
static void *upkeep_owner;

const struct core *pump_core(const struct pump *of)
{
    return &of->core;
}
void pump_view(struct pump *of, struct view *ret)
{
    view_make(&of->core, of->now, ret);
}
bool pump_permit(struct pump *of, span_ms need_ms, struct permit *ret, enum reason *ret_reason)
{
    return core_permit(&of->core, of->now, need_ms, ret, ret_reason);
}
void pump_watch(struct pump *of, struct pump_watcher who)
{
    (void)of;
    watcher = who;
}
void pump_event(struct pump *of, const struct event *event)
{
    struct outcome outcome;
    struct core_marks before = core_rules_marks(&of->core);
    of->orders++;
    core_step(&of->core, of->now, event, &outcome);
    core_rules_check(&of->core, &before, &outcome);
}
uid_t control_peer_uid(int file)
{
    (void)file;
    return 7;
}
bool control_peer_may_change(int file, const struct control_groups *groups)
{
    (void)file, (void)groups;
    return may_change;
}
struct control_groups control_peer_groups(void)
{
    return (struct control_groups){(gid_t)-1, (gid_t)-1};
}
void events_tell(struct events *events, const struct happening *happening)
{
    (void)events;
    FUZZ_CHECK(happening->text == NULL || strlen(happening->text) < 1024);
    json_decref(happening->fields);
}
void events_read(struct events *events, const struct events_range *range,
                 void (*on_page)(void *owner, json_t *page), void *owner)
{
    (void)events;
    FUZZ_CHECK(range->max >= 1 && range->max <= 500);
    on_page(owner, range->cursor == 13 ? NULL : json_pack("{s:[]}", "events"));
}
void notify_tell(struct notify *notify, const char *kind, uint64_t epoch, const char *holder,
                 const char *text)
{
    (void)notify, (void)kind, (void)epoch, (void)holder, (void)text;
}
int upkeep_open(struct upkeep **ret, uv_loop_t *loop, const char *state_dir, struct err *warning,
                struct err *err)
{
    (void)loop, (void)state_dir, (void)err;
    *ret = NULL;
    *warning = (struct err){0};
    return 0;
}
const struct upkeep_order *upkeep_order(const struct upkeep *upkeep)
{
    (void)upkeep;
    return &upkeep_now;
}
bool upkeep_set(struct upkeep *upkeep, const struct upkeep_order *order, upkeep_on_done *on_done,
                void *owner)
{
    (void)upkeep;
    sets++;
    upkeep_now = *order;
    upkeep_waits = disk == DISK_BUSY ? NULL : on_done;
    upkeep_owner = owner;
    return disk != DISK_BUSY;
}
void upkeep_close(struct upkeep *upkeep)
{
    (void)upkeep;
}

static json_t *records(void *owner)
{
    (void)owner;
    return json_pack("[{s:s, s:s, s:b}]", "label", "pbx", "state", "ok", "readable",
                     disk != DISK_BAD);
}
static void poke(void *owner)
{
    (void)owner;
    FUZZ_CHECK(may_change);
}
static bool restart(void *owner, char *ret_why, size_t size)
{
    (void)owner;
    if (disk == DISK_BAD) {
        snprintf(ret_why, size, "the configuration is wrong");
        return false;
    }
    restarts++;
    return true;
}

/* ---- the rooms ---- */

static uv_loop_t loop; /* never run: control_loop.c turns instead */
static struct control *control;
static struct commands *commands;
static struct config config;

static void open_rooms(void)
{
    struct err err = {0};
    char folder[] = "/tmp/control_fuzz.XXXXXX", path[sizeof folder + 8];
    FUZZ_CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/sock", folder);
    struct commands_world around = {.loop = &loop,
                                    .pump = &pump,
                                    .config = &config,
                                    .state_dir = folder,
                                    .records = records,
                                    .poke = poke,
                                    .restart = restart};
    FUZZ_CHECK(commands_open(&commands, &around, &err) == 0);
    struct control_world world = {&loop, path, commands_handle, commands};
    FUZZ_CHECK(control_open(&control, &world, &err) == 0);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void keep(size_t at, const struct rig *rig)
{
    snapshots[at] = rig->core;
}

static void make_snapshots(void)
{
    static struct rig rig;
    elected_quiet(&rig, PEER_WITNESS, 100);
    keep(0, &rig);
    elected_quiet(&rig, 0, 100);
    keep(1, &rig);
    elected_storing(&rig, 1);
    keep(2, &rig);
    elected_holder(&rig, 0);
    elected_renew(&rig, 500);
    keep(3, &rig);
    peers_order(&rig, ORDER_PAUSE, PEER_NONE, 60000);
    keep(4, &rig);
    peers_start(&rig, 0, (struct stored){.holder = PEER_NONE});
    keep(5, &rig);
    elected_quiet(&rig, 1, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    keep(6, &rig);
    elected_quiet(&rig, 0, 100);
    peers_order(&rig, ORDER_FORCE, 1, 0);
    peers_written(&rig);
    FUZZ_CHECK(rig.core.force.on && rig.core.claim.phase == CLAIM_CLAIMING);
    keep(7, &rig);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const names[] = {"server1", "server2", "cloud"};
    (void)argc, (void)argv;
    FUZZ_CHECK(sodium_init() >= 0);
    for (size_t i = 0; i < PEER_COUNT; i++)
        snprintf(config.peers[i].name, NAME_SIZE, "%s", names[i]);
    config.lease_ms = LEASE;
    config.peers[PEER_WITNESS].witness = true;
    make_snapshots();
    open_rooms();
    return 0;
}

/* The disk ends its write of the state file: a pause waits for it. */
static void answer_store(void)
{
    struct outcome outcome;
    struct event event = {.kind = EVENT_STORED};
    event.stored.ticket = pump.core.voter.ledger.writing_ticket;
    event.stored.ok = disk != DISK_BAD;
    if (pump.orders == 0 || event.stored.ticket == 0)
        return;
    struct core_marks before = core_rules_marks(&pump.core);
    core_step(&pump.core, pump.now, &event, &outcome);
    core_rules_check(&pump.core, &before, &outcome);
    watcher.on_step(watcher.owner, pump.now);
}

/* What the operator's file makes of an order is heard of a turn later. */
static void answer_upkeep(void)
{
    upkeep_on_done *on_done = upkeep_waits;
    upkeep_waits = NULL;
    if (on_done != NULL)
        on_done(upkeep_owner, disk != DISK_BAD, disk != DISK_BAD ? "" : "no space left");
}

/* The whole of a client's visit. False when it never asked anything. */
static bool visit(const uint8_t *bytes, size_t size, uint8_t kind)
{
    const struct control_loop_client *client = control_loop_client();
    size_t first = (kind & 16) != 0 ? size / 2 : size;
    bool asks = size > 0 && (memchr(bytes, '\n', size) != NULL || size > 8192);
    control_loop_connect();
    control_loop_send(bytes, first);
    if (first < size)
        control_loop_turn();
    control_loop_send(bytes + first, size - first);
    if ((kind & 32) != 0) {
        control_loop_finish();
        asks = size > 0;
    }
    if (!asks || disk == DISK_LATE)
        control_loop_expire();
    for (int i = 0; i < TURN_MAX; i++) {
        control_loop_turn();
        answer_upkeep();
        answer_store();
    }
    FUZZ_CHECK(client->ended);
    FUZZ_CHECK(upkeep_waits == NULL);
    return asks;
}

/* One line: {"v": 1, "code": 0, 1, 2 or 4, "text"...}. Returns the code. */
static int check_reply(const struct control_loop_client *client)
{
    const char *reply = client->reply;
    FUZZ_CHECK(memchr(reply, '\n', client->size) == reply + client->size - 1);
    json_t *object = json_loadb(reply, client->size, JSON_REJECT_DUPLICATES, NULL);
    int code = (int)json_integer_value(json_object_get(object, "code"));
    FUZZ_CHECK(json_is_object(object));
    FUZZ_CHECK(json_integer_value(json_object_get(object, "v")) == 1);
    FUZZ_CHECK(json_is_integer(json_object_get(object, "code")));
    FUZZ_CHECK(json_is_string(json_object_get(object, "text")));
    FUZZ_CHECK(code == 0 || code == 1 || code == 2 || code == 4);
    json_decref(object);
    return code;
}

static void hear(struct feed *feed)
{
    struct hostile hostile;
    struct statement statement;
    uint8_t kind = feed_byte(feed);
    struct feed part = feed_cut(feed, kind & 31);
    if (part.left == 0)
        return;
    hostile_begin(&hostile, &pump.core);
    uint8_t from = (uint8_t)((pump.core.settings.self + 1 + (kind >> 7)) % PEER_COUNT);
    hostile_says(&hostile, &part, &pump.core, from, &statement);
    if (statement_check(&statement) != STATEMENT_OK)
        return;
    uint8_t third = (uint8_t)(3 - from - pump.core.settings.self);
    struct event event = {.kind = EVENT_HEARD,
                          .heard = {&statement, (const uint8_t *)&statement, sizeof statement,
                                    (kind & 64) != 0 ? from : third}};
    pump_event(&pump, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct core before;
    const struct control_loop_client *client = control_loop_client();
    struct feed feed = {data, size};
    uint8_t kind = feed_byte(&feed);
    pump.core = snapshots[kind % SNAPSHOT_COUNT];
    pump.now = pump.core.now;
    may_change = (kind & 8) != 0;
    disk = (enum disk)(kind >> 6);
    upkeep_now = (struct upkeep_order){0};
    hear(&feed);
    pump.orders = sets = restarts = 0;
    before = pump.core;
    if (!visit(feed.at, feed.left, kind)) {
        FUZZ_CHECK(client->size == 0 && pump.orders == 0);
        return 0;
    }
    /* Too late for a client whose time was over: its order counts all the same. */
    int code = disk == DISK_LATE && client->size == 0 ? 0 : check_reply(client);
    bool changed = pump.orders + sets + restarts > 0;
    FUZZ_CHECK(!changed || (code == 0 && may_change));
    FUZZ_CHECK(pump.orders <= 1 && sets <= 1 && restarts <= 1);
    if (!changed)
        FUZZ_CHECK(memcmp(&before, &pump.core, sizeof before) == 0);
    return 0;
}
