/* crew — does numbered tasks on several threads, and shows how far it is.
 *
 * Room: threads and the progress bar. Which thread does which task must not matter: a task may
 * only look at its number and write its own result. */
#ifndef HOLDFAST_PLAN_CREW_H
#define HOLDFAST_PLAN_CREW_H

#include <pthread.h>

#include "../../proto/words.h"

#define CREW_JOBS_MAX 64

/* Does task `number`; `worker` (0 .. jobs - 1) may be used to find memory of its own. */
typedef void crew_work(void *owner, uint32_t number, uint32_t worker);

struct crew {
    uint32_t jobs;
    bool shows;       /* a bar on stderr */
    uint32_t from_permille, to_permille; /* of the whole: the stage that is running */
    mono_ms began;
    const char *stage;
    /* of the stage that is running */
    crew_work *work;
    void *owner;
    uint32_t count, next, done;
    pthread_mutex_t lock;
};

/* Remembers when it began. jobs: 1 .. CREW_JOBS_MAX. */
void crew_init(struct crew *crew, uint32_t jobs, bool shows);
/* From here on the bar says `stage` and goes from where it is to `to_permille`. */
void crew_stage(struct crew *crew, const char *stage, uint32_t to_permille);
/* Does the tasks 0 .. count - 1; comes back when all are done. */
void crew_do(struct crew *crew, crew_work *work, void *owner, uint32_t count);
/* Takes the bar away. */
void crew_end(struct crew *crew);

#endif
