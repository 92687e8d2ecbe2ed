/* yardstick — what the bare work of a peer costs on this machine, at this moment.
 *
 *   yardstick INTERVAL_MS
 *
 * Until it is ended it does, once per interval, what no peer can do without: signs a statement,
 * seals it twice, sends two datagrams, and opens and verifies two, with the product's own seal.
 * Nothing else: no rules, no file, no bridge in between. Its CPU time per minute says how fast the
 * machine is just then: with clock rate, neighbours and caches the same work costs up to twice as
 * much from one minute to the next.
 * Exit 2: usage, 1: something failed. */
#include <arpa/inet.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../proto/seal.h"

#define BODY_SIZE 200 /* bytes of a usual statement */
#define SEALED_SIZE (SEAL_SIGNATURE_SIZE + BODY_SIZE + SEAL_MAC_SIZE)

static const uint8_t tag[SEAL_TAG_SIZE];

struct yard {
    int udp;
    struct sockaddr_in address; /* its own */
    uint8_t public[SEAL_PUBLIC_SIZE], secret[SEAL_SECRET_SIZE], pair[SEAL_PAIR_SIZE];
    uint8_t nonce[SEAL_NONCE_SIZE], head[1];
};

static bool open_yard(struct yard *yard)
{
    socklen_t size = sizeof yard->address;
    memset(yard, 0, sizeof *yard);
    yard->address.sin_family = AF_INET;
    yard->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    yard->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return sodium_init() >= 0 && crypto_sign_keypair(yard->public, yard->secret) == 0 &&
           yard->udp >= 0 &&
           bind(yard->udp, (struct sockaddr *)&yard->address, sizeof yard->address) == 0 &&
           getsockname(yard->udp, (struct sockaddr *)&yard->address, &size) == 0;
}

/* Seals, sends to itself, takes, opens and verifies. */
static bool pass(struct yard *yard, const uint8_t *bytes, size_t size)
{
    uint8_t sealed[SEALED_SIZE];
    struct seal_text text = {
        .head = yard->head, .head_size = sizeof yard->head, .text = sealed, .size = size};
    randombytes_buf(yard->nonce, sizeof yard->nonce);
    memcpy(sealed, bytes, size);
    seal_close(yard->pair, yard->nonce, &text);
    if (sendto(yard->udp, sealed, sizeof sealed, 0, (const struct sockaddr *)&yard->address,
               sizeof yard->address) != (ssize_t)sizeof sealed ||
        recv(yard->udp, sealed, sizeof sealed, MSG_DONTWAIT) != (ssize_t)sizeof sealed)
        return false;
    text.size = sizeof sealed;
    return seal_open(yard->pair, yard->nonce, &text) &&
           seal_verify(yard->public, tag, sealed, size);
}

static bool work(struct yard *yard)
{
    uint8_t body[BODY_SIZE], bytes[SIGNED_SIZE_MAX];
    randombytes_buf(body, sizeof body);
    size_t size = seal_sign(yard->secret, tag, body, sizeof body, bytes);
    for (int i = 0; i < PEER_COUNT - 1; i++)
        if (!pass(yard, bytes, size))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct yard yard;
    char *end = "?";
    long interval_ms = argc == 2 ? strtol(argv[1], &end, 10) : 0;
    if (*end != '\0' || interval_ms < 1 || interval_ms > 60000) {
        fprintf(stderr, "usage: yardstick INTERVAL_MS (1 to 60000)\n");
        return 2;
    }
    if (!open_yard(&yard)) {
        perror("yardstick");
        return 1;
    }
    while (work(&yard))
        (void)poll(NULL, 0, (int)interval_ms);
    fprintf(stderr, "yardstick: a datagram to itself was lost or changed\n");
    return 1;
}
