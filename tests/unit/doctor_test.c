/* What doctor makes of a status is a pure function of that and of the configuration. */
#define check_run cli_check_run /* check.h has one of its own */
#include "agent/cli/doctor.h"
#include "agent/cli/doctor_guard.h"
#undef check_run

#include "tests/lib/check.h"

#define SET(field, text) snprintf(field, sizeof(field), "%s", text)

static json_t *load(const char *text)
{
    char *copy = strdup(text);
    for (char *at = copy; *at != 0; at++)
        if (*at == '\'')
            *at = '"';
    json_t *object = json_loads(copy, 0, NULL);
    free(copy);
    CHECK(object != NULL);
    return object;
}

#define PEERS(more) \
    "'peers':[{'name':'server2','role':'node','state':'fresh','rtt_ms':4,'jitter_ms':1," \
    "'age_ms':20,'via':'direct','version':'" HOLDFAST_VERSION "','loss_percent':0.0," \
    "'wall_skew_s':0" more "}]"
#define HEAD \
    "{'self':'server1','role':'node','standing':'holder','holder':'server1','ready':true," \
    "'lease_ms':5000,'interval_ms':500,'profile':'normal','stalls':0,'fit':true," \
    "'version':'" HOLDFAST_VERSION "',"
#define RECORD(more) \
    "'records':[{'label':'pbx','name':'pbx.example.com','provider':'route53','fence':'cas'," \
    "'state':'ok','epoch':7,'addresses':['203.0.113.10'],'verified':{'token':'t'," \
    "'at':'2026-11-24T05:17:01.000Z','servers_ok':2,'servers':2},'seen':{'ttl_s':60}," \
    "'unreadable':null,'detail':null" more "}]}"

static struct cli_options options = {.config = "/etc/h.conf", .socket = "/run/h.sock"};

/* One look; the answer is freed by the caller. */
static json_t *examine(const char *text)
{
    struct doctor *doctor = calloc(1, sizeof *doctor);
    CHECK(doctor_list_open(&doctor->list));
    doctor->options = &options;
    doctor->readable = true;
    struct record_config *record = &doctor->config.records[0];
    doctor->config.record_count = 1;
    SET(record->label, "pbx");
    SET(record->name, "pbx.example.com");
    SET(record->zone_id, "Z1");
    record->provider = PROVIDER_ROUTE53;
    record->ttl_s = 60;
    SET(record->serve[0].a[0], "203.0.113.10");
    record->serve[0].a_count = 1;
    SET(doctor->config.peers[0].name, "server1");
    SET(doctor->config.peers[1].name, "server2");
    SET(doctor->config.peers[1].addresses[0].host, "10.0.0.2");
    doctor->config.peers[1].addresses[0].port = 9930;
    doctor->config.peers[1].address_count = 1;
    json_t *status = load(text);
    doctor->status = status;
    doctor_peers(doctor);
    doctor_records(doctor);
    json_t *answer = doctor_list_json(&doctor->list);
    doctor_list_close(&doctor->list);
    json_decref(status);
    free(doctor);
    return answer;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* Exactly this one line is not right, and says that. */
static void expect(const char *status, const char *area, const char *level, const char *text,
                   const char *remedy)
{
    json_t *answer = examine(status);
    const json_t *checks = json_object_get(answer, "checks"), *found = NULL;
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        bool ok = strcmp(text_of(check, "level"), "ok") == 0;
        CHECK_EQ(json_is_null(json_object_get(check, "remedy")), ok);
        if (ok)
            continue;
        if (found != NULL)
            printf("also: %s %s\n", text_of(check, "area"), text_of(check, "text"));
        CHECK(found == NULL);
        found = check;
    }
    CHECK_EQ(found == NULL, text == NULL);
    if (found != NULL) {
        CHECK_STR(text_of(found, "area"), area);
        CHECK_STR(text_of(found, "level"), level);
        CHECK_HAS(text_of(found, "text"), text);
        CHECK_HAS(text_of(found, "remedy"), remedy);
    }
    json_decref(answer);
}

TEST(a_cluster_that_is_well_has_nothing_to_complain_of)
{
    expect(HEAD PEERS("") "," RECORD(""), NULL, NULL, NULL, NULL);
}

TEST(peers_that_are_not_well)
{
    expect(HEAD PEERS(",'wall_skew_s':-1000") "," RECORD(""), "clock", "warn", "1000 s behind",
           "timedatectl set-ntp true");
    expect(HEAD PEERS(",'loss_percent':31.0") "," RECORD(""), "network", "warn", "31 %",
           "profile = patient");
    expect(HEAD PEERS(",'rtt_ms':700") "," RECORD(""), "network", "warn", "longer than an interval",
           "profile = patient");
    expect(HEAD PEERS(",'via':'cloud'") "," RECORD(""), "peer", "warn", "only through cloud",
           "UDP to and from 10.0.0.2 port 9930");
    expect(HEAD PEERS(",'note':'its configuration has other settings than this one'") ","
           RECORD(""), "peer", "warn", "other settings", "copy /etc/h.conf to server2");
    expect(HEAD PEERS(",'version':'9.9.9'") "," RECORD(""), "peer", "warn", "9.9.9",
           "install the same package");
    expect(HEAD PEERS(",'state':'silent','age_ms':9000") "," RECORD(""), "peer", "fail",
           "silent for 9 s", "systemctl start holdfastd");
    expect(HEAD PEERS(",'state':'silent','age_ms':100") "," RECORD(""), "peer", "fail",
           "hears nothing of this machine", "UDP from this machine to 10.0.0.2");
}

TEST(a_fault_is_a_line_in_its_area)
{
    expect(HEAD PEERS("") "," RECORD(",'state':'refused','fault':'rights','detail':'no right',"
           "'remedy':'do that'"), "credentials", "fail", "no right", "do that");
    expect(HEAD PEERS("") "," RECORD(",'fault':'cut','unreadable':'cut off','remedy':'this'"),
           "provider", "fail", "cut off", "this");
    expect(HEAD PEERS("") "," RECORD(",'fault':'busy','unreadable':'later','remedy':'wait'"),
           "provider", "warn", "later", "wait");
    expect(HEAD PEERS("") "," RECORD(",'seen':{'ttl_s':300}"), "ttl", "warn", "300 s",
           "holdfast switchover");
    expect(HEAD PEERS("") "," RECORD(",'clock_ahead_s':-40"), "clock", "warn", "40 s behind",
           "timedatectl");
    expect(HEAD PEERS("") "," RECORD(",'fence':'none'"), "fence", "warn", "none",
           "HOLDFAST_OLD_FENCE");
    expect(HEAD PEERS("") "," RECORD(",'tail':{'negative_ttl_s':900}"), "ttl", "warn", "900 s",
           "the zone's SOA to 60");
    expect(HEAD PEERS("") "," RECORD(",'tail':{'resolvers':{'list':[{'server':'10.9.9.9','ok':"
           "false,'ttl_left_s':null,'detail':'no answer'}]}}"), "resolvers", "warn", "no answer",
           "dig @10.9.9.9");
}

#define STANDBY                                                                                   \
    "{'self':'server1','role':'node','standing':'standby','holder':'server2','ready':true,"       \
    "'lease_ms':5000,'interval_ms':500,'profile':'normal','stalls':0,'fit':true,"                 \
    "'version':'" HOLDFAST_VERSION "',"

TEST(a_standby_does_not_call_right_what_leads_to_another_node)
{
    expect(STANDBY PEERS("") "," RECORD(",'behind':{'text':'last seen with 203.0.113.10, and the "
           "fence of server1 under epoch 7','since':'x','for_ms':1}"), "record", "warn",
           "is behind: last seen with 203.0.113.10", "on server2: holdfast doctor");
}

TEST(what_passes_by_itself_is_a_failure_before_the_first_write)
{
    expect(HEAD PEERS("") "," RECORD(",'state':'unknown','fault':'server','detail':'503',"
           "'remedy':'wait'"), "provider", "warn", "503", "wait");
    expect(HEAD PEERS("") "," RECORD(",'state':'unknown','fault':'server','detail':'503',"
           "'remedy':'wait','verified':null"), "provider", "fail", "503", "wait");
}

#define UNKNOWN_TAIL                                                                              \
    ",'tail':{'authoritative':{'ok':0,'servers':0},'warnings':['the servers of the zone are not " \
    "found (no resolver to ask): name them']}"

TEST(servers_that_nobody_asked_are_not_said_to_agree)
{
    json_t *answer = examine(HEAD PEERS("") "," RECORD(UNKNOWN_TAIL));
    const json_t *checks = json_object_get(answer, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++)
        CHECK(strcmp(text_of(json_array_get(checks, i), "area"), "guard") != 0);
    json_decref(answer);
    expect(HEAD PEERS("") "," RECORD(UNKNOWN_TAIL), "servers", "warn", "no resolver to ask",
           "set authoritative = ADDRESS in [record pbx] of /etc/h.conf");
}

TEST(cursors_cannot_be_moved_from_outside)
{
    expect(HEAD PEERS("") "," RECORD(",'fault':'cut','unreadable':'a\\u001b[2Jb','remedy':'x\\n'"),
           "provider", "fail", "a?[2Jb", "x?");
}

TEST(no_line_is_lost_for_its_bytes)
{
    struct doctor_list list;
    struct doctor_line line = {DOCTOR_KEYS, "private", DOCTOR_FAIL, "ls \xff"};
    CHECK(doctor_list_open(&list));
    doctor_list_add(&list, &line, "%s: no such file", "/\xe4/\xff");
    CHECK_EQ(list.counts[DOCTOR_FAIL], 1);
    const json_t *check = json_array_get(list.areas[DOCTOR_KEYS], 0);
    CHECK_STR(text_of(check, "text"), "/?/?: no such file");
    CHECK_STR(text_of(check, "remedy"), "ls ?");
    doctor_list_close(&list);
}

TEST(the_policy_is_one_line_of_json)
{
    json_t *answer = examine(HEAD PEERS("") "," RECORD(""));
    const json_t *checks = json_object_get(answer, "checks");
    const json_t *check = json_array_get(checks, json_array_size(checks) - 1);
    CHECK_STR(text_of(check, "area"), "iam");
    json_t *policy = json_loads(strchr(text_of(check, "text"), '{'), 0, NULL);
    CHECK(json_is_array(json_object_get(policy, "Statement")));
    json_decref(policy);
    json_decref(answer);
}

TEST(what_is_public)
{
    static const char *const yes[] = {"203.0.113.10", "8.8.8.8", "172.32.0.1", "2001:db8::1"};
    static const char *const no[] = {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
                                     "100.64.0.1", "127.0.0.1", "169.254.1.1", "224.0.0.1",
                                     "255.255.255.255", "0.0.0.0", "fd00::1", "fe80::1", "::1",
                                     "x"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        CHECK(doctor_guard_is_public(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        CHECK(!doctor_guard_is_public(no[i]));
}

CHECK_MAIN
