/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificate requests (PKCS #10, RFC 2986): made with any key, also a card's; written and read. */
#ifndef REISSUE_CSR_H
#define REISSUE_CSR_H

#include "card/error.h"
#include "names.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The longest request that is read, in bytes. */
#define CSR_MAX ((size_t)256 * 1024)

/* What a request asks for. A zeroed one asks for nothing. */
struct csr_template {
    X509_NAME *subject;           /* NULL: empty */
    struct names names;           /* the subjectAltName */
    ASN1_BIT_STRING *key_usage;   /* NULL: not asked for */
    EXTENDED_KEY_USAGE *extended; /* NULL: not asked for */
    bool must_staple;             /* RFC 7633 */
};

/*
 * What asks for a certificate like that one: its subject, names, key usages and must-staple. Key
 * usages that only an RSA key has are left out where `public_key` (the new one; NULL: the same
 * kind) is none, and the other way round. *out is for csr_template_clear().
 */
struct error *csr_template_from_certificate(const X509 *predecessor, const EVP_PKEY *public_key,
                                            struct csr_template *out) MUST_CHECK;

/*
 * Asks for those names (as names_add_list() takes them) in place of the others; each NAME_OTHER,
 * such as a UPN, stays, since no text says it. A common name that is none of the names any more
 * gives way to the first of them. ERROR_ARGUMENT.
 */
struct error *csr_template_set_names(struct csr_template *template, const char *list) MUST_CHECK;

/*
 * Sets the subject from text, as `openssl req -subj` has it: "/C=PL/O=Name/CN=name", with \ before
 * a / that is part of a value. UTF-8. ERROR_ARGUMENT says which part is wrong.
 */
struct error *csr_template_set_subject(struct csr_template *template, const char *text) MUST_CHECK;

void csr_template_clear(struct csr_template *template);

/*
 * A signed request for `key`, whose public half it has in it. `digest` is NULL for the one that
 * goes with the key: SHA-256; SHA-384 for P-384, SHA-512 for P-521; what an RSA-PSS key or an
 * Edwards curve demands. The signature is verified before the request is handed out. *out is for
 * X509_REQ_free(). What goes wrong on a card is told in the provider's words, and with its code;
 * else ERROR_INTERNAL or, where the signature does not verify, ERROR_SIGNATURE.
 */
struct error *csr_make(const struct csr_template *template, EVP_PKEY *key, const char *digest,
                       X509_REQ **out) MUST_CHECK;

/* The request in PEM, with a final NUL, for free(). */
struct error *csr_pem(const X509_REQ *request, char **out) MUST_CHECK;

/* The request in DER, for free(). */
struct error *csr_der(const X509_REQ *request, unsigned char **out, size_t *length) MUST_CHECK;

/* The request in PEM to a file, as atomic_file_write() replaces one. */
struct error *csr_write(const X509_REQ *request, const char *path, mode_t mode) MUST_CHECK;

/* What was seen in a request's bytes beside the request. */
struct csr_remains {
    size_t requests;  /* how many requests */
    bool private_key; /* a private key, in the same file */
    bool other;       /* something else: bytes behind the request, other PEM blocks */
};

/*
 * The first request in `bytes`: PEM (with anything around it) or DER. `what` is named in messages;
 * *remains (NULL: not wanted) tells what else there was. *out is for X509_REQ_free(). Nothing in
 * the request has been checked. ERROR_CERTIFICATE.
 */
struct error *csr_parse(const void *bytes, size_t length, const char *what, X509_REQ **out,
                        struct csr_remains *remains) MUST_CHECK;

/* The same from a file, or from the standard input where that is "-". Also ERROR_FILE. */
struct error *csr_read(const char *path, X509_REQ **out, struct csr_remains *remains) MUST_CHECK;

#endif
