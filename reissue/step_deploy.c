/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling the services that there is something new for them. */
#include "hooks.h"
#include "live.h"

#include <stdlib.h>
#include <string.h>

#define VARIABLES 4

/* A hook is told what is new, and where; it may run twice, and knows that by the job's name. */
static struct error *run_hook(struct run *run, const struct job *job, const char *name)
{
    struct configured_hook hook;
    char *live = NULL;
    struct error *error = live_path(run->state, job_get(job, JOB_NAME), "", &live);
    const char *key = job_get(job, JOB_KEY);
    const struct hook_variable variables[VARIABLES] = {
        {"REISSUE_ACTION", "deploy"},
        {"REISSUE_NAME", job_get(job, JOB_NAME)},
        {"REISSUE_LIVE", live},
        {"REISSUE_KEY", key == NULL ? "" : key},
    };

    if (error == NULL)
        error = hook_open(run, job, name, &hook);
    if (error != NULL) {
        free(live);
        return error;
    }
    hook.hook.variables = variables;
    hook.hook.variable_count = VARIABLES;
    run_tell(run, job, "running the hook %s", name);
    error = hook_run_checked(&hook.hook);
    hook_close(&hook);
    free(live);
    return error;
}

struct error *step_deploy(struct run *run, struct job *job, enum step_end *end)
{
    const struct config_certificate *config =
        config_find_certificate(run->config, job_get(job, JOB_NAME));
    struct error *error = NULL;
    char *names;
    char *rest;

    (void)end;
    if (config == NULL || config->deploy_hook == NULL)
        return NULL;
    run_tell_step(run, job);
    names = strdup(config->deploy_hook);
    if (names == NULL)
        return error_no_memory();
    for (char *name = strtok_r(names, " \t", &rest); error == NULL && name != NULL;
         name = strtok_r(NULL, " \t", &rest))
        error = run_hook(run, job, name);
    free(names);
    return error;
}
