#include "agent/peer/config_line.h"

#include "tests/lib/check.h"
#include "tests/lib/config_text.h"

/* Everything that the reader tells, one line each: "3 key=value", "4 [title]", "5 !fault". */
struct tape {
    char text[4096];
    size_t used;
};

static void add(struct tape *tape, unsigned line, const char *form, const char *a, const char *b)
{
    char joined[1024];
    if (strcmp(form, "=") == 0)
        snprintf(joined, sizeof joined, "%u %.200s=%.200s", line, a, b);
    else
        snprintf(joined, sizeof joined, "%u %s%.40s", line, form, a);
    size_t room = sizeof tape->text - tape->used;
    tape->used += (size_t)snprintf(tape->text + tape->used, room, "%s|", joined);
    CHECK(tape->used < sizeof tape->text);
}

static void on_section(void *owner, unsigned line, const char *title)
{
    add(owner, line, "[", title == NULL ? "?" : title, "");
}

static void on_value(void *owner, unsigned line, const char *key, const char *value)
{
    add(owner, line, "=", key, value);
}

static void on_fault(void *owner, unsigned line, const char *text)
{
    add(owner, line, "!", text, "");
}

static void read_bytes(struct tape *tape, const char *bytes, size_t size)
{
    *tape = (struct tape){.used = 0};
    char *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    FILE *file = fmemopen(copy, size, "r");
    struct config_line_listener listener = {on_section, on_value, on_fault, tape};
    config_line_read(file, &listener);
    fclose(file);
    free(copy);
}

static void check_tape(const char *text, const char *expected)
{
    struct tape tape;
    read_bytes(&tape, text, strlen(text));
    CHECK_STR(tape.text, expected);
}

TEST(plain)
{
    check_tape("[a]\nx = 1\n\n[b c]\n  y=2  \n", "1 [a|2 x=1|4 [b c|5 y=2|");
    check_tape("x = 1", "1 x=1|");
    check_tape("[a]", "1 [a|");
    check_tape("\n\n\nx = a = b\n", "4 x=a = b|");
    check_tape("serve.server1 = 1:2\n", "1 serve.server1=1:2|");
    check_tape("x =\n", "1 x=|");
}

TEST(comments)
{
    check_tape("# c\n; c\n  # c\n x = 1 # c\n", "4 x=1|");
    check_tape("x = a#b\n", "1 x=a#b|");   /* no blank before it: part of the value */
    check_tape("x = a ;b\n", "1 x=a ;b|"); /* ';' is a comment only at the start */
    check_tape("x = a\t# c\n", "1 x=a|");
    check_tape("x = # c\n", "1 x=|");
    check_tape("[a] # c\n", "1 [a|");
    check_tape("# \xc3\xa4\x01 anything\nx = 1\n", "2 x=1|");
    check_tape("#", "");
}

TEST(indented_lines_are_no_continuation)
{
    check_tape("[a]\nx = 1\n  y = 2\n\tz = 3\n", "1 [a|2 x=1|3 y=2|4 z=3|");
}

TEST(line_ends_and_mark)
{
    check_tape("[a]\r\nx = 1\r\n\r\ny = 2\r\n", "1 [a|2 x=1|4 y=2|");
    check_tape("\xef\xbb\xbf[a]\nx = 1\n", "1 [a|2 x=1|");
    check_tape("x\xef\xbb\xbf = 1\n", "1 !a character outside ASCII; expected plai|");
}

TEST(faults_have_their_line_and_reading_goes_on)
{
    check_tape("x\ny = 1\n", "1 !no '=' here; expected KEY = VALUE, a [se|2 y=1|");
    check_tape("\n[a\nx = 1\n", "2 [?|2 !the bracket is not closed; expected [SEC|3 x=1|");
    check_tape("Key = 1\ny = 1\n", "1 !no key before the '='; expected one word|2 y=1|");
}

TEST(nul_bytes)
{
    struct tape tape;
    read_bytes(&tape, "x = 1\0\ny = 2\n# \0\n", 17);
    CHECK_STR(tape.text, "1 !a NUL byte; expected plain text|2 y=2|3 !a NUL byte; expected plain "
                         "text|");
}

TEST(long_lines)
{
    struct tape tape;
    char text[CONFIG_LINE_SIZE_MAX * 3];
    for (int length = CONFIG_LINE_SIZE_MAX; length <= CONFIG_LINE_SIZE_MAX + 1; length++) {
        memset(text, 'v', sizeof text);
        memcpy(text, "a = 1\nx = ", 10);
        memcpy(text + 6 + length, "\ny = 2\n", 7);
        read_bytes(&tape, text, (size_t)length + 13);
        CHECK(strncmp(tape.text, "1 a=1|2 ", 8) == 0);
        CHECK_HAS(tape.text, length == CONFIG_LINE_SIZE_MAX ? "|2 x=vvvv"
                                                            : "|2 !longer than 4096 bytes");
        CHECK_HAS(tape.text, "|3 y=2|");
    }
}

TEST(values_are_whole_up_to_the_bound)
{
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct err err = {0};
    char line[400], argument[PATH_SIZE];
    memset(argument, 'a', sizeof argument);
    argument[PATH_SIZE - 12] = 0; /* with "/usr/bin/x " just 255 bytes */
    snprintf(line, sizeof line, "command = /usr/bin/x %s", argument);
    CHECK_EQ(text_parse_with(34, line, config, complaints, &err), 0);
    CHECK_EQ(strlen(config->notify_command), PATH_SIZE - 1);
    snprintf(line, sizeof line, "command = /usr/bin/x %sb", argument);
    CHECK_EQ(text_parse_with(34, line, config, complaints, &err), ERR_USAGE);
    CHECK_HAS(err.text, "is too long; expected at most 255 bytes");
    /* A label longer than what the library keeps of a section (50 bytes). */
    snprintf(line, sizeof line, "[record %.45s.%.45s.example.com]", argument, argument);
    CHECK_EQ(text_parse_with(25, line, config, complaints, &err), 0);
    CHECK_EQ(strlen(config->records[1].label), 45 + 1 + 45 + 12);
    free(complaints);
    free(config);
}

TEST(huge_files_end)
{
    struct tape tape;
    size_t size = CONFIG_LINE_FILE_MAX * 2;
    char *text = malloc(size);
    memset(text, 'x', size);
    read_bytes(&tape, text, size);
    CHECK_STR(tape.text, "1 !the file is longer than 1 MiB; is this t|");
    memset(text, '\n', size);
    read_bytes(&tape, text, size);
    CHECK_HAS(tape.text, "!the file is longer than 1 MiB");
    free(text);
}

TEST(more_complaints_than_kept)
{
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct err err = {0};
    char text[4096];
    size_t used = 0;
    for (int i = 0; i < 200; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "x = 1\n");
    CHECK_EQ(text_parse(text, used, config, complaints, &err), ERR_USAGE);
    CHECK_EQ(complaints->count, COMPLAINT_MAX);
    CHECK_EQ(complaints->error_count, 203);
    free(complaints);
    free(config);
}

/* Damaged files: any outcome but a crash, and a refusal always says why. */
TEST(damaged_files)
{
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    char good[8192], text[8192];
    size_t size = 0;
    uint32_t seed = 1;
    for (unsigned i = 0; i < TEXT_LINE_COUNT; i++)
        size += (size_t)snprintf(good + size, sizeof good - size, "%s\n", text_lines[i]);
    for (int round = 0; round < 3000; round++) {
        struct err err = {0};
        memcpy(text, good, size);
        for (int change = 0; change < 4; change++) {
            seed = seed * 1664525 + 1013904223;
            text[seed % size] = (char)(seed >> 24);
            seed = seed * 1664525 + 1013904223;
            text[seed % size] = "[]=\n#., :0"[(seed >> 24) % 10];
        }
        int code = text_parse(text, size - (seed >> 8) % 40, config, complaints, &err);
        CHECK(code == 0 ? complaints->error_count == 0 : err.text[0] != 0);
    }
    free(complaints);
    free(config);
}

CHECK_MAIN
