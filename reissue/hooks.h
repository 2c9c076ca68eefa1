/* SPDX-License-Identifier: BSD-2-Clause */
/* The hooks of the configuration, as hook.h runs them. */
#ifndef REISSUE_HOOKS_H
#define REISSUE_HOOKS_H

#include "config.h"
#include "hook.h"
#include "run.h"

#define HOOK_WORDS_MAX 32

/* A hook that is ready to run; its variables are the caller's to add. */
struct configured_hook {
    struct hook hook;
    char *text; /* what the words point into */
    const char *words[HOOK_WORDS_MAX];
};

/* ERROR_CONFIG where the configuration has none of that name, or it cannot be run: then there is
   nothing to close. */
struct error *hook_open(const struct run *run, const struct job *job, const char *name,
                        struct configured_hook *out) MUST_CHECK;
void hook_close(struct configured_hook *hook);

#endif
