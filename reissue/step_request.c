/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificate signing request: made by the key, or given; checked before anybody sees it. */
#include "certificate_text.h"
#include "code_signing.h"
#include "config.h"
#include "csr_check.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is asked for ------------------------------------------------------------------- */

/* What the predecessor is allowed to do, and for which names, unless others were given. */
static struct error *fill_template(const struct job *job, const EVP_PKEY *key,
                                   struct csr_template *template)
{
    const char *pem = job_get(job, JOB_PREDECESSOR);
    const char *names = job_get(job, JOB_NAMES);
    const char *subject = job_get(job, JOB_SUBJECT);
    X509 *predecessor = NULL;
    struct error *error = NULL;

    if (pem != NULL)
        error = certificate_from_pem(pem, &predecessor);
    if (error == NULL && predecessor != NULL)
        error = csr_template_from_certificate(predecessor, key, template);
    if (error == NULL && names != NULL)
        error = csr_template_set_names(template, names);
    if (error == NULL && subject != NULL) /* last: it is as it was said */
        error = csr_template_set_subject(template, subject);
    X509_free(predecessor);
    return error;
}

/* The key that the job has made, and not what another program has put into its place. */
static struct error *check_key(const struct job *job, const EVP_PKEY *key)
{
    char found[FINGERPRINT_SIZE];
    struct error *error = public_key_fingerprint(key, found);

    if (error == NULL && strcmp(found, job_get(job, JOB_PUBLIC_KEY)) != 0)
        error = error_new(ERROR_OTHER_KEY,
                          "%s is another key than the one that this job made (SHA-256 of the "
                          "public keys: %s there, %s wanted): nothing is asked for with it",
                          job_get(job, JOB_KEY), found, job_get(job, JOB_PUBLIC_KEY));
    return error;
}

static struct error *make_csr(struct run *run, const struct job *job, X509_REQ **out)
{
    struct csr_template template = {0};
    EVP_PKEY *key = NULL;
    struct error *error = crypto_load_key(run->crypto, job_get(job, JOB_KEY), &key);

    *out = NULL;
    if (error == NULL)
        error = check_key(job, key);
    if (error == NULL)
        error = fill_template(job, key, &template);
    if (error == NULL)
        error = csr_make(&template, key, NULL, out);
    csr_template_clear(&template);
    EVP_PKEY_free(key);
    return error;
}

/* ---- the verdict ------------------------------------------------------------------------- */

/* One that the configuration alone has trusted. */
static bool is_public_authority(const struct run *run, const struct job *job)
{
    const struct config_ca *config = config_find_ca(run->config, job_get(job, JOB_CA));

    return config == NULL || config->ca_file == NULL;
}

/* What no authority should see is not sent; what public ones refuse may be fine for another. */
static struct error *act_on(const struct run *run, const struct job *job,
                            const struct csr_verdict *verdict)
{
    for (size_t i = 0; i < verdict->count; i++) {
        const struct csr_finding *finding = &verdict->items[i];

        if (finding->severity == CSR_BROKEN)
            return error_new(ERROR_ARGUMENT, "the request must not be sent: %s (%s)",
                             finding->message, finding->mend);
        if (finding->severity == CSR_REFUSED && is_public_authority(run, job))
            run_tell(run, job, "public authorities refuse this: %s", finding->message);
    }
    return NULL;
}

static struct error *judge(struct run *run, const struct job *job, X509_REQ *request)
{
    struct csr_verdict verdict = {0};
    struct error *error = csr_check(request, NULL, CSR_PROFILE_GUESS, &verdict);

    if (error == NULL)
        error = act_on(run, job, &verdict);
    if (error == NULL && verdict.profile == CSR_PROFILE_CODE_SIGNING)
        error = code_signing_prepare(run, job);
    csr_verdict_clear(&verdict);
    return error;
}

/* ---- the step ---------------------------------------------------------------------------- */

static struct error *note_request(struct job *job, const X509_REQ *request)
{
    char *text = NULL;
    struct error *error = csr_pem(request, &text);

    if (error == NULL)
        error = job_set(job, JOB_CSR, text);
    free(text);
    return error;
}

/* A request that was given is the key's, whosever that is. */
static struct error *note_given(struct run *run, struct job *job)
{
    const char *pem = job_get(job, JOB_CSR);
    X509_REQ *request;
    EVP_PKEY *key = NULL;
    char fingerprint[FINGERPRINT_SIZE];
    struct error *error = csr_parse(pem, strlen(pem), "the job's request", &request, NULL);

    if (error == NULL)
        key = X509_REQ_get0_pubkey(request);
    if (error == NULL && (key == NULL || X509_REQ_verify(request, key) != 1))
        error = crypto_error("the certificate signing request cannot be used");
    if (error == NULL)
        error = judge(run, job, request);
    if (error == NULL)
        error = public_key_fingerprint(key, fingerprint);
    if (error == NULL)
        error = job_set(job, JOB_PUBLIC_KEY, fingerprint);
    X509_REQ_free(request);
    return error;
}

struct error *step_make_request(struct run *run, struct job *job, enum step_end *end)
{
    X509_REQ *request;
    struct error *error;

    (void)end;
    if (job_get(job, JOB_CSR) != NULL && strcmp(job_get(job, JOB_KEY_KIND), "csr") == 0)
        return note_given(run, job);
    run_tell_step(run, job);
    error = make_csr(run, job, &request);
    if (error == NULL)
        error = judge(run, job, request);
    if (error == NULL)
        error = note_request(job, request);
    X509_REQ_free(request);
    return error;
}
