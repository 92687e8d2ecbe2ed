/* holdfastd — the agent of a node: elects, and while it holds moves the floating record.
 *
 * Happy path: the station runs; this file hands it what only a node has: its duties.
 * Failure modes: those of the station; a record's or probe's trouble is a state in `status`. */
#include "node/dns_answers.h"
#include "node/duty.h"
#include "peer/station.h"

struct node {
    struct duty *duty;
    bool fit; /* kept beyond the end of duty, for `holdfast restart` */
};

static int on_open(void *owner, const struct station_rooms *rooms, struct err *err)
{
    struct node *node = owner;
    struct duty_world world = {.loop = rooms->loop,
                               .config = rooms->config,
                               .state_dir = rooms->state_dir,
                               .self = rooms->self,
                               .pump = rooms->pump,
                               .events = rooms->events,
                               .resumed_fit = rooms->resumed_fit};
    return duty_open(&node->duty, &world, err);
}

static int on_check(void *owner, const struct config *config, struct err *err)
{
    (void)owner;
    return duty_check(config, err);
}

static void on_demoted(void *owner)
{
    struct node *node = owner;
    duty_demoted(node->duty);
}

static void on_close(void *owner)
{
    struct node *node = owner;
    if (node->duty == NULL)
        return;
    node->fit = duty_is_fit(node->duty);
    duty_close(node->duty);
    node->duty = NULL;
}

static bool on_is_fit(void *owner)
{
    const struct node *node = owner;
    return node->fit;
}

static bool on_is_readable(void *owner)
{
    const struct node *node = owner;
    return duty_is_readable(node->duty);
}

static void on_poke(void *owner)
{
    struct node *node = owner;
    duty_poke(node->duty);
}

static json_t *on_records(void *owner)
{
    const struct node *node = owner;
    return duty_records(node->duty);
}

static json_t *on_probes(void *owner)
{
    const struct node *node = owner;
    return duty_probes(node->duty);
}

static json_t *on_unfit_reasons(void *owner)
{
    const struct node *node = owner;
    return duty_unfit_reasons(node->duty);
}

static bool on_handle(void *owner, struct control_call *call, const char *command,
                      const json_t *request)
{
    const struct node *node = owner;
    return dns_answer(node->duty, call, command, request);
}

int main(int argc, char **argv)
{
    struct node node = {.duty = NULL};
    struct station_program program = {
        .name = "holdfastd",
        .first_line = "holdfastd - the agent of a node of the pair",
        .open = on_open,
        .check = on_check,
        .demoted = on_demoted,
        .close = on_close,
        .is_fit = on_is_fit,
        .is_readable = on_is_readable,
        .poke = on_poke,
        .records = on_records,
        .probes = on_probes,
        .unfit_reasons = on_unfit_reasons,
        .handle = on_handle,
        .owner = &node,
    };
    return station_run(&program, argc, argv);
}
