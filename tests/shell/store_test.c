/* The promise file: nothing that a disk can do to it is ever taken for a promise. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "agent/peer/store.h"
#include "tests/lib/check.h"
#include "tests/lib/loop.h"

#define LIMIT_MS 10000

static struct stored example(void)
{
    struct stored stored = {.present = true,
                            .epoch = 1732000001,
                            .holder = 1,
                            .length_ms = 5000,
                            .pause_order = 7,
                            .pause_until_wall_s = 1800000000};
    for (size_t i = 0; i < PEER_COUNT; i++)
        memset(stored.members.key_hash[i], (int)(17 * i + 3), KEY_HASH_SIZE);
    return stored;
}

struct answer {
    unsigned count;
    uint64_t ticket;
    bool ok;
    unsigned wanted;
};

static void on_stored(void *owner, uint64_t ticket, bool ok)
{
    struct answer *answer = owner;
    answer->count++;
    answer->ticket = ticket;
    answer->ok = ok;
}

static bool is_answered(void *context)
{
    const struct answer *answer = context;
    return answer->count >= answer->wanted;
}

/* Writes and waits; true when it is on disk. */
static bool put(uv_loop_t *loop, struct store *store, const struct stored *stored)
{
    struct answer answer = {.wanted = 1};
    store_write(store, stored, 42, on_stored, &answer);
    CHECK_EQ(answer.count, 0); /* never from inside the call */
    CHECK(loop_until(loop, is_answered, &answer, LIMIT_MS));
    CHECK_EQ(answer.ticket, 42);
    return answer.ok;
}

static size_t read_file(const char *directory, char *bytes, size_t size_max)
{
    char path[300];
    snprintf(path, sizeof path, "%s/promise", directory);
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(bytes, 1, size_max, file);
    if (file != NULL)
        fclose(file);
    return size;
}

static void write_file(const char *directory, const char *name, const char *bytes, size_t size)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size)
        abort();
    fclose(file);
}

static bool same(const struct stored *a, const struct stored *b)
{
    return a->present == b->present && a->genesis == b->genesis && a->epoch == b->epoch &&
           a->holder == b->holder && a->length_ms == b->length_ms &&
           memcmp(&a->members, &b->members, sizeof a->members) == 0 &&
           a->pause_order == b->pause_order && a->pause_until_wall_s == b->pause_until_wall_s;
}

/* Opens, and closes at once: what does a start find? */
static struct stored find(const char *directory, char *ret_trouble, size_t size)
{
    uv_loop_t loop;
    struct store *store = NULL;
    struct stored found = {0};
    struct err err;
    uv_loop_init(&loop);
    CHECK_EQ(store_open(&store, &loop, directory, &found, &err), 0);
    snprintf(ret_trouble, size, "%s", store_trouble(store));
    store_close(store);
    CHECK(loop_end(&loop));
    return found;
}

TEST(what_is_written_is_found_again)
{
    uv_loop_t loop;
    struct store *store;
    struct stored found, written = example();
    struct err err;
    char *directory = loop_directory(), trouble[600];
    uv_loop_init(&loop);
    CHECK_EQ(store_open(&store, &loop, directory, &found, &err), 0);
    CHECK(!found.present);
    CHECK_HAS(store_trouble(store), "does not exist");
    CHECK(put(&loop, store, &written));
    CHECK_STR(store_trouble(store), "");
    store_close(store);
    CHECK(loop_end(&loop));
    found = find(directory, trouble, sizeof trouble);
    CHECK(same(&found, &written));
    CHECK_STR(trouble, "");
    loop_remove(directory);
}

TEST(extreme_states_survive_the_line)
{
    struct stored states[3] = {example(), example(), {.present = true, .holder = PEER_NONE}};
    states[0].epoch = 2 * EPOCH_MAX - 1;
    states[0].pause_order = UINT64_MAX;
    states[0].length_ms = LEASE_MS_MAX;
    states[1].holder = PEER_NONE;
    states[1].genesis = true;
    for (size_t i = 0; i < 3; i++) {
        struct stored found;
        char line[STORE_TEXT_SIZE];
        const char *why;
        store_print(&states[i], line);
        CHECK(store_parse(line, strlen(line), &found, &why));
        CHECK(same(&found, &states[i]));
    }
}

/* A core that began there would count beyond the end, and stop with an assert at every start. */
TEST(a_number_that_nobody_can_have_reached_is_refused)
{
    struct stored stored = example(), found;
    char line[STORE_TEXT_SIZE];
    const char *why;
    stored.epoch = UINT64_MAX;
    store_print(&stored, line);
    CHECK(!store_parse(line, strlen(line), &found, &why));
    CHECK(!found.present && why[0] != 0);
}

TEST(every_cut_and_every_flipped_bit_is_seen)
{
    struct stored stored = example(), found;
    char line[STORE_TEXT_SIZE], bad[STORE_TEXT_SIZE + 1];
    const char *why;
    store_print(&stored, line);
    size_t size = strlen(line);
    for (size_t cut = 0; cut < size; cut++) {
        CHECK(!store_parse(line, cut, &found, &why));
        CHECK(!found.present && why[0] != 0);
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        memcpy(bad, line, size);
        bad[bit / 8] = (char)((uint8_t)bad[bit / 8] ^ (1u << bit % 8));
        CHECK(!store_parse(bad, size, &found, &why));
        CHECK(!found.present && why[0] != 0);
    }
    memcpy(bad, line, size);
    bad[size] = '\n';
    CHECK(!store_parse(bad, size + 1, &found, &why));
}

/* A right checksum does not make nonsense a state. */
TEST(nonsense_with_a_right_checksum_is_refused)
{
    struct stored bad[4] = {example(), example(), example(), example()};
    bad[0].holder = 0; /* odd epoch */
    bad[1].holder = 2; /* a witness never holds */
    bad[2].epoch = 0;
    bad[3].length_ms = 1;
    for (size_t i = 0; i < 4; i++) {
        struct stored found;
        char line[STORE_TEXT_SIZE];
        const char *why;
        store_print(&bad[i], line);
        CHECK(!store_parse(line, strlen(line), &found, &why));
        CHECK_HAS(why, "no peer writes");
    }
}

TEST(random_bytes_are_safe)
{
    struct stored found;
    char bytes[600];
    const char *why;
    for (unsigned i = 0; i < 2000; i++) {
        randombytes_buf(bytes, sizeof bytes);
        if (i % 2 == 0)
            memcpy(bytes, "holdfast-state 1 genesis=0 epoch=", 33);
        CHECK(!store_parse(bytes, randombytes_uniform(sizeof bytes), &found, &why));
    }
}

TEST(a_damaged_file_is_no_state)
{
    struct stored stored = example();
    char line[STORE_TEXT_SIZE], trouble[600], *directory = loop_directory();
    store_print(&stored, line);
    line[40] = '9';
    write_file(directory, "promise", line, strlen(line));
    struct stored found = find(directory, trouble, sizeof trouble);
    CHECK(!found.present);
    CHECK_EQ(found.holder, PEER_NONE);
    CHECK_HAS(trouble, "damaged");
    CHECK_HAS(trouble, directory);
    write_file(directory, "promise", "", 0);
    found = find(directory, trouble, sizeof trouble);
    CHECK(!found.present);
    CHECK_HAS(trouble, "is empty");
    loop_remove(directory);
}

TEST(a_rest_of_an_interrupted_write_does_no_harm)
{
    struct stored stored = example();
    char line[STORE_TEXT_SIZE], trouble[600], *directory = loop_directory();
    store_print(&stored, line);
    write_file(directory, "promise", line, strlen(line));
    write_file(directory, "promise.new", line, strlen(line) / 2);
    struct stored found = find(directory, trouble, sizeof trouble);
    CHECK(same(&found, &stored));
    loop_remove(directory);
}

static int open_err(const char *directory, struct err *err)
{
    uv_loop_t loop;
    struct store *store = NULL;
    struct stored found;
    uv_loop_init(&loop);
    int code = store_open(&store, &loop, directory, &found, err);
    store_close(store);
    CHECK(loop_end(&loop));
    return code;
}

TEST(a_directory_that_is_none_is_explained)
{
    struct err err;
    char path[300], *directory = loop_directory();
    snprintf(path, sizeof path, "%s/none", directory);
    CHECK_EQ(open_err(path, &err), ERR_STATE);
    CHECK_HAS(err.text, "install -d");
    write_file(directory, "none", "x", 1);
    CHECK_EQ(open_err(path, &err), ERR_STATE);
    CHECK_HAS(err.text, "Not a directory");
    loop_remove(directory);
}

TEST(a_state_file_that_is_a_directory_is_explained)
{
    char path[300], trouble[600], *directory = loop_directory();
    snprintf(path, sizeof path, "%s/promise", directory);
    CHECK_EQ(mkdir(path, 0700), 0);
    struct stored found = find(directory, trouble, sizeof trouble);
    CHECK(!found.present);
    CHECK_HAS(trouble, "/promise: Is a directory");
    CHECK_EQ(rmdir(path), 0);
    loop_remove(directory);
}

TEST(two_daemons_never_share_a_directory)
{
    struct err err;
    char *directory = loop_directory();
    int file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_EQ(flock(file, LOCK_EX | LOCK_NB), 0);
    CHECK_EQ(open_err(directory, &err), ERR_STATE);
    CHECK_HAS(err.text, "another holdfast daemon");
    close(file);
    CHECK_EQ(open_err(directory, &err), 0);
    loop_remove(directory);
}

TEST(the_first_state_is_written_once)
{
    struct members members = example().members;
    struct err err;
    char trouble[600], *directory = loop_directory();
    CHECK_EQ(store_write_first(directory, &members, &err), 0);
    struct stored found = find(directory, trouble, sizeof trouble);
    CHECK(found.present && found.genesis);
    CHECK_EQ(found.epoch, 0);
    CHECK_EQ(found.holder, PEER_NONE);
    CHECK_EQ(memcmp(&found.members, &members, sizeof members), 0);
    CHECK_EQ(store_write_first(directory, &members, &err), ERR_IN_USE);
    CHECK_HAS(err.text, "never overwritten");
    write_file(directory, "promise", "rubbish", 7);
    CHECK_EQ(store_write_first(directory, &members, &err), ERR_IN_USE);
    loop_remove(directory);
}

TEST(closing_while_a_write_runs_is_safe)
{
    uv_loop_t loop;
    struct store *store;
    struct stored found, written = example();
    struct err err;
    struct answer answer = {.wanted = 1};
    char *directory = loop_directory(), trouble[600];
    uv_loop_init(&loop);
    CHECK_EQ(store_open(&store, &loop, directory, &found, &err), 0);
    store_write(store, &written, 1, on_stored, &answer);
    store_close(store);
    CHECK(loop_end(&loop));
    CHECK_EQ(answer.count, 0);
    found = find(directory, trouble, sizeof trouble);
    CHECK(!found.present || same(&found, &written));
    loop_remove(directory);
}

/* ---- disks of their own: need the right to mount ---- */

static bool mount_small(const char *directory, const char *options)
{
    if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("tmpfs", directory, "tmpfs", 0, options) == 0)
        return true;
    printf("skipped: no right to mount a tmpfs here\n");
    return false;
}

static void fill(const char *directory)
{
    static const char page[4096];
    char path[300];
    snprintf(path, sizeof path, "%s/filler", directory);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(file, page, sizeof page) > 0)
        ;
    CHECK_EQ(errno, ENOSPC);
    close(file);
}

TEST(a_full_disk_is_said_and_heals_by_itself)
{
    uv_loop_t loop;
    struct store *store;
    struct stored found, first = example(), second = example();
    struct err err;
    char path[300], trouble[600], *directory = loop_directory();
    if (!mount_small(directory, "size=64k,mode=0700")) {
        loop_remove(directory);
        return;
    }
    second.epoch += 2;
    uv_loop_init(&loop);
    CHECK_EQ(store_open(&store, &loop, directory, &found, &err), 0);
    CHECK(put(&loop, store, &first));
    fill(directory);
    CHECK(!put(&loop, store, &second));
    CHECK_HAS(store_trouble(store), "No space left");
    snprintf(path, sizeof path, "%s/promise.new", directory);
    CHECK(access(path, F_OK) != 0);
    snprintf(path, sizeof path, "%s/filler", directory);
    unlink(path);
    CHECK(put(&loop, store, &second));
    CHECK_STR(store_trouble(store), "");
    store_close(store);
    CHECK(loop_end(&loop));
    found = find(directory, trouble, sizeof trouble);
    CHECK(same(&found, &second));
    CHECK_EQ(umount(directory), 0);
    loop_remove(directory);
}

TEST(a_full_disk_keeps_the_old_state)
{
    uv_loop_t loop;
    struct store *store;
    struct stored found, first = example(), second = example();
    struct err err;
    char before[600], after[600], *directory = loop_directory();
    if (!mount_small(directory, "size=64k,mode=0700")) {
        loop_remove(directory);
        return;
    }
    second.epoch += 2;
    uv_loop_init(&loop);
    CHECK_EQ(store_open(&store, &loop, directory, &found, &err), 0);
    CHECK(put(&loop, store, &first));
    size_t size = read_file(directory, before, sizeof before);
    fill(directory);
    for (unsigned i = 0; i < 5; i++)
        CHECK(!put(&loop, store, &second));
    CHECK_EQ(read_file(directory, after, sizeof after), size);
    CHECK_EQ(memcmp(before, after, size), 0);
    store_close(store);
    CHECK(loop_end(&loop));
    CHECK_EQ(umount(directory), 0);
    loop_remove(directory);
}

TEST(a_read_only_disk_keeps_the_daemon_from_starting)
{
    struct err err;
    char *directory = loop_directory();
    if (!mount_small(directory, "size=64k,mode=0700,ro")) {
        loop_remove(directory);
        return;
    }
    CHECK_EQ(open_err(directory, &err), ERR_STATE);
    CHECK_HAS(err.text, "Read-only");
    CHECK_EQ(umount(directory), 0);
    loop_remove(directory);
}

CHECK_MAIN
