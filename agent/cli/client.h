/* client — asks the daemon one question over its control socket, and never waits for long.
 *
 * Room: connect, one JSON line out, one JSON line in, everything before one deadline. What the
 * answer means is the commands' business. */
#ifndef HOLDFAST_CLI_CLIENT_H
#define HOLDFAST_CLI_CLIENT_H

#include <jansson.h>

#include "../../proto/words.h"
#include "../peer/err.h"

#define CLIENT_LIMIT_MS 2000   /* from connect to the end of the answer */
#define CLIENT_LIMIT_MS_SHORT 1000 /* is-active: cron and mailers wait for it */
#define CLIENT_REPLY_SIZE_MAX ((size_t)1024 * 1024)

struct client_answer {
    int code;         /* as the daemon said: 0 done, 1 no, 2 usage, 4 refused */
    const char *text; /* sentence, "" when there is none; lives as long as `reply` */
    json_t *result;   /* borrowed from `reply`; NULL when there is none */
    json_t *reply;    /* the whole; freed by client_forget */
};

/* Asks. `request` is borrowed. On success (whatever the code in the answer) returns 0 and fills
 * *ret, which the caller gives to client_forget. Otherwise ERR_REMOTE, err says what to do, and
 * *ret is empty. */
int client_ask(const char *socket_path, const json_t *request, span_ms limit_ms,
               struct client_answer *ret, struct err *err);
/* Frees what client_ask filled; harmless on an empty one. */
void client_forget(struct client_answer *answer);

/* A request {"v": 1, "command": name} to which arguments may be added. New reference. */
json_t *client_request(const char *command);

/* The usual way of a command: asks with `request` (reference stolen) within CLIENT_LIMIT_MS.
 * Returns 0 or the exit code: 3 when there is no answer, 1, 2 or 4 as the daemon said; then it
 * has printed the sentence to stderr and *ret is empty. */
int client_do(const char *socket_path, json_t *request, struct client_answer *ret);

#endif
