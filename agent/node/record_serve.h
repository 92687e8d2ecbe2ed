/* record_serve — sets of addresses: compare them, write them as text. Pure. */
#ifndef HOLDFAST_NODE_RECORD_SERVE_H
#define HOLDFAST_NODE_RECORD_SERVE_H

#include <jansson.h>

#include "../peer/config.h"

#define SERVE_TEXT_SIZE (ADDRESS_MAX * 46 + 1)

/* The same addresses, in whatever order and spelling. Accepts any text. */
bool record_serve_same(const struct serve *a, const struct serve *b);
/* Is this address among them, in whatever spelling? Accepts any text. */
bool record_serve_has(const struct serve *serve, const char *address);
/* No address at all? */
bool record_serve_is_empty(const struct serve *serve);
/* "192.0.2.1,192.0.2.2" or "". */
void record_serve_a(const struct serve *serve, char ret[SERVE_TEXT_SIZE]);
void record_serve_aaaa(const struct serve *serve, char ret[SERVE_TEXT_SIZE]);
/* All of them, A first. New reference. */
json_t *record_serve_json(const struct serve *serve);

#endif
