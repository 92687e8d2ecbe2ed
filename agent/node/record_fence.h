/* record_fence — the text of the fence: "v=1;e=<epoch>;h=<node>;t=<token>". Pure.
 *
 * Used by: record, the providers. What stands in the zone comes from outside: parsed strictly,
 * one form only, so that two different texts never mean the same fence. */
#ifndef HOLDFAST_NODE_RECORD_FENCE_H
#define HOLDFAST_NODE_RECORD_FENCE_H

#include <stdbool.h>

#include "dns/provider.h"

#define TOKEN_SIZE 17   /* 16 lower-case hex digits and the final 0 */
/* Own attempts remembered under one epoch: 15 minutes of a server that reads and does not answer
 * writes. When it goes on, the first of all is the one that lands. */
#define TOKEN_RING_MAX 256

struct record_fence {
    uint64_t epoch; /* never 0 */
    char node[NAME_SIZE];
    char token[TOKEN_SIZE];
};

/* True and *ret set only when `text` is exactly of the form above: no leading zero, no blank,
 * no upper case, nothing after it. Any bytes are safe. */
bool record_fence_parse(const char *text, struct record_fence *ret);
/* The other way round. */
void record_fence_print(const struct record_fence *fence, char ret[FENCE_SIZE]);

/* The tokens of one epoch that this process tried to write: any of them may have landed. */
struct record_tokens {
    char list[TOKEN_RING_MAX][TOKEN_SIZE];
    unsigned count;        /* ever added */
    char hand[TOKEN_SIZE]; /* told to people who write it by hand; "" = none, never forgotten */
};
/* Draws a fresh random token, remembers it (forgetting the oldest), writes it to `ret`. */
void record_fence_draw(struct record_tokens *tokens, char ret[TOKEN_SIZE]);
/* The token for who has to write by hand: drawn at the first call, the same from then on. */
const char *record_fence_hand(struct record_tokens *tokens);
/* One of the tokens tried, or the one for hands. */
bool record_fence_is_own(const struct record_tokens *tokens, const char *token);

#endif
