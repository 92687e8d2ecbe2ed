/* tail — against name servers that lag, keep old answers, lie, refuse or say nothing. */
#include "tests/lib/await.h"
#include "tests/lib/tail_stage.h"

TEST(everybody_has_it_at_once)
{
    struct stage stage;
    open_stage(&stage);
    CHECK_STR(shown(&stage), "null");
    spin_for(&stage.loop, 50);
    CHECK_EQ(asked(&stage), 0); /* before the first write: nothing */
    begin(&stage);
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.authoritative, 1);
    CHECK_EQ(stage.epoch, 101);
    CHECK_HAS(stage.text, "1 of 1 resolvers have forgotten");
    CHECK_EQ(number(&stage, NULL, "epoch"), 101);
    CHECK_EQ(number(&stage, "authoritative", "ok"), 2);
    CHECK_EQ(number(&stage, "authoritative", "servers"), 2);
    CHECK(number(&stage, "authoritative", "took_ms") >= 0);
    CHECK_EQ(number(&stage, "resolvers", "ok"), 1);
    CHECK_EQ(number(&stage, NULL, "soa_minimum_s"), 5);
    CHECK_HAS(shown(&stage), "\"cache_ends_at\": null, \"cache_ends_in_ms\": null");
    CHECK_HAS(shown(&stage), "\"warnings\": []");
    CHECK_EQ(stage.servers[0].asked_recursive + stage.servers[1].asked_recursive, 0);
    CHECK_EQ(stage.resolver.asked_recursive, 2);
    CHECK_EQ(stage.servers[0].asked, 4);
    check_quiet(&stage);
    tail_stop(stage.tail);
    CHECK_STR(shown(&stage), "null");
    close_stage(&stage);
}

TEST(no_resolver_is_asked_before_all_servers_have_it)
{
    struct stage stage;
    open_stage(&stage);
    show_old(&stage.servers[1], 30);
    begin(&stage);
    until_shown(&stage, "shows the fence of server1, epoch 100");
    CHECK_EQ(number(&stage, "authoritative", "ok"), 1);
    CHECK_EQ(number(&stage, "authoritative", "took_ms"), -1);
    CHECK_EQ(stage.resolver.asked, 0);
    show_new(&stage.servers[1]);
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.authoritative, 1);
    CHECK_EQ(stage.servers[0].asked, 4); /* who was right is not asked again */
    close_stage(&stage);
}

TEST(a_server_that_never_has_it_does_not_hold_up_the_rest)
{
    struct stage stage;
    open_stage(&stage);
    stage.servers[1].manner = ZONE_SILENT;
    begin(&stage);
    until_shown(&stage, "no answer in 1500 ms");
    until_shown(&stage, "silent for 0 s\", \"ok\": false, \"server\": \"127.0.0.2:");
    until_shown(&stage, "\"resolvers\": {\"list\": [{\"detail\": null, \"ok\": true");
    CHECK_EQ(number(&stage, "authoritative", "ok"), 1);
    CHECK_EQ(stage.authoritative + stage.settled, 0);
    stage.servers[1].manner = ZONE_HONEST; /* it comes back */
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.authoritative, 1);
    check_quiet(&stage);
    close_stage(&stage);
}

TEST(an_old_answer_tells_until_when_and_is_asked_then)
{
    struct stage stage;
    open_stage(&stage);
    show_old(&stage.resolver, 3);
    begin(&stage);
    until_count(&stage, authoritative, 1);
    until_shown(&stage, "still says A"); /* the A or the AAAA: whichever came last ends last */
    CHECK(strstr(shown(&stage), "says A 192.0.2.1") != NULL ||
          strstr(shown(&stage), "says AAAA 2001:db8::1") != NULL);
    json_int_t left = number(&stage, NULL, "cache_ends_in_ms");
    CHECK(left > 1500 && left <= 3500);
    CHECK_HAS(shown(&stage), "\"cache_ends_at\": \"20");
    CHECK_HAS(shown(&stage), "\"ttl_left_s\": ");
    show_new(&stage.resolver);
    CHECK_EQ(stage.resolver.asked, 2); /* both at once, and then it is waited */
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.resolver.asked, 4);
    CHECK_HAS(shown(&stage), "\"cache_ends_at\": null");
    check_quiet(&stage);
    close_stage(&stage);
}

TEST(a_resolver_that_knew_of_none)
{
    struct stage stage;
    open_stage(&stage);
    stage.resolver.aaaa = NULL; /* kept for as long as the SOA says */
    stage.resolver.minimum_s = 3;
    begin(&stage);
    until_shown(&stage, "still says that there is no AAAA");
    CHECK(number(&stage, NULL, "cache_ends_in_ms") > 1500);
    show_new(&stage.resolver);
    until_count(&stage, settled, 1);
    close_stage(&stage);
}

TEST(liars_are_not_heard)
{
    static const enum zone_manner manners[] = {ZONE_WRONG_ID, ZONE_OTHER_NAME, ZONE_FROM_OTHER};
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        struct stage stage;
        open_stage(&stage);
        stage.servers[0].manner = stage.resolver.manner = manners[i];
        begin(&stage);
        until_count(&stage, settled, 1);
        CHECK_EQ(stage.servers[0].asked, 4); /* the first round was enough */
        close_stage(&stage);
    }
}

TEST(a_cut_answer_is_fetched_over_tcp)
{
    struct stage stage;
    open_stage(&stage);
    stage.servers[0].manner = ZONE_CUT;
    begin(&stage);
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.servers[0].asked_tcp, 4);
    close_stage(&stage);
}

TEST(who_answers_something_else_is_named)
{
    static const struct {
        int rcode;
        bool authoritative;
        enum zone_manner manner;
        const char *words;
    } cases[] = {
        {5, true, ZONE_HONEST, "answers REFUSED"},
        {2, true, ZONE_HONEST, "answers SERVFAIL"},
        {0, false, ZONE_HONEST, "is not authoritative for pbx.example.com"},
        {0, true, ZONE_ALIAS, "an alias (CNAME or DNAME) is in the way at pbx.example.com"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stage stage;
        open_stage(&stage);
        stage.servers[1].rcode = cases[i].rcode;
        stage.servers[1].authoritative = cases[i].authoritative;
        stage.servers[1].manner = cases[i].manner;
        begin(&stage);
        until_shown(&stage, cases[i].words);
        stage.servers[1].rcode = 0;
        stage.servers[1].authoritative = true;
        stage.servers[1].manner = ZONE_HONEST;
        until_count(&stage, settled, 1);
        close_stage(&stage);
    }
}

TEST(a_resolver_that_is_none)
{
    struct stage stage;
    open_stage(&stage);
    stage.resolver.recursion = false;
    begin(&stage);
    until_shown(&stage, "is no resolver");
    stage.resolver.rcode = 5;
    until_shown(&stage, "answers REFUSED");
    close_stage(&stage);
}

TEST(a_new_write_replaces_the_old_one)
{
    struct stage stage;
    open_stage(&stage);
    show_old(&stage.servers[0], 30);
    begin(&stage);
    until_shown(&stage, "shows the fence of server1");
    struct tail_wish wish = {.epoch = 102, .token = "bbbbbbbbbbbbbbbb", .serve = &new_serve};
    tail_begin(stage.tail, &wish);
    CHECK_EQ(number(&stage, NULL, "epoch"), 102);
    CHECK_EQ(number(&stage, "authoritative", "ok"), 0);
    stage.servers[0].fence = stage.servers[1].fence = "v=1;e=102;h=server2;t=bbbbbbbbbbbbbbbb";
    stage.servers[0].a = "192.0.2.2";
    stage.servers[0].aaaa = "2001:db8::2";
    until_count(&stage, settled, 1);
    CHECK_EQ(stage.epoch, 102);
    CHECK_EQ(stage.authoritative, 1);
    close_stage(&stage);
}

TEST(stopped_and_closed_in_the_middle)
{
    struct stage stage;
    open_stage(&stage);
    stage.servers[0].manner = ZONE_SILENT;
    begin(&stage);
    spin_for(&stage.loop, 50);
    tail_stop(stage.tail);
    check_quiet(&stage);
    CHECK_STR(shown(&stage), "null");
    begin(&stage);
    spin_for(&stage.loop, 50);
    close_stage(&stage);
    CHECK_EQ(stage.authoritative + stage.settled, 0);
}

TEST(a_long_negative_life_is_told_once)
{
    struct stage stage;
    open_stage(&stage);
    stage.servers[0].minimum_s = stage.servers[1].minimum_s = 3600;
    begin(&stage);
    until_count(&stage, settled, 1);
    begin(&stage);
    until_count(&stage, settled, 2);
    CHECK_EQ(stage.warned, 1);
    CHECK_EQ(number(&stage, NULL, "soa_minimum_s"), 3600);
    CHECK_EQ(number(&stage, NULL, "negative_ttl_s"), 3600);
    CHECK_HAS(shown(&stage), "set the last number of its SOA to 30 at most");
    close_stage(&stage);
}

/* ---- the loop ---- */

struct metronome {
    uv_timer_t timer;
    double last, longest; /* ms, without what the machine ran in between */
};

static void on_beat(uv_timer_t *timer)
{
    struct metronome *metronome = timer->data;
    double now = await_own_ms();
    if (now - metronome->last > metronome->longest)
        metronome->longest = now - metronome->last;
    metronome->last = now;
}

/* All is dead: servers, resolvers, and what cannot even be sent to. */
TEST(a_dead_dns_never_stops_the_loop)
{
    struct stage stage;
    open_stage(&stage);
    struct metronome metronome = {.last = await_own_ms()};
    stage.servers[0].manner = stage.servers[1].manner = stage.resolver.manner = ZONE_SILENT;
    for (size_t i = 1; i < ADDRESS_MAX; i++) {
        snprintf(stage.dns.resolvers[i].host, HOST_SIZE, i % 2 == 0 ? "127.0.0.%zu" : "192.0.2.%zu",
                 10 + i);
        stage.dns.resolvers[i].port = stage.resolver.port;
    }
    stage.dns.resolver_count = ADDRESS_MAX;
    uv_timer_init(&stage.loop, &metronome.timer);
    metronome.timer.data = &metronome;
    uv_timer_start(&metronome.timer, on_beat, 1, 1);
    begin(&stage);
    until_shown(&stage, "silent for 2 s");
    printf("longest turn of the loop: %.1f ms\n", metronome.longest);
    CHECK(metronome.longest < 100); /* 20 ms, but for what a host may take */
    uv_close((uv_handle_t *)&metronome.timer, NULL);
    close_stage(&stage);
}

CHECK_MAIN
