/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `reissue`, but it can be killed at any point of a job: REISSUE_FAULT=STEP:MOMENT, with a moment
 * of "before" (the step's work), "done" (after it, and before that is durable) or "after". With
 * REISSUE_PAUSE=FILE it makes that file there, and goes on when somebody has taken it away. With
 * --steps it lists the steps that have work.
 */
#include "reissue/command.h"
#include "reissue/job_command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *fault, *pause_file;

static void pause_here(void)
{
    const struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};

    if (fclose(fopen(pause_file, "w")) != 0)
        abort();
    while (access(pause_file, F_OK) == 0)
        (void)nanosleep(&moment, NULL);
}

static void stop_here(enum job_step step, const char *moment)
{
    char here[64];

    (void)snprintf(here, sizeof(here), "%s:%s", job_step_name(step), moment);
    if (strcmp(here, fault) != 0)
        return;
    if (pause_file == NULL)
        (void)raise(SIGKILL);
    else
        pause_here();
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--steps") == 0) {
        for (size_t i = 0; i < transition_count; i++)
            puts(job_step_name(transitions[i].from));
        return 0;
    }
    fault = getenv("REISSUE_FAULT");
    pause_file = getenv("REISSUE_PAUSE");
    if (fault != NULL)
        job_command_observer = stop_here;
    return reissue_main(argc, argv);
}
