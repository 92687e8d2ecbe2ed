/* yardstick — what the bare work of a peer costs on this machine, at this moment.
 *
 *   yardstick INTERVAL_MS
 *
 * Until it is ended it does, once per interval, what no peer can do without: signs a statement,
 * seals it twice, sends two datagrams, and opens and verifies two. Nothing else: no rules, no file,
 * no bridge in between. Its CPU time per minute says how fast the machine is just then; with clock
 * rate, neighbours and caches the same work costs up to twice as much from one minute to the next.
 * Exit 2: usage, 1: something failed. */
#include <arpa/inet.h>
#include <poll.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_SIZE 200 /* bytes of a usual statement */
#define SEALED_SIZE (crypto_sign_BYTES + BODY_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES)

struct yard {
    int udp;
    struct sockaddr_in address; /* its own */
    unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
    unsigned char pair[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    unsigned char nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
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

static bool send_one(struct yard *yard, const unsigned char *text, size_t text_size)
{
    unsigned char sealed[SEALED_SIZE];
    unsigned long long size;
    randombytes_buf(yard->nonce, sizeof yard->nonce);
    return crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &size, text, text_size, NULL, 0, NULL,
                                                      yard->nonce, yard->pair) == 0 &&
           sendto(yard->udp, sealed, size, 0, (const struct sockaddr *)&yard->address,
                  sizeof yard->address) == (ssize_t)size;
}

static bool take_one(struct yard *yard)
{
    unsigned char sealed[SEALED_SIZE], text[SEALED_SIZE];
    unsigned long long size;
    ssize_t got = recv(yard->udp, sealed, sizeof sealed, MSG_DONTWAIT);
    return got == (ssize_t)sizeof sealed &&
           crypto_aead_xchacha20poly1305_ietf_decrypt(text, &size, NULL, sealed, sizeof sealed,
                                                      NULL, 0, yard->nonce, yard->pair) == 0 &&
           crypto_sign_verify_detached(text, text + crypto_sign_BYTES, BODY_SIZE,
                                       yard->public) == 0;
}

/* One datagram after the other, since both are sealed with the newest nonce. */
static bool work(struct yard *yard)
{
    unsigned char text[crypto_sign_BYTES + BODY_SIZE];
    randombytes_buf(text + crypto_sign_BYTES, BODY_SIZE);
    if (crypto_sign_detached(text, NULL, text + crypto_sign_BYTES, BODY_SIZE, yard->secret) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (!send_one(yard, text, sizeof text) || !take_one(yard))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct yard yard;
    int interval_ms = argc == 2 ? atoi(argv[1]) : 0;
    if (interval_ms < 1 || interval_ms > 60000) {
        fprintf(stderr, "usage: yardstick INTERVAL_MS (1 to 60000)\n");
        return 2;
    }
    if (!open_yard(&yard)) {
        perror("yardstick");
        return 1;
    }
    while (work(&yard))
        (void)poll(NULL, 0, interval_ms);
    fprintf(stderr, "yardstick: a datagram to itself was lost or changed\n");
    close(yard.udp);
    return 1;
}
