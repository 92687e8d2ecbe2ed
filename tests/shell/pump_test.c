/* Three pumps in one process, with real sockets, seals and disks: they elect, act, hand over. */
#include <arpa/inet.h>
#include <sodium.h>
#include <sys/socket.h>

#include "agent/peer/pump.h"
#include "proto/intake.h"
#include "proto/seal.h"
#include "tests/lib/check.h"
#include "tests/lib/loop.h"
#include "tests/lib/port.h"

#define LIMIT_MS 20000
#define LEASE_MS 1000

struct member {
    struct pump *pump;
    struct store *store;
    char *directory;
    uint8_t secret[64];
    struct standing_report report;
    unsigned notes;
    bool leaves_quietly; /* answers `leaving` at once, as a duty without work does */
};

struct cluster {
    uv_loop_t loop;
    struct config *config;
    struct member members[PEER_COUNT];
    unsigned holders_at_once; /* the most ever seen */
};

static unsigned holders(const struct cluster *cluster)
{
    unsigned count = 0;
    for (size_t i = 0; i < PEER_COUNT; i++) {
        struct permit permit;
        enum reason reason;
        struct pump *pump = cluster->members[i].pump;
        count += pump != NULL && pump_permit(pump, 1, &permit, &reason);
    }
    return count;
}

static void on_standing(void *owner, const struct standing_report *report)
{
    struct member *member = owner;
    member->report = *report;
    if (report->leaving && member->leaves_quietly)
        pump_event(member->pump, &(struct event){.kind = EVENT_IDLE}); /* inside the step */
}

static void on_note(void *owner, const struct note *note, mono_ms now)
{
    struct member *member = owner;
    member->notes += note->reason != REASON_NONE && now > 0;
}

static void make_config(struct cluster *cluster)
{
    static const char *const names[PEER_COUNT] = {"server1", "server2", "cloud"};
    struct config *config = cluster->config = calloc(1, sizeof *config);
    snprintf(config->path, sizeof config->path, "test.conf");
    snprintf(config->cluster, sizeof config->cluster, "pbx.example.com");
    config->interval_ms = 100;
    config->lease_ms = LEASE_MS;
    config->drift_ppm = 1000;
    config->demote_lead_ms = 100;
    config->prefer = PEER_NONE;
    config->min_hold_ms = 60000;
    for (size_t i = 0; i < PEER_COUNT; i++) {
        struct peer_config *peer = &config->peers[i];
        snprintf(peer->name, sizeof peer->name, "%s", names[i]);
        peer->witness = i == PEER_WITNESS;
        crypto_sign_keypair(peer->public_key, cluster->members[i].secret);
        snprintf(peer->addresses[0].host, HOST_SIZE, "127.0.0.1");
        peer->addresses[0].port = port_free();
        peer->address_count = 1;
    }
}

static void start(struct cluster *cluster, uint8_t self)
{
    struct member *member = &cluster->members[self];
    struct pump_world world = {.loop = &cluster->loop,
                               .config = cluster->config,
                               .self = self,
                               .secret = member->secret,
                               .listen = &cluster->config->peers[self].addresses[0],
                               .listen_count = 1};
    struct err err = {0};
    CHECK_EQ(store_open(&member->store, &cluster->loop, member->directory, &world.found, &err),
             0);
    world.store = member->store;
    CHECK_EQ(pump_open(&member->pump, &world, &err), 0);
    CHECK_STR(err.text, "");
    pump_watch(member->pump, (struct pump_watcher){
                                 .on_standing = on_standing, .on_note = on_note, .owner = member});
    pump_start(member->pump);
    struct event fitness = {.kind = EVENT_FITNESS};
    fitness.fitness.fit = true;
    pump_event(member->pump, &fitness);
}

static void stop(struct member *member)
{
    pump_close(member->pump);
    store_close(member->store);
    member->pump = NULL;
}

static void set_up(struct cluster *cluster)
{
    struct members members;
    struct err err;
    memset(cluster, 0, sizeof *cluster);
    CHECK(sodium_init() >= 0);
    uv_loop_init(&cluster->loop);
    make_config(cluster);
    memset(&members, 1, sizeof members);
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        seal_key_hash(cluster->config->peers[i].public_key, members.key_hash[i]);
    for (uint8_t i = 0; i < PEER_COUNT; i++) {
        struct member *member = &cluster->members[i];
        member->directory = loop_directory();
        member->leaves_quietly = true;
        CHECK_EQ(store_write_first(member->directory, &members, &err), 0);
        start(cluster, i);
    }
}

static void tear_down(struct cluster *cluster)
{
    for (size_t i = 0; i < PEER_COUNT; i++)
        if (cluster->members[i].pump != NULL)
            stop(&cluster->members[i]);
    CHECK(loop_end(&cluster->loop));
    for (size_t i = 0; i < PEER_COUNT; i++)
        loop_remove(cluster->members[i].directory);
    free(cluster->config);
    CHECK(cluster->holders_at_once <= 1);
}

/* One holder that may act, and everybody heard everybody. */
static bool is_elected(void *context)
{
    struct cluster *cluster = context;
    unsigned count = holders(cluster);
    if (count > cluster->holders_at_once)
        cluster->holders_at_once = count;
    return count == 1;
}

static struct member *holder(struct cluster *cluster)
{
    for (size_t i = 0; i < NODE_COUNT; i++)
        if (cluster->members[i].pump != NULL &&
            cluster->members[i].report.standing == STANDING_HOLDER)
            return &cluster->members[i];
    return NULL;
}

static struct member *other(struct cluster *cluster, const struct member *member)
{
    return &cluster->members[member == &cluster->members[0] ? 1 : 0];
}

TEST(three_pumps_elect_one_holder_that_may_act)
{
    struct cluster cluster;
    struct view view;
    struct permit permit;
    enum reason reason;
    set_up(&cluster);
    CHECK(loop_until(&cluster.loop, is_elected, &cluster, LIMIT_MS));
    struct member *member = holder(&cluster);
    CHECK(member != NULL);
    if (member == NULL)
        return;
    CHECK(member->notes > 0);
    CHECK(pump_permit(member->pump, 1000, &permit, &reason));
    CHECK(pump_permit_holds(member->pump, &permit));
    CHECK_EQ(permit.epoch, member->report.epoch);
    CHECK(!pump_permit(other(&cluster, member)->pump, 1000, &permit, &reason));
    CHECK_EQ(reason, REASON_NOT_HOLDER);
    CHECK(!pump_permit(cluster.members[PEER_WITNESS].pump, 1, &permit, &reason));
    pump_view(member->pump, &view);
    CHECK_EQ(view.standing, STANDING_HOLDER);
    json_t *counters = json_object();
    pump_count(member->pump, counters);
    CHECK(json_integer_value(json_object_get(counters, "datagrams_sent")) > 0);
    CHECK_EQ(json_integer_value(json_object_get(json_object_get(counters, "refused"),
                                                "bad-seal")), 0);
    json_decref(counters);
    tear_down(&cluster);
}

struct waiting {
    struct cluster *cluster;
    struct member *member;
};

static bool holds(void *context)
{
    struct waiting *waiting = context;
    (void)is_elected(waiting->cluster);
    return waiting->member->report.standing == STANDING_HOLDER;
}

static bool has_left(void *context)
{
    struct waiting *waiting = context;
    (void)is_elected(waiting->cluster);
    return pump_has_left(waiting->member->pump);
}

static bool is_survivable(void *context)
{
    struct view view;
    pump_view(((struct waiting *)context)->member->pump, &view);
    return view.crash_survivable;
}

static void order_stop(struct member *member)
{
    struct event order = {.kind = EVENT_ORDER};
    order.order.order = ORDER_STOP;
    order.order.peer = PEER_NONE;
    pump_event(member->pump, &order);
}

/* Its promise to the holder is on its disk and in force. */
static bool backs_the_other(void *context)
{
    struct waiting *waiting = context;
    const struct promise *promise = &pump_core(waiting->member->pump)->voter.promise;
    (void)is_elected(waiting->cluster);
    const struct member *held_by = other(waiting->cluster, waiting->member);
    return promise->epoch != 0 && promise->epoch == held_by->report.epoch;
}

TEST(a_holder_that_stops_gives_up_first)
{
    struct cluster cluster;
    set_up(&cluster);
    CHECK(loop_until(&cluster.loop, is_elected, &cluster, LIMIT_MS));
    struct member *first = holder(&cluster), *second = other(&cluster, first);
    struct waiting to_leave = {&cluster, first}, to_hold = {&cluster, second};
    CHECK(loop_until(&cluster.loop, is_survivable, &to_leave, LIMIT_MS));
    CHECK(loop_until(&cluster.loop, backs_the_other, &to_hold, LIMIT_MS));
    order_stop(first);
    CHECK(loop_until(&cluster.loop, has_left, &to_leave, LEASE_MS));
    stop(first);
    CHECK(loop_until(&cluster.loop, holds, &to_hold, LIMIT_MS));
    CHECK(second->report.epoch > first->report.epoch);
    CHECK(second->report.after_release);
    tear_down(&cluster);
}

/* Nothing to give up, nothing to say: no tick to wait for. */
TEST(a_standby_and_a_witness_stop_at_once)
{
    struct cluster cluster;
    set_up(&cluster);
    CHECK(loop_until(&cluster.loop, is_elected, &cluster, LIMIT_MS));
    struct member *standby = other(&cluster, holder(&cluster));
    struct waiting waiting = {&cluster, holder(&cluster)};
    CHECK(loop_until(&cluster.loop, is_survivable, &waiting, LIMIT_MS));
    struct waiting to_say = {&cluster, standby}; /* what it gave up in the election, if it did */
    CHECK(loop_until(&cluster.loop, has_left, &to_say, LIMIT_MS));
    order_stop(standby);
    CHECK(pump_has_left(standby->pump));
    order_stop(&cluster.members[PEER_WITNESS]);
    CHECK(pump_has_left(cluster.members[PEER_WITNESS].pump));
    CHECK(!pump_has_left(holder(&cluster)->pump));
    tear_down(&cluster);
}

TEST(closing_in_the_middle_of_everything_is_safe)
{
    for (unsigned turns = 0; turns < 40; turns++) {
        struct cluster cluster;
        set_up(&cluster);
        for (unsigned i = 0; i < turns; i++)
            uv_run(&cluster.loop, UV_RUN_ONCE);
        tear_down(&cluster);
    }
}

TEST(a_holder_that_vanishes_is_replaced_and_comes_back_as_standby)
{
    struct cluster cluster;
    set_up(&cluster);
    CHECK(loop_until(&cluster.loop, is_elected, &cluster, LIMIT_MS));
    struct member *first = holder(&cluster), *second = other(&cluster, first);
    struct waiting to_hold = {&cluster, second}, to_see = {&cluster, first};
    CHECK(loop_until(&cluster.loop, is_survivable, &to_see, LIMIT_MS));
    stop(first);
    CHECK(loop_until(&cluster.loop, holds, &to_hold, LIMIT_MS));
    CHECK(!second->report.after_release);
    start(&cluster, (uint8_t)(first - cluster.members));
    CHECK(loop_until(&cluster.loop, is_survivable, &to_hold, LIMIT_MS));
    CHECK_EQ(first->report.standing, STANDING_STANDBY);
    CHECK_EQ(second->report.standing, STANDING_HOLDER);
    tear_down(&cluster);
}

static json_t *read_kept(const struct member *member, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", member->directory, name);
    return json_load_file(path, 0, NULL);
}

/* Of the election that made this holder: a claim that yielded may have been backed before. */
static bool proof_is_kept(void *context)
{
    const struct member *member = context;
    json_t *object = read_kept(member, "proof.json");
    json_int_t epoch = json_integer_value(json_object_get(object, "epoch"));
    json_decref(object);
    return epoch > 0 && (uint64_t)epoch == member->report.epoch;
}

TEST(the_takeover_certificate_is_kept_and_holds)
{
    struct cluster cluster;
    struct certificate_facts facts = {0};
    struct err err;
    set_up(&cluster);
    CHECK(loop_until(&cluster.loop, is_elected, &cluster, LIMIT_MS));
    struct member *member = holder(&cluster);
    CHECK(loop_until(&cluster.loop, proof_is_kept, member, LIMIT_MS));
    json_t *object = read_kept(member, "proof.json");
    CHECK_EQ(certificate_verify(object, cluster.config, &facts, &err), 0);
    CHECK_EQ(facts.epoch, member->report.epoch);
    CHECK_EQ(facts.holder, member - cluster.members);
    json_decref(object);
    tear_down(&cluster);
}

static void shout(struct cluster *cluster, const void *bytes, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(cluster->config->peers[0].addresses[0].port)};
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(sendto(file, bytes, size, 0, (struct sockaddr *)&to, sizeof to), size);
    close(file);
}

/* The second node says something else under the number that it used last, until it is heard. */
static bool liar_is_told(void *context)
{
    struct cluster *cluster = context;
    const struct member *liar = &cluster->members[1];
    uint8_t keys[PEER_COUNT][SEAL_PUBLIC_SIZE], nonce[SEAL_NONCE_SIZE];
    uint8_t signed_bytes[SIGNED_SIZE_MAX], datagram[DATAGRAM_SIZE_MAX];
    const struct core *core = pump_core(cluster->members[0].pump);
    struct statement statement = core->last[1];
    struct intake intake;
    if (core->evidence.frozen)
        return true;
    for (size_t i = 0; i < PEER_COUNT; i++)
        memcpy(keys[i], cluster->config->peers[i].public_key, sizeof keys[i]);
    CHECK(intake_open(&intake, 1, liar->secret, (const uint8_t(*)[SEAL_PUBLIC_SIZE])keys,
                      cluster->config->cluster));
    statement.wall_s += 86400;
    struct intake_parcel parcel = {.author = 1, .to = 0, .mark = statement.mark,
                                   .bytes = signed_bytes,
                                   .size = intake_sign(&intake, &statement, signed_bytes)};
    randombytes_buf(nonce, sizeof nonce);
    shout(cluster, datagram, intake_seal(&intake, &parcel, nonce, datagram));
    intake_close(&intake);
    return false;
}

static bool evidence_is_kept(void *context)
{
    json_t *object = read_kept(context, "evidence.json");
    json_decref(object);
    return object != NULL;
}

TEST(what_proves_a_liar_is_kept_and_holds)
{
    struct cluster cluster;
    struct err err = {0};
    uint8_t peer = PEER_NONE;
    set_up(&cluster);
    CHECK(loop_until(&cluster.loop, is_elected, &cluster, LIMIT_MS));
    CHECK(loop_until(&cluster.loop, liar_is_told, &cluster, LIMIT_MS));
    CHECK(loop_until(&cluster.loop, evidence_is_kept, &cluster.members[0], LIMIT_MS));
    json_t *object = read_kept(&cluster.members[0], "evidence.json");
    CHECK_EQ(certificate_contradicts(object, cluster.config, &peer, &err), 0);
    CHECK_STR(err.text, "");
    CHECK_EQ(peer, 1);
    json_decref(object);
    tear_down(&cluster);
}

static bool refused_all(void *context)
{
    struct cluster *cluster = context;
    json_t *counters = json_object();
    pump_count(cluster->members[0].pump, counters);
    json_t *refused = json_object_get(counters, "refused");
    bool all = json_integer_value(json_object_get(refused, "too-short")) == 1 &&
               json_integer_value(json_object_get(refused, "too-long")) == 2 &&
               json_integer_value(json_object_get(refused, "not-holdfast")) == 1;
    json_decref(counters);
    return all;
}

TEST(rubbish_is_counted_by_kind_and_changes_nothing)
{
    struct cluster cluster;
    static uint8_t bytes[9000];
    set_up(&cluster);
    CHECK(loop_until(&cluster.loop, is_elected, &cluster, LIMIT_MS));
    shout(&cluster, bytes, 0);
    shout(&cluster, bytes, 200);
    shout(&cluster, bytes, 1201);
    shout(&cluster, bytes, sizeof bytes);
    CHECK(loop_until(&cluster.loop, refused_all, &cluster, LIMIT_MS));
    CHECK_EQ(holders(&cluster), 1);
    tear_down(&cluster);
}

CHECK_MAIN
