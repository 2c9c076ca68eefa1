/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps that the CA's own functions do, and the look at what came back. */
#include "ca.h"
#include "certificate_check.h"
#include "certificate_text.h"
#include "csr.h"

#include <openssl/x509v3.h>
#include <string.h>

/* A CA's clock may be ahead of ours by so much, in seconds. */
#define CLOCK_SKEW 3600

/* Runs one of the CA's functions, if it has it. */
static struct error *with(struct run *run, struct job *job, enum step_end *end,
                          step_function *(*choose)(const struct ca *ca))
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error != NULL)
        return error;
    if (choose(ca) == NULL)
        return NULL;
    return choose(ca)(run, job, end);
}

static step_function *prepare(const struct ca *ca)
{
    return ca->prepare;
}

static step_function *order(const struct ca *ca)
{
    return ca->order;
}

static step_function *publish(const struct ca *ca)
{
    return ca->publish;
}

static step_function *validate(const struct ca *ca)
{
    return ca->validate;
}

struct error *step_prepare(struct run *run, struct job *job, enum step_end *end)
{
    return with(run, job, end, prepare);
}

struct error *step_order(struct run *run, struct job *job, enum step_end *end)
{
    return with(run, job, end, order);
}

struct error *step_publish(struct run *run, struct job *job, enum step_end *end)
{
    return with(run, job, end, publish);
}

struct error *step_validate(struct run *run, struct job *job, enum step_end *end)
{
    return with(run, job, end, validate);
}

struct error *step_await(struct run *run, struct job *job, enum step_end *end)
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error != NULL || ca->await == NULL)
        return error;
    error = ca->await(run, job, end);
    if ((error != NULL || *end == STEP_END_NEXT || *end == STEP_END_AGAIN) && ca->clean_up != NULL)
        ca->clean_up(run, job);
    return error;
}

/* ---- what came back ---------------------------------------------------------------------- */

/* What the request says that its certificate is for: the first of these. */
static enum certificate_purpose purpose_of(X509_REQ *request)
{
    static const struct {
        int nid;
        enum certificate_purpose purpose;
    } purposes[] = {{NID_server_auth, CERTIFICATE_TLS_SERVER},
                    {NID_code_sign, CERTIFICATE_CODE_SIGNING},
                    {NID_email_protect, CERTIFICATE_EMAIL},
                    {NID_client_auth, CERTIFICATE_TLS_CLIENT}};
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    EXTENDED_KEY_USAGE *usages = X509V3_get_d2i(extensions, NID_ext_key_usage, NULL, NULL);
    enum certificate_purpose found = CERTIFICATE_ANY_PURPOSE;

    for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
        for (int k = 0; found == CERTIFICATE_ANY_PURPOSE && k < sk_ASN1_OBJECT_num(usages); k++)
            if (OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, k)) == purposes[i].nid)
                found = purposes[i].purpose;
    EXTENDED_KEY_USAGE_free(usages);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return found;
}

static struct error *read_issued(const struct job *job, struct certificate_bundle *out)
{
    const char *chain = job_get(job, JOB_CHAIN);
    struct error *error = certificate_from_pem(job_get(job, JOB_CERTIFICATE), &out->certificate);

    if (error == NULL && chain[0] != '\0')
        error = certificates_parse(chain, strlen(chain), "the chain", &out->chain);
    return error;
}

/* Whether the certificate is what the job's request asked for. */
static struct error *check_issued(const struct job *job, const struct ca *ca)
{
    const char *csr = job_get(job, JOB_CSR);
    struct certificate_bundle bundle = {0};
    struct certificate_wanted wanted = {.more_names = (ca->offers & CA_ADDS_NAMES) != 0,
                                        .skew = CLOCK_SKEW};
    struct names names = {0};
    X509_REQ *request = NULL;
    struct error *error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);

    if (error == NULL)
        error = names_of_request(request, &names);
    if (error == NULL) {
        wanted.public_key = X509_REQ_get0_pubkey(request);
        wanted.names = names.count > 0 ? &names : NULL;
        wanted.purpose = purpose_of(request);
        error = read_issued(job, &bundle);
    }
    if (error == NULL)
        error = certificate_check(&bundle, &wanted);
    if (error != NULL && error_code(error) == ERROR_CERTIFICATE)
        error = error_wrap(error, ERROR_CA_REFUSED, "the certificate that came back is not taken");
    certificate_bundle_clear(&bundle);
    names_clear(&names);
    X509_REQ_free(request);
    return error;
}

static void drop_answer(struct job *job)
{
    static const enum job_value values[] = {JOB_ANSWER, JOB_CERTIFICATE, JOB_CHAIN};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        error_free(job_set(job, values[i], NULL)); /* taking away does not fail */
}

static struct error *pick_certificate(struct run *run, struct job *job,
                                      STACK_OF(X509) * certificates, const char *trust_file)
{
    const struct certificate_wanted wanted = {.trust_file = trust_file, .skew = CLOCK_SKEW};
    const char *csr = job_get(job, JOB_CSR);
    struct certificate_bundle bundle = {0};
    X509_REQ *request = NULL;
    struct error *error = csr_parse(csr, strlen(csr), "the job's request", &request, NULL);

    if (error == NULL)
        error = certificate_bundle_make(certificates, X509_REQ_get0_pubkey(request), &bundle);
    if (error == NULL && trust_file != NULL)
        error = certificate_check(&bundle, &wanted);
    if (error == NULL)
        error = ca_note_bundle(run, job, &bundle);
    else if (error_code(error) == ERROR_CERTIFICATE)
        error = error_wrap(error, ERROR_CA_REFUSED, "the certificate that came back is not taken");
    certificate_bundle_clear(&bundle);
    X509_REQ_free(request);
    return error;
}

struct error *ca_take_certificates(struct run *run, struct job *job, const struct ca *ca,
                                   STACK_OF(X509) * certificates, const char *trust_file)
{
    struct error *error = pick_certificate(run, job, certificates, trust_file);

    if (error == NULL)
        error = check_issued(job, ca);
    if (error != NULL)
        drop_answer(job);
    return error;
}

/* An answer that is not what was asked for makes room for another one. */
struct error *step_finalize(struct run *run, struct job *job, enum step_end *end)
{
    const struct ca *ca;
    struct error *error = ca_find(run, job, &ca);

    if (error == NULL)
        error = ca->finalize(run, job, end);
    if (error != NULL || *end != STEP_END_NEXT)
        return error;
    error = check_issued(job, ca);
    if (error != NULL)
        drop_answer(job);
    return error;
}
