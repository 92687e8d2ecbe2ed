/* basis_test — what a start rests on, and what `holdfast restart` finds wrong before it ends
 * anything: configuration, key, state directory, and the program's own part. */
#include "agent/peer/basis.h"

#include <sys/stat.h>
#include <unistd.h>

#include "agent/node/duty.h"
#include "agent/peer/keys.h"
#include "tests/lib/check.h"
#include "tests/lib/config_text.h"

struct place {
    char folder[64];
    char key[KEY_TEXT_SIZE];
    struct options given;
    struct basis_order order;
    char why[1024];
};

static void path_of(const struct place *place, const char *name, char ret[128])
{
    snprintf(ret, 128, "%s/%s", place->folder, name);
}

static void put(const struct place *place, const char *name, const char *text)
{
    char path[128];
    path_of(place, name, path);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, 0600) == 0);
}

static void mode(const struct place *place, const char *name, mode_t bits)
{
    char path[128];
    path_of(place, name, path);
    CHECK_EQ(chmod(path, bits), 0);
}

/* The good text, with this place's key for server1 and a line more at the end. */
static void put_config(const struct place *place, const char *more)
{
    char text[8192];
    size_t used = 0;
    for (unsigned i = 0; i < TEXT_LINE_COUNT; i++)
        used += i == 6 ? (size_t)snprintf(text + used, sizeof text - used, "public-key = %s\n",
                                          place->key)
                       : (size_t)snprintf(text + used, sizeof text - used, "%s\n",
                                          text_lines[i]);
    snprintf(text + used, sizeof text - used, "%s\n", more);
    put(place, "hf.conf", text);
}

static int check_duty(void *owner, const struct config *config, struct err *err)
{
    (void)owner;
    return duty_check(config, err);
}

static void setup(struct place *place)
{
    uint8_t key[KEY_SIZE];
    struct err err = {0};
    *place = (struct place){.order = {.check = check_duty}};
    snprintf(place->folder, sizeof place->folder, "/tmp/holdfast-basis-XXXXXX");
    CHECK(mkdtemp(place->folder) != NULL);
    path_of(place, "hf.conf", place->given.config);
    path_of(place, "hf.key", place->given.key);
    path_of(place, "state", place->given.state_dir);
    CHECK_EQ(mkdir(place->given.state_dir, 0700), 0);
    CHECK_EQ(keys_make(place->given.key, key, &err), 0);
    keys_text(key, place->key);
    put_config(place, "");
    put(place, "tsig.key", "c2VjcmV0\n");
    place->order.given = &place->given;
}

static void teardown(struct place *place)
{
    static const char *const names[] = {"hf.conf", "hf.key", "tsig.key"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        path_of(place, names[i], path);
        (void)unlink(path);
    }
    (void)rmdir(place->given.state_dir);
    CHECK_EQ(rmdir(place->folder), 0);
}

static bool stands(struct place *place)
{
    place->why[0] = 0;
    return basis_stands(&place->order, place->why, sizeof place->why);
}

TEST(all_is_well)
{
    struct place place;
    setup(&place);
    CHECK(stands(&place));
    CHECK_STR(place.why, "");
    teardown(&place);
}

TEST(every_mistake_of_the_configuration_is_named)
{
    struct place place;
    setup(&place);
    put_config(&place, "colour = red\n[probe service]");
    CHECK(!stands(&place));
    CHECK_HAS(place.why, "hf.conf:37: [local] colour");
    CHECK_HAS(place.why, "; ");
    CHECK_HAS(place.why, "a second time");
    char path[128];
    path_of(&place, "hf.conf", path);
    CHECK_EQ(unlink(path), 0);
    CHECK(!stands(&place));
    CHECK_HAS(place.why, "No such file");
    teardown(&place);
}

TEST(key_role_secret_and_state)
{
    struct place place;
    setup(&place);
    mode(&place, "hf.key", 0644);
    CHECK(!stands(&place));
    CHECK_HAS(place.why, "hf.key");
    mode(&place, "hf.key", 0600);
    place.order.witness = true;
    CHECK(!stands(&place));
    CHECK_HAS(place.why, "is the key of server1, a node; run holdfastd there");
    place.order.witness = false;
    mode(&place, "tsig.key", 0644);
    CHECK(!stands(&place));
    CHECK_HAS(place.why, "[record pbx.example.com]: tsig-secret-file");
    mode(&place, "tsig.key", 0600);
    CHECK_EQ(rmdir(place.given.state_dir), 0);
    CHECK(!stands(&place));
    CHECK_HAS(place.why, "does not exist");
    CHECK_EQ(mkdir(place.given.state_dir, 0700), 0);
    mode(&place, "state", 0770);
    CHECK(!stands(&place));
    CHECK_HAS(place.why, "can be written by others than its owner (mode 0770); run: chmod");
    mode(&place, "state", 0750);
    CHECK(stands(&place));
    teardown(&place);
}

CHECK_MAIN
