/* tail_judge — what an answer says about a write: is it there yet, and if not, until when? Pure.
 *
 * A server of the zone either shows what was written or it does not. A resolver may go on giving
 * what it had for as long as the answer says: that is when its clients are told the new one. */
#ifndef HOLDFAST_NODE_TAIL_JUDGE_H
#define HOLDFAST_NODE_TAIL_JUDGE_H

#include "../../proto/words.h"
#include "dns/ask.h"
#include "record_fence.h"

#define TAIL_DETAIL_SIZE 320
#define TAIL_TTL_S_MAX 604800 /* a longer one is no longer believed: RFC 8767 advises a week */

/* What is asked about. */
enum tail_topic { TAIL_A, TAIL_AAAA, TAIL_FENCE, TAIL_SOA, TAIL_TOPIC_COUNT };

/* What was written. */
struct tail_want {
    char name[HOST_SIZE];
    char token[TOKEN_SIZE]; /* "" = the provider keeps no fence in DNS */
    struct serve serve;
};

/* One answer, or why there is none. */
struct tail_heard {
    bool asked, answered;
    mono_ms at;
    int rcode;
    bool authoritative, recursion, alias;
    uint32_t ttl_s; /* left, of what is there or of "there is none" */
};

/* The answers of one server to one round of questions. Zeroed = none yet. */
struct tail_answers {
    struct tail_heard heard[TAIL_TOPIC_COUNT];
    struct provider_state state; /* fence and addresses out of all of them */
};

enum tail_verdict {
    TAIL_RIGHT,   /* exactly what was written */
    TAIL_STALE,   /* something else */
    TAIL_SILENT,  /* a question without an answer */
    TAIL_UNUSABLE /* answers, but not to the question: refused, not authoritative, an alias */
};

/* Puts the end of one question into the round. `at`: now. */
void tail_judge_take(struct tail_answers *answers, enum tail_topic topic,
                     const struct ask_end *end, mono_ms at);
/* A server of the zone. ret: one sentence, "" when RIGHT; of a SILENT one nothing. */
enum tail_verdict tail_judge_server(const struct tail_want *want,
                                    const struct tail_answers *answers,
                                    char ret[TAIL_DETAIL_SIZE]);
/* A resolver. The same; and when STALE, *ret_ttl_s is what is left of the answer that lasts
 * longest, and *ret_ends_at the instant at which it will probably be forgotten. */
enum tail_verdict tail_judge_resolver(const struct tail_want *want,
                                      const struct tail_answers *answers,
                                      char ret[TAIL_DETAIL_SIZE], uint32_t *ret_ttl_s,
                                      mono_ms *ret_ends_at);
/* Until when an answer that arrived then with so much left is probably kept. */
mono_ms tail_judge_end(mono_ms at, uint32_t ttl_s);
/* How long the whole may be watched: the longest life that was seen, and a minute; an hour. */
span_ms tail_judge_patience(uint32_t ttl_s);
/* "192.0.2.1", or "192.0.2.1:5353" when the port is not 53. */
void tail_judge_server_text(const struct endpoint *endpoint, char *ret, size_t size);

#endif
