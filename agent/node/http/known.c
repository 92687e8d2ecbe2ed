/* Happy path: a small table in the order of use; a look-up that brings new addresses replaces a
 * host's list, and the file follows.
 *
 * Failure modes: a file that is missing, cut or full of something else: what is understood is
 * used, the rest passed over. A disk that is full: the table is right all the same, the file is
 * tried again with the next news. A resolver that is dead: the table stays as it is. */
#include "known.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../peer/clock.h"
#include "../../peer/config_value.h"
#include "../../peer/replace.h"

#define FILE_NAME "api-addresses"
#define REFRESH_MS 60000   /* a list that old is looked up again */
#define WRITE_MS 3600000   /* an API's addresses turn all day: the file need not */

struct host {
    char name[HOST_SIZE]; /* "" = free */
    struct lookup_list list;
    mono_ms asked, used;
    struct blocking *lookup; /* NULL = none runs */
    struct known *known;
};

struct known {
    uv_loop_t *loop;
    int directory; /* -1 = nothing is kept */
    struct replace *replace;
    mono_ms written;
    struct host hosts[KNOWN_HOST_MAX];
    known_on_news *on_news;
    void *owner;
};

static struct host *find(struct known *known, const char *name)
{
    for (size_t i = 0; i < KNOWN_HOST_MAX; i++)
        if (strcmp(known->hosts[i].name, name) == 0)
            return &known->hosts[i];
    return NULL;
}

/* A place for this host: its own, a free one, or that of who was not asked for the longest. */
static struct host *place(struct known *known, const char *name)
{
    struct host *found = find(known, name);
    if (found != NULL)
        return found;
    for (size_t i = 0; i < KNOWN_HOST_MAX; i++) {
        struct host *host = &known->hosts[i];
        if (host->lookup == NULL && (found == NULL || host->used < found->used))
            found = host;
    }
    if (found == NULL)
        return NULL;
    memset(found, 0, sizeof *found);
    (void)snprintf(found->name, sizeof found->name, "%s", name);
    found->asked = MONO_LONG_AGO;
    found->used = 1; /* more than a free one */
    found->known = known;
    return found;
}

static bool has(const struct lookup_list *list, const char *address)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->text[i], address) == 0)
            return true;
    return false;
}

/* ---- the file: one line for each host, "HOST ADDRESS ADDRESS ..." ---- */

static void read_line(struct known *known, char *line)
{
    char *rest = NULL;
    const char *name = strtok_r(line, " \t\r", &rest);
    char domain[HOST_SIZE];
    struct err ignored;
    if (name == NULL || config_value_domain(name, domain, &ignored) != 0 ||
        config_value_is_address(name))
        return;
    struct host *host = place(known, domain);
    for (const char *word = strtok_r(NULL, " \t\r", &rest); host != NULL && word != NULL;
         word = strtok_r(NULL, " \t\r", &rest))
        if (host->list.count < LOOKUP_ADDRESS_MAX && strlen(word) < LOOKUP_ADDRESS_SIZE &&
            config_value_is_address(word) && !has(&host->list, word))
            memcpy(host->list.text[host->list.count++], word, strlen(word) + 1);
}

static void read_file(struct known *known)
{
    char text[REPLACE_SIZE_MAX + 1], *rest = NULL;
    int file = openat(known->directory, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t size = read(file, text, sizeof text - 1);
    (void)close(file);
    text[size > 0 ? size : 0] = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        read_line(known, line);
}

static void on_written(void *owner, bool ok, const char *why)
{
    struct known *known = owner;
    (void)why;
    if (!ok)
        known->written = MONO_LONG_AGO;
}

static void write_file(struct known *known)
{
    char text[REPLACE_SIZE_MAX], line[HOST_SIZE + LOOKUP_ADDRESS_MAX * LOOKUP_ADDRESS_SIZE];
    size_t used = 0;
    if (known->replace == NULL)
        return;
    text[0] = 0;
    for (size_t i = 0; i < KNOWN_HOST_MAX; i++) {
        const struct host *host = &known->hosts[i];
        int length = snprintf(line, sizeof line, "%s", host->name);
        for (size_t j = 0; j < host->list.count; j++)
            length += snprintf(line + length, sizeof line - (size_t)length, " %s",
                               host->list.text[j]);
        if (host->list.count > 0 && used + (size_t)length + 2 < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", line);
    }
    if (replace_write(known->replace, text, on_written, known))
        known->written = clock_now();
}

/* ---- look-ups ---- */

/* Does the file hold nothing that still leads to this host? */
static bool is_strange(const struct lookup_list *old, const struct lookup_list *fresh)
{
    for (size_t i = 0; i < fresh->count; i++)
        if (has(old, fresh->text[i]))
            return false;
    return true;
}

static void on_looked_up(void *owner, const struct lookup_list *list, const char *why)
{
    struct host *host = owner;
    struct known *known = host->known;
    struct host copy;
    host->lookup = NULL;
    if (list->count > 0) {
        bool write = is_strange(&host->list, list) || clock_now() - known->written > WRITE_MS;
        const char *first = host->list.text[0];
        struct lookup_list fresh = *list;
        if (host->list.count > 0 && has(list, first)) { /* the one that worked stays the first */
            size_t at = 0;
            while (strcmp(fresh.text[at], first) != 0)
                at++;
            memmove(fresh.text[1], fresh.text[0], at * sizeof fresh.text[0]);
            memcpy(fresh.text[0], first, sizeof fresh.text[0]);
        }
        host->list = fresh;
        if (write)
            write_file(known);
    }
    copy = *host; /* whoever hears it may ask for other hosts */
    known->on_news(known->owner, copy.name, &copy.list, why);
}

void known_get(struct known *known, const char *host, struct lookup_list *ret)
{
    struct host *found = place(known, host);
    mono_ms now = clock_now();
    ret->count = 0;
    if (found == NULL)
        return;
    *ret = found->list;
    found->used = now;
    if (found->lookup != NULL || (found->list.count > 0 && now - found->asked < REFRESH_MS))
        return;
    found->asked = now;
    found->lookup = lookup_start(known->loop, host, on_looked_up, found);
}

void known_worked(struct known *known, const char *host, const char *address)
{
    struct host *found = find(known, host);
    if (found == NULL || !has(&found->list, address))
        return;
    struct lookup_list *list = &found->list;
    size_t at = 0;
    while (strcmp(list->text[at], address) != 0)
        at++;
    char kept[LOOKUP_ADDRESS_SIZE];
    memcpy(kept, list->text[at], sizeof kept);
    memmove(list->text[1], list->text[0], at * sizeof list->text[0]);
    memcpy(list->text[0], kept, sizeof kept);
}

void known_failed(struct known *known, const char *host)
{
    struct host *found = find(known, host);
    if (found == NULL || found->list.count == 0)
        return;
    struct lookup_list *list = &found->list;
    char kept[LOOKUP_ADDRESS_SIZE];
    memcpy(kept, list->text[0], sizeof kept);
    memmove(list->text[0], list->text[1], (list->count - 1) * sizeof list->text[0]);
    memcpy(list->text[list->count - 1], kept, sizeof kept);
    found->asked = MONO_LONG_AGO;
}

int known_open(struct known **ret, uv_loop_t *loop, const char *state_dir, known_on_news *on_news,
               void *owner)
{
    struct err ignored;
    struct known *known = calloc(1, sizeof *known);
    if (known == NULL)
        return ERR_SYSTEM;
    known->loop = loop;
    known->on_news = on_news;
    known->owner = owner;
    known->written = MONO_LONG_AGO;
    known->directory =
        state_dir == NULL ? -1 : open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (known->directory >= 0) {
        read_file(known);
        (void)replace_open(&known->replace, loop, known->directory, FILE_NAME, &ignored);
    }
    *ret = known;
    return 0;
}

void known_close(struct known *known)
{
    for (size_t i = 0; i < KNOWN_HOST_MAX; i++)
        if (known->hosts[i].lookup != NULL)
            blocking_cancel(known->hosts[i].lookup);
    replace_close(known->replace);
    if (known->directory >= 0)
        (void)close(known->directory);
    free(known);
}
