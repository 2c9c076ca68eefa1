/* SPDX-License-Identifier: BSD-2-Clause */
#include "pss.h"

#include "mgf1.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#ifndef RSA_PSS_SALTLEN_AUTO_DIGEST_MAX /* new in OpenSSL 3.1 */
#define RSA_PSS_SALTLEN_AUTO_DIGEST_MAX (-4)
#endif

/* The length of the encoded message, RFC 8017 section 9.1: emBits is one less than the modulus's.
 */
static int encoded_length(int modulus_bits)
{
    return (modulus_bits - 1 + 7) / 8;
}

int pss_salt_length(int salt_length, int modulus_bits, int hash_length)
{
    int maximum = encoded_length(modulus_bits) - hash_length - 2;

    switch (salt_length) {
    case RSA_PSS_SALTLEN_DIGEST:
        return hash_length;
    case RSA_PSS_SALTLEN_AUTO: /* "auto" is for verifying; when signing it means the same as "max"
                                */
    case RSA_PSS_SALTLEN_MAX:
        return maximum;
    case RSA_PSS_SALTLEN_AUTO_DIGEST_MAX:
        return maximum < hash_length ? maximum : hash_length;
    default:
        return salt_length;
    }
}

/* H = Hash(eight zero bytes || hash || salt), RFC 8017 section 9.1.1 steps 5 and 6. */
static int hash_with_salt(const EVP_MD *digest, const uint8_t *hash, const uint8_t *salt,
                          size_t salt_length, uint8_t *out)
{
    static const uint8_t zeros[8];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int result = context != NULL && EVP_DigestInit_ex2(context, digest, NULL) == 1 &&
                 EVP_DigestUpdate(context, zeros, sizeof(zeros)) == 1 &&
                 EVP_DigestUpdate(context, hash, (size_t)EVP_MD_get_size(digest)) == 1 &&
                 EVP_DigestUpdate(context, salt, salt_length) == 1 &&
                 EVP_DigestFinal_ex(context, out, NULL) == 1;

    EVP_MD_CTX_free(context);
    return result;
}

struct error *pss_encode(OSSL_LIB_CTX *libctx, const EVP_MD *digest, const EVP_MD *mgf1_digest,
                         const uint8_t *hash, int salt_length, int modulus_bits, uint8_t *block)
{
    size_t hash_length = (size_t)EVP_MD_get_size(digest);
    size_t length = (size_t)encoded_length(modulus_bits);
    size_t room = length - hash_length - 1; /* of DB: padding, 01, salt */
    unsigned int unused_bits = (unsigned int)(8 * length) - (unsigned int)(modulus_bits - 1);
    uint8_t *encoded = block;
    uint8_t *salt;

    if (salt_length < 0 || length < hash_length + (size_t)salt_length + 2)
        return error_new(ERROR_ARGUMENT,
                         "a PSS salt of %d bytes and a %s hash do not fit an RSA key of %d bits: "
                         "choose a shorter salt (-sigopt rsa_pss_saltlen:digest) or hash",
                         salt_length, EVP_MD_get0_name(digest), modulus_bits);
    if (length < (size_t)(modulus_bits + 7) / 8)
        *encoded++ = 0;
    salt = encoded + room - salt_length;
    memset(encoded, 0, room);
    salt[-1] = 1;
    if (RAND_bytes_ex(libctx, salt, (size_t)salt_length, 0) != 1 ||
        !hash_with_salt(digest, hash, salt, (size_t)salt_length, encoded + room) ||
        !mgf1_apply(mgf1_digest, encoded + room, hash_length, encoded, room))
        return error_new(ERROR_INTERNAL, "PSS encoding failed in libcrypto");
    encoded[0] &= (uint8_t)(0xff >> unused_bits);
    encoded[length - 1] = 0xbc;
    return NULL;
}
