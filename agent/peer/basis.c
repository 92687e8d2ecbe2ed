/* Happy path: the configuration is read, [local] fills what the command line left open, the key
 * says which of the three peers this is.
 *
 * Failure modes: each mistake is a complaint or the err; nothing is printed or logged here. */
#include "basis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "store.h"

static int find_self(struct basis *basis, bool witness, struct err *err)
{
    uint8_t public_key[KEY_SIZE];
    const struct options *options = &basis->options;
    if (keys_read(options->key, &basis->secret, public_key, err) != 0)
        return err->code;
    basis->self = config_peer_of_key(basis->config, public_key);
    if (basis->self == PEER_NONE) {
        char text[KEY_TEXT_SIZE];
        keys_text(public_key, text);
        return err_set(err, ERR_USAGE,
                       "%s: its public half %s is not in %s; expected the key of one of the "
                       "three peers", options->key, text, options->config);
    }
    const struct peer_config *peer = &basis->config->peers[basis->self];
    if (peer->witness == witness)
        return 0;
    return err_set(err, ERR_USAGE, "%s: is the key of %s, a %s; run %s there", options->key,
                   peer->name, peer->witness ? "witness" : "node",
                   peer->witness ? "holdfast-witness" : "holdfastd");
}

int basis_read(struct basis *ret, const struct basis_order *order, struct complaints *complaints,
               struct err *err)
{
    *ret = (struct basis){.options = *order->given, .self = PEER_NONE};
    ret->config = calloc(1, sizeof *ret->config);
    if (ret->config == NULL)
        return err_set(err, ERR_SYSTEM, "out of memory");
    int code = config_read(ret->options.config, ret->config, complaints, err);
    if (code != 0 && complaints->error_count > 0)
        err->text[0] = '\0';
    options_merge(&ret->options, &ret->config->local);
    return code == 0 ? find_self(ret, order->witness, err) : code;
}

void basis_close(struct basis *basis)
{
    keys_close(basis->secret);
    free(basis->config);
    *basis = (struct basis){.self = PEER_NONE};
}

/* All of them in one text, as far as they fit. */
static void explain(const struct complaints *complaints, const struct err *err, char *ret,
                    size_t size)
{
    size_t used = (size_t)snprintf(ret, size, "%s", err->text);
    for (size_t i = 0; i < complaints->count; i++) {
        const struct complaint *one = &complaints->list[i];
        if (one->warning || used + strlen(one->text) + 3 > size)
            continue;
        used += (size_t)snprintf(ret + used, size - used, "%s%s", used == 0 ? "" : "; ",
                                 one->text);
    }
}

bool basis_stands(const struct basis_order *order, char *ret_why, size_t size)
{
    struct basis basis = {.self = PEER_NONE};
    struct err err = {.code = 0};
    struct complaints *complaints = calloc(1, sizeof *complaints);
    if (complaints == NULL) {
        snprintf(ret_why, size, "out of memory");
        return false;
    }
    int code = basis_read(&basis, order, complaints, &err);
    if (code == 0)
        code = store_check(basis.options.state_dir, &err);
    if (code == 0 && order->check != NULL)
        code = order->check(order->owner, basis.config, &err);
    if (code != 0)
        explain(complaints, &err, ret_why, size);
    basis_close(&basis);
    free(complaints);
    return code == 0;
}
