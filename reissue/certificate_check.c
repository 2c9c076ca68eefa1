/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate_check.h"

#include "card/public_key.h"
#include "describe.h"
#include "fingerprint.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many names are told of where they differ. */
#define NAMES_SHOWN 5

/* ---- the key and the names --------------------------------------------------------------- */

static struct error *check_key(const X509 *certificate, const EVP_PKEY *wanted)
{
    char own[FINGERPRINT_SIZE], other[FINGERPRINT_SIZE];
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    struct error *error;

    if (key == NULL)
        return error_new(ERROR_CERTIFICATE, "the certificate's public key cannot be read");
    if (wanted == NULL || public_key_equal(key, wanted))
        return NULL;
    error = public_key_fingerprint(key, own);
    if (error == NULL)
        error = public_key_fingerprint(wanted, other);
    if (error == NULL)
        error = error_new(ERROR_CERTIFICATE,
                          "the certificate is for another key: for %.16s..., not for %.16s... "
                          "(SHA-256 of the public keys)",
                          own, other);
    return error;
}

/* Those of `names` that are not among `others`, for a person; "" where there are none. */
static struct error *missing_from(const struct names *names, const struct names *others, char **out)
{
    size_t size, count = 0;
    FILE *text = open_memstream(out, &size);

    if (text == NULL)
        return error_no_memory();
    for (size_t i = 0; i < names->count; i++) {
        if (names_contain(others, &names->items[i]))
            continue;
        if (count < NAMES_SHOWN)
            fprintf(text, "%s%s", count > 0 ? ", " : "", names->items[i].text);
        count++;
    }
    if (count > NAMES_SHOWN)
        fprintf(text, " and %zu more", count - NAMES_SHOWN);
    return fclose(text) == 0 ? NULL : error_no_memory();
}

static struct error *compare_names(const struct names *own, const struct certificate_wanted *wanted)
{
    char *missing = NULL, *further = NULL;
    struct error *error = missing_from(wanted->names, own, &missing);

    if (error == NULL)
        error = missing_from(own, wanted->names, &further);
    if (error == NULL && missing[0] != '\0')
        error = error_new(ERROR_CERTIFICATE, "the certificate is not for all names: %s %s missing",
                          missing, strchr(missing, ',') != NULL ? "are" : "is");
    else if (error == NULL && further[0] != '\0' && !wanted->more_names)
        error = error_new(ERROR_CERTIFICATE,
                          "the certificate is for names that were not asked for: %s", further);
    free(missing);
    free(further);
    return error;
}

static struct error *check_names(const X509 *certificate, const struct certificate_wanted *wanted)
{
    struct names own;
    struct error *error;

    if (wanted->names == NULL)
        return NULL;
    error = names_of_certificate(certificate, &own);
    if (error == NULL)
        error = compare_names(&own, wanted);
    names_clear(&own);
    return error;
}

static struct error *differing(const char *what, const char *own, const char *wanted)
{
    return strcmp(own, wanted) == 0
               ? NULL
               : error_new(ERROR_CERTIFICATE, "the certificate's %s is \"%s\", not \"%s\"", what,
                           own, wanted);
}

static struct error *check_subject(const X509 *certificate, const struct certificate_wanted *wanted)
{
    bool whole = wanted->subject_policy == CERTIFICATE_SUBJECT_EQUAL;
    const X509_NAME *subject = X509_get_subject_name(certificate);
    char *own = NULL, *other = NULL;
    struct error *error;

    if (wanted->subject_policy == CERTIFICATE_SUBJECT_ANY || wanted->subject == NULL ||
        X509_NAME_cmp(subject, wanted->subject) == 0)
        return NULL;
    error = whole ? describe_name(subject, &own) : describe_common_name(subject, &own);
    if (error == NULL)
        error = whole ? describe_name(wanted->subject, &other)
                      : describe_common_name(wanted->subject, &other);
    if (error == NULL)
        error = differing(whole ? "subject" : "common name", own, other);
    if (error == NULL && whole) /* written in the same letters, and yet not the same */
        error = error_new(ERROR_CERTIFICATE, "the certificate's subject is not the one wanted");
    free(own);
    free(other);
    return error;
}

/* ---- the validity ------------------------------------------------------------------------ */

static struct error *invalid_since(const ASN1_TIME *time, const char *what)
{
    char *text;
    struct error *error = describe_time(time, &text);

    if (error == NULL)
        error = error_new(ERROR_CERTIFICATE,
                          "the certificate %s %s: if that is wrong, the clock may be", what, text);
    free(text);
    return error;
}

/* *when is the time to verify the chain at. */
static struct error *check_validity(const X509 *certificate,
                                    const struct certificate_wanted *wanted, time_t *when)
{
    time_t now = wanted->now != 0 ? wanted->now : time(NULL), begin = 0, end = 0;
    struct error *error = describe_seconds(X509_get0_notBefore(certificate), &begin);

    if (error == NULL)
        error = describe_seconds(X509_get0_notAfter(certificate), &end);
    if (error != NULL)
        return error;
    if (begin > now + wanted->skew)
        return invalid_since(X509_get0_notBefore(certificate), "is not valid before");
    if (end <= now || end <= begin)
        return invalid_since(X509_get0_notAfter(certificate), "is not valid any more since");
    *when = now < begin ? begin : now;
    return NULL;
}

/* ---- what it may be used for ------------------------------------------------------------- */

static const struct {
    uint32_t usage;
    const char *text;
} purposes[] = {
    [CERTIFICATE_ANY_PURPOSE] = {0, ""},
    [CERTIFICATE_TLS_SERVER] = {XKU_SSL_SERVER, "TLS servers"},
    [CERTIFICATE_TLS_CLIENT] = {XKU_SSL_CLIENT, "TLS clients"},
    [CERTIFICATE_CODE_SIGNING] = {XKU_CODE_SIGN, "code signing"},
    [CERTIFICATE_EMAIL] = {XKU_SMIME, "mail"},
};

static struct error *check_digest(const X509 *certificate)
{
    int digest = NID_undef;

    if (X509_get_signature_info((X509 *)certificate, &digest, NULL, NULL, NULL) == 1 &&
        (digest == NID_md5 || digest == NID_sha1 || digest == NID_md2 || digest == NID_md4 ||
         digest == NID_md5_sha1))
        return error_new(ERROR_CERTIFICATE,
                         "the certificate is signed with %s, which is broken: programs will "
                         "refuse it",
                         OBJ_nid2sn(digest));
    return NULL;
}

static struct error *check_purpose(const X509 *certificate, enum certificate_purpose purpose)
{
    X509 *own = (X509 *)certificate; /* which libcrypto completes with what it has parsed */
    uint32_t extended = X509_get_extended_key_usage(own), usage = X509_get_key_usage(own);
    uint32_t useful = KU_DIGITAL_SIGNATURE;

    if ((X509_get_extension_flags(own) & EXFLAG_INVALID) != 0)
        return error_new(ERROR_CERTIFICATE, "the certificate's extensions are malformed");
    if (X509_check_ca(own) == 1)
        return error_new(ERROR_CERTIFICATE, "the certificate is an authority's own "
                                            "(basicConstraints), not an end entity's");
    if (purpose == CERTIFICATE_ANY_PURPOSE)
        return NULL;
    if (extended != UINT32_MAX && (extended & (purposes[purpose].usage | XKU_ANYEKU)) == 0)
        return error_new(ERROR_CERTIFICATE, "the certificate is not for %s (extendedKeyUsage)",
                         purposes[purpose].text);
    if (purpose != CERTIFICATE_CODE_SIGNING)
        useful |= KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT;
    if ((usage & useful) == 0)
        return error_new(ERROR_CERTIFICATE, "the certificate's key is not for %s (keyUsage)",
                         purposes[purpose].text);
    return NULL;
}

/* ---- the chain --------------------------------------------------------------------------- */

static struct error *fill_store(const struct certificate_bundle *bundle,
                                const struct certificate_wanted *wanted, X509_STORE *store)
{
    int last = sk_X509_num(bundle->chain) - 1;
    X509 *top = bundle->root != NULL ? bundle->root
                : last >= 0          ? sk_X509_value(bundle->chain, last)
                                     : bundle->certificate;

    if (wanted->trust_file != NULL) {
        if (X509_STORE_load_file(store, wanted->trust_file) == 1)
            return NULL;
        return error_new(ERROR_FILE, "cannot read the trusted certificates in %s",
                         wanted->trust_file);
    }
    return X509_STORE_add_cert(store, top) == 1 ? NULL : error_no_memory();
}

static struct error *chain_error(X509_STORE_CTX *context)
{
    int code = X509_STORE_CTX_get_error(context);
    int depth = X509_STORE_CTX_get_error_depth(context);
    X509 *certificate = X509_STORE_CTX_get_current_cert(context);
    char *subject = NULL;
    struct error *error =
        certificate == NULL ? NULL : describe_name(X509_get_subject_name(certificate), &subject);

    if (error == NULL)
        error = error_new(ERROR_CERTIFICATE,
                          "the certificate's chain does not verify: %s (at depth %d%s%s)",
                          X509_verify_cert_error_string(code), depth, subject != NULL ? ", " : "",
                          subject != NULL ? subject : "");
    free(subject);
    return error;
}

static struct error *verify(const struct certificate_bundle *bundle, X509_STORE *store, time_t when)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    struct error *error = NULL;

    if (context == NULL ||
        !X509_STORE_CTX_init(context, store, bundle->certificate, bundle->chain)) {
        X509_STORE_CTX_free(context);
        return error_no_memory();
    }
    X509_STORE_CTX_set_time(context, 0, when);
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_PARTIAL_CHAIN);
    if (X509_verify_cert(context) != 1)
        error = chain_error(context);
    X509_STORE_CTX_free(context);
    return error;
}

static struct error *check_chain(const struct certificate_bundle *bundle,
                                 const struct certificate_wanted *wanted, time_t when)
{
    X509_STORE *store;
    struct error *error;

    if (sk_X509_num(bundle->chain) <= 0 && bundle->root == NULL && wanted->need_chain)
        return error_new(ERROR_CERTIFICATE, "the certificate came without its issuer's: get the "
                                            "chain from the authority as well");
    store = X509_STORE_new();
    if (store == NULL)
        return error_no_memory();
    error = fill_store(bundle, wanted, store);
    if (error == NULL)
        error = verify(bundle, store, when);
    X509_STORE_free(store);
    return error;
}

static struct error *check(const struct certificate_bundle *bundle,
                           const struct certificate_wanted *wanted)
{
    time_t when = 0;
    struct error *error = check_key(bundle->certificate, wanted->public_key);

    if (error == NULL)
        error = check_names(bundle->certificate, wanted);
    if (error == NULL)
        error = check_subject(bundle->certificate, wanted);
    if (error == NULL)
        error = check_validity(bundle->certificate, wanted, &when);
    if (error == NULL)
        error = check_digest(bundle->certificate);
    if (error == NULL)
        error = check_purpose(bundle->certificate, wanted->purpose);
    return error != NULL ? error : check_chain(bundle, wanted, when);
}

struct error *certificate_check(const struct certificate_bundle *bundle,
                                const struct certificate_wanted *wanted)
{
    struct error *error;

    (void)ERR_set_mark();
    error = check(bundle, wanted);
    (void)ERR_pop_to_mark();
    return error;
}
