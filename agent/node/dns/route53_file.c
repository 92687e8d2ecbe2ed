/* Happy path: sections and "key = value" lines; the profile's three keys are copied.
 *
 * Failure modes: no such profile, a key that is missing, too long or holds what no key holds; an
 * answer about a role that is none. One sentence each, never with a secret in it. */
#include "route53_file.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Part of a text. */
struct piece {
    const char *at;
    size_t length;
};

static struct piece trim(struct piece piece)
{
    while (piece.length > 0 && strchr(" \t\r", piece.at[0]) != NULL)
        piece.at++, piece.length--;
    while (piece.length > 0 && strchr(" \t\r", piece.at[piece.length - 1]) != NULL)
        piece.length--;
    return piece;
}

static bool equals(struct piece piece, const char *text)
{
    return piece.length == strlen(text) && strncasecmp(piece.at, text, piece.length) == 0;
}

/* Keys and tokens are plain ASCII without blanks. False: too long, or it is none. */
static bool copy(struct piece value, char *ret, size_t size)
{
    if (value.length == 0 || value.length >= size)
        return false;
    for (size_t i = 0; i < value.length; i++)
        if (value.at[i] <= 0x20 || value.at[i] >= 0x7f)
            return false;
    memcpy(ret, value.at, value.length);
    ret[value.length] = 0;
    return true;
}

static bool copy_token(struct piece value, struct route53_secret *ret)
{
    static const char name[] = ROUTE53_TOKEN_HEADER;
    memcpy(ret->token, name, sizeof name);
    if (copy(value, ret->token + sizeof name - 1, sizeof ret->token - sizeof name + 1))
        return true;
    ret->token[0] = 0;
    return false;
}

/* False: a value that cannot be; *ret_key names it. */
static bool take_line(struct piece line, struct route53_secret *ret, const char **ret_key)
{
    const char *equal = memchr(line.at, '=', line.length);
    if (equal == NULL)
        return true;
    struct piece key = trim((struct piece){line.at, (size_t)(equal - line.at)});
    size_t rest = line.length - (size_t)(equal - line.at) - 1;
    struct piece value = trim((struct piece){equal + 1, rest});
    if (equals(key, *ret_key = "aws_access_key_id"))
        return copy(value, ret->key_id, sizeof ret->key_id);
    if (equals(key, *ret_key = "aws_secret_access_key"))
        return copy(value, ret->secret, sizeof ret->secret);
    if (equals(key, *ret_key = "aws_session_token"))
        return copy_token(value, ret);
    return true;
}

static struct piece next_line(const char **text)
{
    struct piece line = {*text, strcspn(*text, "\n")};
    *text += line.length + ((*text)[line.length] == '\n');
    return trim(line);
}

/* "[name]" or "[profile name]", as in the tools' config file. */
static bool is_section(struct piece line, const char *profile)
{
    struct piece name = trim((struct piece){line.at + 1, line.length - 2});
    if (name.length > 8 && strncmp(name.at, "profile ", 8) == 0)
        name = trim((struct piece){name.at + 8, name.length - 8});
    return name.length == strlen(profile) && strncmp(name.at, profile, name.length) == 0;
}

int route53_file_parse(const char *text, const char *profile, struct route53_secret *ret,
                       struct err *err)
{
    bool here = strcmp(profile, "default") == 0, found = false;
    unsigned number = 0;
    const char *key = NULL;
    memset(ret, 0, sizeof *ret);
    while (*text != 0) {
        struct piece line = next_line(&text);
        number++;
        if (line.length == 0 || line.at[0] == '#' || line.at[0] == ';')
            continue;
        if (line.at[0] == '[' && line.length > 2 && line.at[line.length - 1] == ']')
            here = is_section(line, profile), found = found || here;
        else if (here && !take_line(line, ret, &key))
            return err_set(err, ERR_USAGE, "line %u: the value of %s is empty, too long or holds "
                                           "blanks", number, key);
    }
    if (ret->key_id[0] != 0 && ret->secret[0] != 0)
        return 0;
    if (ret->key_id[0] == 0 && ret->secret[0] == 0 && !found)
        return err_set(err, ERR_USAGE, "has no section [%s]; expected one with aws_access_key_id "
                                       "and aws_secret_access_key", profile);
    return err_set(err, ERR_USAGE, "has no %s in [%s]",
                   ret->key_id[0] == 0 ? "aws_access_key_id" : "aws_secret_access_key", profile);
}

/* ---- a role's answer ---- */

static struct piece text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return (struct piece){text == NULL ? "" : text, text == NULL ? 0 : strlen(text)};
}

static int64_t time_of(const char *text, const char *format)
{
    struct tm parts = {0};
    const char *end = strptime(text, format, &parts);
    return end == NULL || *end != 0 ? 0 : (int64_t)timegm(&parts);
}

int64_t route53_file_date(const char *text)
{
    return time_of(text, "%a, %d %b %Y %H:%M:%S GMT");
}

int route53_file_role(const char *body, struct route53_secret *ret, int64_t *ret_end_s,
                      struct err *err)
{
    json_t *json = json_loads(body, 0, NULL);
    struct piece code = text_of(json, "Code");
    int64_t end_s = time_of(text_of(json, "Expiration").at, "%Y-%m-%dT%H:%M:%SZ");
    memset(ret, 0, sizeof *ret);
    bool refused = json_is_object(json) && code.length > 0 && !equals(code, "Success");
    bool ok = json_is_object(json) && !refused && end_s > 0 &&
              copy(text_of(json, "AccessKeyId"), ret->key_id, sizeof ret->key_id) &&
              copy(text_of(json, "SecretAccessKey"), ret->secret, sizeof ret->secret) &&
              copy_token(text_of(json, "Token"), ret);
    if (refused)
        (void)err_set(err, ERR_REMOTE, "Amazon gives no keys (%.40s): look at the trust policy of "
                                       "the role", code.at);
    else if (!ok)
        (void)err_set(err, ERR_REMOTE, "what the instance says about its role holds no keys");
    json_decref(json);
    if (!ok)
        return err->code;
    *ret_end_s = end_s;
    return 0;
}
