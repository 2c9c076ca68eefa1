/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CA that a person speaks to: the request is a file to carry there, the certificate comes back
 * by `reissue resume --cert`. It may take days; nothing is held meanwhile.
 */
#include "atomic_file.h"
#include "ca.h"
#include "csr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error *write_request(struct run *run, struct job *job, enum step_end *end)
{
    const char *csr = job_get(job, JOB_CSR);
    char *path = NULL;
    struct error *error = state_path(run->state, &path, "jobs/%s/request.csr", job->id);

    (void)end;
    if (error == NULL)
        error = state_job_directory(run->state, job->id);
    if (error == NULL)
        error = atomic_file_write(path, ATOMIC_FILE_REPLACE, 0644, csr, strlen(csr));
    if (error == NULL)
        error = job_set(job, JOB_ORDER, path);
    free(path);
    return error;
}

static struct error *ask_for_answer(struct job *job)
{
    char *text = NULL;
    struct error *error;

    if (asprintf(&text,
                 "the certificate: give the request %s to the CA, and what comes back to: reissue "
                 "resume %s --cert FILE",
                 job_get(job, JOB_ORDER), job->id) < 0)
        return error_no_memory();
    error = job_set(job, JOB_WAITS_FOR, text);
    free(text);
    return error;
}

/* The certificate for the request among what came back, and what leads from it to the top. */
static struct error *pick_from_answer(const struct job *job, struct certificate_bundle *out)
{
    const char *answer = job_get(job, JOB_ANSWER);
    const char *csr = job_get(job, JOB_CSR);
    STACK_OF(X509) *certificates = NULL;
    X509_REQ *request = NULL;
    struct error *error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);

    if (error == NULL)
        error = certificates_parse(answer, strlen(answer), "what came back", &certificates);
    if (error == NULL)
        error = certificate_bundle_make(certificates, X509_REQ_get0_pubkey(request), out);
    if (error != NULL && error_code(error) == ERROR_CERTIFICATE)
        error = error_wrap(error, ERROR_ARGUMENT, "what came back does not fit the request %s",
                           job_get(job, JOB_ORDER));
    certificates_free(certificates);
    X509_REQ_free(request);
    return error;
}

/* An answer that is no good makes room for another one. */
static struct error *take_answer(struct run *run, struct job *job, enum step_end *end)
{
    struct certificate_bundle bundle = {0};
    struct error *error;

    if (job_get(job, JOB_ANSWER) == NULL) {
        *end = STEP_END_ASK;
        return ask_for_answer(job);
    }
    run_tell_step(run, job);
    error = pick_from_answer(job, &bundle);
    if (error == NULL)
        error = ca_note_bundle(run, job, &bundle);
    if (error != NULL)
        error_free(job_set(job, JOB_ANSWER, NULL)); /* taking away does not fail */
    certificate_bundle_clear(&bundle);
    return error;
}

const struct ca manual_ca = {
    .type = "manual",
    .title = "a person carries requests there and certificates back",
    .offers = CA_FIRST | CA_SAME_KEY | CA_GIVEN_REQUEST | CA_ADDS_NAMES,
    .order = write_request,
    .finalize = take_answer,
};
