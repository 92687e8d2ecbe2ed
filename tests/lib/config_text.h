/* config_text — a configuration that is right, with lines to replace, for tests. */
#ifndef HOLDFAST_TESTS_CONFIG_TEXT_H
#define HOLDFAST_TESTS_CONFIG_TEXT_H

#include "agent/peer/config.h"

#define TEXT_KEY_1 "vCoNEvuR2jwtRPApKZhJiS2RURpbwjZP0mqGxDr7jC4="
#define TEXT_KEY_2 "2QJYUW0kJrfJNHnD5JSNhW37OLbMgj1gjuY9lsRipiY="
#define TEXT_KEY_3 "nzoIybktNTpG9CWflemFHRMAfIbVVR5Y/CG/gs3SduQ="

enum { TEXT_LINE_COUNT = 36 };

static const char *const text_lines[TEXT_LINE_COUNT] = {
    /* 1 */ "[cluster]",
    /* 2 */ "name = pbx.example.com",
    /* 3 */ "",
    /* 4 */ "",
    /* 5 */ "[node server1]",
    /* 6 */ "address = 203.0.113.10:9930",
    /* 7 */ "public-key = " TEXT_KEY_1,
    /* 8 */ "serve = 203.0.113.10, 2001:db8::10",
    /* 9 */ "[node server2]",
    /* 10 */ "address = 198.51.100.20",
    /* 11 */ "public-key = " TEXT_KEY_2,
    /* 12 */ "serve = 198.51.100.20",
    /* 13 */ "[witness cloud]",
    /* 14 */ "address = [2001:db8::30]:9931",
    /* 15 */ "public-key = " TEXT_KEY_3,
    /* 16 */ "",
    /* 17 */ "[record pbx.example.com]",
    /* 18 */ "provider = rfc2136",
    /* 19 */ "zone = example.com",
    /* 20 */ "server = 192.0.2.53",
    /* 21 */ "tsig-name = holdfast.",
    /* 22 */ "tsig-algorithm = hmac-sha256",
    /* 23 */ "tsig-secret-file = tsig.key",
    /* 24 */ "",
    /* 25 */ "[record voip.example.com]",
    /* 26 */ "provider = exec",
    /* 27 */ "command = /usr/bin/record",
    /* 28 */ "",
    /* 29 */ "[probe service]",
    /* 30 */ "type = exec",
    /* 31 */ "command = /usr/bin/probe",
    /* 32 */ "",
    /* 33 */ "[notify]",
    /* 34 */ "command = /usr/bin/tell",
    /* 35 */ "[local]",
    /* 36 */ "",
};

/* Parses bytes as if they stood in /dir/hf.conf. */
static inline int text_parse(const char *bytes, size_t size, struct config *ret,
                             struct complaints *complaints, struct err *err)
{
    FILE *file = size == 0 ? fopen("/dev/null", "r") : NULL;
    char *copy = malloc(size + 1);
    memcpy(copy, bytes, size);
    if (file == NULL)
        file = fmemopen(copy, size, "r");
    int code = config_parse(file, "/dir/hf.conf", ret, complaints, err);
    fclose(file);
    free(copy);
    return code;
}

/* Parses the good text with one line (from 1; 0 = none) replaced. */
static inline int text_parse_with(unsigned line, const char *replacement, struct config *ret,
                                  struct complaints *complaints, struct err *err)
{
    char text[16384];
    size_t used = 0;
    for (unsigned i = 0; i < TEXT_LINE_COUNT; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\n",
                                 i + 1 == line ? replacement : text_lines[i]);
    return text_parse(text, used, ret, complaints, err);
}

#endif
