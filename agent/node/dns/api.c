/* api — see api.h.
 *
 * Happy path: a value of an answer becomes a value of ours.
 * Failure modes: what is of another kind than expected is "" or counted as `more`; a secret that
 * cannot be read is told with its file. */
#include "api.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "../../peer/keys.h"

const char *api_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

void api_unquote(const char *content, char *ret, size_t size)
{
    size_t length = strlen(content);
    bool plain = length >= 2 && content[0] == '"' && strcspn(content + 1, "\"\\") == length - 2;
    (void)snprintf(ret, size, "%.*s", plain ? (int)length - 2 : (int)size, content + plain);
}

bool api_address(bool v6, const char *content, char ret[46])
{
    char binary[16];
    int family = v6 ? AF_INET6 : AF_INET;
    return inet_pton(family, content, binary) == 1 && inet_ntop(family, binary, ret, 46) != NULL;
}

void api_take_address(struct provider_state *state, bool v6, const char *content)
{
    struct serve *serve = &state->serve;
    char plain[46];
    size_t *count = v6 ? &serve->aaaa_count : &serve->a_count;
    if (*count == ADDRESS_MAX || !api_address(v6, content, plain)) {
        state->more = true;
        return;
    }
    if (v6)
        memcpy(serve->aaaa[*count], plain, strlen(plain) + 1);
    else
        memcpy(serve->a[*count], plain, strlen(plain) + 1);
    ++*count;
}

enum provider_outcome api_no_answer(const struct http_answer *answer, struct trouble *ret)
{
    *ret = *answer->why;
    return answer->end == HTTP_REFUSED ? PROVIDER_REFUSED : PROVIDER_UNKNOWN;
}

void api_printable(char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
            *text = '?';
}

int api_secret_header(char **ret, const char *start, const char *key, const char *file,
                      struct err *err)
{
    size_t length = strlen(start);
    char *line = sodium_init() < 0 ? NULL : sodium_malloc(length + KEYS_SECRET_SIZE);
    *ret = NULL;
    if (line == NULL)
        return err_set(err, ERR_SYSTEM, "no locked memory for the secret");
    memcpy(line, start, length);
    if (keys_secret(file, line + length, KEYS_SECRET_SIZE, err) != 0) {
        sodium_free(line);
        return err_wrap(err, "%s", key);
    }
    *ret = line;
    return 0;
}
