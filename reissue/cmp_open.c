/* SPDX-License-Identifier: BSD-2-Clause */
#include "cmp_internal.h"
#include "crypto.h"
#include "csr.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* ---- who may speak for the CA ------------------------------------------------------------ */

static bool has_usage(X509 *certificate, int nid)
{
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
    bool found = false;

    for (int i = 0; !found && i < sk_ASN1_OBJECT_num(usages); i++)
        found = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) == nid;
    EXTENDED_KEY_USAGE_free(usages);
    return found;
}

/*
 * Who protects an answer is a CA, or has a certificate as a CA's or registration authority's server
 * (id-kp-cmcCA, id-kp-cmcRA: RFC 9810, 4.5). The CA's other customers are trusted with nothing.
 */
static int check_signer(int good, X509_STORE_CTX *context)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(context);

    if (good != 1 || X509_STORE_CTX_get_error_depth(context) != 0 ||
        X509_check_ca(certificate) > 0 || has_usage(certificate, NID_cmcCA) ||
        has_usage(certificate, NID_cmcRA))
        return good;
    X509_STORE_CTX_set_error(context, X509_V_ERR_INVALID_PURPOSE);
    return 0;
}

static X509_STORE *make_store(STACK_OF(X509) * certificates)
{
    X509_STORE *store = X509_STORE_new();
    bool good = store != NULL;

    for (int i = 0; good && i < sk_X509_num(certificates); i++)
        good = X509_STORE_add_cert(store, sk_X509_value(certificates, i)) == 1;
    if (good) {
        X509_STORE_set_verify_cb(store, check_signer);
        return store;
    }
    X509_STORE_free(store);
    return NULL;
}

/* ---- opening and closing ----------------------------------------------------------------- */

/* libcrypto would write its log to where we talk to people. What matters of it is in its errors. */
static int ignore_log(const char *function, const char *file, int line, OSSL_CMP_severity level,
                      const char *message)
{
    (void)function;
    (void)file;
    (void)line;
    (void)level;
    (void)message;
    return 1;
}

static bool set_trust(OSSL_CMP_CTX *context, const struct cmp_options *options)
{
    X509_STORE *store;

    if (options->server_certificate != NULL)
        return OSSL_CMP_CTX_set1_srvCert(context, options->server_certificate) == 1;
    if (options->trusted == NULL)
        return true;
    store = make_store(options->trusted);
    if (store != NULL && OSSL_CMP_CTX_set0_trustedStore(context, store) == 1)
        return true;
    X509_STORE_free(store);
    return false;
}

/* A signature where there is somebody to sign; the secret otherwise. */
static bool set_protection(OSSL_CMP_CTX *context, const struct cmp_options *options)
{
    const char *reference = options->secret_reference;

    if (options->key != NULL)
        return OSSL_CMP_CTX_set1_cert(context, options->certificate) == 1 &&
               OSSL_CMP_CTX_set1_pkey(context, options->key) == 1 &&
               (options->chain == NULL ||
                OSSL_CMP_CTX_set1_extraCertsOut(context, options->chain) == 1);
    if (options->secret == NULL)
        return true;
    return OSSL_CMP_CTX_set1_referenceValue(context, (const unsigned char *)reference,
                                            (int)strlen(reference)) == 1 &&
           OSSL_CMP_CTX_set1_secretValue(context, options->secret->bytes,
                                         (int)options->secret->length) == 1;
}

static struct error *set_recipient(OSSL_CMP_CTX *context, const char *text)
{
    struct csr_template template = {0};
    struct error *error;

    if (text == NULL)
        return NULL;
    error = csr_template_set_subject(&template, text);
    if (error == NULL && OSSL_CMP_CTX_set1_recipient(context, template.subject) != 1)
        error = error_no_memory();
    csr_template_clear(&template);
    return error;
}

static struct error *set_up(struct cmp *cmp, const struct cmp_options *options)
{
    OSSL_CMP_CTX *context = cmp->context;

    if (OSSL_CMP_CTX_set_log_cb(context, ignore_log) != 1 ||
        OSSL_CMP_CTX_set_transfer_cb(context, cmp_transfer) != 1 ||
        OSSL_CMP_CTX_set_transfer_cb_arg(context, cmp) != 1 || !set_trust(context, options) ||
        !set_protection(context, options) ||
        (options->implicit_confirm &&
         OSSL_CMP_CTX_set_option(context, OSSL_CMP_OPT_IMPLICIT_CONFIRM, 1) != 1))
        return crypto_error("cannot set up libcrypto's CMP client");
    return set_recipient(context, options->recipient);
}

struct error *cmp_open(const struct cmp_options *options, struct cmp **out)
{
    struct cmp *cmp = calloc(1, sizeof(*cmp));
    struct error *error;

    *out = NULL;
    if (cmp == NULL)
        return error_no_memory();
    cmp->libctx = options->libctx;
    cmp->http = options->http;
    cmp->url = options->url;
    cmp->received_type = -1;
    cmp->context = OSSL_CMP_CTX_new(options->libctx, NULL);
    error = cmp->context == NULL ? error_no_memory() : set_up(cmp, options);
    if (error != NULL) {
        cmp_close(cmp);
        return error;
    }
    *out = cmp;
    return NULL;
}

void cmp_close(struct cmp *cmp)
{
    if (cmp == NULL)
        return;
    OSSL_CMP_CTX_free(cmp->context);
    buffer_clear(&cmp->received);
    error_free(cmp->error);
    error_free(cmp->verdict);
    free(cmp);
}
