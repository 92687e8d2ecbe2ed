/* intake — datagrams of strangers and of peers that mean harm, into one core behind its door.
 *
 * Input: which core, then operations until the end. A refused datagram changes nothing but its
 * counter and the budget for strangers; what is let in is heard by the core, whose rules
 * (core_rules.h) hold whatever it hears. Sealing is slow, so at most four datagrams of an
 * input are sealed; the same statements without a datagram reach the core directly. */
#include "core_rules.h"
#include "hostile.h"
#include "proto/intake.h"
#include "stand_in.h"
#include "tests/lib/doors.h"
#include "tests/lib/elected.h"

#define OPERATION_MAX 16
#define SIGNED_MAX 4
#define SNAPSHOT_COUNT 6

static struct doors doors;
static struct core snapshots[SNAPSHOT_COUNT];
static uint64_t tickets[SNAPSHOT_COUNT]; /* the write that the snapshot waits for, 0 = none */

struct desk {
    struct core core;
    struct outcome outcome;
    struct hostile hostile;
    mono_ms now;
    int64_t wall_s;
    uint64_t ticket;
    unsigned signed_left;
    struct datagram last; /* sealed one, for replays */
};

static struct desk desk;

static void keep(size_t at, const struct rig *rig, bool writes)
{
    snapshots[at] = rig->core;
    tickets[at] = writes ? rig->ticket : 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static struct rig rig;
    (void)argc, (void)argv;
    FUZZ_CHECK(sodium_init() >= 0);
    stand_in_open();
    doors_open(&doors);
    elected_quiet(&rig, PEER_WITNESS, 100);
    keep(0, &rig, false);
    elected_holder(&rig, 0);
    keep(1, &rig, false);
    elected_storing(&rig, 1);
    keep(2, &rig, true);
    elected_claiming(&rig, 1);
    keep(3, &rig, false);
    peers_start(&rig, 0, (struct stored){.holder = PEER_NONE}); /* lost its file */
    keep(4, &rig, false);
    elected_quiet(&rig, 1, 100);
    peers_claim(&rig, 0, 102);
    peers_written(&rig);
    keep(5, &rig, false);
    return 0;
}

static void step(struct event event)
{
    struct core_marks before = core_rules_marks(&desk.core);
    event.wall_s = desk.wall_s;
    core_step(&desk.core, desk.now, &event, &desk.outcome);
    core_rules_check(&desk.core, &before, &desk.outcome);
    for (size_t i = 0; i < desk.outcome.action_count; i++) {
        const struct action *action = &desk.outcome.actions[i];
        if (action->kind != ACTION_STORE)
            continue;
        FUZZ_CHECK(desk.ticket == 0); /* one write at a time */
        desk.ticket = action->ticket;
    }
}

static void hear(const struct statement *statement, const uint8_t *bytes, size_t size, uint8_t via)
{
    step((struct event){.kind = EVENT_HEARD, .heard = {statement, bytes, size, via}});
}

/* Everything of an intake that a refusal must leave alone. */
static void check_untouched(const struct intake *before, const struct intake *after)
{
    FUZZ_CHECK(before->self == after->self && before->secret == after->secret);
    FUZZ_CHECK(memcmp(before->tag, after->tag, sizeof before->tag) == 0);
    FUZZ_CHECK(memcmp(before->keys, after->keys, sizeof before->keys) == 0);
    FUZZ_CHECK(memcmp(before->pairs, after->pairs, sizeof before->pairs) == 0);
}

/* Through the door; and into the core when it is let in. */
static enum intake_verdict take(uint8_t *bytes, size_t size)
{
    static struct core before;
    struct intake *intake = &doors.intake[desk.core.settings.self];
    struct intake intake_before = *intake;
    struct intake_result result;
    before = desk.core;
    enum intake_verdict verdict =
        intake_take(intake, &desk.core, (struct intake_bytes){bytes, size}, desk.now, &result);
    FUZZ_CHECK((unsigned)verdict < INTAKE_VERDICT_COUNT);
    FUZZ_CHECK(memcmp(&before, &desk.core, sizeof before) == 0);
    check_untouched(&intake_before, intake);
    for (int i = 0; i < INTAKE_VERDICT_COUNT; i++)
        FUZZ_CHECK(intake->counts[i] == intake_before.counts[i] + (i == (int)verdict));
    if (verdict != INTAKE_OK)
        return verdict;
    FUZZ_CHECK(result.size > SEAL_SIGNATURE_SIZE && result.size <= SIGNED_SIZE_MAX);
    FUZZ_CHECK(result.via < PEER_COUNT && result.via != desk.core.settings.self);
    FUZZ_CHECK(statement_check(&result.statement) == STATEMENT_OK);
    hear(&result.statement, result.bytes, result.size, result.via);
    return verdict;
}

/* One of the two other peers. */
static uint8_t other(uint8_t choice)
{
    return (uint8_t)((desk.core.settings.self + 1 + (choice & 1)) % PEER_COUNT);
}

static void take_raw(struct feed *feed, bool with_head)
{
    static uint8_t room[DATAGRAM_SIZE_MAX + 64];
    struct feed part = feed_cut(feed, feed_number(feed, 2));
    size_t size = part.left < sizeof room ? part.left : sizeof room;
    uint8_t *bytes = fuzz_at_end(room, sizeof room, part.at, size);
    if (with_head && size >= INTAKE_HEAD_SIZE) {
        memcpy(bytes, "HFst\1", 5);
        memcpy(bytes + 5, doors.intake[0].tag, SEAL_TAG_SIZE);
        bytes[INTAKE_HEAD_SIZE - 1] %= PEER_COUNT;
    }
    enum intake_verdict verdict = take(bytes, size);
    /* Without a key nobody gets in. A recording of the seeds may be known already. */
    FUZZ_CHECK(verdict != INTAKE_OK || size >= INTAKE_HEAD_SIZE + SEAL_NONCE_SIZE);
}

static void send_parcel(const struct intake_parcel *parcel, uint8_t sender)
{
    static uint8_t room[sizeof desk.last.bytes];
    desk.last = doors_seal(&doors, sender, parcel, 9);
    FUZZ_CHECK(desk.last.size <= DATAGRAM_SIZE_MAX);
    take(fuzz_at_end(room, sizeof room, desk.last.bytes, desk.last.size), desk.last.size);
}

/* Sealed by a peer, but what is inside is anything. */
static void take_sealed(struct feed *feed)
{
    uint8_t kind = feed_byte(feed), sender = other(kind);
    struct intake_parcel parcel = {.to = desk.core.settings.self,
                                   .author = (kind & 2) != 0 ? kind >> 2 : other(kind >> 2)};
    parcel.mark = (struct mark){feed_byte(feed), feed_number(feed, 2)};
    if ((kind & 128) != 0)
        parcel.mark = desk.core.echo.peers[parcel.author % PEER_COUNT].accepted;
    struct feed part = feed_cut(feed, feed_number(feed, 2));
    parcel.bytes = part.at;
    parcel.size = part.left < SIGNED_SIZE_MAX ? part.left : SIGNED_SIZE_MAX;
    if (desk.signed_left == 0)
        return; /* a new mark costs a check of its signature */
    desk.signed_left--;
    send_parcel(&parcel, sender);
}

/* Signs body bytes with the key of `author`, seals them with that of `sender`. */
static void take_signed(uint8_t author, uint8_t sender, const struct mark *mark,
                        const struct feed *body)
{
    uint8_t text[SIGNED_SIZE_MAX];
    struct intake_parcel parcel = {
        .to = desk.core.settings.self, .author = author, .mark = *mark, .bytes = text};
    if (desk.signed_left == 0)
        return;
    desk.signed_left--;
    parcel.size = seal_sign(doors.secret[author], doors.intake[0].tag, body->at, body->left, text);
    if (parcel.size > 0)
        send_parcel(&parcel, sender);
}

/* Any bytes as a body: with a datagram around them, or as the core would hear of them. */
static void take_body(struct feed *feed, bool as_datagram)
{
    static uint8_t bytes[SIGNED_SIZE_MAX];
    struct statement statement;
    uint8_t kind = feed_byte(feed);
    struct feed body = feed_cut(feed, feed_number(feed, 2));
    struct wire *wire = &doors.intake[desk.core.settings.self].wire;
    struct mark mark = {1, 1};
    bool good = wire_decode(wire, body.at, body.left, &statement) == WIRE_OK &&
                statement_check(&statement) == STATEMENT_OK;
    uint8_t author = other(kind);
    if (good) {
        mark = statement.mark;
        author = statement.from == desk.core.settings.self ? author : statement.from;
    }
    if (as_datagram)
        take_signed(author, other(kind >> 1), &mark, &body);
    if (as_datagram || !good || statement.from == desk.core.settings.self ||
        body.left > SIGNED_SIZE_MAX - SEAL_SIGNATURE_SIZE)
        return;
    memcpy(bytes + SEAL_SIGNATURE_SIZE, body.at, body.left);
    hear(&statement, bytes, SEAL_SIGNATURE_SIZE + body.left, other(kind >> 1));
}

static void take_statement(struct feed *feed, uint8_t operation, bool as_datagram)
{
    static uint8_t bytes[SIGNED_SIZE_MAX - SEAL_SIGNATURE_SIZE];
    struct statement statement;
    uint8_t author = other(operation >> 4), sender = other(operation >> 5);
    hostile_says(&desk.hostile, feed, &desk.core, author, &statement);
    if (!as_datagram) { /* the struct stands for its signed bytes */
        if (statement_check(&statement) == STATEMENT_OK)
            hear(&statement, (const uint8_t *)&statement, sizeof statement, sender);
        return;
    }
    struct feed body = {bytes, wire_encode(&statement, bytes, sizeof bytes)};
    FUZZ_CHECK(body.left > 0);
    take_signed(author, sender, &statement.mark, &body);
}

/* Whatever was said last can be said in bytes. */
static void check_said(void)
{
    if (desk.outcome.statement.from != desk.core.settings.self)
        return;
    uint8_t body[SIGNED_SIZE_MAX - SEAL_SIGNATURE_SIZE];
    FUZZ_CHECK(wire_encode(&desk.outcome.statement, body, sizeof body) > 0);
}

/* The newest sealed datagram again, perhaps with a bit turned over or cut. */
static void take_again(struct feed *feed, uint8_t operation)
{
    struct datagram copy = desk.last;
    if (copy.size == 0)
        return;
    if ((operation & 0x10) != 0)
        copy.bytes[feed_number(feed, 2) % copy.size] ^= (uint8_t)(1 << (operation >> 5));
    else if ((operation & 0x20) != 0)
        copy.size = feed_number(feed, 2) % (copy.size + 1);
    enum intake_verdict verdict = take(copy.bytes, copy.size);
    if ((operation & 0x10) != 0)
        FUZZ_CHECK(verdict != INTAKE_OK);
}

static void let_pass(struct feed *feed)
{
    uint8_t kind = feed_byte(feed);
    span_ms length = kind & 63;
    if ((kind & 0xc0) == 0x40)
        length *= 8;
    else if ((kind & 0xc0) == 0x80)
        length *= 100;
    else if ((kind & 0xc0) == 0xc0)
        length *= 100000;
    desk.now += length;
    desk.wall_s += length / 1000;
    step((struct event){.kind = EVENT_WAKE});
}

static void give_order(struct feed *feed)
{
    struct obstacle obstacles[OBSTACLE_COUNT_MAX];
    uint8_t kind = feed_byte(feed);
    struct event event = {.kind = EVENT_ORDER,
                          .wall_s = desk.wall_s,
                          .order = {.order = (enum order)(kind % (ORDER_RECOVER + 1)),
                                    .peer = (kind & 8) != 0 ? PEER_NONE : (kind >> 4) % 3,
                                    .anyway = (kind & 64) != 0}};
    if ((kind & 128) != 0)
        event.order.span_ms = (span_ms)(feed_number(feed, 4) % PAUSE_MS_MAX);
    size_t count = core_order_obstacles(&desk.core, desk.now, &event, obstacles);
    FUZZ_CHECK(count <= OBSTACLE_COUNT_MAX);
    if (count == 0 || (kind & 64) != 0) /* the core refuses by itself, too */
        step(event);
}

static void happen(struct feed *feed, uint8_t operation)
{
    switch (operation >> 4 & 7) {
    case 0:
        step((struct event){.kind = EVENT_FENCE,
                            .fence.epoch = hostile_epoch(feed, &desk.core, PEER_NONE)});
        break;
    case 1:
        step((struct event){.kind = EVENT_FITNESS, .fitness = {operation >= 128, 1}});
        break;
    case 2:
        step((struct event){.kind = EVENT_IDLE});
        break;
    case 3:
        step((struct event){.kind = EVENT_DEMOTED});
        break;
    case 4:
        core_rules_view(&desk.core, feed_byte(feed));
        break;
    default:
        give_order(feed);
        break;
    }
}

static void answer_disk(uint8_t operation)
{
    uint64_t ticket = desk.ticket;
    if (ticket == 0)
        return;
    desk.ticket = 0;
    step((struct event){.kind = EVENT_STORED, .stored = {ticket, (operation & 0x10) == 0}});
}

static void operate(struct feed *feed)
{
    uint8_t operation = feed_byte(feed);
    switch (operation & 15) {
    case 6:
        take_body(feed, false);
        break;
    case 7:
        let_pass(feed);
        break;
    case 8:
        answer_disk(operation);
        break;
    case 9:
        happen(feed, operation);
        break;
    case 10:
        take_raw(feed, false);
        break;
    case 11:
        take_raw(feed, true);
        break;
    case 12:
        take_sealed(feed);
        break;
    case 13:
        take_body(feed, true);
        break;
    case 14:
        take_statement(feed, operation, true);
        break;
    case 15:
        take_again(feed, operation);
        break;
    default:
        take_statement(feed, operation, false);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    size_t at = feed_byte(&feed) % SNAPSHOT_COUNT;
    desk.core = snapshots[at];
    desk.ticket = tickets[at];
    desk.now = desk.core.now;
    desk.wall_s = WALL;
    desk.signed_left = SIGNED_MAX;
    desk.last.size = 0;
    desk.outcome.statement.from = PEER_NONE;
    hostile_begin(&desk.hostile, &desk.core);
    struct intake *intake = &doors.intake[desk.core.settings.self];
    memset(intake->counts, 0, sizeof intake->counts);
    intake->stranger_since = 0;
    intake->stranger_count = 0;
    for (int i = 0; i < OPERATION_MAX && feed.left > 0; i++)
        operate(&feed);
    check_said();
    core_rules_view(&desk.core, 100);
    return 0;
}
