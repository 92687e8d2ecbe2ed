/* Happy path: at the start the directory is locked and one line is read and checked; each promise
 * then replaces that line (temporary file, fsync, rename, fsync of the directory) on a thread of
 * the pool, and the core hears of it by ticket.
 *
 * Failure modes: no directory, no right to write, a second daemon: the daemon does not start. A
 * file that is missing, cut, changed in one bit, or of another version: "not present", and rule
 * V5 takes over. A full or failing disk: the write is answered with ok = false, the old line
 * stays, the core tries again; a hanging disk: the answer comes late, no promise is said. */
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "replace.h"

#define FILE_NAME "promise"
#define SUM_SIZE 32
#define TROUBLE_SIZE 256

struct store {
    int directory;
    struct replace *file;
    struct stored writing;
    uint64_t ticket;
    store_on_stored *on_stored;
    void *owner;
    uv_timer_t refused; /* answers for a write that could not even start */
    char path[TROUBLE_SIZE];
    char trouble[2 * TROUBLE_SIZE];
};

/* ---- the line ---- */

static void print_hex(const uint8_t *bytes, size_t size, char *ret)
{
    (void)sodium_bin2hex(ret, size * 2 + 1, bytes, size);
}

static void print_sum(char *text, size_t size_max)
{
    uint8_t sum[SUM_SIZE];
    char hex[SUM_SIZE * 2 + 1];
    size_t used = strlen(text);
    crypto_generichash(sum, sizeof sum, (const uint8_t *)text, used, NULL, 0);
    print_hex(sum, sizeof sum, hex);
    snprintf(text + used, size_max - used, " sum=%s\n", hex);
}

void store_print(const struct stored *stored, char ret[STORE_TEXT_SIZE])
{
    char members[PEER_COUNT][KEY_HASH_SIZE * 2 + 1];
    for (size_t i = 0; i < PEER_COUNT; i++)
        print_hex(stored->members.key_hash[i], KEY_HASH_SIZE, members[i]);
    snprintf(ret, STORE_TEXT_SIZE,
             "holdfast-state 1 genesis=%d epoch=%" PRIu64 " holder=%u length_ms=%" PRIu32
             " members=%s,%s,%s pause_order=%" PRIu64 " pause_until=%" PRId64,
             stored->genesis ? 1 : 0, stored->epoch, (unsigned)stored->holder,
             stored->length_ms, members[0], members[1], members[2], stored->pause_order,
             stored->pause_until_wall_s);
    print_sum(ret, STORE_TEXT_SIZE);
}

/* Takes `word` and a decimal number behind it from *at. */
static bool take_number(const char **at, const char *word, uint64_t *ret)
{
    size_t length = strlen(word);
    uint64_t value = 0;
    if (strncmp(*at, word, length) != 0)
        return false;
    const char *digit = *at + length;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        uint64_t more = (uint64_t)(*digit - '0');
        if (value > (UINT64_MAX - more) / 10)
            return false;
        value = value * 10 + more;
    }
    *at = digit;
    *ret = value;
    return true;
}

static bool take_member(const char **at, const char *word, uint8_t *ret)
{
    size_t length = strlen(word), size = 0;
    const char *end;
    const size_t digits = (size_t)KEY_HASH_SIZE * 2;
    if (strncmp(*at, word, length) != 0 || strlen(*at + length) < digits)
        return false;
    *at += length;
    bool good = sodium_hex2bin(ret, KEY_HASH_SIZE, *at, digits, NULL, &size, &end) == 0;
    *at += digits;
    return good && size == KEY_HASH_SIZE;
}

static bool take_all(const char *text, struct stored *ret)
{
    uint64_t genesis, holder, length_ms, until;
    bool good = take_number(&text, "holdfast-state 1 genesis=", &genesis) &&
                take_number(&text, " epoch=", &ret->epoch) &&
                take_number(&text, " holder=", &holder) &&
                take_number(&text, " length_ms=", &length_ms) &&
                take_member(&text, " members=", ret->members.key_hash[0]) &&
                take_member(&text, ",", ret->members.key_hash[1]) &&
                take_member(&text, ",", ret->members.key_hash[2]) &&
                take_number(&text, " pause_order=", &ret->pause_order) &&
                take_number(&text, " pause_until=", &until);
    if (!good || genesis > 1 || holder > PEER_NONE || length_ms > LEASE_MS_MAX ||
        until > (uint64_t)MONO_NEVER)
        return false;
    ret->genesis = genesis == 1;
    ret->holder = (uint8_t)holder;
    ret->length_ms = (uint32_t)length_ms;
    ret->pause_until_wall_s = (int64_t)until;
    ret->present = true;
    return true;
}

/* Could a peer ever have written this? */
static bool makes_sense(const struct stored *stored)
{
    if (stored->epoch > 2 * EPOCH_MAX)
        return false;
    if (stored->holder == PEER_NONE)
        return true;
    return stored->holder < NODE_COUNT && stored->epoch != 0 &&
           stored->epoch % 2 == stored->holder && stored->length_ms >= LEASE_MS_MIN;
}

bool store_parse(const char *bytes, size_t size, struct stored *ret, const char **ret_why)
{
    char text[STORE_TEXT_SIZE] = "", again[STORE_TEXT_SIZE];
    struct stored found = {0};
    memset(ret, 0, sizeof *ret);
    *ret_why = "is not a state file of this version";
    if (size == 0)
        *ret_why = "is empty";
    if (size == 0 || size >= sizeof text)
        return false;
    memcpy(text, bytes, size);
    if (!take_all(text, &found))
        return false;
    store_print(&found, again);
    *ret_why = "is damaged: its checksum is wrong";
    if (strlen(again) != size || memcmp(again, text, size) != 0)
        return false;
    *ret_why = "says something that no peer writes";
    if (!makes_sense(&found))
        return false;
    *ret_why = "";
    *ret = found;
    return true;
}

/* ---- start ---- */

static int open_directory(const char *state_dir, struct err *err)
{
    int directory = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0)
        return directory;
    if (errno == ENOENT)
        return err_set(err, ERR_STATE,
                       "state directory %s does not exist; create it with: install -d -m 0700 "
                       "-o %u %s", state_dir, (unsigned)geteuid(), state_dir);
    return err_set(err, ERR_STATE,
                   "state directory %s: %s; expected a directory of this user (uid %u)",
                   state_dir, strerror(errno), (unsigned)geteuid());
}

/* Who may write here may put another promise in the place of ours. */
static int check_rights(int directory, const char *state_dir, struct err *err)
{
    struct stat status;
    if (fstat(directory, &status) == 0 && (status.st_mode & 022) != 0)
        return err_set(err, ERR_STATE,
                       "state directory %s can be written by others than its owner (mode %04o); "
                       "run: chmod 0700 %s", state_dir, (unsigned)status.st_mode & 07777,
                       state_dir);
    if (faccessat(directory, ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0)
        return err_set(err, ERR_STATE,
                       "state directory %s cannot be written: %s; expected it to belong to this "
                       "user (uid %u)", state_dir, strerror(errno), (unsigned)geteuid());
    return 0;
}

int store_check(const char *state_dir, struct err *err)
{
    int directory = open_directory(state_dir, err);
    if (directory < 0)
        return err->code;
    int code = check_rights(directory, state_dir, err);
    close(directory);
    return code;
}

static int lock(int directory, const char *state_dir, struct err *err)
{
    if (check_rights(directory, state_dir, err) != 0)
        return err->code;
    if (flock(directory, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return err_set(err, ERR_STATE,
                       "state directory %s is in use by another holdfast daemon; stop that one, "
                       "or give this one a --state-dir of its own", state_dir);
    return err_set(err, ERR_STATE, "state directory %s cannot be locked: %s", state_dir,
                   strerror(errno));
}

static void read_found(struct store *store, struct stored *ret)
{
    char bytes[STORE_TEXT_SIZE + 1];
    const char *why = "", *joint = " ";
    memset(ret, 0, sizeof *ret);
    ret->holder = PEER_NONE;
    int file = openat(store->directory, FILE_NAME,
                      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t size = file < 0 ? -1 : read(file, bytes, sizeof bytes);
    if (size < 0 && errno == ENOENT)
        why = "does not exist";
    else if (size < 0)
        why = strerror(errno), joint = ": ";
    else if (!store_parse(bytes, (size_t)size, ret, &why))
        ret->holder = PEER_NONE;
    if (file >= 0)
        close(file);
    if (!ret->present)
        snprintf(store->trouble, sizeof store->trouble, "%s%s%s", store->path, joint, why);
}

int store_open(struct store **ret, uv_loop_t *loop, const char *state_dir,
               struct stored *ret_found, struct err *err)
{
    int directory = open_directory(state_dir, err);
    if (directory < 0)
        return err->code;
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        (void)err_set(err, ERR_SYSTEM, "state directory %s: out of memory", state_dir);
    if (store == NULL || lock(directory, state_dir, err) != 0 ||
        replace_open(&store->file, loop, directory, FILE_NAME, err) != 0) {
        close(directory);
        free(store);
        return err->code;
    }
    store->directory = directory;
    snprintf(store->path, sizeof store->path, "%.*s/" FILE_NAME, TROUBLE_SIZE - 16, state_dir);
    uv_timer_init(loop, &store->refused);
    store->refused.data = store;
    read_found(store, ret_found);
    *ret = store;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    replace_close(store->file);
    close(store->directory);
    uv_close((uv_handle_t *)&store->refused, on_closed);
}

int store_directory(const struct store *store)
{
    return store->directory;
}

const char *store_trouble(const struct store *store)
{
    return store->trouble;
}

/* ---- writing ---- */

static void answer(struct store *store, bool ok)
{
    uint64_t ticket = store->ticket;
    store->ticket = 0; /* the answer may start the next write */
    store->on_stored(store->owner, ticket, ok);
}

static void on_done(void *owner, bool ok, const char *why)
{
    struct store *store = owner;
    char trouble[sizeof store->trouble] = "";
    if (!ok)
        snprintf(trouble, sizeof trouble, "%s: %s", store->path, why);
    if (!ok && strcmp(trouble, store->trouble) != 0)
        log_text(REASON_WARNING, "state-unwritten",
                 "%s; no new promise until it can be written", trouble);
    memcpy(store->trouble, trouble, sizeof store->trouble);
    answer(store, ok);
}

static void on_refused(uv_timer_t *timer)
{
    on_done(timer->data, false, "out of memory");
}

void store_write(struct store *store, const struct stored *stored, uint64_t ticket,
                 store_on_stored *on_stored, void *owner)
{
    char text[STORE_TEXT_SIZE];
    assert(store->ticket == 0 && ticket != 0);
    store->ticket = ticket;
    store->on_stored = on_stored;
    store->owner = owner;
    store_print(stored, text);
    if (!replace_write(store->file, text, on_done, store))
        uv_timer_start(&store->refused, on_refused, 0, 0);
}

int store_write_first(const char *state_dir, const struct members *members, struct err *err)
{
    char text[STORE_TEXT_SIZE];
    struct stat status;
    struct stored first = {
        .present = true, .genesis = true, .holder = PEER_NONE, .members = *members};
    int directory = open_directory(state_dir, err);
    if (directory < 0)
        return err->code;
    int code = lock(directory, state_dir, err);
    if (code == 0 && fstatat(directory, FILE_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
        code = err_set(err, ERR_IN_USE,
                       "%s/" FILE_NAME " exists: this peer was part of a cluster already, and "
                       "its state is never overwritten", state_dir);
    store_print(&first, text);
    if (code == 0 && replace_now(directory, FILE_NAME, text, err) != 0)
        code = err_wrap(err, "%s", state_dir);
    close(directory);
    return code;
}
