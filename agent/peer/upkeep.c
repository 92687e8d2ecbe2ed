/* Happy path: the order counts at once and is written by `replace`, off the loop; then on_done runs
 * on the loop. "Off" is written like any other order, as an end at 0.
 *
 * Failure modes: a disk that is full or slow: on_done says no, late if need be; the order counts
 * in this life of the process all the same. A damaged file: no maintenance, with a warning; a
 * clock that was set far back cannot lengthen it beyond 30 days. */
#include "upkeep.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "replace.h"

#define FILE_NAME "maintenance"
#define FILE_SIZE_MAX 4096

struct upkeep {
    int directory;
    struct replace *replace;
    struct upkeep_order order;
};

static bool parse(const char *bytes, size_t size, struct upkeep_order *ret)
{
    json_t *object = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *until = json_object_get(object, "until_wall_s");
    const char *reason = json_string_value(json_object_get(object, "reason"));
    bool good = json_is_integer(until) && json_integer_value(until) >= 0;
    if (good) {
        ret->until_wall_s = json_integer_value(until);
        snprintf(ret->reason, sizeof ret->reason, "%s", reason == NULL ? "" : reason);
    }
    json_decref(object);
    return good;
}

static void read_order(struct upkeep *upkeep, const char *state_dir, struct err *warning)
{
    char bytes[FILE_SIZE_MAX];
    struct upkeep_order found = {0};
    int fd = openat(upkeep->directory, FILE_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return;
    ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (size < 0) {
        (void)err_set(warning, ERR_STATE, "%s/" FILE_NAME ": %s; maintenance is taken to be off",
                      state_dir, strerror(error));
    } else if (!parse(bytes, (size_t)size, &found)) {
        (void)err_set(warning, ERR_STATE, "%s/" FILE_NAME " is damaged; maintenance is taken to "
                                          "be off",
                      state_dir);
    } else if (found.until_wall_s > clock_wall_s()) {
        int64_t latest = clock_wall_s() + UPKEEP_MS_MAX / 1000;
        found.until_wall_s = found.until_wall_s > latest ? latest : found.until_wall_s;
        upkeep->order = found;
    }
}

int upkeep_open(struct upkeep **ret, uv_loop_t *loop, const char *state_dir,
                struct err *warning, struct err *err)
{
    struct upkeep *upkeep = calloc(1, sizeof *upkeep);
    *warning = (struct err){0};
    if (upkeep == NULL)
        return err_set(err, ERR_SYSTEM, "maintenance: out of memory");
    upkeep->directory = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (upkeep->directory < 0) {
        free(upkeep);
        return err_set(err, ERR_STATE, "%s: %s", state_dir, strerror(errno));
    }
    if (replace_open(&upkeep->replace, loop, upkeep->directory, FILE_NAME, err) != 0) {
        close(upkeep->directory);
        free(upkeep);
        return err->code;
    }
    read_order(upkeep, state_dir, warning);
    *ret = upkeep;
    return 0;
}

const struct upkeep_order *upkeep_order(const struct upkeep *upkeep)
{
    return &upkeep->order;
}

bool upkeep_set(struct upkeep *upkeep, const struct upkeep_order *order,
                upkeep_on_done *on_done, void *owner)
{
    json_t *object = json_pack("{s:I, s:s}", "until_wall_s", (json_int_t)order->until_wall_s,
                               "reason", order->reason);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    upkeep->order = *order;
    bool started = text != NULL && replace_write(upkeep->replace, text, on_done, owner);
    free(text);
    return started;
}

void upkeep_close(struct upkeep *upkeep)
{
    if (upkeep == NULL)
        return;
    replace_close(upkeep->replace);
    close(upkeep->directory);
    free(upkeep);
}
