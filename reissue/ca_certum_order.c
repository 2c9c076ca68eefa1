/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of a reissue: sent once, or found again. */
#include "ca_certum.h"
#include "certificate_text.h"
#include "certum_error.h"

#include <stdlib.h>

static struct error *names_there(const struct job *job, struct names *out)
{
    X509 *certificate = NULL;
    struct error *error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &certificate);

    *out = (struct names){0};
    if (error == NULL)
        error = names_of_certificate(certificate, out);
    X509_free(certificate);
    return error;
}

/* What is known of the order, from its answer on. */
static struct error *note_order(struct job *job, const char *id,
                                const struct certum_challenge *challenge)
{
    const struct certum_details details = {.challenge = *challenge};
    struct error *error = job_set(job, JOB_ORDER, id);

    return error != NULL ? error : certum_details_write(job, &details);
}

/* Domains are verified as the configuration says; names that are new are said to be so. */
static struct error *send(const struct job *job, struct certum_ca *ca, const struct names *wanted,
                          const struct names *there, struct certum_challenge *challenge, char *id)
{
    const struct certum_approver approver = certum_approver_of(job, ca->config);
    const char **new_names = calloc(wanted->count + 1, sizeof(*new_names));
    char *serial = NULL;
    struct certum_reissue wish = {.csr = job_get(job, JOB_CSR), .new_names = new_names};
    struct error *error =
        new_names == NULL ? error_no_memory() : certum_predecessor_serial(job, &serial);

    for (size_t i = 0; error == NULL && i < wanted->count; i++) {
        const struct name *name = &wanted->items[i];

        if (name->type != NAME_DNS && name->type != NAME_IP)
            continue;
        wish.approver = &approver;
        if (!names_contain(there, name))
            new_names[wish.new_name_count++] = name->text;
    }
    wish.serial = serial;
    if (error == NULL)
        error = certum_reissue(ca->certum, &wish, id, challenge);
    free(new_names);
    free(serial);
    return error;
}

/* A refusal that was read says that there is no order. Of all else, certum_find_lost() has to tell.
 */
static bool is_refusal(const struct error *error)
{
    return error_code(error) == ERROR_CA_REFUSED || error_code(error) == ERROR_UNSUPPORTED ||
           error_code(error) == ERROR_SERVER_IDENTITY || error_code(error) == ERROR_RATE_LIMITED;
}

static struct error *send_order(struct run *run, struct job *job, struct certum_ca *ca, bool again)
{
    struct certum_challenge challenge = {0};
    char id[CERTUM_ID_SIZE];
    struct names wanted, there;
    struct error *error = ca_names_wanted(job, &wanted);

    if (error != NULL)
        return error;
    error = names_there(job, &there);
    if (error == NULL && !again) /* what was there before the first time is what counts */
        error = certum_note_before(run, job, ca);
    if (error == NULL) {
        error = send(job, ca, &wanted, &there, &challenge, id);
        if (error == NULL)
            error = note_order(job, id, &challenge);
        else if (is_refusal(error) && !(again && certum_last_code(ca->certum) == CERTUM_KEY_USED))
            error_free(job_set(job, JOB_ORDER_DETAILS, NULL)); /* taking away does not fail */
    }
    certum_challenge_clear(&challenge);
    names_clear(&wanted);
    names_clear(&there);
    return error;
}

/* What is sent again had not been found: that the key is known says that it is there after all. */
static struct error *explain_known_key(const struct job *job, struct certum_ca *ca,
                                       struct error *error)
{
    if (error == NULL || certum_last_code(ca->certum) != CERTUM_KEY_USED)
        return error;
    return error_wrap(error, ERROR_CA_TROUBLE,
                      "Certum has this key, and shows no order for it yet: try again later, with "
                      "reissue resume %s",
                      job->id);
}

struct error *certum_make_order(struct run *run, struct job *job, enum step_end *end)
{
    const struct certum_details known = {0};
    struct certum_ca *ca;
    bool again = job_get(job, JOB_ORDER_DETAILS) != NULL;
    struct error *error;

    run_tell_step(run, job);
    if (job_get(job, JOB_ORDER) != NULL)
        return NULL;
    error = certum_ca_open(run, job, &ca);
    if (error == NULL && again)
        error = certum_find_lost(run, job, ca, end);
    if (error != NULL || *end != STEP_END_NEXT)
        return error;
    if (job_get(job, JOB_ORDER) != NULL) /* its code is asked for when it is needed */
        return certum_details_write(job, &known);
    error = send_order(run, job, ca, again);
    return again ? explain_known_key(job, ca, error) : error;
}
