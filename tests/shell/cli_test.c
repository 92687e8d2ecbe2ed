/* The online commands of `holdfast` against a daemon that answers from a script. The commands
 * belong to the program, which is no library, so they are compiled in here. */
#define check_run command_check_run /* check.h has one of its own */
#include "agent/cli/args.c"
#include "agent/cli/client.c"
#include "agent/cli/events.c"
#include "agent/cli/follow.c"
#include "agent/cli/show.c"
#include "agent/cli/switch.c"
/* These use names of the ones above as macros. */
#include "agent/cli/dns_screen.c"
#include "agent/cli/screen.c"
#include "agent/cli/screen_parts.c"
#include "agent/cli/screen_tail.c"
#include "agent/cli/screen_warn.c"
#undef check_run

#include "tests/lib/daemon_script.h"

#define HOLDER                                                                                  \
    "{'v':1,'code':0,'text':'','result':{'self':'server1','standing':'holder',"                 \
    "'holder':'server1','epoch':10,'boot':'aa','lease_ms':1000}}"
#define GAVE_UP                                                                                 \
    "{'v':1,'code':0,'text':'','result':{'self':'server1','standing':'alone','holder':null,"    \
    "'epoch':null,'since_ms':1,'boot':'aa','lease_ms':1000}}"
#define MOVED                                                                                   \
    "{'v':1,'code':0,'text':'','result':{'self':'server1','standing':'standby',"                \
    "'holder':'server2','epoch':11,'boot':'bb','version':'0.1.0','lease_ms':1000,"              \
    "'records':[{'label':'pbx','epoch':10}]}}"
#define WRITTEN                                                                                 \
    "{'v':1,'code':0,'text':'','result':{'self':'server1','standing':'standby',"                \
    "'holder':'server2','epoch':11,'records':[{'label':'pbx','fence':'cas','state':'ok',"       \
    "'epoch':11,'verified':{'token':'t'}}]}}"
/* The fence is the new holder's, the addresses are not. */
#define DRIFTED                                                                                 \
    "{'v':1,'code':0,'text':'','result':{'self':'server1','standing':'standby',"                \
    "'holder':'server2','epoch':11,'records':[{'label':'pbx','fence':'cas',"                    \
    "'state':'drifted','epoch':11,'verified':null,'detail':'not its own addresses'}]}}"
#define COMMAND_RAN                                                                             \
    "{'v':1,'code':0,'text':'','result':{'self':'server1','standing':'standby',"                \
    "'holder':'server2','epoch':11,'records':[{'label':'pbx','fence':'none',"                   \
    "'state':'unknown','epoch':null,'verified':null}]}}"

TEST(switchover_tells_what_happened_with_times)
{
    static const struct line lines[] = {
        {"'command':'switchover','to':'server2','anyway':false",
         "{'v':1,'code':0,'text':'','result':{'boottime_ms':1,'lease_ms':1000}}"},
        {"status", HOLDER}, {"status", GAVE_UP}, {"status", MOVED}, {"'poke':true", MOVED},
        {"'poke':true", WRITTEN}};
    /* An order of long ago: three leases are over at once, unless the instant is ours. */
    static const struct line late[] = {
        {"switchover", "{'v':1,'code':0,'text':'','result':{'boottime_ms':1,'lease_ms':1000}}"}};
    CHECK_EQ(PLAY(late, switchover_run, "switchover"), COMMAND_NO);
    CHECK_HAS(output, "the lease was not given up within three leases; see 'holdfast why'");
    char reply[128];
    struct line now[6];
    memcpy(now, lines, sizeof now);
    snprintf(reply, sizeof reply, "{'v':1,'code':0,'result':{'boottime_ms':%lld,'lease_ms':2000}}",
             (long long)clock_now());
    now[0].reply = reply;
    CHECK_EQ(PLAY(now, switchover_run, "switchover --to=server2"), COMMAND_YES);
    CHECK_HAS(output, "     0 ms  ordered\n");
    CHECK_HAS(output, " ms  server1 gave up the lease\n");
    CHECK_HAS(output, " ms  server2 holds, epoch 11\n");
    CHECK_HAS(output, " ms  record pbx is written, and read back by this node\n");
}

/* The order's answer with an instant of now. */
static void answer_now(char ret[128])
{
    snprintf(ret, 128, "{'v':1,'code':0,'text':'ok','result':{'leaving':true,"
                       "'boottime_ms':%lld,'lease_ms':2000}}", (long long)clock_now());
}

TEST(a_record_that_is_not_right_is_not_called_written)
{
    char reply[128];
    struct line lines[] = {{"switchover", reply}, {"status", GAVE_UP}, {"status", MOVED},
                           {"'poke':true", DRIFTED}};
    answer_now(reply);
    CHECK_EQ(PLAY(lines, switchover_run, "switchover"), COMMAND_NO);
    CHECK_HAS(output, "record pbx is not seen to be written: drifted, epoch 11: not its own "
                      "addresses; look on the new holder: holdfast status\n");
}

TEST(what_a_command_did_is_not_called_read_back)
{
    char reply[128];
    struct line lines[] = {{"switchover", reply}, {"status", GAVE_UP}, {"status", MOVED},
                           {"'poke':true", COMMAND_RAN}};
    answer_now(reply);
    CHECK_EQ(PLAY(lines, switchover_run, "switchover"), COMMAND_YES);
    CHECK_HAS(output, "record pbx is changed by a command of the new holder, and cannot be read "
                      "back from here\n");
}

TEST(a_switchover_that_does_not_happen_ends_after_three_leases)
{
    char reply[128];
    struct line lines[] = {{"switchover", reply}, {"status", GAVE_UP}};
    mono_ms before = clock_now();
    snprintf(reply, sizeof reply, "{'v':1,'code':0,'result':{'boottime_ms':%lld,'lease_ms':100}}",
             (long long)before);
    CHECK_EQ(PLAY(lines, switchover_run, "switchover --anyway"), COMMAND_NO);
    CHECK_HAS(output, "given up, but the other node was not seen to hold");
    CHECK(clock_now() - before >= 300);
    CHECK(clock_now() - before < 3000);
}

TEST(a_refusal_is_shown_with_its_reasons)
{
    static const struct line lines[] = {
        {"switchover", "{'v':1,'code':4,'text':'server2 is not fit; server2 is in maintenance'}"}};
    CHECK_EQ(PLAY(lines, switchover_run, "switchover"), COMMAND_REFUSED);
    CHECK_STR(output, "holdfast: refused: server2 is not fit; server2 is in maintenance\n");
}

TEST(takeover_needs_both_flags)
{
    static const struct line lines[] = {
        {"'command':'takeover','peer':'server1'", "{'v':1,'code':0,'text':'done'}"}};
    CHECK_EQ(PLAY(lines, takeover_run, "takeover --force"), COMMAND_USAGE);
    CHECK_EQ(PLAY(lines, takeover_run, "takeover --peer-is-down server1"), COMMAND_USAGE);
    CHECK_EQ(PLAY(lines, takeover_run, "takeover --force --peer-is-down server1"), COMMAND_YES);
    CHECK_HAS(output, "holdfast release");
}

TEST(maintenance_is_spelled_out)
{
    static const struct line lines[] = {
        {"'command':'maintenance','on':true,'for_ms':7200000,'reason':'kernel','anyway':true",
         "{'v':1,'code':0,'text':'maintenance until ...'}"},
        {"status", MOVED}};
    CHECK_EQ(PLAY(lines, maintenance_run, "maintenance on --for 2h --reason kernel --anyway"),
             COMMAND_YES);
    CHECK_STR(output, "maintenance until ...\n");
    CHECK_EQ(PLAY(lines, maintenance_run, "maintenance"), COMMAND_USAGE);
    CHECK_EQ(PLAY(lines, maintenance_run, "maintenance maybe"), COMMAND_USAGE);
    CHECK_EQ(PLAY(lines, maintenance_run, "maintenance off --for 2h"), COMMAND_USAGE);
    CHECK_EQ(PLAY(lines, maintenance_run, "maintenance on --for soon"), COMMAND_USAGE);
}

TEST(maintenance_of_the_holder_waits_for_the_hand_over)
{
    char reply[128];
    struct line lines[] = {{"maintenance", reply}, {"status", HOLDER}, {"status", GAVE_UP},
                           {"status", MOVED}, {"'poke':true", WRITTEN}};
    answer_now(reply);
    CHECK_EQ(PLAY(lines, maintenance_run, "maintenance on"), COMMAND_YES);
    CHECK_HAS(output, "server2 holds, epoch 11");
}

TEST(maintenance_of_a_holder_that_stays_is_answered_at_once)
{
    static const struct line lines[] = {
        {"maintenance", "{'v':1,'code':0,'text':'maintenance until ...; it goes on holding',"
                        "'result':{'leaving':false}}"}};
    CHECK_EQ(PLAY(lines, maintenance_run, "maintenance on --anyway"), COMMAND_YES);
    CHECK_STR(output, "maintenance until ...; it goes on holding\n");
}

#define ANEW(standing, holder)                                                                  \
    "{'v':1,'code':0,'text':'','result':{'self':'server1','standing':'" standing "',"           \
    "'holder':" holder ",'epoch':12,'boot':'cc','version':'0.1.0','lease_ms':100}}"

TEST(restart_waits_until_the_new_start_stands_where_the_old_one_stood)
{
    static const struct line lines[] = {{"status", HOLDER},
                                        {"restart", "{'v':1,'code':0,'text':'restarting'}"},
                                        {"status", HOLDER},
                                        {"status", "{'v':1,'code':1,'text':'starting'}"},
                                        {"status", ANEW("alone", "null")},
                                        {"status", ANEW("holder", "'server1'")}};
    CHECK_EQ(PLAY(lines, restart_run, "restart"), COMMAND_YES);
    CHECK_HAS(output, " ms  restarted: holdfast 0.1.0\n");
    CHECK_HAS(output, " ms  server1 holds again\n");
}

TEST(a_restart_that_moved_something_says_so)
{
    static const struct line lines[] = {{"status", HOLDER},
                                        {"restart", "{'v':1,'code':0,'text':'restarting'}"},
                                        {"status", ANEW("standby", "'server2'")}};
    CHECK_EQ(PLAY(lines, restart_run, "restart"), COMMAND_NO);
    CHECK_HAS(output, "it was holder before the restart and is standby now, server2 holds; see "
                      "'holdfast why'");
    static const struct line lost[] = {{"status", HOLDER},
                                       {"restart", "{'v':1,'code':0,'text':'restarting'}"},
                                       {"status", ANEW("alone", "null")}};
    CHECK_EQ(PLAY(lost, restart_run, "restart"), COMMAND_NO);
    CHECK_HAS(output, "it was holder before the restart and is alone now, nobody holds");
}

TEST(recover_asks_before_it_does)
{
    static const struct line lines[] = {
        {"'command':'recover','peer':'server2'", "{'v':1,'code':0,'text':'recovered'}"}};
    int input = dup(STDIN_FILENO), nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    CHECK_EQ(PLAY(lines, recover_run, "recover --peer-is-down server2"), COMMAND_REFUSED);
    CHECK_HAS(output, "nothing was changed");
    CHECK_EQ(PLAY(lines, recover_run, "recover --peer-is-down server2 --yes"), COMMAND_YES);
    CHECK_STR(output, "recovered\n");
    CHECK_EQ(PLAY(lines, recover_run, "recover"), COMMAND_USAGE);
    dup2(input, STDIN_FILENO);
    close(input);
    close(nothing);
}

TEST(events_are_read_page_by_page_to_the_end)
{
    static const struct line lines[] = {
        {"'cursor':0,'max':500,'from_end':false",
         "{'v':1,'code':0,'result':{'events':[{'time':'2026-11-24T03:12:45.123Z','event':'holds',"
         "'epoch':1732,'node':'server1','text':'holds epoch 1732'}],'next':1,'lost':false}}"},
        {"'cursor':1", "{'v':1,'code':0,'result':{'events':[{'event':'dns-write','epoch':null,"
                       "'outcome':'won','ms':12,'text':null}],'next':2,'lost':false}}"},
        {"'cursor':2", "{'v':1,'code':0,'result':{'events':[],'next':2,'lost':false}}"}};
    CHECK_EQ(PLAY(lines, events_run, "events"), COMMAND_YES);
    CHECK_HAS(output, "2026-11-24 03:12:45.123  holds            1732        holds epoch 1732\n");
    CHECK_HAS(output, "dns-write");
    CHECK_HAS(output, " outcome=won ms=12\n");
    CHECK_EQ(PLAY(lines, events_run, "events --json"), COMMAND_YES);
    CHECK_HAS(output, "{\"time\":\"2026-11-24T03:12:45.123Z\",");
}

TEST(the_last_events_are_counted_from_the_end)
{
    static const struct line lines[] = {
        {"'cursor':3,'max':500,'from_end':true",
         "{'v':1,'code':0,'result':{'events':[{'event':'a'}],'next':9,'lost':false}}"},
        {"'cursor':9,'max':500,'from_end':false",
         "{'v':1,'code':0,'result':{'events':[],'next':9,'lost':true}}"}};
    CHECK_EQ(PLAY(lines, events_run, "events --last 3"), COMMAND_YES);
    CHECK_HAS(output, "no longer kept");
    CHECK_EQ(PLAY(lines, events_run, "events --last many"), COMMAND_USAGE);
}

TEST(status_and_why_and_the_yes_no_questions)
{
    static const struct line holder[] = {{"status", HOLDER}};
    static const struct line why[] = {{"why", "{'v':1,'code':0,'result':[]}"}};
    static const struct line no[] = {{"'", "{'v':1,'code':1,'text':'not ready: nobody holds'}"}};
    static const struct line yes[] = {{"'", "{'v':1,'code':0,'text':'ready'}"}};
    CHECK_EQ(PLAY(holder, status_run, "status"), COMMAND_YES);
    CHECK_HAS(output, "server1 HOLDS, epoch 10\n");
    CHECK(strchr(output, '\033') == NULL);
    CHECK_EQ(PLAY(holder, status_run, "status --json"), COMMAND_YES);
    CHECK_HAS(output, "\"epoch\": 10");
    CHECK_EQ(PLAY(holder, status_run, "status now"), COMMAND_USAGE);
    CHECK_EQ(PLAY(why, why_run, "why"), COMMAND_YES);
    CHECK_HAS(output, "all is well");
    CHECK_EQ(PLAY(yes, status_run, "status"), COMMAND_NO);
    CHECK_HAS(output, "without a result");
    CHECK_EQ(PLAY(no, ready_run, "ready"), COMMAND_NO);
    CHECK_STR(output, "not ready: nobody holds\n");
    CHECK_EQ(PLAY(yes, ready_run, "ready"), COMMAND_YES);
    CHECK_EQ(PLAY(no, is_active_run, "is-active"), COMMAND_NO);
    CHECK_STR(output, "");
    CHECK_EQ(PLAY(yes, is_active_run, "is-active"), COMMAND_YES);
    CHECK_STR(output, "");
}

TEST(nobody_there_is_exit_3)
{
    struct daemon_script script = {0};
    static command_run *const commands[] = {status_run, why_run, ready_run, is_active_run,
                                            events_run, switchover_run, release_run, resume_run};
    snprintf(script.options.socket, sizeof script.options.socket, "/nonexistent/socket");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        CHECK_EQ(run(&script, commands[i], "it", output), COMMAND_UNREACHABLE);
        CHECK_HAS(output, "holdfast: daemon not reachable at /nonexistent/socket: no such socket");
    }
}

CHECK_MAIN
