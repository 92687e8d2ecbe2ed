/* Happy path: each thread takes the next number until none is left; whoever ends a task draws the
 * bar anew.
 *
 * Failure modes: a thread that cannot be made is one that is not there: the others, or at last the
 * caller itself, do its work. */
#include "crew.h"

#include <stdio.h>
#include <string.h>

#include "../peer/clock.h"

#define BAR_WIDTH 30
#define LINE_WIDTH 78

struct worker {
    struct crew *crew;
    uint32_t index;
    pthread_t thread;
    bool runs;
};

void crew_init(struct crew *crew, uint32_t jobs, bool shows)
{
    memset(crew, 0, sizeof *crew);
    crew->jobs = jobs;
    crew->shows = shows;
    crew->began = clock_now();
    crew->stage = "";
    pthread_mutex_init(&crew->lock, NULL);
}

static void draw(const struct crew *crew)
{
    char bar[BAR_WIDTH + 1], line[LINE_WIDTH + 1];
    if (!crew->shows)
        return;
    uint32_t span = crew->to_permille - crew->from_permille;
    uint32_t done = crew->count > 0 ? crew->done * span / crew->count : 0;
    uint32_t at = crew->from_permille + done;
    for (uint32_t i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < at * BAR_WIDTH / 1000 ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    snprintf(line, sizeof line, "[%s] %3u %%  %3lld s  %s", bar, at / 10,
             (long long)((clock_now() - crew->began) / 1000), crew->stage);
    fprintf(stderr, "\r%-*s", LINE_WIDTH, line);
    fflush(stderr);
}

void crew_stage(struct crew *crew, const char *stage, uint32_t to_permille)
{
    crew->stage = stage;
    crew->from_permille = crew->to_permille;
    crew->to_permille = to_permille;
    crew->done = crew->count = 0;
    draw(crew);
}

static void *toil(void *argument)
{
    struct worker *worker = argument;
    /* cppcheck-suppress uninitvar ; whoever starts the thread has set it */
    struct crew *crew = worker->crew;
    for (;;) {
        pthread_mutex_lock(&crew->lock);
        uint32_t number = crew->next;
        bool left = number < crew->count;
        crew->next += left;
        pthread_mutex_unlock(&crew->lock);
        if (!left)
            return NULL;
        crew->work(crew->owner, number, worker->index);
        pthread_mutex_lock(&crew->lock);
        crew->done++;
        draw(crew);
        pthread_mutex_unlock(&crew->lock);
    }
}

void crew_do(struct crew *crew, crew_work *work, void *owner, uint32_t count)
{
    struct worker workers[CREW_JOBS_MAX];
    crew->work = work;
    crew->owner = owner;
    crew->count = count;
    crew->next = crew->done = 0;
    workers[0] = (struct worker){.crew = crew}; /* the caller is the first of them */
    for (uint32_t i = 1; i < crew->jobs; i++) {
        workers[i] = (struct worker){.crew = crew, .index = i};
        workers[i].runs = pthread_create(&workers[i].thread, NULL, toil, &workers[i]) == 0;
    }
    toil(&workers[0]);
    for (uint32_t i = 1; i < crew->jobs; i++)
        if (workers[i].runs)
            pthread_join(workers[i].thread, NULL);
}

void crew_end(struct crew *crew)
{
    if (crew->shows)
        fprintf(stderr, "\r%*s\r", LINE_WIDTH, "");
    pthread_mutex_destroy(&crew->lock);
}
