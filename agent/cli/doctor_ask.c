/* Happy path: the daemon is asked, told to read its providers, and asked again until each record
 * shows a read that began after that.
 *
 * Failure modes: no daemon: a line with the command that starts it. Whoever may not give orders,
 * or a node that waits for a permit, sees what was read last; a line says so after 8 s. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../peer/clock.h"
#include "client.h"
#include "doctor.h"
#include "screen_parts.h"

#define LIMIT_MS 8000
#define STEP_MS 50

#define text_of screen_parts_text
#define number_of screen_parts_number

static json_t *ask_once(const struct doctor *doctor, bool poke, struct err *err)
{
    struct client_answer answer;
    json_t *request = client_request("status"), *result = NULL;
    if (poke)
        (void)json_object_set_new(request, "poke", json_true());
    int failed = client_ask(doctor->options->socket, request, CLIENT_LIMIT_MS, &answer, err);
    json_decref(request);
    if (failed == 0 && answer.result == NULL)
        (void)err_set(err, ERR_REMOTE, "it answered without a result: %s", answer.text);
    else if (failed == 0)
        result = json_incref(answer.result);
    client_forget(&answer);
    return result;
}

static int64_t count_of(const json_t *status, size_t index, const char *which)
{
    const json_t *record = json_array_get(json_object_get(status, "records"), index);
    return number_of(json_object_get(record, "reads"), which, -1);
}

/* Has each record a read that began (or ended) after that of `before`? A daemon that does not
 * count its reads is taken as it is. */
static bool is_newer(const json_t *before, const json_t *now, const char *which)
{
    size_t count = json_array_size(json_object_get(before, "records"));
    for (size_t i = 0; i < count; i++) {
        int64_t then = count_of(before, i, "begun");
        if (then >= 0 && count_of(now, i, which) <= then)
            return false;
    }
    return true;
}

/* Is a write or its read-back under way? */
static bool is_writing(const json_t *status)
{
    const json_t *records = json_object_get(status, "records");
    for (size_t i = 0; i < json_array_size(records); i++)
        if (strcmp(text_of(json_array_get(records, i), "state"), "writing") == 0)
            return true;
    return false;
}

static void say_stale(struct doctor *doctor)
{
    DOCTOR_SAY(doctor, DOCTOR_DAEMON, "providers", DOCTOR_WARN,
               geteuid() == 0 ? "holdfast why" : "sudo holdfast doctor",
               "were not read anew within %d s: what follows is what was read last",
               LIMIT_MS / 1000);
}

/* Takes the reference to `first`. */
static json_t *read_anew(struct doctor *doctor, json_t *first)
{
    mono_ms until = clock_now() + LIMIT_MS;
    json_t *status = json_incref(first);
    bool newer = is_newer(first, status, "ended"), told = false;
    while ((!newer || is_writing(status)) && clock_now() < until) {
        struct err err = {0};
        if (!told && !newer && isatty(STDERR_FILENO))
            fputs("reading the providers ...\r", stderr);
        told = true;
        json_t *next = ask_once(doctor, !is_newer(first, status, "begun"), &err);
        if (next == NULL)
            break;
        json_decref(status);
        status = next;
        newer = is_newer(first, status, "ended");
        if (!newer || is_writing(status))
            (void)poll(NULL, 0, STEP_MS);
    }
    if (told && isatty(STDERR_FILENO))
        fputs("\033[K", stderr);
    if (!newer)
        say_stale(doctor);
    json_decref(first);
    return status;
}

static void compare(struct doctor *doctor, const json_t *status)
{
    const char *version = text_of(status, "version"), *hash = text_of(status, "settings_hash");
    char own[17];
    (void)snprintf(own, sizeof own, "%016llx",
                   (unsigned long long)config_settings_hash(&doctor->config));
    if (strcmp(version, HOLDFAST_VERSION) != 0)
        DOCTOR_SAY(doctor, DOCTOR_DAEMON, "version", DOCTOR_WARN, "holdfast restart",
                   "the daemon is holdfast %s, this program is %s", version, HOLDFAST_VERSION);
    if (doctor->readable && strcmp(hash, own) != 0)
        DOCTOR_SAY(doctor, DOCTOR_DAEMON, "settings", DOCTOR_WARN, "holdfast restart",
                   "the daemon runs with other settings than those in %s now",
                   doctor->config.path);
}

json_t *doctor_ask(struct doctor *doctor)
{
    struct err err = {0};
    json_t *status = ask_once(doctor, false, &err);
    bool denied = strstr(err.text, "permission denied") != NULL;
    if (status == NULL) {
        const char *start = doctor->self == PEER_WITNESS ? "systemctl start holdfast-witness"
                                                         : "systemctl start holdfastd";
        DOCTOR_SAY(doctor, DOCTOR_DAEMON, "socket", DOCTOR_FAIL,
                   denied ? "sudo holdfast doctor" : start, "%s", err.text);
        return NULL;
    }
    DOCTOR_SAY(doctor, DOCTOR_DAEMON, "socket", DOCTOR_OK, NULL,
               "answers at %s, is %s, holdfast %s", doctor->options->socket,
               text_of(status, "self"), text_of(status, "version"));
    compare(doctor, status);
    return read_anew(doctor, status);
}
