/* state — the promise file: any bytes, and lines with a right checksum that no peer wrote.
 *
 * What is accepted is printed back to exactly the same bytes, and a core can begin its life with
 * it: it falls silent, hears the others and claims without an assert.
 * Input: 0 and the file; 1 and a line without its checksum, which the fuzzer adds; 2 and the
 * fields as numbers, which the product prints; odd bits of the first byte choose the core. */
#include <sodium.h>

#include "agent/peer/store.h"
#include "core_rules.h"
#include "hostile.h"
#include "tests/lib/peers.h"

#define ROOM_SIZE 1024

static struct rig rig;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    FUZZ_CHECK(sodium_init() >= 0);
    return 0;
}

/* What the core is told of wall clocks decides how long a pause of the file goes on. */
static void live(const struct stored *found, uint8_t self)
{
    struct core_settings settings = peers_settings(self);
    peers_start_with(&rig, &settings, *found);
    if (self < NODE_COUNT)
        peers_fit(&rig, true);
    for (int i = 0; i < 12; i++) {
        struct core_marks before = core_rules_marks(&rig.core);
        peers_wake(&rig, i % 2 == 0 ? 300 : LEASE / 2);
        core_rules_check(&rig.core, &before, &rig.out);
        for (uint8_t peer = 0; peer < PEER_COUNT; peer++) {
            if (peer == self)
                continue;
            struct statement said = peers_says(&rig, peer);
            before = core_rules_marks(&rig.core);
            peers_hear(&rig, &said);
            core_rules_check(&rig.core, &before, &rig.out);
        }
        if (rig.writes == 0)
            continue;
        rig.writes = 0;
        peers_written(&rig);
    }
    core_rules_view(&rig.core, 1);
}

static void judge(const uint8_t *bytes, size_t size, uint8_t self)
{
    struct stored found;
    char again[STORE_TEXT_SIZE];
    const char *why = NULL;
    memset(&found, 0x5a, sizeof found);
    bool good = store_parse((const char *)bytes, size, &found, &why);
    FUZZ_CHECK(good == found.present && good == (why[0] == 0));
    if (!good) {
        static const struct stored none;
        FUZZ_CHECK(memcmp(&found, &none, sizeof none) == 0);
        return;
    }
    FUZZ_CHECK(found.holder == PEER_NONE || found.holder < NODE_COUNT);
    FUZZ_CHECK(found.length_ms <= LEASE_MS_MAX);
    store_print(&found, again);
    FUZZ_CHECK(strlen(again) == size && memcmp(again, bytes, size) == 0);
    live(&found, self);
}

/* The line as given, with the checksum that it needs. */
static void judge_summed(struct feed *feed, uint8_t self)
{
    static uint8_t room[ROOM_SIZE];
    uint8_t line[ROOM_SIZE], sum[32];
    char hex[2 * sizeof sum + 1];
    size_t size = feed->left < STORE_TEXT_SIZE ? feed->left : STORE_TEXT_SIZE;
    memcpy(line, feed->at, size);
    crypto_generichash(sum, sizeof sum, line, size, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
    size += (size_t)snprintf((char *)line + size, sizeof line - size, " sum=%s\n", hex);
    judge(fuzz_at_end(room, sizeof room, line, size), size, self);
}

/* Any content, as the product prints it: read back to the same, or refused for what it says. */
static void judge_fields(struct feed *feed, uint8_t self)
{
    struct stored stored = {.present = true}, found;
    char line[STORE_TEXT_SIZE];
    const char *why;
    uint8_t kind = feed_byte(feed);
    stored.genesis = (kind & 1) != 0;
    stored.epoch = feed_number(feed, (kind & 2) != 0 ? 8 : 2);
    stored.holder = (kind & 4) != 0 ? feed_byte(feed) : (uint8_t)(stored.epoch & 1);
    stored.length_ms = (uint32_t)feed_number(feed, 2);
    stored.pause_order = feed_number(feed, (kind & 8) != 0 ? 8 : 1);
    stored.pause_until_wall_s = (int64_t)feed_number(feed, (kind & 16) != 0 ? 8 : 1);
    struct feed keys = feed_cut(feed, sizeof stored.members);
    if (keys.left > 0)
        memcpy(&stored.members, keys.at, keys.left);
    store_print(&stored, line);
    FUZZ_CHECK(strlen(line) < STORE_TEXT_SIZE - 1 && line[strlen(line) - 1] == '\n');
    if (store_parse(line, strlen(line), &found, &why))
        FUZZ_CHECK(memcmp(&found, &stored, sizeof found) == 0);
    judge((const uint8_t *)line, strlen(line), self);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};
    uint8_t mode = feed_byte(&feed), self = (mode >> 2) % PEER_COUNT;
    if ((mode & 3) == 0)
        judge(feed.at, feed.left, self);
    else if ((mode & 3) == 1)
        judge_summed(&feed, self);
    else
        judge_fields(&feed, self);
    return 0;
}
