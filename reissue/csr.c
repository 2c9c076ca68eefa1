/* SPDX-License-Identifier: BSD-2-Clause */
#include "csr.h"

#include "card/public_key.h"
#include "crypto.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

/* ---- the extensions ---------------------------------------------------------------------- */

static bool add_value(STACK_OF(X509_EXTENSION) * *extensions, int nid, void *value, bool critical)
{
    return value == NULL ||
           X509V3_add1_i2d(extensions, nid, value, critical ? 1 : 0, X509V3_ADD_APPEND) == 1;
}

static bool add_staple(STACK_OF(X509_EXTENSION) * *extensions)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_tlsfeature, "status_request");
    bool good = extension != NULL && X509v3_add_ext(extensions, extension, -1) != NULL;

    X509_EXTENSION_free(extension);
    return good;
}

/* The subjectAltName is critical where there is no subject (RFC 5280 section 4.2.1.6). */
static struct error *make_extensions(const struct csr_template *template,
                                     STACK_OF(X509_EXTENSION) * *out)
{
    bool no_subject = template->subject == NULL || X509_NAME_entry_count(template->subject) == 0;
    GENERAL_NAMES *names = NULL;
    struct error *error = NULL;

    if (template->names.count > 0)
        error = names_to_general(&template->names, &names);
    if (error == NULL && (!add_value(out, NID_subject_alt_name, names, no_subject) ||
                          !add_value(out, NID_key_usage, template->key_usage, true) ||
                          !add_value(out, NID_ext_key_usage, template->extended, false) ||
                          (template->must_staple && !add_staple(out))))
        error = error_no_memory();
    GENERAL_NAMES_free(names);
    return error;
}

static struct error *fill(const struct csr_template *template, EVP_PKEY *key, X509_REQ *request)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    struct error *error = make_extensions(template, &extensions);

    if (error == NULL &&
        (!X509_REQ_set_version(request, X509_REQ_VERSION_1) ||
         (template->subject != NULL && !X509_REQ_set_subject_name(request, template->subject)) ||
         (sk_X509_EXTENSION_num(extensions) > 0 && !X509_REQ_add_extensions(request, extensions))))
        error = error_no_memory();
    if (error == NULL && !X509_REQ_set_pubkey(request, key))
        error = error_new(ERROR_ARGUMENT, "the key's public half cannot be put into a request");
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return error;
}

/* ---- the signature ----------------------------------------------------------------------- */

/* The digest as strong as the curve (RFC 5480 section 4); what the key demands comes first. Keys of
 * other kinds hash as they please. */
static const char *choose_digest(EVP_PKEY *key, char *buffer, size_t size)
{
    if (EVP_PKEY_get_default_digest_name(key, buffer, size) == 2)
        return strcmp(buffer, "UNDEF") == 0 || buffer[0] == '\0' ? NULL : buffer;
    if (public_key_is_rsa(key))
        return "SHA256";
    if (!EVP_PKEY_is_a(key, "EC"))
        return NULL;
    if (EVP_PKEY_get_bits(key) > 384)
        return "SHA512";
    return EVP_PKEY_get_bits(key) > 256 ? "SHA384" : "SHA256";
}

static struct error *sign(X509_REQ *request, EVP_PKEY *key, const char *digest)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *own = X509_REQ_get0_pubkey(request);
    struct error *error = NULL;

    if (context == NULL)
        return error_no_memory();
    ERR_clear_error(); /* the first entry will be told */
    if (EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, key, NULL) != 1 ||
        X509_REQ_sign_ctx(request, context) <= 0)
        error = crypto_error("the request cannot be signed with its key");
    else if (own == NULL || X509_REQ_verify(request, own) != 1)
        error = error_new(ERROR_SIGNATURE, "the request's signature does not verify");
    EVP_MD_CTX_free(context);
    return error;
}

struct error *csr_make(const struct csr_template *template, EVP_PKEY *key, const char *digest,
                       X509_REQ **out)
{
    char buffer[64];
    X509_REQ *request = X509_REQ_new();
    struct error *error;

    *out = NULL;
    if (request == NULL)
        return error_no_memory();
    (void)ERR_set_mark();
    error = fill(template, key, request);
    if (error == NULL)
        error = sign(request, key,
                     digest != NULL ? digest : choose_digest(key, buffer, sizeof(buffer)));
    (void)ERR_pop_to_mark();
    if (error == NULL)
        *out = request;
    else
        X509_REQ_free(request);
    return error;
}
