/* The screen is a pure function of the JSON; its rooms belong to the program `holdfast`, which is
 * no library, so they are compiled in here. */
#include "agent/cli/dns_screen.c"
#include "agent/cli/screen.c"
#include "agent/cli/screen_parts.c"
#include "agent/cli/screen_tail.c"
#include "agent/cli/screen_warn.c"

#include "tests/lib/check.h"

static const char quiet[] =
    "{'cluster':'pbx.example.com','self':'server1','role':'node','standing':'holder',"
    "'holder':'server1','contact':'held','epoch':1795489965,'boottime_ms':90000000,"
    "'since_ms':82540000,'since':'2026-11-24T03:12:45.000Z','lease_ms_left':4200,"
    "'lease_ms':5000,'quorum':3,'fit':true,'version':'0.1.0','ready':true,"
    "'peers':[{'name':'server2','role':'node','state':'fresh','rtt_ms':1,'age_ms':300,"
    "'via':'direct','fit':true,'version':'0.1.0','loss_percent':0.0,'standing':'standby',"
    "'promised_to':'server1'},"
    "{'name':'cloud','role':'witness','state':'fresh','rtt_ms':9,'age_ms':120,"
    "'via':'server2','fit':null,'version':'0.1.0','loss_percent':2.1,'standing':'witness',"
    "'promised_to':'server1'}],"
    "'records':[{'label':'pbx','name':'pbx.example.com','provider':'rfc2136','fence':'cas',"
    "'state':'ok','epoch':1795489965,'addresses':['203.0.113.10','2001:db8::10'],"
    "'verified':{'token':'t','at':'2026-11-24T05:17:01.000Z','servers_ok':2,'servers':2}}],"
    "'probes':[{'name':'service','verdict':'good','weight':'block','reason':null,'ms':12}]}";

static json_t *load(const char *text)
{
    char *copy = strdup(text);
    for (char *at = copy; *at != 0; at++)
        if (*at == '\'')
            *at = '"';
    json_t *object = json_loads(copy, 0, NULL);
    if (object == NULL)
        printf("bad fixture\n");
    free(copy);
    return object;
}

/* Renders in memory; the caller frees. */
static char *render(const json_t *status, bool colour)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    screen_status(memory, status, (struct screen_style){SCREEN_WIDTH, colour});
    fclose(memory);
    return text;
}

static size_t widest(const char *text)
{
    size_t most = 0;
    for (const char *line = text; *line != 0;) {
        size_t length = strcspn(line, "\n");
        most = length > most ? length : most;
        line += length + (line[length] != 0);
    }
    return most;
}

TEST(the_whole_quiet_screen)
{
    json_t *status = load(quiet);
    char *text = render(status, false);
    CHECK_STR(text,
              "pbx.example.com: server1 HOLDS since 03:12:45 UTC (2h 4m), epoch 1795489965\n"
              "this is     server1, holder since 03:12:45 UTC (2h 4m); holdfast 0.1.0\n"
              "lease       4.2 s left of 5 s, backed by all 3 peers\n"
              "crash now   survived: server2 would take over within about 5 s of a crash of\n"
              "            server1\n"
              "\n"
              "  peer     state   is                       rtt     loss  heard\n"
              "  server2  fresh   standby, fit             1 ms    0 %   0.3 s\n"
              "  cloud    fresh   witness, backs server1   9 ms    2 %   0.1 s via server2\n"
              "\n"
              "record      ok  pbx.example.com -> 203.0.113.10, 2001:db8::10 (rfc2136, fence:\n"
              "            cas), epoch 1795489965; read back from 2 of 2 servers at 05:17:01\n"
              "            UTC\n"
              "fitness     fit\n"
              "probe       good  service (12 ms)\n");
    CHECK(widest(text) <= SCREEN_WIDTH);
    free(text);
    json_decref(status);
}

/* The quiet screen with this tail of its record. */
static char *render_tail(const char *tail)
{
    json_t *status = load(quiet);
    json_t *record = json_array_get(json_object_get(status, "records"), 0);
    json_object_set_new(record, "tail", tail == NULL ? json_null() : load(tail));
    char *text = render(status, false);
    json_decref(status);
    return text;
}

TEST(how_far_a_write_has_come)
{
    setenv("TZ", "XXX-1", 1); /* an hour ahead of UTC */
    tzset();
    char *text = render_tail(
        "{'epoch':1,'authoritative':{'ok':3,'servers':3,'took_ms':912,'list':[]},"
        "'resolvers':{'ok':2,'servers':4,'list':[{'server':'9.9.9.9','ok':false,'ttl_left_s':34,"
        "'detail':'still says A 203.0.113.20'},{'server':'::1','ok':true,'ttl_left_s':null,"
        "'detail':null}]},'cache_ends_at':'2026-11-26T11:04:31.250Z','cache_ends_in_ms':34500,"
        "'warnings':['mind the gap']}");
    CHECK_HAS(text, "  - authoritative 3/3 in 0.9 s · resolvers 2/4 · last cache ends 12:04:31 "
                    "XXX\n"
                    "  - resolver 9.9.9.9: still says A 203.0.113.20, for 34 s yet\n");
    CHECK_HAS(text, "  ! record pbx: mind the gap\n");
    free(text);
    text = render_tail(
        "{'authoritative':{'ok':1,'servers':2,'took_ms':null,'list':[{'server':'192.0.2.54',"
        "'ok':false,'detail':'no answer in 1500 ms (3 sent); silent for 12 s'}]},"
        "'resolvers':{'ok':0,'servers':1,'list':[]},'cache_ends_at':null}");
    CHECK_HAS(text, "  - authoritative 1/2 · resolvers 0/1\n"
                    "  - server 192.0.2.54: no answer in 1500 ms (3 sent); silent for 12 s\n");
    free(text);
    text = render_tail("{'authoritative':{'ok':1,'servers':1,'took_ms':4},"
                       "'resolvers':{'ok':1,'servers':1},'cache_ends_at':null}");
    CHECK_HAS(text, "  - authoritative 1/1 in 0.0 s · resolvers 1/1 · all have it\n");
    free(text);
    text = render_tail("{'authoritative':{'ok':0,'servers':0,'took_ms':null},"
                       "'resolvers':{'ok':0,'servers':0},'cache_ends_at':'soon'}");
    CHECK_HAS(text, "  - authoritative unknown\n");
    free(text);
    text = render_tail(NULL);
    CHECK(strstr(text, "authoritative") == NULL);
    free(text);
}

/* The documents show the screen as it is. */
TEST(readme_and_operating_show_the_quiet_screen)
{
    static const char *const paths[] = {"README.md", "deploy/guide/operating.md"};
    char *screen = render_tail("{'authoritative':{'ok':2,'servers':2,'took_ms':900},"
                               "'resolvers':{'ok':4,'servers':4},'cache_ends_at':null}");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        static char text[65536];
        FILE *file = fopen(paths[i], "r");
        CHECK(file != NULL);
        text[file == NULL ? 0 : fread(text, 1, sizeof text - 1, file)] = 0;
        if (file != NULL)
            (void)fclose(file);
        CHECK_HAS(text, screen);
    }
    free(screen);
}

TEST(a_record_that_is_behind_is_named_with_its_instant)
{
    json_t *status = load(quiet);
    json_array_append_new(
        json_object_get(status, "records"),
        load("{'label':'second','name':'pbx.example.com','provider':'cloudflare','fence':'cas by "
             "record id, re-listed','state':'refused','epoch':1795489964,'addresses':"
             "['203.0.113.20'],'verified':null,'detail':'the token may not change it','behind':"
             "{'text':'last seen with 203.0.113.20, and the fence of server2 under epoch "
             "1795489964','since':'2026-11-24T05:16:19.000Z','for_ms':42000}}"));
    char *text = render(status, false);
    CHECK_HAS(text,
              "  ! record second is behind since 05:16:19 UTC (42 s): pbx.example.com at\n"
              "    cloudflare, last seen with 203.0.113.20, and the fence of server2 under\n"
              "    epoch 1795489964. Whoever asks there may be sent to another node\n");
    CHECK_HAS(text, "record      ok  pbx: pbx.example.com -> 203.0.113.10, ");
    CHECK_HAS(text, "record      refused  second: pbx.example.com -> 203.0.113.20 (cloudflare, ");
    CHECK(widest(text) <= SCREEN_WIDTH);
    free(text);
    json_decref(status);
}

TEST(nobody_holds_comes_first_with_the_reasons)
{
    json_t *status = load(quiet);
    json_object_set_new(status, "holder", json_null());
    json_object_set_new(status, "standing", json_string("alone"));
    json_object_set_new(status, "contact", json_string("electing"));
    json_object_set_new(status, "not_claiming_because",
                        load("[{'condition':'cloud could not back it: silent'}]"));
    char *text = render(status, false);
    CHECK(strncmp(text, "pbx.example.com: NOBODY HOLDS, an election is under way\n"
                        "  - cloud could not back it: silent\n",
                  90) == 0);
    CHECK(strstr(text, "crash now") == NULL);
    free(text);
    json_decref(status);
}

TEST(a_forced_holder_is_loud)
{
    json_t *status = load(quiet);
    json_object_set_new(status, "standing", json_string("forced"));
    json_object_set_new(status, "forced", json_true());
    json_object_set_new(status, "lease_ms_left", json_null());
    json_object_set_new(status, "quorum", json_integer(1));
    char *text = render(status, false);
    CHECK_HAS(text, "server1 HOLDS BY FORCE since 03:12:45 UTC (2h 4m), epoch 1795489965\n");
    CHECK_HAS(text, "lease       none needed by a forced holder; backed by 1 of 3 peers\n");
    CHECK_HAS(text, "holdfast release");
    free(text);
    json_decref(status);
}

TEST(a_standby_does_not_claim_to_know_since_when)
{
    json_t *status = load(quiet);
    json_object_set_new(status, "self", json_string("server2"));
    json_object_set_new(status, "standing", json_string("standby"));
    char *text = render(status, false);
    CHECK_HAS(text, "pbx.example.com: server1 HOLDS, epoch 1795489965\n");
    CHECK_HAS(text, "this is     server2, standby since 03:12:45 UTC");
    CHECK_HAS(text, "promised to server1 for 4.2 s yet");
    CHECK_HAS(text, "survived: server2 would take over");
    free(text);
    json_decref(status);
}

TEST(trouble_is_named_with_its_remedy_within_80_columns)
{
    json_t *status = load(quiet);
    json_t *peers = json_object_get(status, "peers"), *peer = json_array_get(peers, 0);
    json_object_set_new(status, "ready", json_false());
    json_object_set_new(status, "not_ready_because", load("[{'condition':'server2 is not fit'}]"));
    json_object_set_new(status, "paused", json_true());
    json_object_set_new(status, "paused_ms_left", json_integer(3720000));
    json_object_set_new(status, "maintenance", json_true());
    json_object_set_new(status, "maintenance_ms_left", json_integer(90000));
    json_object_set_new(status, "maintenance_reason", json_string("new kernel"));
    json_object_set_new(status, "frozen", json_true());
    json_object_set_new(status, "store_failing", json_true());
    json_object_set_new(status, "members_pending", json_true());
    json_object_set_new(status, "stalls", json_integer(3));
    json_object_set_new(status, "stall_ms_max", json_integer(2300));
    json_object_set_new(peer, "state", json_string("misconfigured"));
    json_object_set_new(peer, "note", json_string("its configuration names other keys"));
    json_object_set_new(peer, "wall_skew_s", json_integer(-12));
    json_object_set_new(peer, "loss_percent", json_real(34.5));
    json_object_set_new(peer, "version", json_string("0.2.0"));
    json_t *record = json_array_get(json_object_get(status, "records"), 0);
    json_object_set_new(record, "state", json_string("contested"));
    json_object_set_new(record, "fence", json_string("none"));
    char *text = render(status, false);
    static const char *const parts[] = {
        "NOT SURVIVED: if server1 died now", "  - server2 is not fit", "holdfast resume",
        "maintenance for 90 s yet (new kernel)", "automatic moves are stopped",
        "the disk or mend it",
        "holdfast recover", "stood still 3 times (at most 2.3 s)", "12 s behind", "35 %",
        "server2 runs holdfast 0.2.0", "cannot fence by itself", "keeps changing it"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        CHECK_HAS(text, parts[i]);
    CHECK(widest(text) <= SCREEN_WIDTH);
    free(text);
    json_decref(status);
}

TEST(colour_only_when_asked_and_nothing_moves_the_cursor)
{
    json_t *status = load(quiet);
    json_t *peer = json_array_get(json_object_get(status, "peers"), 0);
    json_object_set_new(peer, "version", json_string("\033[2J"));
    char *plain = render(status, false), *coloured = render(status, true);
    CHECK(strchr(plain, '\033') == NULL);
    CHECK(strstr(coloured, "\033[1;32mHOLDS\033[0m") != NULL);
    CHECK(strstr(coloured, "\033[2J") == NULL);
    free(plain);
    free(coloured);
    json_decref(status);
}

TEST(a_name_of_32_letters_gets_its_own_line)
{
    json_t *status = load(quiet);
    json_t *peer = json_array_get(json_object_get(status, "peers"), 0);
    json_object_set_new(peer, "name", json_string("abcdefghijklmnopqrstuvwxyz012345"));
    char *text = render(status, false);
    CHECK_HAS(text, "  abcdefghijklmnopqrstuvwxyz012345\n                fresh   standby");
    free(text);
    json_decref(status);
}

TEST(any_object_is_survived)
{
    json_t *odd[] = {NULL, json_object(), json_array(), load("{'peers':{},'records':[1,null]}"),
                     load("{'role':'node','holder':7,'peers':[[]],'probes':[3]}")};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char *text = render(odd[i], true);
        CHECK(text != NULL);
        free(text);
        json_decref(odd[i]);
    }
}

TEST(lengths_are_short)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{-1, "-"},         {0, "0.0 s"},      {340, "0.3 s"},
                 {5000, "5 s"},     {5100, "5.1 s"},   {45000, "45 s"}, {125000, "2m 5s"},
                 {7440000, "2h 4m"}, {273600000, "3d 4h"}};
    char text[32];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        screen_span(cases[i].ms, text, sizeof text);
        CHECK_STR(text, cases[i].text);
    }
}

TEST(why_says_what_and_when)
{
    char *text = NULL;
    size_t size = 0;
    json_t *list = load("[{'what':'no node holds','conditions':[{'condition':'silent',"
                        "'reason':'is-silent','peer':null,'until_ms_from_now':2500}]}]");
    FILE *memory = open_memstream(&text, &size);
    screen_why(memory, list, (struct screen_style){SCREEN_WIDTH, false});
    fclose(memory);
    CHECK_STR(text, "no node holds, because\n  - silent; could change in 2.5 s\n");
    free(text);
    json_decref(list);
}

CHECK_MAIN
