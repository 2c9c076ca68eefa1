/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto.h"

#include "tlv.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

static const struct soft_algorithm algorithms[] = {
    {SOFT_RSA_1024, "rsa1024", SOFT_TYPE_RSA, 128, NULL, SOFT_HOME_PIV},
    {SOFT_RSA_2048, "rsa2048", SOFT_TYPE_RSA, 256, NULL, SOFT_HOME_PIV},
    {SOFT_RSA_3072, "rsa3072", SOFT_TYPE_RSA, 384, NULL, SOFT_HOME_PIV},
    {SOFT_RSA_4096, "rsa4096", SOFT_TYPE_RSA, 512, NULL, SOFT_HOME_YUBIKEY},
    {SOFT_P256, "p256", SOFT_TYPE_EC, 32, "P-256", SOFT_HOME_PIV},
    {SOFT_P384, "p384", SOFT_TYPE_EC, 48, "P-384", SOFT_HOME_PIV},
    {SOFT_ED25519, "ed25519", SOFT_TYPE_ED25519, 32, NULL, SOFT_HOME_YUBIKEY},
    {SOFT_X25519, "x25519", SOFT_TYPE_X25519, 32, NULL, SOFT_HOME_YUBIKEY},
    {SOFT_P521, "p521", SOFT_TYPE_EC, 66, "P-521", SOFT_HOME_OPENPGP},
    {SOFT_SECP256K1, "secp256k1", SOFT_TYPE_EC, 32, "secp256k1", SOFT_HOME_OPENPGP},
    {SOFT_BRAINPOOL_256, "brainpool256", SOFT_TYPE_EC, 32, "brainpoolP256r1", SOFT_HOME_OPENPGP},
    {SOFT_BRAINPOOL_384, "brainpool384", SOFT_TYPE_EC, 48, "brainpoolP384r1", SOFT_HOME_OPENPGP},
    {SOFT_BRAINPOOL_512, "brainpool512", SOFT_TYPE_EC, 64, "brainpoolP512r1", SOFT_HOME_OPENPGP},
};

#define ALGORITHM_COUNT (sizeof(algorithms) / sizeof(algorithms[0]))

const struct soft_algorithm *soft_algorithm_find(uint8_t id)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (algorithms[i].id == id)
            return &algorithms[i];
    }
    return NULL;
}

const struct soft_algorithm *soft_algorithm_by_name(const char *name, size_t length)
{
    for (size_t i = 0; i < ALGORITHM_COUNT; i++) {
        if (strlen(algorithms[i].name) == length && strncmp(algorithms[i].name, name, length) == 0)
            return &algorithms[i];
    }
    return NULL;
}

EVP_PKEY *soft_key_generate(const struct soft_algorithm *algorithm)
{
    switch (algorithm->type) {
    case SOFT_TYPE_RSA:
        return EVP_RSA_gen(algorithm->size * 8);
    case SOFT_TYPE_EC:
        return EVP_EC_gen(algorithm->group);
    case SOFT_TYPE_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case SOFT_TYPE_X25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    }
    return NULL;
}

static bool number_append(EVP_PKEY *key, const char *name, uint32_t tag, struct soft_bytes *out)
{
    uint8_t bytes[512];
    BIGNUM *number = NULL;
    bool good = EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
                (size_t)BN_num_bytes(number) <= sizeof(bytes);

    if (good)
        soft_tlv_append(out, tag, bytes, (size_t)BN_bn2bin(number, bytes));
    BN_free(number);
    return good;
}

static bool octets_append(EVP_PKEY *key, struct soft_bytes *out)
{
    uint8_t point[1 + 2 * SOFT_COORDINATE_MOST];
    size_t length = 0;

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                        &length) != 1)
        return false;
    soft_tlv_append(out, 0x86, point, length);
    return true;
}

bool soft_key_public(const struct soft_algorithm *algorithm, EVP_PKEY *key, struct soft_bytes *out)
{
    if (algorithm->type == SOFT_TYPE_RSA)
        return number_append(key, OSSL_PKEY_PARAM_RSA_N, 0x81, out) &&
               number_append(key, OSSL_PKEY_PARAM_RSA_E, 0x82, out);
    return octets_append(key, out);
}

/* A card's RSA key takes exactly as many bytes as its modulus has, and answers as many. */
static bool rsa_sign(EVP_PKEY_CTX *context, size_t size, const uint8_t *data, size_t length,
                     uint8_t *signature, size_t *signature_length)
{
    return length == size && EVP_PKEY_sign_init(context) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1 &&
           EVP_PKEY_sign(context, signature, signature_length, data, length) == 1;
}

static bool ecdsa_sign(EVP_PKEY_CTX *context, size_t size, const uint8_t *data, size_t length,
                       uint8_t *signature, size_t *signature_length)
{
    return length > 0 && length <= size && EVP_PKEY_sign_init(context) == 1 &&
           EVP_PKEY_sign(context, signature, signature_length, data, length) == 1;
}

static bool ed25519_sign(EVP_PKEY *key, const uint8_t *data, size_t length, uint8_t *signature,
                         size_t *signature_length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestSign(context, signature, signature_length, data, length) == 1;

    EVP_MD_CTX_free(context);
    return good;
}

bool soft_key_sign(const struct soft_algorithm *algorithm, EVP_PKEY *key, const uint8_t *data,
                   size_t length, struct soft_bytes *out)
{
    uint8_t signature[512];
    size_t signature_length = sizeof(signature);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool good = false;

    if (context == NULL)
        return false;
    if (algorithm->type == SOFT_TYPE_RSA)
        good = rsa_sign(context, algorithm->size, data, length, signature, &signature_length);
    else if (algorithm->type == SOFT_TYPE_EC)
        good = ecdsa_sign(context, algorithm->size, data, length, signature, &signature_length);
    else if (algorithm->type == SOFT_TYPE_ED25519)
        good = ed25519_sign(key, data, length, signature, &signature_length);
    EVP_PKEY_CTX_free(context);
    if (good)
        soft_bytes_append(out, signature, signature_length);
    return good;
}

static EVP_PKEY *peer_read(const struct soft_algorithm *algorithm, EVP_PKEY *key,
                           const uint8_t *point, size_t length)
{
    EVP_PKEY *peer;

    if (algorithm->type == SOFT_TYPE_X25519)
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, length);
    if (length != 1 + 2 * algorithm->size || point[0] != 0x04)
        return NULL;
    peer = EVP_PKEY_new();
    if (peer != NULL && (EVP_PKEY_copy_parameters(peer, key) != 1 ||
                         EVP_PKEY_set1_encoded_public_key(peer, point, length) != 1)) {
        EVP_PKEY_free(peer);
        peer = NULL;
    }
    return peer;
}

bool soft_key_derive(const struct soft_algorithm *algorithm, EVP_PKEY *key, const uint8_t *point,
                     size_t length, struct soft_bytes *out)
{
    uint8_t secret[SOFT_COORDINATE_MOST];
    size_t secret_length = sizeof(secret);
    EVP_PKEY *peer = peer_read(algorithm, key, point, length);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool good = peer != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
                EVP_PKEY_derive_set_peer(context, peer) == 1 &&
                EVP_PKEY_derive(context, secret, &secret_length) == 1;

    if (good)
        soft_bytes_append(out, secret, secret_length);
    OPENSSL_cleanse(secret, sizeof(secret));
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    return good;
}

static const EVP_CIPHER *cipher_find(uint8_t id)
{
    switch (id) {
    case SOFT_3DES:
        return EVP_des_ede3_ecb();
    case SOFT_AES_128:
        return EVP_aes_128_ecb();
    case SOFT_AES_192:
        return EVP_aes_192_ecb();
    case SOFT_AES_256:
        return EVP_aes_256_ecb();
    default:
        return NULL;
    }
}

size_t soft_cipher_key_size(uint8_t id)
{
    const EVP_CIPHER *cipher = cipher_find(id);

    return cipher == NULL ? 0 : (size_t)EVP_CIPHER_get_key_length(cipher);
}

size_t soft_cipher_block_size(uint8_t id)
{
    const EVP_CIPHER *cipher = cipher_find(id);

    return cipher == NULL ? 0 : (size_t)EVP_CIPHER_get_block_size(cipher);
}

bool soft_cipher_block(uint8_t id, const uint8_t *key, bool encrypt, const uint8_t *in,
                       uint8_t *out)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    bool good = context != NULL &&
                EVP_CipherInit_ex2(context, cipher_find(id), key, NULL, encrypt, NULL) == 1 &&
                EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
                EVP_CipherUpdate(context, out, &length, in, (int)soft_cipher_block_size(id)) == 1;

    EVP_CIPHER_CTX_free(context);
    return good;
}
