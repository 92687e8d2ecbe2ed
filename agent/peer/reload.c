/* Happy path: the file is read into a second configuration; what may change is copied over.
 *
 * Failure modes: the file is wrong: the old settings stay and each mistake is logged. */
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "config_differ.h"
#include "log.h"

static bool same_peers(const struct config *config, const struct config *fresh)
{
    for (size_t i = 0; i < PEER_COUNT; i++)
        if (memcmp(config->peers[i].public_key, fresh->peers[i].public_key, KEY_SIZE) != 0)
            return false;
    return true;
}

static bool take(struct config *config, const struct config *fresh, struct pump *pump)
{
    struct err err;
    if (!same_peers(config, fresh)) {
        log_text(REASON_WARNING, "reload",
                 "keys changed: nothing was taken up; run 'holdfast restart' on one peer after "
                 "the other");
        return false;
    }
    char rest[400];
    config_differ_text(config, fresh, rest, sizeof rest);
    if (pump_configure(pump, fresh, &err) != 0) {
        log_text(REASON_WARNING, "reload", "%s", err.text);
        return false;
    }
    for (size_t i = 0; i < PEER_COUNT; i++) {
        memcpy(config->peers[i].addresses, fresh->peers[i].addresses,
               sizeof config->peers[i].addresses);
        config->peers[i].address_count = fresh->peers[i].address_count;
    }
    memcpy(config->notify_command, fresh->notify_command, sizeof config->notify_command);
    log_text(REASON_NOTICE, "reload", "took up the peers' addresses and the notify command%s%s",
             rest[0] == 0 ? "" : "; needs 'holdfast restart': ", rest);
    return true;
}

bool reload_config(struct config *config, struct pump *pump)
{
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct config *fresh = calloc(1, sizeof *fresh);
    struct err err = {.code = 0};
    bool taken = false;
    if (complaints != NULL && fresh != NULL) {
        int code = config_read(config->path, fresh, complaints, &err);
        for (size_t i = 1; code != 0 && i < complaints->count; i++)
            log_text(REASON_WARNING, "reload", "%s", complaints->list[i].text);
        if (code != 0) /* err holds the first complaint, or why the file cannot be read */
            log_text(REASON_WARNING, "reload", "the old settings stay: %s", err.text);
        else
            taken = take(config, fresh, pump);
    }
    free(complaints);
    free(fresh);
    return taken;
}
