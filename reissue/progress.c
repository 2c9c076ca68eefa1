/* SPDX-License-Identifier: BSD-2-Clause */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Short work is not worth a line. */
#define QUIET_SECONDS 1

static void *tell(void *argument)
{
    struct progress *progress = argument;
    struct timespec next;
    int seconds = 0;

    (void)clock_gettime(CLOCK_REALTIME, &next);
    (void)pthread_mutex_lock(&progress->lock);
    while (!progress->done) {
        next.tv_sec++;
        while (!progress->done &&
               pthread_cond_timedwait(&progress->wake, &progress->lock, &next) == 0)
            continue;
        if (!progress->done && ++seconds > QUIET_SECONDS)
            (void)fprintf(stderr, "\r%s: %d s (this may take minutes; leave the card in)",
                          progress->what, seconds);
    }
    if (seconds > QUIET_SECONDS)
        (void)fprintf(stderr, "\n");
    (void)pthread_mutex_unlock(&progress->lock);
    return NULL;
}

void progress_begin(struct progress *progress, const char *what)
{
    *progress = (struct progress){.what = what};
    if (!isatty(STDERR_FILENO))
        return;
    (void)pthread_mutex_init(&progress->lock, NULL);
    (void)pthread_cond_init(&progress->wake, NULL);
    progress->running = pthread_create(&progress->thread, NULL, tell, progress) == 0;
}

void progress_end(struct progress *progress)
{
    if (!progress->running)
        return;
    (void)pthread_mutex_lock(&progress->lock);
    progress->done = true;
    (void)pthread_cond_signal(&progress->wake);
    (void)pthread_mutex_unlock(&progress->lock);
    (void)pthread_join(progress->thread, NULL);
    progress->running = false;
}
