#include "reason.h"

#include <assert.h>

struct row {
    enum reason_level level;
    const char *name;
    const char *sentence;
};

static const struct row table[REASON_COUNT] = {
#define X(code, level, name, sentence) [REASON_##code] = {REASON_##level, name, sentence},
    REASON_TABLE(X)
#undef X
};

const char *reason_name(enum reason reason)
{
    assert((unsigned)reason < REASON_COUNT);
    return table[reason].name;
}

const char *reason_sentence(enum reason reason)
{
    assert((unsigned)reason < REASON_COUNT);
    return table[reason].sentence;
}

enum reason_level reason_level(enum reason reason)
{
    assert((unsigned)reason < REASON_COUNT);
    return table[reason].level;
}
