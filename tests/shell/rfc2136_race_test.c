/* rfc2136 — several writers of one record at a real BIND, Knot and PowerDNS (one process): one
 * wins each race, and who was frozen before its request comes too late. */
#define STAGE_PROVIDER provider_rfc2136
#include "../lib/provider_client.h"

enum kind { KIND_BIND, KIND_KNOT, KIND_POWERDNS };

struct place {
    struct stage stage;
    enum kind kind;
    struct dns_server real; /* BIND, Knot; else the child `server` */
};

static void place_open(struct place *place, enum kind kind, size_t writers)
{
    struct stage *stage = &place->stage;
    bool powerdns = kind == KIND_POWERDNS;
    memset(place, 0, sizeof *place);
    place->kind = kind;
    stage_begin(stage);
    if (powerdns) {
        CHECK(child_start(&server, "tests/servers/powerdns_update.py"));
        stage->config.servers[0].port = (uint16_t)server.ports[1];
        snprintf(stage->config.tsig_secret_file, PATH_SIZE, "%s/tsig.key", server.dir);
    } else {
        CHECK(dns_server_start(&place->real,
                               kind == KIND_BIND ? DNS_SERVER_BIND : DNS_SERVER_KNOT));
        dns_server_record(&place->real, &stage->config);
    }
    while (stage->count < writers)
        stage_add(stage);
}

static void place_close(struct place *place)
{
    stage_close(&place->stage);
    if (place->kind == KIND_POWERDNS)
        child_stop(&server);
    else
        dns_server_stop(&place->real);
}

static void race(enum kind kind, size_t writers)
{
    struct place place;
    place_open(&place, kind, writers);
    client_race(&place.stage, client_race_rounds());
    place_close(&place);
}

TEST(two_writers_one_winner_bind)
{
    race(KIND_BIND, 2);
}

TEST(four_writers_one_winner_bind)
{
    race(KIND_BIND, 4);
}

TEST(two_writers_one_winner_knot)
{
    race(KIND_KNOT, 2);
}

TEST(four_writers_one_winner_knot)
{
    race(KIND_KNOT, 4);
}

TEST(two_writers_one_winner_powerdns)
{
    race(KIND_POWERDNS, 2);
}

TEST(four_writers_one_winner_powerdns)
{
    race(KIND_POWERDNS, 4);
}

/* Frozen between its read and its write; by then another has held. */
static void expect_late_is_fenced(enum kind kind)
{
    struct place place;
    place_open(&place, kind, 2);
    struct client *frozen = &place.stage.clients[0];
    for (uint64_t epoch = 100; epoch < 106; epoch += 2) { /* the first one: no fence is there */
        client_read(&place.stage, frozen);
        client_prepare(&place.stage, frozen, epoch, 0);
        client_expect_late(&place.stage, epoch + 1, 1);
    }
    place_close(&place);
}

TEST(late_writers_are_refused)
{
    expect_late_is_fenced(KIND_BIND);
    expect_late_is_fenced(KIND_KNOT);
    expect_late_is_fenced(KIND_POWERDNS);
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0)
        return 1;
    return check_run(argc, argv);
}
