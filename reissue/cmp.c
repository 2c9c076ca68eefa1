/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmp_internal.h"
#include "crypto.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

/* ---- what is asked for ------------------------------------------------------------------- */

static const int body_types[] = {
    [CMP_FIRST] = CMP_BODY_IR,
    [CMP_ANOTHER] = CMP_BODY_CR,
    [CMP_UPDATE] = CMP_BODY_KUR,
    [CMP_PKCS10] = CMP_BODY_P10CR,
};

/* The context owns what it is given here. */
static bool set_template(OSSL_CMP_CTX *context, const struct cmp_request *request)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions((X509_REQ *)request->csr);

    if (extensions != NULL && OSSL_CMP_CTX_set0_reqExtensions(context, extensions) != 1) {
        sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
        return false;
    }
    if (OSSL_CMP_CTX_set1_subjectName(context, X509_REQ_get_subject_name(request->csr)) != 1 ||
        (request->predecessor != NULL &&
         OSSL_CMP_CTX_set1_oldCert(context, request->predecessor) != 1) ||
        EVP_PKEY_up_ref(request->key) != 1)
        return false;
    if (OSSL_CMP_CTX_set0_newPkey(context, 1, request->key) == 1)
        return true;
    EVP_PKEY_free(request->key);
    return false;
}

static bool set_request(OSSL_CMP_CTX *context, enum cmp_kind kind,
                        const struct cmp_request *request)
{
    if (kind == CMP_PKCS10)
        return OSSL_CMP_CTX_set1_p10CSR(context, request->csr) == 1;
    return set_template(context, request);
}

/*
 * The transaction's own identifier; and nothing is signed as long as nothing is sent. (To leave the
 * proof of possession out would ask for a key of the CA's making, from OpenSSL 3.5 on.)
 */
static bool set_transaction(OSSL_CMP_CTX *context, const struct cmp_record *record)
{
    ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
    long length = 0;
    unsigned char *bytes = OPENSSL_hexstr2buf(record->id, &length);
    bool good = id != NULL && bytes != NULL && ASN1_OCTET_STRING_set(id, bytes, (int)length) == 1 &&
                OSSL_CMP_CTX_set1_transactionID(context, id) == 1;

    if (good && record->count > 0)
        good = OSSL_CMP_CTX_set_option(context, OSSL_CMP_OPT_UNPROTECTED_SEND, 1) == 1 &&
               OSSL_CMP_CTX_set_option(context, OSSL_CMP_OPT_POPO_METHOD,
                                       OSSL_CRMF_POPO_RAVERIFIED) == 1;
    OPENSSL_free(bytes);
    ASN1_OCTET_STRING_free(id);
    return good;
}

/* ---- the certificate --------------------------------------------------------------------- */

static bool add_all(STACK_OF(X509) * to, STACK_OF(X509) * from)
{
    bool good = X509_add_certs(to, from, X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP) == 1;

    sk_X509_pop_free(from, X509_free);
    return good;
}

/* The certificate and whatever came with it, which is for certificate_bundle_make() to sort. */
static STACK_OF(X509) * collect(const OSSL_CMP_CTX *context, X509 *certificate)
{
    STACK_OF(X509) *all = sk_X509_new_null();

    if (all != NULL && X509_add_cert(all, certificate, X509_ADD_FLAG_UP_REF) == 1 &&
        add_all(all, OSSL_CMP_CTX_get1_extraCertsIn(context)) &&
        add_all(all, OSSL_CMP_CTX_get1_caPubs(context)))
        return all;
    sk_X509_pop_free(all, X509_free);
    return NULL;
}

/* libcrypto asks whether the certificate is accepted; what it found wrong itself, we find as well.
 */
static int judge(OSSL_CMP_CTX *context, X509 *certificate, int fail_info, const char **text)
{
    struct cmp *cmp = OSSL_CMP_CTX_get_certConf_cb_arg(context);
    STACK_OF(X509) *all = collect(context, certificate);

    error_free(cmp->verdict);
    cmp->verdict =
        all == NULL ? error_no_memory() : cmp->request->accept(cmp->request->argument, all);
    sk_X509_pop_free(all, X509_free);
    if (cmp->verdict == NULL && fail_info != 0)
        cmp->verdict = error_new(ERROR_CA_REFUSED,
                                 "the CA's certificate is for another key than the request's");
    if (cmp->verdict == NULL)
        return 0;
    *text = "the certificate is not what was asked for";
    return 1 << OSSL_CMP_PKIFAILUREINFO_incorrectData;
}

/* ---- a transaction ----------------------------------------------------------------------- */

/* Takes an error out of the session. */
static struct error *take(struct error **from)
{
    struct error *error = *from;

    *from = NULL;
    ERR_clear_error();
    return error;
}

/* Why libcrypto did not go on. What it says of an answer is the server's fault, not ours. */
static struct error *explain(struct cmp *cmp, const char *what, enum cmp_end *end)
{
    struct error *error;

    *end = CMP_OPEN;
    if (cmp->error != NULL)
        return take(&cmp->error);
    *end = CMP_OVER;
    if (cmp->verdict != NULL)
        return take(&cmp->verdict);
    if (OSSL_CMP_CTX_get_status(cmp->context) == OSSL_CMP_PKISTATUS_rejection) {
        ERR_clear_error();
        return cmp_problem(cmp->context, what);
    }
    *end = CMP_OPEN;
    if (ERR_GET_REASON(ERR_peek_error()) == CMP_R_UNSUPPORTED_KEY_TYPE) { /* Ed25519, in 3.0 */
        ERR_clear_error();
        return error_new(
            ERROR_UNSUPPORTED,
            "%s: OpenSSL's CMP client cannot sign with a key of this kind: have "
            "another one ask, by client-certificate and client-key, or a shared secret",
            what);
    }
    error = crypto_error("%s", what);
    if (error_code(error) != ERROR_INTERNAL || cmp->received_type < 0)
        return error;
    return error_wrap(error, ERROR_SERVER_ANSWER,
                      "%s answers with what cannot be taken for the CA's answer to this request",
                      cmp->url);
}

static int try_request(struct cmp *cmp, int type, int *seconds)
{
    int result;

    do /* until libcrypto knows all that was answered before, and has asked once more */
        result = OSSL_CMP_try_certreq(cmp->context, type, NULL, seconds);
    while (result == -1 && !cmp->spoken);
    return result;
}

struct error *cmp_enrol(struct cmp *cmp, const struct cmp_request *request,
                        struct cmp_record *record, enum cmp_end *end, long *seconds)
{
    int after = 0;
    int result;

    *end = CMP_OPEN;
    cmp->request = request;
    cmp->record = record;
    cmp->asked_before = record->asked;
    if (!set_request(cmp->context, record->kind, request) ||
        !set_transaction(cmp->context, record) ||
        OSSL_CMP_CTX_set_certConf_cb(cmp->context, judge) != 1 ||
        OSSL_CMP_CTX_set_certConf_cb_arg(cmp->context, cmp) != 1)
        return crypto_error("cannot set up a CMP request");
    result = try_request(cmp, body_types[record->kind], &after);
    if (result == 0 && cmp->forgotten && cmp->verdict == NULL) {
        ERR_clear_error();
        *end = CMP_FORGOTTEN;
        return NULL;
    }
    if (result == 0)
        return explain(cmp, "cannot get the certificate", end);
    *end = result == -1 ? CMP_WAITS : CMP_ISSUED;
    *seconds = after;
    ERR_clear_error();
    return cmp_keep_received(cmp, false);
}

struct error *cmp_revoke(struct cmp *cmp, X509 *certificate, int reason)
{
    enum cmp_end end;

    if (OSSL_CMP_CTX_set1_oldCert(cmp->context, certificate) != 1 ||
        OSSL_CMP_CTX_set_option(cmp->context, OSSL_CMP_OPT_REVOCATION_REASON, reason) != 1)
        return crypto_error("cannot set up a CMP revocation");
    if (OSSL_CMP_exec_RR_ses(cmp->context) == 1) {
        ERR_clear_error();
        return NULL;
    }
    return explain(cmp, "cannot revoke the certificate", &end);
}
