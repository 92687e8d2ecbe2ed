/* Happy path: scheme, host and port are cut out and checked; the rest is left alone.
 *
 * Failure modes: one sentence each; the text is not repeated where it may hold a password. */
#include "config_url.h"

#include <stdio.h>
#include <string.h>

#include "config_value.h"

#define PORT_HTTPS 443
#define PORT_HTTP 80

static int refuse(const char *text, const char *why, struct err *err)
{
    return err_set(err, ERR_USAGE, "\"%.60s\" %s; expected https://HOST[:PORT], or http:// on "
                                   "loopback only, like http://127.0.0.1:8081", text, why);
}

static bool is_plain(const char *text)
{
    for (const char *at = text; *at != 0; at++)
        if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7f || *at == '#' ||
            *at == '\\' || *at == '"')
            return false;
    return true;
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 && config_value_is_address(host));
}

int config_url_parse(const char *text, struct config_url *ret, struct err *err)
{
    struct config_url url = {.tls = strncmp(text, "https://", 8) == 0};
    char host[HOST_SIZE + 16];
    if (!url.tls && strncmp(text, "http://", 7) != 0)
        return refuse(strchr(text, '@') != NULL ? "..." : text, "is no https address", err);
    size_t from = url.tls ? 8 : 7, length = strcspn(text + from, "/?");
    if (memchr(text + from, '@', length) != NULL)
        return err_set(err, ERR_USAGE, "holds an @; expected no user and no password in an "
                                       "address: a secret belongs into its own file");
    if (!is_plain(text))
        return refuse("...", "holds blanks, quotes, a # or characters beyond ASCII", err);
    if (length == 0 || length >= sizeof host)
        return refuse(text, "names no host", err);
    (void)snprintf(host, sizeof host, "%.*s", (int)length, text + from);
    if (config_value_endpoint(host, url.tls ? PORT_HTTPS : PORT_HTTP, &url.host, err) != 0)
        return err->code;
    if (!url.tls && !is_loopback(url.host.host))
        return refuse(text, "would send secrets in the clear", err);
    url.literal = config_value_is_address(url.host.host) ||
                  strcmp(url.host.host, "localhost") == 0;
    url.rest = from + length;
    *ret = url;
    return 0;
}
