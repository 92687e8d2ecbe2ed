/* permit — the token that every outside effect carries ("Acting under a lease").
 *
 * Only core_permit fills one. Effects take `const struct permit *` first, so a call without one
 * does not compile. */
#ifndef HOLDFAST_PROTO_PERMIT_H
#define HOLDFAST_PROTO_PERMIT_H

#include "words.h"

struct permit {
    uint64_t epoch;
    uint64_t boot;
    mono_ms given;
    mono_ms until; /* given + need, at most PERMIT_NEED_MS_MAX: the request's own deadline */
};

#endif
