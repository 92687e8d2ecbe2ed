#include "agent/peer/keys.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/check.h"

/* A directory of its own for each test; left empty at the end. */
struct place {
    char folder[64], key[80], other[80];
};

static struct place open_place(void)
{
    struct place place;
    snprintf(place.folder, sizeof place.folder, "/tmp/holdfast-keys-XXXXXX");
    CHECK(mkdtemp(place.folder) != NULL);
    snprintf(place.key, sizeof place.key, "%.60s/a.key", place.folder);
    snprintf(place.other, sizeof place.other, "%.60s/b.key", place.folder);
    return place;
}

static void close_place(const struct place *place)
{
    unlink(place->key);
    unlink(place->other);
    rmdir(place->folder);
}

static void put(const char *path, const char *text, size_t length, mode_t mode)
{
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && write(fd, text, length) == (ssize_t)length && fchmod(fd, mode) == 0);
    close(fd);
}

static void check_refused(const char *path, const char *what)
{
    struct err err = {0};
    uint8_t key[KEY_SIZE], *secret = NULL;
    CHECK_EQ(keys_read(path, &secret, key, &err), ERR_USAGE);
    CHECK(secret == NULL);
    CHECK_HAS(err.text, path);
    CHECK_HAS(err.text, what);
}

TEST(made_key_reads_back)
{
    struct place place = open_place();
    struct err err = {0};
    struct stat status;
    uint8_t made[KEY_SIZE], read[KEY_SIZE], *secret = NULL;
    CHECK_EQ(keys_make(place.key, made, &err), 0);
    CHECK_EQ(stat(place.key, &status), 0);
    CHECK_EQ(status.st_mode & 07777, 0600);
    CHECK_EQ(status.st_size, 45);
    CHECK_EQ(keys_read(place.key, &secret, read, &err), 0);
    CHECK(memcmp(made, read, KEY_SIZE) == 0);
    CHECK(memcmp(secret + 32, read, KEY_SIZE) == 0);
    keys_close(secret);
    close_place(&place);
}

TEST(make_keeps_0600_under_any_umask)
{
    struct place place = open_place();
    struct err err = {0};
    struct stat status;
    uint8_t key[KEY_SIZE];
    mode_t before = umask(0);
    CHECK_EQ(keys_make(place.key, key, &err), 0);
    umask(0777);
    CHECK_EQ(keys_make(place.other, key, &err), 0);
    umask(before);
    CHECK_EQ(stat(place.key, &status), 0);
    CHECK_EQ(status.st_mode & 07777, 0600);
    CHECK_EQ(stat(place.other, &status), 0);
    CHECK_EQ(status.st_mode & 07777, 0600);
    close_place(&place);
}

TEST(make_never_overwrites)
{
    struct place place = open_place();
    struct err err = {0};
    uint8_t first[KEY_SIZE], second[KEY_SIZE], *secret = NULL;
    CHECK_EQ(keys_make(place.key, first, &err), 0);
    CHECK_EQ(keys_make(place.key, second, &err), ERR_USAGE);
    CHECK_HAS(err.text, "already exists");
    CHECK_EQ(keys_read(place.key, &secret, second, &err), 0);
    CHECK(memcmp(first, second, KEY_SIZE) == 0);
    keys_close(secret);
    CHECK_EQ(symlink("nowhere", place.other), 0);
    CHECK_EQ(keys_make(place.other, second, &err), ERR_USAGE);
    CHECK_EQ(keys_make("/nonexistent/x.key", second, &err), ERR_USAGE);
    CHECK_HAS(err.text, "/nonexistent/x.key: No such file");
    close_place(&place);
}

TEST(make_without_file_fills_only)
{
    struct err err = {0};
    uint8_t one[KEY_SIZE] = {0}, two[KEY_SIZE] = {0};
    CHECK_EQ(keys_make(NULL, one, &err), 0);
    CHECK_EQ(keys_make(NULL, two, &err), 0);
    CHECK(memcmp(one, two, KEY_SIZE) != 0);
}

TEST(modes_that_let_others_in_are_refused)
{
    struct place place = open_place();
    struct err err = {0};
    uint8_t key[KEY_SIZE], *secret = NULL;
    CHECK_EQ(keys_make(place.key, key, &err), 0);
    static const mode_t bad[] = {0640, 0604, 0660, 0644, 0620, 0602, 0601, 0610, 0777};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(chmod(place.key, bad[i]), 0);
        check_refused(place.key, "chmod 0600");
    }
    CHECK_EQ(chmod(place.key, 0400), 0);
    CHECK_EQ(keys_read(place.key, &secret, key, &err), 0);
    keys_close(secret);
    close_place(&place);
}

TEST(links_pipes_and_directories_are_refused)
{
    struct place place = open_place();
    struct err err = {0};
    uint8_t key[KEY_SIZE];
    CHECK_EQ(keys_make(place.key, key, &err), 0);
    CHECK_EQ(symlink(place.key, place.other), 0);
    check_refused(place.other, "symbolic link");
    unlink(place.other);
    CHECK_EQ(mkfifo(place.other, 0600), 0);
    check_refused(place.other, "no regular file"); /* and does not wait for a writer */
    check_refused(place.folder, "no regular file");
    check_refused("/nonexistent.key", "No such file");
    close_place(&place);
}

TEST(foreign_owner_is_refused)
{
    if (geteuid() != 0)
        return; /* only root can give a file away */
    struct place place = open_place();
    struct err err = {0};
    uint8_t key[KEY_SIZE];
    CHECK_EQ(keys_make(place.key, key, &err), 0);
    CHECK_EQ(chown(place.key, 12345, 0), 0);
    check_refused(place.key, "belongs to user 12345");
    close_place(&place);
}

TEST(bad_contents_are_refused)
{
    static const char good[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    char big[5000];
    struct place place = open_place();
    struct err err = {0};
    uint8_t key[KEY_SIZE], *secret = NULL;
    put(place.key, good, 44, 0600); /* no newline: fine */
    CHECK_EQ(keys_read(place.key, &secret, key, &err), 0);
    keys_close(secret);
    put(place.key, "", 0, 0600);
    check_refused(place.key, "is empty");
    put(place.key, "\n\n", 2, 0600);
    check_refused(place.key, "is empty");
    put(place.key, good, 43, 0600);
    check_refused(place.key, "no private key");
    put(place.key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=AAAA", 48, 0600);
    check_refused(place.key, "no private key");
    put(place.key, "!AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 44, 0600);
    check_refused(place.key, "no private key");
    put(place.key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", 44, 0600); /* loose bits */
    check_refused(place.key, "no private key");
    put(place.key, "AAEC\nAwQF\n", 10, 0600);
    check_refused(place.key, "one line");
    put(place.key, "AA\0CAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 44, 0600);
    check_refused(place.key, "one line");
    memset(big, 'A', sizeof big);
    put(place.key, big, sizeof big, 0600);
    check_refused(place.key, "longer than");
    close_place(&place);
}

TEST(public_text_goes_there_and_back)
{
    struct err err = {0};
    uint8_t key[KEY_SIZE], back[KEY_SIZE];
    char text[KEY_TEXT_SIZE];
    CHECK_EQ(keys_make(NULL, key, &err), 0);
    keys_text(key, text);
    CHECK_EQ(strlen(text), 44);
    CHECK_EQ(keys_parse(text, back, &err), 0);
    CHECK(memcmp(key, back, KEY_SIZE) == 0);
}

TEST(public_keys_of_no_use_are_refused)
{
    struct err err = {0};
    uint8_t key[KEY_SIZE], point[KEY_SIZE] = {0};
    char text[KEY_TEXT_SIZE];
    CHECK_EQ(keys_parse("", key, &err), ERR_USAGE);
    CHECK_HAS(err.text, "44 characters");
    CHECK_EQ(keys_parse("AAAA", key, &err), ERR_USAGE);
    CHECK_EQ(keys_parse("vCoNEvuR2jwtRPApKZhJiS2RURpbwjZP0mqGxDr7jC4", key, &err), ERR_USAGE);
    CHECK_EQ(keys_parse("vCoNEvuR2jwtRPApKZhJiS2RURpbwjZP0mqGxDr7jC4==", key, &err), ERR_USAGE);
    /* Points of small order: 0, 1, and the two of order 8; a point that is not canonical. */
    keys_text(point, text);
    CHECK_EQ(keys_parse(text, key, &err), ERR_USAGE);
    CHECK_HAS(err.text, "not the public half");
    point[0] = 1;
    keys_text(point, text);
    CHECK_EQ(keys_parse(text, key, &err), ERR_USAGE);
    CHECK_EQ(keys_parse("JuiVj8KyJ7BFw/SJ8u+Y8NXfrAXTxjM5sTgCiG1T/AU=", key, &err), ERR_USAGE);
    CHECK_EQ(keys_parse("xxdqcD1N2E+6PAt2DRBnDyogU/osOczGTsf9d5KsA3o=", key, &err), ERR_USAGE);
    CHECK_EQ(keys_parse("7f///////////////////////////////////////38=", key, &err), ERR_USAGE);
    CHECK_EQ(keys_parse("/////////////////////////////////////////38=", key, &err), ERR_USAGE);
}

TEST(secrets_are_read_privately)
{
    struct place place = open_place();
    struct err err = {0};
    char secret[8];
    put(place.key, "abcdefg\r\n", 9, 0600);
    CHECK_EQ(keys_secret(place.key, secret, sizeof secret, &err), 0);
    CHECK_STR(secret, "abcdefg");
    put(place.key, "abcdefgh\n", 9, 0600);
    CHECK_EQ(keys_secret(place.key, secret, sizeof secret, &err), ERR_USAGE);
    CHECK_HAS(err.text, "longer than 7 bytes");
    CHECK_EQ(strstr(err.text, "abcdefgh") == NULL, 1);
    put(place.key, "abc\n", 4, 0644);
    CHECK_EQ(keys_secret(place.key, secret, sizeof secret, &err), ERR_USAGE);
    CHECK_HAS(err.text, "0644 lets others in");
    close_place(&place);
}

CHECK_MAIN
