/* flood — sends bad datagrams to a daemon, many and evenly.
 *
 * Usage: flood MODE ADDRESS PORT RATE SECONDS CAPTURED [KEY CLUSTER TARGET_PUBLIC SENDER]
 * Modes: garbage, truncated, oversized, foreign, bit-flipped, replay, bomb. CAPTURED holds real
 * datagrams, each with 2 bytes of length in front. Only `bomb` takes the last four: statements
 * sealed and signed with a real peer's key whose body declares 4 billion elements in 5 bytes.
 * Prints how many datagrams went out. */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/intake.h"

#define CAPTURED_MAX 256
#define BIG_SIZE 1472

struct bytes {
    uint8_t bytes[BIG_SIZE];
    size_t size;
};

struct flood {
    const char *mode;
    struct bytes captured[CAPTURED_MAX];
    size_t captured_count;
    uint64_t state; /* of the small random generator */
};

static uint32_t draw(struct flood *flood, uint32_t below)
{
    flood->state = flood->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(flood->state >> 33) % below;
}

static bool read_captured(struct flood *flood, const char *path)
{
    FILE *file = fopen(path, "rb");
    int high;
    if (file == NULL)
        return false;
    while (flood->captured_count < CAPTURED_MAX && (high = fgetc(file)) != EOF) {
        struct bytes *one = &flood->captured[flood->captured_count];
        one->size = (size_t)(high << 8 | fgetc(file));
        if (one->size > BIG_SIZE || fread(one->bytes, 1, one->size, file) != one->size)
            break;
        flood->captured_count++;
    }
    fclose(file);
    return flood->captured_count > 0;
}

static bool decode_base64(const char *text, uint8_t ret[32])
{
    size_t size;
    return sodium_base642bin(ret, 32, text, strcspn(text, "\n"), NULL, &size, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           size == 32;
}

struct sender {
    uint8_t secret[SEAL_SECRET_SIZE], pair[SEAL_PAIR_SIZE], tag[SEAL_TAG_SIZE];
    uint8_t index;
};

static bool prepare_sender(struct sender *sender, char **argv)
{
    char line[128] = "";
    uint8_t seed[32], target[32], own[32];
    FILE *file = fopen(argv[0], "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL || !decode_base64(line, seed) ||
        !decode_base64(argv[2], target))
        return false;
    fclose(file);
    crypto_sign_seed_keypair(own, sender->secret, seed);
    seal_cluster_tag(argv[1], sender->tag);
    sender->index = (uint8_t)atoi(argv[3]);
    return seal_pair_key(sender->secret, target, sender->tag, sender->pair);
}

/* One sealed and signed statement of an unknown start whose body is a 5-byte array32. */
static void make_bomb(const struct sender *sender, uint64_t seq, struct bytes *ret)
{
    static const uint8_t body[] = {0xdd, 0xff, 0xff, 0xff, 0xff};
    uint8_t *at = ret->bytes, nonce[SEAL_NONCE_SIZE];
    memcpy(at, "HFst", 4);
    at[4] = INTAKE_VERSION;
    memcpy(at + 5, sender->tag, SEAL_TAG_SIZE);
    at[INTAKE_HEAD_SIZE - 1] = sender->index;
    randombytes_buf(nonce, sizeof nonce);
    memcpy(at + INTAKE_HEAD_SIZE, nonce, sizeof nonce);
    uint8_t *text = at + INTAKE_HEAD_SIZE + SEAL_NONCE_SIZE;
    text[0] = sender->index;
    for (int i = 0; i < 8; i++) {
        text[1 + i] = 0x5a;
        text[9 + i] = (uint8_t)(seq >> (56 - 8 * i));
    }
    size_t size = seal_sign(sender->secret, sender->tag, body, sizeof body,
                            text + INTAKE_INNER_SIZE) + INTAKE_INNER_SIZE;
    struct seal_text sealed = {at, INTAKE_HEAD_SIZE, text, size};
    seal_close(sender->pair, nonce, &sealed);
    ret->size = INTAKE_HEAD_SIZE + SEAL_NONCE_SIZE + size + SEAL_MAC_SIZE;
}

static bool fill_bombs(struct flood *flood, char **argv)
{
    struct sender sender;
    if (!prepare_sender(&sender, argv))
        return false;
    for (flood->captured_count = 0; flood->captured_count < CAPTURED_MAX; flood->captured_count++)
        make_bomb(&sender, flood->captured_count + 1, &flood->captured[flood->captured_count]);
    return true;
}

/* The next datagram of this mode. */
static void make_next(struct flood *flood, struct bytes *ret)
{
    *ret = flood->captured[draw(flood, (uint32_t)flood->captured_count)];
    if (strcmp(flood->mode, "garbage") == 0) {
        ret->size = draw(flood, DATAGRAM_SIZE_MAX + 1);
        for (size_t i = 0; i < ret->size; i += 4)
            memcpy(ret->bytes + i, &(uint32_t){draw(flood, UINT32_MAX)}, 4);
    } else if (strcmp(flood->mode, "truncated") == 0) {
        ret->size = draw(flood, (uint32_t)ret->size);
    } else if (strcmp(flood->mode, "oversized") == 0) {
        ret->size = DATAGRAM_SIZE_MAX + 1 + draw(flood, BIG_SIZE - DATAGRAM_SIZE_MAX);
    } else if (strcmp(flood->mode, "foreign") == 0) {
        ret->bytes[5 + draw(flood, SEAL_TAG_SIZE)] ^= (uint8_t)(1 + draw(flood, 255));
    } else if (strcmp(flood->mode, "bit-flipped") == 0) {
        ret->bytes[draw(flood, (uint32_t)ret->size)] ^= (uint8_t)(1 << draw(flood, 8));
    }
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Sends `rate` datagrams a second in small bursts, each when it is due. */
static unsigned long run(struct flood *flood, int out, double rate, double length)
{
    double start = seconds_now(), elapsed;
    unsigned long sent = 0;
    struct bytes next;
    while ((elapsed = seconds_now() - start) < length) {
        while ((double)sent < elapsed * rate) {
            make_next(flood, &next);
            (void)!send(out, next.bytes, next.size, 0);
            sent++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 500000}, NULL);
    }
    return sent;
}

int main(int argc, char **argv)
{
    static struct flood flood;
    struct sockaddr_in target = {.sin_family = AF_INET};
    if (argc < 7 || sodium_init() < 0) {
        fprintf(stderr, "usage: flood MODE ADDRESS PORT RATE SECONDS CAPTURED [KEY CLUSTER "
                        "TARGET_PUBLIC SENDER]\n");
        return 2;
    }
    flood.mode = argv[1];
    flood.state = 88172645463325252u;
    bool ready = strcmp(argv[1], "bomb") == 0 ? argc == 11 && fill_bombs(&flood, argv + 7)
                                              : read_captured(&flood, argv[6]);
    target.sin_port = htons((uint16_t)atoi(argv[3]));
    int out = socket(AF_INET, SOCK_DGRAM, 0);
    if (!ready || inet_pton(AF_INET, argv[2], &target.sin_addr) != 1 ||
        connect(out, (struct sockaddr *)&target, sizeof target) != 0) {
        fprintf(stderr, "flood: cannot prepare %s to %s\n", argv[1], argv[2]);
        return 1;
    }
    printf("%lu\n", run(&flood, out, atof(argv[4]), atof(argv[5])));
    close(out);
    return 0;
}
