/* reload — what SIGHUP may change in a running daemon, and a plain word about what it may not.
 *
 * Used by: station. Taken up: the peers' addresses and the notify command. Everything else is
 * part of the cluster's settings and needs `holdfast restart`, one peer after the other. */
#ifndef HOLDFAST_PEER_RELOAD_H
#define HOLDFAST_PEER_RELOAD_H

#include "config.h"
#include "pump.h"

/* Reads the file of `config` again and changes *config and the pump's addresses in place. A file
 * with mistakes changes nothing. Logs what became of it. True when something was taken up. */
bool reload_config(struct config *config, struct pump *pump);

#endif
