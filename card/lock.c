/* SPDX-License-Identifier: BSD-2-Clause */
#include "lock.h"

#include <sched.h>
#include <unistd.h>

void lock_init(struct lock *lock)
{
    (void)pthread_mutex_init(&lock->mutex, NULL);
    lock->torn = false;
    atomic_init(&lock->process, (int)getpid());
}

/*
 * Makes the mutex belong to this process. One thread does so, the others wait for it. A negative
 * number of another process means that it was forked off in the middle of this: nobody is at it
 * here, and the mutex was not in use yet.
 */
static void lock_adopt(struct lock *lock, int self)
{
    int seen = atomic_load(&lock->process);
    while (seen != self) {
        if (seen == -self) {
            (void)sched_yield();
        } else if (atomic_compare_exchange_strong(&lock->process, &seen, -self)) {
            if (pthread_mutex_trylock(&lock->mutex) == 0) {
                (void)pthread_mutex_unlock(&lock->mutex);
            } else {
                lock->torn = true;
                (void)pthread_mutex_init(&lock->mutex, NULL);
            }
            atomic_store(&lock->process, self);
        }
        seen = atomic_load(&lock->process);
    }
}

void lock_acquire(struct lock *lock)
{
    lock_adopt(lock, (int)getpid());
    (void)pthread_mutex_lock(&lock->mutex);
}

void lock_release(struct lock *lock)
{
    (void)pthread_mutex_unlock(&lock->mutex);
}

void lock_destroy(struct lock *lock)
{
    (void)pthread_mutex_destroy(&lock->mutex);
}
