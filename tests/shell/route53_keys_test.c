/* route53_keys — where the keys come from: files that are wrong, replaced or readable by others;
 * the role of an instance, its renewal, and machines that have none. */
#include <sys/stat.h>

#include "../../agent/node/dns/route53_file.h"
#include "../lib/route53_stage.h"
#include "../lib/provider_expect.h"

/* ---- texts ---- */

static void expect_file(const char *text, const char *profile, const char *detail)
{
    struct route53_secret secret;
    struct err err = {0};
    int code = route53_file_parse(text, profile, &secret, &err);
    CHECK_EQ(code, detail[0] == 0 ? 0 : ERR_USAGE);
    CHECK_HAS(err.text, detail);
    CHECK(strstr(err.text, "hush") == NULL);
}

#define PAIR "aws_access_key_id = AKID\naws_secret_access_key = hush\n"

TEST(files_as_the_tools_have_them)
{
    expect_file("[default]\n" PAIR, "default", "");
    expect_file(PAIR, "default", ""); /* no section at all */
    expect_file("# a\n; b\n\n[other]\nx = y\n\r\n [ pbx ] \r\n" PAIR, "pbx", "");
    expect_file("[profile pbx]\n" PAIR "region = eu-west-1\nnonsense\n", "pbx", "");
    expect_file("[default]\nAWS_Access_Key_Id=AKID\naws_secret_access_key=hu=sh==", "default", "");
    expect_file("[default]\n" PAIR, "pbx", "has no section [pbx]; expected one with aws_access");
    expect_file("", "default", "has no section [default]");
    expect_file("[a]\naws_secret_access_key = hush\n", "a", "has no aws_access_key_id in [a]");
    expect_file("[a]\naws_access_key_id = AKID\n[b]\n" PAIR, "a",
                "no aws_secret_access_key in [a]");
    expect_file("[a]\n" PAIR "aws_session_token = hush hush\n", "a",
                "line 4: the value of aws_session_token is empty, too long or holds blanks");
    expect_file("aws_access_key_id =\n", "default", "line 1: the value of aws_access_key_id");
    expect_file("aws_secret_access_key = \x01hush\n", "default", "line 1: the value of aws_secret");
}

TEST(token_becomes_a_header)
{
    struct route53_secret secret;
    struct err err = {0};
    CHECK_EQ(route53_file_parse("[x]\n" PAIR "aws_session_token = a+/=b\n", "x", &secret, &err), 0);
    CHECK_STR(secret.token, "X-Amz-Security-Token: a+/=b");
    CHECK_STR(secret.key_id, "AKID");
    CHECK_STR(secret.secret, "hush");
    CHECK_EQ(route53_file_parse("[x]\n" PAIR, "x", &secret, &err), 0);
    CHECK_STR(secret.token, "");
}

#define ROLE(secret, end)                                                                         \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"" secret               \
    "\",\"Token\":\"t\",\"Expiration\":\"" end "\"}"

TEST(what_an_instance_says_about_its_role)
{
    static const char good[] = ROLE("hush", "2026-11-26T18:00:00Z");
    static const char *const bad[] = {"", "[]", "{\"Code\":7}", "{\"Code\":\"Success\"}",
                                      ROLE("hush", "soon"),
                                      ROLE("hush\\n", "2026-11-26T18:00:00Z")};
    struct route53_secret secret;
    struct err err = {0};
    int64_t end_s = 0;
    CHECK_EQ(route53_file_role(good, &secret, &end_s, &err), 0);
    CHECK_EQ(end_s, 1795716000);
    CHECK_STR(secret.token, "X-Amz-Security-Token: t");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(route53_file_role(bad[i], &secret, &end_s, &err), ERR_REMOTE);
        CHECK_HAS(err.text, "holds no keys");
    }
    CHECK_EQ(route53_file_date("Thu, 26 Nov 2026 18:00:00 GMT"), 1795716000);
    CHECK_EQ(route53_file_date("yesterday"), 0);
}

/* ---- files ---- */

TEST(unusable_files_are_named)
{
    struct stage stage;
    stage_open(&stage, 0);
    stage_keys(&stage, "nobody", NULL);
    expect_unusable(&stage, "[record pbx]: credentials-file: ");
    expect_unusable(&stage, "/aws: has no section [nobody]");
    snprintf(stage.config.credentials_file, PATH_SIZE, "%s/none", server.dir);
    expect_unusable(&stage, "/none: ");
    snprintf(stage.config.credentials_file, PATH_SIZE, "%s/open", server.dir);
    dns_file_write(stage.config.credentials_file, PAIR);
    chmod(stage.config.credentials_file, 0644);
    expect_unusable(&stage, "/open: ");
    expect_unusable(&stage, "600");
    stage_close(&stage);
}

/* Reads until this is said: the file is looked at beside the loop. */
static void read_until(struct stage *stage, enum provider_outcome outcome, const char *detail)
{
    struct client *client = &stage->clients[0];
    mono_ms end = clock_now() + SPIN_LIMIT_MS;
    do
        client_read(stage, client);
    while ((client->outcome != outcome || strstr(client->detail, detail) == NULL) &&
           clock_now() < end);
    expect_read(stage, outcome, detail);
}

/* A file that was replaced is taken, also when it was unusable between. */
TEST(replaced_file_is_read_again)
{
    struct stage stage;
    char path[128], good[128], fresh[128];
    stage_open(&stage, 0);
    snprintf(path, sizeof path, "%s/rotated", server.dir);
    snprintf(good, sizeof good, "%s/aws", server.dir);
    snprintf(fresh, sizeof fresh, "%s/fresh", server.dir);
    dns_file_write(path, "[default]\n" PAIR);
    snprintf(stage.config.credentials_file, PATH_SIZE, "%s", path);
    stage_add(&stage);
    struct client *one = &stage.clients[0];
    expect_read(&stage, PROVIDER_REFUSED, "does not know the keys in ");
    CHECK_EQ(unlink(path), 0);
    read_until(&stage, PROVIDER_REFUSED, "credentials-file: ");
    CHECK_HAS(one->detail, "/rotated: ");
    CHECK_EQ(link(good, fresh), 0);
    CHECK_EQ(rename(fresh, path), 0);
    read_until(&stage, PROVIDER_WON, "");
    client_take(&stage, one, 100, 0);
    CHECK_EQ(unlink(path), 0);
    stage_close(&stage);
}

/* ---- roles ---- */

/* One writer, on an instance with a role of this kind. */
static void open_in_role(struct stage *stage, const char *kind)
{
    stage_open(stage, 0);
    stage_keys(stage, NULL, kind);
    stage_add(stage);
}

TEST(role_of_the_instance_is_used)
{
    struct stage stage;
    open_in_role(&stage, "long");
    struct client *one = &stage.clients[0];
    client_read(&stage, one); /* waits for the keys */
    CHECK_EQ(one->outcome, PROVIDER_WON);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    stage_close(&stage);
}

/* Keys live 8 s, and to get new ones takes 1.5 s: nothing is lost, and nothing waits for them. */
TEST(keys_of_a_role_are_renewed_before_they_end)
{
    struct stage stage;
    open_in_role(&stage, "late");
    struct client *one = &stage.clients[0];
    mono_ms end = clock_now() + SPIN_LIMIT_MS;
    do
        client_read(&stage, one);
    while (one->outcome != PROVIDER_WON && clock_now() < end);
    unsigned lost = 0;
    span_ms longest = 0;
    end = clock_now() + 9000;
    for (uint64_t epoch = 100; clock_now() < end; epoch += 2) {
        mono_ms since = clock_now();
        client_read(&stage, one);
        lost += one->outcome != PROVIDER_WON;
        client_write(&stage, one, epoch, 0);
        lost += one->outcome != PROVIDER_WON;
        span_ms took = clock_now() - since;
        longest = took > longest ? took : longest;
    }
    CHECK_EQ(lost, 0);
    CHECK(longest < 1400);
    stage_close(&stage);
}

/* Amazon ends them early: said once, and the next request has new ones. */
TEST(keys_that_end_early_are_asked_for_anew)
{
    struct stage stage;
    open_in_role(&stage, "long");
    struct client *one = &stage.clients[0];
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_EQ(stage_ask(&stage, "PUT", "revoke", ""), 200);
    client_write(&stage, one, 100, 0);
    CHECK_EQ(one->outcome, PROVIDER_UNKNOWN);
    CHECK_HAS(one->detail, "the role pbx-role of this instance ended (ExpiredToken): new ones");
    client_read(&stage, one);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    CHECK_EQ(one->state.fence_count, 0);
    client_write(&stage, one, 102, 0);
    CHECK_EQ(one->outcome, PROVIDER_WON);
    stage_close(&stage);
}

static void expect_role(const char *kind, const char *detail)
{
    struct stage stage;
    open_in_role(&stage, kind);
    expect_read(&stage, PROVIDER_UNKNOWN, detail);
    stage_close(&stage);
}

TEST(instances_without_keys_are_named)
{
    expect_role("none", "this instance has no role: attach one");
    expect_role("off", "answers 403: is IMDSv2 switched on");
    expect_role("failed", "gives no keys (AssumeRoleUnauthorizedAccess): look at the trust");
    expect_role("rubbish", "holds no keys");
}

TEST(machine_that_is_no_instance_is_named)
{
    struct stage stage;
    stage_open(&stage, 0);
    stage_keys(&stage, NULL, "none");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1/", 1);
    stage_add(&stage);
    expect_read(&stage, PROVIDER_UNKNOWN, "this machine tells of none (127.0.0.1:1: ");
    CHECK_HAS(stage.clients[0].detail, "set credentials-file");
    stage_close(&stage);
}

/* Only loopback and the one address of every cloud may be asked in the clear. */
TEST(metadata_is_asked_nowhere_else)
{
    struct stage stage;
    struct err err = {0};
    stage_open(&stage, 0);
    struct http_order order = {.method = "GET", .url = "http://169.254.169.254/x",
                               .deadline_ms = 1000, .on_end = on_asked, .owner = &stage};
    CHECK(http_start(stage.http, &order, &err) == NULL);
    CHECK_HAS(err.text, "in the clear");
    order.metadata = true;
    struct http_call *call = http_start(stage.http, &order, &err);
    CHECK(call != NULL);
    http_cancel(call);
    order.url = "http://169.254.169.254.example.com/x";
    CHECK(http_start(stage.http, &order, &err) == NULL);
    order.url = "http://192.0.2.1/x";
    CHECK(http_start(stage.http, &order, &err) == NULL);
    stage_close(&stage);
}

int main(int argc, char **argv)
{
    return stage_run(argc, argv, "tests/servers/route53.py");
}
