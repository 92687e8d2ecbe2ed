/* fault — why a request was not answered, in words for whoever runs the cluster, and of
 * which kind. Pure. */
#ifndef HOLDFAST_NODE_HTTP_FAULT_H
#define HOLDFAST_NODE_HTTP_FAULT_H

#include <curl/curl.h>
#include <stdbool.h>

#include "../../../proto/words.h"
#include "../trouble.h"

/* Where a request stood. */
enum fault_phase {
    FAULT_LOOKUP,     /* its host's address was not known yet */
    FAULT_CONNECTING, /* or shaking hands */
    FAULT_WAITING,    /* sent, nothing heard */
    FAULT_READING,    /* sent, the answer had begun */
};

/* The deadline passed. */
void fault_late(struct trouble *ret, const char *host, enum fault_phase phase, span_ms after);
/* libcurl gave up; `said` is its own text, "" if it has none. */
void fault_of_curl(struct trouble *ret, const char *host, CURLcode code, const char *said);
/* True when the code means that the other side could not prove to be who was meant. */
bool fault_is_distrust(CURLcode code);

#endif
