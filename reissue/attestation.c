/* SPDX-License-Identifier: BSD-2-Clause */
#include "attestation.h"

#include "file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MOST 262144

/* Yubico's extensions. All but the serial number hold bare bytes, not DER. */
#define OID_FIRMWARE    "1.3.6.1.4.1.41482.3.3"
#define OID_SERIAL      "1.3.6.1.4.1.41482.3.7"
#define OID_POLICIES    "1.3.6.1.4.1.41482.3.8"
#define OID_FORM_FACTOR "1.3.6.1.4.1.41482.3.9"

/* ---- what it says ------------------------------------------------------------------------ */

static const ASN1_OCTET_STRING *find_extension(const X509 *certificate, const char *oid)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int place = object == NULL ? -1 : X509_get_ext_by_OBJ(certificate, object, -1);

    ASN1_OBJECT_free(object);
    return place < 0 ? NULL : X509_EXTENSION_get_data(X509_get_ext(certificate, place));
}

/* Bytes of exactly that length; *found says whether the extension is there. */
static struct error *take_bytes(const X509 *statement, const char *oid, uint8_t *out, int length,
                                bool *found)
{
    const ASN1_OCTET_STRING *value = find_extension(statement, oid);

    *found = value != NULL;
    if (value == NULL)
        return NULL;
    if (ASN1_STRING_length(value) != length)
        return error_new(ERROR_CARD_ANSWER, "the attestation's extension %s has %d bytes, not %d",
                         oid, ASN1_STRING_length(value), length);
    memcpy(out, ASN1_STRING_get0_data(value), (size_t)length);
    return NULL;
}

static struct error *take_serial(const X509 *statement, struct attestation *out)
{
    const ASN1_OCTET_STRING *value = find_extension(statement, OID_SERIAL);
    const uint8_t *cursor;
    ASN1_INTEGER *number;
    bool good;

    out->has_serial = value != NULL;
    if (value == NULL)
        return NULL;
    cursor = ASN1_STRING_get0_data(value);
    number = d2i_ASN1_INTEGER(NULL, &cursor, ASN1_STRING_length(value));
    good = number != NULL && ASN1_INTEGER_get_uint64(&out->serial, number) == 1;
    ASN1_INTEGER_free(number);
    return good ? NULL
                : error_new(ERROR_CARD_ANSWER, "the attestation's serial number is no number");
}

static enum card_policy policy_of(const enum card_policy *policies, size_t count, uint8_t number)
{
    return number < count ? policies[number] : CARD_POLICY_DEFAULT;
}

static struct error *take_policies(const X509 *statement, struct attestation *out)
{
    static const enum card_policy pin[] = {CARD_POLICY_DEFAULT, CARD_POLICY_NEVER,
                                           CARD_POLICY_ONCE,    CARD_POLICY_ALWAYS,
                                           CARD_POLICY_ONCE,    CARD_POLICY_ALWAYS};
    static const enum card_policy touch[] = {CARD_POLICY_DEFAULT, CARD_POLICY_NEVER,
                                             CARD_POLICY_ALWAYS, CARD_POLICY_CACHED};
    uint8_t bytes[2] = {0, 0};
    struct error *error = take_bytes(statement, OID_POLICIES, bytes, 2, &out->has_policies);

    out->pin_policy = policy_of(pin, sizeof(pin) / sizeof(pin[0]), bytes[0]);
    out->touch_policy = policy_of(touch, sizeof(touch) / sizeof(touch[0]), bytes[1]);
    return error;
}

struct error *attestation_read(const X509 *statement, struct attestation *out)
{
    uint8_t form = 0;
    struct error *error;

    *out = (struct attestation){0};
    error = take_bytes(statement, OID_FIRMWARE, out->firmware, 3, &out->has_firmware);
    if (error == NULL)
        error = take_serial(statement, out);
    if (error == NULL)
        error = take_policies(statement, out);
    if (error == NULL)
        error = take_bytes(statement, OID_FORM_FACTOR, &form, 1, &out->has_form_factor);
    out->form_factor = form & 0x7F; /* the top bit says FIPS */
    return error;
}

/* ---- whether it is true ------------------------------------------------------------------ */

/* Sorts the file's certificates: roots are trusted, the others may lie in between. */
static size_t sort_certificates(BIO *file, X509_STORE *roots, STACK_OF(X509) * between)
{
    X509 *certificate;
    size_t count = 0;

    while ((certificate = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL) {
        if (X509_self_signed(certificate, 0) == 1) {
            count += X509_STORE_add_cert(roots, certificate) == 1 ? 1 : 0;
            X509_free(certificate);
        } else if (sk_X509_push(between, certificate) <= 0) {
            X509_free(certificate);
        }
    }
    ERR_clear_error();
    return count;
}

static struct error *verify(X509_STORE *roots, STACK_OF(X509) * between, X509 *statement)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    struct error *error = NULL;

    if (context == NULL || X509_STORE_CTX_init(context, roots, statement, between) != 1)
        error = error_no_memory();
    else if (X509_verify_cert(context) != 1)
        error = error_new(ERROR_SIGNATURE,
                          "the attestation does not lead to what --root names (%s): do not trust "
                          "that the key is on a genuine card",
                          X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return error;
}

struct error *attestation_verify(X509 *statement, X509 *issuer, const char *path)
{
    uint8_t *bytes;
    size_t length = 0;
    struct error *error = file_read(path, FILE_MOST, &bytes, &length);
    BIO *file = error != NULL ? NULL : BIO_new_mem_buf(bytes, (int)length);
    X509_STORE *roots = X509_STORE_new();
    STACK_OF(X509) *between = sk_X509_new_null();

    if (error == NULL && (file == NULL || roots == NULL || between == NULL))
        error = error_no_memory();
    if (error == NULL && sort_certificates(file, roots, between) == 0)
        error = error_new(ERROR_ARGUMENT, "%s holds no self-signed certificate in PEM", path);
    if (error == NULL && (!X509_up_ref(issuer) || sk_X509_push(between, issuer) <= 0))
        error = error_no_memory();
    if (error == NULL)
        error = verify(roots, between, statement);
    sk_X509_pop_free(between, X509_free);
    X509_STORE_free(roots);
    BIO_free(file);
    free(bytes);
    return error;
}
