/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue status: the jobs that are not at their end, or all there is to say about one. */
#include "command.h"
#include "exit_code.h"
#include "job_command.h"
#include "job_print.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: reissue status [JOB] [OPTION ...]\n"
    "Lists the jobs that are not at their end, or says what happened to one.\n";

/* ---- all of them ------------------------------------------------------------------------- */

static struct error *print_list_json(const struct job_list *list)
{
    struct json_writer writer = {0};

    json_write_object(&writer, NULL);
    json_write_array(&writer, "jobs");
    for (size_t i = 0; i < list->count; i++)
        job_write_json(&writer, list->items[i]);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    return json_write_print(&writer);
}

static struct error *print_list(struct state *state, bool all, bool json)
{
    struct job_list list;
    struct error *error = job_list_load(state, !all, &list);

    if (error != NULL)
        return error;
    if (json) {
        error = print_list_json(&list);
    } else {
        if (list.count == 0)
            printf("No job %s.\n", all ? "was ever started" : "is under way");
        for (size_t i = 0; i < list.count; i++)
            job_print_line(list.items[i]);
    }
    job_list_clear(&list);
    return error;
}

/* ---- one of them ------------------------------------------------------------------------- */

static struct error *print_entry(void *argument, const char *const *row)
{
    char when[TIME_TEXT_SIZE];

    (void)argument;
    time_text((time_t)strtoll(row[0], NULL, 10), when);
    printf("  %s  %-20s %s\n", when, row[1], row[2]);
    return NULL;
}

static struct error *print_job(struct state *state, const char *id, bool json)
{
    struct job *job;
    struct error *error = job_load(state, id, &job);

    if (error != NULL)
        return error;
    if (json) {
        error = job_print_outcome(job, NULL, true);
    } else {
        job_print_line(job);
        error = state_query(state,
                            "SELECT time, step, note FROM journal WHERE job = ?1 ORDER BY number",
                            STATE_VALUES(job->id), print_entry, NULL);
    }
    job_free(job);
    return error;
}

static int status(struct job_command *command, const char *id, bool all)
{
    struct error *error;

    command->only_looks = true;
    error = job_command_open(command);

    if (error == NULL)
        error = id != NULL ? print_job(command->run.state, id, command->json)
                           : print_list(command->run.state, all, command->json);
    job_command_close(command);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command->json);
}

int status_command(int argc, char **argv)
{
    struct job_command command;
    bool all = false;
    const struct option_spec options[] = {
        {"all", NULL, "every job, also those that are over", NULL, &all},
    };
    int code = job_command_parse(&command, argc, argv, usage, options, 1);

    if (code >= 0)
        return code;
    if (argc - optind > 1)
        return job_command_misused(usage);
    return status(&command, optind < argc ? argv[optind] : NULL, all);
}
