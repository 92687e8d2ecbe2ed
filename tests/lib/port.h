/* port — ports of loopback for servers of the tests. */
#ifndef HOLDFAST_TESTS_PORT_H
#define HOLDFAST_TESTS_PORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket of loopback with this port (0 = any), or -1. */
static int port_socket(int type, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool port_is_free(int type, uint16_t port)
{
    int fd = port_socket(type, port);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* One that is free for UDP and TCP just now, and was not returned before; 0 = none. It lies below
 * those that the kernel gives to whoever asks for any, so that nobody gets it meanwhile. */
__attribute__((unused)) static uint16_t port_free(void)
{
    static unsigned tried;
    for (unsigned i = 0; i < 1000; i++) {
        uint16_t port = (uint16_t)(10000 + ((unsigned)getpid() * 16 + tried++) % 20000);
        if (port_is_free(SOCK_DGRAM, port) && port_is_free(SOCK_STREAM, port))
            return port;
    }
    return 0;
}

#endif
