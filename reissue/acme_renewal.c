/* SPDX-License-Identifier: BSD-2-Clause */
/* When to renew, by the CA's word (RFC 9773). */
#include "acme_internal.h"
#include "base64url.h"
#include "http_url.h"
#include "text.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the certificate's identifier (4.1) -------------------------------------------------- */

/* The serial number's content octets in DER, with the leading zero that keeps it positive. */
static struct error *encode_serial(X509 *certificate, char **out)
{
    unsigned char *der = NULL;
    int length = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &der);
    struct error *error;
    if (length < 3 || der[1] > 0x7F) /* a length in one byte: 127 are more than the 20 allowed */
        error = error_new(ERROR_UNSUPPORTED, "the certificate's serial number is malformed");
    else
        error = base64url_encode(der + 2, (size_t)length - 2, out);
    OPENSSL_free(der);
    return error;
}

struct error *acme_certificate_id(X509 *certificate, char **out)
{
    const ASN1_OCTET_STRING *key = X509_get0_authority_key_id(certificate);
    char *issuer = NULL, *serial = NULL;
    *out = NULL;
    if (key == NULL)
        return error_new(ERROR_UNSUPPORTED, "the certificate does not say by which key it was "
                                            "issued, so the CA cannot be asked about it");
    struct error *error =
        base64url_encode(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key), &issuer);
    if (error == NULL)
        error = encode_serial(certificate, &serial);
    if (error == NULL && asprintf(out, "%s.%s", issuer, serial) < 0) {
        *out = NULL;
        error = error_no_memory();
    }
    free(issuer);
    free(serial);
    return error;
}

/* ---- asking (4.2, 4.3) ------------------------------------------------------------------- */

struct error *acme_renewal_parse(const struct json *document, struct acme_renewal *out)
{
    const struct json *window;
    const char *explanation = NULL;
    struct error *error = json_object(document, "suggestedWindow", &window);
    if (error == NULL)
        error = acme_time_member(window, "start", &out->start);
    if (error == NULL)
        error = acme_time_member(window, "end", &out->end);
    if (error == NULL && (out->start == 0 || out->end <= out->start))
        error = error_new(ERROR_SERVER_ANSWER, "the window for the renewal is none");
    if (error == NULL)
        error = acme_url_parse(document, "explanationURL", false, &explanation);
    if (error == NULL && explanation != NULL)
        error = text_clean(explanation, HTTP_URL_MAX, &out->explanation);
    return error;
}

static struct error *make_url(struct acme *acme, const char *certificate_id, char **out)
{
    const struct acme_directory *directory;
    struct error *error = acme_directory(acme, &directory);
    *out = NULL;
    if (error != NULL)
        return error;
    if (directory->renewal_info == NULL)
        return error_new(ERROR_UNSUPPORTED, "the CA does not say when to renew");
    const char *base = directory->renewal_info;
    const char *slash = base[strlen(base) - 1] == '/' ? "" : "/";
    if (asprintf(out, "%s%s%s", base, slash, certificate_id) < 0) {
        *out = NULL;
        return error_no_memory();
    }
    return NULL;
}

struct error *acme_renewal_get(struct acme *acme, const char *certificate_id,
                               struct acme_renewal *out)
{
    struct http_response response;
    struct json *document;
    char *url;
    *out = (struct acme_renewal){.retry_after = -1};
    struct error *error = make_url(acme, certificate_id, &url);
    if (error != NULL)
        return error;
    error = acme_fetch_json(acme, "cannot ask when to renew", url, &response, &document);
    if (error == NULL)
        error = acme_renewal_parse(document, out);
    out->retry_after = response.retry_after;
    json_free(document);
    http_response_clear(&response);
    free(url);
    if (error != NULL)
        acme_renewal_clear(out);
    return error;
}

void acme_renewal_clear(struct acme_renewal *renewal)
{
    free(renewal->explanation);
    *renewal = (struct acme_renewal){.retry_after = -1};
}
