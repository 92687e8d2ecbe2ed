/* holdfast.conf(5) names the defaults that the code has. (Keys, ranges and words are held by
 * tests/docs.) */
#include "agent/peer/config.h"

#include <stdlib.h>

#include "tests/lib/check.h"

#define PAGE "deploy/man/holdfast.conf.5"
#define PAGE_SIZE 65536

/* The least that a file must say. */
static const char least[] =
    "[cluster]\nname = pbx.example.com\n"
    "[node server1]\naddress = 203.0.113.10\n"
    "public-key = vCoNEvuR2jwtRPApKZhJiS2RURpbwjZP0mqGxDr7jC4=\nserve = 203.0.113.10\n"
    "[node server2]\naddress = 198.51.100.20\n"
    "public-key = 2QJYUW0kJrfJNHnD5JSNhW37OLbMgj1gjuY9lsRipiY=\nserve = 198.51.100.20\n"
    "[witness cloud]\naddress = 192.0.2.30\n"
    "public-key = nzoIybktNTpG9CWflemFHRMAfIbVVR5Y/CG/gs3SduQ=\n"
    "[record pbx.example.com]\nprovider = exec\ncommand = /bin/true\n"
    "[probe service]\ntype = exec\ncommand = /bin/true\n";

static struct config *read_least(void)
{
    struct config *config = calloc(1, sizeof *config);
    struct complaints *complaints = calloc(1, sizeof *complaints);
    struct err err = {0};
    FILE *file = fmemopen((void *)(uintptr_t)least, sizeof least - 1, "r");
    CHECK_EQ(config_parse(file, "/dir/hf.conf", config, complaints, &err), 0);
    (void)fclose(file);
    free(complaints);
    return config;
}

static char *read_page(void)
{
    char *page = calloc(1, PAGE_SIZE);
    FILE *file = fopen(PAGE, "r");
    CHECK(file != NULL);
    size_t size = file == NULL ? 0 : fread(page, 1, PAGE_SIZE - 1, file);
    CHECK(size > 0 && size < PAGE_SIZE - 1);
    if (file != NULL)
        (void)fclose(file);
    return page;
}

/* "500ms", "2s", "10m", as the program writes lengths. */
static const char *length_text(span_ms length, char ret[32])
{
    if (length % 60000 == 0 && length != 0)
        (void)snprintf(ret, 32, "%lldm", (long long)length / 60000);
    else if (length % 1000 == 0)
        (void)snprintf(ret, 32, "%llds", (long long)length / 1000);
    else
        (void)snprintf(ret, 32, "%lldms", (long long)length);
    return ret;
}

/* Has the item of that key, in that section, the line "Default: TEXT"? */
static void check_default(const char *page, const char *section, const char *key, const char *text)
{
    char heading[64], line[64];
    (void)snprintf(heading, sizeof heading, "\n.It Cm %s\n", key);
    (void)snprintf(line, sizeof line, "\nDefault: %s", text);
    const char *at = strstr(page, section);
    at = at == NULL ? NULL : strstr(at, heading);
    const char *end = at == NULL ? NULL : strstr(at + 1, "\n.It ");
    const char *found = at == NULL ? NULL : strstr(at, line);
    bool right = found != NULL && end != NULL && found < end &&
                 strchr(".,", found[strlen(line)]) != NULL;
    if (!right)
        printf("%s: %s %s: expected the line \"%s\"\n", PAGE, section, key, line + 1);
    CHECK(right);
}

TEST(defaults_of_the_cluster)
{
    struct config *config = read_least();
    char *page = read_page(), text[32];
    const char *section = "\n.Sh [cluster]";
    check_default(page, section, "failback-after", length_text(config->failback_after_ms, text));
    check_default(page, section, "min-hold", length_text(config->min_hold_ms, text));
    check_default(page, section, "demote-lead", length_text(config->demote_lead_ms, text));
    check_default(page, section, "promote-delay", length_text(config->promote_delay_ms, text));
    CHECK_EQ(config->drift_ppm, 10000);
    check_default(page, section, "drift", "1%");
    CHECK_EQ(config->prefer, PEER_NONE);
    check_default(page, section, "prefer", "never");
    free(page);
    free(config);
}

TEST(profiles)
{
    struct config *config = read_least();
    char *page = read_page(), text[32], interval[32], lease[32];
    (void)snprintf(text, sizeof text, "(%d ms, %d s; the default)", (int)config->interval_ms,
                   (int)(config->lease_ms / 1000));
    CHECK_STR(config->profile, "normal");
    CHECK_HAS(page, text);
    CHECK_STR(length_text(config->interval_ms, interval), "500ms");
    CHECK_STR(length_text(config->lease_ms, lease), "5s");
    free(page);
    free(config);
}

TEST(defaults_of_records_and_probes)
{
    struct config *config = read_least();
    char *page = read_page(), text[32];
    const struct record_config *record = &config->records[0];
    const struct probe_config *probe = &config->probes[0];
    (void)snprintf(text, sizeof text, "%u", record->ttl_s);
    check_default(page, "\n.Sh [record", "ttl", text);
    check_default(page, "\n.Sh [record", "check-every", length_text(record->check_every, text));
    CHECK_EQ(record->drift, DRIFT_REPAIR);
    check_default(page, "\n.Sh [record", "drift", "repair");
    CHECK_EQ(record->adopt, ADOPT_AUTOMATIC);
    check_default(page, "\n.Sh [record", "adopt", "automatic");
    check_default(page, "\n.Sh [probe", "interval", length_text(probe->interval_ms, text));
    check_default(page, "\n.Sh [probe", "timeout", length_text(probe->timeout_ms, text));
    (void)snprintf(text, sizeof text, "%u", (unsigned)probe->fall);
    check_default(page, "\n.Sh [probe", "fall", text);
    (void)snprintf(text, sizeof text, "%u", (unsigned)probe->rise);
    check_default(page, "\n.Sh [probe", "rise", text);
    CHECK_EQ(probe->weight, PROBE_BLOCK);
    check_default(page, "\n.Sh [probe", "weight", "block");
    free(page);
    free(config);
}

CHECK_MAIN
