/* SPDX-License-Identifier: BSD-2-Clause */
#include "describe.h"

#include "text.h"

#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Nobody reads longer ones in a line. */
#define TEXT_MAX 500

/* RFC 2253's escapes, with UTF-8 as it is; in the order in which it is written down. */
#define NAME_FLAGS                                                                                 \
    ((XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB & ~XN_FLAG_SPC_EQ) | ASN1_STRFLGS_ESC_CTRL |         \
     ASN1_STRFLGS_UTF8_CONVERT)

static struct error *from_bio(BIO *bio, char **out)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    char *text = strndup(length > 0 ? bytes : "", (size_t)length);
    struct error *error = text == NULL ? error_no_memory() : text_clean(text, TEXT_MAX, out);

    free(text);
    return error;
}

struct error *describe_name(const X509_NAME *name, char **out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    struct error *error;

    *out = NULL;
    if (bio == NULL)
        return error_no_memory();
    (void)ERR_set_mark();
    error = X509_NAME_print_ex(bio, name, 0, NAME_FLAGS) < 0
                ? error_new(ERROR_CERTIFICATE, "a name in the certificate is malformed")
                : from_bio(bio, out);
    (void)ERR_pop_to_mark();
    BIO_free(bio);
    return error;
}

struct error *describe_common_name(const X509_NAME *subject, char **out)
{
    unsigned char *utf8 = NULL;
    int last = -1, next;
    struct error *error;

    while ((next = X509_NAME_get_index_by_NID(subject, NID_commonName, last)) >= 0)
        last = next;
    (void)ERR_set_mark();
    if (last < 0 || ASN1_STRING_to_UTF8(
                        &utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last))) < 0)
        utf8 = NULL;
    (void)ERR_pop_to_mark();
    error = text_clean(utf8 == NULL ? "" : (char *)utf8, TEXT_MAX, out);
    OPENSSL_free(utf8);
    return error;
}

static struct error *hexadecimal(const unsigned char *bytes, size_t length, const char *digits,
                                 char **out)
{
    char *end = malloc(2 * length + 1);

    *out = end;
    if (end == NULL)
        return error_no_memory();
    for (size_t i = 0; i < length; i++) {
        *end++ = digits[bytes[i] >> 4];
        *end++ = digits[bytes[i] & 15];
    }
    *end = '\0';
    return NULL;
}

struct error *describe_serial(const X509 *certificate, char **out)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    size_t length = (size_t)ASN1_STRING_length(serial);

    if (length == 0)
        return hexadecimal((const unsigned char *)"", 1, "0", out);
    if (length > TEXT_MAX)
        length = TEXT_MAX;
    return hexadecimal(ASN1_STRING_get0_data(serial), length, "0123456789ABCDEF", out);
}

struct error *describe_fingerprint(const X509 *certificate, char **out)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned length;

    *out = NULL;
    if (X509_digest(certificate, EVP_sha256(), hash, &length) != 1)
        return error_new(ERROR_INTERNAL, "a certificate's fingerprint cannot be computed");
    return hexadecimal(hash, length, "0123456789abcdef", out);
}

struct error *describe_key_fingerprint(const EVP_PKEY *key, char **out)
{
    unsigned char hash[EVP_MAX_MD_SIZE], *der = NULL;
    unsigned hash_length;
    int length = i2d_PUBKEY((EVP_PKEY *)key, &der);
    bool good =
        length > 0 && EVP_Digest(der, (size_t)length, hash, &hash_length, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    *out = NULL;
    if (!good)
        return error_new(ERROR_INTERNAL, "a public key's fingerprint cannot be computed");
    return hexadecimal(hash, hash_length, "0123456789abcdef", out);
}

struct error *describe_seconds(const ASN1_TIME *time, time_t *out)
{
    struct tm broken_down;

    if (time == NULL || ASN1_TIME_to_tm(time, &broken_down) != 1)
        return error_new(ERROR_CERTIFICATE, "a time in the certificate is malformed");
    *out = timegm(&broken_down);
    return NULL;
}

struct error *describe_time(const ASN1_TIME *time, char **out)
{
    char text[64];
    struct tm broken_down;

    *out = NULL;
    if (time == NULL || ASN1_TIME_to_tm(time, &broken_down) != 1)
        return error_new(ERROR_CERTIFICATE, "a time in the certificate is malformed");
    (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &broken_down);
    *out = strdup(text);
    return *out == NULL ? error_no_memory() : NULL;
}
