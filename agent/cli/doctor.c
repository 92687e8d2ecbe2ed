/* Happy path: look at this machine, have the daemon look outside, look at what it says; print.
 *
 * Failure modes: no daemon, no usable configuration: a line that fails, and the rest that can be
 * looked at without. Exit 0 when nothing fails, 1 when something does, 2 wrong usage. */
#include "doctor.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"

static bool is_coloured(void)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && (no_colour == NULL || no_colour[0] == 0) &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static void show(const struct doctor_list *list, bool json)
{
    if (!json) {
        doctor_list_print(list, stdout, is_coloured());
        return;
    }
    json_t *object = doctor_list_json(list);
    (void)json_dumpf(object, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
    json_decref(object);
}

int doctor_run(const struct cli_options *options, int argc, char **argv)
{
    bool json = options->json;
    struct args_option table[] = {{.name = "--json", .flag = &json}};
    struct args args = {.usage = "holdfast doctor [--json]", .options = table, .option_count = 1};
    if (!args_parse(&args, argc, argv, NULL))
        return COMMAND_USAGE;
    struct doctor *doctor = calloc(1, sizeof *doctor);
    if (doctor == NULL || sodium_init() < 0 || !doctor_list_open(&doctor->list)) {
        fprintf(stderr, "holdfast: out of memory\n");
        free(doctor);
        return COMMAND_NO;
    }
    doctor->options = options;
    doctor->self = PEER_NONE;
    doctor_local(doctor);
    json_t *status = doctor_ask(doctor);
    doctor->status = status;
    if (status != NULL) {
        doctor_peers(doctor);
        doctor_records(doctor);
    }
    show(&doctor->list, json);
    int code = doctor->list.counts[DOCTOR_FAIL] == 0 ? COMMAND_YES : COMMAND_NO;
    json_decref(status);
    doctor_list_close(&doctor->list);
    free(doctor);
    return code;
}
