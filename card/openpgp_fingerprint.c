/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * OpenPGP: the fingerprint of a key (RFC 4880 12.2), which is written on the card beside it, or
 * else GnuPG takes the key for none.
 */
#include "openpgp.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

#define PACKET_VERSION 4
#define POINT_MAX      133  /* P-521, uncompressed */
#define NATIVE_POINT   0x40 /* before a point of Curve25519: draft-koch-eddsa-for-openpgp-04 */

/* Hashes and ciphers by their numbers in RFC 4880 9.4 and 9.2. */
#define SHA256 8
#define AES128 7

/* RFC 4880 3.2: the number of bits, then the number. */
static struct error *append_number(struct buffer *out, const uint8_t *bytes, size_t length)
{
    for (; length > 0 && bytes[0] == 0; length--)
        bytes++;
    size_t bits = length * 8;
    for (unsigned mask = 0x80; length > 0 && (bytes[0] & mask) == 0; mask >>= 1)
        bits--;
    const uint8_t header[] = {(uint8_t)(bits >> 8), (uint8_t)bits};
    struct error *error = buffer_append(out, header, sizeof(header));
    return error != NULL ? error : buffer_append(out, bytes, length);
}

static struct error *append_rsa_number(struct buffer *out, const EVP_PKEY *key, const char *name)
{
    uint8_t bytes[512];
    BIGNUM *number = NULL;
    struct error *error = NULL;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1 || BN_num_bytes(number) > (int)sizeof(bytes))
        error = error_new(ERROR_INTERNAL, "the RSA key has no numbers");
    if (error == NULL)
        error = append_number(out, bytes, (size_t)BN_bn2bin(number, bytes));
    BN_free(number);
    return error;
}

/* RFC 6637 9, and 13 for the hash and the cipher that go with a curve: SHA-256 and AES-128, SHA-384
   and AES-192, SHA-512 and AES-256, which is what GnuPG has, too. */
static struct error *append_ecdh(struct buffer *out, int bits)
{
    uint8_t step = (uint8_t)(bits <= 256 ? 0 : bits <= 384 ? 1 : 2);
    const uint8_t parameters[] = {0x03, 0x01, (uint8_t)(SHA256 + step), (uint8_t)(AES128 + step)};
    return buffer_append(out, parameters, sizeof(parameters));
}

static struct error *append_point(struct buffer *out, const EVP_PKEY *key,
                                  const struct openpgp_algorithm *algorithm)
{
    uint8_t point[1 + POINT_MAX] = {NATIVE_POINT};
    size_t length = 0;
    bool native = algorithm->curve == NULL;
    if (EVP_PKEY_get_octet_string_param(
            key, native ? OSSL_PKEY_PARAM_PUB_KEY : OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
            point + (native ? 1 : 0), POINT_MAX, &length) != 1)
        return error_new(ERROR_INTERNAL, "the key has no point");
    return append_number(out, point, length + (native ? 1 : 0));
}

static struct error *append_curve_key(struct buffer *out, enum openpgp_slot slot,
                                      const EVP_PKEY *key,
                                      const struct openpgp_algorithm *algorithm)
{
    const uint8_t header[] = {openpgp_algorithm_kind(slot, algorithm),
                              (uint8_t)algorithm->oid_length};
    struct error *error = buffer_append(out, header, sizeof(header));
    if (error == NULL)
        error = buffer_append(out, algorithm->oid, algorithm->oid_length);
    if (error == NULL)
        error = append_point(out, key, algorithm);
    if (error == NULL && slot == OPENPGP_DEC)
        error = append_ecdh(out, algorithm->bits);
    return error;
}

static struct error *append_key(struct buffer *out, enum openpgp_slot slot, const EVP_PKEY *key)
{
    const struct openpgp_algorithm *algorithm = openpgp_algorithm_of_key(key);
    const uint8_t rsa = OPENPGP_RSA;
    if (algorithm == NULL)
        return error_new(ERROR_INTERNAL, "no OpenPGP key is of that kind");
    if (algorithm->oid_length > 0)
        return append_curve_key(out, slot, key, algorithm);
    struct error *error = buffer_append(out, &rsa, 1);
    if (error == NULL)
        error = append_rsa_number(out, key, OSSL_PKEY_PARAM_RSA_N);
    return error != NULL ? error : append_rsa_number(out, key, OSSL_PKEY_PARAM_RSA_E);
}

struct error *openpgp_fingerprint(const struct openpgp *openpgp, enum openpgp_slot slot,
                                  const EVP_PKEY *key, uint32_t time,
                                  uint8_t out[OPENPGP_FINGERPRINT_SIZE])
{
    uint8_t header[] = {0x99,
                        0,
                        0,
                        PACKET_VERSION,
                        (uint8_t)(time >> 24),
                        (uint8_t)(time >> 16),
                        (uint8_t)(time >> 8),
                        (uint8_t)time};
    struct buffer packet = {0};
    struct error *error = buffer_append(&packet, header, sizeof(header));
    if (error == NULL)
        error = append_key(&packet, slot, key);
    if (error == NULL) {
        packet.bytes[1] = (uint8_t)((packet.length - 3) >> 8);
        packet.bytes[2] = (uint8_t)(packet.length - 3);
        if (EVP_Q_digest(openpgp->libctx, "SHA1", NULL, packet.bytes, packet.length, out, NULL) !=
            1)
            error =
                error_new(ERROR_INTERNAL, "libcrypto has no SHA-1, by which OpenPGP names keys");
    }
    buffer_clear(&packet);
    return error;
}
