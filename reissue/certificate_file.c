/* SPDX-License-Identifier: BSD-2-Clause */
/* From a heap of certificates to one and its issuers in order; and from there to files. */
#include "certificate_file.h"
#include "atomic_file.h"
#include "card/public_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_self_signed(X509 *certificate)
{
    return X509_self_signed(certificate, 1) == 1;
}

/* Whether `issuer` signed `subject`; names alone prove nothing, and cost nothing. */
static bool has_issued(X509 *issuer, X509 *subject)
{
    return X509_check_issued(issuer, subject) == X509_V_OK &&
           X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
}

static bool begins_later(const X509 *one, const X509 *other)
{
    return ASN1_TIME_compare(X509_get0_notBefore(one), X509_get0_notBefore(other)) > 0;
}

static bool is_for_key(const X509 *certificate, const EVP_PKEY *public_key)
{
    const EVP_PKEY *own = X509_get0_pubkey(certificate);

    return own != NULL && public_key_equal(own, public_key);
}

/* Whether it issued one of the others. */
static bool is_issuer(STACK_OF(X509) * certificates, X509 *candidate)
{
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        X509 *other = sk_X509_value(certificates, i);

        if (other != candidate && X509_cmp(other, candidate) != 0 && has_issued(candidate, other))
            return true;
    }
    return false;
}

static X509 *pick(STACK_OF(X509) * certificates, const EVP_PKEY *public_key)
{
    X509 *best = NULL;

    for (int i = 0; i < sk_X509_num(certificates); i++) {
        X509 *candidate = sk_X509_value(certificates, i);
        bool fits = public_key != NULL ? is_for_key(candidate, public_key)
                                       : !is_issuer(certificates, candidate);

        if (fits && (best == NULL || (public_key != NULL && begins_later(candidate, best))))
            best = candidate;
    }
    return best;
}

static bool contains(STACK_OF(X509) * certificates, X509 *wanted)
{
    for (int i = 0; i < sk_X509_num(certificates); i++)
        if (X509_cmp(sk_X509_value(certificates, i), wanted) == 0)
            return true;
    return false;
}

/* Who issued `subject`: one that begins late rather than early, for there may be renewed ones. */
static X509 *find_issuer(STACK_OF(X509) * certificates, const struct certificate_bundle *bundle,
                         X509 *subject)
{
    X509 *best = NULL;

    for (int i = 0; i < sk_X509_num(certificates); i++) {
        X509 *candidate = sk_X509_value(certificates, i);

        if (X509_cmp(candidate, bundle->certificate) == 0 || contains(bundle->chain, candidate) ||
            (best != NULL && !begins_later(candidate, best)) || !has_issued(candidate, subject))
            continue;
        best = candidate;
    }
    return best;
}

static struct error *build_chain(STACK_OF(X509) * certificates, struct certificate_bundle *out)
{
    X509 *last = out->certificate;

    while (!is_self_signed(last)) {
        X509 *issuer = find_issuer(certificates, out, last);

        if (issuer == NULL)
            break;
        if (sk_X509_num(out->chain) >= CERTIFICATE_CHAIN_MAX)
            return error_new(ERROR_CERTIFICATE, "the certificate's chain has more than %d links",
                             CERTIFICATE_CHAIN_MAX);
        X509_up_ref(issuer);
        if (is_self_signed(issuer)) {
            out->root = issuer;
            break;
        }
        if (sk_X509_push(out->chain, issuer) <= 0) {
            X509_free(issuer);
            return error_no_memory();
        }
        last = issuer;
    }
    return NULL;
}

static bool is_used(const struct certificate_bundle *bundle, X509 *certificate)
{
    return X509_cmp(certificate, bundle->certificate) == 0 ||
           contains(bundle->chain, certificate) ||
           (bundle->root != NULL && X509_cmp(certificate, bundle->root) == 0);
}

static struct error *note_ignored(STACK_OF(X509) * certificates, struct certificate_bundle *out)
{
    for (int i = 0; i < sk_X509_num(certificates); i++)
        if (!is_used(out, sk_X509_value(certificates, i)))
            out->ignored++;
    if (out->ignored == 0)
        return NULL;
    if (asprintf(&out->note,
                 "%zu further certificate%s came with it, not part of its chain, and "
                 "%s left out",
                 out->ignored, out->ignored == 1 ? "" : "s",
                 out->ignored == 1 ? "is" : "are") < 0) {
        out->note = NULL;
        return error_no_memory();
    }
    return NULL;
}

static struct error *make(STACK_OF(X509) * certificates, const EVP_PKEY *public_key,
                          struct certificate_bundle *out)
{
    struct error *error;

    out->certificate = pick(certificates, public_key);
    if (out->certificate == NULL)
        return error_new(ERROR_CERTIFICATE,
                         public_key != NULL
                             ? "none of the certificates is for this key: is it the answer to "
                               "another request?"
                             : "none of the certificates is an end entity's");
    X509_up_ref(out->certificate);
    out->chain = sk_X509_new_null();
    if (out->chain == NULL)
        return error_no_memory();
    error = build_chain(certificates, out);
    return error != NULL ? error : note_ignored(certificates, out);
}

struct error *certificate_bundle_make(STACK_OF(X509) * certificates, const EVP_PKEY *public_key,
                                      struct certificate_bundle *out)
{
    struct error *error;

    *out = (struct certificate_bundle){NULL, NULL, NULL, 0, NULL};
    (void)ERR_set_mark();
    error = make(certificates, public_key, out);
    (void)ERR_pop_to_mark();
    if (error != NULL)
        certificate_bundle_clear(out);
    return error;
}

struct error *certificate_bundle_read(const char *path, const EVP_PKEY *public_key,
                                      struct certificate_bundle *out)
{
    STACK_OF(X509) * certificates;
    struct error *error = certificates_read(path, &certificates);

    *out = (struct certificate_bundle){NULL, NULL, NULL, 0, NULL};
    if (error == NULL)
        error = certificate_bundle_make(certificates, public_key, out);
    certificates_free(certificates);
    return error;
}

void certificate_bundle_clear(struct certificate_bundle *bundle)
{
    X509_free(bundle->certificate);
    X509_free(bundle->root);
    certificates_free(bundle->chain);
    free(bundle->note);
    *bundle = (struct certificate_bundle){NULL, NULL, NULL, 0, NULL};
}

/* ---- writing ----------------------------------------------------------------------------- */

static bool write_pem(BIO *out, const struct certificate_bundle *bundle, enum certificate_part part)
{
    bool good = part == CERTIFICATE_PART_CHAIN || PEM_write_bio_X509(out, bundle->certificate);

    for (int i = 0; good && part != CERTIFICATE_PART_LEAF && i < sk_X509_num(bundle->chain); i++)
        good = PEM_write_bio_X509(out, sk_X509_value(bundle->chain, i));
    return good;
}

static struct error *copy_out(BIO *bio, unsigned char **out, size_t *length)
{
    char *bytes;
    long size = BIO_get_mem_data(bio, &bytes);

    *out = malloc((size_t)size + 1);
    if (*out == NULL)
        return error_no_memory();
    if (size > 0)
        memcpy(*out, bytes, (size_t)size);
    (*out)[size] = '\0';
    *length = (size_t)size;
    return NULL;
}

struct error *certificate_encode(const struct certificate_bundle *bundle,
                                 enum certificate_part part, enum certificate_form form,
                                 unsigned char **out, size_t *length)
{
    BIO *bio;
    bool good;
    struct error *error;

    *out = NULL;
    *length = 0;
    if (form == CERTIFICATE_DER && part != CERTIFICATE_PART_LEAF)
        return error_new(ERROR_ARGUMENT, "a DER file has room for one certificate, not for a "
                                         "chain: write that as PEM");
    bio = BIO_new(BIO_s_mem());
    if (bio == NULL)
        return error_no_memory();
    good = form == CERTIFICATE_DER ? i2d_X509_bio(bio, bundle->certificate) == 1
                                   : write_pem(bio, bundle, part);
    error = good ? copy_out(bio, out, length) : error_no_memory();
    BIO_free(bio);
    return error;
}

struct error *certificate_write(const struct certificate_bundle *bundle, enum certificate_part part,
                                enum certificate_form form, const char *path, mode_t mode)
{
    unsigned char *bytes;
    size_t length;
    struct error *error = certificate_encode(bundle, part, form, &bytes, &length);

    if (error == NULL)
        error = atomic_file_write(path, ATOMIC_FILE_REPLACE, mode, bytes, length);
    free(bytes);
    return error;
}
