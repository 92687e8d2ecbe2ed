/* Happy path: a text is looked at from left to right, checked whole, and only then stored.
 *
 * Failure modes: anything else than the expected form is refused with the text and an example;
 * numbers are bounded before they are multiplied. */
#include "config_value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 9 /* below 2^30, so that hours in ms stay far below 2^63 */
#define LABEL_MAX 63
#define DOMAIN_MAX 253

/* Reads digits; returns what follows them, or NULL when there are none or too many. */
static const char *read_number(const char *text, int64_t *ret)
{
    int64_t number = 0;
    size_t count = strspn(text, "0123456789");
    if (count == 0 || count > DIGITS_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (text[i] - '0');
    *ret = number;
    return text + count;
}

struct unit {
    const char *name;
    span_ms ms;
};

int config_value_span(const char *text, span_ms *ret, struct err *err)
{
    static const struct unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t number = 0;
    const char *rest = read_number(text, &number);
    for (size_t i = 0; rest != NULL && i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(rest, units[i].name) == 0) {
            *ret = number * units[i].ms;
            return 0;
        }
    }
    bool bare = rest != NULL && *rest == 0;
    return err_set(err, ERR_USAGE, "\"%.60s\" %s; expected a whole number with ms, s, m, h or "
                                   "d, like 500ms or 2s",
                   text, bare ? "has no unit" : "is no length of time");
}

void config_value_span_text(span_ms span, char ret[CONFIG_VALUE_SPAN_SIZE])
{
    const char *unit = "ms";
    if (span != 0 && span % 3600000 == 0) {
        span /= 3600000;
        unit = "h";
    } else if (span != 0 && span % 60000 == 0) {
        span /= 60000;
        unit = "m";
    } else if (span % 1000 == 0) {
        span /= 1000;
        unit = "s";
    }
    (void)snprintf(ret, CONFIG_VALUE_SPAN_SIZE, "%lld%s", (long long)span, unit);
}

/* "0.5" to 5000 when one is 10000: at most four places. */
static const char *read_decimal(const char *text, int64_t one, int64_t *ret)
{
    int64_t whole = 0, part = 0;
    const char *rest = read_number(text, &whole);
    if (rest == NULL)
        return NULL;
    if (*rest == '.') {
        rest++;
        int64_t place = one;
        for (; isdigit((unsigned char)*rest) && place > 1; rest++) {
            place /= 10;
            part += (*rest - '0') * place;
        }
        if (place == one)
            return NULL;
    }
    *ret = whole * one + part;
    return rest;
}

int config_value_ppm(const char *text, uint32_t *ret, struct err *err)
{
    int64_t number = 0;
    const char *rest = read_decimal(text, 10000, &number);
    if (rest == NULL || strcmp(rest, "%") != 0) {
        rest = read_number(text, &number);
        if (rest == NULL || strcmp(rest, "ppm") != 0)
            return err_set(err, ERR_USAGE, "\"%.60s\" is no share; expected percent or ppm, like "
                                           "1%% or 500ppm", text);
    }
    *ret = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    return 0;
}

int config_value_count(const char *text, uint32_t *ret, struct err *err)
{
    int64_t number = 0;
    const char *rest = read_number(text, &number);
    if (rest == NULL || *rest != 0)
        return err_set(err, ERR_USAGE, "\"%.60s\" is no whole number; expected one without unit, "
                                       "like 3", text);
    *ret = (uint32_t)number;
    return 0;
}

int config_value_seconds(const char *text, uint32_t *ret, struct err *err)
{
    if (config_value_count(text, ret, err) == 0)
        return 0;
    span_ms span = 0;
    if (config_value_span(text, &span, err) != 0 || span % 1000 != 0 || span / 1000 > UINT32_MAX)
        return err_set(err, ERR_USAGE, "\"%.60s\" is no number of seconds; expected one like 60 "
                                       "or 60s", text);
    *ret = (uint32_t)(span / 1000);
    return 0;
}

int config_value_name(const char *text, char ret[NAME_SIZE], struct err *err)
{
    size_t length = strlen(text);
    if (length == 0 || length >= NAME_SIZE ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
        return err_set(err, ERR_USAGE, "\"%.60s\" is no name; expected 1 to %d of a-z, 0-9 and -",
                       text, NAME_SIZE - 1);
    memcpy(ret, text, length + 1);
    return 0;
}

static bool is_label(const char *label, size_t length)
{
    if (length == 0 || length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)label[i];
        if (!isascii(c) || (!isalnum(c) && c != '-' && c != '_'))
            return false;
    }
    return true;
}

/* Labels of letters, digits, - and _; the last not of digits alone (that is a bad address). */
static bool is_domain(const char *text, size_t length)
{
    if (length == 0 || length > DOMAIN_MAX)
        return false;
    const char *label = text, *end = text + length;
    for (;;) {
        const char *dot = memchr(label, '.', (size_t)(end - label));
        if (!is_label(label, (size_t)((dot == NULL ? end : dot) - label)))
            return false;
        if (dot == NULL)
            break;
        label = dot + 1;
    }
    return strspn(label, "0123456789") < (size_t)(end - label);
}

int config_value_domain(const char *text, char ret[HOST_SIZE], struct err *err)
{
    size_t length = strlen(text);
    if (length > 1 && text[length - 1] == '.')
        length--;
    if (!is_domain(text, length))
        return err_set(err, ERR_USAGE, "\"%.60s\" is no domain name; expected one like "
                                       "pbx.example.com", text);
    for (size_t i = 0; i < length; i++)
        ret[i] = (char)tolower((unsigned char)text[i]);
    ret[length] = 0;
    return 0;
}

bool config_value_is_address(const char *host)
{
    uint8_t binary[16];
    return inet_pton(AF_INET, host, binary) == 1 || inet_pton(AF_INET6, host, binary) == 1;
}

static int refuse_endpoint(const char *text, const char *why, struct err *err)
{
    return err_set(err, ERR_USAGE, "\"%.80s\" %s; expected HOST, HOST:PORT or [IPV6]:PORT, like "
                                   "203.0.113.10:9930", text, why);
}

static int read_port(const char *text, const char *digits, uint16_t *ret, struct err *err)
{
    int64_t port = 0;
    const char *rest = read_number(digits, &port);
    if (rest == NULL || *rest != 0 || port < 1 || port > 65535)
        return refuse_endpoint(text, "has no port between 1 and 65535 after the colon", err);
    *ret = (uint16_t)port;
    return 0;
}

static int read_bracketed(const char *text, struct endpoint *ret, struct err *err)
{
    const char *close = strchr(text, ']');
    char host[INET6_ADDRSTRLEN];
    uint8_t binary[16];
    if (close == NULL)
        return refuse_endpoint(text, "has a [ without a ]", err);
    size_t length = (size_t)(close - text) - 1;
    if (length >= sizeof host)
        return refuse_endpoint(text, "has no IPv6 address in its brackets", err);
    memcpy(host, text + 1, length);
    host[length] = 0;
    if (inet_pton(AF_INET6, host, binary) != 1)
        return refuse_endpoint(text, "has no IPv6 address in its brackets", err);
    if (close[1] != 0 && close[1] != ':')
        return refuse_endpoint(text, "has something else than :PORT after the ]", err);
    if (close[1] == ':' && read_port(text, close + 2, &ret->port, err) != 0)
        return err->code;
    (void)inet_ntop(AF_INET6, binary, ret->host, sizeof ret->host);
    return 0;
}

int config_value_endpoint(const char *text, uint16_t default_port, struct endpoint *ret,
                          struct err *err)
{
    struct endpoint endpoint = {.port = default_port};
    const char *colon = strchr(text, ':');
    if (text[0] == '[') {
        if (read_bracketed(text, &endpoint, err) != 0)
            return err->code;
        *ret = endpoint;
        return 0;
    }
    if (colon != NULL && strchr(colon + 1, ':') != NULL)
        return refuse_endpoint(text, "has more than one colon: an IPv6 address stands in brackets",
                               err);
    size_t length = colon == NULL ? strlen(text) : (size_t)(colon - text);
    if (length >= sizeof endpoint.host)
        return refuse_endpoint(text, "is too long", err);
    for (size_t i = 0; i < length; i++)
        endpoint.host[i] = (char)tolower((unsigned char)text[i]);
    if (!config_value_is_address(endpoint.host) && !is_domain(endpoint.host, length))
        return refuse_endpoint(text, "is neither an address nor a host name", err);
    if (colon != NULL && read_port(text, colon + 1, &endpoint.port, err) != 0)
        return err->code;
    *ret = endpoint;
    return 0;
}

/* Why no client could reach this address, or NULL. */
static const char *refuse_v4(const struct in_addr *address)
{
    uint32_t number = ntohl(address->s_addr);
    if (number >> 24 == 0)
        return "means no host";
    if (number >> 28 == 0xe)
        return "is a multicast address";
    return number >> 28 == 0xf ? "is reserved or broadcast" : NULL;
}

static const char *refuse_v6(const struct in6_addr *address)
{
    if (IN6_IS_ADDR_UNSPECIFIED(address))
        return "means no host";
    if (IN6_IS_ADDR_MULTICAST(address))
        return "is a multicast address";
    if (IN6_IS_ADDR_LINKLOCAL(address))
        return "is link-local, which means nothing elsewhere";
    return IN6_IS_ADDR_V4MAPPED(address) ? "is an IPv4 address in disguise" : NULL;
}

static int refuse_serve(const char *text, const char *why, struct err *err)
{
    return err_set(err, ERR_USAGE, "\"%.60s\" %s; expected addresses, like 203.0.113.10, "
                                   "2001:db8::10", text, why);
}

int config_value_serve(const char *text, struct serve *serve, struct err *err)
{
    struct in_addr v4;
    struct in6_addr v6;
    char plain[INET6_ADDRSTRLEN];
    bool is_v4 = inet_pton(AF_INET, text, &v4) == 1;
    if (!is_v4 && inet_pton(AF_INET6, text, &v6) != 1)
        return refuse_serve(text, text[0] == 0 ? "is empty" : "is no address", err);
    const char *why = is_v4 ? refuse_v4(&v4) : refuse_v6(&v6);
    if (why != NULL)
        return refuse_serve(text, why, err);
    (void)inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? (const void *)&v4 : &v6, plain,
                    sizeof plain);
    size_t *count = is_v4 ? &serve->a_count : &serve->aaaa_count;
    for (size_t i = 0; i < *count; i++)
        if (strcmp(is_v4 ? serve->a[i] : serve->aaaa[i], plain) == 0)
            return refuse_serve(text, "is there twice", err);
    if (*count == ADDRESS_MAX)
        return err_set(err, ERR_USAGE, "\"%.60s\" is one too many; expected at most %d IPv4 and "
                                       "%d IPv6 addresses", text, ADDRESS_MAX, ADDRESS_MAX);
    if (is_v4)
        memcpy(serve->a[*count], plain, strlen(plain) + 1);
    else
        memcpy(serve->aaaa[*count], plain, strlen(plain) + 1);
    ++*count;
    return 0;
}

int config_value_path(const char *text, const char *config_path, char ret[PATH_SIZE],
                      struct err *err)
{
    const char *slash = text[0] == '/' ? NULL : strrchr(config_path, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - config_path) + 1;
    size_t length = strlen(text);
    if (length == 0)
        return err_set(err, ERR_USAGE, "is empty; expected a path");
    if (folder + length >= PATH_SIZE)
        return err_set(err, ERR_USAGE, "\"%.60s...\" is too long; expected a path of at most %d "
                                       "bytes, with its directory", text, PATH_SIZE - 1);
    memmove(ret + folder, text, length + 1);
    memcpy(ret, config_path, folder);
    return 0;
}

static size_t count_words(const char *text)
{
    size_t count = 0;
    for (text += strspn(text, " \t"); *text != 0; text += strspn(text, " \t")) {
        text += strcspn(text, " \t");
        count++;
    }
    return count;
}

int config_value_command(const char *text, char ret[PATH_SIZE], struct err *err)
{
    size_t length = strlen(text);
    if (text[0] != '/')
        return err_set(err, ERR_USAGE, "\"%.60s\" does not start with an absolute path; expected "
                                       "one, like /usr/local/bin/command (no shell is used)", text);
    if (length >= PATH_SIZE)
        return err_set(err, ERR_USAGE, "\"%.60s...\" is too long; expected at most %d bytes: put "
                                       "the rest into a script", text, PATH_SIZE - 1);
    if (count_words(text) > COMMAND_WORD_MAX)
        return err_set(err, ERR_USAGE, "\"%.60s...\" has too many words; expected at most %d: put "
                                       "the rest into a script", text, COMMAND_WORD_MAX);
    memcpy(ret, text, length + 1);
    return 0;
}
