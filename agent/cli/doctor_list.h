/* doctor_list — what `holdfast doctor` found: lines with a level and, where something is wrong, a
 * remedy. Pure but for the output.
 *
 * Lines are kept in the order of their areas, within one in the order in which they came. */
#ifndef HOLDFAST_CLI_DOCTOR_LIST_H
#define HOLDFAST_CLI_DOCTOR_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#define DOCTOR_TEXT_SIZE 1536
#define DOCTOR_REMEDY_SIZE 2560

/* Of one line; the whole is as bad as its worst. */
enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL };

/* In the order in which they are shown: what comes first may explain what comes later. */
enum doctor_area {
    DOCTOR_CONFIG,
    DOCTOR_FILES,
    DOCTOR_KEYS,
    DOCTOR_STATE,
    DOCTOR_DAEMON,
    DOCTOR_MACHINE,
    DOCTOR_CLUSTER,
    DOCTOR_PEER,
    DOCTOR_NETWORK,
    DOCTOR_CLOCK,
    DOCTOR_PROVIDER,
    DOCTOR_CREDENTIALS,
    DOCTOR_FENCE,
    DOCTOR_RECORD,
    DOCTOR_TTL,
    DOCTOR_SERVERS,
    DOCTOR_RESOLVERS,
    DOCTOR_GUARD,
    DOCTOR_IAM,
    DOCTOR_AREA_COUNT
};

struct doctor_list {
    json_t *areas[DOCTOR_AREA_COUNT]; /* arrays of checks, as in doctor_list_json */
    unsigned counts[3];               /* by level */
};

/* What a line is about; subject and remedy are borrowed, remedy NULL = none. */
struct doctor_line {
    enum doctor_area area;
    const char *subject;
    enum doctor_level level;
    const char *remedy;
};

/* False: no memory. */
bool doctor_list_open(struct doctor_list *list);
void doctor_list_close(struct doctor_list *list);
/* Adds a line with this text; without a remedy where one is due, it says where to look. */
void doctor_list_add(struct doctor_list *list, const struct doctor_line *line, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
/* The whole as text, remedies beneath their lines, the sums at the end. */
void doctor_list_print(const struct doctor_list *list, FILE *out, bool colour);
/* {"v":1,"checks":[{"area","subject","level","text","remedy"}],"ok","warn","fail"}. New
 * reference. */
json_t *doctor_list_json(const struct doctor_list *list);

#endif
