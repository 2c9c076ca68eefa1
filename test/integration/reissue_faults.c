/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `reissue`, but it can be killed at any point of a job: REISSUE_FAULT=STEP:MOMENT, with a moment
 * of "before" (the step's work), "done" (after it, and before that is durable) or "after". With
 * --steps it lists the steps that have work.
 */
#include "reissue/command.h"
#include "reissue/job_command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *fault;

static void die_here(enum job_step step, const char *moment)
{
    char here[64];

    (void)snprintf(here, sizeof(here), "%s:%s", job_step_name(step), moment);
    if (strcmp(here, fault) == 0)
        (void)raise(SIGKILL);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--steps") == 0) {
        for (size_t i = 0; i < transition_count; i++)
            puts(job_step_name(transitions[i].from));
        return 0;
    }
    fault = getenv("REISSUE_FAULT");
    if (fault != NULL)
        job_command_observer = die_here;
    return reissue_main(argc, argv);
}
