/* SPDX-License-Identifier: BSD-2-Clause */
/* The new process of a hook, until it is another program. */
#ifndef REISSUE_HOOK_START_H
#define REISSUE_HOOK_START_H

#include "hook.h"

#include <sys/types.h>

/*
 * Starts the hook in a process group of its own, whose id is the process's. What it prints comes
 * out of `output`, which the caller closes. ERROR_HOOK, ERROR_ARGUMENT.
 */
struct error *hook_start(const struct hook *hook, pid_t *process, int *output) MUST_CHECK;

#endif
