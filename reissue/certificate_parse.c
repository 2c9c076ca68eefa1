/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates from bytes in any of the forms that authorities send. */
#include "certificate_file.h"
#include "file_load.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <stdbool.h>
#include <string.h>

static const char *const certificate_labels[] = {"CERTIFICATE", "X509 CERTIFICATE",
                                                 "TRUSTED CERTIFICATE"};
static const char *const pkcs7_labels[] = {"PKCS7", "PKCS #7 SIGNED DATA", "CMS"};

/* What is parsed, and what came of it. */
struct parser {
    const char *what;
    STACK_OF(X509) * found;
};

void certificates_free(STACK_OF(X509) * certificates)
{
    sk_X509_pop_free(certificates, X509_free);
}

static bool is_one_of(const char *label, const char *const *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(label, labels[i]) == 0)
            return true;
    return false;
}

/* Takes the certificate over. */
static struct error *add(struct parser *parser, X509 *certificate)
{
    if (sk_X509_num(parser->found) >= CERTIFICATE_COUNT_MAX) {
        X509_free(certificate);
        return error_new(ERROR_CERTIFICATE, "%s has more than %d certificates", parser->what,
                         CERTIFICATE_COUNT_MAX);
    }
    if (sk_X509_push(parser->found, certificate) > 0)
        return NULL;
    X509_free(certificate);
    return error_no_memory();
}

static struct error *damaged(const struct parser *parser, const char *kind)
{
    return error_new(ERROR_CERTIFICATE, "%s has a damaged %s in it: get it again", parser->what,
                     kind);
}

/* A label "TRUSTED CERTIFICATE" has OpenSSL's own additions behind the certificate. */
static struct error *add_der(struct parser *parser, const unsigned char *der, long length,
                             bool trusted)
{
    const unsigned char *end = der;
    X509 *certificate = trusted ? d2i_X509_AUX(NULL, &end, length) : d2i_X509(NULL, &end, length);

    if (certificate != NULL && end == der + length)
        return add(parser, certificate);
    X509_free(certificate);
    return damaged(parser, "certificate");
}

static struct error *add_pkcs7(struct parser *parser, const unsigned char *der, long length)
{
    const unsigned char *end = der;
    PKCS7 *pkcs7 = d2i_PKCS7(NULL, &end, length);
    STACK_OF(X509) *certificates = NULL;
    struct error *error = NULL;

    if (pkcs7 == NULL)
        return damaged(parser, "PKCS #7 structure");
    if (PKCS7_type_is_signed(pkcs7) && pkcs7->d.sign != NULL)
        certificates = pkcs7->d.sign->cert;
    for (int i = 0; error == NULL && i < sk_X509_num(certificates); i++) {
        X509 *certificate = sk_X509_value(certificates, i);

        X509_up_ref(certificate);
        error = add(parser, certificate);
    }
    PKCS7_free(pkcs7);
    return error;
}

static struct error *add_block(struct parser *parser, const char *label, const unsigned char *der,
                               long length)
{
    if (is_one_of(label, pkcs7_labels, sizeof(pkcs7_labels) / sizeof(pkcs7_labels[0])))
        return add_pkcs7(parser, der, length);
    if (is_one_of(label, certificate_labels,
                  sizeof(certificate_labels) / sizeof(certificate_labels[0])))
        return add_der(parser, der, length, strncmp(label, "TRUSTED", 7) == 0);
    return NULL; /* a key, parameters, a request: not what is looked for */
}

/* *blocks counts what has any label. */
static struct error *parse_pem(struct parser *parser, const unsigned char *bytes, size_t length,
                               size_t *blocks)
{
    BIO *in = BIO_new_mem_buf(bytes, (int)length);
    struct error *error = in == NULL ? error_no_memory() : NULL;
    char *label, *header;
    unsigned char *der;
    long der_length;

    while (error == NULL && PEM_read_bio(in, &label, &header, &der, &der_length) == 1) {
        (*blocks)++;
        error = add_block(parser, label, der, der_length);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)der_length); /* may be a key */
    }
    if (error == NULL && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        error = damaged(parser, "PEM block");
    BIO_free(in);
    return error;
}

/* A certificate or a PKCS #7: both are sequences, and the second begins with its type. */
static struct error *parse_der(struct parser *parser, const unsigned char *bytes, size_t length)
{
    struct error *error = add_der(parser, bytes, (long)length, false);

    if (error == NULL || error_code(error) != ERROR_CERTIFICATE)
        return error;
    error_free(error);
    return add_pkcs7(parser, bytes, (long)length);
}

/* Some editors put a mark before the first line (UTF-8), which PEM does not know. */
static void skip_mark(const unsigned char **bytes, size_t *length)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF};

    if (*length >= sizeof(mark) && memcmp(*bytes, mark, sizeof(mark)) == 0) {
        *bytes += sizeof(mark);
        *length -= sizeof(mark);
    }
}

static struct error *parse(struct parser *parser, const unsigned char *bytes, size_t length)
{
    size_t blocks = 0;
    struct error *error;

    skip_mark(&bytes, &length);
    error = parse_pem(parser, bytes, length, &blocks);
    if (error == NULL && blocks == 0 && length > 0 && bytes[0] == 0x30)
        error = parse_der(parser, bytes, length);
    if (error == NULL && sk_X509_num(parser->found) == 0)
        error = error_new(ERROR_CERTIFICATE,
                          "there is no certificate in %s: it may be in PEM, DER or PKCS #7",
                          parser->what);
    return error;
}

struct error *certificates_parse(const void *bytes, size_t length, const char *what,
                                 STACK_OF(X509) * *out)
{
    struct parser parser = {what, sk_X509_new_null()};
    struct error *error;

    *out = NULL;
    if (parser.found == NULL)
        return error_no_memory();
    if (length == 0)
        bytes = ""; /* which may have been NULL */
    (void)ERR_set_mark();
    if (length > CERTIFICATE_FILE_MAX)
        error =
            error_new(ERROR_CERTIFICATE, "%s is longer than %zu bytes", what, CERTIFICATE_FILE_MAX);
    else
        error = parse(&parser, bytes, length);
    (void)ERR_pop_to_mark();
    if (error == NULL)
        *out = parser.found;
    else
        certificates_free(parser.found);
    return error;
}

struct error *certificates_read(const char *path, STACK_OF(X509) * *out)
{
    struct buffer bytes = {NULL, 0, 0};
    struct error *error = file_load(path, CERTIFICATE_FILE_MAX, &bytes);

    *out = NULL;
    if (error == NULL)
        error = certificates_parse(bytes.bytes, bytes.length,
                                   strcmp(path, "-") == 0 ? "what was given" : path, out);
    buffer_clear(&bytes);
    return error;
}
