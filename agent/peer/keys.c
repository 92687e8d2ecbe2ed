/* Happy path: open without following a link, look at the opened file (not at the name), read its
 * one line into locked memory, decode, wipe what is not needed any more.
 *
 * Failure modes: a file that is missing, a link, somebody else's, open to group or world, of the
 * wrong length or no key at all: ERR_USAGE with the path and what to do. A full disk while making
 * a key: the half-written file is removed. Secrets never appear in a text. */
#include "keys.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEED_SIZE crypto_sign_SEEDBYTES
#define LINE_SIZE 4096 /* longest file of a secret that is looked at */

static_assert(KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "public keys are Ed25519");
static_assert(KEY_TEXT_SIZE == (KEY_SIZE + 2) / 3 * 4 + 1, "base64 and the final 0");

static int start(struct err *err)
{
    return sodium_init() < 0 ? err_set(err, ERR_SYSTEM, "libsodium does not start") : 0;
}

static int explain_open(const char *path, int error, struct err *err)
{
    if (error == ELOOP)
        return err_set(err, ERR_USAGE, "%s: is a symbolic link; expected the file itself", path);
    if (error == EACCES)
        return err_set(err, ERR_USAGE, "%s: permission denied; it must belong to the user that "
                                       "runs this program", path);
    return err_set(err, ERR_USAGE, "%s: %s", path, strerror(error));
}

static int check_file(const char *path, int fd, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return err_set(err, ERR_USAGE, "%s: is no regular file", path);
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return err_set(err, ERR_USAGE, "%s: belongs to user %u; expected root or the user that "
                                       "runs this program (%u): chown it",
                       path, (unsigned)status.st_uid, (unsigned)geteuid());
    if ((status.st_mode & 0177) != 0)
        return err_set(err, ERR_USAGE, "%s: mode %04o lets others in; expected 0600 or stricter: "
                                       "chmod 0600 it",
                       path, (unsigned)(status.st_mode & 07777));
    return 0;
}

/* Opens a file that only its owner can read. Returns the descriptor or ERR_USAGE. */
static int open_private(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return explain_open(path, errno, err);
    if (check_file(path, fd, err) != 0) {
        close(fd);
        return err->code;
    }
    return fd;
}

/* Reads at most size - 1 bytes; *ret_length is size when the file holds more. */
static int read_all(int fd, char *buffer, size_t size, size_t *ret_length)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, buffer + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    *ret_length = length;
    return 0;
}

/* Reads the one line of a private file into `line` (locked memory of LINE_SIZE bytes). */
static int read_line(const char *path, char *line, size_t *ret_length, struct err *err)
{
    int fd = open_private(path, err);
    if (fd < 0)
        return fd;
    size_t length = 0;
    int failed = read_all(fd, line, LINE_SIZE, &length);
    int error = errno;
    close(fd);
    if (failed != 0)
        return err_set(err, ERR_USAGE, "%s: %s", path, strerror(error));
    if (length == LINE_SIZE)
        return err_set(err, ERR_USAGE, "%s: longer than %d bytes; expected one short line", path,
                       LINE_SIZE - 1);
    while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
        length--;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20)
            return err_set(err, ERR_USAGE, "%s: expected one line of text", path);
    if (length == 0)
        return err_set(err, ERR_USAGE, "%s: is empty", path);
    line[length] = 0;
    *ret_length = length;
    return 0;
}

/* 44 characters of base64 to 32 bytes; canonical text only. */
static bool decode(const char *text, size_t length, uint8_t ret[KEY_SIZE])
{
    size_t size = 0;
    const char *end = NULL;
    return length == KEY_TEXT_SIZE - 1 &&
           sodium_base642bin(ret, KEY_SIZE, text, length, NULL, &size, &end,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           size == KEY_SIZE && end == text + length;
}

static int read_seed(const char *path, uint8_t *work, uint8_t *ret_secret,
                     uint8_t ret_public[KEY_SIZE], struct err *err)
{
    char *line = (char *)(work + SEED_SIZE);
    size_t length = 0;
    if (read_line(path, line, &length, err) != 0)
        return err->code;
    if (!decode(line, length, work))
        return err_set(err, ERR_USAGE, "%s: is no private key; expected one line of %d characters "
                                       "base64, as 'holdfast keygen' writes it",
                       path, KEY_TEXT_SIZE - 1);
    (void)crypto_sign_seed_keypair(ret_public, ret_secret, work);
    return 0;
}

int keys_read(const char *path, uint8_t **ret_secret, uint8_t ret_public[KEY_SIZE],
              struct err *err)
{
    if (start(err) != 0)
        return err->code;
    uint8_t *work = sodium_malloc(SEED_SIZE + LINE_SIZE);
    uint8_t *secret = sodium_malloc(crypto_sign_SECRETKEYBYTES);
    if (work == NULL || secret == NULL)
        err_set(err, ERR_SYSTEM, "no locked memory for the private key (see ulimit -l)");
    else if (read_seed(path, work, secret, ret_public, err) == 0) {
        sodium_free(work);
        *ret_secret = secret;
        return 0;
    }
    sodium_free(work);
    sodium_free(secret);
    return err->code;
}

void keys_close(uint8_t *secret)
{
    sodium_free(secret);
}

static int write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, text, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        text += put;
        length -= (size_t)put;
    }
    return 0;
}

/* The name must be as durable as the key: the public half is about to be handed round. */
static int sync_directory(const char *path)
{
    char folder[PATH_SIZE] = ".";
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    if (length >= sizeof folder)
        return -1;
    if (length > 0) {
        memcpy(folder, path, length);
        folder[length] = 0;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int failed = fsync(fd);
    close(fd);
    return failed;
}

static int write_key(const char *path, const char *line, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_USAGE, "%s: already exists, and a key is never overwritten; move "
                                       "it away first if it is really not needed", path);
    if (fd < 0)
        return err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
    int failed = fchmod(fd, 0600) != 0 || write_all(fd, line, strlen(line)) != 0 || fsync(fd) != 0;
    int error = errno;
    close(fd);
    if (failed) {
        (void)unlink(path);
        return err_set(err, ERR_USAGE, "%s: %s; nothing was kept", path, strerror(error));
    }
    if (sync_directory(path) != 0)
        return err_set(err, ERR_USAGE, "%s: written, but its directory cannot be synced: %s", path,
                       strerror(errno));
    return 0;
}

int keys_make(const char *path, uint8_t ret_public[KEY_SIZE], struct err *err)
{
    if (start(err) != 0)
        return err->code;
    uint8_t *work = sodium_malloc(SEED_SIZE + crypto_sign_SECRETKEYBYTES + KEY_TEXT_SIZE + 1);
    if (work == NULL)
        return err_set(err, ERR_SYSTEM, "no locked memory for the private key (see ulimit -l)");
    uint8_t *secret = work + SEED_SIZE, made[KEY_SIZE];
    char *line = (char *)(secret + crypto_sign_SECRETKEYBYTES);
    randombytes_buf(work, SEED_SIZE);
    (void)crypto_sign_seed_keypair(made, secret, work);
    (void)sodium_bin2base64(line, KEY_TEXT_SIZE, work, SEED_SIZE, sodium_base64_VARIANT_ORIGINAL);
    memcpy(line + KEY_TEXT_SIZE - 1, "\n", 2);
    int code = path == NULL ? 0 : write_key(path, line, err);
    sodium_free(work);
    if (code == 0)
        memcpy(ret_public, made, KEY_SIZE);
    return code;
}

void keys_text(const uint8_t key[KEY_SIZE], char ret[KEY_TEXT_SIZE])
{
    (void)sodium_bin2base64(ret, KEY_TEXT_SIZE, key, KEY_SIZE, sodium_base64_VARIANT_ORIGINAL);
}

int keys_parse(const char *text, uint8_t ret[KEY_SIZE], struct err *err)
{
    uint8_t key[KEY_SIZE];
    if (start(err) != 0)
        return err->code;
    size_t length = strlen(text);
    if (!decode(text, length, key))
        return err_set(err, ERR_USAGE, "is no key (%zu characters); expected the %d characters "
                                       "base64 that 'holdfast pubkey' prints",
                       length, KEY_TEXT_SIZE - 1);
    if (crypto_core_ed25519_is_valid_point(key) != 1)
        return err_set(err, ERR_USAGE, "is not the public half of any Ed25519 key; expected the "
                                       "%d characters that 'holdfast pubkey' prints",
                       KEY_TEXT_SIZE - 1);
    memcpy(ret, key, KEY_SIZE);
    return 0;
}

int keys_secret(const char *path, char *ret, size_t size, struct err *err)
{
    if (start(err) != 0)
        return err->code;
    char *line = sodium_malloc(LINE_SIZE);
    if (line == NULL)
        return err_set(err, ERR_SYSTEM, "no locked memory for a secret (see ulimit -l)");
    size_t length = 0;
    int code = read_line(path, line, &length, err);
    if (code == 0 && length >= size)
        code = err_set(err, ERR_USAGE, "%s: longer than %zu bytes", path, size - 1);
    if (code == 0)
        memcpy(ret, line, length + 1);
    sodium_free(line);
    return code;
}

int keys_secret_text(const char *path, char *ret, size_t size, struct err *err)
{
    int fd = open_private(path, err);
    if (fd < 0)
        return fd;
    size_t length = 0;
    int failed = read_all(fd, ret, size, &length);
    int error = errno;
    close(fd);
    if (failed != 0 || length == size || memchr(ret, 0, length) != NULL) {
        sodium_memzero(ret, size);
        if (failed != 0)
            return err_set(err, ERR_USAGE, "%s: %s", path, strerror(error));
        return length == size ? err_set(err, ERR_USAGE, "%s: longer than %zu bytes", path, size - 1)
                              : err_set(err, ERR_USAGE, "%s: holds a zero byte; expected text",
                                        path);
    }
    ret[length] = 0;
    return 0;
}
