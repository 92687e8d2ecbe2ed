/* Happy path: lines become sections and keys, keys become values, the whole is checked, the
 * complaints are sorted.
 *
 * Failure modes: a file that cannot be read is ERR_USAGE at once; everything that is wrong inside
 * it is collected, and the first complaint becomes the error's text. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_draft.h"
#include "config_line.h"

static void on_section(void *owner, unsigned line, const char *title)
{
    struct draft *draft = owner;
    draft->line = line;
    config_section_open(draft, title);
}

static void on_value(void *owner, unsigned line, const char *key, const char *value)
{
    struct draft *draft = owner;
    draft->line = line;
    if (draft->kind == DRAFT_NONE) {
        struct complaint_place place = config_draft_here(draft, key);
        complaint_error(draft->complaints, &place,
                        "before the first [section]; expected one above it");
        return;
    }
    config_field_take(draft, key, value);
}

static void on_fault(void *owner, unsigned line, const char *text)
{
    struct draft *draft = owner;
    draft->line = line;
    struct complaint_place place = config_draft_here(draft, "");
    place.section = draft->kind < DRAFT_KIND_COUNT ? draft->title : "";
    complaint_error(draft->complaints, &place, "%s", text);
}

static void set_defaults(struct config *config)
{
    memcpy(config->profile, "normal", sizeof "normal");
    config->drift_ppm = 10000;
    config->prefer = PEER_NONE;
    config->promote_delay_ms = 500;
    config->failback_after_ms = 600000;
    config->min_hold_ms = 60000;
    config->peers[PEER_WITNESS].witness = true;
}

static int report(const struct complaints *complaints, struct err *err)
{
    if (complaints->error_count == 0)
        return 0;
    for (size_t i = 0; i < complaints->count; i++)
        if (!complaints->list[i].warning)
            return err_set(err, ERR_USAGE, "%s", complaints->list[i].text);
    return err_set(err, ERR_USAGE, "%zu errors in the configuration", complaints->error_count);
}

int config_parse(FILE *file, const char *path, struct config *ret, struct complaints *complaints,
                 struct err *err)
{
    memset(ret, 0, sizeof *ret);
    memset(complaints, 0, sizeof *complaints);
    if (strlen(path) >= sizeof ret->path)
        return err_set(err, ERR_USAGE, "%.100s...: the path is longer than %d bytes", path,
                       PATH_SIZE - 1);
    memcpy(ret->path, path, strlen(path) + 1);
    set_defaults(ret);
    struct draft *draft = calloc(1, sizeof *draft);
    if (draft == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    *draft = (struct draft){.config = ret, .complaints = complaints, .kind = DRAFT_NONE};
    draft->demote_lead_ms = -1;
    struct config_line_listener listener = {on_section, on_value, on_fault, draft};
    config_line_read(file, &listener);
    config_section_close(draft);
    if (draft->demote_lead_ms < 0)
        ret->demote_lead_ms = ret->lease_ms / 4 < 500 ? ret->lease_ms / 4 : 500;
    config_check_whole(draft);
    complaint_sort(complaints);
    free(draft);
    return report(complaints, err);
}

int config_read(const char *path, struct config *ret, struct complaints *complaints,
                struct err *err)
{
    memset(ret, 0, sizeof *ret);
    memset(complaints, 0, sizeof *complaints);
    struct stat status;
    /* O_NONBLOCK: a pipe without a writer must not hang the program. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_USAGE, "%s: %s; expected the configuration there (see --config)",
                       path, strerror(errno));
    FILE *file = NULL;
    int code = 0;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        code = err_set(err, ERR_USAGE, "%s: is no regular file", path);
    else if ((file = fdopen(fd, "r")) == NULL)
        code = err_set(err, ERR_SYSTEM, "%s: %s", path, strerror(errno));
    else
        code = config_parse(file, path, ret, complaints, err);
    if (file != NULL)
        (void)fclose(file);
    else
        close(fd);
    return code;
}

uint8_t config_peer(const struct config *config, const char *name)
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (name[0] != 0 && strcmp(config->peers[i].name, name) == 0)
            return i;
    return PEER_NONE;
}

uint8_t config_peer_of_key(const struct config *config, const uint8_t key[KEY_SIZE])
{
    for (uint8_t i = 0; i < PEER_COUNT; i++)
        if (config->peers[i].line != 0 && memcmp(config->peers[i].public_key, key, KEY_SIZE) == 0)
            return i;
    return PEER_NONE;
}
