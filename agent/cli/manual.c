/* Happy path: a text is found and handed out.
 *
 * Failure modes: an unknown command has no text. */
#include "manual.h"

#include <stddef.h>
#include <string.h>

#include "../peer/options.h"

static const char overview[] =
    "holdfast - ask and steer the holdfast daemon of this machine\n"
    "\n"
    "USAGE\n"
    "  holdfast [OPTIONS] COMMAND [ARGUMENTS]\n"
    "  holdfast help COMMAND\n"
    "\n"
    "LOOK\n"
    "  status        who holds, who is there, what is written in the DNS\n"
    "  doctor        what is wrong, and what to do about each\n"
    "  why           what is not happening, and the condition that is missing\n"
    "  events        what happened: elections, refusals, stalls, DNS writes\n"
    "  is-active     exit 0 only on the holder (for cron, ACME, mailers)\n"
    "  ready         exit 0 only if a crash of the holder now would be survived\n"
    "  dns           what the DNS provider has against what is wanted; taking a name over\n"
    "  proof         show or verify the takeover certificate\n"
    "\n"
    "STEER (root, or members of the group holdfast-admin)\n"
    "  switchover    hand over to the other node, planned\n"
    "  maintenance   keep this node from claiming, for a while\n"
    "  pause, resume no takeover and no DNS write, cluster-wide, for a while\n"
    "  restart       restart the daemon in place; nothing moves\n"
    "  takeover      hold without two of three (last resort); release ends it\n"
    "  recover       go on after a peer was lost for good\n"
    "\n"
    "SET UP\n"
    "  keygen        make this machine's private key\n"
    "  pubkey        print its public half\n"
    "  check         say everything that is wrong in the configuration\n"
    "  init          write the first state of a new cluster\n"
    "  version       print the version\n"
    "\n"
    "OPTIONS\n"
    "  --config FILE     configuration  (default " OPTIONS_CONFIG ")\n"
    "  --socket FILE     the daemon's   (default " OPTIONS_SOCKET ")\n"
    "  --key FILE        private key    (default " OPTIONS_KEY ")\n"
    "  --state-dir DIR   state          (default " OPTIONS_STATE_DIR ")\n"
    "  --json            answer in JSON, for programs\n"
    "  --help            this text, or the command's\n"
    "  --version         the version\n"
    "Socket, key and state may also stand in the [local] section of the configuration; an option\n"
    "wins over it.\n"
    "\n"
    "EXIT STATUS\n"
    "  0  yes, done\n"
    "  1  no, or it did not work out\n"
    "  2  wrong usage, configuration or key\n"
    "  3  the daemon cannot be reached\n"
    "  4  the daemon refuses, and says why\n";

static const char help_status[] =
    "usage: holdfast status [--json] [--watch]\n"
    "\n"
    "Shows who holds and since when, the epoch and what is left of the lease, each peer (fresh,\n"
    "late, silent or misconfigured; round trip, loss, direct or relayed), each record (what is\n"
    "in the DNS, verified where and when, and on the holder who has it already: the zone's name\n"
    "servers, the resolvers, until when the last of them keeps the old address), fitness, and\n"
    "what would happen if the holder died now. Warnings come last, each with its remedy.\n"
    "\n"
    "  --watch   draw again in place, until Ctrl-C\n"
    "  --json    the same as JSON; field names are stable, absent = null\n"
    "\n"
    "Exit status: 0 shown, 3 daemon not reachable.\n";
static const char help_why[] =
    "usage: holdfast why [--json]\n"
    "\n"
    "For each thing that is not happening (no takeover, no write, no failback) the exact\n"
    "condition that is missing, and when it could next be true.\n"
    "\n"
    "Exit status: 0 shown, 3 daemon not reachable.\n";
static const char help_events[] =
    "usage: holdfast events [--json] [--follow] [--last N]\n"
    "\n"
    "Lists what happened, oldest first. At most 10 000 events or 4 MB are kept, in the state\n"
    "directory.\n"
    "\n"
    "  --follow   go on and show what comes\n"
    "  --last N   only the newest N\n"
    "  --json     one JSON object per line\n"
    "\n"
    "Exit status: 0 shown, 3 daemon not reachable.\n";
static const char help_switchover[] =
    "usage: holdfast switchover [--to NODE] [--anyway]\n"
    "\n"
    "Run it on the holder: it gives up to the other node, if that is fit, and prints what\n"
    "happened with times. Refused when nobody is fit, or when not one record can be read at its\n"
    "DNS provider: then the new holder could not move the name. With several records, one that\n"
    "cannot be read or is refused keeps the others from nothing: it is named.\n"
    "\n"
    "  --to NODE   only to this node\n"
    "  --anyway    also when no record can be read at its DNS provider, and from one unfit node\n"
    "              to another\n"
    "\n"
    "Exit status: 0 handed over, 1 begun but not finished, 3 daemon not reachable, 4 refused.\n";
static const char help_takeover[] =
    "usage: holdfast takeover --force --peer-is-down NODE\n"
    "\n"
    "Last resort, when the other node AND the witness are gone: this node holds without two of\n"
    "three. Only if you have made sure that NODE is switched off or cut off from every client:\n"
    "nothing else protects you from two holders now. It ends when another peer backs this node,\n"
    "after 24 h, with 'holdfast release', or with a restart of the daemon.\n"
    "\n"
    "Exit status: 0 holds, 3 daemon not reachable, 4 refused.\n";
static const char help_release[] =
    "usage: holdfast release\n"
    "\n"
    "Ends a forced takeover on this node; or, on the node that gave way to one, its waiting.\n"
    "\n"
    "Exit status: 0 done, 3 daemon not reachable, 4 refused.\n";
static const char help_maintenance[] =
    "usage: holdfast maintenance on|off [--for 2h] [--reason TEXT] [--anyway]\n"
    "\n"
    "With 'on', this node claims nothing; a holder first hands over, and is refused when nobody\n"
    "is fit. It survives restarts and ends by itself.\n"
    "\n"
    "  --for LENGTH    how long (30m, 2h, 1d)\n"
    "  --reason TEXT   shown in status\n"
    "  --anyway        also when nobody could take over: a holder then goes on holding, and hands\n"
    "                  over as soon as somebody can\n"
    "\n"
    "Exit status: 0 done, 1 begun but not finished, 3 daemon not reachable, 4 refused.\n";
static const char help_pause[] =
    "usage: holdfast pause [--for 2h]\n"
    "\n"
    "Cluster-wide: no takeover, no DNS write; everybody keeps the role it has. For changes by\n"
    "hand. It ends by itself, or with 'holdfast resume' on any of the machines.\n"
    "\n"
    "Exit status: 0 done, 3 daemon not reachable, 4 refused.\n";
static const char help_resume[] = "usage: holdfast resume\n"
                                  "\n"
                                  "Ends a pause, cluster-wide.\n"
                                  "\n"
                                  "Exit status: 0 done, 3 daemon not reachable, 4 refused.\n";
static const char help_restart[] =
    "usage: holdfast restart\n"
    "\n"
    "The daemon replaces itself by the installed program, keeps its standing, and nothing moves.\n"
    "Use it after an upgrade, and after a change of the configuration that a reload cannot take.\n"
    "Waits until the new one stands where the old one stood: two leases and 2 s at most.\n"
    "\n"
    "Exit status: 0 it does, 1 it does not, 3 daemon not reachable, 4 refused.\n";
static const char help_recover[] =
    "usage: holdfast recover --peer-is-down NODE [--yes]\n"
    "\n"
    "For a peer that waits because its state was lost or the keys were changed, while NODE is\n"
    "gone for good: goes on without hearing NODE. If that machine still runs, two nodes may\n"
    "hold at once; so it asks first.\n"
    "\n"
    "  --yes   do not ask (for scripts that have made sure)\n"
    "\n"
    "Exit status: 0 done, 3 daemon not reachable, 4 refused or not confirmed.\n";
static const char help_is_active[] =
    "usage: holdfast is-active\n"
    "\n"
    "Prints nothing, except why when there is no answer. Exit status: 0 this node holds now, 1 it\n"
    "does not, 3 no answer within 1 s.\n"
    "  */5 * * * *  holdfast is-active && /usr/local/bin/only-on-the-holder\n";
static const char help_ready[] =
    "usage: holdfast ready\n"
    "\n"
    "Would a crash of the holder be survived, if it came now? Prints the reason if not.\n"
    "Exit status: 0 yes, 1 no, 3 daemon not reachable. Made for monitoring.\n";
static const char help_dns[] =
    "usage: holdfast dns show [LABEL] [--json]\n"
    "       holdfast dns verify [LABEL] [--json]\n"
    "       holdfast dns adopt [LABEL] [--yes] [--move] [--json]\n"
    "\n"
    "'show' prints what was read last at the provider of each record (or of record LABEL), what\n"
    "is wanted, and each difference. 'verify' has all its servers read first. Both run on either\n"
    "node.\n"
    "\n"
    "'adopt', on the holder, takes over what is there and is not holdfast's: a name that exists\n"
    "(with adopt = manual in the configuration), a TXT record at the fence's name that holdfast\n"
    "did not write, a fence of this node's epoch that is not its own, an impossible number. It\n"
    "prints what would change and does nothing; with --yes it does it, once, and only if what it\n"
    "showed is still there. The fence of a higher epoch is never adopted.\n"
    "\n"
    "  --yes    do it\n"
    "  --move   also when callers get other addresses from it\n"
    "\n"
    "Exit status of show and verify: 0 as wanted, 1 not (NOT YET EVERYWHERE: it is right where\n"
    "it was written, and some of its servers do not show it yet). Of adopt: 0 shown, nothing to\n"
    "do, or adopted with --yes; 1 cannot be adopted, or was not seen to be written. Of all:\n"
    "2 usage, or no such record, 3 daemon not reachable, 4 refused: not the holder, no right,\n"
    "changed meanwhile, callers would be moved.\n";
static const char help_proof[] =
    "usage: holdfast proof show\n"
    "       holdfast proof verify FILE\n"
    "\n"
    "The takeover certificate: the signed statements that made a node the holder, as JSON\n"
    "{epoch, holder, statements[]}. 'verify' needs no daemon, only the configuration; it also\n"
    "takes evidence.json of the state directory, two statements that contradict each other.\n"
    "\n"
    "Exit status: 0 shown or genuine, 1 not genuine or none, 3 daemon not reachable.\n";
static const char help_init[] =
    "usage: holdfast init\n"
    "\n"
    "Only for a new cluster of which one machine is not yet installed: writes the first state,\n"
    "so that this peer need not hear both others once. Run it on the machines that are there,\n"
    "before the daemon starts. Never on a machine that had a state and lost it.\n"
    "\n"
    "Exit status: 0 written, 1 not possible (no state directory, disk full), 2 usage,\n"
    "configuration or key, 4 refused: there is a state, or the daemon runs.\n";
static const char help_keygen[] =
    "usage: holdfast keygen [--output FILE]\n"
    "\n"
    "Makes the private key of this machine, mode 0600, in FILE (default: the --key file), and\n"
    "prints the public half, which belongs into the configuration of all three machines:\n"
    "  public-key = ...\n"
    "A file that exists is never overwritten. The private key is never printed and leaves this\n"
    "machine never.\n"
    "\n"
    "Exit status: 0 made, 2 not.\n";
static const char help_pubkey[] =
    "usage: holdfast pubkey [FILE]\n"
    "\n"
    "Prints the public half of the private key in FILE (default: the --key file).\n"
    "\n"
    "Exit status: 0 printed, 2 no usable key there.\n";
static const char help_check[] =
    "usage: holdfast check [FILE] [--json]\n"
    "\n"
    "Says everything that is wrong in the configuration (default: the --config file) at once,\n"
    "with file and line, and what is worth a look; then who this machine is, and how long a\n"
    "failover will take. Looks also at the files that the configuration names, as far as this\n"
    "machine needs them. Talks to nobody.\n"
    "\n"
    "Exit status: 0 no error (perhaps warnings), 2 errors.\n";
static const char help_doctor[] =
    "usage: holdfast doctor [--json]\n"
    "\n"
    "The first thing to run when something is odd: looks at configuration, keys and files, has\n"
    "the daemon read all providers anew, and looks at peers, network, clocks and records. One\n"
    "line for each, and beneath what is not right the remedy: a command to type, or a line to\n"
    "set. Changes nothing. Useful also when the daemon does not run. Run it as root, on each\n"
    "machine: what only the holder knows (may it write?) is said there.\n"
    "\n"
    "Exit status: 0 nothing fails (perhaps warnings), 1 something does, 2 usage.\n";
static const char help_version[] = "usage: holdfast version [--json]\n"
                                   "\n"
                                   "Prints the version.\n";
static const char help_help[] = "usage: holdfast help [COMMAND]\n"
                                "\n"
                                "Explains the program, or one command.\n";

static const struct {
    const char *command, *text;
} texts[] = {
    {"status", help_status},
    {"why", help_why},
    {"events", help_events},
    {"is-active", help_is_active},
    {"ready", help_ready},
    {"dns", help_dns},
    {"proof", help_proof},
    {"switchover", help_switchover},
    {"takeover", help_takeover},
    {"release", help_release},
    {"maintenance", help_maintenance},
    {"pause", help_pause},
    {"resume", help_resume},
    {"restart", help_restart},
    {"recover", help_recover},
    {"init", help_init},
    {"keygen", help_keygen},
    {"pubkey", help_pubkey},
    {"check", help_check},
    {"doctor", help_doctor},
    {"version", help_version},
    {"help", help_help},
};

const char *manual_text(const char *command)
{
    if (command == NULL)
        return overview;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i].command, command) == 0)
            return texts[i].text;
    return NULL;
}
