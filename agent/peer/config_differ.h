/* config_differ — which settings of two configurations differ, in words.
 *
 * Used by: reload, to name what needs a restart. Pure. Knows no setting twice: what counts is
 * whether config_settings_hash changes with it. */
#ifndef HOLDFAST_PEER_CONFIG_DIFFER_H
#define HOLDFAST_PEER_CONFIG_DIFFER_H

#include "config.h"

/* "[cluster] interval or lease, [record pbx.example.com]": cut at `size`; "" when none does.
 * Peers' addresses and notify are left out: they need no restart. Of [local], all counts. */
void config_differ_text(const struct config *old, const struct config *fresh, char *ret,
                        size_t size);

#endif
