/* SPDX-License-Identifier: BSD-2-Clause */
#include "deadline.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct call {
    void (*function)(void *argument);
    void (*release)(void *argument);
    void *argument;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t ended;
    bool returned;
    bool given_up;
};

static void call_free(struct call *call)
{
    (void)pthread_cond_destroy(&call->ended);
    (void)pthread_mutex_destroy(&call->mutex);
    free(call);
}

static void *run(void *argument)
{
    struct call *call = argument;
    call->function(call->argument);
    (void)pthread_mutex_lock(&call->mutex);
    call->returned = true;
    bool given_up = call->given_up;
    (void)pthread_cond_signal(&call->ended);
    (void)pthread_mutex_unlock(&call->mutex);
    if (given_up) { /* nobody looks at it any more */
        call->release(call->argument);
        call_free(call);
    }
    return NULL;
}

static struct call *call_new(void (*function)(void *argument), void (*release)(void *argument),
                             void *argument)
{
    struct call *call = calloc(1, sizeof(*call));
    pthread_condattr_t attributes;
    if (call == NULL)
        return NULL;
    *call = (struct call){.function = function, .release = release, .argument = argument};
    (void)pthread_mutex_init(&call->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&call->ended, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return call;
}

/* The program's signals are for the program's own threads. */
static int start(struct call *call, pthread_t *thread)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(thread, NULL, run, call);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* Code that a thread may come back to has to stay where it is, whoever unloads what it is in. */
static void never_unload(void)
{
    Dl_info here;
    if (dladdr((void *)(uintptr_t)run, &here) == 0)
        return;
    void *module = dlopen(here.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    if (module != NULL)
        (void)dlclose(module);
}

/* Returns whether the call has returned. */
static bool wait_for(struct call *call, unsigned seconds)
{
    struct timespec until;
    int code = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    (void)pthread_mutex_lock(&call->mutex);
    while (!call->returned && code == 0)
        code = pthread_cond_timedwait(&call->ended, &call->mutex, &until);
    bool returned = call->returned;
    call->given_up = !returned;
    (void)pthread_mutex_unlock(&call->mutex);
    return returned;
}

struct error *deadline_call(void (*function)(void *argument), void (*release)(void *argument),
                            void *argument, unsigned seconds, bool *returned)
{
    pthread_t thread;
    *returned = true;
    struct call *call = call_new(function, release, argument);
    if (call == NULL)
        return error_no_memory();
    int code = start(call, &thread);
    if (code != 0) {
        call_free(call);
        return error_new(ERROR_INTERNAL, "cannot start a thread: %s", strerror(code));
    }
    *returned = wait_for(call, seconds);
    if (*returned) {
        (void)pthread_join(thread, NULL);
        call_free(call);
    } else {
        never_unload();
        (void)pthread_detach(thread);
    }
    return NULL;
}
