#include "proto/reason.h"

#include <ctype.h>

#include "tests/lib/check.h"

static bool is_event_name(const char *name)
{
    if (!islower((unsigned char)name[0]))
        return false;
    for (; *name != '\0'; name++)
        if (!islower((unsigned char)*name) && *name != '-')
            return false;
    return true;
}

/* The sentence after its first bracket, or NULL when the bracket names nothing we fill in. */
static const char *after_placeholder(const char *at)
{
    static const char *const known[] = {"{peer}", "{epoch}", "{number}", "{ms}", "{at}"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(at, known[i], strlen(known[i])) == 0)
            return at + strlen(known[i]);
    return NULL;
}

TEST(every_reason_has_a_name_and_a_sentence)
{
    for (int i = 0; i < REASON_COUNT; i++) {
        CHECK(is_event_name(reason_name((enum reason)i)));
        CHECK(strlen(reason_sentence((enum reason)i)) > 3);
        CHECK(reason_level((enum reason)i) <= REASON_ALARM);
    }
}

TEST(sentences_use_only_known_placeholders)
{
    for (int i = 0; i < REASON_COUNT; i++) {
        const char *at = strchr(reason_sentence((enum reason)i), '{');
        while (at != NULL) {
            at = after_placeholder(at);
            CHECK(at != NULL);
            at = at == NULL ? NULL : strchr(at, '{');
        }
    }
}

TEST(what_needs_an_operator_is_an_alarm)
{
    static const enum reason alarms[] = {REASON_LYING,        REASON_TWO_PROCESSES,
                                         REASON_ROLLED_BACK,  REASON_NUMBER_POISONED,
                                         REASON_STORE_FAILED, REASON_FENCE_POISONED,
                                         REASON_FORCED,       REASON_SILENT_AMNESIA};
    for (size_t i = 0; i < sizeof alarms / sizeof alarms[0]; i++)
        CHECK_EQ(reason_level(alarms[i]), REASON_ALARM);
    CHECK_STR(reason_name(REASON_HOLDS), "holds");
}

CHECK_MAIN
