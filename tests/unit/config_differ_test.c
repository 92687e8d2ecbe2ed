/* config_differ — one line of the file changed: what is named? */
#include "agent/peer/config_differ.h"

#include "tests/lib/check.h"
#include "tests/lib/config_text.h"

/* The words for the good text with one line (from 1) replaced. */
static void differ(unsigned line, const char *replacement, char *ret, size_t size)
{
    struct config *old = calloc(1, sizeof *old), *fresh = calloc(1, sizeof *fresh);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct err err = {0};
    CHECK_EQ(text_parse_with(0, "", old, complaints, &err), 0);
    CHECK_EQ(text_parse_with(line, replacement, fresh, complaints, &err), 0);
    config_differ_text(old, fresh, ret, size);
    free(old);
    free(fresh);
    free(complaints);
}

TEST(what_changed_is_named_and_nothing_else)
{
    static const struct {
        unsigned line;
        const char *replacement, *words;
    } table[] = {
        {0, "", ""},
        {3, "# a comment", ""},
        {6, "address = 203.0.113.11:9930", ""}, /* these two are taken up at once */
        {34, "command = /usr/bin/other", ""},
        {3, "profile = patient", "[cluster] profile, interval or lease"},
        {3, "prefer = server1\nfailback-after = 10m",
         "[cluster] prefer, failback-after or min-hold"},
        {20, "server = 192.0.2.54", "[record pbx.example.com]"},
        {31, "command = /usr/bin/other", "[probe service]"},
        {28, "authoritative = 192.0.2.54", "[record voip.example.com]"},
        {36, "[dns]\nresolver = 192.0.2.54", "[dns]"},
        {36, "[probe more]\ntype = exec\ncommand = /bin/true", "[probe more]"},
        {36, "state-dir = /srv/holdfast", "[local]"},
    };
    char words[400];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        differ(table[i].line, table[i].replacement, words, sizeof words);
        if (strncmp(table[i].replacement, "profile", 7) == 0)
            CHECK_HAS(words, table[i].words); /* the demotion's lead follows the lease */
        else
            CHECK_STR(words, table[i].words);
    }
}

TEST(a_short_place_ends_between_two)
{
    char words[40];
    differ(20, "server = 192.0.2.54", words, sizeof words);
    CHECK_STR(words, "[record pbx.example.com]");
    differ(20, "server = 192.0.2.54", words, 10);
    CHECK_STR(words, "");
}

CHECK_MAIN
