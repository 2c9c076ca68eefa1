/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands that run jobs share: their options, and what comes of those. */
#ifndef REISSUE_JOB_COMMAND_H
#define REISSUE_JOB_COMMAND_H

#include "run.h"

#include <stdbool.h>

struct job_command {
    const char *config_path, *state_directory;
    const char *admin_source;
    struct crypto_secrets secrets;
    bool json;
    long wait; /* seconds that this process may wait for others */

    struct run run; /* from job_command_open() on */
    double started; /* on the monotonic clock, in seconds */
};

/* An option of a command's own: one with an argument has `text`, one without `flag`. */
struct job_option {
    const char *name;
    const char **text;
    bool *flag;
};

/* What they mean, for a command's help. */
#define JOB_COMMAND_HELP                                                                           \
    "  --pin-source SOURCE          where the card's PIN is: file:PATH, env:NAME,\n"               \
    "                               credential:NAME, pad: (typed at the reader's keypad if it "    \
    "has\n"                                                                                        \
    "                               one, else asked for at the terminal)\n"                        \
    "  --management-key-source SOURCE\n"                                                           \
    "                               the same for the card's management key or admin PIN; or\n"     \
    "                               \"factory\"\n"                                                 \
    "  --passphrase-source SOURCE   the same for key files\n"                                      \
    "  --batch                      ask nobody\n"                                                  \
    "  --wait[=DURATION]            wait for the CA, as long as it takes or so long (30s, 10m,\n"  \
    "                               4h, 2d; 2m if not given)\n"                                    \
    "  --json                       say the outcome as JSON\n"                                     \
    "  --config FILE, --state DIRECTORY\n"                                                         \
    "                               where these are, if not in their usual places\n"

/*
 * Takes a command's words: the options that all of these commands share, and its own (`count` of
 * them), into a fresh `command`. Returns -1 to go on, with `optind` at the first word that is no
 * option; or the exit code: after --help, and after wrong usage, which `usage` is printed for.
 */
int job_command_parse(struct job_command *command, int argc, char **argv, const char *usage,
                      const struct job_option *options, size_t count);

/* Prints that usage for who used it wrongly; returns the exit code. */
int job_command_misused(const char *usage);

/* Opens configuration, state and libcrypto. job_command_close() is called in any case. */
struct error *job_command_open(struct job_command *command) MUST_CHECK;
void job_command_close(struct job_command *command);

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
