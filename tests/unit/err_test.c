#include "agent/peer/err.h"

#include "tests/lib/check.h"

TEST(set_keeps_code_and_text)
{
    struct err err;
    CHECK_EQ(err_set(&err, ERR_STATE, "%s: %d", "fsync", 28), ERR_STATE);
    CHECK_EQ(err.code, ERR_STATE);
    CHECK_STR(err.text, "fsync: 28");
}

TEST(wrap_puts_the_outer_words_in_front)
{
    struct err err;
    err_set(&err, ERR_STATE, "fsync: No space left on device");
    CHECK_EQ(err_wrap(&err, "store %s", "/var/lib/x/promise"), ERR_STATE);
    CHECK_EQ(err_wrap(&err, "start"), ERR_STATE);
    CHECK_STR(err.text, "start: store /var/lib/x/promise: fsync: No space left on device");
}

TEST(own_text_as_an_argument)
{
    struct err err;
    err_set(&err, ERR_USAGE, "inner");
    err_set(&err, ERR_SYSTEM, "outer (%s)", err.text);
    CHECK_STR(err.text, "outer (inner)");
    CHECK_EQ(err.code, ERR_SYSTEM);
}

TEST(long_texts_are_cut_not_overrun)
{
    struct {
        struct err err;
        char guard[8];
    } box;
    memset(&box, 'g', sizeof box);
    char text[2 * ERR_TEXT_SIZE];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 0;
    err_set(&box.err, ERR_SYSTEM, "%s", text);
    CHECK_EQ(strlen(box.err.text), ERR_TEXT_SIZE - 1);
    for (size_t prefix = 0; prefix <= ERR_TEXT_SIZE; prefix++) {
        err_set(&box.err, ERR_SYSTEM, "%s", text);
        err_wrap(&box.err, "%.*s", (int)prefix, text);
        CHECK(strlen(box.err.text) < ERR_TEXT_SIZE);
        CHECK(strlen(box.err.text) + 4 > ERR_TEXT_SIZE);
    }
    CHECK(memcmp(box.guard, "gggggggg", 8) == 0);
}

CHECK_MAIN
