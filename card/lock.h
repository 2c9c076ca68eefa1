/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A mutex that a forked child can go on with, whoever held it in the parent at that moment.
 *
 * No pthread_atfork() handlers: they would have to be taken back when the provider is unloaded,
 * and would make fork() wait for a card. Instead the lock remembers the process, and the first to
 * ask for it in another one makes it anew. What it guards may then be half changed; the lock
 * tells, and whoever uses it leaves such things alone instead of freeing them.
 */
#ifndef CARD_LOCK_H
#define CARD_LOCK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct lock {
    pthread_mutex_t mutex;
    atomic_int process; /* whose the mutex is; negative while that process makes it anew */
    bool torn;          /* it was held by another thread when this process was forked off */
};

/* Makes the lock ready. Cannot fail. */
void lock_init(struct lock *lock);

/* For locks with static storage. */
#define LOCK_INITIALIZER                                                                           \
    {                                                                                              \
        .mutex = PTHREAD_MUTEX_INITIALIZER, .process = 0                                           \
    }

void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);

/* Ends the lock's use; nobody holds it. */
void lock_destroy(struct lock *lock);

#endif
