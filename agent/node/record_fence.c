/* record_fence — see record_fence.h.
 *
 * Happy path: text to struct and back, byte for byte the same.
 * Failure modes: anything else is no fence: false. */
#include "record_fence.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define EPOCH_DIGITS_MAX 20

static bool skip(const char **at, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool take_epoch(const char **at, uint64_t *ret)
{
    size_t len = strspn(*at, "0123456789");
    uint64_t epoch = 0;
    if (len == 0 || len > EPOCH_DIGITS_MAX || (*at)[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)((*at)[i] - '0');
        if (epoch > (UINT64_MAX - digit) / 10)
            return false;
        epoch = epoch * 10 + digit;
    }
    *at += len;
    *ret = epoch;
    return true;
}

static bool take_word(const char **at, const char *alphabet, size_t len_max, char *ret)
{
    size_t len = strspn(*at, alphabet);
    if (len == 0 || len > len_max)
        return false;
    memcpy(ret, *at, len);
    ret[len] = 0;
    *at += len;
    return true;
}

bool record_fence_parse(const char *text, struct record_fence *ret)
{
    struct record_fence fence = {0};
    const char *at = text;
    if (!skip(&at, "v=1;e=") || !take_epoch(&at, &fence.epoch) || !skip(&at, ";h=") ||
        !take_word(&at, "abcdefghijklmnopqrstuvwxyz0123456789-", NAME_SIZE - 1, fence.node) ||
        !skip(&at, ";t=") || !take_word(&at, "0123456789abcdef", TOKEN_SIZE - 1, fence.token))
        return false;
    if (*at != 0 || strlen(fence.token) != TOKEN_SIZE - 1)
        return false;
    *ret = fence;
    return true;
}

void record_fence_print(const struct record_fence *fence, char ret[FENCE_SIZE])
{
    snprintf(ret, FENCE_SIZE, "v=1;e=%" PRIu64 ";h=%s;t=%s", fence->epoch, fence->node,
             fence->token);
}

static void draw(char ret[TOKEN_SIZE])
{
    unsigned char bytes[(TOKEN_SIZE - 1) / 2];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(ret, TOKEN_SIZE, bytes, sizeof bytes);
}

void record_fence_draw(struct record_tokens *tokens, char ret[TOKEN_SIZE])
{
    char *place = tokens->list[tokens->count++ % TOKEN_RING_MAX];
    draw(place);
    memcpy(ret, place, TOKEN_SIZE);
}

const char *record_fence_hand(struct record_tokens *tokens)
{
    if (tokens->hand[0] == 0)
        draw(tokens->hand);
    return tokens->hand;
}

bool record_fence_is_own(const struct record_tokens *tokens, const char *token)
{
    for (unsigned i = 0; i < tokens->count && i < TOKEN_RING_MAX; i++) {
        if (strcmp(tokens->list[i], token) == 0)
            return true;
    }
    return tokens->hand[0] != 0 && strcmp(tokens->hand, token) == 0;
}
