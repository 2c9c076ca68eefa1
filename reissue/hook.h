/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running a program of the user's: directly, never by a shell, in an environment of named variables
 * only, without our descriptors, in a process group of its own that ends with it or at its
 * time-out.
 */
#ifndef REISSUE_HOOK_H
#define REISSUE_HOOK_H

#include "card/error.h"

#include <stdbool.h>
#include <stddef.h>

/* How much of the output is kept; a hook may print more. */
#define HOOK_OUTPUT_MAX ((size_t)16 * 1024)

/* Seconds: until a hook is told to end, and until it is ended. */
#define HOOK_TIMEOUT 300
#define HOOK_GRACE   5

struct hook_variable {
    const char *name;
    const char *value;
};

struct hook {
    const char *path;             /* absolute */
    const char *const *arguments; /* after the program's name */
    size_t argument_count;
    const struct hook_variable *variables;
    size_t variable_count;
    const char *job;  /* REISSUE_JOB, by which it knows that it runs again; or NULL */
    unsigned timeout; /* seconds; 0: HOOK_TIMEOUT */
    unsigned grace;   /* seconds between SIGTERM and SIGKILL; 0: HOOK_GRACE */
};

struct hook_result {
    int exit_code; /* -1 where a signal ended it */
    int signal;    /* that signal, or 0 */
    bool timed_out;
    bool truncated; /* there was more output */
    char *output;   /* what it printed, both ways, fit for a terminal; line ends are kept */
};

/*
 * Runs the hook to its end. Any end is a success here, and in the result, which the caller clears.
 * What it leaves running in its process group is ended with it; a service that makes a session of
 * its own, as daemons do, stays. ERROR_HOOK where it cannot be started, ERROR_ARGUMENT for a name
 * that no variable has.
 */
struct error *hook_run(const struct hook *hook, struct hook_result *out) MUST_CHECK;

/* The same, where anything but exit code 0 is ERROR_HOOK, with the end of its output. */
struct error *hook_run_checked(const struct hook *hook) MUST_CHECK;

void hook_result_clear(struct hook_result *result);

#endif
