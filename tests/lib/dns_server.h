/* dns_server — a real BIND or Knot for tests: on loopback, on a free port, in a directory of its
 * own, gone afterwards. Zone example.com with pbx and its fence open to key "upd." */
#ifndef HOLDFAST_TESTS_DNS_SERVER_H
#define HOLDFAST_TESTS_DNS_SERVER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../agent/peer/config.h"

#define DNS_SERVER_SECRET "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDEyMzQ1Njc="
#define DNS_SERVER_WRONG "d3JvbmdzZWNyZXR3cm9uZ3NlY3JldHdyb25nMTIzNDU="

enum dns_server_kind { DNS_SERVER_BIND, DNS_SERVER_KNOT };

struct dns_server {
    enum dns_server_kind kind;
    char dir[64];
    uint16_t port;
    pid_t pid;
};

static int dns_server_socket(int type, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* A port that is free for UDP and TCP just now. */
static uint16_t dns_server_free_port(void)
{
    for (int i = 0; i < 50; i++) {
        struct sockaddr_in at;
        socklen_t len = sizeof at;
        int udp = dns_server_socket(SOCK_DGRAM, 0);
        getsockname(udp, (struct sockaddr *)&at, &len);
        int tcp = dns_server_socket(SOCK_STREAM, ntohs(at.sin_port));
        close(udp);
        if (tcp < 0)
            continue;
        close(tcp);
        return ntohs(at.sin_port);
    }
    return 0;
}

static void dns_server_file(const struct dns_server *server, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", server->dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        abort();
    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
}

static const char dns_server_zone[] =
    "$ORIGIN example.com.\n$TTL 30\n"
    "@ SOA ns.example.com. root.example.com. 1 3600 600 86400 5\n"
    "@ NS ns\nns A 127.0.0.1\n"
    "pbx A 192.0.2.99\n";

static void dns_server_write_bind(const struct dns_server *server)
{
    char text[2400];
    snprintf(text, sizeof text,
             "key \"upd.\" { algorithm hmac-sha256; secret \"%s\"; };\n"
             "options { directory \"%s\"; pid-file \"%s/named.pid\";\n"
             "session-keyfile \"%s/s.key\"; managed-keys-directory \"%s\"; lock-file none;\n"
             "listen-on port %u { 127.0.0.1; }; listen-on-v6 { none; }; recursion no;\n"
             "dnssec-validation no; allow-transfer { 127.0.0.1; }; notify no; };\n"
             "controls { };\n"
             "zone \"example.com\" { type primary; file \"%s/example.com.db\";\n"
             "update-policy { grant upd. name pbx.example.com. A AAAA;\n"
             "grant upd. name _holdfast.pbx.example.com. TXT; }; };\n",
             DNS_SERVER_SECRET, server->dir, server->dir, server->dir, server->dir,
             (unsigned)server->port, server->dir);
    dns_server_file(server, "named.conf", text);
}

static void dns_server_write_knot(const struct dns_server *server)
{
    char text[2400];
    snprintf(text, sizeof text,
             "server:\n    listen: \"127.0.0.1@%u\"\n    rundir: \"%s/run\"\n"
             "    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n"
             "key:\n  - id: upd\n    algorithm: hmac-sha256\n    secret: %s\n"
             "acl:\n  - id: upd\n    key: upd\n    action: update\n    update-owner: name\n"
             "    update-owner-match: equal\n"
             "    update-owner-name: [ \"pbx\", \"_holdfast.pbx\" ]\n"
             "    update-type: [ A, AAAA, TXT ]\n"
             "database:\n    storage: \"%s/db\"\n"
             "template:\n  - id: default\n    storage: \"%s\"\n    zonefile-sync: -1\n"
             "    zonefile-load: difference-no-serial\n    journal-content: all\n    acl: upd\n"
             "zone:\n  - domain: example.com\n    file: example.com.db\n",
             (unsigned)server->port, server->dir, DNS_SERVER_SECRET, server->dir, server->dir);
    dns_server_file(server, "knot.conf", text);
    snprintf(text, sizeof text, "%s/run", server->dir);
    mkdir(text, 0755);
    snprintf(text, sizeof text, "%s/db", server->dir);
    mkdir(text, 0755);
}

/* Asks for the SOA; true when the zone is served. Waits at most 100 ms. */
static bool dns_server_answers(const struct dns_server *server)
{
    static const unsigned char question[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0\7example\3com\0\0\6\0\1";
    unsigned char reply[512];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server->port)};
    int fd = dns_server_socket(SOCK_DGRAM, 0);
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
    for (int i = 0; i < 100; i++) {
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

/* Directory, files and port, but nothing listens yet. */
static void dns_server_prepare(struct dns_server *server, enum dns_server_kind kind)
{
    memset(server, 0, sizeof *server);
    server->kind = kind;
    snprintf(server->dir, sizeof server->dir, "/tmp/holdfast-dns-XXXXXX");
    if (mkdtemp(server->dir) == NULL)
        abort();
    server->port = dns_server_free_port();
    dns_server_file(server, "example.com.db", dns_server_zone);
    dns_server_file(server, "tsig.key", DNS_SERVER_SECRET "\n");
    dns_server_file(server, "wrong.key", DNS_SERVER_WRONG "\n");
    if (kind == DNS_SERVER_BIND)
        dns_server_write_bind(server);
    else
        dns_server_write_knot(server);
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

/* A [record] that is kept there; nodes serve 192.0.2.1 and 192.0.2.2 (and ::1, ::2). */
__attribute__((unused)) static void dns_server_record(const struct dns_server *server,
                                                      struct record_config *ret)
{
    memset(ret, 0, sizeof *ret);
    snprintf(ret->label, sizeof ret->label, "pbx");
    snprintf(ret->name, sizeof ret->name, "pbx.example.com");
    snprintf(ret->zone, sizeof ret->zone, "example.com");
    snprintf(ret->servers[0].host, sizeof ret->servers[0].host, "127.0.0.1");
    ret->servers[0].port = server->port;
    ret->server_count = 1;
    ret->ttl_s = 30;
    ret->check_every = 5000;
    snprintf(ret->tsig_name, sizeof ret->tsig_name, "upd.");
    snprintf(ret->tsig_algorithm, sizeof ret->tsig_algorithm, "hmac-sha256");
    snprintf(ret->tsig_secret_file, sizeof ret->tsig_secret_file, "%s/tsig.key", server->dir);
    for (int node = 0; node < NODE_COUNT; node++) {
        struct serve *serve = &ret->serve[node];
        snprintf(serve->a[0], sizeof serve->a[0], "192.0.2.%c", '1' + node);
        snprintf(serve->aaaa[0], sizeof serve->aaaa[0], "2001:db8::%c", '1' + node);
        serve->a_count = serve->aaaa_count = 1;
    }
}

#endif
