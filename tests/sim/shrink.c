#include "shrink.h"

#include <stdlib.h>
#include <string.h>

#define TRIES_MAX 400 /* runs spent on one failure */

struct shrinker {
    struct cluster *cluster;
    const struct cluster_options *options;
    uint64_t seed;
    char checker[24];
    bool dropped[SCRIPT_MAX];
    unsigned tries;
};

void shrink_keep_only(struct script *script, const char *list)
{
    for (size_t i = 0; i < script->count; i++)
        script->faults[i].dropped = true;
    for (const char *at = list; *at != '\0';) {
        char *end;
        unsigned long index = strtoul(at, &end, 10);
        if (end == at)
            return;
        if (index < script->count)
            script->faults[index].dropped = false;
        at = *end == ',' ? end + 1 : end;
    }
}

/* Does the run still fail in the same way without the dropped faults? */
static bool fails(struct shrinker *shrinker)
{
    struct cluster *cluster = shrinker->cluster;
    cluster_draw(cluster, shrinker->seed);
    for (size_t i = 0; i < cluster->script.count; i++)
        cluster->script.faults[i].dropped = shrinker->dropped[i];
    shrinker->tries++;
    return !cluster_run(cluster) &&
           strcmp(cluster->world.check.checker, shrinker->checker) == 0;
}

static bool drop_range(struct shrinker *shrinker, size_t from, size_t to)
{
    bool before[SCRIPT_MAX];
    memcpy(before, shrinker->dropped, sizeof before);
    for (size_t i = from; i < to; i++)
        shrinker->dropped[i] = true;
    if (memcmp(before, shrinker->dropped, sizeof before) == 0)
        return false;
    if (fails(shrinker))
        return true;
    memcpy(shrinker->dropped, before, sizeof before);
    return false;
}

static void shrink(struct shrinker *shrinker, size_t count)
{
    for (size_t size = (count + 1) / 2; size >= 1; size /= 2) {
        for (size_t at = 0; at < count && shrinker->tries < TRIES_MAX; at += size)
            (void)drop_range(shrinker, at, at + size < count ? at + size : count);
        if (size == 1)
            break;
    }
}

static void print_commit(void)
{
    char text[80] = "unknown\n";
    FILE *pipe = popen("git -c safe.directory='*' describe --always --dirty 2>/dev/null", "r");
    if (pipe != NULL && fgets(text, sizeof text, pipe) == NULL)
        snprintf(text, sizeof text, "unknown\n");
    if (pipe != NULL)
        pclose(pipe);
    printf("commit %s", text);
}

static void tell(struct shrinker *shrinker)
{
    struct cluster *cluster = shrinker->cluster;
    const char *separator = "";
    cluster->options.loud = true;
    (void)fails(shrinker);
    cluster->options.loud = false;
    printf("%s: %s\n", cluster->world.check.checker, cluster->world.check.text);
    print_commit();
    printf("again: build/tests/swarm --replay %llu", (unsigned long long)shrinker->seed);
    if (shrinker->options->minutes > 0)
        printf(" --minutes %u", shrinker->options->minutes);
    if (shrinker->options->level_given)
        printf(" --level %s", cluster_level_name(shrinker->options->level));
    printf(" --keep '");
    for (size_t i = 0; i < cluster->script.count; i++) {
        if (shrinker->dropped[i])
            continue;
        printf("%s%zu", separator, i);
        separator = ",";
    }
    printf("'\n");
    fflush(stdout);
}

void shrink_story(const struct cluster_options *options, uint64_t seed)
{
    struct shrinker shrinker = {.options = options, .seed = seed};
    shrinker.cluster = cluster_open(options);
    if (shrinker.cluster == NULL)
        return;
    cluster_draw(shrinker.cluster, seed);
    size_t count = shrinker.cluster->script.count;
    if (!cluster_run(shrinker.cluster)) {
        memcpy(shrinker.checker, shrinker.cluster->world.check.checker,
               sizeof shrinker.checker);
        true_us failed_at = shrinker.cluster->world.now;
        for (size_t i = 0; i < count; i++) /* what came afterwards has no part in it */
            shrinker.dropped[i] = shrinker.cluster->script.faults[i].at > failed_at;
        shrink(&shrinker, count);
        printf("--- the shortest story found, after %u runs:\n", shrinker.tries);
        tell(&shrinker);
    }
    cluster_close(shrinker.cluster);
}
