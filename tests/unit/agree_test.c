/* Which record is behind, as the holder and as a standby see it; and what a move asks of them. */
#include "agent/node/agree.h"
#include "agent/peer/clock.h"
#include "agent/peer/movable.h"

#include "tests/lib/check.h"

static const struct serve one = {.a = {"192.0.2.1"}, .a_count = 1};

static struct record_glance glance_of(bool holding, uint64_t epoch, bool right)
{
    return (struct record_glance){.node = "server1", .serve = &one, .epoch = epoch, .read_at = 900,
                                  .wrong_since = 400, .can_read = true, .readable = true,
                                  .holding = holding, .guarded = holding && right, .right = right};
}

static enum agree_verdict judged(const struct agree *agree, struct record_glance glance,
                                 mono_ms since)
{
    mono_ms found = since;
    enum agree_verdict verdict = agree_judge(agree, &glance, &found);
    if (verdict == AGREE_NO)
        CHECK_EQ(found, since);
    return verdict;
}

TEST(a_holder_knows_what_it_has_seen_written)
{
    static const struct agree agree = {.top = 8, .top_at = 500};
    struct record_glance glance = glance_of(true, 8, true);
    CHECK_EQ(judged(&agree, glance, 400), AGREE_YES);
    glance.readable = false; /* it was right; nobody can look */
    CHECK_EQ(judged(&agree, glance, 400), AGREE_UNKNOWN);
    glance = glance_of(true, 6, false);
    CHECK_EQ(judged(&agree, glance, 400), AGREE_NO);
    glance.readable = false; /* never seen to be written */
    CHECK_EQ(judged(&agree, glance, 400), AGREE_NO);
    glance = glance_of(true, 8, true);
    glance.can_read = glance.readable = false; /* a command that said yes */
    CHECK_EQ(judged(&agree, glance, 400), AGREE_YES);
}

TEST(a_standby_compares_what_it_read)
{
    static const struct agree agree = {.top = 8, .top_at = 500};
    struct record_glance glance = glance_of(false, 8, true);
    CHECK_EQ(judged(&agree, glance, 500), AGREE_YES);
    glance.right = false; /* the fence is the newest, the addresses are not its node's */
    CHECK_EQ(judged(&agree, glance, 400), AGREE_NO);
    glance = glance_of(false, 6, true);
    CHECK_EQ(judged(&agree, glance, 500), AGREE_NO);
    glance.read_at = 450; /* before the others moved */
    CHECK_EQ(judged(&agree, glance, 500), AGREE_UNKNOWN);
    glance = glance_of(false, 0, false);
    CHECK_EQ(judged(&agree, glance, 500), AGREE_NO);
    glance.readable = false;
    CHECK_EQ(judged(&agree, glance, 500), AGREE_UNKNOWN);
    glance = glance_of(false, 8, true);
    glance.can_read = false;
    CHECK_EQ(judged(&agree, glance, 500), AGREE_UNKNOWN);
    CHECK_EQ(judged(&(struct agree){0}, glance_of(false, 0, false), 0), AGREE_UNKNOWN);
}

TEST(a_fence_of_another_node_than_the_holder_is_behind)
{
    struct agree agree = {.top = 8, .top_at = 500};
    agree_heard(&agree, "server1", 600);
    CHECK_EQ(judged(&agree, glance_of(false, 8, true), 600), AGREE_YES);
    agree_heard(&agree, "server2", 700);
    agree_heard(&agree, "server2", 800);
    struct record_glance glance = glance_of(false, 8, true);
    CHECK_EQ(judged(&agree, glance, 700), AGREE_NO); /* read at 900, and still of server1 */
    glance.read_at = 650;
    CHECK_EQ(judged(&agree, glance, 700), AGREE_UNKNOWN);
    agree_heard(&agree, "", 950); /* nobody holds: it is the newest that there is */
    CHECK_EQ(judged(&agree, glance, 950), AGREE_YES);
}

TEST(the_highest_epoch_is_kept_with_its_instant)
{
    struct agree agree = {0};
    CHECK(agree_saw(&agree, 6, 100));
    CHECK(!agree_saw(&agree, 6, 200));
    CHECK(!agree_saw(&agree, 4, 300));
    CHECK_EQ(agree.top_at, 100);
    CHECK(agree_saw(&agree, 7, 400));
    CHECK_EQ(agree.top_at, 400);
}

static void expect_json(struct record_glance glance, const char *agrees, const char *text)
{
    static const struct agree agree = {.top = 8, .top_at = 500};
    json_t *record = json_object();
    agree_put(&agree, &glance, 2400, 1795489965000, record);
    char *dump = json_dumps(json_object_get(record, "agrees"), JSON_ENCODE_ANY);
    const json_t *behind = json_object_get(record, "behind");
    const char *said = json_string_value(json_object_get(behind, "text"));
    CHECK_STR(dump, agrees);
    CHECK_STR(said == NULL ? "" : said, text);
    if (said != NULL) {
        CHECK_EQ(json_integer_value(json_object_get(behind, "for_ms")), 2000);
        CHECK_STR(json_string_value(json_object_get(behind, "since")), "2026-11-24T03:12:43.000Z");
    }
    free(dump);
    json_decref(record);
}

TEST(it_is_said_what_was_seen_last)
{
    static const struct serve none, both = {
        .a = {"192.0.2.1"}, .aaaa = {"2001:db8::1"}, .a_count = 1, .aaaa_count = 1};
    struct record_glance glance = glance_of(true, 6, false);
    expect_json(glance_of(true, 8, true), "true", "");
    expect_json(glance, "false",
                "last seen with 192.0.2.1, and the fence of server1 under epoch 6");
    glance.serve = &both;
    glance.epoch = 0;
    expect_json(glance, "false",
                "last seen with 192.0.2.1,2001:db8::1, without a fence of holdfast");
    glance.serve = &none;
    expect_json(glance, "false", "last seen with no address, without a fence of holdfast");
    glance.read_at = MONO_LONG_AGO;
    expect_json(glance, "false", "it was never read");
    glance.can_read = glance.readable = false;
    expect_json(glance, "false", "its command did not do it yet");
    glance.holding = false;
    expect_json(glance, "null", "");
}

/* ---- what a move asks of them ---- */

static json_t *record_of(const char *label, int readable, const char *state)
{
    return json_pack("{s:s, s:o, s:s, s:s}", "label", label, "readable",
                     readable < 0 ? json_null() : json_boolean(readable), "state", state, "detail",
                     "because");
}

TEST(one_record_that_can_be_read_is_enough_to_move)
{
    json_t *records = json_array();
    CHECK(movable_any(NULL));
    CHECK(movable_any(records));
    json_array_append_new(records, record_of("command", -1, "ok"));
    CHECK(movable_any(records));
    json_array_append_new(records, record_of("dead", 0, "unknown"));
    CHECK(!movable_any(records)); /* a command proves nothing */
    json_array_append_new(records, record_of("alive", 1, "ok"));
    json_array_append_new(records, record_of("wrong", 1, "refused"));
    CHECK(movable_any(records));
    json_t *warnings = movable_warnings(records);
    CHECK_EQ(json_array_size(warnings), 2);
    CHECK_STR(json_string_value(json_array_get(warnings, 0)),
              "record dead cannot be read at its DNS provider now, and may stay behind: because");
    CHECK_STR(json_string_value(json_array_get(warnings, 1)),
              "record wrong was refused by its DNS provider, and may stay behind: because");
    json_decref(warnings);
    json_decref(records);
}

CHECK_MAIN
