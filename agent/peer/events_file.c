/* Happy path: the file is opened for appending, is as long as it was left, takes a batch of lines
 * and is closed. At its bound it becomes the older generation and a new one begins.
 *
 * Failure modes: a full disk: what was written of the last, torn line is cut off again. A torn
 * line from a crash: completed when only its end is missing, else cut off. A file that somebody
 * cut, replaced or removed: looked through again. A file far beyond the bound is not ours and is
 * begun anew. Symbolic links are not followed. */
#include "events_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_SIZE 4096
#define FILE_MODE 0640
#define FOREIGN_BYTES (8L * EVENTS_FILE_BYTES)

/* Number at the end of a line: ...,"seq":17} */
static uint64_t line_number(const char *line, size_t size)
{
    static const char key[] = ",\"seq\":";
    char digits[24];
    while (size > 0 && (line[size - 1] == '}' || line[size - 1] == '\n'))
        size--;
    size_t at = size;
    while (at > 0 && line[at - 1] >= '0' && line[at - 1] <= '9')
        at--;
    size_t length = size - at, key_length = sizeof key - 1;
    if (length == 0 || length > 18 || at < key_length ||
        memcmp(line + at - key_length, key, key_length) != 0)
        return 0;
    memcpy(digits, line + at, length);
    digits[length] = 0;
    return strtoull(digits, NULL, 10);
}

static int open_file(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
    struct stat facts;
    if (fd < 0)
        return -errno;
    if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode))
        return fd;
    close(fd);
    return -EINVAL;
}

struct scan {
    uint64_t lines, bytes, line_start, first;
    char line[EVENTS_LINE_SIZE]; /* the present one, as far as it fits */
    size_t length;
};

static void scan_byte(struct scan *scan, char byte)
{
    scan->bytes++;
    if (scan->length < sizeof scan->line)
        scan->line[scan->length++] = byte;
    if (byte != '\n')
        return;
    if (scan->lines++ == 0)
        scan->first = line_number(scan->line, scan->length);
    scan->line_start = scan->bytes;
    scan->length = 0;
}

/* The last line has no end. True when nothing but the end is missing. */
static bool is_whole(const struct scan *scan)
{
    json_t *object = json_loadb(scan->line, scan->length, JSON_REJECT_DUPLICATES, NULL);
    bool whole = json_is_object(object) && line_number(scan->line, scan->length) != 0;
    json_decref(object);
    return whole;
}

static int scan_file(int fd, struct scan *ret)
{
    char chunk[CHUNK_SIZE];
    ssize_t size;
    *ret = (struct scan){0};
    while ((size = pread(fd, chunk, sizeof chunk, (off_t)ret->bytes)) > 0)
        for (ssize_t i = 0; i < size; i++)
            scan_byte(ret, chunk[i]);
    return size < 0 ? -errno : 0;
}

/* Looks through an open file and makes it end with a whole line. */
static int look(int fd, struct events_generation *generation, bool repair)
{
    struct scan scan;
    struct stat facts;
    generation->lines = generation->bytes = 0;
    if (fstat(fd, &facts) != 0)
        return -errno;
    if (facts.st_size > FOREIGN_BYTES)
        return repair && ftruncate(fd, 0) != 0 ? -errno : 0;
    int status = scan_file(fd, &scan);
    if (status != 0)
        return status;
    if (repair && scan.length > 0 && is_whole(&scan) && pwrite(fd, "\n", 1, facts.st_size) == 1)
        scan_byte(&scan, '\n');
    else if (repair && scan.length > 0 && ftruncate(fd, (off_t)scan.line_start) != 0)
        return -errno;
    generation->lines = scan.lines;
    generation->bytes = scan.line_start;
    generation->first = scan.first;
    return 0;
}

static void look_older(struct events_file *file)
{
    struct events_generation *older = &file->older;
    older->lines = older->bytes = 0;
    int fd = open_file(older->path, O_RDONLY);
    if (fd < 0)
        return;
    if (look(fd, older, false) != 0)
        older->lines = 0;
    if (older->first == 0)
        older->first = 1;
    close(fd);
}

/* Numbers go on after the older generation, also when a file has none. */
static void number(struct events_file *file, uint64_t next)
{
    uint64_t after = file->older.lines == 0 ? 1 : file->older.first + file->older.lines;
    if (file->now.lines == 0)
        file->now.first = next > after ? next : after;
    else if (file->now.first == 0 || file->now.first < after)
        file->now.first = after;
}

static int open_now(struct events_file *file, int *ret_fd)
{
    struct stat facts;
    int fd = open_file(file->now.path, O_RDWR | O_CREAT | O_APPEND);
    if (fd < 0)
        return fd;
    (void)fchmod(fd, FILE_MODE); /* whatever the umask is */
    int status = fstat(fd, &facts) != 0 ? -errno : 0;
    if (status == 0 && (uint64_t)facts.st_size != file->now.bytes) {
        uint64_t next = events_file_next(file);
        status = look(fd, &file->now, true);
        number(file, next);
    }
    if (status != 0)
        close(fd);
    else
        *ret_fd = fd;
    return status;
}

int events_file_open(struct events_file *file, const char *state_dir, struct err *err)
{
    int fd;
    *file = (struct events_file){.now.bytes = UINT64_MAX};
    snprintf(file->now.path, sizeof file->now.path, "%s/events.jsonl", state_dir);
    snprintf(file->older.path, sizeof file->older.path, "%s/events.1.jsonl", state_dir);
    look_older(file);
    int status = open_now(file, &fd);
    if (status == -ENOSPC) { /* the disk is full: a state, not a reason to end */
        file->now.lines = file->now.bytes = 0;
        number(file, 0);
        return 0;
    }
    if (status == -ELOOP || status == -EINVAL)
        return err_set(err, ERR_STATE, "%s is not a regular file: move it away",
                       file->now.path);
    if (status != 0)
        return err_set(err, ERR_STATE, "%s: %s", file->now.path, strerror(-status));
    close(fd);
    return 0;
}

static int rotate(struct events_file *file)
{
    if (rename(file->now.path, file->older.path) != 0)
        return -errno;
    file->older.first = file->now.first;
    file->older.lines = file->now.lines;
    file->older.bytes = file->now.bytes;
    file->now.first += file->now.lines;
    file->now.lines = file->now.bytes = 0;
    return 0;
}

static uint64_t count_lines(const char *bytes, size_t size, size_t *ret_whole)
{
    uint64_t lines = 0;
    *ret_whole = 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != '\n')
            continue;
        lines++;
        *ret_whole = i + 1;
    }
    return lines;
}

/* Writes all it can. Returns 0 or a negative errno; *ret_size is what went in. */
static int write_all(int fd, const char *bytes, size_t size, size_t *ret_size)
{
    *ret_size = 0;
    while (*ret_size < size) {
        ssize_t count = write(fd, bytes + *ret_size, size - *ret_size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? -errno : -EIO;
        *ret_size += (size_t)count;
    }
    return 0;
}

int events_file_append(struct events_file *file, const char *bytes, size_t size,
                       uint64_t *ret_lines)
{
    size_t whole, written;
    int fd;
    *ret_lines = 0;
    int status = open_now(file, &fd);
    if (status != 0)
        return status;
    uint64_t lines = count_lines(bytes, size, &whole);
    bool full = file->now.lines + lines > EVENTS_FILE_LINES ||
                file->now.bytes + size > EVENTS_FILE_BYTES;
    if (full && file->now.lines > 0) {
        close(fd);
        status = rotate(file);
        status = status != 0 ? status : open_now(file, &fd);
        if (status != 0)
            return status;
    }
    status = write_all(fd, bytes, size, &written);
    *ret_lines = count_lines(bytes, written, &whole);
    /* A line that is not whole goes again; if even that fails, the next call finds it. */
    if (whole < written && ftruncate(fd, (off_t)(file->now.bytes + whole)) != 0)
        status = -errno;
    file->now.lines += *ret_lines;
    file->now.bytes += whole;
    if (close(fd) != 0 && status == 0)
        status = -errno;
    return status;
}

uint64_t events_file_oldest(const struct events_file *file)
{
    return file->older.lines > 0 ? file->older.first : file->now.first;
}

uint64_t events_file_next(const struct events_file *file)
{
    return file->now.first + file->now.lines;
}

/* Offset at which line `index` (from 0) of the file begins, or a negative errno. */
static int64_t find_line(int fd, uint64_t index)
{
    char chunk[CHUNK_SIZE];
    int64_t at = 0;
    ssize_t size = 0;
    while (index > 0 && (size = pread(fd, chunk, sizeof chunk, at)) > 0) {
        const char *spot = chunk, *end = chunk + size;
        while (index > 0 && (spot = memchr(spot, '\n', (size_t)(end - spot))) != NULL) {
            spot++;
            index--;
        }
        at += index > 0 ? size : spot - chunk;
    }
    if (size < 0)
        return -errno;
    return index == 0 ? at : -ENODATA;
}

static int read_generation(const struct events_generation *generation, uint64_t from,
                           unsigned max, struct events_slice *ret)
{
    int fd = open_file(generation->path, O_RDONLY);
    if (fd < 0)
        return fd;
    int64_t at = find_line(fd, from - generation->first);
    int status = at < 0 ? (int)at : 0;
    ssize_t size = status != 0 ? 0 : pread(fd, ret->bytes, sizeof ret->bytes, at);
    if (size < 0)
        status = -errno;
    close(fd);
    if (status != 0)
        return status;
    uint64_t most = generation->first + generation->lines - from;
    most = most < max ? most : max;
    ret->first = from;
    for (size_t i = 0; i < (size_t)size && ret->lines < most; i++) {
        if (ret->bytes[i] != '\n')
            continue;
        ret->lines++;
        ret->size = i + 1;
    }
    return 0;
}

int events_file_read(const struct events_file *file, uint64_t from, unsigned max,
                     struct events_slice *ret)
{
    ret->first = ret->lines = 0;
    ret->size = 0;
    if (from < events_file_oldest(file))
        from = events_file_oldest(file);
    if (from >= events_file_next(file) || max == 0)
        return 0;
    bool in_older = file->older.lines > 0 && from < file->older.first + file->older.lines;
    if (!in_older && from < file->now.first)
        from = file->now.first; /* a gap between the generations */
    int status = read_generation(in_older ? &file->older : &file->now, from, max, ret);
    if (status == -ENOENT || status == -ENODATA)
        status = 0; /* taken away by somebody: an empty page */
    return status;
}
