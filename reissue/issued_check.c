/* SPDX-License-Identifier: BSD-2-Clause */
#include "issued_check.h"

#include "certificate_bundle.h"
#include "certificate_text.h"
#include "csr_text.h"

#include <openssl/x509v3.h>
#include <string.h>

/* A server's clock may be ahead of ours by so much, in seconds. */
#define CLOCK_SKEW 3600

static struct error *check_key(const struct job *job, X509 *certificate)
{
    char fingerprint[FINGERPRINT_SIZE];
    struct error *error = public_key_fingerprint(X509_get0_pubkey(certificate), fingerprint);

    if (error == NULL && strcmp(fingerprint, job_get(job, JOB_PUBLIC_KEY)) != 0)
        error = error_new(ERROR_OTHER_KEY,
                          "the CA's certificate is for another key than the request's");
    return error;
}

static struct error *check_dates(X509 *certificate)
{
    time_t soon = time(NULL) + CLOCK_SKEW;
    time_t now = time(NULL);

    if (X509_cmp_time(X509_get0_notBefore(certificate), &soon) > 0)
        return error_new(ERROR_CA_REFUSED,
                         "the certificate is not valid yet: is this machine's clock right?");
    if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0)
        return error_new(ERROR_CA_REFUSED, "the certificate has expired already");
    return NULL;
}

/* ---- names ------------------------------------------------------------------------------- */

static bool has_name(const GENERAL_NAMES *names, GENERAL_NAME *wanted)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), wanted) == 0)
            return true;
    return false;
}

static bool has_all(const GENERAL_NAMES *names, const GENERAL_NAMES *wanted)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(wanted); i++)
        if (!has_name(names, sk_GENERAL_NAME_value(wanted, i)))
            return false;
    return true;
}

static struct error *check_names(const struct job *job, X509 *certificate)
{
    X509_REQ *request;
    STACK_OF(X509_EXTENSION) * extensions;
    GENERAL_NAMES *wanted;
    GENERAL_NAMES *names;
    bool good;
    struct error *error = csr_from_pem(job_get(job, JOB_CSR), &request);

    if (error != NULL)
        return error;
    extensions = X509_REQ_get_extensions(request);
    wanted = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    good = has_all(names, wanted);
    GENERAL_NAMES_free(names);
    GENERAL_NAMES_free(wanted);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    return good ? NULL
                : error_new(ERROR_CA_REFUSED,
                            "the CA's certificate lacks names that the request asks for");
}

/* ---- the chain --------------------------------------------------------------------------- */

/* Each is issued by the next; whether the last one is trusted is for those who use it. */
static struct error *check_chain(const struct job *job, X509 *certificate)
{
    const char *text = job_get(job, JOB_CHAIN);
    STACK_OF(X509) *chain = NULL;
    X509 *issued = certificate;
    struct error *error = NULL;

    if (text[0] != '\0')
        error = certificate_bundle_parse(text, strlen(text), &chain);
    for (int i = 0; error == NULL && i < sk_X509_num(chain); i++) {
        X509 *issuer = sk_X509_value(chain, i);

        if (X509_check_issued(issuer, issued) != X509_V_OK ||
            X509_verify(issued, X509_get0_pubkey(issuer)) != 1)
            error = crypto_error("the chain is none: its certificate number %d did not issue the "
                                 "one before it",
                                 i + 1);
        issued = issuer;
    }
    sk_X509_pop_free(chain, X509_free);
    return error;
}

struct error *issued_check(struct run *run, const struct job *job)
{
    X509 *certificate;
    struct error *error = certificate_from_pem(job_get(job, JOB_CERTIFICATE), &certificate);

    (void)run;
    if (error == NULL)
        error = check_key(job, certificate);
    if (error == NULL)
        error = check_dates(certificate);
    if (error == NULL)
        error = check_names(job, certificate);
    if (error == NULL)
        error = check_chain(job, certificate);
    X509_free(certificate);
    return error;
}
