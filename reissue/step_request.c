/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificate signing request: made by the key, or given; checked before anybody sees it. */
#include "certificate_text.h"
#include "csr_check.h"
#include "csr_text.h"
#include "run.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is asked for ------------------------------------------------------------------- */

/* What the predecessor is allowed to do and for which names, the successor is asked for as well. */
static const int copied_extensions[] = {NID_subject_alt_name, NID_key_usage, NID_ext_key_usage,
                                        NID_tlsfeature};

static bool copy_extension(const X509 *from, int nid, STACK_OF(X509_EXTENSION) * *to)
{
    int at = X509_get_ext_by_NID(from, nid, -1);

    return at < 0 || X509v3_add_ext(to, X509_get_ext(from, at), -1) != NULL;
}

static bool copy_names(const X509 *predecessor, X509_REQ *request)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    bool good = X509_REQ_set_subject_name(request, X509_get_subject_name(predecessor)) == 1;

    for (size_t i = 0; good && i < sizeof(copied_extensions) / sizeof(copied_extensions[0]); i++)
        good = copy_extension(predecessor, copied_extensions[i], &extensions);
    if (good && extensions != NULL)
        good = X509_REQ_add_extensions(request, extensions) == 1;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return good;
}

/* As strong as the key; Ed25519 hashes for itself. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
    if (EVP_PKEY_is_a(key, "ED25519"))
        return NULL;
    return EVP_PKEY_get_security_bits(key) > 128 ? EVP_sha384() : EVP_sha256();
}

static struct error *make_csr(struct run *run, const X509 *predecessor, EVP_PKEY *key,
                              X509_REQ **out)
{
    X509_REQ *request = X509_REQ_new_ex(run->crypto->libctx, NULL);
    struct error *error = NULL;

    if (request == NULL || X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        !copy_names(predecessor, request) || X509_REQ_set_pubkey(request, key) != 1 ||
        X509_REQ_sign(request, key, digest_for(key)) <= 0)
        error = crypto_error("cannot make the certificate signing request");
    else if (X509_REQ_verify(request, key) != 1)
        error = crypto_error("the request's signature does not verify");
    if (error != NULL) {
        X509_REQ_free(request);
        request = NULL;
    }
    *out = request;
    return error;
}

/* ---- the verdict ------------------------------------------------------------------------- */

/* What no authority should see is not sent; what public ones refuse may be fine for this one. */
static struct error *act_on(const struct run *run, const struct job *job,
                            const struct csr_verdict *verdict)
{
    for (size_t i = 0; i < verdict->count; i++) {
        const struct csr_finding *finding = &verdict->items[i];

        if (finding->severity == CSR_BROKEN)
            return error_new(ERROR_ARGUMENT, "the request must not be sent: %s (%s)",
                             finding->message, finding->mend);
        if (finding->severity == CSR_REFUSED)
            run_tell(run, job, "public authorities refuse this: %s", finding->message);
    }
    return NULL;
}

static struct error *judge(const struct run *run, const struct job *job, X509_REQ *request)
{
    struct csr_verdict verdict = {0};
    struct error *error = csr_check(request, NULL, CSR_PROFILE_GUESS, &verdict);

    if (error == NULL)
        error = act_on(run, job, &verdict);
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
static struct error *note_given(const struct run *run, struct job *job)
{
    X509_REQ *request;
    EVP_PKEY *key = NULL;
    char fingerprint[FINGERPRINT_SIZE];
    struct error *error = csr_from_pem(job_get(job, JOB_CSR), &request);

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
    X509 *predecessor = NULL;
    EVP_PKEY *key = NULL;
    X509_REQ *request = NULL;
    struct error *error;

    (void)end;
    if (job_get(job, JOB_CSR) != NULL && strcmp(job_get(job, JOB_KEY_KIND), "csr") == 0)
        return note_given(run, job);
    run_tell_step(run, job);
    error = certificate_from_pem(job_get(job, JOB_PREDECESSOR), &predecessor);
    if (error == NULL)
        error = crypto_load_key(run->crypto, job_get(job, JOB_KEY), &key);
    if (error == NULL)
        error = make_csr(run, predecessor, key, &request);
    if (error == NULL)
        error = judge(run, job, request);
    if (error == NULL)
        error = note_request(job, request);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    X509_free(predecessor);
    return error;
}
