/* dns_server — a real BIND or Knot for tests: on loopback, on a free port, in a directory of its
 * own, gone afterwards. Zone example.com with pbx and its fence open to key "upd." */
#ifndef HOLDFAST_TESTS_DNS_SERVER_H
#define HOLDFAST_TESTS_DNS_SERVER_H

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <uv.h>

#include "dns_files.h"

#define DNS_SERVER_START_MS 10000 /* a refused question comes back at once: time, not tries */

/* Asks for the SOA; true when the zone is served. Waits at most 100 ms. */
static bool dns_server_answers(const struct dns_server *server)
{
    static const unsigned char question[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0\7example\3com\0\0\6\0\1";
    unsigned char reply[512];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    int fd = port_socket(SOCK_DGRAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool ok = connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
              send(fd, question, sizeof question - 1, 0) > 0;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    ok = ok && poll(&wait, 1, 100) == 1 && recv(fd, reply, sizeof reply, 0) > 12 &&
         (reply[3] & 0x0f) == 0 && reply[7] == 1;
    close(fd);
    if (!ok)
        poll(NULL, 0, 10);
    return ok;
}

/* Starts the program on server->port and waits until it answers. */
static bool dns_server_run(struct dns_server *server)
{
    char conf[128], log[128];
    bool bind = server->kind == DNS_SERVER_BIND;
    snprintf(conf, sizeof conf, "%s/%s", server->dir, bind ? "named.conf" : "knot.conf");
    snprintf(log, sizeof log, "%s/log", server->dir);
    /* setpriv: the server dies with the test, however that ends. */
    const char *const named[] = {"/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/sbin/named",
                                 "-g", "-n", "1", "-c", conf, NULL};
    const char *const knot[] = {"/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/sbin/knotd",
                                "-c", conf, NULL};
    char *args[12] = {NULL};
    for (int i = 0; (bind ? named : knot)[i] != NULL; i++)
        args[i] = strdup((bind ? named : knot)[i]);
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    int status = posix_spawn(&server->pid, args[0], &files, NULL, args, environment);
    posix_spawn_file_actions_destroy(&files);
    for (int i = 0; args[i] != NULL; i++)
        free(args[i]);
    if (status != 0) {
        server->pid = 0;
        return false;
    }
    uint64_t end = uv_hrtime() + DNS_SERVER_START_MS * UINT64_C(1000000);
    while (uv_hrtime() < end) {
        if (dns_server_answers(server))
            return true;
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = 0; /* the port was taken meanwhile, or it is not installed */
            return false;
        }
    }
    return false;
}

static void dns_server_kill(struct dns_server *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
    }
    server->pid = 0;
}

static int dns_server_remove(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

__attribute__((unused)) static void dns_server_stop(struct dns_server *server)
{
    dns_server_kill(server);
    if (server->dir[0] != 0)
        nftw(server->dir, dns_server_remove, 8, FTW_DEPTH | FTW_PHYS);
}

__attribute__((unused)) static bool dns_server_start(struct dns_server *server,
                                                     enum dns_server_kind kind)
{
    for (int i = 0; i < 3; i++) {
        dns_server_prepare(server, kind);
        if (dns_server_run(server))
            return true;
        dns_server_stop(server);
    }
    printf("cannot start %s\n", kind == DNS_SERVER_BIND ? "named" : "knotd");
    return false;
}

/* Changes the zone behind everybody's back: `lines` are nsupdate commands. */
__attribute__((unused)) static bool dns_server_edit(const struct dns_server *server,
                                                    const char *lines)
{
    FILE *pipe = popen("nsupdate", "we");
    if (pipe == NULL)
        return false;
    fprintf(pipe, "server 127.0.0.1 %u\nzone example.com\nkey hmac-sha256:upd. %s\n%s\nsend\n",
            (unsigned)server->port, DNS_SERVER_SECRET, lines);
    return pclose(pipe) == 0;
}

#endif
