/* dns_files — directory, port and files of a DNS server for tests: see dns_server. */
#ifndef HOLDFAST_TESTS_DNS_FILES_H
#define HOLDFAST_TESTS_DNS_FILES_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../agent/peer/config.h"
#include "port.h"

#define DNS_SERVER_SECRET "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MDEyMzQ1Njc="
#define DNS_SERVER_WRONG "d3JvbmdzZWNyZXR3cm9uZ3NlY3JldHdyb25nMTIzNDU="

enum dns_server_kind { DNS_SERVER_BIND, DNS_SERVER_KNOT };

struct dns_server {
    enum dns_server_kind kind;
    char dir[64];
    uint16_t port;
    pid_t pid;
};

/* A file for its owner alone. */
static void dns_file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        abort();
    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
}

static void dns_server_file(const struct dns_server *server, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", server->dir, name);
    dns_file_write(path, text);
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

/* Directory, files and port, but nothing listens yet. */
__attribute__((unused)) static void dns_server_prepare(struct dns_server *server,
                                                       enum dns_server_kind kind)
{
    memset(server, 0, sizeof *server);
    server->kind = kind;
    snprintf(server->dir, sizeof server->dir, "/tmp/holdfast-dns-XXXXXX");
    if (mkdtemp(server->dir) == NULL)
        abort();
    server->port = port_free();
    dns_server_file(server, "example.com.db", dns_server_zone);
    dns_server_file(server, "tsig.key", DNS_SERVER_SECRET "\n");
    dns_server_file(server, "wrong.key", DNS_SERVER_WRONG "\n");
    if (kind == DNS_SERVER_BIND)
        dns_server_write_bind(server);
    else
        dns_server_write_knot(server);
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
