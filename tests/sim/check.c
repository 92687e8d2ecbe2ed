#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "world.h"

void check_init(struct check *check)
{
    memset(check, 0, sizeof *check);
    check->holder_last = check->epoch_owner = check->crashed_last = PEER_NONE;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        check->voters[i].binding.holder = PEER_NONE;
    for (size_t i = 0; i < NODE_COUNT; i++) {
        check->nodes[i].taint_until = MONO_LONG_AGO;
        check->nodes[i].proof_sent = check->nodes[i].fit_heard_at = MONO_LONG_AGO;
    }
}

bool check_failed(const struct world *world)
{
    return world->check.checker[0] != '\0';
}

static bool is_muted(const struct world *world, const char *checker)
{
    size_t size = strlen(checker);
    const char *at = world->muted;
    while (at != NULL && *at != '\0') {
        if (strncmp(at, checker, size) == 0 && (at[size] == ',' || at[size] == '\0'))
            return true;
        at = strchr(at, ',');
        if (at != NULL)
            at++;
    }
    return false;
}

void check_fail(struct world *world, const char *checker, const char *format, ...)
{
    struct check *check = &world->check;
    va_list arguments;
    if (check_failed(world) || is_muted(world, checker))
        return;
    snprintf(check->checker, sizeof check->checker, "%s", checker);
    va_start(arguments, format);
    vsnprintf(check->text, sizeof check->text, format, arguments);
    va_end(arguments);
}
