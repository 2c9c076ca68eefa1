/* SPDX-License-Identifier: BSD-2-Clause */
#include "attest.h"
#include "tlv.h"

#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define VALID_DAYS 3650

/* Takes /CN=x/O=y apart. `text` is changed on the way. */
static bool name_parse(X509_NAME *name, char *text)
{
    char *rest = NULL;

    if (text[0] != '/')
        return false;
    for (char *part = strtok_r(text, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
        char *value = strchr(part, '=');

        if (value == NULL)
            return false;
        *value++ = '\0';
        if (X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (unsigned char *)value, -1, -1,
                                       0) != 1)
            return false;
    }
    return X509_NAME_entry_count(name) > 0;
}

static bool name_set(X509 *certificate, const char *subject)
{
    X509_NAME *name = X509_NAME_new();
    char *text = strdup(subject);
    bool good = name != NULL && text != NULL && name_parse(name, text) &&
                X509_set_subject_name(certificate, name) == 1;

    free(text);
    X509_NAME_free(name);
    return good;
}

static bool serial_set(X509 *certificate)
{
    uint8_t bytes[16];
    BIGNUM *number;
    bool good;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] &= 0x7F;
    number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    good = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return good;
}

X509 *soft_certificate_new(const char *subject, const X509 *issuer, EVP_PKEY *key)
{
    X509 *certificate = X509_new();

    if (certificate == NULL || X509_set_version(certificate, X509_VERSION_3) != 1 ||
        !serial_set(certificate) || !name_set(certificate, subject) ||
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer ? issuer : certificate)) !=
            1 ||
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0) == NULL ||
        X509_time_adj_ex(X509_getm_notAfter(certificate), VALID_DAYS, 0, NULL) == NULL ||
        X509_set_pubkey(certificate, key) != 1) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

bool soft_certificate_extend(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool good = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return good;
}

bool soft_certificate_sign(X509 *certificate, EVP_PKEY *key)
{
    const EVP_MD *digest = EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();

    return X509_sign(certificate, key, digest) > 0;
}

/* windowBits 15 + 16 makes zlib write the gzip format. */
static bool gzip_append(const uint8_t *data, size_t length, struct soft_bytes *out)
{
    z_stream stream = {0};
    uint8_t buffer[8192];
    bool good;

    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return false;
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)length;
    stream.next_out = buffer;
    stream.avail_out = sizeof(buffer);
    good = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    if (good)
        soft_bytes_append(out, buffer, sizeof(buffer) - stream.avail_out);
    deflateEnd(&stream);
    return good;
}

bool soft_certificate_store(struct soft_state *state, uint32_t tag, const X509 *certificate,
                            bool gzip)
{
    struct soft_bytes encoded = {0};
    struct soft_bytes content = {0};
    struct soft_bytes object = {0};
    uint8_t *der = NULL;
    int length = i2d_X509(certificate, &der);
    bool good = length > 0;

    if (good && gzip)
        good = gzip_append(der, (size_t)length, &encoded);
    else if (good)
        soft_bytes_append(&encoded, der, (size_t)length);
    if (good) {
        soft_tlv_append(&content, 0x70, encoded.data, encoded.length);
        soft_tlv_append_byte(&content, 0x71, gzip ? 1 : 0);
        soft_tlv_append(&content, 0xFE, NULL, 0);
        soft_tlv_append(&object, 0x53, content.data, content.length);
        soft_state_object_set(state, tag, object.data, object.length);
    }
    OPENSSL_free(der);
    soft_bytes_free(&encoded);
    soft_bytes_free(&content);
    soft_bytes_free(&object);
    return good;
}
