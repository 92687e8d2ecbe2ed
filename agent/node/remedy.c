/* Happy path: a kind and a provider become one line with the record's own names in it.
 *
 * Failure modes: a line that is too long is cut; a kind that settles by itself says so. */
#include "remedy.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/route53_policy.h"

#define SAY(...) (void)snprintf(ret, REMEDY_SIZE, __VA_ARGS__)
#define RESTART ", then: holdfast restart"

/* The file with what proves who asks; "" = none is configured. */
static const char *secret_file(const struct record_config *record)
{
    switch (record->provider) {
    case PROVIDER_RFC2136:
        return record->tsig_secret_file;
    case PROVIDER_ROUTE53:
        return record->credentials_file;
    case PROVIDER_CLOUDFLARE:
        return record->token_file;
    case PROVIDER_POWERDNS:
        return record->api_key_file;
    default:
        return "";
    }
}

/* Where the interface is; the usual place when the configuration names none. */
static const char *endpoint_of(const struct record_config *record)
{
    if (record->endpoint[0] != 0)
        return record->endpoint;
    return record->provider == PROVIDER_ROUTE53 ? "https://route53.amazonaws.com"
                                                : "https://api.cloudflare.com/client/v4";
}

/* ---- the way there ---- */

static void say_unreachable(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    const struct endpoint *server = &record->servers[0];
    if (record->provider == PROVIDER_RFC2136)
        SAY("this must print the SOA of the zone: dig +norecurse @%s -p %u %s SOA; start the DNS "
            "server there, let UDP and TCP to it pass, or set server in [record %s] of %s" RESTART,
            server->host, (unsigned)server->port, record->zone, record->label, what->config_path);
    else
        SAY("this must print a status: curl -sS -o /dev/null -w '%%{http_code}\\n' %s; start what "
            "answers there, let TCP to it pass, or set endpoint in [record %s] of %s" RESTART,
            endpoint_of(record), record->label, what->config_path);
}

static void say_lookup(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    char host[HOST_SIZE];
    const char *start = strstr(endpoint_of(what->record), "://");
    start = start == NULL ? endpoint_of(what->record) : start + 3;
    (void)snprintf(host, sizeof host, "%.*s", (int)strcspn(start, ":/"), start);
    SAY("this must print an address: getent hosts %s; mend the nameserver lines of "
        "/etc/resolv.conf, or set endpoint in [record %s] of %s" RESTART, host,
        what->record->label, what->config_path);
}

static void say_endpoint(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    bool usual = what->record->provider != PROVIDER_POWERDNS;
    SAY("set endpoint in [record %s] of %s to where the interface is%s" RESTART,
        what->record->label, what->config_path,
        usual ? " (or take that line out: then it is the usual one)" : "");
}

static bool way(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    switch (what->kind) {
    case TROUBLE_LOOKUP:
        say_lookup(what, ret);
        return true;
    case TROUBLE_CONNECTION:
    case TROUBLE_SILENT:
        say_unreachable(what, ret);
        return true;
    case TROUBLE_CERTIFICATE:
        SAY("if that server is the right one: set ca-file = FILE, the certificate that signed its "
            "own, in [record %s] of %s" RESTART "; for a public one: apt-get install "
            "ca-certificates, and look at the clock: timedatectl", record->label,
            what->config_path);
        return true;
    case TROUBLE_CA_FILE:
        SAY("put the certificate that signed the server's own, as PEM, into the ca-file: cat >%s; "
            "then: holdfast restart", record->ca_file);
        return true;
    case TROUBLE_REDIRECT:
    case TROUBLE_NOT_HTTP:
    case TROUBLE_TOO_LONG:
    case TROUBLE_STRANGE:
    case TROUBLE_CUT:
        say_endpoint(what, ret);
        return true;
    case TROUBLE_BUSY:
        SAY("nothing: it is tried again by itself; if it comes back often, set check-every = 5m in "
            "[record %s] of %s" RESTART, record->label, what->config_path);
        return true;
    case TROUBLE_SERVER:
        SAY("nothing here: it is tried again by itself; why is in the log of the %s",
            record->provider == PROVIDER_RFC2136 ? "DNS server"
                                                 : "provider, or on its status page");
        return true;
    default:
        return false;
    }
}

/* ---- who asks ---- */

static void say_secret(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    const char *file = secret_file(record);
    switch (record->provider) {
    case PROVIDER_RFC2136:
        SAY("type the secret of key %s, as it stands in the DNS server's configuration: cat >%s; "
            "then: holdfast restart", record->tsig_name, file);
        break;
    case PROVIDER_ROUTE53:
        if (file[0] != 0)
            SAY("make an access key (IAM > Users > Security credentials), and type it, as "
                "holdfast.conf(5) shows: cat >%s", file);
        else
            SAY("nothing: the role's next keys are asked for by itself; if it stays, attach the "
                "role to this instance anew, or set credentials-file in [record %s] of %s" RESTART,
                record->label, what->config_path);
        break;
    case PROVIDER_CLOUDFLARE:
        SAY("make a token with Zone > DNS > Edit for this zone (dash.cloudflare.com/profile/"
            "api-tokens), and type it: cat >%s; then: holdfast restart", file);
        break;
    case PROVIDER_POWERDNS:
        SAY("type the api-key of the server's pdns.conf: cat >%s; then: holdfast restart", file);
        break;
    default:
        SAY("see to what the command says");
        break;
    }
}

/* The policy on one line, as it may stand in quotes. */
static void say_policy(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    bool role = what->record->credentials_file[0] == 0;
    char policy[ROUTE53_POLICY_SIZE];
    route53_policy_text(what->record, policy);
    json_t *json = json_loads(policy, 0, NULL);
    char *line = json_dumps(json, JSON_COMPACT);
    SAY("aws iam put-%s-policy --%s-name %s --policy-name holdfast --policy-document '%s'",
        role ? "role" : "user", role ? "role" : "user", role ? "ROLE" : "USER",
        line == NULL ? "" : line);
    free(line);
    json_decref(json);
}

static void say_rights(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    if (record->provider == PROVIDER_ROUTE53)
        say_policy(what, ret);
    else if (record->provider != PROVIDER_RFC2136)
        say_secret(what, ret);
    else
        SAY("let the server take the updates; BIND, in the zone's update-policy { } of named.conf: "
            "grant %s name %s. A AAAA; grant %s name _holdfast.%s. TXT; then: rndc reconfig (Knot: "
            "an acl with these names and types, see deploy/guide/providers.md)", record->tsig_name,
            record->name, record->tsig_name, record->name);
}

static bool asker(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    switch (what->kind) {
    case TROUBLE_SECRET:
    case TROUBLE_EXPIRED:
        say_secret(what, ret);
        return true;
    case TROUBLE_KEYS_FILE:
        SAY("ls -l %s: it must be there, with mode 0600 and readable text; see holdfast.conf(5)",
            secret_file(record));
        return true;
    case TROUBLE_KEY:
        if (record->provider != PROVIDER_RFC2136)
            say_secret(what, ret);
        else
            SAY("set tsig-name and tsig-algorithm in [record %s] of %s to name and algorithm of "
                "the key in the DNS server's configuration" RESTART, record->label,
                what->config_path);
        return true;
    case TROUBLE_RIGHTS:
        say_rights(what, ret);
        return true;
    case TROUBLE_UNSIGNED:
        SAY("set tsig-name, tsig-algorithm and tsig-secret-file in [record %s] of %s" RESTART,
            record->label, what->config_path);
        return true;
    case TROUBLE_ROLE:
        SAY("attach a role to this instance that may change the zone (holdfast doctor prints its "
            "policy), or set credentials-file in [record %s] of %s" RESTART, record->label,
            what->config_path);
        return true;
    case TROUBLE_CLOCK:
        SAY("timedatectl set-ntp true (here, and on the server whose clock is off)");
        return true;
    case TROUBLE_LET_IN:
        SAY("add this machine's address to webserver-allow-from in the server's pdns.conf, then "
            "there: systemctl restart pdns");
        return true;
    default:
        return false;
    }
}

/* ---- what is there ---- */

static void say_zone(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    const char *label = record->label, *path = what->config_path;
    switch (record->provider) {
    case PROVIDER_ROUTE53:
        SAY("set zone-id in [record %s] of %s to the id that this prints: aws route53 "
            "list-hosted-zones" RESTART, label, path);
        break;
    case PROVIDER_CLOUDFLARE:
        SAY("set zone-id in [record %s] of %s to the one on the zone's overview page in the "
            "dashboard" RESTART, label, path);
        break;
    default:
        SAY("set zone in [record %s] of %s to a zone of that server that %s is in" RESTART, label,
            path, record->name);
        break;
    }
}

static void say_primary(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    if (record->provider == PROVIDER_POWERDNS)
        SAY("set endpoint in [record %s] of %s to the primary's interface" RESTART, record->label,
            what->config_path);
    else
        SAY("set zone in [record %s] of %s to the zone that %s is in, and the first server to its "
            "primary (dig +short %s SOA names it)" RESTART, record->label, what->config_path,
            record->name, record->zone);
}

static void say_alias(const struct record_config *record, char ret[REMEDY_SIZE])
{
    SAY("delete the alias (CNAME, DNAME, or what the console calls so) at %s or _holdfast.%s%s",
        record->name, record->name,
        record->provider == PROVIDER_RFC2136
            ? "; BIND: rndc freeze, edit the zone's file, rndc thaw"
            : " at the provider");
}

static void say_ttl(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    SAY("let the holder write it again: holdfast switchover; or set ttl in [record %s] of %s to "
        "what is there" RESTART, what->record->label, what->config_path);
}

static bool zone(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    switch (what->kind) {
    case TROUBLE_ZONE:
    case TROUBLE_NAME:
        say_zone(what, ret);
        return true;
    case TROUBLE_PRIMARY:
        say_primary(what, ret);
        return true;
    case TROUBLE_NO_UPDATES:
        SAY("set server in [record %s] of %s to a primary that takes RFC 2136 updates" RESTART,
            record->label, what->config_path);
        return true;
    case TROUBLE_ALIAS:
        say_alias(record, ret);
        return true;
    case TROUBLE_PROXIED:
        SAY("set %s to \"DNS only\" (the grey cloud) in the dashboard", record->name);
        return true;
    case TROUBLE_CROWDED:
        SAY("delete at %s and _holdfast.%s what nobody needs", record->name, record->name);
        return true;
    case TROUBLE_TTL:
        say_ttl(what, ret);
        return true;
    case TROUBLE_SERIAL:
        SAY("on the server: pdnsutil set-meta %s SOA-EDIT-API DEFAULT", record->zone);
        return true;
    case TROUBLE_LAGGING:
        SAY("on that server: rndc retransfer %s (BIND) or knotc zone-retransfer %s; does the "
            "primary notify it, and may it copy the zone?", record->zone, record->zone);
        return true;
    default:
        return false;
    }
}

/* ---- the fence ---- */

/* One key owns the fence, so it may also take it away: that is within every policy we ask for. */
static void say_delete_fence(const struct record_config *record, char ret[REMEDY_SIZE])
{
    const struct endpoint *server = &record->servers[0];
    size_t outside = strlen(record->name) - strlen(record->zone);
    bool inside = strlen(record->name) > strlen(record->zone);
    if (record->provider == PROVIDER_RFC2136 && record->tsig_name[0] != 0)
        SAY("printf 'server %s %u\\nzone %s\\nkey %s:%s %%s\\nupdate delete _holdfast.%s TXT\\n"
            "send\\n' \"$(cat %s)\" | nsupdate", server->host, (unsigned)server->port, record->zone,
            record->tsig_algorithm, record->tsig_name, record->name, record->tsig_secret_file);
    else if (record->provider == PROVIDER_POWERDNS)
        SAY("on the server: pdnsutil delete-rrset %s _holdfast%s%.*s TXT", record->zone,
            inside ? "." : "", inside ? (int)outside - 1 : 0, record->name);
    else
        SAY("delete the TXT record at _holdfast.%s; the holder then writes its own", record->name);
}

static void say_dropped(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    if (record->provider == PROVIDER_RFC2136)
        say_rights(what, ret);
    else
        SAY("holdfast dns show %s (what is there), and switch off whoever else writes %s; or set "
            "endpoint in [record %s] of %s to the interface itself, no copy of it" RESTART,
            record->label, record->name, record->label, what->config_path);
}

static void say_command(const struct record_config *record, char ret[REMEDY_SIZE])
{
    SAY("find out why: %s (holdfast.conf(5) says what is in its environment)", record->command);
}

static bool fence(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    const struct record_config *record = what->record;
    switch (what->kind) {
    case TROUBLE_FENCES:
    case TROUBLE_MIXED:
        say_delete_fence(record, ret);
        return true;
    case TROUBLE_GARBAGE:
    case TROUBLE_FOREIGN:
    case TROUBLE_POISONED:
    case TROUBLE_UNADOPTED:
        SAY("holdfast dns adopt %s --yes (on the holder; without --yes it only shows)",
            record->label);
        return true;
    case TROUBLE_HIGHER:
        SAY("nothing: it settles by itself; if it stays: holdfast events --last 20");
        return true;
    case TROUBLE_DROPPED:
        say_dropped(what, ret);
        return true;
    case TROUBLE_STRANGER:
        SAY("put the same %s on all three machines: holdfast check" RESTART, what->config_path);
        return true;
    case TROUBLE_ADDRESSES:
        if (record->drift == DRIFT_REPAIR)
            SAY("nothing: the holder repairs it; find out who else writes it: holdfast events");
        else
            SAY("set drift = repair in [record %s] of %s" RESTART, record->label,
                what->config_path);
        return true;
    case TROUBLE_CONTESTED:
        SAY("find who else writes %s (holdfast events shows when), and switch that off",
            record->name);
        return true;
    case TROUBLE_COMMAND:
        say_command(record, ret);
        return true;
    default:
        return false;
    }
}

void remedy_text(const struct remedy_case *what, char ret[REMEDY_SIZE])
{
    ret[0] = 0;
    if (what->kind == TROUBLE_NONE || way(what, ret) || asker(what, ret) || zone(what, ret) ||
        fence(what, ret))
        return;
    SAY("the words above are the server's own; its log says more. What happened here: holdfast "
        "events --last 20");
}
