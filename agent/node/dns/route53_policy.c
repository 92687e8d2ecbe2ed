/* Happy path: the record's zone and names stand in the text.
 *
 * Failure modes: none; all parts are of bounded length and were checked with the configuration. */
#include "route53_policy.h"

#include <stdio.h>

/* The names as Amazon normalizes them: lower case, no final dot. */
void route53_policy_text(const struct record_config *config, char ret[ROUTE53_POLICY_SIZE])
{
    (void)snprintf(
        ret, ROUTE53_POLICY_SIZE,
        "{\n"
        "  \"Version\": \"2012-10-17\",\n"
        "  \"Statement\": [\n"
        "    {\n"
        "      \"Effect\": \"Allow\",\n"
        "      \"Action\": \"route53:ChangeResourceRecordSets\",\n"
        "      \"Resource\": \"arn:aws:route53:::hostedzone/%s\",\n"
        "      \"Condition\": {\n"
        "        \"ForAllValues:StringEquals\": {\n"
        "          \"route53:ChangeResourceRecordSetsNormalizedRecordNames\":\n"
        "            [\"%.253s\", \"_holdfast.%.253s\"],\n"
        "          \"route53:ChangeResourceRecordSetsRecordTypes\": [\"A\", \"AAAA\", \"TXT\"],\n"
        "          \"route53:ChangeResourceRecordSetsActions\": [\"CREATE\", \"DELETE\", "
        "\"UPSERT\"]\n"
        "        }\n"
        "      }\n"
        "    },\n"
        "    {\n"
        "      \"Effect\": \"Allow\",\n"
        "      \"Action\": \"route53:ListResourceRecordSets\",\n"
        "      \"Resource\": \"arn:aws:route53:::hostedzone/%s\"\n"
        "    },\n"
        "    {\n"
        "      \"Effect\": \"Allow\",\n"
        "      \"Action\": \"route53:GetChange\",\n"
        "      \"Resource\": \"arn:aws:route53:::change/*\"\n"
        "    }\n"
        "  ]\n"
        "}\n",
        config->zone_id, config->name, config->name, config->zone_id);
}
