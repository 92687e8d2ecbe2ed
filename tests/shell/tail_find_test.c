/* tail — whom it asks: servers that are found by name, the machine's resolvers, nobody. */
#include <fcntl.h>

#include "tests/lib/tail_stage.h"

/* ---- the zone's servers are found ---- */

static void find_through_the_resolver(const char *zone)
{
    struct stage stage;
    open_stage(&stage);
    stage.config.provider = PROVIDER_CLOUDFLARE;
    stage.config.server_count = 0;
    snprintf(stage.config.zone, sizeof stage.config.zone, "%s", zone);
    stage.resolver.names[0] = "ns2";
    stage.resolver.named[0] = "127.0.0.2";
    stage.resolver.names[1] = "ns1";
    stage.resolver.named[1] = "127.0.0.1";
    begin(&stage);
    until_count(&stage, settled, 1);
    CHECK_EQ(number(&stage, "authoritative", "servers"), 2);
    CHECK_HAS(shown(&stage), "\"server\": \"ns1.example.com\"}, {\"detail\": null, \"ok\": true, "
                             "\"server\": \"ns2.example.com\"}");
    CHECK_EQ(stage.resolver.asked_of_name_soa, 0); /* which would be kept, had there been none */
    check_quiet(&stage);
    close_stage(&stage);
}

TEST(servers_are_found_by_ns)
{
    find_through_the_resolver("example.com");
    find_through_the_resolver(""); /* the zone, too */
}

TEST(servers_that_cannot_be_found)
{
    struct stage stage;
    open_stage(&stage);
    stage.config.provider = PROVIDER_CLOUDFLARE;
    stage.config.server_count = 0;
    stage.resolver.names[0] = "ns1";
    begin(&stage);
    until_shown(&stage, "finds no address of a server of example.com");
    CHECK_HAS(shown(&stage), "name them with authoritative = ADDRESS in [record pbx]");
    stage.resolver.names[0] = NULL;
    until_shown(&stage, "knows no servers of example.com");
    until_shown(&stage, "\"resolvers\": {\"list\": [{\"detail\": null, \"ok\": true");
    CHECK_EQ(stage.authoritative + stage.settled, 0);
    stage.resolver.names[0] = "ns1";
    stage.resolver.named[0] = "127.0.0.1";
    until_count(&stage, settled, 1);
    close_stage(&stage);
}

TEST(a_server_without_an_address_is_shown)
{
    struct stage stage;
    open_stage(&stage);
    stage.config.provider = PROVIDER_CLOUDFLARE;
    stage.config.server_count = 0;
    stage.resolver.names[0] = "ns1";
    stage.resolver.named[0] = "127.0.0.1";
    stage.resolver.names[1] = "ns2";
    stage.servers[0].manner = ZONE_SILENT; /* a question to it would outlive the first search */
    begin(&stage);
    until_shown(&stage, "finds no address of a server of example.com");
    stage.servers[0].manner = ZONE_HONEST;
    until_shown(&stage, "\"its address is not found\", \"ok\": false, "
                        "\"server\": \"ns2.example.com\"");
    until_shown(&stage, "\"ok\": true, \"server\": \"ns1.example.com\"");
    until_shown(&stage, "\"resolvers\": {\"list\": [{\"detail\": null, \"ok\": true");
    CHECK_EQ(stage.authoritative + stage.settled, 0);
    close_stage(&stage);
}

TEST(nobody_to_ask)
{
    struct stage stage;
    open_stage(&stage);
    stage.config.provider = PROVIDER_CLOUDFLARE;
    stage.config.server_count = 0;
    stage.dns.resolver_count = 0;
    stage.dns.no_resolver = true;
    begin(&stage);
    until_shown(&stage, "not found (no resolver to ask)");
    check_quiet(&stage);
    stage.config.authoritative[0] = stage.config.servers[0]; /* and named */
    stage.config.authoritative_count = 1;
    begin(&stage);
    until_count(&stage, authoritative, 1);
    CHECK_EQ(stage.settled, 0);
    check_quiet(&stage);
    CHECK_EQ(stage.resolver.asked, 0);
    close_stage(&stage);
}

/* ---- the machine's resolvers ---- */

TEST(resolvers_of_the_machine)
{
    struct stage stage;
    char path[] = "/tmp/holdfast-resolv-XXXXXX";
    int file = mkstemp(path);
    static const char text[] = "nameserver 127.0.0.9\n";
    CHECK(file >= 0 && write(file, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    close(file);
    open_stage(&stage);
    stage.dns.resolver_count = 0;
    tail_close(stage.tail);
    open_tail(&stage, path);
    begin(&stage);
    until_count(&stage, authoritative, 1);
    until_shown(&stage, "\"ok\": false, \"server\": \"127.0.0.9\"");
    tail_close(stage.tail);
    open_tail(&stage, path);
    begin(&stage);
    tail_stop(stage.tail); /* while the file is being read */
    unlink(path);
    begin(&stage); /* and without a file */
    until_count(&stage, authoritative, 2);
    spin_for(&stage.loop, 50);
    CHECK_EQ(number(&stage, "resolvers", "servers"), 0);
    check_quiet(&stage);
    close_stage(&stage);
}

CHECK_MAIN
