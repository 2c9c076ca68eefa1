/* SPDX-License-Identifier: BSD-2-Clause */
#include "jws.h"

#include "base64url.h"
#include "json_write.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the algorithm ----------------------------------------------------------------------- */

/* RFC 7518, 3.1; RFC 8037, 3.1. */
static const struct algorithm {
    const char *type;
    const char *group; /* as OpenSSL calls it */
    const char *name;
    const char *digest;
    int coordinate; /* bytes of each half of an ECDSA signature (RFC 7518, 3.4) */
} algorithms[] = {
    {"RSA", NULL, "RS256", "SHA256", 0},        {"EC", "prime256v1", "ES256", "SHA256", 32},
    {"EC", "secp384r1", "ES384", "SHA384", 48}, {"EC", "secp521r1", "ES512", "SHA512", 66},
    {"ED25519", NULL, "EdDSA", NULL, 0},        {"ED448", NULL, "EdDSA", NULL, 0},
};

/* Providers call groups by different names: P-256 is prime256v1. */
static bool has_group(EVP_PKEY *key, const char *group)
{
    char name[64];
    size_t length;
    if (group == NULL)
        return true;
    if (EVP_PKEY_get_group_name(key, name, sizeof(name), &length) != 1)
        return false;
    const char *nist = EC_curve_nid2nist(OBJ_txt2nid(group));
    return strcasecmp(name, group) == 0 || (nist != NULL && strcasecmp(name, nist) == 0);
}

static struct error *find_algorithm(EVP_PKEY *key, const struct algorithm **out)
{
    const char *type = EVP_PKEY_get0_type_name(key);
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        *out = &algorithms[i];
        if (!EVP_PKEY_is_a(key, algorithms[i].type) || !has_group(key, algorithms[i].group))
            continue;
        if (strcmp(algorithms[i].type, "RSA") == 0 && EVP_PKEY_get_bits(key) < 2048)
            return error_new(ERROR_UNSUPPORTED,
                             "an RSA key of %d bits is too short to sign for ACME: take one of "
                             "2048 bits or more",
                             EVP_PKEY_get_bits(key));
        return NULL;
    }
    return error_new(ERROR_UNSUPPORTED,
                     "a key of type %s cannot sign for ACME: take RSA, P-256, P-384, P-521 or "
                     "Ed25519",
                     type != NULL ? type : "unknown");
}

struct error *jws_algorithm(EVP_PKEY *key, const char **out)
{
    const struct algorithm *algorithm;
    struct error *error = find_algorithm(key, &algorithm);
    *out = error == NULL ? algorithm->name : NULL;
    return error;
}

/* ---- the signature ----------------------------------------------------------------------- */

/* What the key's provider said, which is the first error that it left. */
static struct error *signing_failed(void)
{
    const char *reason = NULL, *data = NULL;
    int flags = 0;
    unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
    reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    bool text = code != 0 && (flags & ERR_TXT_STRING) != 0 && data[0] != '\0';
    struct error *error =
        error_new(ERROR_SIGNATURE, "cannot sign for ACME: %s%s%s", reason != NULL ? reason : "",
                  reason != NULL && text ? ": " : "", text ? data : "");
    ERR_clear_error();
    return error;
}

/* From DER (RFC 3279, 2.2.3) to the two numbers side by side. */
static struct error *ecdsa_bytes(const unsigned char *der, size_t length, int size, char **out)
{
    unsigned char bytes[2 * 66];
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)length);
    bool fits = signature != NULL &&
                BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, size) == size &&
                BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + size, size) == size;
    ECDSA_SIG_free(signature);
    if (!fits)
        return error_new(ERROR_SIGNATURE, "the key's ECDSA signature is malformed");
    return base64url_encode(bytes, 2 * (size_t)size, out);
}

/* Two calls: a key on a card may not tell the exact length beforehand. */
static struct error *sign_text(EVP_PKEY *key, const char *digest, const char *text,
                               unsigned char **signature, size_t *length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const unsigned char *bytes = (const unsigned char *)text;
    *signature = NULL;
    ERR_clear_error();
    struct error *error = NULL;
    if (context == NULL ||
        EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(context, NULL, length, bytes, strlen(text)) != 1)
        error = signing_failed();
    if (error == NULL && (*signature = malloc(*length)) == NULL)
        error = error_no_memory();
    if (error == NULL && EVP_DigestSign(context, *signature, length, bytes, strlen(text)) != 1)
        error = signing_failed();
    EVP_MD_CTX_free(context);
    return error;
}

static struct error *signature_of(EVP_PKEY *key, const char *input, char **out)
{
    const struct algorithm *algorithm;
    unsigned char *signature = NULL;
    size_t length = 0;
    struct error *error = find_algorithm(key, &algorithm);
    if (error == NULL)
        error = sign_text(key, algorithm->digest, input, &signature, &length);
    if (error == NULL && algorithm->coordinate > 0)
        error = ecdsa_bytes(signature, length, algorithm->coordinate, out);
    else if (error == NULL)
        error = base64url_encode(signature, length, out);
    free(signature);
    return error;
}

static struct error *hmac_of(const void *secret, size_t length, const char *input, char **out)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (length > INT32_MAX || HMAC(EVP_sha256(), secret, (int)length, (const unsigned char *)input,
                                   strlen(input), mac, &size) == NULL)
        return error_new(ERROR_INTERNAL, "cannot compute an HMAC");
    return base64url_encode(mac, size, out);
}

/* ---- the whole --------------------------------------------------------------------------- */

struct parts {
    char *header, *payload, *input, *signature;
};

static void parts_free(struct parts *parts)
{
    free(parts->header);
    free(parts->payload);
    free(parts->input);
    free(parts->signature);
}

/* What is signed: RFC 7515, 5.1. */
static struct error *make_parts(const char *header, const char *payload, struct parts *parts)
{
    const char *text = payload != NULL ? payload : "";
    *parts = (struct parts){0};
    struct error *error = base64url_encode(header, strlen(header), &parts->header);
    if (error == NULL)
        error = base64url_encode(text, strlen(text), &parts->payload);
    if (error == NULL && asprintf(&parts->input, "%s.%s", parts->header, parts->payload) < 0) {
        parts->input = NULL;
        error = error_no_memory();
    }
    return error;
}

/* RFC 7515, 7.2.2. */
static struct error *serialize(const struct parts *parts, char **out)
{
    struct json_writer writer = {0};
    json_write_object(&writer, NULL);
    json_write_string(&writer, "protected", parts->header);
    json_write_string(&writer, "payload", parts->payload);
    json_write_string(&writer, "signature", parts->signature);
    json_write_object_end(&writer);
    return json_write_end(&writer, out);
}

struct error *jws_sign(EVP_PKEY *key, const char *header, const char *payload, char **out)
{
    struct parts parts;
    *out = NULL;
    struct error *error = make_parts(header, payload, &parts);
    if (error == NULL)
        error = signature_of(key, parts.input, &parts.signature);
    if (error == NULL)
        error = serialize(&parts, out);
    parts_free(&parts);
    return error;
}

struct error *jws_sign_hmac(const void *secret, size_t length, const char *header,
                            const char *payload, char **out)
{
    struct parts parts;
    *out = NULL;
    struct error *error = make_parts(header, payload, &parts);
    if (error == NULL)
        error = hmac_of(secret, length, parts.input, &parts.signature);
    if (error == NULL)
        error = serialize(&parts, out);
    parts_free(&parts);
    return error;
}
