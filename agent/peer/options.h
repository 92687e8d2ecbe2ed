/* options — the command line that both daemons and the CLI share, and where it meets [local].
 *
 * Room: --config --key --state-dir --socket everywhere; --listen --foreground of the daemons,
 * --json of the CLI. Command line wins over [local], [local] over the defaults. */
#ifndef HOLDFAST_PEER_OPTIONS_H
#define HOLDFAST_PEER_OPTIONS_H

#include "config.h"
#include "err.h"

#define OPTIONS_CONFIG "/etc/holdfast/holdfast.conf"
#define OPTIONS_KEY "/etc/holdfast/holdfast.key"
#define OPTIONS_STATE_DIR "/var/lib/holdfast"
#define OPTIONS_SOCKET "/run/holdfast/holdfast.sock"
#define OPTIONS_PORT 9930

/* Which options are known, and what happens to the rest. */
enum options_program { OPTIONS_DAEMON, OPTIONS_CLI };

struct options {
    char config[PATH_SIZE]; /* always set after options_parse */
    char key[PATH_SIZE];    /* these: "" until options_merge when not on the command line */
    char state_dir[PATH_SIZE];
    char socket[PATH_SIZE];
    struct endpoint listen[ADDRESS_MAX]; /* literal addresses */
    size_t listen_count;
    bool config_given; /* on the command line, so that its absence is an error */
    bool foreground, json;
    bool version, help; /* to be answered and nothing else */
};

/* Takes the known options out of argv[1..*argc), wherever they stand before a "--"; what is left
 * moves up and *argc shrinks. A daemon has nothing left: anything else is refused. In the CLI the
 * rest belongs to the command, and --version and --help count only before it.
 * ERR_USAGE: unknown, doubled, without value, too long, a --listen that is no address. */
int options_parse(struct options *ret, enum options_program program, int *argc, char **argv,
                  struct err *err);
/* What --help of a daemon says about its options and exit codes; goes behind a first line of the
 * daemon's own. */
const char *options_text(void);
/* Fills what the command line left open: from [local] (may be NULL), else the default. */
void options_merge(struct options *options, const struct local_config *local);

#endif
