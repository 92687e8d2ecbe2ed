/* Happy path: somebody holds, all three hear each other directly, the clocks agree, and a crash
 * of the holder would be survived.
 *
 * Failure modes: what is missing is a line with the remedy. Loss is known of what comes in; what
 * becomes of our own statements is known there: a line says to ask there. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "screen_parts.h"

#define text_of screen_parts_text
#define number_of screen_parts_number
#define is_true screen_parts_true

#define SKEW_S_WARN 5        /* wall clocks this far apart confuse readers of logs */
#define LOSS_PERCENT_WARN 10 /* a lease rides out much more, but not for fun */
#define REMEDY_SIZE 1024

/* ---- the cluster ---- */

static void look_at_orders(struct doctor *doctor)
{
    const json_t *status = doctor->status;
    if (is_true(status, "paused"))
        DOCTOR_SAY(doctor, DOCTOR_CLUSTER, "pause", DOCTOR_WARN, "holdfast resume",
                   "the cluster is paused: no takeover, no record is written");
    if (is_true(status, "maintenance"))
        DOCTOR_SAY(doctor, DOCTOR_CLUSTER, "maintenance", DOCTOR_WARN, "holdfast maintenance off",
                   "this node is in maintenance: it does not claim");
    if (is_true(status, "forced"))
        DOCTOR_SAY(doctor, DOCTOR_CLUSTER, "forced", DOCTOR_WARN, "holdfast release",
                   "a forced takeover is on: this node acts without two of three");
    if (is_true(status, "frozen"))
        DOCTOR_SAY(doctor, DOCTOR_CLUSTER, "frozen", DOCTOR_FAIL,
                   "holdfast events; then on the machine that was cloned: mv its key away, "
                   "holdfast keygen, and put the new public-key into the file of all three",
                   "two statements signed with one key contradict each other: automatic moves "
                   "are stopped");
    if (is_true(status, "members_pending"))
        DOCTOR_SAY(doctor, DOCTOR_KEYS, "members", DOCTOR_WARN,
                   "put the same file on the other node, then there: holdfast restart; if it is "
                   "gone for good: holdfast recover --peer-is-down NODE",
                   "the set of keys changed, and the other node has not shown the same");
    if (is_true(status, "store_failing"))
        DOCTOR_SAY(doctor, DOCTOR_STATE, "disk", DOCTOR_FAIL, "df -h /var/lib/holdfast; free the "
                   "disk or mend it, the daemon goes on by itself",
                   "the state directory cannot be written: this peer makes no new promise");
}

static void first_reason(const json_t *list, char *ret, size_t size)
{
    const json_t *one = json_array_get(list, 0);
    (void)snprintf(ret, size, "%s", text_of(one, "condition"));
}

static void look_at_cluster(struct doctor *doctor)
{
    const json_t *status = doctor->status;
    const char *holder = text_of(status, "holder");
    char why[512] = "";
    look_at_orders(doctor);
    if (holder[0] == 0) {
        first_reason(json_object_get(status, "not_claiming_because"), why, sizeof why);
        DOCTOR_SAY(doctor, DOCTOR_CLUSTER, "holder", DOCTOR_FAIL, "holdfast why",
                   "nobody holds%s%s", why[0] != 0 ? ": " : "", why);
    } else if (!is_true(status, "ready")) {
        first_reason(json_object_get(status, "not_ready_because"), why, sizeof why);
        DOCTOR_SAY(doctor, DOCTOR_CLUSTER, "crash", DOCTOR_WARN,
                   "mend what the lines below say of the peers; then: holdfast ready",
                   "%s holds, and its crash would not be survived now: %s", holder, why);
    } else {
        DOCTOR_SAY(doctor, DOCTOR_CLUSTER, "crash", DOCTOR_OK, NULL,
                   "%s holds, and its crash would be survived", holder);
    }
    if (json_is_false(json_object_get(status, "fit")))
        DOCTOR_SAY(doctor, DOCTOR_CLUSTER, "fitness", DOCTOR_WARN, "holdfast status",
                   "this node is not fit: a probe says so");
}

static void look_at_machine(struct doctor *doctor)
{
    int64_t stalls = number_of(doctor->status, "stalls", 0);
    char longest[32], remedy[REMEDY_SIZE];
    screen_span(number_of(doctor->status, "stall_ms_max", 0), longest, sizeof longest);
    bool fast = strcmp(text_of(doctor->status, "profile"), "fast") == 0;
    (void)snprintf(remedy, sizeof remedy, "holdfast events --last 50 (when it was); give the "
                   "machine more CPU, or set profile = %s in [cluster] of %s on all three, then: "
                   "holdfast restart", fast ? "normal" : "patient", doctor->options->config);
    if (stalls > 0)
        DOCTOR_SAY(doctor, DOCTOR_MACHINE, "stalls", DOCTOR_WARN, remedy,
                   "this process stood still %" PRId64 " time%s since its start, at most %s",
                   stalls, stalls == 1 ? "" : "s", longest);
    else
        DOCTOR_SAY(doctor, DOCTOR_MACHINE, "stalls", DOCTOR_OK, NULL,
                   "this process never stood still since its start");
}

/* ---- one peer ---- */

/* "10.0.0.2 port 9930", the first address in the configuration. */
static void place_of(const struct doctor *doctor, const char *name, char *ret, size_t size)
{
    uint8_t peer = config_peer(&doctor->config, name);
    const struct endpoint *first = NULL;
    if (peer != PEER_NONE && doctor->config.peers[peer].address_count > 0)
        first = &doctor->config.peers[peer].addresses[0];
    (void)snprintf(ret, size, "%s port %u", first == NULL ? "it" : first->host,
                   first == NULL ? 9930 : (unsigned)first->port);
}

static void say_silent(struct doctor *doctor, const json_t *peer)
{
    const char *name = text_of(peer, "name");
    bool witness = strcmp(text_of(peer, "role"), "witness") == 0;
    int64_t age_ms = number_of(peer, "age_ms", -1);
    int64_t interval_ms = number_of(doctor->status, "interval_ms", 500);
    char place[HOST_SIZE + 16], remedy[REMEDY_SIZE];
    place_of(doctor, name, place, sizeof place);
    if (age_ms >= 0 && age_ms <= interval_ms * 5 / 2) {
        (void)snprintf(remedy, sizeof remedy, "let UDP from this machine to %s pass (firewall "
                       "there, or between)", place);
        DOCTOR_SAY(doctor, DOCTOR_PEER, name, DOCTOR_FAIL, remedy,
                   "is heard, but hears nothing of this machine");
        return;
    }
    (void)snprintf(remedy, sizeof remedy, "on %s: systemctl start %s; if it runs: let UDP to and "
                   "from %s pass, and compare the files: holdfast check on both", name,
                   witness ? "holdfast-witness" : "holdfastd", place);
    if (age_ms < 0)
        DOCTOR_SAY(doctor, DOCTOR_PEER, name, DOCTOR_FAIL, remedy,
                   "was never heard since this daemon started");
    else
        DOCTOR_SAY(doctor, DOCTOR_PEER, name, DOCTOR_FAIL, remedy, "is silent for %" PRId64 " s",
                   (age_ms + 500) / 1000);
}

static void say_heard(struct doctor *doctor, const json_t *peer)
{
    const char *name = text_of(peer, "name"), *state = text_of(peer, "state");
    const char *via = text_of(peer, "via"), *note = text_of(peer, "note");
    char remedy[REMEDY_SIZE], place[HOST_SIZE + 16];
    place_of(doctor, name, place, sizeof place);
    (void)snprintf(remedy, sizeof remedy, "copy %s to %s (it must be the same on all three), then "
                   "there: holdfast restart", doctor->options->config, name);
    if (note[0] != 0) {
        bool twice = strstr(note, "two processes") != NULL;
        bool wrong = strcmp(state, "misconfigured") == 0;
        DOCTOR_SAY(doctor, DOCTOR_PEER, name, wrong ? DOCTOR_FAIL : DOCTOR_WARN,
                   twice ? "stop the daemon on the machine that has a copy of its key" : remedy,
                   "%s", note);
    } else if (via[0] != 0 && strcmp(via, "direct") != 0) {
        (void)snprintf(remedy, sizeof remedy, "let UDP to and from %s pass", place);
        DOCTOR_SAY(doctor, DOCTOR_PEER, name, DOCTOR_WARN, remedy,
                   "is heard only through %s: the way between the two is cut", via);
    } else {
        DOCTOR_SAY(doctor, DOCTOR_PEER, name, DOCTOR_OK, NULL, "%s, heard directly, holdfast %s",
                   state, text_of(peer, "version"));
    }
}

static void look_at_version(struct doctor *doctor, const json_t *peer)
{
    const char *name = text_of(peer, "name"), *version = text_of(peer, "version");
    const char *own = text_of(doctor->status, "version");
    char remedy[REMEDY_SIZE];
    (void)snprintf(remedy, sizeof remedy, "install the same package on %s, then there: holdfast "
                   "restart", name);
    if (version[0] != 0 && strcmp(version, own) != 0)
        DOCTOR_SAY(doctor, DOCTOR_PEER, name, DOCTOR_WARN, remedy,
                   "runs holdfast %s, this machine %s", version, own);
}

static void look_at_way(struct doctor *doctor, const json_t *peer)
{
    const char *name = text_of(peer, "name");
    int64_t rtt_ms = number_of(peer, "rtt_ms", -1), jitter_ms = number_of(peer, "jitter_ms", 0);
    int64_t loss = number_of(peer, "loss_percent", 0);
    int64_t interval_ms = number_of(doctor->status, "interval_ms", 500);
    bool patient = strcmp(text_of(doctor->status, "profile"), "patient") == 0;
    bool fast = strcmp(text_of(doctor->status, "profile"), "fast") == 0;
    bool slow = rtt_ms + 2 * jitter_ms > interval_ms;
    char remedy[REMEDY_SIZE], trip[64] = "round trip unknown";
    (void)snprintf(remedy, sizeof remedy, "mtr -u -c 50 %s (where is it lost?)%s%s%s%s%s", name,
                   patient ? "" : "; or set profile = ", patient ? "" : fast ? "normal" : "patient",
                   patient ? "" : " in [cluster] of ", patient ? "" : doctor->options->config,
                   patient ? "" : " on all three, then: holdfast restart");
    if (rtt_ms >= 0)
        (void)snprintf(trip, sizeof trip, "round trip %" PRId64 " ms, jitter %" PRId64 " ms",
                       rtt_ms, jitter_ms);
    enum doctor_level level = slow || loss >= LOSS_PERCENT_WARN ? DOCTOR_WARN : DOCTOR_OK;
    DOCTOR_SAY(doctor, DOCTOR_NETWORK, name, level, remedy,
               "%s; %" PRId64 " %% of what it sends is lost (what is lost of ours: holdfast doctor "
               "there)%s", trip, loss, slow ? "; a round trip takes longer than an interval" : "");
}

static void look_at_clock(struct doctor *doctor, const json_t *peer)
{
    const char *name = text_of(peer, "name");
    int64_t skew = number_of(peer, "wall_skew_s", 0);
    char remedy[REMEDY_SIZE];
    (void)snprintf(remedy, sizeof remedy, "timedatectl set-ntp true (on the machine that is off: "
                   "date -u on both tells)");
    if (skew >= SKEW_S_WARN || skew <= -SKEW_S_WARN)
        DOCTOR_SAY(doctor, DOCTOR_CLOCK, name, DOCTOR_WARN, remedy,
                   "its clock is %" PRId64 " s %s this one: times in logs do not match, and DNS "
                   "servers and providers refuse who is 5 minutes off", skew < 0 ? -skew : skew,
                   skew < 0 ? "behind" : "ahead of");
    else
        DOCTOR_SAY(doctor, DOCTOR_CLOCK, name, DOCTOR_OK, NULL, "within %d s of this one",
                   SKEW_S_WARN);
}

void doctor_peers(struct doctor *doctor)
{
    const json_t *peers = json_object_get(doctor->status, "peers");
    look_at_machine(doctor);
    look_at_cluster(doctor);
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *peer = json_array_get(peers, i);
        if (strcmp(text_of(peer, "state"), "silent") == 0) {
            say_silent(doctor, peer);
            continue;
        }
        say_heard(doctor, peer);
        look_at_version(doctor, peer);
        look_at_way(doctor, peer);
        look_at_clock(doctor, peer);
    }
}
