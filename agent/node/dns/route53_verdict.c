/* Happy path: 200.
 *
 * Failure modes: a code that is known has an outcome and a remedy in the table; any other is
 * judged by its status: what the server could not do is UNKNOWN, what it would not is REFUSED. */
#include "route53_verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_S_MAX 240 /* Amazon takes 5 minutes */
#define ALLOW_TEXT "allow route53:ChangeResourceRecordSets and ListResourceRecordSets on this " \
                   "zone, and route53:GetChange: holdfast.conf(5) has the policy"

/* What a code means. */
enum meaning { BUSY, FORBIDDEN, UNKNOWN_KEY, WRONG_SECRET, EXPIRED, CLOCK, NO_ZONE };

static const struct {
    const char *code;
    enum meaning meaning;
} table[] = {
    {"Throttling", BUSY},
    {"ThrottlingException", BUSY},
    {"ThrottledException", BUSY},
    {"RequestLimitExceeded", BUSY},
    {"TooManyRequestsException", BUSY},
    {"PriorRequestNotComplete", BUSY},
    {"AccessDenied", FORBIDDEN},
    {"AccessDeniedException", FORBIDDEN},
    {"OptInRequired", FORBIDDEN},
    {"InvalidClientTokenId", UNKNOWN_KEY},
    {"UnrecognizedClientException", UNKNOWN_KEY},
    {"MissingAuthenticationToken", UNKNOWN_KEY},
    {"SignatureDoesNotMatch", WRONG_SECRET},
    {"IncompleteSignature", WRONG_SECRET},
    {"ExpiredToken", EXPIRED},
    {"ExpiredTokenException", EXPIRED},
    {"RequestExpired", CLOCK},
    {"NoSuchHostedZone", NO_ZONE},
};

static bool look_up(const struct route53_error *error, enum meaning *ret)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(error->code, table[i].code) != 0)
            continue;
        *ret = table[i].meaning;
        if (*ret == WRONG_SECRET && (strstr(error->message, "Signature expired") != NULL ||
                                     strstr(error->message, "Signature not yet") != NULL))
            *ret = CLOCK;
        return true;
    }
    return false;
}

/* Who asked about what, and what came back: everything a sentence is made of. */
struct context {
    const struct route53_reply *reply;
    const struct route53_error *error;
    struct trouble *ret;
};

static void say_clock(const struct context *context)
{
    long long ahead_s = context->reply->ahead_s;
    char how_far[64] = "off by more than Amazon takes";
    if (ahead_s != 0)
        (void)snprintf(how_far, sizeof how_far, "%lld s %s Amazon's", llabs(ahead_s),
                       ahead_s > 0 ? "ahead of" : "behind");
    trouble_set(context->ret, TROUBLE_CLOCK, "this machine's clock is %s (%s): let chrony "
                "or systemd-timesyncd set it", how_far, context->error->code);
}

static enum provider_outcome say(const struct context *context, enum meaning meaning)
{
    const struct route53_reply *reply = context->reply;
    const char *code = context->error->code, *said = context->error->message;
    switch (meaning) {
    case BUSY:
        trouble_set(context->ret, TROUBLE_BUSY, "Route 53 is busy (%s: %.300s); tried again later",
                    code, said);
        return PROVIDER_UNKNOWN;
    case FORBIDDEN:
        trouble_set(context->ret, TROUBLE_RIGHTS,
                    "Route 53 does not allow this to %s (%s: %.300s): " ALLOW_TEXT, reply->keys,
                    code, said);
        return PROVIDER_REFUSED;
    case UNKNOWN_KEY:
        trouble_set(context->ret, TROUBLE_KEY, "Amazon does not know %s (%s): put the access key "
                    "of a living user there, and its session token if it has one", reply->keys,
                    code);
        return reply->role ? PROVIDER_UNKNOWN : PROVIDER_REFUSED;
    case WRONG_SECRET:
        trouble_set(context->ret, TROUBLE_SECRET, "Amazon says that the signature with %s is wrong "
                    "(%s): the secret key must be the one that belongs to the access key",
                    reply->keys, code);
        return PROVIDER_REFUSED;
    case EXPIRED:
        trouble_set(context->ret, TROUBLE_EXPIRED, "%s ended (%s): %s", reply->keys, code,
                    reply->role ? "new ones are asked for"
                                : "put fresh ones there, or keys that do not end");
        return reply->role ? PROVIDER_UNKNOWN : PROVIDER_REFUSED;
    case CLOCK:
        say_clock(context);
        return PROVIDER_REFUSED;
    case NO_ZONE:
        trouble_set(context->ret, TROUBLE_ZONE, "Route 53 has no zone with the id %s in the "
                    "account of %s: set zone-id to that of the hosted zone", reply->zone_id,
                    reply->keys);
        return PROVIDER_REFUSED;
    }
    return PROVIDER_UNKNOWN;
}

static enum provider_outcome say_batch(const struct context *context)
{
    const struct route53_reply *reply = context->reply;
    const char *said = context->error->message;
    if (route53_xml_is_fenced(reply->names, context->error)) {
        trouble_set(context->ret, TROUBLE_HIGHER,
                    "somebody else replaced the fence meanwhile");
        return reply->sendings > 1 ? PROVIDER_UNKNOWN : PROVIDER_FENCED;
    }
    if (strstr(said, "but the values provided do not match") != NULL ||
        strstr(said, "but it was not found") != NULL) {
        trouble_set(context->ret, TROUBLE_HIGHER,
                    "the addresses changed since they were read (%.400s)", said);
        return PROVIDER_UNKNOWN;
    }
    trouble_set(context->ret, TROUBLE_REFUSED, "Route 53 does not take the change: %.400s",
                said);
    return PROVIDER_REFUSED;
}

static enum trouble_kind say_kind(int status)
{
    return status == 429 ? TROUBLE_BUSY : status >= 500 ? TROUBLE_SERVER : TROUBLE_REFUSED;
}

/* No code that is known. */
static enum provider_outcome say_status(const struct context *context)
{
    int status = context->reply->status;
    const char *code = context->error->code, *said = context->error->message;
    bool strange = status < 500 && status != 429;
    if (status == 401 || (status == 403 && code[0] == 0))
        trouble_set(context->ret, TROUBLE_SECRET, "the interface does not take %s (%d): is "
                    "endpoint that of Route 53, and the key alive?", context->reply->keys, status);
    else if (code[0] == 0)
        trouble_set(context->ret, strange ? TROUBLE_STRANGE : say_kind(status),
                    "the interface answers %d, and not in the words of "
                    "Route 53: is endpoint right?", status);
    else
        trouble_set(context->ret, say_kind(status), "Route 53 answers %d (%s: %.400s)", status,
                    code, said);
    return status >= 500 || status == 429 || status < 400 ? PROVIDER_UNKNOWN : PROVIDER_REFUSED;
}

enum provider_outcome route53_verdict(const struct route53_reply *reply,
                                      struct trouble *ret, bool *ret_expired)
{
    struct route53_error error;
    struct context context = {reply, &error, ret};
    enum meaning meaning;
    *ret = (struct trouble){.kind = TROUBLE_NONE};
    *ret_expired = false;
    if (reply->status == 200)
        return PROVIDER_WON;
    route53_xml_error(reply->body, reply->size, &error);
    if (reply->status == 400 && strcmp(error.code, "InvalidChangeBatch") == 0)
        return say_batch(&context);
    if (!look_up(&error, &meaning))
        return say_status(&context);
    *ret_expired = meaning == EXPIRED || meaning == UNKNOWN_KEY;
    return say(&context, meaning);
}
