/* Schedules for cluster: what once made two holders elsewhere, and what operators do.
 *
 * The operations are those of cluster_fuzz.c; each begins in every world. */
#include "seeds.h"

#define WORLD_COUNT 12

/* Time passes. */
#define HALF "\0" "\212"
#define SECOND "\0" "\224"
#define LEASES "\0" "\274" /* three */
#define HEAL "\310"

struct play {
    const char *bytes;
    size_t size;
};
#define PLAY(text) {text, sizeof text - 1}

/* Peers stand in the high half of an operation: \x0N is the first, \x1N the second, \x2N the
 * witness. */
static const struct play plays[] = {
    PLAY(SECOND SECOND),
    PLAY("\x08" LEASES HEAL SECOND),             /* isolated, and back */
    PLAY("\x18" LEASES HEAL SECOND),
    PLAY("\x28" LEASES HEAL SECOND),
    PLAY("\x98" LEASES HEAL SECOND),             /* it hears, but is not heard */
    PLAY("\x47\xc0" LEASES HEAL SECOND),         /* one link cut: the witness relays */
    PLAY("\x09\x01" LEASES "\x0a" SECOND),       /* crash, and back with its file */
    PLAY("\x19\x01" LEASES "\x0a" SECOND),
    PLAY("\x09\x09" SECOND "\x19\x09" SECOND),   /* quick restarts */
    PLAY("\x09\x0e" LEASES LEASES),              /* back without a file */
    PLAY("\x29\x0e" LEASES LEASES),
    PLAY("\x09\x0c" LEASES),                     /* back with an older file */
    PLAY("\x29\x1c" LEASES),
    PLAY("\x0b\xbc" LEASES),                     /* frozen for two leases */
    PLAY("\x1b\xbc" LEASES),
    PLAY("\x1b\x90" "\x0b\xa0" LEASES),
    PLAY("\x0d\0" SECOND "\x1d\0" SECOND),       /* switchovers */
    PLAY("\x0d\1" HALF "\x1d\1" SECOND),         /* stops */
    PLAY("\x0d\x0b" SECOND "\x0d\x03" SECOND),   /* pause, resume */
    PLAY("\x0d\x0a" HALF "\x0d\x02" SECOND),     /* maintenance */
    PLAY("\x0c" LEASES "\x1c" LEASES "\x0c"),    /* unfit */
    PLAY("\x0e\0" "\x1e\0" LEASES "\x0e\0"),    /* disks that fail */
    PLAY("\x0e\x51" "\x1e\x79" LEASES),         /* slow ones */
    PLAY("\x0e\2" "\x0d\0" HALF "\x0e\3" SECOND), /* effects that end late */
    PLAY("\x15\1" "\x15\2" LEASES "\x25\1" "\x25\2" SECOND), /* pinned, replayed later */
    PLAY("\x45\0" "\x45\1" "\x45\2" SECOND),     /* again at once */
    PLAY("\x35\0\xbf" "\x35\1\xbf" LEASES),      /* very late */
    PLAY("\x05\0\x05\1\x05\2" SECOND),           /* lost */
    PLAY("\x0e\x27" SECOND "\x1e\xff" SECOND),   /* a fence with a higher number */
    PLAY("\x0e\4\x0e\5\x0e\6" HALF),
};

void seeds_plays(void)
{
    static const char *const rates[] = {"\0\0\0", "\x7f\x80\0", "\x80\x7f\x7f"};
    for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++) {
        for (unsigned world = 0; world < WORLD_COUNT; world++) {
            struct seed seed = {.size = 0};
            seed_byte(&seed, world);
            seed_add(&seed, rates[(i + world) % 3], 3);
            seed_add(&seed, plays[i].bytes, plays[i].size);
            seed_write("cluster", &seed);
        }
    }
}
