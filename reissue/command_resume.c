/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue resume: goes on with a job, with what a person brings back from the CA where it waits for
 * that. */
#include "ca.h"
#include "certificate_text.h"
#include "command.h"
#include "exit_code.h"
#include "job_command.h"
#include "unattended.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: reissue resume [JOB] [--cert FILE|-] [--resend-mail] [OPTION ...]\n"
    "Goes on with a job from where it is; with the only one that is not at its end, where none is\n"
    "named.\n";

/* The only job that can go on. */
static struct error *only_job(struct state *state, struct job **out)
{
    struct job_list list;
    struct error *error = job_list_load(state, true, &list);

    *out = NULL;
    if (error != NULL)
        return error;
    if (list.count == 0)
        error = error_new(ERROR_NOT_FOUND, "there is no job to go on with");
    else if (list.count > 1)
        error = error_new(ERROR_AMBIGUOUS,
                          "there are %zu jobs to go on with: name one of those that reissue status "
                          "lists",
                          list.count);
    else {
        *out = list.items[0];
        list.count = 0;
    }
    job_list_clear(&list);
    return error;
}

/* All that the file has, as PEM, for free(): which of it is wanted, the job finds out. */
static struct error *read_answer(const char *file, char **out)
{
    struct certificate_bundle all = {0};
    struct error *error = certificates_read(file, &all.chain);

    *out = NULL;
    if (error == NULL) {
        all.certificate = sk_X509_shift(all.chain);
        error = certificate_bundle_pem(&all, CERTIFICATE_PART_FULL, out);
    }
    certificate_bundle_clear(&all);
    return error;
}

static struct error *give_answer(struct job *job, const char *file)
{
    char *pem = NULL;
    struct error *error;

    if (job->step >= STEP_ISSUED)
        return error_new(ERROR_ARGUMENT, "the job %s has its certificate already", job->id);
    error = read_answer(file, &pem);
    if (error == NULL)
        error = job_set(job, JOB_ANSWER, pem);
    else
        error = error_wrap(
            error, error_code(error) == ERROR_CERTIFICATE ? ERROR_ARGUMENT : error_code(error),
            "cannot take the certificate from %s", file);
    free(pem);
    return error;
}

static struct error *resend_mail(struct run *run, struct job *job)
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error == NULL && ca->resend_mail == NULL)
        error = error_new(ERROR_UNSUPPORTED, "the CA %s sends no mails that reissue knows of",
                          job_get(job, JOB_CA));
    return error != NULL ? error : ca->resend_mail(run, job);
}

struct wish {
    const char *answer; /* the file, or NULL */
    bool resend_mail;
};

static int resume(struct job_command *command, const char *id, const struct wish *wish)
{
    struct job *job = NULL;
    struct error *error = job_command_open(command);
    int code;

    if (error == NULL)
        error = id != NULL ? job_load(command->run.state, id, &job)
                           : only_job(command->run.state, &job);
    if (error == NULL && wish->answer != NULL)
        error = give_answer(job, wish->answer);
    if (error == NULL && job_is_over(job))
        error = error_new(ERROR_ARGUMENT, "the job %s is %s: there is nothing to go on with",
                          job->id, job_step_name(job->step));
    if (error == NULL && wish->resend_mail)
        error = resend_mail(&command->run, job);
    if (error == NULL)
        error = unattended_check(&command->run, job);
    code = job_command_run(command, job, error);
    job_free(job);
    job_command_close(command);
    return code;
}

int resume_command(int argc, char **argv)
{
    struct job_command command;
    struct wish wish = {0};
    const struct option_spec options[] = {
        {"cert", "FILE",
         "what came back from the CA: PEM, DER or PKCS #7, with or without chain; - is the "
         "standard input",
         &wish.answer, NULL},
        {"resend-mail", NULL, "has the CA send the mail again that the job waits for", NULL,
         &wish.resend_mail},
    };
    int code = job_command_parse(&command, argc, argv, usage, options, 2);

    if (code >= 0)
        return code;
    if (argc - optind > 1)
        return job_command_misused(usage);
    return resume(&command, optind < argc ? argv[optind] : NULL, &wish);
}
