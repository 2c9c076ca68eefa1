/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells a person at a terminal that something takes its time; says nothing elsewhere. */
#ifndef REISSUE_PROGRESS_H
#define REISSUE_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>

struct progress {
    bool running;
    bool done;
    const char *what; /* such as "making a key" */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

/* From now on a line on standard error counts the seconds. */
void progress_begin(struct progress *progress, const char *what);
void progress_end(struct progress *progress);

#endif
