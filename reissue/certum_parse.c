/* SPDX-License-Identifier: BSD-2-Clause */
/* The types of the Partner API's answers. */
#include "certum_internal.h"
#include "text.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX   300   /* bytes, of a text for people */
#define BASE64_MAX 65536 /* characters, of a certificate */

const char *const certum_order_words[] = {"AWAITING", "VERIFICATION", "ACCEPTED",
                                          "ENROLLED", "REJECTED",     NULL};
const char *const certum_verification_words[] = {"NOT_REQUIRED", "REQUIRED", "FAILED", "VERIFIED",
                                                 NULL};

static struct error *wrong(const char *name, const char *what)
{
    return error_new(ERROR_SERVER_ANSWER, "Certum's answer makes no sense: %s %s", name, what);
}

/* ---- words, numbers, texts --------------------------------------------------------------- */

struct error *certum_parse_word(const struct xml *parent, const char *name,
                                const char *const *words, int *out)
{
    const char *text = xml_child_text(parent, name);

    if (text == NULL)
        return wrong(name, "is missing");
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return NULL;
        }
    return wrong(name, "is none of the words that are known");
}

/* An element that is empty says no more than one that is missing: "nil", in the schema's words. */
static const char *text_of(const struct xml *parent, const char *name)
{
    const char *text = xml_child_text(parent, name);

    return text != NULL && text[0] != '\0' ? text : NULL;
}

struct error *certum_parse_number(const struct xml *parent, const char *name, long otherwise,
                                  long *out)
{
    const char *text = text_of(parent, name);
    size_t digits = text == NULL ? 0 : strspn(text, "0123456789");

    *out = otherwise;
    if (text == NULL)
        return otherwise >= 0 ? NULL : wrong(name, "is missing");
    if (digits == 0 || digits > 9 || text[digits] != '\0')
        return wrong(name, "is no number");
    *out = strtol(text, NULL, 10);
    return NULL;
}

struct error *certum_parse_text(const struct xml *parent, const char *name, char **out)
{
    const char *text = text_of(parent, name);

    *out = NULL;
    return text == NULL ? NULL : text_clean(text, TEXT_MAX, out);
}

/* ---- numbers of orders and certificates -------------------------------------------------- */

/* Error 1043 names what it never has. */
struct error *certum_parse_id(const struct xml *parent, char out[CERTUM_ID_SIZE])
{
    const char *text = xml_child_text(parent, "orderID");

    if (text == NULL || text[0] == '\0' || strlen(text) >= CERTUM_ID_SIZE)
        return wrong("orderID", "is missing, or too long");
    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7F || strchr("\"&'\\<>", *at) != NULL)
            return wrong("orderID", "has characters that no number has");
    (void)snprintf(out, CERTUM_ID_SIZE, "%s", text);
    return NULL;
}

struct error *certum_parse_serial(const struct xml *parent, char out[CERTUM_SERIAL_SIZE])
{
    const char *text = xml_child_text(parent, "serialNumber");
    size_t length = 0;

    out[0] = '\0';
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == ':' || (*text == '0' && length == 0))
            continue;
        if (!isxdigit((unsigned char)*text) || length + 1 >= CERTUM_SERIAL_SIZE)
            return wrong("serialNumber", "is not hexadecimal, or too long");
        out[length++] = (char)toupper((unsigned char)*text);
        out[length] = '\0';
    }
    return NULL;
}

/* ---- times ------------------------------------------------------------------------------- */

/* What follows the seconds: a fraction, and "Z" or an offset of so many minutes. */
static bool read_zone(const char *text, int *minutes)
{
    int hours = 0, rest = 0, end = 0;
    char sign;

    *minutes = 0;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    if (*text == '\0' || strcmp(text, "Z") == 0)
        return true;
    sign = *text;
    if ((sign != '+' && sign != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &rest, &end) != 2 ||
        text[1 + end] != '\0' || hours < 0 || hours > 14 || rest < 0 || rest > 59)
        return false;
    *minutes = (sign == '-' ? -1 : 1) * (hours * 60 + rest);
    return true;
}

static bool in_range(const struct tm *tm)
{
    return tm->tm_year >= 1970 && tm->tm_year <= 9999 && tm->tm_mon >= 1 && tm->tm_mon <= 12 &&
           tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour <= 24 &&
           tm->tm_min >= 0 && tm->tm_min <= 59 && tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

struct error *certum_parse_time(const struct xml *parent, const char *name, time_t *out)
{
    const char *text = text_of(parent, name);
    struct tm tm = {0};
    int minutes, end = 0;

    *out = 0;
    if (text == NULL)
        return NULL;
    if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &end) != 6 ||
        !in_range(&tm) || !read_zone(text + end, &minutes))
        return wrong(name, "is no time");
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *out = timegm(&tm) - (time_t)minutes * 60;
    return NULL;
}

/* ---- certificates and requests ----------------------------------------------------------- */

/* What is between the markers, or everything where there are none, without blanks. */
static struct error *read_base64(const char *text, const char *name, struct buffer *out)
{
    const char *begin = strstr(text, "-----BEGIN ");
    const char *end;
    struct error *error = NULL;

    if (begin != NULL) {
        begin = strstr(begin + strlen("-----BEGIN "), "-----");
        begin = begin == NULL ? NULL : begin + strlen("-----");
        end = begin == NULL ? NULL : strstr(begin, "-----END ");
    } else {
        begin = text;
        end = text + strlen(text);
    }
    if (begin == NULL || end == NULL || end - begin > BASE64_MAX)
        return wrong(name, "breaks off, or is too long");
    for (; error == NULL && begin < end; begin++)
        if (!isspace((unsigned char)*begin))
            error = buffer_append(out, begin, 1);
    return error;
}

static struct error *decode_base64(const struct buffer *text, const char *name, unsigned char **out,
                                   long *length)
{
    int decoded;
    size_t padding = 0;

    while (padding < text->length && padding < 2 && text->bytes[text->length - 1 - padding] == '=')
        padding++;
    *out = malloc(text->length + 1);
    if (*out == NULL)
        return error_no_memory();
    decoded = text->length == 0 ? -1 : EVP_DecodeBlock(*out, text->bytes, (int)text->length);
    if (decoded < (int)padding) {
        free(*out);
        *out = NULL;
        return wrong(name, "is not base64");
    }
    *length = decoded - (long)padding;
    return NULL;
}

static struct error *read_der(const char *text, const char *name, unsigned char **out, long *length)
{
    struct buffer base64 = {0};
    struct error *error = read_base64(text, name, &base64);

    *out = NULL;
    if (error == NULL)
        error = decode_base64(&base64, name, out, length);
    buffer_clear(&base64);
    return error;
}

struct error *certum_parse_certificate(const struct xml *element, X509 **out)
{
    const unsigned char *place;
    unsigned char *der = NULL;
    long length;
    struct error *error;

    *out = NULL;
    if (element == NULL || xml_text(element)[0] == '\0')
        return NULL;
    error = read_der(xml_text(element), xml_name(element), &der, &length);
    if (error != NULL)
        return error;
    place = der;
    *out = d2i_X509(NULL, &place, length);
    free(der);
    if (*out != NULL && X509_get0_pubkey(*out) != NULL)
        return NULL;
    X509_free(*out);
    *out = NULL;
    ERR_clear_error();
    return wrong(xml_name(element), "is no certificate");
}

/* It serves to recognise an order: what cannot be read is as good as none. */
struct error *certum_parse_request_key(const struct xml *parent, EVP_PKEY **out)
{
    const char *text = xml_child_text(parent, "CSR");
    const unsigned char *place;
    unsigned char *der = NULL;
    long length;
    X509_REQ *request;
    struct error *error = NULL;

    *out = NULL;
    if (text == NULL || text[0] == '\0')
        return NULL;
    error = read_der(text, "CSR", &der, &length);
    if (error != NULL)
        return error;
    place = der;
    request = d2i_X509_REQ(NULL, &place, length);
    *out = request == NULL ? NULL : X509_REQ_get_pubkey(request);
    X509_REQ_free(request);
    free(der);
    ERR_clear_error();
    return NULL;
}
