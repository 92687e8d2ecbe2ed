/* Happy path: the text is copied, a thread of the pool writes NAME.new, syncs it, renames it over
 * NAME and syncs the directory; then on_done runs on the loop.
 *
 * Failure modes: a disk that is full or broken: the temporary file is removed, the old contents
 * stay, on_done says which call failed. A disk that hangs: on_done comes late or never, the loop
 * goes on. Closing meanwhile: the thread works on its own copy of the directory's descriptor and
 * frees everything when it is done. */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_HERE 64

struct replace {
    uv_loop_t *loop;
    uv_work_t work;
    int directory; /* own duplicate */
    char name[NAME_MAX_HERE];
    bool busy, closing;
    replace_on_done *on_done;
    void *owner;
    /* the thread's own while busy */
    char *text;
    const char *failed; /* NULL = done */
    int error;
};

static bool write_all(int file, const char *text)
{
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t done = write(file, text, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        text += done;
        size -= (size_t)done;
    }
    return true;
}

/* Name of the call that failed (errno says how), or NULL. */
static const char *fill(int file, const char *text)
{
    const char *failed = NULL;
    if (!write_all(file, text))
        failed = "write";
    else if (fsync(file) != 0)
        failed = "fsync";
    int error = errno;
    if (close(file) != 0 && failed == NULL)
        return "close";
    errno = error;
    return failed;
}

static const char *put(int directory, const char *name, const char *text)
{
    char temporary[NAME_MAX_HERE + 8];
    snprintf(temporary, sizeof temporary, "%s.new", name);
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int file = openat(directory, temporary, flags, 0600);
    if (file < 0)
        return "open";
    const char *failed = fill(file, text);
    if (failed == NULL && renameat(directory, temporary, directory, name) != 0)
        failed = "rename";
    if (failed != NULL) {
        int error = errno;
        (void)unlinkat(directory, temporary, 0);
        errno = error;
        return failed;
    }
    return fsync(directory) != 0 ? "fsync of the directory" : NULL;
}

static void on_work(uv_work_t *work)
{
    struct replace *replace = work->data;
    replace->failed = put(replace->directory, replace->name, replace->text);
    replace->error = errno;
}

static void discard(struct replace *replace)
{
    close(replace->directory);
    free(replace->text);
    free(replace);
}

static void on_worked(uv_work_t *work, int status)
{
    struct replace *replace = work->data;
    char why[160] = "";
    bool ok = status == 0 && replace->failed == NULL;
    replace->busy = false;
    if (replace->closing) {
        discard(replace);
        return;
    }
    free(replace->text);
    replace->text = NULL;
    if (!ok)
        snprintf(why, sizeof why, "%s: %s", status != 0 ? "cancelled" : replace->failed,
                 strerror(status != 0 ? ECANCELED : replace->error));
    replace->on_done(replace->owner, ok, why);
}

bool replace_write(struct replace *replace, const char *text, replace_on_done *on_done,
                   void *owner)
{
    if (replace->busy || strlen(text) > REPLACE_SIZE_MAX)
        return false;
    replace->text = strdup(text);
    if (replace->text == NULL)
        return false;
    replace->on_done = on_done;
    replace->owner = owner;
    replace->busy = uv_queue_work(replace->loop, &replace->work, on_work, on_worked) == 0;
    if (!replace->busy) {
        free(replace->text);
        replace->text = NULL;
    }
    return replace->busy;
}

bool replace_is_busy(const struct replace *replace)
{
    return replace->busy;
}

int replace_open(struct replace **ret, uv_loop_t *loop, int directory, const char *name,
                 struct err *err)
{
    struct replace *replace = calloc(1, sizeof *replace);
    int own = fcntl(directory, F_DUPFD_CLOEXEC, 0);
    if (replace == NULL || own < 0) {
        int error = errno;
        free(replace);
        if (own >= 0)
            close(own);
        return err_set(err, ERR_SYSTEM, "%s: %s", name, strerror(error));
    }
    replace->loop = loop;
    replace->directory = own;
    replace->work.data = replace;
    snprintf(replace->name, sizeof replace->name, "%s", name);
    *ret = replace;
    return 0;
}

void replace_close(struct replace *replace)
{
    if (replace == NULL)
        return;
    replace->closing = true;
    if (!replace->busy)
        discard(replace);
}

int replace_now(int directory, const char *name, const char *text, struct err *err)
{
    const char *failed = put(directory, name, text);
    if (failed == NULL)
        return 0;
    return err_set(err, ERR_STATE, "%s: %s: %s", name, failed, strerror(errno));
}
