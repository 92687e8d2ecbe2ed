/* Happy path: a phase or a code becomes one sentence that begins with the host.
 *
 * Failure modes: a code without a sentence of its own gets libcurl's words. */
#include "fault.h"

#include <stddef.h>

void fault_late(struct trouble *ret, const char *host, enum fault_phase phase, span_ms after)
{
    static const enum trouble_kind kinds[] = {[FAULT_LOOKUP] = TROUBLE_LOOKUP,
                                              [FAULT_CONNECTING] = TROUBLE_CONNECTION,
                                              [FAULT_WAITING] = TROUBLE_SILENT,
                                              [FAULT_READING] = TROUBLE_SILENT};
    static const char *const what[] = {
        [FAULT_LOOKUP] = "its address could not be looked up (is the resolver alive?)",
        [FAULT_CONNECTING] = "no connection",
        [FAULT_WAITING] = "no answer",
        [FAULT_READING] = "the answer did not come to its end",
    };
    trouble_set(ret, kinds[phase], "%s: %s within %lld ms", host, what[phase], (long long)after);
}

bool fault_is_distrust(CURLcode code)
{
    return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
           code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_INVALIDCERTSTATUS ||
           code == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}

static const char *advice(CURLcode code)
{
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return "; if the server is the right one, set ca-file to the certificate that signed "
               "its own, and look at this machine's clock";
    case CURLE_SSL_CACERT_BADFILE:
        return "; ca-file must be a readable file of PEM certificates";
    default:
        return "";
    }
}

/* Sentences where libcurl's own say less, or too much. */
static const char *own_words(CURLcode code)
{
    switch (code) {
    case CURLE_PARTIAL_FILE:
        return "the connection ended in the middle of the answer";
    case CURLE_GOT_NOTHING:
        return "the connection ended without an answer";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2:
        return "what came back is not HTTP";
    case CURLE_OUT_OF_MEMORY:
        return "out of memory";
    case CURLE_SSL_CONNECT_ERROR:
        return "no TLS connection (does it speak TLS on this port?)";
    default:
        return NULL;
    }
}

static enum trouble_kind kind_of(CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CACERT_BADFILE:
        return TROUBLE_CA_FILE;
    case CURLE_COULDNT_RESOLVE_HOST:
        return TROUBLE_LOOKUP;
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return TROUBLE_CONNECTION;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return TROUBLE_CUT;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2:
        return TROUBLE_NOT_HTTP;
    default:
        return fault_is_distrust(code) ? TROUBLE_CERTIFICATE : TROUBLE_OTHER;
    }
}

void fault_of_curl(struct trouble *ret, const char *host, CURLcode code, const char *said)
{
    const char *words = own_words(code);
    if (words == NULL)
        words = said[0] != 0 ? said : curl_easy_strerror(code);
    trouble_set(ret, kind_of(code), "%s: %s%s", host, words, advice(code));
    for (char *at = ret->text; *at != 0; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = '?';
}
