/* Happy path: one pass over argv by a table of options; what was left out gets its default, which
 * for the ways to the witness and to the DNS server is that of the way between the nodes.
 *
 * Failure modes: every mistake is ERR_USAGE with the option's name, what stands there and what was
 * expected. Nothing is opened here. */
#include "question.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../peer/config_value.h"
#include "../peer/options.h"
#include "spread.h"

#define UNSET ((span_ms)-1)
#define LOSS_UNSET 0xffff
#define LOSS_PPT_MAX 950

struct option_spec {
    const char *name;
    int (*take)(struct question *question, const struct option_spec *spec, const char *value,
                struct err *err); /* NULL: a flag */
    size_t offset;
    int64_t low, high; /* of a length in ms, or of a number */
    bool repeats;
};

static int take_path(struct question *question, const struct option_spec *spec,
                     const char *value, struct err *err)
{
    size_t length = strlen(value);
    if (length == 0 || length >= PATH_SIZE)
        return err_set(err, ERR_USAGE, "%s: expected a path of 1 to %d bytes", spec->name,
                       PATH_SIZE - 1);
    memcpy((char *)question + spec->offset, value, length + 1);
    return 0;
}

static int read_share(const char *name, const char *value, uint16_t *ret, struct err *err)
{
    uint32_t ppm = 0;
    if (config_value_ppm(value, &ppm, err) != 0)
        return err_wrap(err, "%s", name);
    if (ppm % 1000 != 0 || ppm / 1000 > LOSS_PPT_MAX)
        return err_set(err, ERR_USAGE, "%s: \"%.40s\" is out of range; expected 0%% to %d%% in "
                                       "steps of 0.1%%", name, value, LOSS_PPT_MAX / 10);
    *ret = (uint16_t)(ppm / 1000);
    return 0;
}

static int take_share(struct question *question, const struct option_spec *spec,
                      const char *value, struct err *err)
{
    uint16_t *to = (uint16_t *)((char *)question + spec->offset);
    if (*to != LOSS_UNSET)
        return err_set(err, ERR_USAGE, "%s: given twice; expected once", spec->name);
    return read_share(spec->name, value, to, err);
}

/* "FROM:TO=SHARE". */
static int take_way(struct question *question, const char *value, struct err *err)
{
    struct question_loss *loss = &question->losses[question->loss_count];
    size_t from = strcspn(value, ":"), to = strcspn(value + from, "=");
    if (question->loss_count == QUESTION_LOSS_MAX)
        return err_set(err, ERR_USAGE, "--loss: more than %d directions", QUESTION_LOSS_MAX);
    if (from == 0 || from >= NAME_SIZE || to < 2 || to > NAME_SIZE || value[from + to] != '=')
        return err_set(err, ERR_USAGE, "--loss: \"%.60s\" is no direction; expected "
                                       "FROM:TO=PERCENT, like server1:cloud=20%%", value);
    memcpy(loss->from, value, from);
    memcpy(loss->to, value + from + 1, to - 1);
    if (read_share("--loss", value + from + to + 1, &loss->loss_ppt, err) != 0)
        return err->code;
    question->loss_count++;
    return 0;
}

static int take_loss(struct question *question, const struct option_spec *spec,
                     const char *value, struct err *err)
{
    return strchr(value, ':') != NULL ? take_way(question, value, err)
                                      : take_share(question, spec, value, err);
}

static int read_span(const struct option_spec *spec, const char *value, span_ms *ret,
                     struct err *err)
{
    span_ms span = 0;
    if (strcmp(value, "0") != 0 && config_value_span(value, &span, err) != 0)
        return err_wrap(err, "%s", spec->name);
    if (span < spec->low || span > spec->high)
        return err_set(err, ERR_USAGE, "%s: \"%.40s\" is out of range; expected %lldms to %lldms",
                       spec->name, value, (long long)spec->low, (long long)spec->high);
    *ret = span;
    return 0;
}

static int take_span(struct question *question, const struct option_spec *spec,
                     const char *value, struct err *err)
{
    return read_span(spec, value, (span_ms *)((char *)question + spec->offset), err);
}

static int take_stall_part(struct question *question, const char *part, struct err *err)
{
    static const struct option_spec parts[] = {
        {"p99=", NULL, offsetof(struct question, stalls.p99_ms), 1, 600000, false},
        {"p50=", NULL, offsetof(struct question, stalls.p50_ms), 1, 600000, false},
        {"every=", NULL, offsetof(struct question, stalls.every_ms), 1000, 31536000000, false},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t length = strlen(parts[i].name);
        if (strncmp(part, parts[i].name, length) != 0)
            continue;
        span_ms *to = (span_ms *)((char *)question + parts[i].offset);
        if (read_span(&parts[i], part + length, to, err) != 0)
            return err_wrap(err, "--stall");
        return 0;
    }
    return err_set(err, ERR_USAGE, "--stall: \"%.40s\" is unknown; expected p99=LENGTH, and "
                                   "perhaps p50=LENGTH and every=LENGTH, with commas between",
                   part);
}

static int take_stall(struct question *question, const struct option_spec *spec,
                      const char *value, struct err *err)
{
    char text[128], *rest = text;
    struct stalls *stalls = &question->stalls;
    (void)spec;
    if (strlen(value) >= sizeof text)
        return err_set(err, ERR_USAGE, "--stall: too long");
    memcpy(text, value, strlen(value) + 1);
    *stalls = (struct stalls){.p50_ms = 0};
    if (strcmp(value, "none") == 0)
        return 0;
    for (char *part = strsep(&rest, ","); part != NULL; part = strsep(&rest, ","))
        if (take_stall_part(question, part, err) != 0)
            return err->code;
    if (stalls->p99_ms == 0)
        return err_set(err, ERR_USAGE, "--stall: \"%.40s\" says no p99=; expected one, like "
                                       "p99=300ms", value);
    if (stalls->p50_ms == 0)
        stalls->p50_ms = (stalls->p99_ms + 9) / 10;
    if (stalls->every_ms == 0)
        stalls->every_ms = 60000;
    if (stalls->p50_ms > stalls->p99_ms)
        return err_set(err, ERR_USAGE, "--stall: p50 is longer than p99; expected p50 <= p99");
    return 0;
}

static int take_years(struct question *question, const struct option_spec *spec,
                      const char *value, struct err *err)
{
    char *end = NULL;
    double years = strtod(value, &end);
    if (end == value || *end != '\0' || strspn(value, "0123456789.") != strlen(value) ||
        years < 0.001 || years > QUESTION_YEARS_MAX)
        return err_set(err, ERR_USAGE, "%s: \"%.40s\" is no good; expected 0.001 to %d years, "
                                       "like 5 or 0.5", spec->name, value, QUESTION_YEARS_MAX);
    question->years = years;
    return 0;
}

static int take_count(struct question *question, const struct option_spec *spec,
                      const char *value, struct err *err)
{
    uint32_t *to = (uint32_t *)((char *)question + spec->offset);
    uint32_t count = 0;
    if (config_value_count(value, &count, err) != 0)
        return err_wrap(err, "%s", spec->name);
    if (count < spec->low || count > spec->high)
        return err_set(err, ERR_USAGE, "%s: \"%.40s\" is out of range; expected %lld to %lld",
                       spec->name, value, (long long)spec->low, (long long)spec->high);
    *to = count;
    return 0;
}

static int take_seed(struct question *question, const struct option_spec *spec,
                     const char *value, struct err *err)
{
    if (value[0] == '\0' || strspn(value, "0123456789") != strlen(value) || strlen(value) > 18)
        return err_set(err, ERR_USAGE, "%s: \"%.40s\" is no good; expected a whole number of at "
                                       "most 18 digits", spec->name, value);
    question->seed = strtoull(value, NULL, 10);
    return 0;
}

#define AT(member) offsetof(struct question, member)
static const struct option_spec specs[] = {
    {"--config", take_path, AT(config), 0, 0, false},
    {"--loss", take_loss, AT(loss_ppt), 0, 0, true},
    {"--witness-loss", take_share, AT(witness_loss_ppt), 0, 0, false},
    {"--rtt", take_span, AT(rtt_ms), 0, 10000, false},
    {"--witness-rtt", take_span, AT(witness_rtt_ms), 0, 10000, false},
    {"--dns-rtt", take_span, AT(dns_rtt_ms), 0, 10000, false},
    {"--jitter", take_span, AT(jitter_ms), 0, 10000, false},
    {"--disk", take_span, AT(disk_ms), 1, 60000, false},
    {"--stall", take_stall, AT(stalls), 0, 0, false},
    {"--years", take_years, AT(years), 0, 0, false},
    {"--failures", take_count, AT(blows), 20, QUESTION_BLOWS_MAX, false},
    {"--seed", take_seed, AT(seed), 0, 0, false},
    {"--jobs", take_count, AT(jobs), 1, 64, false},
    {"--svg", take_path, AT(svg), 0, 0, false},
    {"--json", NULL, AT(json), 0, 0, false},
    {"--quiet", NULL, AT(quiet), 0, 0, false},
    {"--help", NULL, AT(help), 0, 0, false},
    {"-h", NULL, AT(help), 0, 0, false},
    {"--version", NULL, AT(version), 0, 0, false},
};
#define SPEC_COUNT (sizeof specs / sizeof specs[0])

/* Finds "--name" or "--name=value"; *ret_value points behind the '=' or is NULL. */
static const struct option_spec *find(const char *argument, const char **ret_value)
{
    size_t length = strcspn(argument, "=");
    for (size_t i = 0; i < SPEC_COUNT; i++) {
        if (strlen(specs[i].name) != length || memcmp(specs[i].name, argument, length) != 0)
            continue;
        *ret_value = argument[length] == '=' ? argument + length + 1 : NULL;
        return &specs[i];
    }
    return NULL;
}

static void fill_defaults(struct question *question)
{
    if (question->config[0] == '\0')
        memcpy(question->config, OPTIONS_CONFIG, sizeof OPTIONS_CONFIG);
    if (question->loss_ppt == LOSS_UNSET)
        question->loss_ppt = 0;
    if (question->witness_loss_ppt == LOSS_UNSET)
        question->witness_loss_ppt = question->loss_ppt;
    if (question->rtt_ms == UNSET)
        question->rtt_ms = 20;
    if (question->witness_rtt_ms == UNSET)
        question->witness_rtt_ms = question->rtt_ms;
    if (question->dns_rtt_ms == UNSET)
        question->dns_rtt_ms = question->rtt_ms;
    if (question->jitter_ms == UNSET)
        question->jitter_ms = (question->rtt_ms + 9) / 10;
}

/* Takes argv[*at], and the argument behind it when the option needs one. */
static int take(struct question *question, char **argv, int *at, bool *given, struct err *err)
{
    const char *value = NULL;
    const struct option_spec *spec = find(argv[*at], &value);
    if (spec == NULL)
        return err_set(err, ERR_USAGE, "unknown argument \"%.80s\"; see --help", argv[*at]);
    bool *seen = &given[spec - specs];
    if (*seen && !spec->repeats)
        return err_set(err, ERR_USAGE, "%s: given twice; expected once", spec->name);
    *seen = true;
    if (spec->take == NULL) {
        if (value != NULL)
            return err_set(err, ERR_USAGE, "%s: takes no value", spec->name);
        *(bool *)((char *)question + spec->offset) = true;
        return 0;
    }
    if (value == NULL)
        value = argv[++*at];
    if (value == NULL)
        return err_set(err, ERR_USAGE, "%s: expected a value after it", spec->name);
    return spec->take(question, spec, value, err);
}

int question_parse(struct question *ret, int argc, char **argv, uint32_t processors,
                   struct err *err)
{
    bool given[SPEC_COUNT] = {false};
    memset(ret, 0, sizeof *ret);
    ret->loss_ppt = ret->witness_loss_ppt = LOSS_UNSET;
    ret->rtt_ms = ret->witness_rtt_ms = ret->dns_rtt_ms = ret->jitter_ms = UNSET;
    ret->disk_ms = 20;
    ret->years = 5;
    ret->blows = 500;
    ret->seed = 1;
    ret->jobs = processors < 1 ? 1 : processors > 64 ? 64 : processors;
    for (int at = 1; at < argc; at++)
        if (take(ret, argv, &at, given, err) != 0)
            return err->code;
    fill_defaults(ret);
    return 0;
}

int question_conditions(const struct question *question, const struct config *config,
                        struct conditions *ret, struct err *err)
{
    memset(ret, 0, sizeof *ret);
    ret->jitter_ms = question->jitter_ms;
    ret->dns_rtt_ms = question->dns_rtt_ms;
    ret->disk_ms = question->disk_ms;
    ret->stalls = question->stalls;
    for (uint8_t from = 0; from < PEER_COUNT; from++)
        for (uint8_t to = 0; to < PEER_COUNT; to++) {
            bool witness = from == PEER_WITNESS || to == PEER_WITNESS;
            span_ms rtt = witness ? question->witness_rtt_ms : question->rtt_ms;
            ret->way_us[from][to] = (uint32_t)(rtt * 500);
            ret->loss_ppt[from][to] = witness ? question->witness_loss_ppt : question->loss_ppt;
        }
    for (size_t i = 0; i < question->loss_count; i++) {
        const struct question_loss *loss = &question->losses[i];
        uint8_t from = config_peer(config, loss->from), to = config_peer(config, loss->to);
        if (from == PEER_NONE || to == PEER_NONE || from == to)
            return err_set(err, ERR_USAGE, "--loss: \"%.33s:%.33s\" is no direction; expected two "
                                           "of %s, %s and %s", loss->from, loss->to,
                           config->peers[0].name, config->peers[1].name, config->peers[2].name);
        ret->loss_ppt[from][to] = loss->loss_ppt;
    }
    return 0;
}
