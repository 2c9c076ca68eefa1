/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands that run jobs share: their options, and what comes of those. */
#ifndef REISSUE_JOB_COMMAND_H
#define REISSUE_JOB_COMMAND_H

#include "options.h"
#include "run.h"

#include <stdbool.h>

struct job_command {
    const char *config_path, *state_directory;
    const char *admin_source;
    struct crypto_secrets secrets;
    bool json;
    bool try_refused; /* see struct run */
    bool only_looks;  /* where there is no state yet, none is made; before job_command_open() */
    long wait;        /* seconds that this process may wait for others */

    struct run run; /* from job_command_open() on */
    double started; /* on the monotonic clock, in seconds */
};

/*
 * Takes a command's words: the options that all of these commands share, and its own (`count` of
 * them), into a fresh `command`, as options_parse() does. `usage` is what its help begins with.
 */
int job_command_parse(struct job_command *command, int argc, char **argv, const char *usage,
                      const struct option_spec *own, size_t count);

/* Says where help is, for who used a command of that usage wrongly; returns the exit code. */
int job_command_misused(const char *usage);

/* Opens configuration, state and libcrypto. job_command_close() is called in any case. */
struct error *job_command_open(struct job_command *command) MUST_CHECK;
void job_command_close(struct job_command *command);

/* Starts its clocks anew, after a person was asked things: --wait, and the times that are printed.
 */
void job_command_begin(struct job_command *command);

/*
 * Runs the job, and says how that ended; returns the exit code. Owns `error`: where there is one
 * already, it says that instead.
 */
int job_command_run(struct job_command *command, struct job *job, struct error *error);

/* What the tests put into run.observe; NULL in the program. */
extern void (*job_command_observer)(enum job_step step, const char *moment);

/* A duration, such as 90s, 10m, 4h or 14d, in seconds. ERROR_ARGUMENT. */
struct error *duration_parse(const char *text, long *out) MUST_CHECK;

#endif
