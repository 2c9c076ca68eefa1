/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways in which Certum is shown that the domains are the customer's: one code for all of them,
 * as a DNS record or a file, or a mail to an administrator. What no hook and no webroot publishes,
 * a person does.
 */
#include "ca_certum.h"
#include "challenge.h"
#include "hooks.h"
#include "validation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_DIRECTORY "pki-validation"
#define FILE_NAME      "certum.txt"

/* ---- in which way ------------------------------------------------------------------------ */

static const struct way {
    const char *name;   /* in the configuration (validation.h) */
    const char *method; /* the service's word */
    const char *type;   /* of the DNS record; NULL: it is none */
} ways[] = {
    {"dns-txt", "DNS_TXT_PREFIX", "TXT"},
    {"dns-cname", "DNS_CNAME_PREFIX", "CNAME"},
    {"file", "FILE", NULL},
    {"email", "ADMIN", NULL},
};
enum { WAY_TXT, WAY_CNAME, WAY_FILE, WAY_EMAIL };

static const struct way *way_of(const struct job *job, const struct config_ca *config)
{
    const char *name = validation_of(job, config)->name;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    return &ways[WAY_TXT];
}

/* The addresses that a domain's administrator may have (CA/Browser Forum: TLS Baseline
   Requirements, 3.2.2.4.4). */
static const struct {
    const char *name, *word;
} approvers[] = {
    {"admin", "ADMIN"},           {"administrator", "ADMINISTRATOR"}, {"postmaster", "POSTMASTER"},
    {"hostmaster", "HOSTMASTER"}, {"webmaster", "WEBMASTER"},
};

struct certum_approver certum_approver_of(const struct job *job, const struct config_ca *config)
{
    const struct way *way = way_of(job, config);
    struct certum_approver approver = {.method = way->method};

    if (way != &ways[WAY_EMAIL])
        return approver;
    approver.prefix = approvers[0].word;
    for (size_t i = 0; i < sizeof(approvers) / sizeof(approvers[0]); i++)
        if (config->approver != NULL && strcmp(approvers[i].name, config->approver) == 0)
            approver.prefix = approvers[i].word;
    return approver;
}

bool certum_is_by_mail(const struct job *job, const struct config_ca *config)
{
    return way_of(job, config) == &ways[WAY_EMAIL];
}

bool certum_is_automatic(const struct job *job, const struct config_ca *config)
{
    const struct way *way = way_of(job, config);

    return way->type != NULL ? config->dns_hook != NULL
                             : way == &ways[WAY_FILE] && config->webroot != NULL;
}

/* ---- what is published ------------------------------------------------------------------- */

/* The value of the DNS record, or the content of the file; for free(). */
static struct error *value_of(const struct way *way, const char *code, char **out)
{
    const char *end = way == &ways[WAY_CNAME]  ? ".certum.pl"
                      : way == &ways[WAY_FILE] ? "-certum.pl"
                                               : "";

    return asprintf(out, "%s%s", code, end) < 0 ? error_no_memory() : NULL;
}

static struct error *run_hook(struct run *run, const struct job *job,
                              const struct config_ca *config, enum challenge_action action,
                              const char *domain, const char *value)
{
    struct configured_hook hook;
    char *name = NULL;
    struct error *error = hook_open(run, job, config->dns_hook, &hook);

    if (error == NULL && asprintf(&name, "_certum.%s", domain) < 0)
        error = error_no_memory();
    if (error == NULL) {
        const struct challenge_record record = {domain, name, way_of(job, config)->type, value};

        error = challenge_record_hook(&hook.hook, action, &record);
    }
    free(name);
    hook_close(&hook);
    return error;
}

/* For one name after another; one file serves them all. */
struct error *certum_change(struct run *run, const struct job *job, const struct config_ca *config,
                            const struct certum_challenge *challenge, enum challenge_action action)
{
    const struct way *way = way_of(job, config);
    char *value = NULL;
    struct error *error = value_of(way, challenge->code, &value);

    if (error == NULL && way == &ways[WAY_FILE])
        error =
            action == CHALLENGE_PUBLISH
                ? challenge_webroot_publish_file(config->webroot, FILE_DIRECTORY, FILE_NAME, value)
                : challenge_webroot_remove_file(config->webroot, FILE_DIRECTORY, FILE_NAME);
    for (size_t i = 0; error == NULL && way->type != NULL && i < challenge->count; i++)
        error = run_hook(run, job, config, action, challenge->names[i], value);
    free(value);
    return error;
}

/* ---- what a person is told --------------------------------------------------------------- */

static void write_published(FILE *out, const struct config_ca *config, const struct job *job,
                            const struct certum_challenge *challenge, const char *value)
{
    const struct way *way = way_of(job, config);

    fprintf(out, "%s to be published, and then for: reissue resume %s\n",
            way->type != NULL ? "DNS records" : "a file", job->id);
    for (size_t i = 0; i < challenge->count && way->type != NULL; i++)
        fprintf(out, "\n    _certum.%s. IN %s %s%s%s", challenge->names[i], way->type,
                way == &ways[WAY_TXT] ? "\"" : "", value, way == &ways[WAY_TXT] ? "\"" : ".");
    for (size_t i = 0; i < challenge->count && way->type == NULL; i++)
        fprintf(out, "\n    http://%s/.well-known/" FILE_DIRECTORY "/" FILE_NAME,
                challenge->names[i]);
    if (way->type == NULL)
        fprintf(out, "\n\n  each with this one line:\n\n    %s", value);
    fprintf(out, "\n");
}

static void write_mail(FILE *out, const struct config_ca *config, const struct job *job,
                       const struct certum_challenge *challenge)
{
    const char *approver = config->approver != NULL ? config->approver : approvers[0].name;

    fprintf(out, "somebody to follow the link in Certum's mail to ");
    if (challenge->email != NULL)
        fprintf(out, "%s", challenge->email);
    for (size_t i = 0; challenge->email == NULL && i < challenge->count; i++)
        fprintf(out, "%s%s@%s", i > 0 ? ", " : "", approver, challenge->names[i]);
    if (challenge->email == NULL && challenge->count == 0)
        fprintf(out, "%s of each domain", approver);
    fprintf(out,
            ", and then for: reissue resume %s (with --resend-mail, Certum sends the mail again)",
            job->id);
}

struct error *certum_ask_person(struct job *job, const struct config_ca *config,
                                const struct certum_challenge *challenge, enum step_end *end)
{
    char *text = NULL, *value = NULL;
    size_t length;
    FILE *out;
    struct error *error = value_of(way_of(job, config), challenge->code, &value);

    if (error != NULL)
        return error;
    out = open_memstream(&text, &length);
    if (out != NULL && certum_is_by_mail(job, config))
        write_mail(out, config, job, challenge);
    else if (out != NULL)
        write_published(out, config, job, challenge, value);
    free(value);
    if (out == NULL || fclose(out) != 0)
        error = error_no_memory();
    *end = STEP_END_ASK;
    if (error == NULL)
        error = job_set(job, JOB_WAITS_FOR, text);
    free(text);
    return error;
}
