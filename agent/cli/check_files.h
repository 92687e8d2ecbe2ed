/* check_files — the files beside the configuration: secrets, commands, this machine's key.
 *
 * Room: looks at this machine only; adds to the complaints of the configuration. */
#ifndef HOLDFAST_CLI_CHECK_FILES_H
#define HOLDFAST_CLI_CHECK_FILES_H

#include "../peer/config.h"

/* Who this machine is, by the key at `path`: an index, or PEER_NONE when there is no usable key
 * (then a complaint says why; that none is there yet is a warning). */
uint8_t check_files_self(const struct config *config, const char *path,
                         struct complaints *complaints);
/* Secrets and commands that the configuration names, as far as peer `self` needs them; for
 * PEER_NONE everything is looked at, and what is missing is only a warning. */
void check_files_named(const struct config *config, uint8_t self, struct complaints *complaints);
/* The same without the secrets: commands, certificates, and who may change the file. */
void check_files_commands(const struct config *config, uint8_t self,
                          struct complaints *complaints);

/* What a secret file must hold: any line, the base64 of a TSIG key, a profile with keys. */
enum check_secret { CHECK_SECRET_LINE, CHECK_SECRET_BASE64, CHECK_SECRET_CREDENTIALS };
/* Would the daemon take this secret file of `record`? 0, or ERR_USAGE: what is wrong with it. */
int check_files_secret(const struct record_config *record, enum check_secret kind,
                       const char *path, struct err *err);

#endif
