/* SPDX-License-Identifier: BSD-2-Clause */
#include "complete.h"

#include "command.h"
#include "config.h"
#include "job.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct error *print_name(void *argument, const char *const *row)
{
    (void)argument;
    printf("%s\tcertificate\n", row[0]);
    return NULL;
}

static struct error *print_names(const char *directory)
{
    struct state *state = NULL;
    struct job_list jobs = {0};
    struct error *error = state_open(directory, &state);

    if (error == NULL)
        error = state_query(state, "SELECT name FROM lineage ORDER BY name",
                            (struct state_values){0}, print_name, NULL);
    if (error == NULL)
        error = job_list_load(state, true, &jobs);
    for (size_t i = 0; i < jobs.count; i++)
        printf("%s\tjob for %s\n", jobs.items[i]->id, job_get(jobs.items[i], JOB_NAME));
    job_list_clear(&jobs);
    state_close(state);
    return error;
}

int complete_names(void)
{
    struct config *config = NULL;
    char *directory = NULL;
    struct error *error = config_open(NULL, &config);

    if (error == NULL)
        error = config_state_directory(config, &directory);
    if (error == NULL && state_exists(directory))
        error = print_names(directory);
    free(directory);
    config_free(config);
    error_free(error); /* nobody wants to read that in the middle of a line */
    return EXIT_CODE_SUCCESS;
}

int complete_cas(void)
{
    struct config *config = NULL;
    struct error *error = config_open(NULL, &config);

    for (size_t i = 0; error == NULL && i < config->ca_count; i++)
        printf("%s\t%s\n", config->cas[i].name, config->cas[i].type);
    printf("manual\tyou are the way to the CA\n");
    config_free(config);
    error_free(error);
    return EXIT_CODE_SUCCESS;
}
