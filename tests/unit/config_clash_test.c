/* One name in two records: allowed at two places, refused where they would share one fence. */
#include "tests/lib/check.h"
#include "tests/lib/config_text.h"

#define NAMED "[record other.example.com]\nname = pbx.example.com\n"
#define RFC2136(server)                                                                          \
    NAMED "provider = rfc2136\nzone = example.com\nserver = " server "\ntsig-name = k.\n"         \
          "tsig-algorithm = hmac-sha256\ntsig-secret-file = k"
#define ROUTE53(zone_id) "provider = route53\nzone-id = " zone_id "\n"
#define CLOUDFLARE(zone_id)                                                                      \
    "provider = cloudflare\nzone-id = " zone_id "\ntoken-file = k\n"
#define POWERDNS(endpoint)                                                                       \
    "provider = powerdns\nzone = example.com\napi-key-file = k\nendpoint = " endpoint "\n"
#define ID_A "0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210"
/* Two records of one name beside the rfc2136 one of line 17, which has another name. */
#define TWO(one, other)                                                                          \
    "[record a.example.com]\nname = two.example.com\n" one                                        \
    "[record b.example.com]\nname = two.example.com\n" other

struct pair {
    const char *text, *expected; /* NULL: fine */
};

static void check_pair(const struct pair *pair)
{
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct err err = {0};
    int code = text_parse_with(28, pair->text, config, complaints, &err);
    if (pair->expected != NULL)
        CHECK_HAS(err.text, pair->expected);
    else if (code != 0)
        printf("%s\n", err.text);
    CHECK_EQ(code, pair->expected == NULL ? 0 : ERR_USAGE);
    CHECK_EQ(complaints->error_count, pair->expected == NULL ? 0 : 1);
    free(complaints);
    free(config);
}

TEST(one_name_at_two_places)
{
    static const struct pair pairs[] = {
        {RFC2136("192.0.2.54"), NULL},
        {RFC2136("192.0.2.53:5353"), NULL},
        {NAMED "provider = exec\ncommand = /usr/bin/record", NULL},
        {NAMED ROUTE53("Z1"), NULL},
        {NAMED CLOUDFLARE(ID_A), NULL},
        {TWO(ROUTE53("Z1"), CLOUDFLARE(ID_A)), NULL},
        {TWO(ROUTE53("Z1"), ROUTE53("Z2")), NULL},
        {TWO(CLOUDFLARE(ID_A), CLOUDFLARE(ID_B)), NULL},
        {TWO(POWERDNS("https://192.0.2.1"), POWERDNS("https://192.0.2.2")), NULL},
        {TWO(POWERDNS("https://192.0.2.1"), CLOUDFLARE(ID_A)), NULL},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        check_pair(&pairs[i]);
}

TEST(one_name_twice_at_one_place)
{
    static const struct pair pairs[] = {
        {RFC2136("192.0.2.53"), "other.example.com] name: pbx.example.com belongs to the record of "
                                "line 17 too; expected each name once at one place"},
        {RFC2136("192.0.2.9\nserver = 192.0.2.53"), "expected each name once at one place"},
        {TWO(ROUTE53("Z1"), ROUTE53("Z1")), "expected each name once at one place"},
        {TWO(CLOUDFLARE(ID_A), CLOUDFLARE(ID_A)), "expected each name once at one place"},
        {TWO(POWERDNS("https://192.0.2.1"), POWERDNS("https://192.0.2.1/")),
         "expected each name once at one place"},
        {TWO("provider = exec\ncommand = /bin/x\n", "provider = exec\ncommand = /bin/x\n"),
         "expected each name once at one place"},
        {NAMED POWERDNS("https://192.0.2.9"), "expected either powerdns or rfc2136 for it"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        check_pair(&pairs[i]);
}

TEST(eight_records_and_no_more)
{
    char text[2048];
    size_t used = 0;
    for (int i = 0; i < 7; i++) {
        if (i == 6)
            check_pair(&(struct pair){text, NULL}); /* with two of the good text: 8 */
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "[record r%d.example.com]\nprovider = exec\ncommand = /bin/x\n",
                                 i);
    }
    check_pair(&(struct pair){text, "one record too many; expected at most 8"});
}

CHECK_MAIN
