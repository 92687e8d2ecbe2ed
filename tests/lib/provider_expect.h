/* provider_expect — what a provider must say, in one line each: about answers that are none, and
 * about configurations that cannot be used. After the stage of a provider. */
#ifndef HOLDFAST_TESTS_PROVIDER_EXPECT_H
#define HOLDFAST_TESTS_PROVIDER_EXPECT_H

#include "provider_client.h"

/* The newest writer reads. What it says is one line, and none of the tests' secrets is in it. */
static void expect_read(struct stage *stage, enum provider_outcome outcome, const char *detail)
{
    static const char *const secrets[] = {"token-of-the-test", "no-such-token", "EXAMPLEKEY",
                                          "sekret-of-the-test", "no-such-key"};
    struct client *client = &stage->clients[stage->count - 1];
    client_read(stage, client);
    CHECK_EQ(client->outcome, outcome);
    CHECK_HAS(client->detail, detail);
    CHECK(strchr(client->detail, '\n') == NULL);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        CHECK(strstr(client->detail, secrets[i]) == NULL);
}

/* No provider can be opened with the stage's configuration. */
__attribute__((unused)) static void expect_unusable(struct stage *stage, const char *detail)
{
    struct provider_world world = {.loop = &stage->loop};
    struct provider *provider = NULL;
    struct err err = {0};
    CHECK_EQ(STAGE_PROVIDER.open(&provider, &world, &stage->config, &err), ERR_USAGE);
    CHECK_HAS(err.text, detail);
    CHECK(provider == NULL);
}

struct faulty_answer {
    const char *path; /* of tests/servers/faulty.py: what it answers there */
    enum provider_outcome outcome;
    const char *detail;
};

/* `also_written`: a write ends as the read did. */
__attribute__((unused)) static void expect_faulty(const struct faulty_answer *answers,
                                                  size_t count, bool also_written)
{
    struct child faulty;
    CHECK(child_start(&faulty, "tests/servers/faulty.py"));
    for (size_t i = 0; i < count; i++) {
        struct stage stage;
        stage_open(&stage, 0);
        snprintf(stage.config.endpoint, PATH_SIZE, "http://127.0.0.1:%u/%s", faulty.ports[0],
                 answers[i].path);
        stage_add(&stage);
        expect_read(&stage, answers[i].outcome, answers[i].detail);
        if (also_written) {
            stage.clients[0].hasty = true;
            client_write(&stage, &stage.clients[0], 100, 0);
            CHECK_EQ(stage.clients[0].outcome, answers[i].outcome);
        }
        stage_close(&stage);
    }
    child_stop(&faulty);
}

#endif
