/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for what Certum verifies: the domains, and what else its product asks for. */
#include "ca_certum.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many looks for what a person published, before he is asked to look himself. */
#define PATIENCE 3

/* ---- waiting ----------------------------------------------------------------------------- */

static const struct certum_verification *find_open(const struct certum_progress *progress,
                                                   enum certum_verification_state state)
{
    for (size_t i = 0; i < progress->count; i++)
        if (progress->verifications[i].state == state)
            return &progress->verifications[i];
    return NULL;
}

/* Why the domains are not verified, in the service's words; "" where it has none. For free(). */
static struct error *objections(struct certum_ca *ca, const struct job *job, char **out)
{
    struct certum_name_states states;
    size_t length;
    FILE *text;
    struct error *error = certum_name_states_get(ca->certum, job_get(job, JOB_ORDER), &states);

    *out = NULL;
    if (error != NULL)
        return error;
    text = open_memstream(out, &length);
    for (size_t i = 0; text != NULL && i < states.count; i++)
        if (states.items[i].state == CERTUM_FAILED || states.items[i].objection != NULL)
            fprintf(text, "; %s%s%s", states.items[i].name,
                    states.items[i].objection != NULL ? ": " : "",
                    states.items[i].objection != NULL ? states.items[i].objection : "");
    certum_name_states_clear(&states);
    return text == NULL || fclose(text) != 0 ? error_no_memory() : NULL;
}

struct error *certum_rejected(struct certum_ca *ca, const struct job *job,
                              const struct certum_progress *progress)
{
    const struct certum_verification *failed = find_open(progress, CERTUM_FAILED);
    char *why = NULL;
    struct error *error = objections(ca, job, &why);

    if (error != NULL) { /* that it is rejected is known all the same */
        error_free(error);
        why = NULL;
    }
    error = error_new(ERROR_CA_REFUSED,
                      "Certum has rejected the order %s%s%s%s: end the job with reissue cancel %s, "
                      "and start again with a new key, since Certum certifies none twice",
                      job_get(job, JOB_ORDER), failed != NULL ? "; what failed is " : "",
                      failed != NULL ? failed->type : "", why != NULL ? why : "", job->id);
    free(why);
    return error;
}

/* What else the service verifies that takes a person. */
static const struct {
    const char *type, *what;
} others[] = {
    {"EMAIL", "somebody to follow the link in Certum's mail to the address in the certificate "
              "(--resend-mail has it sent again)"},
    {"ORGANIZATION", "Certum's people to verify the organization (the web account says which "
                     "documents they want)"},
    {"APPLICANT", "Certum's people to verify who applies (the web account says which documents "
                  "they want)"},
    {"AUTHORIZATION", "Certum's people to verify the authorization (the web account says which "
                      "documents they want)"},
    {"EXTENDED_VALIDATION", "Certum's people to do the extended validation (the web account says "
                            "what they want)"},
};

static struct error *ask_for_other(struct job *job, const char *what, enum step_end *end)
{
    char *text = NULL;
    struct error *error;

    if (asprintf(&text, "%s, and then for: reissue resume %s", what, job->id) < 0)
        return error_no_memory();
    *end = STEP_END_ASK;
    error = job_set(job, JOB_WAITS_FOR, text);
    free(text);
    return error;
}

static struct error *await_other(struct certum_ca *ca, struct job *job,
                                 const struct certum_verification *open, enum step_end *end)
{
    for (size_t i = 0; open != NULL && i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(others[i].type, open->type) == 0)
            return ask_for_other(job, others[i].what, end);
    return certum_look_later(ca, job, "Certum's own checks", end);
}

/* The domains failed: with another code, once; then it is for a person. */
static struct error *try_again(struct run *run, struct job *job, struct certum_ca *ca,
                               struct certum_details *details, enum step_end *end)
{
    char *why = NULL;
    struct error *error = objections(ca, job, &why);

    if (error != NULL)
        return error;
    if (ca->new_code) {
        error = error_new(ERROR_CA_REFUSED,
                          "Certum did not find what was published for the domains%s: reissue "
                          "resume %s tries again, with another code",
                          why, job->id);
        free(why);
        return error;
    }
    run_tell(run, job, "Certum did not find what was published%s: trying once more", why);
    free(why);
    error = certum_ask_for_code(run, job, ca, details);
    if (error == NULL)
        error = certum_publish_and_look(run, job, ca, details, end);
    return error != NULL || *end != STEP_END_NEXT
               ? error
               : certum_look_later(ca, job, "Certum to verify the domains", end);
}

/* The domains are not verified yet. */
static struct error *await_domains(struct run *run, struct job *job, struct certum_ca *ca,
                                   struct certum_details *details, enum step_end *end)
{
    struct error *error = NULL;

    if (certum_is_by_mail(job, ca->config))
        return certum_ask_person(job, ca->config, &details->challenge, end);
    if (details->challenge.code[0] == '\0')
        error = certum_ask_for_code(run, job, ca, details);
    if (error == NULL && (!ca->asked || ca->looks > 0)) /* it was asked to look just now */
        error = certum_publish_and_look(run, job, ca, details, end);
    if (error != NULL || *end != STEP_END_NEXT)
        return error;
    if (!certum_is_automatic(job, ca->config) && ca->looks >= PATIENCE)
        return certum_ask_person(job, ca->config, &details->challenge, end);
    return certum_look_later(ca, job, "Certum to verify the domains", end);
}

static struct error *await(struct run *run, struct job *job, struct certum_ca *ca,
                           struct certum_details *details, enum step_end *end)
{
    struct certum_progress progress;
    struct error *error = certum_order_progress(ca->certum, job_get(job, JOB_ORDER), &progress);

    if (error != NULL)
        return error;
    if (progress.state == CERTUM_ACCEPTED || progress.state == CERTUM_ENROLLED) {
        if (details->shown)
            run_tell(run, job, "what you published for Certum can be taken back");
        return NULL;
    }
    if (progress.state == CERTUM_REJECTED)
        return certum_rejected(ca, job, &progress);
    for (size_t i = 0; i < progress.count; i++) {
        const struct certum_verification *domain = &progress.verifications[i];

        if (strcmp(domain->type, "DOMAIN") == 0 && domain->state == CERTUM_FAILED)
            return try_again(run, job, ca, details, end);
        if (strcmp(domain->type, "DOMAIN") == 0 && domain->state == CERTUM_REQUIRED)
            return await_domains(run, job, ca, details, end);
    }
    return await_other(ca, job, find_open(&progress, CERTUM_REQUIRED), end);
}

struct error *certum_await(struct run *run, struct job *job, enum step_end *end)
{
    struct certum_details details;
    struct certum_ca *ca;
    struct error *error = certum_ca_open(run, job, &ca);

    if (error == NULL)
        error = certum_details_read(job, &details);
    if (error != NULL)
        return error;
    error = await(run, job, ca, &details, end);
    certum_details_clear(&details);
    return error;
}

/* ---- mails ------------------------------------------------------------------------------- */

static struct error *send_again(struct run *run, struct job *job, struct certum_ca *ca,
                                const struct certum_verification *open)
{
    struct certum_details details;
    struct error *error;

    if (open != NULL && strcmp(open->type, "EMAIL") == 0)
        return certum_add_email_verification(ca->certum, job_get(job, JOB_ORDER));
    if (open == NULL || strcmp(open->type, "DOMAIN") != 0 || !certum_is_by_mail(job, ca->config))
        return error_new(ERROR_ARGUMENT,
                         "the job %s waits for no mail: reissue status says for what", job->id);
    error = certum_details_read(job, &details);
    if (error != NULL)
        return error;
    error = certum_ask_for_code(run, job, ca, &details);
    certum_details_clear(&details);
    return error;
}

struct error *certum_resend_mail(struct run *run, struct job *job)
{
    struct certum_progress progress;
    struct certum_ca *ca;
    struct error *error;

    if (job_get(job, JOB_ORDER) == NULL)
        return error_new(ERROR_ARGUMENT, "the job %s has no order yet, and so no mail", job->id);
    error = certum_ca_open(run, job, &ca);
    if (error == NULL)
        error = certum_order_progress(ca->certum, job_get(job, JOB_ORDER), &progress);
    if (error == NULL)
        error = send_again(run, job, ca, find_open(&progress, CERTUM_REQUIRED));
    if (error == NULL)
        run_tell(run, job, "Certum sends its mail again");
    return error;
}
