/* Happy path: a sentence and its kind.
 *
 * Failure modes: a sentence that is too long is cut. */
#include "trouble.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
    [TROUBLE_NONE] = "none",
    [TROUBLE_OTHER] = "other",
    [TROUBLE_LOOKUP] = "lookup",
    [TROUBLE_CONNECTION] = "connection",
    [TROUBLE_SILENT] = "silent",
    [TROUBLE_CERTIFICATE] = "certificate",
    [TROUBLE_CA_FILE] = "ca-file",
    [TROUBLE_REDIRECT] = "redirect",
    [TROUBLE_NOT_HTTP] = "not-http",
    [TROUBLE_CUT] = "cut",
    [TROUBLE_TOO_LONG] = "too-long",
    [TROUBLE_STRANGE] = "strange",
    [TROUBLE_BUSY] = "busy",
    [TROUBLE_SERVER] = "server",
    [TROUBLE_SECRET] = "secret",
    [TROUBLE_KEY] = "key",
    [TROUBLE_EXPIRED] = "expired",
    [TROUBLE_RIGHTS] = "rights",
    [TROUBLE_UNSIGNED] = "unsigned",
    [TROUBLE_KEYS_FILE] = "keys-file",
    [TROUBLE_ROLE] = "role",
    [TROUBLE_CLOCK] = "clock",
    [TROUBLE_LET_IN] = "let-in",
    [TROUBLE_ZONE] = "zone",
    [TROUBLE_NAME] = "name",
    [TROUBLE_PRIMARY] = "primary",
    [TROUBLE_NO_UPDATES] = "no-updates",
    [TROUBLE_ALIAS] = "alias",
    [TROUBLE_PROXIED] = "proxied",
    [TROUBLE_CROWDED] = "crowded",
    [TROUBLE_TTL] = "ttl",
    [TROUBLE_SERIAL] = "serial",
    [TROUBLE_LAGGING] = "lagging",
    [TROUBLE_FENCES] = "fences",
    [TROUBLE_GARBAGE] = "garbage",
    [TROUBLE_FOREIGN] = "foreign",
    [TROUBLE_POISONED] = "poisoned",
    [TROUBLE_HIGHER] = "higher",
    [TROUBLE_MIXED] = "mixed",
    [TROUBLE_DROPPED] = "dropped",
    [TROUBLE_STRANGER] = "stranger",
    [TROUBLE_ADDRESSES] = "addresses",
    [TROUBLE_CONTESTED] = "contested",
    [TROUBLE_UNADOPTED] = "unadopted",
    [TROUBLE_COMMAND] = "command",
    [TROUBLE_REFUSED] = "refused",
};
static_assert(sizeof names / sizeof names[0] == TROUBLE_KIND_COUNT, "every kind has a name");

void trouble_set(struct trouble *trouble, enum trouble_kind kind, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(trouble->text, sizeof trouble->text, format, list);
    va_end(list);
    trouble->kind = kind;
}

const char *trouble_name(enum trouble_kind kind)
{
    return kind < TROUBLE_KIND_COUNT ? names[kind] : "other";
}
