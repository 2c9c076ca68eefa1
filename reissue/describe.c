/* SPDX-License-Identifier: BSD-2-Clause */
#include "describe.h"

#include "text.h"

#include <openssl/err.h>
#include <stdio.h>
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

struct error *describe_serial(const X509 *certificate, char **out)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    const unsigned char *bytes = ASN1_STRING_get0_data(serial);
    size_t length = (size_t)ASN1_STRING_length(serial);
    char *end;

    if (length == 0) {
        bytes = (const unsigned char *)"";
        length = 1;
    }
    if (length > TEXT_MAX)
        length = TEXT_MAX;
    *out = end = malloc(2 * length + 1);
    if (end == NULL)
        return error_no_memory();
    for (size_t i = 0; i < length; i++)
        end += sprintf(end, "%02X", bytes[i]);
    return NULL;
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
