/* SPDX-License-Identifier: BSD-2-Clause */
/* reissue revoke: asks a CA to revoke a certificate, by a job that survives a lost answer. */
#include "ca.h"
#include "certificate_text.h"
#include "command.h"
#include "exit_code.h"
#include "job_command.h"
#include "start.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: reissue revoke CERT --ca NAME --reason REASON [OPTION ...]\n"
    "Asks the CA to revoke a certificate: a file, a card: URI, or a name or serial number that\n"
    "reissue list shows.\n";

struct wish {
    const char *certificate, *ca, *reason;
    bool yes;
};

static struct error *check_reason(const char *reason)
{
    static const char *const reasons[] = {"superseded", "compromised-key", "cessation",
                                          "affiliation-changed", "unspecified"};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (strcmp(reasons[i], reason) == 0)
            return NULL;
    return error_new(ERROR_ARGUMENT,
                     "\"%s\" is no reason: there are superseded, compromised-key, cessation, "
                     "affiliation-changed and unspecified",
                     reason);
}

static struct error *take_user(void *argument, const char *const *row)
{
    char **user = argument;

    free(*user);
    *user = strdup(row[0]);
    return *user == NULL ? error_no_memory() : NULL;
}

/* Whoever revokes what is in use takes a service down: that has to be meant. */
static struct error *check_use(struct state *state, const struct job *job)
{
    char fingerprint[FINGERPRINT_SIZE];
    char *user = NULL;
    struct error *error = certificate_pem_fingerprint(job_get(job, JOB_PREDECESSOR), fingerprint);

    if (error == NULL)
        error = state_query(state, "SELECT name FROM lineage WHERE fingerprint = ?1",
                            STATE_VALUES(fingerprint), take_user, &user);
    if (error == NULL && user != NULL)
        error = error_new(ERROR_ARGUMENT,
                          "this certificate is in use as %s: take it to a successor first (reissue "
                          "start %s ...), or say --yes",
                          user, user);
    free(user);
    return error;
}

static struct error *make_job(struct run *run, const struct wish *wish, struct job **out)
{
    const struct ca *ca;
    struct error *error = start_make_revocation(run, wish->certificate, wish->ca, out);

    if (error != NULL)
        return error;
    error = ca_find(run, *out, &ca);
    if (error == NULL && ca->revoke == NULL)
        error = error_new(ERROR_UNSUPPORTED, "the CA %s cannot be asked to revoke by reissue",
                          wish->ca);
    if (error == NULL)
        error = job_set(*out, JOB_REASON, wish->reason);
    if (error == NULL && !wish->yes)
        error = check_use(run->state, *out);
    if (error == NULL)
        error = job_save(run->state, *out, "wanted by reissue revoke");
    return error;
}

static int revoke(struct job_command *command, const struct wish *wish)
{
    struct job *job = NULL;
    struct error *error = job_command_open(command);
    bool waits = false;

    if (error == NULL)
        error = make_job(&command->run, wish, &job);
    if (error == NULL)
        error = run_job(&command->run, job, &waits);
    if (error == NULL)
        printf("%s is revoked.\n", wish->certificate);
    job_free(job);
    job_command_close(command);
    return error == NULL ? EXIT_CODE_SUCCESS : command_fail(error, command->json);
}

int revoke_command(int argc, char **argv)
{
    struct job_command command;
    struct wish wish = {0};
    const struct option_spec options[] = {
        {"ca", "NAME", "the CA that issued it", &wish.ca, NULL},
        {"reason", "superseded|compromised-key|cessation|affiliation-changed|unspecified",
         "(RFC 5280, 5.3.1)", &wish.reason, NULL},
        {"yes", NULL, "although it is in use", NULL, &wish.yes},
    };
    int code = job_command_parse(&command, argc, argv, usage, options, 3);
    struct error *error;

    if (code >= 0)
        return code;
    if (argc - optind != 1 || wish.ca == NULL || wish.reason == NULL)
        return job_command_misused(usage);
    error = check_reason(wish.reason);
    if (error != NULL)
        return command_fail(error, command.json);
    wish.certificate = argv[optind];
    return revoke(&command, &wish);
}
