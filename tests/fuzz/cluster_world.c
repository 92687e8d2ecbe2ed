#include "cluster_world.h"

#include "core_rules.h"

#define IDLE WORLD_IDLE

/* ---- clocks ---- */

mono_ms world_clock(const struct world *world, uint8_t peer)
{
    const struct world_peer *p = &world->peers[peer];
    true_us passed = world->now - p->base_at;
    return p->base + passed * (1000000 + p->rate_ppm) / 1000000 / 1000;
}

static true_us true_time_of(const struct world *world, uint8_t peer, mono_ms at)
{
    const struct world_peer *p = &world->peers[peer];
    span_ms wait = at - world_clock(world, peer);
    if (wait <= 0)
        return world->now;
    if (wait > 100000000)
        return IDLE;
    return world->now + wait * 1000 * 1000000 / (1000000 + p->rate_ppm) + 1;
}

void world_rate(struct world *world, uint8_t peer, int32_t rate_ppm)
{
    struct world_peer *p = &world->peers[peer];
    p->base = world_clock(world, peer);
    p->base_at = world->now;
    p->rate_ppm = rate_ppm;
    p->wake_due = true_time_of(world, peer, p->wake_at);
}

/* ---- checkers ---- */

/* The guarantee: at no instant of true time do two hold, or are two permitted to act. */
static void check_one_holder(const struct world *world)
{
    unsigned holders = 0, permitted = 0;
    for (uint8_t node = 0; node < NODE_COUNT; node++) {
        const struct world_peer *p = &world->peers[node];
        mono_ms now = world_clock(world, node);
        if (!p->up)
            continue;
        bool holds = claim_holds(&p->core.claim, now);
        holders += holds;
        if (!p->permitted || !core_permit_holds(&p->core, now, &p->permit))
            continue;
        FUZZ_CHECK(holds && p->core.claim.held == p->permit.epoch);
        permitted++;
    }
    FUZZ_CHECK(holders <= 1);
    FUZZ_CHECK(permitted <= 1);
}

/* Every holdership has a number of its own, above all before it. */
static void check_notes(struct world *world, uint8_t peer, const struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->note_count; i++) {
        const struct note *note = &outcome->notes[i];
        FUZZ_CHECK(note->reason != REASON_LYING); /* all of them are honest */
        if (note->reason != REASON_HOLDS)
            continue;
        FUZZ_CHECK(statement_epoch_owner(note->epoch) == peer);
        FUZZ_CHECK(note->epoch > world->last_epoch || world->rolled_back);
        if (note->epoch > world->last_epoch)
            world->last_epoch = note->epoch;
    }
}

/* Rule V4: what is said is on disk. */
static void check_said(const struct world_peer *p, const struct statement *said)
{
    FUZZ_CHECK(said->promise.epoch == 0 || p->file.present);
    FUZZ_CHECK(said->promise.epoch <= p->file.epoch && said->claim <= p->file.epoch);
    if (said->promise.epoch != 0 && said->promise.epoch == p->file.epoch)
        FUZZ_CHECK(said->promise.holder == p->file.holder);
}

/* Keeps a permit as long as it lasts, as a request under way does. */
static void take_permit(struct world *world, uint8_t peer)
{
    struct world_peer *p = &world->peers[peer];
    mono_ms now = world_clock(world, peer);
    enum reason reason;
    if (p->permitted && now < p->permit.until)
        return;
    p->permitted = core_permit(&p->core, now, 1500, &p->permit, &reason);
}

/* ---- what a step wants ---- */

static void post(struct world *world, uint8_t via, uint8_t to, const struct statement *said)
{
    struct world_letter *letter = &world->letters[world->next];
    span_ms delay = world->delay_ms[via][to];
    world->next = (world->next + 1) % WORLD_LETTER_MAX;
    letter->due = delay < 0 ? IDLE : world->now + delay * 1000 + 300;
    letter->via = via;
    letter->to = to;
    letter->said = *said;
}

static void begin_write(struct world *world, uint8_t peer, const struct outcome *outcome,
                        uint64_t ticket)
{
    struct world_peer *p = &world->peers[peer];
    FUZZ_CHECK(!p->write.on);
    p->write = (struct world_write){.on = true,
                                    .ok = !p->disk_fails,
                                    .due = world->now + p->disk_ms * 1000,
                                    .ticket = ticket,
                                    .content = outcome->stored};
}

static void perform(struct world *world, uint8_t peer, const struct outcome *outcome)
{
    struct world_peer *p = &world->peers[peer];
    for (size_t i = 0; i < outcome->action_count; i++) {
        const struct action *action = &outcome->actions[i];
        struct statement relayed;
        size_t size;
        switch (action->kind) {
        case ACTION_STORE:
            begin_write(world, peer, outcome, action->ticket);
            break;
        case ACTION_SEND:
            check_said(p, &outcome->statement);
            post(world, peer, action->to, &outcome->statement);
            break;
        case ACTION_RELAY:
            memcpy(&relayed, core_kept(&p->core, action->author, &size), sizeof relayed);
            post(world, peer, action->to, &relayed);
            break;
        case ACTION_WAKE:
            p->wake_at = action->at;
            p->wake_due = true_time_of(world, peer, action->at);
            break;
        case ACTION_STANDING:
            break;
        case ACTION_NEW_BOOT:
            FUZZ_CHECK(false); /* nobody's memory was rolled back while it ran */
            break;
        }
    }
}

static int64_t wall(const struct world *world)
{
    return 1000 + world->now / 1000000;
}

bool world_is_over(const struct world *world)
{
    return world->steps >= WORLD_STEP_MAX;
}

void world_event(struct world *world, uint8_t peer, struct event event)
{
    struct world_peer *p = &world->peers[peer];
    struct outcome outcome;
    if (!p->up || p->frozen_until > world->now)
        return;
    struct core_marks before = core_rules_marks(&p->core);
    event.wall_s = wall(world);
    world->steps++;
    core_step(&p->core, world_clock(world, peer), &event, &outcome);
    core_rules_check(&p->core, &before, &outcome);
    check_notes(world, peer, &outcome);
    perform(world, peer, &outcome);
    if (peer < NODE_COUNT)
        take_permit(world, peer);
    check_one_holder(world);
    if (outcome.standing.leaving && p->auto_idle)
        world_event(world, peer, (struct event){.kind = EVENT_IDLE});
}

/* ---- life ---- */

void world_begin(struct world *world, span_ms interval_ms, const span_ms leases[PEER_COUNT],
                 uint32_t drift_ppm)
{
    memset(world, 0, sizeof *world);
    world->settings = (struct core_settings){.interval_ms = interval_ms,
                                             .drift_ppm = drift_ppm,
                                             .jitter_ppt = 100,
                                             .demote_lead_ms = 100,
                                             .prefer = PEER_NONE,
                                             .failback_after_ms = 600000,
                                             .min_hold_ms = 2000,
                                             .members_hash = 7,
                                             .version = "fuzz"};
    for (size_t i = 0; i < WORLD_LETTER_MAX; i++)
        world->letters[i].due = IDLE;
    for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
        struct world_peer *p = &world->peers[peer];
        p->fit = p->auto_idle = true;
        p->base = (mono_ms)1000000 * (peer + 1);
        p->disk_ms = 5;
        p->lease_ms = leases[peer];
        p->file = (struct stored){.present = true, .genesis = true, .holder = PEER_NONE};
        for (size_t i = 0; i < WORLD_OLDER_MAX; i++)
            p->older[i] = p->file;
        for (uint8_t to = 0; to < PEER_COUNT; to++)
            world->delay_ms[peer][to] = 2;
    }
}

void world_start(struct world *world, uint8_t peer)
{
    struct world_peer *p = &world->peers[peer];
    struct core_settings settings = world->settings;
    struct outcome outcome;
    if (p->up)
        return;
    settings.self = peer;
    settings.boot = settings.prng_seed = ++world->boots * 0x9e3779b97f4a7c15u | 1;
    settings.lease_ms = p->lease_ms;
    settings.wall_s = wall(world);
    p->up = true;
    p->permitted = false;
    core_init(&p->core, &settings, &p->file, world_clock(world, peer), &outcome);
    perform(world, peer, &outcome);
    if (peer < NODE_COUNT)
        world_event(world, peer, (struct event){.kind = EVENT_FITNESS, .fitness.fit = p->fit});
}

static void reach_disk(struct world_peer *p)
{
    for (size_t i = WORLD_OLDER_MAX - 1; i > 0; i--)
        p->older[i] = p->older[i - 1];
    p->older[0] = p->file;
    p->file = p->write.content;
}

void world_crash(struct world *world, uint8_t peer, bool written)
{
    struct world_peer *p = &world->peers[peer];
    if (p->write.on && !p->write.done && p->write.ok && written)
        reach_disk(p);
    p->write.on = false;
    p->up = false;
    p->frozen_until = 0;
}

void world_deliver(struct world *world, const struct world_letter *letter)
{
    struct world_letter copy = *letter; /* the slot may be written anew meanwhile */
    struct event heard = {.kind = EVENT_HEARD,
                          .heard = {.statement = &copy.said,
                                    .bytes = (const uint8_t *)&copy.said,
                                    .size = sizeof copy.said,
                                    .via = copy.via}};
    static_assert(sizeof copy.said <= SIGNED_SIZE_MAX, "a struct stands for its signed bytes");
    if (copy.said.mark.boot != 0 && copy.said.from != copy.to)
        world_event(world, copy.to, heard);
}

bool world_others_remember(const struct world *world, uint8_t peer)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++) {
        const struct world_peer *p = &world->peers[i];
        if (i == peer)
            continue;
        if (!p->file.present || (p->up && silence_holds(&p->core.silence) &&
                                 p->core.silence.kind != SILENCE_RESTART))
            return false;
    }
    return true;
}

/* ---- time ---- */

enum what { NOTHING, DISK, STORED, LETTER, WAKE };

struct next {
    true_us at;
    enum what what;
    size_t index; /* of the peer or letter */
};

/* At one instant the disk comes first, then what waits in the sockets, then timers. */
static void sooner(struct next *next, true_us at, enum what what, size_t index)
{
    if (at < next->at || (at == next->at && what < next->what))
        *next = (struct next){at, what, index};
}

static true_us thawed(const struct world_peer *p, true_us at)
{
    return at > p->frozen_until || at == IDLE ? at : p->frozen_until;
}

static struct next find_next(const struct world *world, true_us until)
{
    struct next next = {until + 1, NOTHING, 0};
    for (size_t i = 0; i < PEER_COUNT; i++) {
        const struct world_peer *p = &world->peers[i];
        if (!p->up)
            continue;
        sooner(&next, thawed(p, p->wake_due), WAKE, i);
        if (p->write.on && p->write.done)
            sooner(&next, thawed(p, p->write.due), STORED, i);
        else if (p->write.on)
            sooner(&next, p->write.due, DISK, i);
    }
    for (size_t i = 0; i < WORLD_LETTER_MAX; i++) {
        const struct world_letter *letter = &world->letters[i];
        if (letter->due != IDLE)
            sooner(&next, thawed(&world->peers[letter->to], letter->due), LETTER, i);
    }
    return next;
}

static void wake(struct world *world, uint8_t peer)
{
    struct world_peer *p = &world->peers[peer];
    if (world_clock(world, peer) < p->wake_at)
        p->wake_due = world->now + 1000;
    else
        world_event(world, peer, (struct event){.kind = EVENT_WAKE});
}

static void happen(struct world *world, const struct next *next)
{
    struct world_peer *p = &world->peers[next->index % PEER_COUNT];
    struct event stored = {.kind = EVENT_STORED, .stored = {p->write.ticket, p->write.ok}};
    switch (next->what) {
    case DISK:
        p->write.done = true;
        if (p->write.ok)
            reach_disk(p);
        break;
    case STORED:
        p->write.on = false;
        world_event(world, (uint8_t)next->index, stored);
        break;
    case LETTER:
        world->letters[next->index].due = IDLE;
        world_deliver(world, &world->letters[next->index]);
        break;
    default:
        wake(world, (uint8_t)next->index);
        break;
    }
}

void world_run(struct world *world, span_ms length)
{
    true_us until = world->now + length * 1000;
    while (!world_is_over(world)) {
        struct next next = find_next(world, until);
        if (next.what == NOTHING)
            break;
        if (next.at > world->now)
            world->now = next.at;
        happen(world, &next);
    }
    if (!world_is_over(world))
        world->now = until;
}
