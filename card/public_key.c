/* SPDX-License-Identifier: BSD-2-Clause */
#include "public_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS_MIN      1024
#define RSA_BITS_MAX      4096
#define RSA_EXPONENT_BITS 64 /* far more than any card's; keeps the check below cheap */

/* libcrypto's own errors are dropped: the message says what they would, and they must not stand
   in the application's error queue before it. */
static struct error *bad_key(const char *what)
{
    return error_new(ERROR_CARD_ANSWER, "the card shows a public key that is none: %s", what);
}

static EVP_PKEY *key_from_params(OSSL_LIB_CTX *libctx, const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(libctx, type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) <= 0 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

static OSSL_PARAM *rsa_params(const BIGNUM *n, const BIGNUM *e)
{
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e))
        params = OSSL_PARAM_BLD_to_param(builder);
    OSSL_PARAM_BLD_free(builder);
    return params;
}

static bool rsa_numbers_sane(const BIGNUM *n, const BIGNUM *e)
{
    return BN_num_bits(n) >= RSA_BITS_MIN && BN_num_bits(n) <= RSA_BITS_MAX && BN_is_odd(n) &&
           BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= RSA_EXPONENT_BITS;
}

static EVP_PKEY *rsa_from_numbers(OSSL_LIB_CTX *libctx, const BIGNUM *n, const BIGNUM *e)
{
    if (n == NULL || e == NULL || !rsa_numbers_sane(n, e))
        return NULL;
    OSSL_PARAM *params = rsa_params(n, e);
    EVP_PKEY *key = params == NULL ? NULL : key_from_params(libctx, "RSA", params);
    OSSL_PARAM_free(params);
    return key;
}

struct error *public_key_rsa(OSSL_LIB_CTX *libctx, const uint8_t *modulus, size_t modulus_length,
                             const uint8_t *exponent, size_t exponent_length, EVP_PKEY **out)
{
    *out = NULL;
    if (modulus_length > RSA_BITS_MAX / 8 + 1 || exponent_length > RSA_BITS_MAX / 8)
        return bad_key("RSA numbers are too long");
    (void)ERR_set_mark();
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_length, NULL);
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_length, NULL);
    *out = rsa_from_numbers(libctx, n, e);
    BN_free(n);
    BN_free(e);
    (void)ERR_pop_to_mark();
    return *out != NULL ? NULL : bad_key("not the numbers of an RSA key");
}

static bool key_passes_check(OSSL_LIB_CTX *libctx, EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(libctx, key, NULL);
    bool good = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return good;
}

struct error *public_key_ec(OSSL_LIB_CTX *libctx, const char *curve, const uint8_t *point,
                            size_t length, EVP_PKEY **out)
{
    /* The parameters are only read. */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (uint8_t *)point, length),
        OSSL_PARAM_construct_end(),
    };
    (void)ERR_set_mark();
    EVP_PKEY *key = length == 0 ? NULL : key_from_params(libctx, "EC", params);
    if (key != NULL && !key_passes_check(libctx, key)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    (void)ERR_pop_to_mark();
    *out = key;
    return key != NULL ? NULL : bad_key("not a point on the curve");
}

struct error *public_key_raw(OSSL_LIB_CTX *libctx, const char *name, const uint8_t *bytes,
                             size_t length, EVP_PKEY **out)
{
    (void)ERR_set_mark();
    *out = EVP_PKEY_new_raw_public_key_ex(libctx, name, NULL, bytes, length);
    (void)ERR_pop_to_mark();
    return *out != NULL ? NULL : bad_key("not 32 bytes");
}

bool public_key_is_rsa(const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");
}

/* Modulus and exponent, both for BN_free(); false, and NULL both, where it has none. */
static bool get_rsa_numbers(const EVP_PKEY *key, BIGNUM **n, BIGNUM **e)
{
    *n = *e = NULL;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        return true;
    BN_free(*n);
    *n = NULL;
    return false;
}

static bool rsa_numbers_equal(const EVP_PKEY *one, const EVP_PKEY *other)
{
    BIGNUM *n[2] = {NULL, NULL};
    BIGNUM *e[2] = {NULL, NULL};
    bool equal = get_rsa_numbers(one, &n[0], &e[0]) && get_rsa_numbers(other, &n[1], &e[1]) &&
                 BN_cmp(n[0], n[1]) == 0 && BN_cmp(e[0], e[1]) == 0;
    for (size_t i = 0; i < 2; i++) {
        BN_free(n[i]);
        BN_free(e[i]);
    }
    return equal;
}

bool public_key_equal(const EVP_PKEY *one, const EVP_PKEY *other)
{
    (void)ERR_set_mark();
    bool equal = public_key_is_rsa(one) && public_key_is_rsa(other) ? rsa_numbers_equal(one, other)
                                                                    : EVP_PKEY_eq(one, other) == 1;
    (void)ERR_pop_to_mark();
    return equal;
}

/* NIST's curves by NIST's names (FIPS 186-4, appendix D), which libcrypto has others for. */
static const char *curve_name(const char *name)
{
    int nid = OBJ_txt2nid(name);
    const char *nist = nid == NID_undef ? NULL : EC_curve_nid2nist(nid);
    return nist != NULL ? nist : name;
}

#define CURVE_NAME_MAX 32

bool public_key_is_on(const EVP_PKEY *key, const char *curve)
{
    char name[CURVE_NAME_MAX];
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) == 1 &&
           strcmp(curve_name(name), curve) == 0;
}

void public_key_name(const EVP_PKEY *key, char *out, size_t size)
{
    char curve[CURVE_NAME_MAX];
    if (public_key_is_rsa(key))
        (void)snprintf(out, size, "RSA-%d", EVP_PKEY_get_bits(key));
    else if (EVP_PKEY_is_a(key, "EC") &&
             EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1)
        (void)snprintf(out, size, "%s", curve_name(curve));
    else
        (void)snprintf(out, size, "%s", EVP_PKEY_get0_type_name(key));
}

static struct error *bad_result(const char *what)
{
    return error_new(
        ERROR_SIGNATURE,
        "the card's %s does not verify with its public key, and is withheld: the slot may hold "
        "another key by now, or the card is faulty",
        what);
}

/* block = result ^ e mod n, RFC 8017 5.2.2. The result may be a plaintext: it is wiped. */
static bool rsa_opens_to(BN_CTX *context, const BIGNUM *n, const BIGNUM *e, const uint8_t *block,
                         size_t size, const uint8_t *result)
{
    uint8_t opened[RSA_BITS_MAX / 8];
    BIGNUM *base = BN_secure_new();
    BIGNUM *power = BN_new();
    bool good = base != NULL && power != NULL && BN_bin2bn(result, (int)size, base) != NULL &&
                BN_cmp(base, n) < 0 && BN_mod_exp(power, base, e, n, context) == 1 &&
                BN_bn2binpad(power, opened, (int)size) == (int)size &&
                CRYPTO_memcmp(opened, block, size) == 0;
    BN_clear_free(base);
    BN_free(power);
    return good;
}

struct error *public_key_check_rsa(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const uint8_t *block,
                                   size_t block_length, const uint8_t *result, size_t length)
{
    BIGNUM *n;
    BIGNUM *e;
    (void)ERR_set_mark();
    BN_CTX *context = BN_CTX_secure_new_ex(libctx);
    bool good = get_rsa_numbers(key, &n, &e) && context != NULL && length == block_length &&
                length == (size_t)BN_num_bytes(n) && length <= RSA_BITS_MAX / 8 &&
                rsa_opens_to(context, n, e, block, length, result);
    BN_CTX_free(context);
    BN_free(n);
    BN_free(e);
    (void)ERR_pop_to_mark();
    return good ? NULL : bad_result("answer");
}

struct error *public_key_check_rsa_ciphertext(EVP_PKEY *key, const uint8_t *ciphertext,
                                              size_t length)
{
    BIGNUM *n;
    BIGNUM *e;
    size_t size = (size_t)EVP_PKEY_get_size(key);
    if (length != size)
        return error_new(ERROR_CIPHERTEXT, "what this RSA key decrypts has %zu bytes, not %zu",
                         size, length);
    if (!get_rsa_numbers(key, &n, &e))
        return error_new(ERROR_INTERNAL, "the RSA key has no numbers");
    BIGNUM *number = BN_bin2bn(ciphertext, (int)length, NULL);
    struct error *error = NULL;
    if (number == NULL)
        error = error_no_memory();
    else if (BN_cmp(number, n) >= 0)
        error =
            error_new(ERROR_CIPHERTEXT, "this was not encrypted for this RSA key: the number is "
                                        "greater than the key's modulus");
    BN_free(number);
    BN_free(n);
    BN_free(e);
    return error;
}

struct error *public_key_check_ecdsa(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const uint8_t *hash,
                                     size_t hash_length, const uint8_t *signature, size_t length)
{
    (void)ERR_set_mark();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(libctx, key, NULL);
    bool good = context != NULL && EVP_PKEY_verify_init(context) > 0 &&
                EVP_PKEY_verify(context, signature, length, hash, hash_length) == 1;
    EVP_PKEY_CTX_free(context);
    (void)ERR_pop_to_mark();
    return good ? NULL : bad_result("signature");
}

struct error *public_key_check_ed25519(OSSL_LIB_CTX *libctx, EVP_PKEY *key, const uint8_t *message,
                                       size_t message_length, const uint8_t *signature,
                                       size_t length)
{
    (void)ERR_set_mark();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL &&
                EVP_DigestVerifyInit_ex(context, NULL, NULL, libctx, NULL, key, NULL) == 1 &&
                EVP_DigestVerify(context, signature, length, message, message_length) == 1;
    EVP_MD_CTX_free(context);
    (void)ERR_pop_to_mark();
    return good ? NULL : bad_result("signature");
}
