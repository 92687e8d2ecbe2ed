/* port — ports of loopback for servers of the tests. */
#ifndef HOLDFAST_TESTS_PORT_H
#define HOLDFAST_TESTS_PORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
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

/* Takes a port among the tests that run at the same time, until this process ends: by a name that
 * only one socket can have. (Looking is not taking: two may look at once, and some servers share
 * their port with another process.) tests/servers/powerdns.py does the same. */
static bool port_is_taken(uint16_t port)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int length = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "holdfast-port-%u",
                          (unsigned)port);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0)
        return false; /* it stays open */
    close(fd);
    return true;
}

/* One that is free for UDP and TCP, and was returned to nobody else; 0 = none. It lies below those
 * that the kernel gives to whoever asks for any, so that nobody gets it meanwhile. */
__attribute__((unused)) static uint16_t port_free(void)
{
    static unsigned tried;
    for (unsigned i = 0; i < 1000; i++) {
        uint16_t port = (uint16_t)(10000 + ((unsigned)getpid() * 16 + tried++) % 20000);
        if (!port_is_taken(port) && port_is_free(SOCK_DGRAM, port) &&
            port_is_free(SOCK_STREAM, port))
            return port;
    }
    return 0;
}

#endif
