/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates as they come from authorities (PEM, DER, PKCS #7, in any order and with whatever
 * lies about them), and as they are written for other programs.
 */
#ifndef REISSUE_CERTIFICATE_FILE_H
#define REISSUE_CERTIFICATE_FILE_H

#include "card/error.h"

#include <openssl/x509.h>
#include <stddef.h>
#include <sys/types.h>

/* Bounds on what is read. */
#define CERTIFICATE_FILE_MAX  ((size_t)1024 * 1024)
#define CERTIFICATE_COUNT_MAX 100
#define CERTIFICATE_CHAIN_MAX 16

/* A certificate and what leads from it to the top. A zeroed one is empty. */
struct certificate_bundle {
    X509 *certificate;      /* the end entity's */
    STACK_OF(X509) * chain; /* its issuers in order, without a self-signed one at the top */
    X509 *root;             /* the self-signed one that came with them, or NULL */
    size_t ignored;         /* how many came beside those, and lead nowhere */
    char *note;             /* one line about those, or NULL */
};

enum certificate_form {
    CERTIFICATE_PEM,
    CERTIFICATE_DER,
};

/* What of a bundle is written; DER has room for one certificate only. */
enum certificate_part {
    CERTIFICATE_PART_LEAF,  /* the certificate */
    CERTIFICATE_PART_CHAIN, /* its issuers, without the top */
    CERTIFICATE_PART_FULL,  /* the certificate, then its issuers */
};

/*
 * All certificates in `bytes`: PEM with anything else around it, one DER certificate, or a PKCS #7
 * SignedData (RFC 2315) in PEM or DER. `what` is named in messages. *out, never empty, is for
 * certificates_free(). ERROR_CERTIFICATE where there is none, one is damaged, or there are too
 * many.
 */
struct error *certificates_parse(const void *bytes, size_t length, const char *what,
                                 STACK_OF(X509) * *out) MUST_CHECK;

/* The same from a file, or from the standard input where that is "-". Also ERROR_FILE. */
struct error *certificates_read(const char *path, STACK_OF(X509) * *out) MUST_CHECK;

void certificates_free(STACK_OF(X509) * certificates);

/*
 * Picks the certificate for `public_key` (the one that begins last, where there are several) and
 * orders its issuers, each of which has signed the one before. With NULL for `public_key`, the one
 * that issued none of the others. *out is for certificate_bundle_clear(); `certificates` stays the
 * caller's. ERROR_CERTIFICATE where none is for that key.
 */
struct error *certificate_bundle_make(STACK_OF(X509) * certificates, const EVP_PKEY *public_key,
                                      struct certificate_bundle *out) MUST_CHECK;

/* certificates_read(), then certificate_bundle_make(). */
struct error *certificate_bundle_read(const char *path, const EVP_PKEY *public_key,
                                      struct certificate_bundle *out) MUST_CHECK;

void certificate_bundle_clear(struct certificate_bundle *bundle);

/*
 * A part of the bundle as bytes, and a final NUL beyond `length`, for free(). ERROR_ARGUMENT for
 * more than one certificate in DER.
 */
struct error *certificate_encode(const struct certificate_bundle *bundle,
                                 enum certificate_part part, enum certificate_form form,
                                 unsigned char **out, size_t *length) MUST_CHECK;

/* The same to a file, as atomic_file_write() replaces one. Also ERROR_FILE. */
struct error *certificate_write(const struct certificate_bundle *bundle, enum certificate_part part,
                                enum certificate_form form, const char *path,
                                mode_t mode) MUST_CHECK;

#endif
