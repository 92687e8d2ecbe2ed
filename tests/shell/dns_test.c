/* `holdfast dns` against a daemon that answers from a script: what is asked, shown and returned. */
#define check_run command_check_run /* check.h has one of its own */
#include "agent/cli/args.c"
#include "agent/cli/client.c"
#include "agent/cli/dns.c"
#include "agent/cli/follow.c"
/* These use names of the ones above as macros. */
#include "agent/cli/dns_screen.c"
#include "agent/cli/screen.c"
#include "agent/cli/screen_parts.c"
#include "agent/cli/screen_tail.c"
#include "agent/cli/screen_warn.c"
#undef check_run

#include "tests/lib/daemon_script.h"

#define STATUS(records)                                                                          \
    "{'v':1,'code':0,'text':'','result':{'self':'server1','role':'node','standing':'holder',"    \
    "'holder':'server1','records':[" records "]}}"
#define RECORD(state, fence, fences, address, count, rest)                                       \
    "{'label':'pbx','name':'pbx.example.com','provider':'rfc2136','fence':'cas','state':'" state \
    "','detail':null,'seen':{'fence':'" fence "','fences':" fences ",'a':['" address "'],"       \
    "'aaaa':[],'ttl_s':300},'wanted':{'a':['203.0.113.10'],'aaaa':[],'ttl_s':60,"                \
    "'node':'server1'},'read':{'count':" count ",'ok':true,'age_ms':1200,'detail':null}," rest "}"
#define OTHER                                                                                    \
    "{'label':'outside','name':'o.example.com','provider':'exec','fence':'none',"                \
    "'state':'unknown','seen':null,'differences':[]}"
#define DIFFERENT(count)                                                                         \
    RECORD("unadopted", "", "0", "198.51.100.20", count,                                         \
           "'differences':['no fence: holdfast has not written here yet','ttl is 300, wanted "   \
           "60'],'adopting':false,'by_hand':null")
#define RIGHT(count)                                                                             \
    RECORD("ok", "v=1;e=2;h=server1;t=00", "1", "203.0.113.10", count,                           \
           "'differences':[],'adopting':false,'verified':{'servers_ok':2,'servers':2},"          \
           "'tail':{'authoritative':{'ok':3,'servers':3,'took_ms':900},"                         \
           "'resolvers':{'ok':2,'servers':4},'cache_ends_at':'2026-11-26T12:04:31Z'}")
#define SPREADING(count)                                                                          \
    RECORD("ok", "v=1;e=2;h=server1;t=00", "1", "203.0.113.10", count,                           \
           "'differences':['1 of 2 servers show what the first one shows'],'adopting':false,"    \
           "'verified':{'servers_ok':1,'servers':2}")
#define DONE(result) "{'v':1,'code':0,'text':'','result':" result "}"
#define PREVIEW(possible, moves)                                                                 \
    DONE("{'label':'pbx','name':'pbx.example.com','provider':'rfc2136','kind':'unadopted',"      \
         "'about':'the name exists','possible':" possible ",'moves':" moves ",'epoch':2,"        \
         "'effect':'the addresses stay as they are','remedy':null,"                              \
         "'seen':{'fence':'','fences':0,'a':['203.0.113.10'],'aaaa':[],'ttl_s':300},"            \
         "'wanted':{'a':['203.0.113.10'],'aaaa':[],'ttl_s':60,'node':'server1'}}")

TEST(show_says_each_difference)
{
    static const struct line lines[] = {{"status", STATUS(DIFFERENT("1") "," OTHER)}};
    CHECK_EQ(PLAY(lines, dns_run, "dns show"), COMMAND_NO);
    CHECK_STR(output,
              "pbx.example.com (record pbx), rfc2136: DIFFERENT\n"
              "there       A 198.51.100.20; ttl 300; no fence\n"
              "wanted      A 203.0.113.10; ttl 60; server1 holds\n"
              "read        1.2 s ago\n"
              "  - no fence: holdfast has not written here yet\n"
              "  - ttl is 300, wanted 60\n"
              "o.example.com (record outside), exec: a command changes it, nothing can be read "
              "back\n");
    CHECK_EQ(PLAY(lines, dns_run, "dns show outside"), COMMAND_YES);
    CHECK_EQ(PLAY(lines, dns_run, "dns show pbx --json"), COMMAND_NO);
    CHECK_HAS(output, "\"equal\": false");
    CHECK_EQ(PLAY(lines, dns_run, "dns show sip"), COMMAND_USAGE);
    CHECK_HAS(output, "no record is called 'sip'; the records are pbx, outside");
}

TEST(show_without_records)
{
    static const struct line none[] = {{"status", STATUS("")}};
    static const struct line witness[] = {
        {"status", "{'v':1,'code':0,'result':{'role':'witness','records':[]}}"}};
    CHECK_EQ(PLAY(none, dns_run, "dns show"), COMMAND_YES);
    CHECK_EQ(PLAY(witness, dns_run, "dns show"), COMMAND_REFUSED);
    CHECK_HAS(output, "run it on a node");
}

TEST(verify_waits_for_a_new_reading)
{
    static const struct line lines[] = {{"status", STATUS(DIFFERENT("4"))},
                                        {"'command':'dns-read','label':'pbx'",
                                         DONE("[{'label':'pbx','count':6}]")},
                                        {"status", STATUS(DIFFERENT("5"))},
                                        {"status", STATUS(RIGHT("6"))}};
    CHECK_EQ(PLAY(lines, dns_run, "dns verify pbx"), COMMAND_YES);
    CHECK_STR(output,
              "pbx.example.com (record pbx), rfc2136: ok\n"
              "there       A 203.0.113.10; ttl 300; fence \"v=1;e=2;h=server1;t=00\"\n"
              "wanted      A 203.0.113.10; ttl 60; server1 holds\n"
              "read        1.2 s ago, 2 of 2 servers\n"
              "tail        authoritative 3/3 in 0.9 s, resolvers 2/4, last cache ends 12:04:31\n"
              "            UTC\n");
    static const struct line wrong[] = {{"status", STATUS(DIFFERENT("4"))},
                                        {"dns-read", DONE("[{'label':'pbx','count':5}]")},
                                        {"status", STATUS(DIFFERENT("5"))}};
    CHECK_EQ(PLAY(wrong, dns_run, "dns verify"), COMMAND_NO);
    CHECK_HAS(output, "rfc2136: WRONG\n");
    static const struct line spreading[] = {{"status", STATUS(SPREADING("4"))},
                                            {"dns-read", DONE("[{'label':'pbx','count':5}]")},
                                            {"status", STATUS(SPREADING("5"))}};
    CHECK_EQ(PLAY(spreading, dns_run, "dns verify"), COMMAND_NO);
    CHECK_HAS(output, "rfc2136: NOT YET EVERYWHERE\n");
    CHECK_HAS(output, "1 of 2 servers show what the first one shows");
    static const struct line refused[] = {
        {"status", STATUS(DIFFERENT("4"))},
        {"dns-read", "{'v':1,'code':4,'text':'only root may'}"}};
    CHECK_EQ(PLAY(refused, dns_run, "dns verify"), COMMAND_REFUSED);
}

TEST(adopt_shows_and_does_nothing)
{
    static const struct line lines[] = {{"dns-read", "{'v':1,'code':4,'text':'only root may'}"},
                                        {"{'v': 1, 'command': 'dns-adopt'}", ""}};
    struct line shown[2] = {lines[0], {"'command':'dns-adopt'}", PREVIEW("true", "true")}};
    CHECK_EQ(PLAY(shown, dns_run, "dns adopt"), COMMAND_YES);
    CHECK_STR(output,
              "pbx.example.com (record pbx), rfc2136: can be adopted\n"
              "there       A 203.0.113.10; ttl 300; no fence\n"
              "will be     A 203.0.113.10; ttl 60; fence of server1 under epoch 2\n"
              "  - the name exists\n"
              "  - the addresses stay as they are\n"
              "nothing was done yet. To do it: holdfast dns adopt pbx --yes --move\n");
    shown[1].reply = PREVIEW("false", "false");
    CHECK_EQ(PLAY(shown, dns_run, "dns adopt --yes"), COMMAND_NO);
    CHECK_HAS(output, "not adopted");
    shown[1].reply = "{'v':1,'code':4,'text':'server2 holds: run it there'}";
    CHECK_EQ(PLAY(shown, dns_run, "dns adopt"), COMMAND_REFUSED);
}

TEST(adopt_orders_what_was_shown)
{
    static const struct line lines[] = {
        {"dns-read", DONE("[{'label':'pbx','count':2}]")},
        {"status", STATUS(DIFFERENT("2"))},
        {"'command':'dns-adopt'", PREVIEW("true", "false")},
        {"'label':'pbx','seen':{'fence':'','fences':0,'a':['203.0.113.10'],'aaaa':[],"
         "'ttl_s':300},'move':false", DONE("null")},
        {"status", STATUS(RECORD("writing", "", "0", "203.0.113.10", "3",
                                 "'differences':[],'adopting':true"))},
        {"status", STATUS(RIGHT("4"))}};
    CHECK_EQ(PLAY(lines, dns_run, "dns adopt pbx --yes"), COMMAND_YES);
    CHECK_HAS(output, "adopted: record pbx is written and read back, ");
    struct line ended[6];
    memcpy(ended, lines, sizeof ended);
    ended[5].reply = STATUS(DIFFERENT("4"));
    CHECK_EQ(PLAY(ended, dns_run, "dns adopt pbx --yes --json"), COMMAND_NO);
    CHECK_HAS(output, "\"adopted\": false");
    CHECK_HAS(output, "record pbx is not seen to be adopted: unadopted; see 'holdfast events'");
}

TEST(usage)
{
    static const struct line lines[] = {{"", ""}};
    CHECK_EQ(PLAY(lines, dns_run, "dns"), COMMAND_USAGE);
    CHECK_HAS(output, "say show, verify or adopt");
    CHECK_EQ(PLAY(lines, dns_run, "dns show --yes"), COMMAND_USAGE);
    CHECK_EQ(PLAY(lines, dns_run, "dns adopt pbx --move"), COMMAND_USAGE);
    CHECK_EQ(PLAY(lines, dns_run, "dns show a b"), COMMAND_USAGE);
}

TEST(lines_to_set_by_hand_are_not_wrapped)
{
    static const struct line lines[] = {
        {"status", STATUS(RECORD("unknown", "", "0", "198.51.100.20", "1",
                                 "'differences':['it cannot be read now: no answer'],"
                                 "'by_hand':['pbx.example.com. 60 IN A 203.0.113.10',"
                                 "'_holdfast.pbx.example.com. 60 IN TXT \\'v=1;e=1795727478;"
                                 "h=server1;t=11d2818cc8b7f0e7\\'']"))}};
    CHECK_EQ(PLAY(lines, dns_run, "dns show"), COMMAND_NO);
    CHECK_HAS(output, "\n      pbx.example.com. 60 IN A 203.0.113.10\n"
                      "      _holdfast.pbx.example.com. 60 IN TXT \"v=1;e=1795727478;h=server1;"
                      "t=11d2818cc8b7f0e7\"\n");
    CHECK_HAS(output, "Only while this node holds");
}

CHECK_MAIN
