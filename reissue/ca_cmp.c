/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CMP as a CA. A transaction's answers are in the job before the next message goes out, so that
 * whatever is interrupted is gone on with; only an answer that never came cannot be had again, and
 * then the same key asks once more.
 */
#include "ca_cmp.h"

#include "certificate_text.h"
#include "csr.h"

#include <stdlib.h>
#include <string.h>

/* How long to wait where the CA names no time, and the longest that is believed, in seconds. */
#define PAUSE_MIN 1
#define PAUSE_MAX HTTP_RETRY_AFTER_MAX

/* ---- before anything is started ---------------------------------------------------------- */

static struct error *check(struct run *run, const struct job *job)
{
    const struct config_ca *config = config_find_ca(run->config, job_get(job, JOB_CA));
    bool known = config->secret_file != NULL;
    struct error *error = known ? NULL : ca_identity_known(run, job, config, &known);

    if (error != NULL || known)
        return error;
    return error_new(
        ERROR_CONFIG,
        "the CA %s is asked by who has a certificate of its, or a secret: nobody knows "
        "where the key of the previous certificate is, so give the configuration a "
        "client-certificate, or secret-reference and secret-file",
        config->name);
}

/* Whoever asks is loaded once before, so that what is wrong with files and cards shows here. */
static struct error *prepare(struct run *run, struct job *job, enum step_end *end)
{
    struct cmp_ca ca;
    struct error *error;

    (void)end;
    run_tell_step(run, job);
    error = cmp_ca_open(run, job, false, &ca);
    cmp_ca_close(&ca);
    return error;
}

/* ---- the certificate --------------------------------------------------------------------- */

static struct error *accept_certificate(void *argument, STACK_OF(X509) * certificates)
{
    struct cmp_ca *ca = argument;

    return ca_take_certificates(ca->run, ca->job, &cmp_ca, certificates, ca->config->ca_file);
}

static void drop_certificate(struct job *job)
{
    error_free(job_set(job, JOB_CERTIFICATE, NULL)); /* taking away does not fail */
    error_free(job_set(job, JOB_CHAIN, NULL));
}

/* ---- the transaction --------------------------------------------------------------------- */

static struct error *keep(void *argument, const struct cmp_record *record)
{
    struct cmp_ca *ca = argument;
    char *text = NULL;
    struct error *error = cmp_record_format(record, &text);

    if (error == NULL)
        error = job_set(ca->job, JOB_ORDER_DETAILS, text);
    if (error == NULL)
        error = job_save(ca->run->state, ca->job, "the CA has answered");
    free(text);
    return error;
}

static void drop_transaction(struct job *job)
{
    error_free(job_set(job, JOB_ORDER, NULL)); /* taking away does not fail */
    error_free(job_set(job, JOB_ORDER_DETAILS, NULL));
}

/* A request is out, of which no answer came: whether it arrived, nobody can ask. */
static void tell_of_lost(const struct run *run, const struct job *job)
{
    run_tell(run, job,
             "no answer came to an earlier request (transaction %s): the same key asks again. If "
             "the CA had issued a certificate, there is one more now, which nobody has confirmed "
             "and nobody uses",
             job_get(job, JOB_ORDER));
}

static enum cmp_kind kind_of(const struct cmp_ca *ca)
{
    if (job_is(ca->job, JOB_KEY_KIND, "csr"))
        return CMP_PKCS10;
    if (ca->identity.key == NULL || !ca->identity.own)
        return CMP_FIRST;
    return ca->identity.predecessor ? CMP_UPDATE : CMP_ANOTHER;
}

/* Goes on with the transaction that there is, or begins one, durably. */
static struct error *open_record(const struct cmp_ca *ca, struct cmp_record *out)
{
    struct job *job = ca->job;
    const char *id = job_get(job, JOB_ORDER);
    const char *answers = job_get(job, JOB_ORDER_DETAILS);
    struct error *error;

    if (id != NULL && answers != NULL)
        return cmp_record_parse(id, answers, out);
    if (id != NULL)
        tell_of_lost(ca->run, job);
    error = cmp_record_new(kind_of(ca), out);
    if (error == NULL)
        error = job_set(job, JOB_ORDER, out->id);
    return error != NULL ? error : job_save(ca->run->state, job, "a request goes to the CA");
}

static const char *name_of(enum cmp_kind kind)
{
    switch (kind) {
    case CMP_FIRST:
        return "a first certificate (ir)";
    case CMP_ANOTHER:
        return "another certificate (cr)";
    case CMP_UPDATE:
        return "the previous certificate's successor (kur)";
    default:
        return "what the request in PKCS #10 says (p10cr)";
    }
}

static struct error *act_on_end(struct cmp_ca *ca, enum cmp_end result, long seconds,
                                enum step_end *end)
{
    switch (result) {
    case CMP_WAITS:
        drop_certificate(ca->job);
        seconds = seconds < PAUSE_MIN ? PAUSE_MIN : seconds > PAUSE_MAX ? PAUSE_MAX : seconds;
        return ca_look_later(ca->job, seconds, "the CA, which has the request", end);
    case CMP_FORGOTTEN:
        drop_certificate(ca->job);
        run_tell(
            ca->run, ca->job,
            "the CA does not go on with the transaction %s, of which an answer was lost: nothing "
            "that came of it is used, and the same key asks again",
            job_get(ca->job, JOB_ORDER));
        drop_transaction(ca->job);
        *end = STEP_END_AGAIN;
        return NULL;
    default:
        return NULL;
    }
}

static struct error *ask(struct cmp_ca *ca, const X509_REQ *csr, struct cmp_record *record,
                         enum step_end *end)
{
    struct cmp_request request = {
        .csr = csr, .accept = accept_certificate, .keep = keep, .argument = ca};
    enum cmp_end result = CMP_OPEN;
    long seconds = 0;
    struct error *error = NULL;

    if (record->kind != CMP_PKCS10)
        error = crypto_load_key(ca->run->crypto, job_get(ca->job, JOB_KEY), &request.key);
    if (error == NULL && record->kind == CMP_UPDATE)
        error = certificate_from_pem(job_get(ca->job, JOB_PREDECESSOR), &request.predecessor);
    if (error == NULL && record->count == 0)
        run_tell(ca->run, ca->job, "asking for %s", name_of(record->kind));
    if (error == NULL)
        error = cmp_enrol(ca->cmp, &request, record, &result, &seconds);
    if (error == NULL)
        error = act_on_end(ca, result, seconds, end);
    else
        drop_certificate(ca->job);
    if (error != NULL && result == CMP_OVER) {
        drop_transaction(ca->job);
        ca->job->step = STEP_CSR_READY; /* a person has to mend that, and resume */
    }
    X509_free(request.predecessor);
    EVP_PKEY_free(request.key);
    return error;
}

static struct error *finalize(struct run *run, struct job *job, enum step_end *end)
{
    const char *text = job_get(job, JOB_CSR);
    struct cmp_record record = {0};
    struct cmp_ca ca;
    X509_REQ *csr = NULL;
    struct error *error = cmp_ca_open(run, job, false, &ca);

    if (error == NULL && job_get(job, JOB_ORDER_DETAILS) == NULL)
        run_tell_step(run, job);
    if (error == NULL)
        error = csr_parse(text, strlen(text), "the job's request", &csr, NULL);
    if (error == NULL)
        error = open_record(&ca, &record);
    if (error == NULL)
        error = ask(&ca, csr, &record, end);
    cmp_record_clear(&record);
    X509_REQ_free(csr);
    cmp_ca_close(&ca);
    return error;
}

/* ---- revocation -------------------------------------------------------------------------- */

static struct error *revoke(struct run *run, struct job *job, enum step_end *end)
{
    struct cmp_ca ca;
    X509 *certificate = NULL;
    struct error *error = cmp_ca_open(run, job, true, &ca);

    (void)end;
    if (error == NULL)
        error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &certificate);
    if (error == NULL)
        error = cmp_revoke(ca.cmp, certificate, ca_revocation_reason(job));
    if (error != NULL && error_code(error) == ERROR_ALREADY_REVOKED) {
        error_free(error);
        error = NULL;
    }
    X509_free(certificate);
    cmp_ca_close(&ca);
    return error;
}

const struct ca cmp_ca = {
    .type = "cmp",
    .title = "CMP (RFC 9810)",
    .offers = CA_FIRST | CA_SAME_KEY | CA_GIVEN_REQUEST | CA_UNATTENDED,
    .check = check,
    .prepare = prepare,
    .finalize = finalize,
    .revoke = revoke,
};
