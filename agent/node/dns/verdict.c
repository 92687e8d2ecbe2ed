/* verdict — see verdict.h.
 *
 * Happy path: NOERROR, signed: won; NXRRSET or YXRRSET: fenced.
 * Failure modes: every other answer is REFUSED (somebody must change a configuration) or
 * UNKNOWN (it may pass), with a sentence that says who said what and what to do. */
#include "verdict.h"

#include <stdio.h>

static const char *rcode_name(int rcode)
{
    static const char *const names[] = {"NOERROR",  "FORMERR",  "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",   "REFUSED",  "YXDOMAIN", "YXRRSET",
                                        "NXRRSET",  "NOTAUTH",  "NOTZONE"};
    return rcode >= 0 && (size_t)rcode < sizeof names / sizeof names[0] ? names[rcode]
                                                                        : "an unknown error";
}

static void tell_clock_skew(const struct verdict_context *context,
                            const struct packet_answer *answer, struct trouble *ret)
{
    char by[48] = "more than 5 minutes";
    int64_t skew = context->wall_s - answer->server_time;
    if (answer->server_time != 0 && context->wall_s != 0)
        snprintf(by, sizeof by, "%lld s (this machine is %s)",
                 (long long)(skew < 0 ? -skew : skew), skew < 0 ? "behind" : "ahead");
    trouble_set(ret, TROUBLE_CLOCK, "clock skew: the clocks of %s and of this machine differ by "
                "%s, so it refuses signed updates; make NTP work (timedatectl, chronyc tracking)",
                context->server, by);
}

/* NOTAUTH: the three TSIG errors, or the wrong server, or (Knot) no permission. */
static void tell_notauth(const struct verdict_context *context,
                         const struct packet_answer *answer, struct trouble *ret)
{
    if (answer->tsig_error == PACKET_TSIG_BADTIME)
        tell_clock_skew(context, answer, ret);
    else if (answer->tsig_error == PACKET_TSIG_BADSIG)
        trouble_set(ret, TROUBLE_SECRET, "%s says that the signature is wrong: the secret in %s is "
                    "not the one of its key %s", context->server, context->secret_file,
                    context->key);
    else if (answer->tsig_error == PACKET_TSIG_BADKEY)
        trouble_set(ret, TROUBLE_KEY, "%s does not know the key %s (or another algorithm for it): "
                    "compare tsig-name and tsig-algorithm with the server's configuration",
                    context->server, context->key);
    else
        trouble_set(ret, TROUBLE_RIGHTS, "%s says NOTAUTH%s: either it is not the primary of zone "
                    "%s, or its acl does not allow key %s to update A and AAAA of %s and TXT of "
                    "_holdfast.%s", context->server, answer->verified ? "" : " (unsigned)",
                    context->zone,
                    context->key[0] != 0 ? context->key : "(none)", context->name, context->name);
}

static void tell_refused(const struct verdict_context *context,
                         const struct packet_answer *answer, struct trouble *ret)
{
    const char *name = context->name;
    if (context->key[0] == 0)
        trouble_set(ret, TROUBLE_UNSIGNED, "%s says REFUSED: no tsig-name and tsig-secret-file are "
                    "set, and it takes no unsigned updates of %s", context->server, name);
    else
        trouble_set(ret, TROUBLE_RIGHTS, "%s says REFUSED%s: its update policy must allow key %s "
                    "to update A and AAAA of %s and TXT of _holdfast.%s", context->server,
                    answer->verified ? "" : " (unsigned; PowerDNS says no more when the key or its "
                    "secret is another one)", context->key, name, name);
}

void verdict_of_proof(const struct verdict_context *context, const struct packet_answer *answer,
                      struct trouble *ret)
{
    *ret = (struct trouble){.kind = TROUBLE_NONE};
    if (answer->rcode != LDNS_RCODE_NOTAUTH)
        return;
    if (answer->tsig_error != 0)
        tell_notauth(context, answer, ret);
    else /* as PowerDNS does for all three */
        trouble_set(ret, TROUBLE_SECRET, "%s says NOTAUTH to a question signed with key %s, and "
                    "answers unsigned ones: the name, the algorithm or the secret in %s is not the "
                    "server's, or the clocks differ by more than 5 minutes", context->server,
                    context->key, context->secret_file);
}

enum provider_outcome verdict_of_write(const struct verdict_context *context,
                                       const struct packet_answer *answer,
                                       struct trouble *ret)
{
    bool trusted = answer->verified || context->key[0] == 0;
    *ret = (struct trouble){.kind = TROUBLE_NONE};
    switch (answer->rcode) {
    case LDNS_RCODE_NOERROR:
        if (trusted)
            return PROVIDER_WON;
        trouble_set(ret, TROUBLE_OTHER, "%s answered NOERROR without a signature", context->server);
        return PROVIDER_UNKNOWN;
    case LDNS_RCODE_NXRRSET:
    case LDNS_RCODE_YXRRSET:
        trouble_set(ret, TROUBLE_HIGHER, "the fence had changed (%s%s)", rcode_name(answer->rcode),
                    trusted ? "" : ", unsigned");
        return trusted ? PROVIDER_FENCED : PROVIDER_UNKNOWN;
    case LDNS_RCODE_SERVFAIL:
        trouble_set(ret, TROUBLE_SERVER, "%s says SERVFAIL: see its own log", context->server);
        return PROVIDER_UNKNOWN;
    case LDNS_RCODE_NOTAUTH:
        tell_notauth(context, answer, ret);
        return PROVIDER_REFUSED;
    case LDNS_RCODE_REFUSED:
        tell_refused(context, answer, ret);
        return PROVIDER_REFUSED;
    case LDNS_RCODE_NOTZONE:
        trouble_set(ret, TROUBLE_NAME, "%s says NOTZONE: %s is not inside zone %s", context->server,
                    context->name, context->zone);
        return PROVIDER_REFUSED;
    case LDNS_RCODE_NOTIMPL:
        trouble_set(ret, TROUBLE_NO_UPDATES, "%s says NOTIMP: it does not take dynamic updates "
                    "(RFC 2136)", context->server);
        return PROVIDER_REFUSED;
    default:
        trouble_set(ret, TROUBLE_REFUSED, "%s answered %s (rcode %d) to the update: see its own "
                    "log", context->server, rcode_name(answer->rcode), answer->rcode);
        return PROVIDER_REFUSED;
    }
}

enum provider_outcome verdict_of_read(const struct verdict_context *context,
                                      const struct packet_answer *answer,
                                      struct trouble *ret)
{
    *ret = (struct trouble){.kind = TROUBLE_NONE};
    if (answer->rcode == LDNS_RCODE_SERVFAIL) {
        trouble_set(ret, TROUBLE_SERVER, "%s says SERVFAIL: see its own log", context->server);
        return PROVIDER_UNKNOWN;
    }
    if (answer->rcode != LDNS_RCODE_NOERROR && answer->rcode != LDNS_RCODE_NXDOMAIN) {
        trouble_set(ret, TROUBLE_PRIMARY, "%s answers %s when asked for %s: it must serve zone %s "
                    "to this machine", context->server, rcode_name(answer->rcode), context->name,
                    context->zone);
        return PROVIDER_REFUSED;
    }
    if (!answer->authoritative) {
        trouble_set(ret, TROUBLE_PRIMARY, "%s is not authoritative for %s: server must be the "
                    "primary of zone %s, no resolver or forwarder", context->server, context->name,
                    context->zone);
        return PROVIDER_REFUSED;
    }
    return PROVIDER_WON;
}
