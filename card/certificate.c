/* SPDX-License-Identifier: BSD-2-Clause */
#include "certificate.h"

#include "public_key.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static X509 *parse(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length)
{
    const uint8_t *end = der;
    X509 *certificate = X509_new_ex(libctx, NULL);
    if (certificate == NULL || length > CERTIFICATE_MAX)
        goto fail;
    if (d2i_X509(&certificate, &end, (long)length) == NULL) /* frees it, and sets it to NULL */
        goto fail;
    if (end == der + length)
        return certificate;
fail:
    X509_free(certificate);
    return NULL;
}

/* Kinds of keys and sizes that a card can hold; anything else in its answer is a mistake, or
   somebody's attempt to keep us busy. */
static bool key_plausible(const EVP_PKEY *key)
{
    char curve[32];
    size_t length;
    if (public_key_is_rsa(key))
        return EVP_PKEY_get_bits(key) >= 1024 && EVP_PKEY_get_bits(key) <= 4096;
    if (EVP_PKEY_is_a(key, "EC"))
        return EVP_PKEY_get_group_name(key, curve, sizeof(curve), &length) == 1;
    return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "X25519");
}

struct error *certificate_public_key(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                     EVP_PKEY **out)
{
    *out = NULL;
    (void)ERR_set_mark();
    X509 *certificate = parse(libctx, der, length);
    EVP_PKEY *key = certificate == NULL ? NULL : X509_get_pubkey(certificate);
    bool parsed = certificate != NULL;
    X509_free(certificate);
    if (key != NULL && !key_plausible(key)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    (void)ERR_pop_to_mark();
    *out = key;
    if (key != NULL)
        return NULL;
    return error_new(ERROR_CARD_ANSWER, parsed ? "the certificate is for a key that no card holds"
                                               : "what should be a certificate is none");
}

struct error *certificate_not_before(OSSL_LIB_CTX *libctx, const uint8_t *der, size_t length,
                                     time_t *out)
{
    struct tm when = {0};
    (void)ERR_set_mark();
    X509 *certificate = parse(libctx, der, length);
    bool good =
        certificate != NULL && ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &when) == 1;
    bool parsed = certificate != NULL;
    X509_free(certificate);
    (void)ERR_pop_to_mark();
    *out = good ? timegm(&when) : (time_t)-1;
    return parsed ? NULL : error_new(ERROR_CARD_ANSWER, "what should be a certificate is none");
}

static bool inflate_all(z_stream *stream, size_t *length)
{
    int code = inflate(stream, Z_FINISH);
    *length = stream->total_out;
    (void)inflateEnd(stream);
    return code == Z_STREAM_END;
}

struct error *certificate_decompress(const uint8_t *compressed, size_t length, struct buffer *out)
{
    if (length > CERTIFICATE_MAX)
        return error_new(ERROR_CARD_ANSWER, "the compressed certificate is too long");
    uint8_t *bytes = malloc(CERTIFICATE_MAX);
    if (bytes == NULL)
        return error_no_memory();
    z_stream stream = {
        .next_in = (uint8_t *)compressed, /* is only read */
        .avail_in = (uInt)length,
        .next_out = bytes,
        .avail_out = CERTIFICATE_MAX,
    };
    struct error *error = NULL;
    size_t plain = 0;
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) /* 16: gzip, not zlib */
        error = error_no_memory();
    else if (!inflate_all(&stream, &plain))
        error = error_new(ERROR_CARD_ANSWER,
                          "the compressed certificate cannot be decompressed, "
                          "or is longer than %d bytes",
                          CERTIFICATE_MAX);
    else
        error = buffer_append(out, bytes, plain);
    free(bytes);
    return error;
}
