/* A step takes no memory from the heap: counted over a million steps with real datagrams. */
#include "tests/lib/check.h"
#include "tests/lib/doors.h"
#include "tests/lib/elected.h"

#if defined(__SANITIZE_ADDRESS__)
#define COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COUNTS 0
#endif
#endif
#ifndef COUNTS
#define COUNTS 1
#endif

static size_t allocations;

#if COUNTS
/* The program's own names win over libc's, for libsodium and msgpack-c as well. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}
#endif

#define STEPS (COUNTS ? 1000000 : 20000)

TEST(the_counter_counts)
{
    size_t before = allocations;
    /* cppcheck-suppress unusedAllocatedMemory ; it is there to be counted */
    void *volatile block = malloc(10);
    free(block);
    CHECK_EQ(allocations - before, COUNTS);
}

/* Every hundredth statement comes as a datagram: opened, verified, decoded. */
static void hear(struct doors *doors, struct rig *rig, uint8_t from, bool sealed)
{
    struct statement statement = peers_backs(rig, from, rig->core.claim.epoch, 0);
    if (statement.promise.epoch == 0)
        statement.promise = (struct promise_said){.holder = PEER_NONE};
    if (!sealed) {
        peers_hear(rig, &statement);
        return;
    }
    struct intake_result result;
    struct datagram datagram = doors_send(doors, &statement, 0);
    CHECK_EQ(doors_take(doors, &rig->core, &datagram, rig->now, &result), INTAKE_OK);
    peers_step(rig, (struct event){.kind = EVENT_HEARD,
                                   .heard = {.statement = &result.statement,
                                             .bytes = result.bytes,
                                             .size = result.size,
                                             .via = result.via}});
}

TEST(a_million_steps_allocate_nothing)
{
    struct doors doors;
    struct rig rig;
    doors_open(&doors);
    elected_holder(&rig, 0);
    size_t before = allocations;
    for (int i = 0; i < STEPS; i++) {
        switch (i % 4) {
        case 0:
            peers_wake(&rig, 250);
            break;
        case 1:
            hear(&doors, &rig, PEER_WITNESS, i % 400 == 1);
            break;
        case 2:
            hear(&doors, &rig, 1, i % 400 == 2);
            break;
        default:
            peers_step(&rig, (struct event){.kind = EVENT_STORED, .stored = {rig.ticket, true}});
        }
        if (i % 100000 == 9999) /* some lives of the claim, too */
            peers_wake(&rig, 2 * LEASE);
    }
    CHECK_EQ(allocations - before, 0);
    CHECK(claim_holds(&rig.core.claim, rig.now));
    CHECK_EQ(rig.core.steps > STEPS, true);
    doors_close(&doors);
}

TEST(refused_datagrams_allocate_nothing_either)
{
    static const uint8_t bombs[][5] = {{0xdd, 0xff, 0xff, 0xff, 0xff},
                                       {0xdf, 0xff, 0xff, 0xff, 0xff},
                                       {0xdc, 0xff, 0xff, 0xc0, 0xc0}};
    struct doors doors;
    struct rig rig;
    struct intake_result result;
    doors_open(&doors);
    elected_quiet(&rig, 0, 100);
    size_t before = allocations;
    for (int i = 0; i < 100; i++) {
        struct statement outer = peers_says(&rig, 1);
        struct datagram datagram =
            doors_body(&doors, &outer, 0, bombs[i % 3], sizeof bombs[0]);
        CHECK_EQ(doors_take(&doors, &rig.core, &datagram, rig.now, &result), INTAKE_MALFORMED);
        datagram.bytes[50] ^= 1;
        CHECK_EQ(doors_take(&doors, &rig.core, &datagram, rig.now, &result), INTAKE_BAD_SEAL);
    }
    CHECK_EQ(allocations - before, 0);
    doors_close(&doors);
}

CHECK_MAIN
