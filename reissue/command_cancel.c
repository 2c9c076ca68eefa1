/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reissue cancel: ends a job. What it has made stays where it is: a key whose request has left the
 * machine may be certified any day, and one that has not is told of.
 */
#include "ca.h"
#include "command.h"
#include "exit_code.h"
#include "job_command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: reissue cancel JOB [OPTION ...]\n"
    "Ends a job. The key that it made, and a certificate that it got, stay where they are. Of a\n"
    "job that is done but for the revocation of the previous certificate, takes that back.\n";

static void say_what_is_left(const struct job *job, enum job_step step)
{
    if (step == STEP_REVOCATION_SENT)
        printf("The job %s is over. Whether the previous certificate is revoked, the CA knows.\n",
               job->id);
    else if (step >= STEP_DEPLOYED)
        printf("The job %s is over: the previous certificate is not revoked.\n", job->id);
    else
        printf("The job %s is cancelled.\n", job->id);
    if (step >= STEP_KEY_READY && step < STEP_SWITCHED && job_get(job, JOB_KEY) != NULL)
        printf("Its key stays: %s\n%s", job_get(job, JOB_KEY),
               step > STEP_ORDER_SENT
                   ? "The CA may have its request, and issue a certificate yet.\n"
                   : "No CA has heard of it: it can be deleted.\n");
}

/* The job is over for us before what was published is taken back and the CA is told: that this
   fails is no reason to go on with it. */
static void let_go(struct run *run, struct job *job, enum job_step step)
{
    const struct ca *ca = NULL;
    struct error *error = NULL;

    if (step >= STEP_ORDER_SENT && step < STEP_ISSUED)
        error = ca_find(run, job, &ca);
    if (error == NULL && ca != NULL && ca->clean_up != NULL)
        ca->clean_up(run, job);
    if (error == NULL && ca != NULL && ca->cancel != NULL)
        error = ca->cancel(run, job);
    if (error != NULL) {
        char *text = error_describe(error);

        printf("The CA still has the order: %s\n", text != NULL ? text : error_message(error));
        free(text);
        error_free(error);
    }
}

/* With the job's lock: nobody runs it meanwhile. */
static struct error *end_job(struct run *run, struct job *job)
{
    enum job_step step = job->step;
    struct error *error;

    if (job_is_over(job))
        return error_new(ERROR_ARGUMENT, "the job %s is over already", job->id);
    job->step = step >= STEP_DEPLOYED ? STEP_DONE : STEP_CANCELLED;
    error = job_save(run->state, job, "ended by reissue cancel");
    if (error == NULL)
        let_go(run, job, step);
    if (error == NULL)
        say_what_is_left(job, step);
    return error;
}

static int cancel(struct job_command *command, const char *id)
{
    struct job *job = NULL;
    int lock = -1;
    struct error *error = job_command_open(command);

    if (error == NULL)
        error = job_load(command->run.state, id, &job);
    if (error == NULL)
        error = job_lock(command->run.state, job, &lock);
    if (error == NULL)
        error = end_job(&command->run, job);
    state_unlock(lock);
    job_free(job);
    job_command_close(command);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command->json);
}

int cancel_command(int argc, char **argv)
{
    struct job_command command;
    int code = job_command_parse(&command, argc, argv, usage, NULL, 0);

    if (code >= 0)
        return code;
    return argc - optind == 1 ? cancel(&command, argv[optind]) : job_command_misused(usage);
}
