/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificate requests in PEM and DER. */
#include "atomic_file.h"
#include "csr.h"
#include "file_load.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ----------------------------------------------------------------------------- */

struct error *csr_pem(const X509_REQ *request, char **out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long length;

    *out = NULL;
    if (bio != NULL && PEM_write_bio_X509_REQ(bio, request) == 1) {
        length = BIO_get_mem_data(bio, &text);
        *out = strndup(text, (size_t)length);
    }
    BIO_free(bio);
    return *out == NULL ? error_no_memory() : NULL;
}

struct error *csr_der(const X509_REQ *request, unsigned char **out, size_t *length)
{
    int size = i2d_X509_REQ(request, NULL);
    unsigned char *end;

    *length = 0;
    *out = size > 0 ? malloc((size_t)size) : NULL;
    if (*out == NULL)
        return error_no_memory();
    end = *out;
    *length = (size_t)i2d_X509_REQ(request, &end);
    return NULL;
}

struct error *csr_write(const X509_REQ *request, const char *path, mode_t mode)
{
    char *text;
    struct error *error = csr_pem(request, &text);

    if (error == NULL)
        error = atomic_file_write(path, ATOMIC_FILE_REPLACE, mode, text, strlen(text));
    free(text);
    return error;
}

/* ---- reading ----------------------------------------------------------------------------- */

static bool is_request(const char *label)
{
    return strcmp(label, PEM_STRING_X509_REQ) == 0 || strcmp(label, PEM_STRING_X509_REQ_OLD) == 0;
}

static bool is_private_key(const char *label)
{
    static const char tail[] = "PRIVATE KEY";
    size_t length = strlen(label);

    return length >= strlen(tail) && strcmp(label + length - strlen(tail), tail) == 0;
}

static X509_REQ *parse_der(const unsigned char *der, size_t length, struct csr_remains *remains)
{
    const unsigned char *end = der;
    X509_REQ *request = d2i_X509_REQ(NULL, &end, (long)length);

    if (request != NULL && end != der + length)
        remains->other = true;
    return request;
}

static void take_block(const char *label, const unsigned char *der, size_t length,
                       struct csr_remains *remains, X509_REQ **out)
{
    if (is_private_key(label))
        remains->private_key = true;
    else if (!is_request(label))
        remains->other = true;
    else if (remains->requests++ == 0)
        *out = parse_der(der, length, remains);
}

/* Returns whether there was any PEM. */
static bool parse_pem(const unsigned char *bytes, size_t length, struct csr_remains *remains,
                      X509_REQ **out)
{
    BIO *in = BIO_new_mem_buf(bytes, (int)length);
    char *label, *header;
    unsigned char *der;
    long der_length;
    bool found = false;

    while (in != NULL && PEM_read_bio(in, &label, &header, &der, &der_length) == 1) {
        found = true;
        take_block(label, der, (size_t)der_length, remains, out);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)der_length);
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        found = true; /* begun, and damaged */
        remains->other = true;
    }
    BIO_free(in);
    return found;
}

struct error *csr_parse(const void *bytes, size_t length, const char *what, X509_REQ **out,
                        struct csr_remains *remains)
{
    struct csr_remains unwanted;

    *out = NULL;
    if (remains == NULL)
        remains = &unwanted;
    memset(remains, 0, sizeof(*remains));
    if (length > CSR_MAX)
        return error_new(ERROR_CERTIFICATE, "%s is longer than %zu bytes", what, CSR_MAX);
    (void)ERR_set_mark();
    if (!parse_pem(bytes, length, remains, out)) {
        *out = parse_der(bytes, length, remains);
        remains->requests = *out != NULL ? 1 : 0;
    }
    (void)ERR_pop_to_mark();
    if (*out != NULL)
        return NULL;
    if (remains->requests > 0)
        return error_new(ERROR_CERTIFICATE, "the request in %s is damaged: make it again", what);
    return error_new(ERROR_CERTIFICATE,
                     remains->private_key
                         ? "%s holds a private key, no certificate request: never send it"
                         : "there is no certificate request in %s: it may be in PEM "
                           "(-----BEGIN CERTIFICATE REQUEST-----) or DER",
                     what);
}

struct error *csr_read(const char *path, X509_REQ **out, struct csr_remains *remains)
{
    struct buffer bytes = {NULL, 0, 0};
    struct error *error = file_load(path, CSR_MAX, &bytes);

    *out = NULL;
    if (error == NULL)
        error = csr_parse(bytes.bytes == NULL ? (const uint8_t *)"" : bytes.bytes, bytes.length,
                          strcmp(path, "-") == 0 ? "what was given" : path, out, remains);
    buffer_clear(&bytes);
    return error;
}
