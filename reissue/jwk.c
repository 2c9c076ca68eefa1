/* SPDX-License-Identifier: BSD-2-Clause */
/* Public keys as JSON Web Keys (RFC 7517, RFC 7518, 6; RFC 8037, 2), and their thumbprints. */
#include "base64url.h"
#include "json_write.h"
#include "jws.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than the longest modulus in use (16384 bits). */
#define NUMBER_MAX 2048

/*
 * The public half by itself, as any provider reads it: a key's own provider need not have its
 * numbers as parameters.
 */
static struct error *public_half(EVP_PKEY *key, EVP_PKEY **out)
{
    unsigned char *der = NULL;
    int length = i2d_PUBKEY(key, &der);
    const unsigned char *cursor = der;
    *out = length > 0 ? d2i_PUBKEY(NULL, &cursor, length) : NULL;
    OPENSSL_free(der);
    return *out == NULL ? error_new(ERROR_UNSUPPORTED, "the key does not tell its public half")
                        : NULL;
}

static void write_bytes(struct json_writer *writer, const char *name, const void *bytes,
                        size_t length)
{
    char *text = NULL;
    struct error *error = base64url_encode(bytes, length, &text);
    if (error == NULL)
        json_write_string(writer, name, text);
    else if (writer->error == NULL)
        writer->error = error;
    else
        error_free(error);
    free(text);
}

/* A number of the key: `size` bytes, or as many as it has where `size` is 0 (RFC 7518, 2). */
static void write_number(struct json_writer *writer, const char *name, EVP_PKEY *key,
                         const char *parameter, int size)
{
    unsigned char bytes[NUMBER_MAX];
    BIGNUM *number = NULL;
    int found = EVP_PKEY_get_bn_param(key, parameter, &number);
    if (found == 1 && size == 0)
        size = BN_num_bytes(number);
    if (found == 1 && size <= NUMBER_MAX && BN_bn2binpad(number, bytes, size) == size)
        write_bytes(writer, name, bytes, (size_t)size);
    else if (writer->error == NULL)
        writer->error = error_new(ERROR_UNSUPPORTED, "the public key has no %s", name);
    BN_free(number);
}

static void write_rsa(struct json_writer *writer, EVP_PKEY *key)
{
    write_number(writer, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
    json_write_string(writer, "kty", "RSA");
    write_number(writer, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
}

static void write_ec(struct json_writer *writer, EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key), size = (bits + 7) / 8;
    json_write_string(writer, "crv", bits == 256 ? "P-256" : bits == 384 ? "P-384" : "P-521");
    json_write_string(writer, "kty", "EC");
    write_number(writer, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, size);
    write_number(writer, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, size);
}

static void write_edwards(struct json_writer *writer, EVP_PKEY *key)
{
    unsigned char bytes[64]; /* Ed448 has 57 */
    size_t length = sizeof(bytes);
    json_write_string(writer, "crv", EVP_PKEY_is_a(key, "ED25519") ? "Ed25519" : "Ed448");
    json_write_string(writer, "kty", "OKP");
    if (EVP_PKEY_get_raw_public_key(key, bytes, &length) == 1)
        write_bytes(writer, "x", bytes, length);
    else if (writer->error == NULL)
        writer->error = error_new(ERROR_UNSUPPORTED, "the public key cannot be read");
}

struct error *jws_jwk(EVP_PKEY *key, char **out)
{
    struct json_writer writer = {0};
    const char *algorithm;
    EVP_PKEY *public;
    *out = NULL;
    struct error *error = jws_algorithm(key, &algorithm);
    if (error == NULL)
        error = public_half(key, &public);
    if (error != NULL)
        return error;
    json_write_object(&writer, NULL);
    if (EVP_PKEY_is_a(public, "RSA"))
        write_rsa(&writer, public);
    else if (EVP_PKEY_is_a(public, "EC"))
        write_ec(&writer, public);
    else
        write_edwards(&writer, public);
    json_write_object_end(&writer);
    EVP_PKEY_free(public);
    return json_write_end(&writer, out);
}

struct error *jws_thumbprint(EVP_PKEY *key, char **out)
{
    unsigned char hash[SHA256_DIGEST_LENGTH];
    char *jwk;
    *out = NULL;
    struct error *error = jws_jwk(key, &jwk);
    if (error != NULL)
        return error;
    SHA256((const unsigned char *)jwk, strlen(jwk), hash);
    free(jwk);
    return base64url_encode(hash, sizeof(hash), out);
}

struct error *jws_key_authorization(EVP_PKEY *key, const char *token, char **out)
{
    char *thumbprint;
    *out = NULL;
    struct error *error = jws_thumbprint(key, &thumbprint);
    if (error == NULL && asprintf(out, "%s.%s", token, thumbprint) < 0) {
        *out = NULL;
        error = error_no_memory();
    }
    free(thumbprint);
    return error;
}
