/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reissue renew: for a timer. Goes on with what waits, renews what is due, and revokes what is
 * owed; one certificate's trouble is not another's.
 */
#include "command.h"
#include "exit_code.h"
#include "job_command.h"
#include "job_print.h"
#include "preflight.h"
#include "renewal.h"
#include "start.h"
#include "unattended.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: reissue renew --all | NAME ... [OPTION ...]\n"
    "Renews the certificates of the configuration, or those that are named, where they are due,\n"
    "goes on with their jobs, and revokes what is owed. Asks nobody: it is for a timer.\n";

struct renewing {
    struct job_command *command;
    struct job_list jobs; /* that are not at their end */
    bool dry_run, force;
    int code; /* the first that was not success */
};

/* ---- one certificate --------------------------------------------------------------------- */

/* What its section says counts; the command line is for what it does not say. */
static void use_sources(struct job_command *command, const struct config_certificate *config)
{
    struct crypto_secrets *secrets = &command->run.crypto->secrets;

    *secrets = command->secrets;
    secrets->batch = true;
    if (config->pin_source != NULL)
        secrets->pin_source = config->pin_source;
    if (config->passphrase_source != NULL)
        secrets->passphrase_source = config->passphrase_source;
    command->run.admin_source = config->management_key_source != NULL
                                    ? config->management_key_source
                                    : command->admin_source;
}

static struct job *open_job(const struct renewing *renewing, const char *name)
{
    for (size_t i = 0; i < renewing->jobs.count; i++)
        if (strcmp(job_get(renewing->jobs.items[i], JOB_NAME), name) == 0 &&
            renewing->jobs.items[i]->step < STEP_DEPLOYED)
            return renewing->jobs.items[i];
    return NULL;
}

static struct error *start_job(struct job_command *command, const struct config_certificate *config,
                               struct job **out)
{
    const struct start_wish wish = {
        .certificate = config->name,
        .name = config->name,
        .ca = config->ca,
        .names = config->names,
        .key = config->key,
        .new_key = config->new_key,
        .algorithm = config->algorithm,
        .validation = config->validation,
        .install = config->install,
        .revoke_after = config->revoke_after,
        .numbered_file = true,
    };
    struct error *error = start_make_job(&command->run, &wish, out);

    if (error == NULL)
        error = preflight(&command->run, *out, NULL, NULL);
    return error != NULL ? error : job_save(command->run.state, *out, "wanted by reissue renew");
}

static int renew_due(struct renewing *renewing, const struct config_certificate *config)
{
    struct job_command *command = renewing->command;
    struct job *job = NULL;
    struct error *error;
    int code;

    printf("%s is due%s\n", config->name, renewing->dry_run ? "" : ":");
    if (renewing->dry_run)
        return EXIT_CODE_SUCCESS;
    error = start_job(command, config, &job);
    if (error != NULL)
        error = error_wrap(error, error_code(error), "cannot renew %s", config->name);
    code = job_command_run(command, job, error);
    job_free(job);
    return code;
}

static int renew_one(struct renewing *renewing, const struct config_certificate *config)
{
    struct job *job = open_job(renewing, config->name);
    struct error *error;
    char date[TIME_TEXT_SIZE];
    time_t due = 0;

    use_sources(renewing->command, config);
    if (job != NULL && renewing->dry_run)
        return printf("%s has a job under way: %s\n", config->name, job->id) < 0;
    if (job != NULL)
        return job_command_run(renewing->command, job,
                               unattended_check(&renewing->command->run, job));
    error = renewal_due(&renewing->command->run, config, &due);
    if (error != NULL)
        return command_fail(error_wrap(error, error_code(error), "cannot renew %s", config->name),
                            renewing->command->json);
    if (due <= time(NULL) || renewing->force)
        return renew_due(renewing, config);
    time_text(due, date);
    if (renewing->dry_run)
        printf("%s is due on %s\n", config->name, date);
    return EXIT_CODE_SUCCESS;
}

/* ---- all of them ------------------------------------------------------------------------- */

static bool is_wanted(const char *name, char **names)
{
    if (*names == NULL)
        return true;
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static void note_code(struct renewing *renewing, int code)
{
    if (renewing->code == EXIT_CODE_SUCCESS)
        renewing->code = code;
}

/* Revocations whose time has come, whatever started their jobs. */
static void revoke_owed(struct renewing *renewing, char **names)
{
    for (size_t i = 0; i < renewing->jobs.count; i++) {
        struct job *job = renewing->jobs.items[i];

        if (job->step >= STEP_DEPLOYED && is_wanted(job_get(job, JOB_NAME), names) &&
            job_get_number(job, JOB_REVOKE_AT, 0) <= (long long)time(NULL) && !renewing->dry_run)
            note_code(renewing, job_command_run(renewing->command, job, NULL));
    }
}

static struct error *check_names(const struct config *config, char **names)
{
    for (; *names != NULL; names++)
        if (config_find_certificate(config, *names) == NULL)
            return error_new(ERROR_NOT_FOUND, "%s: there is no section [certificate %s]",
                             config->path, *names);
    return NULL;
}

static int renew(struct renewing *renewing, char **names)
{
    struct job_command *command = renewing->command;
    const struct config *config;
    struct error *error;

    command->only_looks = renewing->dry_run;
    error = job_command_open(command);
    config = command->run.config;
    if (error == NULL)
        error = check_names(config, names);
    if (error == NULL)
        error = job_list_load(command->run.state, true, &renewing->jobs);
    if (error != NULL) {
        job_command_close(command);
        return command_fail(error, command->json);
    }
    for (size_t i = 0; i < config->certificate_count; i++)
        if (is_wanted(config->certificates[i].name, names))
            note_code(renewing, renew_one(renewing, &config->certificates[i]));
    revoke_owed(renewing, names);
    job_list_clear(&renewing->jobs);
    job_command_close(command);
    return renewing->code;
}

int renew_command(int argc, char **argv)
{
    struct job_command command;
    struct renewing renewing = {.command = &command};
    bool all = false;
    const struct option_spec options[] = {
        {"all", NULL, "every certificate of the configuration", NULL, &all},
        {"dry-run", NULL, "only say what is due", NULL, &renewing.dry_run},
        {"force", NULL, "renew it although it is not due", NULL, &renewing.force},
    };
    int code = job_command_parse(&command, argc, argv, usage, options, 3);

    if (code >= 0)
        return code;
    if (all == (optind < argc))
        return job_command_misused(usage);
    command.secrets.batch = true;
    return renew(&renewing, argv + optind);
}
