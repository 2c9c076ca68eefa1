/* SPDX-License-Identifier: BSD-2-Clause */
/* Verification: the code that Certum wants to see, for which domains, published and looked for. */
#include "ca_certum.h"
#include "certum_error.h"

#include <stdlib.h>
#include <string.h>

/* ---- which names ------------------------------------------------------------------------- */

/* The name itself, or a domain that it is in. */
static bool is_in(const char *wanted, const char *domain)
{
    size_t length = strlen(wanted), tail = strlen(domain);

    return length >= tail && strcmp(wanted + length - tail, domain) == 0 &&
           (length == tail || wanted[length - tail - 1] == '.') && strchr(domain, '.') != NULL;
}

static bool is_of_request(const struct names *wanted, const char *domain)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (wanted->items[i].type == NAME_DNS && is_in(wanted->items[i].text, domain))
            return true;
    return false;
}

static struct error *add_domain(struct certum_challenge *challenge, const char *wanted)
{
    const char *name = strncmp(wanted, "*.", 2) == 0 ? wanted + 2 : wanted;
    char **names;

    for (size_t i = 0; i < challenge->count; i++)
        if (strcmp(challenge->names[i], name) == 0)
            return NULL;
    names = reallocarray(challenge->names, challenge->count + 1, sizeof(*names));
    if (names == NULL)
        return error_no_memory();
    challenge->names = names;
    names[challenge->count] = strdup(name);
    return names[challenge->count++] == NULL ? error_no_memory() : NULL;
}

/*
 * Hooks change what is ours: a service that names other domains than those that were asked for is
 * not followed. Where it names none, all are meant.
 */
static struct error *check_domains(const struct job *job, struct certum_challenge *challenge)
{
    struct names wanted;
    struct error *error = ca_names_wanted(job, &wanted);
    bool all = challenge->count == 0;

    for (size_t i = 0; error == NULL && i < challenge->count; i++)
        if (!is_of_request(&wanted, challenge->names[i]))
            error = error_new(ERROR_SERVER_ANSWER,
                              "Certum wants %s to be verified, which was not asked for",
                              challenge->names[i]);
    for (size_t i = 0; error == NULL && all && i < wanted.count; i++)
        if (wanted.items[i].type == NAME_DNS)
            error = add_domain(challenge, wanted.items[i].text);
    names_clear(&wanted);
    return error;
}

/* ---- publishing -------------------------------------------------------------------------- */

/* It is noted before it is done, so that it is taken back whatever becomes of the order. */
static struct error *publish_by_us(struct run *run, struct job *job, const struct config_ca *config,
                                   const struct certum_details *details)
{
    struct error *error = job_set(job, JOB_PUBLISHED, "yes");

    if (error == NULL)
        error = job_save(run->state, job, "what Certum looks for is published");
    return error != NULL ? error
                         : certum_change(run, job, config, &details->challenge, CHALLENGE_PUBLISH);
}

static struct error *take_back(struct run *run, struct job *job, const struct config_ca *config,
                               const struct certum_details *details)
{
    struct error *error;

    if (job_get(job, JOB_PUBLISHED) == NULL)
        return NULL;
    error = certum_change(run, job, config, &details->challenge, CHALLENGE_REMOVE);
    return error != NULL ? error : job_set(job, JOB_PUBLISHED, NULL);
}

/* ---- the code ---------------------------------------------------------------------------- */

static struct error *keep(struct run *run, struct job *job, struct certum_details *details)
{
    struct error *error = check_domains(job, &details->challenge);

    details->shown = false;
    if (error == NULL)
        error = certum_details_write(job, details);
    return error != NULL ? error : job_save(run->state, job, "Certum's code is known");
}

struct error *certum_ask_for_code(struct run *run, struct job *job, struct certum_ca *ca,
                                  struct certum_details *details)
{
    const struct certum_approver approver = certum_approver_of(job, ca->config);
    struct certum_challenge challenge;
    struct error *error = take_back(run, job, ca->config, details);

    if (error == NULL)
        error = certum_add_verification(ca->certum, job_get(job, JOB_ORDER), &approver, &challenge);
    if (error != NULL)
        return error;
    certum_challenge_clear(&details->challenge);
    details->challenge = challenge;
    ca->new_code = true;
    return keep(run, job, details);
}

/* Whether the order waits for its domains, and has not been told of how yet. */
static struct error *find_code(struct run *run, struct job *job, struct certum_ca *ca,
                               struct certum_details *details)
{
    struct certum_progress progress;
    struct error *error;

    if (details->challenge.code[0] != '\0' || details->challenge.count > 0) {
        error = check_domains(job, &details->challenge);
        return error != NULL ? error : certum_details_write(job, details);
    }
    error = certum_order_progress(ca->certum, job_get(job, JOB_ORDER), &progress);
    if (error != NULL || progress.state == CERTUM_ACCEPTED || progress.state == CERTUM_ENROLLED ||
        progress.state == CERTUM_REJECTED)
        return error;
    for (size_t i = 0; i < progress.count; i++)
        if (strcmp(progress.verifications[i].type, "DOMAIN") == 0 &&
            (progress.verifications[i].state == CERTUM_REQUIRED ||
             progress.verifications[i].state == CERTUM_FAILED))
            return certum_ask_for_code(run, job, ca, details);
    return NULL;
}

/* ---- the steps --------------------------------------------------------------------------- */

/* What is to be published is, or a person was told: once. */
static struct error *publish(struct run *run, struct job *job, struct certum_ca *ca,
                             struct certum_details *details, enum step_end *end)
{
    struct error *error;

    if (details->challenge.code[0] == '\0' || certum_is_by_mail(job, ca->config))
        return NULL;
    if (certum_is_automatic(job, ca->config))
        return publish_by_us(run, job, ca->config, details);
    if (details->shown)
        return NULL;
    details->shown = true;
    error = certum_details_write(job, details);
    return error != NULL ? error : certum_ask_person(job, ca->config, &details->challenge, end);
}

struct error *certum_publish(struct run *run, struct job *job, enum step_end *end)
{
    struct certum_details details;
    struct certum_ca *ca;
    struct error *error;

    run_tell_step(run, job);
    error = certum_ca_open(run, job, &ca);
    if (error == NULL)
        error = certum_details_read(job, &details);
    if (error != NULL)
        return error;
    error = find_code(run, job, ca, &details);
    if (error == NULL)
        error = publish(run, job, ca, &details, end);
    certum_details_clear(&details);
    return error;
}

static struct error *look(struct certum_ca *ca, const struct certum_details *details)
{
    ca->asked = true;
    return certum_perform_verification(ca->certum, details->challenge.code);
}

struct error *certum_publish_and_look(struct run *run, struct job *job, struct certum_ca *ca,
                                      struct certum_details *details, enum step_end *end)
{
    struct error *error = publish(run, job, ca, details, end);

    if (error != NULL || *end != STEP_END_NEXT || details->challenge.code[0] == '\0' ||
        certum_is_by_mail(job, ca->config))
        return error;
    error = look(ca, details);
    if (error == NULL || ca->new_code ||
        (certum_last_code(ca->certum) != CERTUM_CODE_EXPIRED &&
         certum_last_code(ca->certum) != CERTUM_CODE_WRONG))
        return error;
    error_free(error);
    run_tell(run, job, "the verification's code is no good any more: asking for another one");
    error = certum_ask_for_code(run, job, ca, details);
    return error != NULL ? error : certum_publish_and_look(run, job, ca, details, end);
}

struct error *certum_validate(struct run *run, struct job *job, enum step_end *end)
{
    struct certum_details details;
    struct certum_ca *ca;
    struct error *error = certum_details_read(job, &details);

    if (error != NULL)
        return error;
    if (details.challenge.code[0] != '\0') {
        run_tell_step(run, job);
        error = certum_ca_open(run, job, &ca);
        if (error == NULL)
            error = certum_publish_and_look(run, job, ca, &details, end);
    }
    certum_details_clear(&details);
    return error;
}

/* ---- afterwards -------------------------------------------------------------------------- */

/* The certificate does not depend on it: what cannot be taken back is told. */
void certum_clean_up(struct run *run, struct job *job)
{
    const struct config_ca *config = config_find_ca(run->config, job_get(job, JOB_CA));
    struct certum_details details;
    struct error *error = certum_details_read(job, &details);

    if (error == NULL)
        error = take_back(run, job, config, &details);
    certum_details_clear(&details);
    run_tell_trouble(run, job, "what was published for Certum stays where it is", error);
}
